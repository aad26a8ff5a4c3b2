// The RTL8139 driver's receiver when things go wrong: lies, overflows, frames that are never finished, a receiver that
// does not stop or start. Some is survived, much stops the chip; nothing is ever overrun.

#include "tests/unit/rtl8139_fake.h"  // reset_chip

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

// Headers that are none: a few are survived, many in a row stop the chip for good; never is anything read or
// written outside of the ring.
static void test_lies(void **state)
{
    static const struct { uint16_t status; uint32_t said; } cases[] = {
        {RX_ROK, 0}, {RX_ROK, 3}, {RX_ROK, 17}, {RX_ROK, 1523}, {RX_ROK, 0x8000}, {RX_ROK, 0xffff}, {RX_ROK, 0xffef},
        {0, 104}, {RX_ROK | 0x02, 104}, {RX_ROK | 0x04, 104}, {RX_ROK | 0x08, 104}, {RX_ROK | 0x10, 104},
        {RX_ROK | 0x20, 104}, {0xffff, 104}, {0, 0},
    };

    for (unsigned kind = 0; kind < sizeof(cases) / sizeof(cases[0]); kind++) {
        reset_chip(state);
        start();
        unsigned resets = chip.resets;
        assert_true(receive(600));
        assert_true(receive_as(cases[kind].status, 100, cases[kind].said));
        assert_true(receive(700));                      // lost: where it begins is not known any more
        assert_int_equal(nic.ops->poll(&nic, 8), 1);
        check_frame(0, 600);
        assert_int_equal(nic.stats.rx_errors, 1);
        assert_int_equal(chip.receiver_starts, 2);
        assert_int_equal(chip.resets, resets);
        assert_true(receive(800));
        assert_int_equal(nic.ops->poll(&nic, 8), 1);
        check_frame(1, 800);
        for (unsigned i = 0; i < 40 && chip.bus_master; i++) {
            assert_true(receive_as(cases[kind].status, 100, cases[kind].said));
            assert_int_equal(nic.ops->poll(&nic, 8), 0);
        }
        assert_false(chip.bus_master);
        assert_true(chip.resets > resets + 3);          // resets of the whole chip were tried
        assert_non_null(strstr(last_error, "impossible lengths; it is stopped (DmaError)"));
        assert_false(nic.ops->link(&nic).up);
        assert_int_equal(nic.ops->start(&nic), 0);
        assert_true(receive(90));
        assert_int_equal(nic.ops->poll(&nic, 8), 1);
        finish();
    }
}

// Lies with frames between them are no reason to stop.
static void test_few_lies(void **state)
{
    (void)state;
    start();
    for (unsigned i = 1; i <= 40; i++) {
        assert_true(receive_as(RX_ROK, 100, 5));
        assert_int_equal(nic.ops->poll(&nic, 8), 0);
        assert_true(receive(100));
        assert_int_equal(nic.ops->poll(&nic, 8), 1);
        assert_int_equal(nic.stats.rx_errors, i);
    }
    assert_true(nic.ops->link(&nic).up);
    finish();
}

// CBR may say anything.
static void test_lying_cbr(void **state)
{
    (void)state;
    start();
    for (unsigned i = 0; i < 200 && chip.bus_master; i++) {
        set16(CBR, (uint16_t)(i * 40503 + 1));
        clock_us += 30000;
        nic.ops->poll(&nic, 100);
        drop_frames();
    }
    assert_false(chip.bus_master);
    finish();
}

// The ring is empty after a frame that was not finished: the next such frame has all its time again.
static void test_unfinished_forgotten(void **state)
{
    (void)state;
    start();
    for (unsigned i = 0; i < 5; i++) {
        uint16_t begin = reg16(CBR);
        assert_true(receive_as(0, 100, RX_UNFINISHED));
        assert_int_equal(nic.ops->poll(&nic, 8), 0);
        set16(CBR, begin);
        assert_int_equal(nic.ops->poll(&nic, 8), 0);
        clock_us += 100000;
    }
    assert_int_equal(chip.receiver_starts, 1);
    assert_int_equal(nic.stats.rx_errors, 0);
    assert_true(receive(800));
    assert_int_equal(nic.ops->poll(&nic, 8), 1);
    check_frame(0, 800);
    finish();
}

