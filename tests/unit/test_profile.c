// kernel/profile.c with a clock turned by hand: each cycle is booked once, on the innermost stage.

#include "kernel/profile.h"  // profile_start

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static uint64_t ticks;
static struct profile p;

static uint64_t tick_clock(void)
{
    return ticks;
}

static int setup(void **state)
{
    (void)state;
    ticks = 1000000;
    profile_start(&p, tick_clock);
    return 0;
}

// Whatever a test did: no cycle is lost or booked twice.
static int teardown(void **state)
{
    uint64_t sum = 0;

    (void)state;
    profile_stop();
    for (unsigned i = 0; i < PROFILE_STAGES; i++)
        sum += p.cycles[i];
    return sum == ticks - p.begin && profile_running == NULL ? 0 : -1;
}

// Spends cycles in a stage.
static void spend(enum profile_stage stage, uint64_t cycles)
{
    profile_enter(stage);
    ticks += cycles;
    profile_leave();
}

static void test_nested(void **state)
{
    (void)state;
    ticks += 1;
    profile_enter(PROFILE_DRIVER);
    ticks += 10;
    profile_enter(PROFILE_INPUT);
    ticks += 100;
    spend(PROFILE_SEND, 1000);
    ticks += 200;
    profile_leave();
    ticks += 20;
    spend(PROFILE_INPUT, 10000);
    ticks += 30;
    profile_leave();
    ticks += 2;
    spend(PROFILE_SINK, 0);
    profile_stop();
    assert_int_equal(p.cycles[PROFILE_HTTP], 3);
    assert_int_equal(p.cycles[PROFILE_DRIVER], 60);
    assert_int_equal(p.cycles[PROFILE_INPUT], 10300);
    assert_int_equal(p.cycles[PROFILE_SEND], 1000);
    assert_int_equal(p.cycles[PROFILE_SINK], 0);
    assert_int_equal(p.depth, 0);
}

// The same stage inside itself is one stage.
static void test_recursion(void **state)
{
    (void)state;
    profile_enter(PROFILE_INPUT);
    ticks += 3;
    spend(PROFILE_INPUT, 4);
    ticks += 5;
    profile_leave();
    profile_stop();
    assert_int_equal(p.cycles[PROFILE_INPUT], 12);
}

#define FLUSH 3

// A turn of the loop as net/poll.c makes it.
static void turn(unsigned frames, uint64_t loop, uint64_t driver, uint64_t input)
{
    profile_enter(PROFILE_LOOP);
    ticks += loop;
    profile_enter(PROFILE_DRIVER);
    ticks += driver;
    for (unsigned i = 0; i < frames; i++) {
        profile_count(PROFILE_BYTES, 1514);
        spend(PROFILE_INPUT, input);
    }
    spend(PROFILE_INPUT, FLUSH);  // what is held, mostly nothing
    profile_leave();
    profile_leave_turn(frames);
}

static void test_empty_turns_are_waiting(void **state)
{
    (void)state;
    turn(2, 1, 10, 100);
    turn(0, 3, 30, 0);
    turn(5, 1, 10, 100);
    turn(0, 4, 40, 0);
    spend(PROFILE_WAIT, 500);
    profile_stop();
    assert_int_equal(p.cycles[PROFILE_WAIT], 3 + 30 + 4 + 40 + 2 * FLUSH + 500);
    assert_int_equal(p.cycles[PROFILE_LOOP], 2);
    assert_int_equal(p.cycles[PROFILE_DRIVER], 20);
    assert_int_equal(p.cycles[PROFILE_INPUT], 700 + 2 * FLUSH);
    assert_int_equal(p.entries[PROFILE_LOOP], 4);
    assert_int_equal(p.events[PROFILE_EMPTY], 2);
    assert_int_equal(p.entries[PROFILE_INPUT], 7 + 4);
    assert_int_equal(p.events[PROFILE_BYTES], 7 * 1514);
    assert_int_equal(p.most_frames, 5);
}

// Deeper than anything nests: counted with the deepest stage kept, and the way out is found again.
static void test_depth(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 3 * PROFILE_DEPTH; i++) {
        profile_enter(i < PROFILE_DEPTH - 1 ? PROFILE_DRIVER : PROFILE_HASH);
        ticks += 1;
    }
    for (unsigned i = 0; i < 3 * PROFILE_DEPTH; i++)
        profile_leave();
    ticks += 50;
    profile_stop();
    assert_int_equal(p.cycles[PROFILE_DRIVER], 3 * PROFILE_DEPTH);
    assert_int_equal(p.cycles[PROFILE_HASH], 0);
    assert_int_equal(p.cycles[PROFILE_HTTP], 50);
}

