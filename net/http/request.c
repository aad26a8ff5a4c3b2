// Builds the one request that is sent. Spec: RFC 9112 3 (request line, origin form), RFC 9110 7.2
// (Host), 14.2 (Range), 13.1.5 (If-Range), RFC 7617 (Basic), RFC 4648 4 (base64). Not handled: proxies, other
// methods.
#include "net/http/request.h"  // http_request_build

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/err.h"      // fail
#include "lib/version.h"  // URLBOOT_VERSION
#include "net/url.h"      // url_host_header

struct writer {
    char *out;
    size_t size, length;  // length > size: it did not fit
};

__attribute__((format(printf, 2, 3))) static void add(struct writer *w, const char *format, ...)
{
    va_list args;
    size_t room = w->length < w->size ? w->size - w->length : 0;
    va_start(args, format);
    int n = vsnprintf(w->out + (room ? w->length : 0), room, format, args);
    va_end(args);
    w->length += (size_t)n;
}

static void add_base64(struct writer *w, const char *text)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t left = strlen(text); left > 0;) {
        size_t n = left < 3 ? left : 3;
        uint32_t bits = 0;
        for (size_t i = 0; i < 3; i++)
            bits = bits << 8 | (i < n ? (unsigned char)text[i] : 0);
        add(w, "%c%c%c%c", digits[bits >> 18], digits[bits >> 12 & 63], n > 1 ? digits[bits >> 6 & 63] : '=',
            n > 2 ? digits[bits & 63] : '=');
        text += n;
        left -= n;
    }
}

// RFC 7617 2: user-id ":" password; the colon belongs to it even without a password.
static void add_authorization(struct writer *w, const char *userinfo)
{
    char credentials[260];
    if (!userinfo[0])
        return;
    snprintf(credentials, sizeof credentials, "%s%s", userinfo, strchr(userinfo, ':') ? "" : ":");
    add(w, "Authorization: Basic ");
    add_base64(w, credentials);
    add(w, "\r\n");
}

// A validator comes from an earlier answer: it must not be able to add lines to the request.
static int check_validator(const char *validator)
{
    for (; *validator; validator++) {
        unsigned char c = (unsigned char)*validator;
        if (c < ' ' || c == 127)
            return fail(ERR_UNSUPPORTED, "control byte 0x%02x in the validator of a resume", c);
    }
    return 0;
}

long http_request_build(char *out, size_t size, const struct http_request *request)
{
    struct writer w = {.out = out, .size = size};
    const char *validator = request->validator ? request->validator : "";
    char host[URL_HOST_MAX + 16];

    int err = check_validator(validator);
    if (err)
        return err;
    url_host_header(request->url, host, sizeof host);
    add(&w, "GET %s HTTP/1.1\r\nHost: %s\r\n", request->url->path, host);
    add(&w, "User-Agent: urlboot/" URLBOOT_VERSION "\r\nAccept: */*\r\n");
    // The bytes are wanted as they are, and one answer per connection: what follows it can be ignored.
    add(&w, "Accept-Encoding: identity\r\nConnection: close\r\n");
    add_authorization(&w, request->url->userinfo);
    if (request->offset > 0 && request->until > request->offset)
        add(&w, "Range: bytes=%llu-%llu\r\n", (unsigned long long)request->offset,
            (unsigned long long)request->until - 1);
    else if (request->offset > 0)
        add(&w, "Range: bytes=%llu-\r\n", (unsigned long long)request->offset);
    if (request->offset > 0 && validator[0])
        add(&w, "If-Range: %s\r\n", validator);
    add(&w, "\r\n");
    if (w.length >= size)
        return fail(ERR_UNSUPPORTED, "the request has %zu bytes, %zu are the limit", w.length, size);
    return (long)w.length;
}
