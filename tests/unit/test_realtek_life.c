// The Realtek driver's life beside frames: a chip that is not started, a receiver that ran over and stays silent,
// errors on the bus, lies with frames between them. The events of ISR are looked at and acknowledged with the link.

#include "tests/unit/realtek_fake.h"  // reset_chip
#include "lib/err.h"                  // ERR_NO_LINK

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define RDU 0x0010u
#define FOVW 0x0040u
#define SERR 0x8000u
#define OTHERS 0x412fu   // received, sent, their errors, link, software, time
#define RESTARTS_MAX 8u
#define LOOK_US 250000u  // how often the stack looks at the link
#define VERSIONS (sizeof(versions) / sizeof(versions[0]))

static const uint16_t versions[] = {0x000, 0x100, 0x980, 0x300, 0x3c2, 0x280, 0x28b, 0x2c2, 0x480, 0x448, 0x541, 0x54a, 0x609,
                                    0x641, 0x681, 0x64a};

static uint32_t pending(void)
{
    return chip.model->traits & M_8125 ? get(ISR_8125, 32) : get(ISR, 16);
}

static void raise(uint32_t events)
{
    if (chip.model->traits & M_8125)
        put(ISR_8125, 32, pending() | events);
    else
        put(ISR, 16, pending() | events);
}

// One turn of the stack: `us` later it looks at the link, and polls.
static void look(uint64_t us)
{
    clock_us += us;
    nic.ops->link(&nic);
    poll(8);
}

// An event comes up while frames go, which is no reason for anything.
static void start_busy(uint16_t version)
{
    become(version);
    start();
    look(LOOK_US);
    assert_true(receive(100));
    assert_int_equal(poll(8), 1);
    look(LOOK_US);
}

static bool works(void)
{
    return receive(100) && poll(8) == 1;
}

// ---- events -----------------------------------------------------------------------------------------

// Each look reads ISR once and acknowledges what it has read, not what came up since; two accesses in all.
static void test_acknowledged(void **state)
{
    for (unsigned v = 0; v < VERSIONS; v++) {
        reset_chip(state);
        become(versions[v]);
        start();
        nic.ops->link(&nic);
        for (unsigned i = 0; i < 10; i++) {
            unsigned accesses = chip.accesses, reads = chip.isrs;
            raise(OTHERS);
            chip.next_events = RDU;
            nic.ops->link(&nic);
            assert_int_equal(pending(), RDU);
            nic.ops->link(&nic);
            assert_int_equal(pending(), 0);
            assert_int_equal(chip.isrs - reads, 2);
            assert_int_equal(chip.accesses - accesses, 2 * 3);
            reads = chip.isrs;
            assert_true(works());  // frames need none of that
            assert_int_equal(chip.isrs, reads);
        }
        finish();
    }
}

// Hours without a frame, without an event or with those that mean nothing.
static void test_idle(void **state)
{
    for (unsigned i = 0; i < 3 * VERSIONS; i++) {
        reset_chip(state);
        start_busy(versions[i / 3]);
        unsigned resets = chip.resets;
        for (unsigned k = 0; k < 1000; k++) {
            raise(i % 3 == 0 ? 0 : i % 3 == 1 ? OTHERS : chip.model->traits & M_PCI ? 0 : SERR);
            look(10000000);
        }
        assert_int_equal(chip.resets, resets);
        assert_int_equal(nic.stats.rx_errors, 0);
        assert_string_equal(last_warning, "");
        assert_true(works());
        finish();
    }
}

