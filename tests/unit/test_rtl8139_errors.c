// The RTL8139 driver when things go wrong: refusals, waits that never end, a chip that goes away, errors on the bus,
// frames that are never sent. Some is survived, much stops the chip.

#include "tests/unit/rtl8139_fake.h"  // reset_chip
#include "drivers/pci/pci.h"          // bars
#include "lib/err.h"                  // ERR_NIC_INIT_FAILED

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define RESTARTS_MAX 8u
#define ABORTS_MAX 64u

// A small BAR would let register accesses out of it; the first chips' is only half as large as later ones'.
static void test_bars(void **state)
{
    static const uint64_t sizes[] = {0, 0x40};

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        reset_chip(state);
        assert_int_equal(probe(), 0);
        free(nic.priv);
        nic.pci->bars[1].size = sizes[i];
        chip.resets = 0;
        assert_int_equal(probe(), ERR_NIC_INIT_FAILED);
        assert_int_equal(chip.resets, 0);
    }
    reset_chip(state);
    assert_int_equal(probe(), 0);
    free(nic.priv);
    nic.pci->bars[1].size = RTL8139_REGS_SIZE;
    start();
    assert_true(receive(100));
    assert_int_equal(nic.ops->poll(&nic, 8), 1);
    finish();
}

static void test_endless_waits(void **state)
{
    (void)state;
    chip.stuck_reset = true;
    uint64_t begun = clock_us;
    assert_int_equal(probe(), ERR_TIMEOUT);
    assert_true(clock_us - begun < 500000);
    assert_false(chip.bus_master);
    // In the middle of life: start fails, stop ends.
    reset_chip(state);
    start();
    chip.stuck_reset = true;
    begun = clock_us;
    nic.ops->stop(&nic);
    assert_false(chip.bus_master);
    assert_int_equal(dma_live, 0);
    assert_int_equal(nic.ops->start(&nic), ERR_TIMEOUT);
    assert_false(chip.bus_master);
    assert_true(clock_us - begun < 1000000);
    free(nic.priv);
    // One that does not switch on is not started.
    reset_chip(state);
    assert_int_equal(probe(), 0);
    chip.stuck_off = true;
    assert_int_equal(nic.ops->start(&nic), ERR_NIC_INIT_FAILED);
    assert_false(chip.bus_master);
    chip.stuck_off = false;
    // One that is half on is reset, or it would send when the bus is its own again.
    chip.receiver_off = NEVER;
    unsigned resets = chip.resets;
    assert_int_equal(nic.ops->start(&nic), ERR_NIC_INIT_FAILED);
    assert_int_equal(chip.resets - resets, 2);
    assert_int_equal(chip.regs[CR], 0);
    assert_false(chip.bus_master);
    assert_int_equal(dma_live, 0);
    assert_null(driver()->pool.buffers);
    chip.receiver_off = ON_TIME;
    assert_int_equal(nic.ops->start(&nic), 0);
    finish();
}

static void test_no_memory(void **state)
{
    (void)state;
    assert_int_equal(probe(), 0);
    for (unsigned enough = 0; enough < 3; enough++) {
        dma_left = enough;
        assert_int_equal(nic.ops->start(&nic), ERR_NOT_ENOUGH_MEMORY);
        assert_int_equal(dma_live, 0);
        assert_false(chip.bus_master);
    }
    dma_left = 3;
    assert_int_equal(nic.ops->start(&nic), 0);
    finish();
}

static void test_watchdog(void **state)
{
    struct pbuf *frame = make_frame(100);

    (void)state;
    start();
    assert_int_equal(nic.ops->transmit(&nic, frame), 0);
    unsigned resets = chip.resets;
    clock_us += 1500000;
    nic.ops->poll(&nic, 8);
    assert_int_equal(chip.resets, resets);
    chip.link = false;  // waiting is right, however long
    clock_us += 60000000;
    nic.ops->poll(&nic, 8);
    chip.link = true;   // and time counts from here
    nic.ops->poll(&nic, 8);
    clock_us += 1500000;
    nic.ops->poll(&nic, 8);
    assert_int_equal(chip.resets, resets);
    clock_us += 1000000;
    nic.ops->poll(&nic, 8);
    assert_true(chip.resets > resets);
    assert_int_equal(nic.stats.tx_timeouts, 1);
    assert_int_equal(chip.negotiations, 0);
    assert_true(receive(100));  // and it works again
    assert_int_equal(nic.ops->poll(&nic, 8), 1);
    assert_int_equal(nic.ops->transmit(&nic, frame), 0);
    assert_int_equal(send_one(NULL), 100);
    // Slow is not stuck: as long as one frame leaves now and then, the chip is left alone.
    resets = chip.resets;
    for (unsigned i = 0; i < 20; i++) {
        assert_int_equal(nic.ops->transmit(&nic, frame), 0);
        assert_int_equal(nic.ops->transmit(&nic, frame), 0);
        clock_us += 1500000;
        send_one(NULL);
        send_one(NULL);
        nic.ops->poll(&nic, 8);
    }
    assert_int_equal(chip.resets, resets);
    pbuf_free(frame);
    finish();
}

