// net/parallel.c over the real HTTP client: what a server may answer on a further connection, and what must come
// of it. Streams are played: each connection brings bytes at its own pace, far away; time is turned by hand.
#include "lib/clock.h"        // now_us
#include "lib/err.h"          // err_name
#include "lib/sha256.h"       // sha256_init
#include "net/digest_sink.h"  // digest_sink_init
#include "net/parallel.h"     // parallel_get
#include "net/poll.h"         // stack_wait

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#undef fail  // cmocka's; ours is a function

#define WHOLE (24u << 20)
#define WAY_US 20000
#define BYTES_PER_MS 2000u
#define CONNECTIONS_MAX 32
#define PIECE 16384u
#define CHUNK 50000u
#define ENOUGH (2u << 20)   // what a server sends in one answer that does not send all

// ---- the server ---------------------------------------------------------------------------------------

// How the further connections are answered.
enum answer {
    GOOD,
    CHUNKED,            // in chunks, and to the end of the whole
    SHORT,              // the first bytes of the part
    OTHER_BYTES,        // another part than was asked for
    OTHER_LENGTH,       // a part of a longer whole
    OTHER_TAG,          // another ETag
    WHOLE_INSTEAD,      // 200
    NOTHING_THERE,      // 416
    MOVED,              // a redirect on the same host, which is followed
    MOVED_AWAY,         // to another host
    WRONG_BYTES,        // a part of another image that claims to be this one
};

struct connection {
    struct stream stream;        // must be first
    bool open;
    uint64_t first_us;           // when the answer begins
    uint8_t *bytes;              // all of the answer
    size_t length, taken;
};

static enum answer answer;
static bool no_tag;              // the server names no validator
static struct connection connections[CONNECTIONS_MAX];
static unsigned opened, open_now, elsewhere;
static uint64_t clock_us;
static uint8_t *image, *place;
static uint8_t digest[32];

uint64_t now_us(void)
{
    return clock_us += 1;
}

int stack_attend(void)
{
    return 0;
}

int stack_wait(void)
{
    clock_us += 1000;
    return 0;
}

static struct connection *of(struct stream *stream)
{
    return (struct connection *)(void *)stream;
}

__attribute__((format(printf, 2, 3))) static void say(struct connection *c, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    c->length += (size_t)vsprintf((char *)c->bytes + c->length, format, args);
    va_end(args);
}

static void say_tag(struct connection *c, const char *tag)
{
    if (!no_tag)
        say(c, "ETag: \"%s\"\r\n", tag);
}

static void say_body(struct connection *c, uint64_t from, uint64_t until, size_t chunk)
{
    while (from < until) {
        size_t n = chunk != 0 && chunk < until - from ? chunk : (size_t)(until - from);
        if (chunk != 0)
            say(c, "%zx\r\n", n);
        memcpy(c->bytes + c->length, image + from, n);
        c->length += n;
        from += n;
        if (chunk != 0)
            say(c, "\r\n");
    }
}

static void say_part(struct connection *c, uint64_t from, uint64_t until, uint64_t whole, const char *tag)
{
    say(c, "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes %lu-%lu/%lu\r\nContent-Length: %lu\r\n", from,
        until - 1, whole, until - from);
    say_tag(c, tag);
    say(c, "\r\n");
    say_body(c, from, until, 0);
}

static void say_chunks(struct connection *c, uint64_t from)
{
    say(c, "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes %lu-%u/%u\r\nTransfer-Encoding: chunked\r\n", from,
        WHOLE - 1, WHOLE);
    say_tag(c, "v");
    say(c, "\r\n");
    say_body(c, from, WHOLE, CHUNK);
    say(c, "0\r\n\r\n");
}

static void say_whole(struct connection *c)
{
    say(c, "HTTP/1.1 200 OK\r\nContent-Length: %u\r\nAccept-Ranges: bytes\r\n", WHOLE);
    say_tag(c, "v");
    say(c, "\r\n");
    say_body(c, 0, WHOLE, 0);
}

