// See net/uefi_stream.h. Spec: RFC 9112 sections 3 and 5 for the request that is taken apart; UEFI 2.10
// section 29.6. Not handled: a request with a body.
#include "net/uefi_stream.h"  // uefi_stream_open

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "kernel/firmware/efi_http.h"  // efi_http_open
#include "kernel/memory.h"             // kcalloc
#include "lib/clock.h"                 // deadline_passed
#include "lib/err.h"                   // fail
#include "net/http/request.h"          // HTTP_REQUEST_MAX
#include "net/poll.h"                  // stack_check_cancel

#define ROOM 65536u  // edk2 hands out two to four segments at a time, others more

enum state {
    REQUESTING,  // the request is being written
    ASKED,       // firmware sends it
    HEAD,        // ... and waits for the head
    BODY,
    ENDED,
};

struct uefi_stream {
    struct stream stream;     // must be first
    struct efi_http *http;
    enum state state;
    int err;                  // of an operation that failed: none follows
    bool under_way;           // in BODY: firmware has the buffer
    size_t request_length;
    char request[HTTP_REQUEST_MAX];
    char url[URL_MAX + URL_HOST_MAX + 16];
    size_t at, length;        // of what is in `data` and not consumed
    uint8_t data[ROOM];
};

// Splits the lines of the request, in place, into names and values. Returns how many, or an error.
static int split_headers(char *text, struct efi_header *headers)
{
    unsigned count = 0;
    char *line = strstr(text, "\r\n"), *end;

    for (line += 2; (end = strstr(line, "\r\n")) != NULL && end != line; line = end + 2) {
        char *colon = strchr(line, ':');
        *end = '\0';
        if (colon == NULL || count == EFI_HTTP_HEADERS_MAX)
            return fail(ERR_UNSUPPORTED, "the firmware's HTTP takes no such request");
        *colon = '\0';
        headers[count++] = (struct efi_header){line, colon + 1 + strspn(colon + 1, " ")};
    }
    return (int)count;
}

static int ask(struct uefi_stream *u)
{
    struct efi_header headers[EFI_HTTP_HEADERS_MAX];
    int count = split_headers(u->request, headers);

    u->state = ASKED;
    if (count < 0)
        return count;
    return efi_http_get(u->http, u->url, headers, (unsigned)count);
}

static int stream_send(struct stream *s, const void *data, size_t length, uint64_t deadline)
{
    struct uefi_stream *u = (struct uefi_stream *)s;

    (void)deadline;
    if (u->state != REQUESTING || length >= sizeof(u->request) - u->request_length)
        return fail(ERR_UNSUPPORTED, "the firmware's HTTP takes one request of %zu bytes",
                    sizeof(u->request));
    memcpy(u->request + u->request_length, data, length);
    u->request_length += length;
    u->request[u->request_length] = '\0';
    if (strstr(u->request, "\r\n\r\n") == NULL)
        return 0;
    u->err = ask(u);
    return u->err;
}

// edk2 waits for ever for more of a body that only the end of the connection ends.
static bool says_length(const char *head)
{
    for (const char *line = strstr(head, "\r\n"); line != NULL; line = strstr(line, "\r\n")) {
        line += 2;
        if (strncasecmp(line, "content-length:", 15) == 0 || strncasecmp(line, "transfer-encoding:", 18) == 0)
            return true;
    }
    return false;
}

static int take_head(struct uefi_stream *u)
{
    long length = efi_http_head(u->http, (char *)u->data, sizeof(u->data));

    if (length < 0)
        return (int)length;
    if (strncmp((const char *)u->data, "HTTP/1.1 2", 10) == 0 && !says_length((const char *)u->data))
        return fail(ERR_UNSUPPORTED, "the firmware's HTTP reads no body whose length is not announced");
    u->at = 0;
    u->length = (size_t)length;
    u->state = BODY;
    return 0;
}

// Begins what comes next, or goes on with it. 0 or an error.
static int advance(struct uefi_stream *u)
{
    int done;

    if (u->state == BODY && !u->under_way) {
        u->under_way = true;
        return efi_http_read_body(u->http, u->data, sizeof(u->data));
    }
    done = efi_http_poll(u->http);
    if (done <= 0)
        return done;
    if (u->state == ASKED) {
        u->state = HEAD;
        return efi_http_read_head(u->http);
    }
    if (u->state == HEAD)
        return take_head(u);
    u->under_way = false;
    u->at = 0;
    u->length = efi_http_length(u->http);
    if (u->length > sizeof(u->data)) {
        u->length = 0;
        return fail(ERR_INVALID_RESPONSE, "the firmware says it wrote more than it was given room for");
    }
    if (u->length == 0)
        u->state = ENDED;
    return 0;
}

static bool stream_ready(struct stream *s)
{
    const struct uefi_stream *u = (const struct uefi_stream *)s;

    return u->at < u->length || u->state == ENDED || u->err < 0;
}

static long stream_peek(struct stream *s, const uint8_t **data, uint64_t deadline)
{
    struct uefi_stream *u = (struct uefi_stream *)s;

    while (!stream_ready(s)) {
        if (u->state == REQUESTING)
            return fail(ERR_UNSUPPORTED, "nothing was asked for");
        u->err = advance(u);
        if (stream_ready(s))
            break;
        if (deadline_passed(deadline))
            return fail(ERR_STALLED, "nothing came through the firmware's HTTP for too long");
        int err = stack_check_cancel();
        if (err < 0)
            return err;
    }
    if (u->at < u->length) {
        *data = u->data + u->at;
        return (long)(u->length - u->at);
    }
    return u->err < 0 ? u->err : 0;
}

static void stream_consume(struct stream *s, size_t length)
{
    struct uefi_stream *u = (struct uefi_stream *)s;

    u->at += length < u->length - u->at ? length : u->length - u->at;
}

static void stream_close(struct stream *s)
{
    struct uefi_stream *u = (struct uefi_stream *)s;

    if (efi_http_close(u->http))
        kfree(u);
}

int uefi_stream_open(struct stream **stream, const struct url *url, const struct efi_network *from,
                     uint32_t timeout_ms)
{
    struct uefi_stream *u = kcalloc(1, sizeof(*u));

    if (u == NULL)
        return fail(ERR_OUT_OF_HEAP, "no memory for a connection");
    u->stream = (struct stream){ stream_send, stream_peek, stream_ready, stream_consume, stream_close };
    url_format(url, u->url, sizeof(u->url));
    int err = efi_http_open(&u->http, from, timeout_ms);
    if (err < 0) {
        kfree(u);
        return err;
    }
    *stream = &u->stream;
    return 0;
}
