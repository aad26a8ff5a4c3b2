// The head of an answer: collecting its bytes, and what they say. Spec: RFC 9112 4, 5, 6.3.
#ifndef URLBOOT_NET_HTTP_RESPONSE_H
#define URLBOOT_NET_HTTP_RESPONSE_H

#include <stddef.h>
#include <stdint.h>

#include "net/http/headers.h"  // struct http_span

#define HTTP_HEAD_MAX 16384    // bytes of status line and headers together
#define HTTP_HEADERS_MAX 100   // header lines

struct http_head {             // .length = .line = 0 before the first byte
    size_t length;             // bytes collected
    size_t line;               // bytes of the present line, CR not counted: private
    char bytes[HTTP_HEAD_MAX];
};

enum http_field {              // the headers a download reads
    HTTP_CONTENT_LENGTH,
    HTTP_TRANSFER_ENCODING,
    HTTP_CONTENT_ENCODING,
    HTTP_CONTENT_RANGE,
    HTTP_LOCATION,
    HTTP_ETAG,
    HTTP_LAST_MODIFIED,
    HTTP_DATE,
    HTTP_ACCEPT_RANGES,
    HTTP_SERVER,
    HTTP_FIELDS
};

enum http_framing { HTTP_UNTIL_CLOSE, HTTP_BY_LENGTH, HTTP_CHUNKED };

struct http_response {
    unsigned minor;            // HTTP/1.minor
    unsigned status;           // 100 to 999
    struct http_span reason;   // may be empty; as the server wrote it
    enum http_framing framing;
    uint64_t content_length;   // with HTTP_BY_LENGTH
    struct http_span field[HTTP_FIELDS];  // .at == NULL when absent
};

// Adds bytes from data[length] to the head, up to and including the empty line that ends it. *used says how
// many were taken. 1 when the head is complete, 0 when it needs more; ERR_INVALID_RESPONSE as soon as it
// cannot be HTTP/1.x or is longer than HTTP_HEAD_MAX.
//
// Example:
//     while ((done = http_head_take(&head, data, length, &used)) == 0)
//         length = more(&data);
int http_head_take(struct http_head *head, const uint8_t *data, size_t length, size_t *used);

// Parses a complete head in place (continuation lines are joined, RFC 9112 5.2); the spans of *response point
// into head[length]. 0; ERR_INVALID_RESPONSE, with fail() saying what is wrong, for anything that two readers
// could understand differently: a bad status line or header, more than HTTP_HEADERS_MAX of them, a repeated
// Content-Length, Transfer-Encoding, Content-Encoding, Content-Range or Location, Content-Length beside
// Transfer-Encoding; ERR_UNSUPPORTED for another transfer coding than chunked.
int http_response_parse(struct http_response *response, char *head, size_t length);

#endif
