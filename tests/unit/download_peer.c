// See download_peer.h.
#include "tests/unit/download_peer.h"  // script

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#undef fail  // cmocka's; ours is a function

#include "lib/clock.h"     // now_us
#include "lib/err.h"       // fail
#include "lib/sha256.h"    // sha256_init
#include "net/http/http.h" // http_get
#include "net/parallel.h"  // parallel_get
#include "net/poll.h"      // stack_wait
#include "net/stack.h"     // tcp_open

const struct answer *script;
unsigned asked, script_length;
uint64_t clock_us, asked_at;
static uint64_t served_to;
unsigned piece = 1;
bool cancelled;
uint8_t image[WHOLE], place_bytes[WHOLE + 1];
const uint8_t *good_digest;

uint64_t now_us(void)
{
    return clock_us += 10;
}

int stack_wait(void)
{
    clock_us += 1000;
    return cancelled ? fail(ERR_CANCELLED, "key") : 0;
}

int dns_lookup(const char *host, uint32_t *address, uint64_t deadline)
{
    (void)deadline;
    clock_us += 5000;
    *address = (uint32_t)host[0];
    return strcmp(host, "unknown.test") == 0 ? fail(ERR_DNS_LOOKUP_FAILED, "%s", host) : 0;
}

int tcp_open(struct stream **stream, uint32_t address, uint16_t port, uint64_t deadline)
{
    (void)address;
    (void)deadline;
    clock_us += 7000;
    *stream = NULL;
    return port == 9 ? fail(ERR_CONNECTION_REFUSED, "closed") : 0;
}

int tcp_start(struct stream **stream, uint32_t address, uint16_t port)
{
    return tcp_open(stream, address, port, 0);
}

static int serve(struct http_get *get, const struct answer *a)
{
    uint64_t at = a->restarted ? 0 : get->offset;
    static uint8_t bytes[4096];
    int err;

    if (at == 0 && !a->refused) {
        get->restarted = a->restarted;
        err = get->sink->begin(get->sink, a->unknown ? SINK_LENGTH_UNKNOWN : WHOLE);
        if (err < 0)
            return err;
    }
    for (unsigned part; at < a->until; at += part, get->received += part) {
        part = a->until - at < piece ? (unsigned)(a->until - at) : piece;
        served_to = at;
        for (unsigned i = 0; i < part; i++)
            bytes[i] = image[at + i] ^ a->fill;
        err = get->sink->write(get->sink, at, bytes, part);
        if (err < 0)
            return err;
    }
    if (a->err == ERR_HTTP_STATUS)
        return fail_http_status(a->status, "x");
    if (a->err < 0)
        return fail(a->err, "as the script says");
    return get->sink->finish(get->sink, at);
}

int parallel_get(struct http_get *get, struct parallel *options)
{
    const struct answer *a = &script[asked];
    struct stream *stream;
    int err;

    assert_true(asked < script_length);
    asked++;
    options->used = a->used > 0 ? a->used : 1;
    assert_int_equal(options->connections, a->alone ? 1 : 4);
    assert_null(get->sink->room);  // the place has none
    assert_string_equal(get->url->host, a->host);
    assert_int_equal(get->offset, a->anywhere ? served_to : a->offset);
    assert_true(!a->anywhere || served_to > 0);
    assert_string_equal(get->validator != NULL ? get->validator : "",
                        a->validator != NULL ? a->validator : "");
    assert_int_equal(get->known_length, get->offset > 0 ? WHOLE : SINK_LENGTH_UNKNOWN);
    assert_true(clock_us - asked_at >= a->at_least_ms * 1000);
    get->final_url = *get->url;
    err = get->connect(get->ctx, get->url, &stream);
    if (err == 0) {
        get->accepts_ranges = a->ranges;
        snprintf(get->etag, sizeof(get->etag), "%s", a->etag != NULL ? a->etag : "");
        err = serve(get, a);
    }
    asked_at = clock_us;
    return err;
}

// ---- the place --------------------------------------------------------------------------------------

static int place_begin(struct sink *sink, uint64_t length)
{
    struct place *p = (struct place *)sink;

    p->begins++;
    return length != SINK_LENGTH_UNKNOWN && length > p->limit ? fail(ERR_NOT_ENOUGH_MEMORY, "small") : 0;
}

static int place_write(struct sink *sink, uint64_t offset, const void *data, size_t length)
{
    (void)sink;
    assert_true(offset + length <= WHOLE);
    memcpy(place_bytes + offset, data, length);
    return 0;
}

static int place_finish(struct sink *sink, uint64_t length)
{
    struct place *p = (struct place *)sink;

    assert_int_equal(length, WHOLE);
    p->finishes++;
    return 0;
}

struct place make_place(void)
{
    return (struct place){ .sink = { place_begin, place_write, place_finish, NULL }, .limit = WHOLE };
}

int make_image(void **state)
{
    static uint8_t digest[32];
    struct sha256 hash;

    (void)state;
    for (unsigned i = 0; i < WHOLE; i++)
        image[i] = (uint8_t)(i * 2654435761u >> 13);
    sha256_init(&hash);
    sha256_update(&hash, image, WHOLE);
    sha256_final(&hash, digest);
    good_digest = digest;
    return 0;
}
