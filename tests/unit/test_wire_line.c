// tests/wire/line.c by a made-up clock: delay, rate and queue to the nanosecond, chances within bounds, order,
// memory, and the same decisions from the same seed.
#include "tests/wire/line.h"  // line_put

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define US 1000ull
#define MS (1000 * US)
#define SECOND (1000 * MS)
#define MANY 1000000u
#define FULL 1514u              // a frame of MTU 1500
#define ON_WIRE (FULL + 24)     // as the rate counts it

static struct line line;

static void open_line(struct line_settings settings)
{
    if (settings.slots == 0)
        settings.slots = 4096;
    if (settings.queue_bytes == 0)
        settings.queue_bytes = 1 << 20;
    assert_true(line_open(&line, &settings));
}

static int close_line(void **state)
{
    (void)state;
    line_close(&line);
    return 0;
}

// A frame of IPv4 that bears a number.
static void put(uint32_t number, uint32_t length, uint64_t now)
{
    uint8_t *data = line_room(&line);

    memset(data, 0, length);
    data[12] = 0x08;
    memcpy(data + 20, &number, sizeof(number));
    line_put(&line, length, now);
}

static uint32_t number_of(const struct frame *frame)
{
    uint32_t number;

    memcpy(&number, frame->data + 20, sizeof(number));
    return number;
}

// Takes the next frame, which must be number `number`, or none at all for -1.
static void expect(int64_t number, uint64_t now)
{
    struct frame *frame = line_take(&line, now);

    if (number < 0) {
        assert_null(frame);
        return;
    }
    assert_non_null(frame);
    assert_int_equal(number_of(frame), number);
    line_release(&line, frame);
}

// Sends MANY frames, 1 us apart, through a line with these settings and drains it.
static const struct line_counters *run(struct line_settings settings)
{
    struct frame *frame;

    open_line(settings);
    for (uint32_t i = 0; i < MANY; i++) {
        put(i, 60, i * US);
        while ((frame = line_take(&line, i * US)) != NULL)
            line_release(&line, frame);
    }
    while ((frame = line_take(&line, NEVER - 1)) != NULL)
        line_release(&line, frame);
    assert_int_equal(line.counters.in_frames, MANY);
    assert_int_equal(line.in_use, 1);
    return &line.counters;
}

static void test_delay_is_exact(void **state)
{
    (void)state;
    open_line((struct line_settings){.delay_ns = 12500 * US});
    assert_true(line_next(&line) == NEVER);
    put(0, FULL, 5 * MS);
    put(1, 60, 6 * MS);
    assert_true(line_next(&line) == 17500 * US);
    expect(-1, 17500 * US - 1);
    expect(0, 17500 * US);
    assert_true(line_next(&line) == 18500 * US);
    expect(-1, 18500 * US - 1);
    expect(1, 18500 * US + 7);
    assert_true(line_next(&line) == NEVER);
    assert_int_equal(line.counters.late_max_ns, 7);
    assert_int_equal(line.counters.out_bytes, FULL + 60);
}

static void test_no_delay(void **state)
{
    (void)state;
    open_line((struct line_settings){0});
    put(0, FULL, 5);
    expect(0, 5);
}

static void test_bytes_are_kept(void **state)
{
    uint8_t want[FRAME_MAX];
    struct frame *frame;

    (void)state;
    open_line((struct line_settings){.duplicate = MILLION});
    for (unsigned i = 0; i < FRAME_MAX; i++)
        want[i] = (uint8_t)(i * 7 + i / 256);
    memcpy(line_room(&line), want, FRAME_MAX);
    line_put(&line, FRAME_MAX, 0);
    for (unsigned i = 0; i < 2; i++) {
        frame = line_take(&line, 0);
        assert_non_null(frame);
        assert_int_equal(frame->length, FRAME_MAX);
        assert_memory_equal(frame->data, want, FRAME_MAX);
        assert_ptr_equal(frame->prefix + FRAME_PREFIX, frame->data);
        line_release(&line, frame);
    }
    expect(-1, SECOND);
}

// Order is kept when nothing is reordered, whatever else happens.
static void test_order(void **state)
{
    uint64_t now = 0;
    struct frame *frame;
    int64_t last = -1;

    (void)state;
    open_line((struct line_settings){.delay_ns = 3 * MS, .rate = 100000000, .loss = 20000, .duplicate = 20000,
                                     .corrupt = 0, .seed = 3});
    for (uint32_t i = 0; i < 20000; i++) {
        put(i, 60 + i * 37 % 1400, now);
        now += i < 19999 ? i * 13 % 80000 : SECOND;
        while ((frame = line_take(&line, now)) != NULL) {
            assert_true(number_of(frame) >= last && frame->due <= now);
            last = number_of(frame);
            line_release(&line, frame);
        }
    }
    assert_true(last > 19900);
    assert_true(line.counters.queue_full > 0 && line.counters.duplicated > 0);
}