// Restarts after which it sends again are forgotten; a chip that never sends again is given up, not reset for ever,
// though it receives all the time.
static void test_restarts(void **state)
{
    struct pbuf *frame = make_frame(100);

    (void)state;
    start();
    for (unsigned i = 1; i <= 40; i++) {
        assert_int_equal(nic.ops->transmit(&nic, frame), 0);
        clock_us += 2500000;
        nic.ops->poll(&nic, 8);
        assert_int_equal(nic.stats.tx_timeouts, i);
        assert_int_equal(nic.ops->transmit(&nic, frame), 0);
        assert_int_equal(send_one(NULL), 100);
        nic.ops->poll(&nic, 8);
        assert_int_equal(driver()->life.restarts, 0);
    }
    assert_true(nic.ops->link(&nic).up);
    unsigned barks = 0;
    while (barks < 100 && nic.ops->transmit(&nic, frame) == 0) {
        clock_us += 2500000;
        nic.ops->poll(&nic, 8);
        barks++;
        if (chip.bus_master) {
            assert_true(receive(60));
            assert_int_equal(nic.ops->poll(&nic, 8), 1);
        }
    }
    assert_int_equal(barks, RESTARTS_MAX + 1);
    assert_int_equal(nic.ops->transmit(&nic, frame), ERR_NO_LINK);
    assert_non_null(strstr(last_error, "(Timeout)"));
    assert_false(nic.ops->link(&nic).up);
    assert_false(chip.bus_master);
    assert_int_equal(nic.ops->start(&nic), 0);  // a new start is a new chance
    assert_true(nic.ops->link(&nic).up);
    pbuf_free(frame);
    finish();
}

// A chip that has gone answers all ones: its link is down, it is silenced, it can be stopped.
static void test_gone(void **state)
{
    struct pbuf *frame = make_frame(100);

    (void)state;
    chip.gone = true;
    assert_int_equal(probe(), ERR_NIC_INIT_FAILED);
    assert_non_null(strstr(fail_detail(), "does not answer"));
    for (unsigned noticed = 0; noticed < 3; noticed++) {  // by a look at the link, by receiving, by sending
        reset_chip(state);
        start();
        assert_true(receive(60));
        if (noticed == 2)
            assert_int_equal(nic.ops->transmit(&nic, frame), 0);
        chip.gone = true;
        uint64_t begun = clock_us;
        if (noticed == 0)
            assert_false(nic.ops->link(&nic).up);
        if (noticed == 2)
            assert_false(nic.ops->sending(&nic));  // it will never leave
        assert_int_equal(nic.ops->poll(&nic, 8), 0);
        assert_false(chip.bus_master);
        assert_non_null(strstr(last_error, "(NicInitFailed)"));
        assert_false(nic.ops->link(&nic).up);
        assert_int_equal(nic.ops->poll(&nic, 8), 0);
        assert_int_equal(nic.ops->transmit(&nic, frame), ERR_NO_LINK);
        assert_int_equal(nic.ops->start(&nic), ERR_NIC_INIT_FAILED);
        assert_true(clock_us - begun < 100000);
        finish();
    }
    pbuf_free(frame);
}

// An error on the bus restarts the chip.
static void test_bus_error(void **state)
{
    (void)state;
    start();
    unsigned resets = chip.resets;
    set16(ISR, ISR_SERR);
    nic.ops->link(&nic);
    nic.ops->poll(&nic, 8);
    assert_true(chip.resets > resets);
    assert_non_null(strstr(last_warning, "bus"));
    assert_true(receive(100));
    assert_int_equal(nic.ops->poll(&nic, 8), 1);
    finish();
}

// All ones are no error: nothing answers, and who asks next finds that out.
static void test_no_answer_is_no_error(void **state)
{
    (void)state;
    start();
    unsigned resets = chip.resets;
    set16(ISR, 0xffff);
    assert_true(nic.ops->link(&nic).up);
    assert_true(receive(100));
    assert_int_equal(nic.ops->poll(&nic, 8), 1);
    assert_int_equal(chip.resets, resets);
    assert_string_equal(last_warning, "");
    assert_int_equal(reg16(ISR), 0xffff);  // and nothing is acknowledged
    finish();
}

