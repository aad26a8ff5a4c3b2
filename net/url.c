// URLs of http and https: parse, resolve against a base, print. Spec: RFC 3986 (3 syntax, 5.2 resolution),
// RFC 1035 2.3.4 (name lengths), RFC 7617 2 (what userinfo may hold). Not handled: other schemes, IPv6
// zone ids (RFC 6874), IPvFuture, internationalised names (give them as xn--), normalisation of percent
// escapes.
#include "net/url.h"  // struct url

#include <stdio.h>
#include <string.h>

#include "lib/err.h"  // fail
#include "lib/ip6.h"  // ip6_parse

#define LABEL_MAX 63         // RFC 1035 2.3.4
#define NAME_MAX_OCTETS 253  // what 255 octets on the wire leave for the dotted form

struct text {
    const char *at;
    size_t length;
};

static const struct {
    const char *name;
    enum url_scheme scheme;
    uint16_t port;
} schemes[] = {
    {"http", URL_HTTP, 80},
    {"https", URL_HTTPS, 443},
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_alpha(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static int hex_value(char c)
{
    if (is_digit(c))
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

static char to_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

// Cuts what stands before the first byte of `stops`; the rest begins with that byte.
static struct text cut_before(struct text *rest, const char *stops)
{
    size_t n = 0;
    while (n < rest->length && !strchr(stops, rest->at[n]))
        n++;
    struct text front = {rest->at, n};
    rest->at += n;
    rest->length -= n;
    return front;
}

// A printable, NUL-terminated start of `text` for a sentence. The bytes were checked before.
static const char *show(struct text text, char *out, size_t size)
{
    size_t n = text.length < size - 1 ? text.length : size - 1;
    memcpy(out, text.at, n);
    out[n] = '\0';
    return out;
}

static int check_bytes(const char *text, size_t length)
{
    if (length >= URL_MAX)
        return fail(ERR_URL_INVALID, "the URL has %zu bytes, %u are the limit", length, URL_MAX - 1);
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c <= ' ' || c > 126)
            return fail(ERR_URL_INVALID, "byte %zu of the URL is 0x%02x; such bytes are written as %%%02X",
                        i + 1, c, c);
    }
    return 0;
}

// RFC 3986 3.1. Returns the length of the scheme's name, 0 when the text has none.
static size_t scheme_length(struct text text)
{
    if (text.length == 0 || !is_alpha(text.at[0]))
        return 0;
    for (size_t i = 1; i < text.length; i++) {
        char c = text.at[i];
        if (c == ':')
            return i;
        if (!is_alpha(c) && !is_digit(c) && c != '+' && c != '-' && c != '.')
            return 0;
    }
    return 0;
}

// Letters, digits, '-', '_' in labels of 1 to 63 bytes; one dot at the end is the root.
static bool name_valid(struct text name)
{
    size_t label = 0;
    if (name.length > NAME_MAX_OCTETS + 1 ||
        (name.length > NAME_MAX_OCTETS && name.at[name.length - 1] != '.'))
        return false;
    for (size_t i = 0; i < name.length; i++) {
        char c = name.at[i];
        if (c == '.') {
            if (label == 0)
                return false;
            label = 0;
        } else if (!is_alpha(c) && !is_digit(c) && c != '-' && c != '_') {
            return false;
        } else if (++label > LABEL_MAX) {
            return false;
        }
    }
    return true;
}

static int parse_ipv6(struct url *url, struct text host)
{
    char shown[80];
    uint8_t address[IP6_BYTES];

    // RFC 6874 writes the percent sign of a zone as %25; many write it as it is.
    if (memchr(host.at, '%', host.length))
        return fail(ERR_URL_INVALID, "'%s' names a zone, which is not supported: leave it out",
                    show(host, shown, sizeof shown));
    if (!ip6_parse(host.at, host.length, address))
        return fail(ERR_URL_INVALID, "'%s' is not an IPv6 address", show(host, shown, sizeof shown));
    ip6_text(address, url->host);
    return 0;
}

static int parse_host(struct url *url, struct text host)
{
    char shown[80];
    uint8_t address[4];

    if (url->host_is_ipv6)
        return parse_ipv6(url, host);
    if (host.length == 0)
        return fail(ERR_URL_INVALID, "the URL names no host");
    if (!name_valid(host))
        return fail(ERR_URL_INVALID, "'%s' is not a host name", show(host, shown, sizeof shown));
    for (size_t i = 0; i < host.length; i++)
        url->host[i] = to_lower(host.at[i]);
    url->host[host.length] = '\0';
    url->host_is_ipv4 = ip4_parse(host.at, host.length, address);
    return 0;
}

// RFC 3986 3.2.3: an empty port is the default one.
static int parse_port(struct url *url, struct text port)
{
    char shown[24];
    unsigned value = 0;
    if (port.length == 0)
        return 0;
    for (size_t i = 0; i < port.length; i++) {
        if (is_digit(port.at[i]))
            value = value * 10 + (unsigned)(port.at[i] - '0');
        if (!is_digit(port.at[i]) || value > UINT16_MAX)
            return fail(ERR_URL_INVALID, "'%s' is not a port", show(port, shown, sizeof shown));
    }
    if (value == 0)
        return fail(ERR_URL_INVALID, "port 0 cannot be connected to");
    url->port = (uint16_t)value;
    url->port_given = true;
    return 0;
}

// Decodes "user:password". Nothing of it appears in a sentence: it may be a secret.
static int parse_userinfo(struct url *url, struct text from)
{
    size_t out = 0;
    for (size_t i = 0; i < from.length; i++) {
        unsigned char c = (unsigned char)from.at[i];
        if (c == '%') {
            int high = i + 1 < from.length ? hex_value(from.at[i + 1]) : -1;
            int low = i + 2 < from.length ? hex_value(from.at[i + 2]) : -1;
            if (high < 0 || low < 0)
                return fail(ERR_URL_INVALID, "user or password has a %% without two hex digits");
            c = (unsigned char)(high * 16 + low);
            i += 2;
        }
        if (c < ' ' || c == 127)
            return fail(ERR_URL_INVALID, "user or password has a control character");
        if (out + 1 >= sizeof url->userinfo)
            return fail(ERR_URL_INVALID, "user and password are longer than %zu bytes",
                        sizeof url->userinfo - 1);
        url->userinfo[out++] = (char)c;
    }
    url->userinfo[out] = '\0';
    return 0;
}

// RFC 3986 3.2: [userinfo@]host[:port]
static int parse_authority(struct url *url, struct text rest)
{
    const char *at = memchr(rest.at, '@', rest.length);
    if (at) {
        struct text userinfo = {rest.at, (size_t)(at - rest.at)};
        int err = parse_userinfo(url, userinfo);
        if (err)
            return err;
        rest.length -= userinfo.length + 1;
        rest.at = at + 1;
        if (memchr(rest.at, '@', rest.length))
            return fail(ERR_URL_INVALID,
                        "the URL has two @ before its path; one in a password is written as %%40");
    }

    url->host_is_ipv6 = rest.length > 0 && rest.at[0] == '[';
    if (url->host_is_ipv6) {
        rest.at++;
        rest.length--;
    }
    struct text host = cut_before(&rest, url->host_is_ipv6 ? "]" : ":");
    if (url->host_is_ipv6) {
        if (rest.length == 0)
            return fail(ERR_URL_INVALID, "the URL has a [ without ]");
        rest.at++;
        rest.length--;
    }
    int err = parse_host(url, host);
    if (err)
        return err;
    if (rest.length == 0)
        return 0;
    if (rest.at[0] != ':')
        return fail(ERR_URL_INVALID, "after ] only a port may follow");
    return parse_port(url, (struct text){rest.at + 1, rest.length - 1});
}

// Bytes url_format() needs, without NUL.
static size_t formatted_length(const struct url *url)
{
    char host[URL_HOST_MAX + 16];
    url_host_header(url, host, sizeof host);
    return strlen(schemes[url->scheme].name) + 3 + strlen(host) + strlen(url->path);
}

// Sets path and query: `kept` bytes of the present path, then `tail` up to its fragment.
static int set_path(struct url *url, size_t kept, struct text tail)
{
    tail = cut_before(&tail, "#");
    bool slash = kept == 0 && (tail.length == 0 || tail.at[0] == '?');
    if (kept + slash + tail.length >= sizeof url->path)
        return fail(ERR_URL_INVALID, "the URL is longer than %u bytes", URL_MAX - 1);
    if (slash)
        url->path[kept++] = '/';
    memcpy(url->path + kept, tail.at, tail.length);
    url->path[kept + tail.length] = '\0';
    if (formatted_length(url) >= URL_MAX)
        return fail(ERR_URL_INVALID, "the URL is longer than %u bytes", URL_MAX - 1);
    return 0;
}

// Parses what follows "scheme:": "//authority/path?query#fragment".
static int parse_hierarchy(struct url *url, enum url_scheme scheme, struct text rest)
{
    memset(url, 0, sizeof *url);
    url->scheme = scheme;
    url->port = schemes[scheme].port;
    rest.at += 2;
    rest.length -= 2;
    struct text authority = cut_before(&rest, "/?#");
    int err = parse_authority(url, authority);
    return err ? err : set_path(url, 0, rest);
}

static bool starts_with(struct text text, const char *prefix)
{
    size_t n = strlen(prefix);
    return text.length >= n && memcmp(text.at, prefix, n) == 0;
}

int url_parse(struct url *url, const char *text, size_t length)
{
    struct text rest = {text, length};
    char shown[24];

    int err = check_bytes(text, length);
    if (err)
        return err;
    struct text name = {text, scheme_length(rest)};
    rest.at += name.length;
    rest.length -= name.length;
    if (name.length == 0 || !starts_with(rest, "://"))
        return fail(ERR_URL_INVALID, "the URL does not begin with http://");
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++)
        if (strlen(schemes[i].name) == name.length && strncasecmp(schemes[i].name, name.at, name.length) == 0)
            return parse_hierarchy(url, schemes[i].scheme, (struct text){rest.at + 1, rest.length - 1});
    return fail(ERR_SCHEME_UNSUPPORTED, "'%s' is not http", show(name, shown, sizeof shown));
}

