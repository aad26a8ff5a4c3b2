// net/digest_sink.c and net/progress.c: the sinks between HTTP and the image.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "lib/clock.h"        // now_us
#include "lib/err.h"          // ERR_DIGEST_MISMATCH
#include "net/digest_sink.h"  // digest_sink_init
#include "net/progress.h"     // progress_sink_init

#include <cmocka.h>  // last: its macro fail() would hide ours

static uint64_t clock_us = 1;

uint64_t now_us(void)
{
    return clock_us;
}

// What lies below: counts and can be told to refuse.
struct floor {
    struct sink sink;
    unsigned begins, finishes;
    uint64_t begun_with, bytes;
    int answer;
};

static int floor_begin(struct sink *sink, uint64_t length)
{
    struct floor *f = (struct floor *)sink;

    f->begins++;
    f->begun_with = length;
    f->bytes = 0;
    return f->answer;
}

static int floor_write(struct sink *sink, uint64_t offset, const void *data, size_t length)
{
    struct floor *f = (struct floor *)sink;

    (void)data;
    assert_int_equal(offset, f->bytes);
    f->bytes += length;
    return f->answer;
}

static int floor_finish(struct sink *sink, uint64_t length)
{
    struct floor *f = (struct floor *)sink;

    assert_int_equal(length, f->bytes);
    f->finishes++;
    return f->answer;
}

static struct floor make_floor(void)
{
    return (struct floor){ .sink = { floor_begin, floor_write, floor_finish } };
}

// FIPS 180-2 appendix B.1: SHA-256("abc").
static const uint8_t abc[32] = {
    0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40, 0xde, 0x5d, 0xae, 0x22, 0x23,
    0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad,
};

static void test_digest_matches(void **state)
{
    struct floor floor = make_floor();
    struct digest_sink d;

    (void)state;
    digest_sink_init(&d, &floor.sink, abc);
    assert_int_equal(d.sink.begin(&d.sink, 3), 0);
    assert_int_equal(floor.begun_with, 3);
    assert_int_equal(d.sink.write(&d.sink, 0, "a", 1), 0);
    assert_int_equal(d.sink.write(&d.sink, 1, "", 0), 0);
    assert_int_equal(d.sink.write(&d.sink, 1, "bc", 2), 0);
    assert_int_equal(d.sink.finish(&d.sink, 3), 0);
    assert_true(d.matched);
    assert_memory_equal(d.digest, abc, 32);
    assert_int_equal(floor.finishes, 1);
}

// A mismatch must not finish what is below: nothing unverified is complete.
static void test_digest_differs(void **state)
{
    struct floor floor = make_floor();
    struct digest_sink d;

    (void)state;
    digest_sink_init(&d, &floor.sink, abc);
    d.sink.begin(&d.sink, 3);
    d.sink.write(&d.sink, 0, "abd", 3);
    assert_int_equal(d.sink.finish(&d.sink, 3), ERR_DIGEST_MISMATCH);
    assert_false(d.matched);
    assert_int_equal(floor.finishes, 0);
    assert_non_null(strstr(fail_detail(), "ba7816bf"));

    // From the start again: what was counted in is forgotten.
    d.sink.begin(&d.sink, 3);
    d.sink.write(&d.sink, 0, "abc", 3);
    assert_int_equal(d.sink.finish(&d.sink, 3), 0);
}

static void test_digest_order(void **state)
{
    struct floor floor = make_floor();
    struct digest_sink d;

    (void)state;
    digest_sink_init(&d, &floor.sink, abc);
    d.sink.begin(&d.sink, 3);
    assert_int_equal(d.sink.write(&d.sink, 0, "ab", 2), 0);
    assert_int_equal(d.sink.write(&d.sink, 1, "bc", 2), ERR_INVALID_RESPONSE);
    assert_int_equal(d.sink.write(&d.sink, 3, "c", 1), ERR_INVALID_RESPONSE);
    assert_int_equal(floor.bytes, 2);
    assert_int_equal(d.sink.finish(&d.sink, 3), ERR_BODY_TRUNCATED);
}

static void test_digest_passes_refusals(void **state)
{
    struct floor floor = make_floor();
    struct digest_sink d;

    (void)state;
    floor.answer = ERR_NOT_ENOUGH_MEMORY;
    digest_sink_init(&d, &floor.sink, abc);
    assert_int_equal(d.sink.begin(&d.sink, 3), ERR_NOT_ENOUGH_MEMORY);
    assert_int_equal(d.sink.write(&d.sink, 0, "abc", 3), ERR_NOT_ENOUGH_MEMORY);
}

static uint8_t place[100000];

static void *place_room(struct sink *sink, uint64_t offset, size_t length)
{
    (void)sink;
    return offset + length <= sizeof(place) ? place + offset : NULL;
}