static void test_rate_is_exact(void **state)
{
    // 7 bits per ns do not divide the frame's 12304 bits: rests must not be lost.
    const uint64_t rate = 7 * 1000000000ull, frames = 7000;

    (void)state;
    open_line((struct line_settings){.rate = rate, .queue_bytes = frames * ON_WIRE, .slots = frames + 1});
    for (uint32_t i = 0; i < frames; i++)
        put(i, FULL, 0);
    assert_int_equal(line.counters.queue_full, 0);
    assert_int_equal(line.held.first == NULL, true);
    assert_true(line.on_time.last->due == frames * ON_WIRE * 8 * SECOND / rate);
    for (uint32_t i = 0; i < frames; i++) {
        uint64_t due = (i + 1) * ON_WIRE * 8ull * SECOND / rate;
        expect(-1, due - 1);
        expect(i, due);
    }
}

// Short frames cost what Ethernet makes of them; an idle port owes nothing and saves nothing up.
static void test_rate_counts_as_ethernet(void **state)
{
    (void)state;
    open_line((struct line_settings){.rate = 8000000, .delay_ns = 50});   // a byte in a microsecond
    put(0, 42, 0);
    put(1, 60, 0);
    put(2, 61, 0);
    expect(-1, 84 * US + 49);
    expect(0, 84 * US + 50);
    expect(1, 168 * US + 50);
    expect(-1, 253 * US + 49);
    expect(2, 253 * US + 50);
    put(3, 60, SECOND);
    expect(-1, SECOND + 84 * US + 49);
    expect(3, SECOND + 84 * US + 50);
}

static void test_queue_drops_its_tail(void **state)
{
    (void)state;
    open_line((struct line_settings){.rate = 8000000, .queue_bytes = 10 * ON_WIRE});
    for (uint32_t i = 0; i < 15; i++)
        put(i, FULL, 0);
    assert_int_equal(line.counters.queue_full, 5);
    // One has left: there is room for one, not for two.
    put(15, FULL, ON_WIRE * US);
    put(16, FULL, ON_WIRE * US);
    assert_int_equal(line.counters.queue_full, 6);
    for (uint32_t i = 0; i < 10; i++)
        expect(i, SECOND);
    expect(15, SECOND);
    expect(-1, SECOND);
}

static void test_slots_run_out(void **state)
{
    struct frame *kept;

    (void)state;
    open_line((struct line_settings){.slots = 4, .delay_ns = MS, .duplicate = 0});
    for (uint32_t i = 0; i < 5; i++)
        put(i, FULL, 0);
    assert_int_equal(line.counters.slots_full, 2);
    assert_int_equal(line.counters.slots_max, 4);
    kept = line_take(&line, MS);
    assert_int_equal(number_of(kept), 0);
    put(5, FULL, MS);                     // taken, but not given back
    assert_int_equal(line.counters.slots_full, 3);
    line_release(&line, kept);
    put(6, FULL, MS);
    expect(1, SECOND);
    expect(2, SECOND);
    expect(6, SECOND);
    expect(-1, SECOND);
}

static void test_bandwidth_times_delay_fits(void **state)
{
    const uint32_t slots = 16384;
    uint64_t now = 0;
    struct frame *frame;

    (void)state;
    open_line((struct line_settings){.delay_ns = 100 * MS, .slots = slots});
    for (uint32_t i = 0; i < 100000; i++) {
        now += 10 * US;                   // 150 MB/s
        put(i, FULL, now);
        while ((frame = line_take(&line, now)) != NULL)
            line_release(&line, frame);
    }
    assert_int_equal(line.counters.slots_full, 0);
    assert_in_range(line.counters.slots_max, 10000, 10003);
}

static void test_loss(void **state)
{
    const struct line_counters *c = run((struct line_settings){.loss = 10000, .seed = 5});

    (void)state;
    assert_in_range(c->lost, 9600, 10400);        // four standard deviations
    assert_int_equal(c->out_frames, MANY - c->lost);
    assert_int_equal(c->reordered + c->duplicated + c->corrupted, 0);
}

static void test_loss_of_all_and_none(void **state)
{
    (void)state;
    assert_int_equal(run((struct line_settings){.loss = MILLION})->out_frames, 0);
    line_close(&line);
    assert_int_equal(run((struct line_settings){0})->out_frames, MANY);
}

// As many are lost as without bursts, but in runs of the length that was asked for.
static void test_loss_in_bursts(void **state)
{
    uint32_t lost = 0, bursts = 0;
    bool before = false;

    (void)state;
    open_line((struct line_settings){.loss = 10000, .burst = 8, .seed = 11});
    for (uint32_t i = 0; i < MANY; i++) {
        uint64_t was = line.counters.lost;
        struct frame *frame;
        put(i, 60, i);
        bool now = line.counters.lost > was;
        lost += now;
        bursts += now && !before;
        before = now;
        if ((frame = line_take(&line, i)) != NULL)
            line_release(&line, frame);
    }
    assert_in_range(lost, 8500, 11500);
    assert_in_range(lost * 100 / bursts, 730, 870);
}