static void test_leave_without_enter(void **state)
{
    (void)state;
    profile_leave();
    ticks += 7;
    spend(PROFILE_SEND, 8);
    profile_stop();
    assert_int_equal(p.cycles[PROFILE_HTTP], 7);
    assert_int_equal(p.cycles[PROFILE_SEND], 8);
}

static void test_off(void **state)
{
    struct profile before;

    (void)state;
    spend(PROFILE_SINK, 5);
    profile_stop();
    before = p;
    turn(3, 1, 1, 1);
    profile_count(PROFILE_BYTES, 1);
    profile_stop();
    assert_memory_equal(&before, &p, sizeof(p));
    ticks -= 5;  // 1 + 1 + 3 * 1 cycles that nobody booked
    // A second measurement begins at zero.
    ticks += 100;
    profile_start(&p, tick_clock);
    spend(PROFILE_HASH, 9);
    profile_stop();
    assert_int_equal(p.cycles[PROFILE_SINK], 0);
    assert_int_equal(p.cycles[PROFILE_HASH], 9);
}

static void format_all(uint64_t us, uint64_t bytes, char *text, size_t size)
{
    char line[128];
    unsigned i;

    text[0] = '\0';
    for (i = 0; profile_format(&p, i, us, bytes, line, sizeof(line)); i++) {
        assert_true(strlen(text) + strlen(line) + 2 < size);
        assert_true(strlen(line) < 100);
        strcat(strcat(text, line), "\n");
    }
    assert_int_equal(i, 1 + PROFILE_STAGES + 2);
}

static void test_format(void **state)
{
    char text[2048];

    (void)state;
    turn(4, 2000000, 6000000, 48000000);
    spend(PROFILE_WAIT, 1000000000);
    spend(PROFILE_SINK, 800000000);
    spend(PROFILE_SEND, 0);
    spend(PROFILE_SEND, 0);
    spend(PROFILE_SINK, 0);
    spend(PROFILE_SINK, 0);
    profile_count(PROFILE_DOORBELLS, 1);
    profile_stop();
    // 2000 million cycles in one second.
    format_all(1000000, 1 << 20, text, sizeof(text));
    assert_string_equal(text,
        "profile of the download: 2000 million cycles, 2000 a microsecond\n"
        "  waiting     50.0 %     500.0 ms  976562 cycles a KiB 250000000 a frame\n"
        "  loop         0.1 %       1.0 ms    1953 cycles a KiB  500000 a frame\n"
        "  driver       0.3 %       3.0 ms    5859 cycles a KiB 1500000 a frame\n"
        "  lwip input   9.6 %      96.0 ms  187500 cycles a KiB 48000000 a frame\n"
        "  send         0.0 %       0.0 ms       0 cycles a KiB       0 a frame\n"
        "  http         0.0 %       0.0 ms       0 cycles a KiB       0 a frame\n"
        "  hash         0.0 %       0.0 ms       0 cycles a KiB       0 a frame\n"
        "  sink        40.0 %     400.0 ms  781250 cycles a KiB 200000000 a frame\n"
        "  return       0.0 %       0.0 ms       0 cycles a KiB       0 a frame\n"
        "  4 frames with 6056 bytes received, 2 frames sent, 3 pieces written\n"
        "  1 turns, 0 of them empty, at most 4 frames in one, 1 doorbells\n");
}

// Nothing came, or everything at once: no division by zero; and a day at 5 GHz does not overflow.
static void test_format_extremes(void **state)
{
    char text[2048];

    (void)state;
    profile_stop();
    format_all(0, 0, text, sizeof(text));
    format_all(1, 1, text, sizeof(text));
    profile_start(&p, tick_clock);
    spend(PROFILE_WAIT, 5000ull * 86400 * 1000000);
    profile_stop();
    format_all(86400ull * 1000000, 0, text, sizeof(text));
    assert_non_null(strstr(text, "waiting    100.0 % 86400000.0 ms"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_nested, setup, teardown),
        cmocka_unit_test_setup_teardown(test_recursion, setup, teardown),
        cmocka_unit_test_setup_teardown(test_empty_turns_are_waiting, setup, teardown),
        cmocka_unit_test_setup_teardown(test_depth, setup, teardown),
        cmocka_unit_test_setup_teardown(test_leave_without_enter, setup, teardown),
        cmocka_unit_test_setup_teardown(test_off, setup, teardown),
        cmocka_unit_test_setup_teardown(test_format, setup, teardown),
        cmocka_unit_test_setup_teardown(test_format_extremes, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