static int place_write(struct sink *sink, uint64_t offset, const void *data, size_t length)
{
    memcpy(place + offset, data, length);
    return floor_write(sink, offset, data, length);
}

// With a place: what is hashed is what lies there, all of it and once, whatever the pieces.
static void test_digest_of_the_place(void **state)
{
    struct floor floor = make_floor();
    struct digest_sink d;
    struct sha256 all;
    uint8_t body[sizeof(place)], right[32];

    (void)state;
    floor.sink.room = place_room;
    floor.sink.write = place_write;
    for (unsigned i = 0; i < sizeof(body); i++)
        body[i] = (uint8_t)(i * 7 + i / 251);
    sha256_init(&all);
    sha256_update(&all, body, sizeof(body));
    sha256_final(&all, right);
    for (unsigned piece = 1; piece < 200000; piece = piece * 3 + 1) {
        digest_sink_init(&d, &floor.sink, right);
        d.place = &floor.sink;
        assert_int_equal(d.sink.begin(&d.sink, sizeof(body)), 0);
        for (unsigned at = 0; at < sizeof(body); at += piece)
            assert_int_equal(d.sink.write(&d.sink, at, body + at,
                                          piece < sizeof(body) - at ? piece : sizeof(body) - at), 0);
        assert_int_equal(d.sink.finish(&d.sink, sizeof(body)), 0);
        assert_true(d.matched);
    }
    // Bytes that change on the way to their place are noticed.
    d.sink.begin(&d.sink, sizeof(body));
    d.sink.write(&d.sink, 0, body, 50000);
    place[49999] ^= 1;
    d.sink.write(&d.sink, 50000, body + 50000, 50000);
    assert_int_equal(d.sink.finish(&d.sink, sizeof(body)), ERR_DIGEST_MISMATCH);
}

struct seen {
    unsigned calls;
    struct download_progress last;
};

static void see(void *ctx, const struct download_progress *p)
{
    struct seen *seen = ctx;

    seen->calls++;
    seen->last = *p;
}

// 1 MB every 10 ms for ten seconds: 100 MB/s, told four times a second and at the end.
static void test_progress_rate(void **state)
{
    static uint8_t data[1000000];
    struct floor floor = make_floor();
    struct progress_sink p;
    struct seen seen = { 0 };

    (void)state;
    progress_sink_init(&p, &floor.sink, see, &seen);
    assert_int_equal(p.sink.begin(&p.sink, 1000 * sizeof(data)), 0);
    for (unsigned i = 0; i < 1000; i++) {
        assert_int_equal(p.sink.write(&p.sink, i * sizeof(data), data, sizeof(data)), 0);
        clock_us += 10000;
    }
    assert_in_range(seen.calls, 36, 41);
    assert_in_range(seen.last.bytes_per_s, 95000000, 105000000);
    assert_int_equal(seen.last.total, 1000 * sizeof(data));
    assert_int_equal(p.sink.finish(&p.sink, 1000 * sizeof(data)), 0);
    assert_int_equal(seen.last.done, 1000 * sizeof(data));
    assert_in_range(seen.last.elapsed_us, 9900000, 10000000);

    // A stall: within four seconds of ticks the rate is 0.
    for (unsigned i = 0; i < 50; i++) {
        clock_us += 100000;
        progress_tick(&p);
    }
    assert_int_equal(seen.last.bytes_per_s, 0);
}

static void test_progress_restart(void **state)
{
    struct floor floor = make_floor();
    struct progress_sink p;
    struct seen seen = { 0 };

    (void)state;
    progress_sink_init(&p, &floor.sink, see, &seen);
    progress_tick(&p);
    assert_int_equal(seen.calls, 0);
    p.sink.begin(&p.sink, SINK_LENGTH_UNKNOWN);
    p.sink.write(&p.sink, 0, "abc", 3);
    p.sink.begin(&p.sink, 2);
    assert_int_equal(floor.begins, 2);
    p.sink.write(&p.sink, 0, "ab", 2);
    p.sink.finish(&p.sink, 2);
    assert_int_equal(seen.last.done, 2);
    assert_int_equal(seen.last.total, 2);

    // Nobody listens: passes on all the same.
    progress_sink_init(&p, &floor.sink, NULL, NULL);
    floor.finishes = 0;
    p.sink.begin(&p.sink, 1);
    p.sink.write(&p.sink, 0, "a", 1);
    p.sink.finish(&p.sink, 1);
    assert_int_equal(floor.finishes, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_digest_matches),  cmocka_unit_test(test_digest_differs),
        cmocka_unit_test(test_digest_order),    cmocka_unit_test(test_digest_passes_refusals),
        cmocka_unit_test(test_digest_of_the_place),
        cmocka_unit_test(test_progress_rate),   cmocka_unit_test(test_progress_restart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