static void test_duplicates(void **state)
{
    const struct line_counters *c = run((struct line_settings){.duplicate = 20000, .seed = 9});

    (void)state;
    assert_in_range(c->duplicated, 19440, 20560);
    assert_int_equal(c->out_frames, MANY + c->duplicated);
}

static void test_reordering(void **state)
{
    uint32_t overtaken = 0;
    int64_t newest = -1;

    (void)state;
    open_line((struct line_settings){.delay_ns = MS, .reorder = 20000, .reorder_ns = 100 * US, .seed = 13});
    for (uint32_t i = 0; i < 100000; i++) {
        struct frame *frame;
        put(i, 60, i * 10 * US);
        while ((frame = line_take(&line, i * 10 * US)) != NULL) {
            int64_t number = number_of(frame);
            uint64_t delay = frame->due - (uint64_t)number * 10 * US;
            assert_true(delay == MS || delay == MS + 100 * US);
            overtaken += number < newest;
            newest = number > newest ? number : newest;
            line_release(&line, frame);
        }
    }
    assert_in_range(line.counters.reordered, 1820, 2180);
    assert_in_range(overtaken, line.counters.reordered - 30, line.counters.reordered);
}

// One bit, never in the Ethernet header, never in what is not IPv4.
static void test_corruption(void **state)
{
    struct frame *frame;

    (void)state;
    open_line((struct line_settings){.corrupt = MILLION, .seed = 17});
    for (uint32_t i = 0; i < 10000; i++) {
        unsigned flipped = 0;
        memset(line_room(&line), 0, 100);
        line_room(&line)[12] = 0x08;
        line_put(&line, 100, i);
        frame = line_take(&line, i);
        assert_int_equal(frame->data[12], 0x08);
        frame->data[12] = 0;
        for (unsigned at = 0; at < 100; at++) {
            flipped += (unsigned)__builtin_popcount(frame->data[at]);
            assert_true(at >= 14 || frame->data[at] == 0);
        }
        assert_int_equal(flipped, 1);
        line_release(&line, frame);
    }
    assert_int_equal(line.counters.corrupted, 10000);
    memset(line_room(&line), 0, 60);
    memcpy(line_room(&line) + 12, "\x08\x06", 2);   // ARP
    line_put(&line, 60, 10000);
    frame = line_take(&line, 10000);
    assert_memory_equal(frame->data + 14, (uint8_t[46]){0}, 46);
    assert_int_equal(line.counters.corrupted, 10000);
}

// What comes out, as one number.
static uint64_t outcome(uint64_t seed, uint64_t pace)
{
    uint64_t hash = 0;
    struct frame *frame;

    open_line((struct line_settings){.delay_ns = MS, .loss = 50000, .burst = 3, .reorder = 50000, .slots = 50000,
                                     .reorder_ns = 10 * SECOND, .duplicate = 50000, .corrupt = 50000, .seed = seed});
    for (uint32_t i = 0; i < 20000; i++)
        put(i, 100, i * pace);
    while ((frame = line_take(&line, NEVER - 1)) != NULL) {
        for (unsigned i = 0; i < 100; i++)
            hash = (hash ^ frame->data[i]) * 0x100000001b3;
        line_release(&line, frame);
    }
    line_close(&line);
    return hash;
}

static void test_same_seed_same_decisions(void **state)
{
    (void)state;
    assert_true(outcome(1, US) == outcome(1, US));
    assert_true(outcome(1, US) == outcome(1, 3));       // when they come does not matter
    assert_true(outcome(1, US) != outcome(2, US));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_delay_is_exact, close_line),
        cmocka_unit_test_teardown(test_no_delay, close_line),
        cmocka_unit_test_teardown(test_bytes_are_kept, close_line),
        cmocka_unit_test_teardown(test_order, close_line),
        cmocka_unit_test_teardown(test_rate_is_exact, close_line),
        cmocka_unit_test_teardown(test_rate_counts_as_ethernet, close_line),
        cmocka_unit_test_teardown(test_queue_drops_its_tail, close_line),
        cmocka_unit_test_teardown(test_slots_run_out, close_line),
        cmocka_unit_test_teardown(test_bandwidth_times_delay_fits, close_line),
        cmocka_unit_test_teardown(test_loss, close_line),
        cmocka_unit_test_teardown(test_loss_of_all_and_none, close_line),
        cmocka_unit_test_teardown(test_loss_in_bursts, close_line),
        cmocka_unit_test_teardown(test_duplicates, close_line),
        cmocka_unit_test_teardown(test_reordering, close_line),
        cmocka_unit_test_teardown(test_corruption, close_line),
        cmocka_unit_test_teardown(test_same_seed_same_decisions, close_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