// The answer to a request for [from, until).
static void answer_part(struct connection *c, bool moved, uint64_t from, uint64_t until)
{
    if (answer == CHUNKED)
        say_chunks(c, from);
    else if (answer == SHORT)
        say_part(c, from, until - from < ENOUGH ? until : from + ENOUGH, WHOLE, "v");
    else if (answer == OTHER_BYTES)
        say_part(c, from + 1, until, WHOLE, "v");
    else if (answer == OTHER_LENGTH)
        say_part(c, from, until, WHOLE + 1, "v");
    else if (answer == OTHER_TAG)
        say_part(c, from, until, WHOLE, "w");
    else if (answer == WHOLE_INSTEAD)
        say_whole(c);
    else if (answer == NOTHING_THERE)
        say(c, "HTTP/1.1 416 Range Not Satisfiable\r\nContent-Range: bytes */5\r\n\r\n");
    else if (answer == MOVED && !moved)
        say(c, "HTTP/1.1 302 Found\r\nLocation: /moved\r\n\r\n");
    else if (answer == MOVED_AWAY)
        say(c, "HTTP/1.1 302 Found\r\nLocation: http://elsewhere/x\r\n\r\n");
    else
        say_part(c, from, until, WHOLE, "v");
    if (answer == WRONG_BYTES)
        c->bytes[c->length - 1] ^= 1;
}

// ---- streams ------------------------------------------------------------------------------------------

static int stream_send(struct stream *stream, const void *data, size_t length, uint64_t deadline)
{
    struct connection *c = of(stream);
    char request[2048] = "";
    unsigned long first = 0, last = 0;

    (void)deadline;
    assert_true(length < sizeof(request));
    memcpy(request, data, length);
    const char *range = strstr(request, "Range: bytes=");
    if (range == NULL || sscanf(range, "Range: bytes=%lu-%lu", &first, &last) < 2)
        say_whole(c);
    else
        answer_part(c, strstr(request, "/moved") != NULL, first, last + 1);
    return 0;
}

// Bytes that have arrived and were not taken.
static size_t here(const struct connection *c)
{
    uint64_t came = clock_us < c->first_us ? 0 : (clock_us - c->first_us) / 1000 * BYTES_PER_MS;

    came = came < c->length ? came : c->length;
    return came > c->taken ? (size_t)came - c->taken : 0;
}

static bool stream_ready(struct stream *stream)
{
    const struct connection *c = of(stream);

    return here(c) > 0 || c->taken == c->length;
}

static long stream_peek(struct stream *stream, const uint8_t **data, uint64_t deadline)
{
    struct connection *c = of(stream);

    (void)deadline;
    while (!stream_ready(stream))
        stack_wait();
    *data = c->bytes + c->taken;
    return (long)(here(c) < PIECE ? here(c) : PIECE);
}

static void stream_consume(struct stream *stream, size_t length)
{
    assert_true(length <= here(of(stream)));
    of(stream)->taken += length;
}

static void stream_close(struct stream *stream)
{
    assert_true(of(stream)->open);
    of(stream)->open = false;
    free(of(stream)->bytes);
    open_now--;
}

static int connect_played(void *ctx, const struct url *url, struct stream **stream)
{
    struct connection *c = &connections[opened];

    (void)ctx;
    assert_true(opened < CONNECTIONS_MAX);
    elsewhere += strcmp(url->host, "h") != 0;
    *c = (struct connection){{stream_send, stream_peek, stream_ready, stream_consume, stream_close},
                             true, clock_us + WAY_US, malloc(WHOLE + WHOLE / 100), 0, 0};
    *stream = &c->stream;
    opened++;
    open_now++;
    return 0;
}

// ---- the place ----------------------------------------------------------------------------------------

static int place_begin(struct sink *sink, uint64_t length)
{
    (void)sink;
    assert_int_equal(length, WHOLE);
    return 0;
}

static int place_write(struct sink *sink, uint64_t offset, const void *data, size_t length)
{
    (void)sink;
    assert_true(offset + length <= WHOLE);
    if (data != place + offset)
        memcpy(place + offset, data, length);
    return 0;
}

