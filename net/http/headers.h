// Header lines of HTTP: cutting a head into lines and fields, and reading the values a download needs.
// Everything works on spans that point into the caller's bytes: nothing is copied or allocated.
#ifndef URLBOOT_NET_HTTP_HEADERS_H
#define URLBOOT_NET_HTTP_HEADERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP_NUMBER_MAX ((uint64_t)INT64_MAX)  // largest length or position that is accepted

struct http_span {             // `length` bytes at `at`, not NUL-terminated; at == NULL: absent
    const char *at;
    size_t length;
};

struct http_header {
    struct http_span name;     // one or more token characters (RFC 9110 5.6.2)
    struct http_span value;    // without the white space around it; may be empty
};

struct http_range {            // Content-Range of a 206 or 416 (RFC 9110 14.4)
    bool satisfied;            // false: "*/total", first and last are 0
    uint64_t first, last;      // bytes, both included
    bool total_known;
    uint64_t total;            // bytes of the whole, 0 when not known
};

// Cuts the next line off *rest: *line is what stands before CR LF or a lone LF (RFC 9112 2.2). True, or
// false when *rest has no line end.
bool http_line_next(struct http_span *rest, struct http_span *line);

// Joins continuation lines (RFC 9112 5.2 obs-fold) by spaces, in place: a line end before a space or tab
// becomes spaces. `lines` must not begin with the status line's continuation: pass what follows it.
void http_headers_unfold(char *lines, size_t length);

// Cuts the next header off *rest. 1 with *header; 0 when the line that ends the head was taken;
// ERR_INVALID_RESPONSE for a line without colon, white space before the colon, an empty name, a byte that
// is no token character in the name, a control character in the value, or a missing end.
//
// Example:
//     while ((got = http_header_next(&rest, &header)) > 0)
//         use(&header);
int http_header_next(struct http_span *rest, struct http_header *header);

// True when the span is `word`, letters compared without case.
bool http_span_is(struct http_span span, const char *word);

// Reads 1*DIGIT up to HTTP_NUMBER_MAX; false for anything else, a sign, spaces or an overflow included.
bool http_span_number(struct http_span span, uint64_t *number);

// Copies the start of the span into out[size] (size > 0), NUL-terminated, other than printable ASCII as '?':
// for logs and sentences. Returns `out`.
const char *http_span_show(struct http_span span, char *out, size_t size);

// Parses a Content-Range value: "bytes first-last/total", total or "first-last" may be "*" (not both).
// 0, or ERR_INVALID_RESPONSE for another unit or numbers that contradict each other (RFC 9110 14.4).
int http_content_range(struct http_span value, struct http_range *range);

// Seconds since 1970 of an IMF-fixdate, "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 5.6.7), or -1. The two
// obsolete forms are not read.
int64_t http_date(struct http_span value);

#endif
