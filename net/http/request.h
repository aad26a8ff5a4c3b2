// The request of a download: GET, with what an origin server and a resume need. Spec: RFC 9110, RFC 9112 3.
#ifndef URLBOOT_NET_HTTP_REQUEST_H
#define URLBOOT_NET_HTTP_REQUEST_H

#include <stddef.h>
#include <stdint.h>

struct url;

#define HTTP_REQUEST_MAX 4096  // target 2048, host 264, credentials 344, validator 128

struct http_request {
    const struct url *url;     // its userinfo becomes Authorization: Basic (RFC 7617)
    uint64_t offset;           // first byte wanted; > 0 adds Range: bytes=offset-
    uint64_t until;            // first byte not wanted, 0: all are; beside offset only
    const char *validator;     // If-Range beside Range; NULL or "" for none
};

// Writes the request into out[size], NUL-terminated; HTTP_REQUEST_MAX is enough for every URL with a
// validator up to 128 bytes. Returns its length without NUL, or ERR_UNSUPPORTED when it does not fit or the
// validator has control characters.
//
// Example:
//     long length = http_request_build(text, sizeof text, &(struct http_request){.url = &url});
long http_request_build(char *out, size_t size, const struct http_request *request);

#endif