// RFC 3986 5.2.4 in place on a path that begins with '/'; the result is never longer. Returns its length.
static size_t remove_dot_segments(char *path, size_t length)
{
    size_t out = 0;
    for (size_t in = 0, end; in < length; in = end) {
        for (end = in + 1; end < length && path[end] != '/';)
            end++;
        bool one = end - in == 2 && path[in + 1] == '.';
        bool two = end - in == 3 && path[in + 1] == '.' && path[in + 2] == '.';
        if (!one && !two) {
            memmove(path + out, path + in, end - in);
            out += end - in;
            continue;
        }
        if (two)
            while (out > 0 && path[--out] != '/')
                ;
        if (end == length)
            path[out++] = '/';
    }
    return out;
}

// Bytes of the path without its query.
static size_t path_length(const struct url *url)
{
    const char *query = strchr(url->path, '?');
    return query ? (size_t)(query - url->path) : strlen(url->path);
}

static void normalise(struct url *url)
{
    size_t path = path_length(url);
    size_t query = strlen(url->path) - path;
    size_t now = remove_dot_segments(url->path, path);
    memmove(url->path + now, url->path + path, query + 1);
}

// RFC 3986 5.2.2 for a reference without scheme and authority: `out` begins as a copy of the base.
static int resolve_path(struct url *out, struct text reference)
{
    if (reference.length == 0 || reference.at[0] == '#')
        return 0;
    if (reference.at[0] == '/')
        return set_path(out, 0, reference);
    size_t kept = path_length(out);
    if (reference.at[0] == '?')
        return set_path(out, kept, reference);
    while (out->path[kept - 1] != '/')
        kept--;
    return set_path(out, kept, reference);
}

