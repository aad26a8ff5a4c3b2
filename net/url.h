// URLs: RFC 3986 as far as http and https need it. Pure: builds on the host.
#ifndef URLBOOT_NET_URL_H
#define URLBOOT_NET_URL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define URL_MAX 2048       // bytes of a whole URL with NUL: longer ones are refused
#define URL_HOST_MAX 256   // RFC 1035 2.3.4: 255 octets

enum url_scheme { URL_HTTP, URL_HTTPS };

struct url {
    enum url_scheme scheme;
    char host[URL_HOST_MAX];   // lower case; an IPv6 literal as ip6_text() writes it, without []
    bool host_is_ipv6;         // was written in brackets
    bool host_is_ipv4;         // four numbers with dots: not a name to look up
    uint16_t port;             // explicit or the scheme's default
    bool port_given;
    char userinfo[256];        // "user:password" percent-decoded, "" when absent
    char path[URL_MAX];        // request target: path and query byte for byte, at least "/", no fragment
};

// Parses an absolute URL of `length` bytes. Control characters, spaces and bytes over 126 are refused;
// percent escapes in the path stay as they are (signed URLs must arrive byte for byte).
// 0, ERR_URL_INVALID or ERR_SCHEME_UNSUPPORTED, with fail() saying what is wrong.
int url_parse(struct url *url, const char *text, size_t length);

// Resolves the reference `text` (absolute, //host, /path, relative, ?query; RFC 3986 5.2 with dot segments
// removed) against `base`. `out` must not be `base`. Userinfo is not carried to another host or port.
int url_resolve(struct url *out, const struct url *base, const char *text, size_t length);

// Writes the URL without userinfo into out[size], always NUL-terminated: for display and for Host:.
void url_format(const struct url *url, char *out, size_t size);

// Writes host[:port] as the Host header wants it (port only when it is not the scheme's default, IPv6 in
// brackets). Always NUL-terminated.
void url_host_header(const struct url *url, char *out, size_t size);

#endif
