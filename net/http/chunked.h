// The chunked transfer coding, decoded where the bytes lie. Spec: RFC 9112 7.1.
#ifndef URLBOOT_NET_HTTP_CHUNKED_H
#define URLBOOT_NET_HTTP_CHUNKED_H

#include <stddef.h>
#include <stdint.h>

#define HTTP_CHUNK_LINE_MAX 1024    // bytes of a chunk-size line with its extensions
#define HTTP_TRAILERS_MAX 8192      // bytes of all trailers

struct http_chunked {               // all zero = before the first byte
    unsigned state;                 // private
    uint64_t left;                  // bytes of the present chunk still to come, or its size so far
    size_t taken;                   // bytes of the present line, or of all trailers
    unsigned digits;                // hex digits of the size read so far
};

// Takes bytes from data[length] (length > 0). *used of them are done with; the last *body of those are body
// bytes: they lie at data + *used - *body and are not copied. Call again for the rest. It may be called
// with any split of the coded bytes; of one byte at a time too.
// 0 to go on; 1 when the coding has ended behind *used (what follows is not part of the message);
// ERR_INVALID_RESPONSE when a size is no hex number or over 63 bits, a line end is missing, a line or the
// trailers are too long, or a control character occurs.
//
// Example:
//     int end = http_chunked_take(&chunked, data, length, &used, &body);
//     if (end >= 0 && body > 0)
//         sink->write(sink, offset, data + used - body, body);
int http_chunked_take(struct http_chunked *chunked, const uint8_t *data, size_t length, size_t *used,
                      size_t *body);

#endif
