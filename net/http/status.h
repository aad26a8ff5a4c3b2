// HTTP status codes: their names, and which of them mean what to a download. Spec: RFC 9110 15.
#ifndef URLBOOT_NET_HTTP_STATUS_H
#define URLBOOT_NET_HTTP_STATUS_H

#include <stdbool.h>

enum http_status {
    HTTP_OK = 200,
    HTTP_PARTIAL_CONTENT = 206,
    HTTP_RANGE_NOT_SATISFIABLE = 416,
    HTTP_SWITCHING_PROTOCOLS = 101,
};

// The name RFC 9110 gives to `code`, for example "Not Found"; for other codes the name of their class.
// Never NULL.
const char *http_status_name(unsigned code);

// True for an answer before the answer (1xx), which has no body and is followed by another head.
bool http_status_is_interim(unsigned code);

// True for 301, 302, 303, 307, 308: a GET goes on at Location.
bool http_status_is_redirect(unsigned code);

// True when the same request may well succeed later (408, 425, 429, 500, 502, 503, 504); false when only
// another URL or another server helps.
//
// Example:
//     if (err == ERR_HTTP_STATUS && !http_status_is_temporary(fail_http_code()))
//         next_mirror();
bool http_status_is_temporary(unsigned code);

#endif
