// What the files of the HTTP client share: client.c leads through requests and heads, answer.c decides what
// an answer means, body.c moves body bytes. Nobody else includes it.
#ifndef URLBOOT_NET_HTTP_WORK_H
#define URLBOOT_NET_HTTP_WORK_H

#include <stddef.h>

#include "net/http/http.h"  // struct http_get

// What an answer leads to, besides errors.
enum http_next {
    HTTP_DONE = 1,          // all is in the sink, which was finished
    HTTP_BODY,              // body bytes come next
    HTTP_AGAIN,             // another request: final_url has changed, or all is wanted from byte 0
};

// host[:port]/path of final_url for sentences; overwritten by the next call and the next request.
const char *http_where(struct http_get *get);

// "got N of M bytes" of the whole, or "got N bytes" when M is not known, into out[size].
const char *http_so_far(const struct http_get *get, char *out, size_t size);

// What the head in `r` means: prepares the body, or follows a redirect. An enum http_next or an error.
int http_answer(struct http_get *get, const struct http_response *r);

// Moves the next piece of the body to the sink, waiting for it at most timeout_ms. 0 to go on, HTTP_DONE
// when it is complete and the sink finished, or an error.
int http_body(struct http_get *get);

#endif