// It ran over and then there is nothing for a second: it is started anew, once, and receives again.
static void test_stalled(void **state)
{
    static const uint32_t events[] = {RDU, FOVW, RDU | FOVW | OTHERS};

    for (unsigned i = 0; i < 3 * VERSIONS; i++) {
        reset_chip(state);
        start_busy(versions[i / 3]);
        unsigned resets = chip.resets;
        chip.deaf = true;
        raise(events[i % 3]);
        look(0);
        for (unsigned k = 0; k < 3; k++)
            look(LOOK_US);
        assert_int_equal(chip.resets, resets);
        assert_string_equal(last_warning, "");
        look(LOOK_US);
        look(LOOK_US);
        assert_true(chip.resets > resets && !chip.deaf);
        assert_non_null(strstr(last_warning, "receives nothing"));
        assert_int_equal(nic.stats.rx_errors, 1);
        assert_true(works());
        resets = chip.resets;
        for (unsigned k = 0; k < 20; k++)
            look(LOOK_US);
        assert_int_equal(chip.resets, resets);
        finish();
    }
}

// Time counts from the first of several events.
static void test_stalled_again_and_again(void **state)
{
    (void)state;
    start_busy(0x3c2);
    unsigned resets = chip.resets;
    for (unsigned k = 0; k < 6; k++) {
        raise(FOVW);
        look(LOOK_US);
    }
    assert_true(chip.resets > resets);
    finish();
}

// The stack holds every buffer: nothing can come, and that is not the chip's fault.
static void test_dry_is_not_stalled(void **state)
{
    (void)state;
    start_busy(0x3c2);
    unsigned resets = chip.resets;
    while (receive(100))
        nic.ops->poll(&nic, 64);
    raise(RDU);
    for (unsigned k = 0; k < 30; k++)
        look(LOOK_US);
    assert_int_equal(chip.resets, resets);
    drop_frames();
    nic.ops->poll(&nic, 64);
    assert_true(works());
    finish();
}

// A chip that is gone says that everything happened.
static void test_gone_is_no_bus_error(void **state)
{
    (void)state;
    start_busy(0x180);
    raise(0xffff);
    look(LOOK_US);
    assert_string_equal(last_warning, "");
    finish();
}

// Frames between the event and the end of its second: the receiver lives, and there is nothing to wait for any more.
static void test_not_stalled(void **state)
{
    for (unsigned v = 0; v < VERSIONS; v++) {
        reset_chip(state);
        start_busy(versions[v]);
        unsigned resets = chip.resets;
        for (unsigned i = 0; i < 20; i++) {
            raise(i % 2 ? RDU : FOVW);
            look(0);
            clock_us += 900000;
            assert_true(works());
            look(LOOK_US);
            drop_frames();
        }
        for (unsigned k = 0; k < 20; k++)
            look(LOOK_US);  // idle from here
        assert_int_equal(chip.resets, resets);
        assert_string_equal(last_warning, "");
        finish();
    }
}

// A start begins with a clean slate.
static void test_stall_forgotten(void **state)
{
    (void)state;
    start_busy(0x3c2);
    raise(RDU);
    look(0);
    nic.ops->stop(&nic);
    raise(RDU);  // of the time before
    assert_int_equal(nic.ops->start(&nic), 0);
    unsigned resets = chip.resets;
    for (unsigned k = 0; k < 20; k++)
        look(LOOK_US);
    assert_int_equal(chip.resets, resets);
    finish();
}

// Starting it anew does not help: it is given up, unless it sends between.
static void test_stalled_for_good(void **state)
{
    struct pbuf *frame = make_frame(100);

    for (unsigned sends = 0; sends < 2; sends++) {
        reset_chip(state);
        start_busy(0x3c2);
        unsigned stalls = 0;
        while (stalls < 30 && chip.bus_master) {
            if (sends) {
                assert_int_equal(nic.ops->transmit(&nic, frame), 0);
                assert_int_equal(send_one(NULL), 100);
                poll(8);
            }
            raise(RDU);
            look(0);
            look(1500000);
            stalls++;
            assert_int_equal(nic.stats.rx_errors, stalls);
        }
        assert_int_equal(stalls, sends ? 30 : RESTARTS_MAX + 1);
        assert_int_equal(chip.bus_master, sends);
        assert_int_equal(!!strstr(last_error, "(Timeout)"), !sends);
        finish();
    }
    pbuf_free(frame);
}