static int place_finish(struct sink *sink, uint64_t length)
{
    (void)sink;
    assert_int_equal(length, WHOLE);
    return 0;
}

static void *place_room(struct sink *sink, uint64_t offset, size_t length)
{
    (void)sink;
    assert_true(offset + length <= WHOLE);
    return place + offset;
}

// ---- one transfer -------------------------------------------------------------------------------------

static struct parallel run(enum answer how, bool verified, int expected)
{
    static struct http_get get;
    static const uint64_t handshake_us = WAY_US;
    struct parallel options = {.connections = 4, .connect = connect_played, .verified = verified,
                               .handshake_us = &handshake_us};
    struct sink bottom = {place_begin, place_write, place_finish, place_room};
    struct url url = {.scheme = URL_HTTP, .host = "h", .port = 80, .path = "/x.iso"};
    struct digest_sink sum;

    answer = how;
    opened = open_now = elsewhere = 0;
    memset(place, 0xee, WHOLE);
    digest_sink_init(&sum, &bottom, digest);
    get = (struct http_get){.url = &url, .sink = &sum.sink, .connect = connect_played, .timeout_ms = 5000};
    int err = parallel_get(&get, &options);
    assert_string_equal(err < 0 ? err_name(err) : "", expected < 0 ? err_name(expected) : "");
    assert_int_equal(open_now, 0);
    assert_int_equal(elsewhere, 0);
    if (err == 0)
        assert_memory_equal(place, image, WHOLE);
    return options;
}

static int setup(void **state)
{
    (void)state;
    no_tag = false;
    return 0;
}

static void test_parts_that_fit(void **state)
{
    (void)state;
    assert_int_equal(run(GOOD, false, 0).used, 4);
    assert_int_equal(opened, 4);
    // Behind the part come bytes of the next connection's, and are not taken.
    assert_int_equal(run(CHUNKED, false, 0).used, 4);
    assert_int_equal(opened, 4);
    assert_int_equal(run(MOVED, false, 0).used, 4);
    assert_int_equal(opened, 1 + 2 * 3);
    // The rest of a part is asked for again.
    assert_int_equal(run(SHORT, false, 0).used, 4);
    assert_true(opened > 4);
}

// Whatever comes instead of the part, the first connection brings all of it, and few others are tried.
static void test_parts_that_do_not_fit(void **state)
{
    static const enum answer cases[] = {OTHER_BYTES,   OTHER_LENGTH,  OTHER_TAG,
                                        WHOLE_INSTEAD, NOTHING_THERE, MOVED_AWAY};

    (void)state;
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        run(cases[i], true, 0);
        assert_in_range(opened, 2, 1 + 2 * 3);  // each asks a second time at most
        assert_true(connections[0].taken > WHOLE);
    }
}

// Without a validator a digest must tell, and it does.
static void test_digest_instead(void **state)
{
    (void)state;
    run(WRONG_BYTES, true, ERR_DIGEST_MISMATCH);
    no_tag = true;
    assert_int_equal(run(GOOD, false, 0).used, 1);
    assert_int_equal(run(GOOD, true, 0).used, 4);
    run(WRONG_BYTES, true, ERR_DIGEST_MISMATCH);
}

static int make_image(void **state)
{
    struct sha256 hash;

    (void)state;
    image = malloc(WHOLE);
    place = malloc(WHOLE);
    for (uint64_t i = 0; i < WHOLE / 8; i++)
        ((uint64_t *)(void *)image)[i] = i * 0x9e3779b97f4a7c15;
    sha256_init(&hash);
    sha256_update(&hash, image, WHOLE);
    sha256_final(&hash, digest);
    return 0;
}

static int free_image(void **state)
{
    (void)state;
    free(image);
    free(place);
    return 0;
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup(f, setup)
    const struct CMUnitTest tests[] = {
        TEST(test_parts_that_fit), TEST(test_parts_that_do_not_fit), TEST(test_digest_instead),
    };

    return cmocka_run_group_tests(tests, make_image, free_image);
}