int url_resolve(struct url *out, const struct url *base, const char *text, size_t length)
{
    struct text reference = {text, length};
    int err = check_bytes(text, length);
    if (err)
        return err;
    if (scheme_length(reference)) {
        err = url_parse(out, text, length);
    } else if (starts_with(reference, "//")) {
        err = parse_hierarchy(out, base->scheme, reference);
    } else {
        *out = *base;
        err = resolve_path(out, reference);
    }
    if (err)
        return err;
    normalise(out);
    bool same_origin =
        out->scheme == base->scheme && out->port == base->port && strcmp(out->host, base->host) == 0;
    if (same_origin && !out->userinfo[0])
        memcpy(out->userinfo, base->userinfo, sizeof out->userinfo);
    return 0;
}

void url_format(const struct url *url, char *out, size_t size)
{
    char host[URL_HOST_MAX + 16];
    url_host_header(url, host, sizeof host);
    snprintf(out, size, "%s://%s%s", schemes[url->scheme].name, host, url->path);
}

void url_host_header(const struct url *url, char *out, size_t size)
{
    const char *open = url->host_is_ipv6 ? "[" : "", *close = url->host_is_ipv6 ? "]" : "";
    if (url->port == schemes[url->scheme].port)
        snprintf(out, size, "%s%s%s", open, url->host, close);
    else
        snprintf(out, size, "%s%s%s:%u", open, url->host, close, url->port);
}
