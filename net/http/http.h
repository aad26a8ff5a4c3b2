// The HTTP/1.1 client (RFC 9110, RFC 9112): one GET of one URL into a sink, redirects followed.
// Modules: request.c builds, response.c and headers.c parse, status.c names, chunked.c decodes: pure
// functions over (pointer, length). client.c joins them over a stream, with answer.c and body.c.
//
// Example:
//     static struct http_get get;
//     get = (struct http_get){.url = &url, .sink = sink, .connect = connect, .timeout_ms = 20000};
//     err = http_get(&get);
#ifndef URLBOOT_NET_HTTP_HTTP_H
#define URLBOOT_NET_HTTP_HTTP_H

#include <stdbool.h>
#include <stdint.h>

#include "net/http/chunked.h"   // struct http_chunked
#include "net/http/request.h"   // HTTP_REQUEST_MAX
#include "net/http/response.h"  // struct http_head, HTTP_HEAD_MAX
#include "net/sink.h"           // struct sink
#include "net/stream.h"         // struct stream
#include "net/url.h"            // struct url

#define HTTP_REDIRECTS_MAX 10
#define HTTP_INTERIM_MAX 10      // 1xx heads before the answer
#define HTTP_HEAD_TIMEOUTS 4     // the head is complete within so many timeout_ms, however it trickles
#define HTTP_VALIDATOR_MAX 128   // bytes of a validator with NUL; longer ones are not used

// Too large for a stack frame (about 25 KiB with its work area): a static or allocated object.
struct http_get {
    // in
    const struct url *url;       // may point to final_url of this struct
    struct sink *sink;
    // Opens a stream to url->host:url->port; the client closes it. Called once for every request.
    int (*connect)(void *ctx, const struct url *url, struct stream **stream);
    void *ctx;
    uint32_t timeout_ms;         // longest wait without a byte, > 0
    bool https;                  // connect() opens https URLs; without it they are ERR_SCHEME_UNSUPPORTED
    uint64_t offset;             // first byte wanted; > 0 sends Range, a 206 goes on without sink->begin
    uint64_t until;              // first byte not wanted any more, 0: all are. With offset > 0 the request
                                 // says so. May be moved while the body comes, lowered and raised again, but
                                 // not over what the request said
    const char *validator;       // If-Range: `etag` of the first answer; NULL or "" for none; may point to it
    uint64_t known_length;       // with offset: `length` of the first answer; 0 or SINK_LENGTH_UNKNOWN: none
    // out
    struct url final_url;        // after redirects
    unsigned status;             // last status seen, 0 before
    unsigned redirects;          // how many were followed
    uint64_t length;             // whole length of the resource, SINK_LENGTH_UNKNOWN when not said
    uint64_t received;           // body bytes handed to the sink by this call, from `offset` on or, when
                                 // restarted, from 0 on
    bool restarted;              // offset > 0, but the server sent all from byte 0: no ranges, or another
                                 // resource than before. sink->begin was called again, `offset` is void
    bool accepts_ranges;         // the server said Accept-Ranges: bytes or answered 206
    char etag[HTTP_VALIDATOR_MAX];  // strong validator for a resume: ETag, or Last-Modified when it is a
                                    // strong one (RFC 9110 8.8.2.2); "" when there is none
    char server[64];             // Server header, for the log
    // private
    struct http_work {
        struct stream *stream;   // NULL: none is open
        bool ranged, in_body;    // the request had a Range; its answer's head is complete
        unsigned interim;        // 1xx heads so far
        uint64_t head_deadline;
        uint64_t base, wanted;   // sink offset of the body's first byte; its bytes or SINK_LENGTH_UNKNOWN
        enum http_framing framing;
        struct http_chunked chunked;
        struct url next;
        char text[HTTP_REQUEST_MAX];
        struct http_head head;
    } work;
};

// Runs one GET to the end: request, redirects (301, 302, 303, 307, 308), head, body into the sink by
// Content-Length, chunked, or until close. sink->begin comes after the head and before any body byte is
// taken; the bytes reach sink->write where the stream holds them. On failure get->received says what the
// sink has got.
// With `offset`: a 206 must begin at that byte and agree with itself; when its validator or whole length is
// not the known one, or for a 416, the resource is another one and is asked for once more from byte 0
// (restarted). A 416 that says the whole is `offset` bytes long means that nothing was missing.
// 0, or ERR_HTTP_STATUS, ERR_INVALID_RESPONSE, ERR_UNSUPPORTED (an encoding), ERR_SCHEME_UNSUPPORTED,
// ERR_TOO_MANY_REDIRECTS, ERR_BODY_TRUNCATED, ERR_STALLED, ERR_CONNECTION_RESET, what connect, the stream or
// the sink returned.
// With `until`: ends with 0 as soon as the byte before it is in the sink, which is then not finished.
int http_get(struct http_get *get);

// The same in steps, for a caller with several transfers under way. http_begin() connects and sends the
// request; http_step() takes what comes next, a piece of the head or of the body, and waits for it up to
// timeout_ms when http_ready() is false. http_begin(): 0 or an error; http_step(): 0 to go on, 1 when all is
// in the sink, or an error. After http_begin(), whatever it returned, http_end() closes the connection.
//
// Example:
//     for (err = http_begin(get); err == 0; err = http_step(get))
//         while (!http_ready(get))
//             do_something_else();
//     http_end(get);
int http_begin(struct http_get *get);
int http_step(struct http_get *get);

// True when http_step() has something to do at once.
bool http_ready(struct http_get *get);

// Closes the connection; what was not read is lost. Nothing happens when there is none.
void http_end(struct http_get *get);

#endif