// An error on the bus restarts a chip on PCI, at once.
static void test_bus_error(void **state)
{
    for (unsigned v = 0; v < VERSIONS; v++) {
        reset_chip(state);
        start_busy(versions[v]);
        bool conventional = chip.model->traits & M_PCI;
        unsigned resets = chip.resets;
        raise(SERR);
        look(0);
        assert_int_equal(chip.resets > resets, conventional);
        assert_int_equal(!!strstr(last_warning, "error on its bus"), conventional);
        assert_true(works());
        assert_int_equal(pending() & SERR, 0);
        finish();
    }
}

// All ones are no events: who looks at the link finds that the chip has gone, and asks no more.
static void test_gone(void **state)
{
    for (unsigned v = 0; v < VERSIONS; v++) {
        reset_chip(state);
        start_busy(versions[v]);
        unsigned reads = chip.isrs;
        chip.gone = true;
        assert_false(nic.ops->link(&nic).up);
        assert_int_equal(chip.isrs, reads);
        assert_false(driver()->life.restart);
        poll(8);
        assert_non_null(strstr(last_error, "(NicInitFailed)"));
        finish();
    }
}

// ---- dead -------------------------------------------------------------------------------------------

// What is not started, or was stopped, or could not be started, is not touched.
static void check_dead(void)
{
    struct pbuf *frame = make_frame(100);
    unsigned accesses = chip.accesses;

    assert_int_equal(poll(8), 0);
    assert_int_equal(nic.ops->transmit(&nic, frame), ERR_NO_LINK);
    assert_false(nic.ops->link(&nic).up);
    assert_int_equal(chip.accesses, accesses);
    pbuf_free(frame);
}

static void test_dead(void **state)
{
    for (unsigned v = 0; v < VERSIONS; v++) {
        reset_chip(state);
        become(versions[v]);
        assert_int_equal(probe(), 0);
        check_dead();
        assert_int_equal(nic.ops->start(&nic), 0);
        assert_true(nic.ops->link(&nic).up);
        assert_true(works());
        nic.ops->stop(&nic);
        check_dead();
        // The pool was kept for the frame; the start that fails frees it.
        assert_non_null(driver()->pool.buffers);
        drop_frames();
        allocations_left = 0;
        assert_int_equal(nic.ops->start(&nic), ERR_NOT_ENOUGH_MEMORY);
        assert_null(driver()->pool.buffers);
        check_dead();
        allocations_left = 100;
        assert_int_equal(nic.ops->start(&nic), 0);
        assert_true(nic.ops->link(&nic).up);
        assert_true(works());
        finish();
    }
}

// ---- lies -------------------------------------------------------------------------------------------

// Lies with good frames between them are no reason to stop, however many.
static void test_few_lies(void **state)
{
    (void)state;
    start();
    for (unsigned i = 1; i <= 100; i++) {
        assert_true(receive_as(GOOD_FRAME, 104, 4096));
        assert_int_equal(poll(8), 0);
        if (i % 10 == 0) {
            assert_int_equal(driver()->life.lies, 10);
            assert_true(works());
            assert_int_equal(driver()->life.lies, 0);
        }
        assert_int_equal(nic.stats.rx_errors, i);
    }
    assert_true(nic.ops->link(&nic).up);
    finish();
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup(f, reset_chip)
    const struct CMUnitTest tests[] = {
        TEST(test_acknowledged), TEST(test_idle),            TEST(test_stalled),          TEST(test_stalled_again_and_again),
        TEST(test_dry_is_not_stalled), TEST(test_gone_is_no_bus_error),
        TEST(test_not_stalled),  TEST(test_stall_forgotten), TEST(test_stalled_for_good), TEST(test_bus_error),
        TEST(test_gone),         TEST(test_dead),            TEST(test_few_lies),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