// A frame of which the header says that it is not there yet, or that is longer than what the chip has written: it is
// waited for, but not for ever.
static void test_unfinished(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < 2; kind++) {
        reset_chip(state);
        start();
        uint32_t *header = (uint32_t *)(void *)(driver()->rx.ring + 608);
        assert_true(receive(600));
        if (kind == 0)
            assert_true(receive_as(0, 700, RX_UNFINISHED));
        else
            assert_true(receive_as(RX_ROK, 300, 704));
        assert_int_equal(nic.ops->poll(&nic, 8), 1);
        assert_int_equal(nic.ops->poll(&nic, 8), 0);
        clock_us += 10000;
        assert_int_equal(nic.ops->poll(&nic, 8), 0);
        assert_int_equal(chip.receiver_starts, 1);
        *header = RX_ROK | (kind == 0 ? 704u : 304u) << RX_LENGTH_SHIFT;
        assert_int_equal(nic.ops->poll(&nic, 8), 1);
        check_frame(1, kind == 0 ? 700 : 300);
        assert_int_equal(nic.stats.rx_errors, 0);
        // The next one never comes.
        assert_true(receive_as(RX_ROK, 100, RX_UNFINISHED));
        for (unsigned i = 0; i < 30; i++, clock_us += 1000) {
            nic.ops->poll(&nic, 8);
            assert_true(i > 15 || chip.receiver_starts == 1);  // it has all its time
        }
        assert_int_equal(chip.receiver_starts, 2);
        assert_int_equal(nic.stats.rx_errors, 1);
        assert_true(receive(800));
        assert_int_equal(nic.ops->poll(&nic, 8), 1);
        check_frame(2, 800);
        finish();
    }
}

// The chip says that there is something, and has written nothing, for ever.
static void test_not_empty(void **state)
{
    (void)state;
    start();
    for (unsigned i = 0; i < 2000 && chip.bus_master; i++) {
        set16(CAPR, (uint16_t)-CAPR_BIAS + 4);
        set16(CBR, 0);
        clock_us += 5000;
        assert_int_equal(nic.ops->poll(&nic, 8), 0);
    }
    assert_false(chip.bus_master);
    finish();
}

// More frames than the ring holds: those that fit are delivered, and the receiver goes on after them.
static void test_overflow(void **state)
{
    unsigned got = 0;

    (void)state;
    start();
    for (unsigned round = 0; round < 50; round++) {
        unsigned fit = 0;
        while (receive(1514))
            fit++;
        assert_int_equal(fit, 21);
        assert_false(receive(60));  // not before it is told to
        assert_int_equal(nic.ops->poll(&nic, 8), 8);
        got += 8 + nic.ops->poll(&nic, 100);
        assert_int_equal(got, 21 * (round + 1));
        assert_int_equal(reg16(ISR) & ISR_RXOVW, 0);
        drop_frames();
    }
    assert_int_equal(chip.receiver_starts, 1);
    assert_int_equal(nic.stats.rx_no_buffer, 0);
    assert_true(nic.ops->link(&nic).up);
    assert_int_equal(nic.stats.rx_no_buffer, 100);
    assert_int_equal(reg32(MPC), 0);
    finish();
}

// A receiver that takes its time to switch on is waited for before it is told what to receive (the chip checks that);
// one that stays off is set up anew with the whole chip.
static void test_slow_receiver(void **state)
{
    for (unsigned kind = 0; kind < 2; kind++) {
        reset_chip(state);
        chip.receiver_delay = kind == 0 ? 7 : 0;
        start();
        assert_true(receive_as(RX_ROK, 100, 5));
        unsigned resets = chip.resets;
        if (kind == 1)
            chip.receiver_off = NOT_UNTIL_RESET;
        uint64_t begun = clock_us;
        assert_int_equal(nic.ops->poll(&nic, 8), 0);
        assert_true(clock_us - begun < 500000);
        assert_int_equal(chip.resets > resets, kind == 1);
        assert_int_equal(chip.receiver_starts, 2);
        assert_true(receive(200));
        assert_int_equal(nic.ops->poll(&nic, 8), 1);
        check_frame(0, 200);
        finish();
    }
}

// A receiver that cannot be stopped is still writing: the whole chip is reset.
static void test_stuck_receiver(void **state)
{
    (void)state;
    start();
    unsigned resets = chip.resets;
    assert_true(receive_as(RX_ROK, 100, 5));
    chip.stuck_receiver = true;
    assert_int_equal(nic.ops->poll(&nic, 8), 0);
    assert_true(chip.resets > resets);
    finish();
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup(f, reset_chip)
    const struct CMUnitTest tests[] = {
        TEST(test_lies),       TEST(test_few_lies),  TEST(test_lying_cbr), TEST(test_unfinished), TEST(test_unfinished_forgotten),
        TEST(test_not_empty),  TEST(test_overflow),  TEST(test_slow_receiver), TEST(test_stuck_receiver),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
