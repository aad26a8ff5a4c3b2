// The HTTP/1.1 client (RFC 9110, RFC 9112): one GET of one URL into a sink, redirects followed.
// Modules: request.c builds, response.c and headers.c parse, status.c names, chunked.c decodes,
// client.c joins them over a stream. All but client.c are pure functions over (pointer, length).
//
// Example:
//     struct http_get get = { .url = &url, .sink = sink, .connect = connect, .timeout_ms = 20000 };
//     err = http_get(&get);
#ifndef URLBOOT_NET_HTTP_HTTP_H
#define URLBOOT_NET_HTTP_HTTP_H

#include <stdbool.h>
#include <stdint.h>

#include "net/sink.h"    // struct sink
#include "net/stream.h"  // struct stream
#include "net/url.h"     // struct url

#define HTTP_HEAD_MAX 16384      // bytes of status line and headers together
#define HTTP_REDIRECTS_MAX 10

struct http_get {
    // in
    const struct url *url;
    struct sink *sink;
    // Opens a stream to url->host:url->port; the client closes it.
    int (*connect)(void *ctx, const struct url *url, struct stream **stream);
    void *ctx;
    uint32_t timeout_ms;         // longest wait without a byte
    uint64_t offset;             // first byte wanted; > 0 sends Range and needs a 206 with that very offset
    const char *validator;       // ETag or Last-Modified of the first answer for If-Range, NULL for none
    // out
    struct url final_url;        // after redirects
    unsigned status;             // last status seen, 0 before
    unsigned redirects;          // how many were followed
    uint64_t length;             // whole length of the resource, SINK_LENGTH_UNKNOWN when not said
    uint64_t received;           // body bytes handed to the sink by this call
    bool accepts_ranges;         // the server said Accept-Ranges: bytes or answered 206
    char etag[128];              // strong validator for a resume, "" when there is none
    char server[64];             // Server header, for the log
};

// Runs one GET to the end: request, redirects (301, 302, 303, 307, 308), head, body into the sink by
// Content-Length, chunked, or until close. On failure get->received says what the sink has got.
// 0, or ERR_HTTP_STATUS, ERR_INVALID_RESPONSE, ERR_TOO_MANY_REDIRECTS, ERR_BODY_TRUNCATED, ERR_STALLED,
// what connect, the stream or the sink returned.
int http_get(struct http_get *get);

#endif