// Too many collisions: the chip is told to send it again, each time. A FIFO that ran empty: sent all the same.
static void test_send_errors(void **state)
{
    struct pbuf *frame = make_frame(100);

    (void)state;
    start();
    for (unsigned i = 0; i < 10; i++) {
        assert_int_equal(nic.ops->transmit(&nic, frame), 0);
        assert_int_equal(nic.ops->transmit(&nic, frame), 0);
        assert_int_equal(send_as(TSD_TABT, NULL), 100);
        nic.ops->poll(&nic, 8);
        nic.ops->poll(&nic, 8);
        assert_int_equal(driver()->tx.slots.prod - driver()->tx.slots.cons, 2);
        assert_int_equal(nic.stats.tx_errors, i + 1);
        assert_int_equal(send_one(NULL), 100);
        assert_int_equal(send_as(TSD_TUN, NULL), 100);
        nic.ops->poll(&nic, 8);
        assert_int_equal(driver()->tx.slots.prod - driver()->tx.slots.cons, 0);
    }
    // Each frame may be aborted as often as any other.
    for (unsigned round = 0; round < 3; round++) {
        unsigned errors = (unsigned)nic.stats.tx_errors, retries = chip.retries;
        assert_int_equal(nic.ops->transmit(&nic, frame), 0);
        for (unsigned i = 1; i <= ABORTS_MAX; i++) {
            assert_int_equal(send_as(TSD_TABT, NULL), 100);
            nic.ops->poll(&nic, 8);
            assert_int_equal(chip.retries - retries, i);
            assert_int_equal(nic.stats.tx_errors - errors, i);
        }
        assert_int_equal(send_one(NULL), 100);
        nic.ops->poll(&nic, 8);
        assert_int_equal(driver()->tx.slots.prod - driver()->tx.slots.cons, 0);
    }
    assert_int_equal(nic.stats.tx_timeouts, 0);
    // Aborted for ever: the watchdog's.
    unsigned retries = chip.retries, resets = chip.resets;
    assert_int_equal(nic.ops->transmit(&nic, frame), 0);
    for (unsigned i = 0; i < 100; i++, clock_us += 15000) {
        send_as(TSD_TABT, NULL);
        nic.ops->poll(&nic, 8);
    }
    assert_int_equal(chip.retries - retries, ABORTS_MAX);
    assert_int_equal(chip.resets, resets);
    clock_us += 1000000;
    nic.ops->poll(&nic, 8);
    assert_int_equal(nic.stats.tx_timeouts, 1);
    assert_true(chip.resets > resets);
    pbuf_free(frame);
    finish();
}

// A chip that says "sent" everywhere gets no further than what it was given.
static void test_sent_everywhere(void **state)
{
    struct pbuf *frame = make_frame(100);

    (void)state;
    start();
    for (unsigned i = 0; i < TX_SLOTS; i++)
        set32(TSD0 + 4 * i, TSD_OWN | TSD_TOK | TSD_TUN | TSD_TABT);
    nic.ops->poll(&nic, 8);
    assert_int_equal(driver()->tx.slots.cons, 0);
    chip.sends = true;
    for (unsigned i = 0; i < 100; i++)
        assert_int_equal(nic.ops->transmit(&nic, frame), 0);
    nic.ops->poll(&nic, 8);
    assert_int_equal(driver()->tx.slots.cons, 100);
    pbuf_free(frame);
    finish();
}

// What is not started, or was stopped, or could not be started, is not touched.
static void check_dead(void)
{
    struct pbuf *frame = make_frame(100);
    unsigned accesses = chip.accesses;

    assert_int_equal(nic.ops->poll(&nic, 8), 0);
    assert_int_equal(nic.ops->transmit(&nic, frame), ERR_NO_LINK);
    assert_false(nic.ops->link(&nic).up);
    assert_int_equal(chip.accesses, accesses);
    pbuf_free(frame);
}

static void test_dead(void **state)
{
    (void)state;
    assert_int_equal(probe(), 0);
    check_dead();
    assert_int_equal(nic.ops->start(&nic), 0);
    assert_true(nic.ops->link(&nic).up);
    assert_true(receive(100));
    assert_int_equal(nic.ops->poll(&nic, 8), 1);
    nic.ops->stop(&nic);
    check_dead();
    // The pool was kept for the frame; the start that fails frees it.
    assert_non_null(driver()->pool.buffers);
    drop_frames();
    dma_left = 0;
    assert_int_equal(nic.ops->start(&nic), ERR_NOT_ENOUGH_MEMORY);
    assert_null(driver()->pool.buffers);
    assert_int_equal(dma_live, 0);
    check_dead();
    dma_left = 10;
    assert_int_equal(nic.ops->start(&nic), 0);
    assert_true(receive(100));
    assert_int_equal(nic.ops->poll(&nic, 8), 1);
    finish();
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup(f, reset_chip)
    const struct CMUnitTest tests[] = {
        TEST(test_bars),      TEST(test_endless_waits), TEST(test_no_memory), TEST(test_watchdog),
        TEST(test_restarts),  TEST(test_gone),          TEST(test_bus_error), TEST(test_no_answer_is_no_error),
        TEST(test_send_errors), TEST(test_sent_everywhere), TEST(test_dead),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
