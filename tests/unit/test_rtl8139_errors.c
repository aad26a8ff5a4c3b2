// The RTL8139 driver when things go wrong: refusals, waits that never end, a chip that goes away, lies, overflows,
// frames that are never finished or never sent. Some is survived, much stops the chip; nothing is ever overrun.

#include "tests/unit/rtl8139_fake.h"  // reset_chip
#include "drivers/pci/pci.h"          // bars
#include "lib/err.h"                  // ERR_NIC_INIT_FAILED

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

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

// Restarts that helped are forgotten; a chip that never sends again is given up, not reset for ever.
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
        assert_true(receive(60));
        assert_int_equal(nic.ops->poll(&nic, 8), 1);
    }
    assert_true(nic.ops->link(&nic).up);
    unsigned resets = chip.resets;
    for (unsigned i = 0; i < 100; i++) {
        nic.ops->transmit(&nic, frame);
        clock_us += 2500000;
        nic.ops->poll(&nic, 8);
    }
    assert_true(chip.resets - resets < 30);
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
static void overflow(unsigned room)
{
    unsigned got = 0;

    start();
    for (unsigned round = 0; round < 50; round++) {
        unsigned fit = 0;
        while (receive(1514))
            fit++;
        assert_int_equal(fit, room);
        assert_false(receive(60));  // not before it is told to
        assert_int_equal(nic.ops->poll(&nic, 8), 8);
        got += 8 + nic.ops->poll(&nic, 100);
        assert_int_equal(got, room * (round + 1));
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

static void test_overflow(void **state)
{
    overflow(42);
    reset_chip(state);
    chip.version = VERSION_A;
    overflow(21);
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

// Too many collisions: the chip is told once to send it again. A FIFO that ran empty: sent all the same.
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
    // Aborted for ever: the watchdog's.
    assert_int_equal(nic.ops->transmit(&nic, frame), 0);
    send_as(TSD_TABT, NULL);
    for (unsigned i = 0; i < 30; i++, clock_us += 100000)
        nic.ops->poll(&nic, 8);
    assert_int_equal(nic.stats.tx_timeouts, 1);
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

int main(void)
{
#define TEST(f) cmocka_unit_test_setup(f, reset_chip)
    const struct CMUnitTest tests[] = {
        TEST(test_bars),      TEST(test_endless_waits),  TEST(test_no_memory),   TEST(test_watchdog),
        TEST(test_restarts),  TEST(test_gone),           TEST(test_lies),        TEST(test_lying_cbr),
        TEST(test_unfinished), TEST(test_not_empty),     TEST(test_overflow),    TEST(test_bus_error),
        TEST(test_stuck_receiver), TEST(test_send_errors), TEST(test_sent_everywhere), TEST(test_few_lies),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
