// The Intel driver when things go wrong: refusals, resets and waits that never end, a chip that goes away, frames
// with errors, a chip that lies. Some is survived, much stops the chip; nothing is ever lost or overrun.

#include "tests/unit/intel_fake.h"  // reset_chip
#include "drivers/pci/pci.h"        // bars
#include "lib/err.h"                // ERR_NIC_INIT_FAILED

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define RESTARTS_MAX 8u

static void test_refusals(void **state)
{
    static const char *const bad[] = {"\0\0\0\0\0\0", "\1\2\3\4\5\6", "\xff\xff\xff\xff\xff\xff",
                                      "\x88\x88\x88\x88\x87\x88"};

    (void)state;
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        memcpy(chip.mac, bad[i], 6);
        assert_int_equal(probe(), ERR_NIC_INIT_FAILED);
        assert_false(chip.bus_master);
    }
    reset_chip(state);
    chip.loads_address = false;
    chip.eerd_dead = true;
    assert_int_equal(probe(), ERR_TIMEOUT);
    reset_chip(state);
    become(0x1000);  // 82542
    assert_int_equal(probe(), ERR_UNSUPPORTED);
    assert_int_equal(chip.resets, 0);
    reset_chip(state);
    chip.gone = true;
    assert_int_equal(probe(), ERR_NIC_INIT_FAILED);
    assert_non_null(strstr(fail_detail(), "does not answer"));
}

// A small BAR would let register accesses out of it.
static void test_bars(void **state)
{
    static const uint64_t sizes[] = {0, 0x1000, INTEL_REGS_SIZE - 0x1000};

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        reset_chip(state);
        assert_int_equal(probe(), 0);
        free(nic.priv);
        nic.pci->bars[0].size = sizes[i];
        chip.resets = 0;
        assert_int_equal(probe(), ERR_NIC_INIT_FAILED);
        assert_int_equal(chip.resets, 0);
    }
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
    assert_null(driver()->pool.buffers);
    assert_int_equal(nic.ops->start(&nic), ERR_TIMEOUT);
    assert_false(chip.bus_master);
    assert_true(clock_us - begun < 1000000);
    free(nic.priv);
    // DMA that does not end and firmware that keeps the PHY are no reason not to start.
    reset_chip(state);
    become(ID_82574L);
    chip.stuck_dma = chip.firmware_has_phy = true;
    start();
    assert_true(receive(60));
    assert_int_equal(nic.ops->poll(&nic, 8), 1);
    finish();
    reset_chip(state);
    become(ID_ES2);
    chip.firmware_has_phy = true;
    begun = clock_us;
    start();
    assert_true(clock_us - begun < 1000000);
    finish();
    reset_chip(state);
    become(ID_82574L);
    chip.stuck_eeprom = true;
    assert_int_equal(probe(), ERR_TIMEOUT);
}

static void test_no_memory(void **state)
{
    (void)state;
    assert_int_equal(probe(), 0);
    // The pool's buffers are held by someone: too few of anything must leave nothing behind.
    struct nic_buf_pool *pool = &driver()->pool;
    assert_int_equal(nic_buf_pool_create(pool, 1, INTEL_BUFFER_SIZE), 0);
    assert_int_equal(nic.ops->start(&nic), 0);  // runs with the one buffer there is
    assert_true(receive(60));
    assert_false(receive(60));
    assert_int_equal(nic.ops->poll(&nic, 8), 1);
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
    assert_int_equal(chip.phy_resets, 0);
    assert_true(receive(100));  // and it works again
    assert_int_equal(nic.ops->poll(&nic, 8), 1);
    assert_int_equal(nic.ops->transmit(&nic, frame), 0);
    assert_int_equal(send_one(NULL), 100);
    pbuf_free(frame);
    finish();
}

// Slow is not stuck: as long as one frame leaves now and then, the chip is left alone.
static void test_slow_wire(void **state)
{
    struct pbuf *frame = make_frame(100);

    (void)state;
    start();
    unsigned resets = chip.resets;
    for (unsigned i = 0; i < 20; i++) {
        assert_int_equal(nic.ops->transmit(&nic, frame), 0);
        assert_int_equal(nic.ops->transmit(&nic, frame), 0);
        clock_us += 1500000;
        assert_int_equal(send_one(NULL), 100);
        nic.ops->poll(&nic, 8);
    }
    assert_int_equal(chip.resets, resets);
    pbuf_free(frame);
    finish();
}

// Restarts after which it sends again are forgotten.
static void test_restarts_that_help(void **state)
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
    pbuf_free(frame);
    finish();
}

// A chip that never sends again is given up, not reset for ever, though it receives all the time.
static void test_restarts_end(void **state)
{
    struct pbuf *frame = make_frame(100);
    unsigned barks = 0;

    (void)state;
    start();
    while (barks < 100 && nic.ops->transmit(&nic, frame) == 0) {
        clock_us += 2500000;
        nic.ops->poll(&nic, 8);
        barks++;
        if (chip.bus_master) {
            assert_true(receive(60));
            assert_int_equal(nic.ops->poll(&nic, 8), 1);
        }
    }
    drop_frames();
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
    become(ID_82574L);
    start();
    assert_true(receive(60));
    assert_int_equal(nic.ops->transmit(&nic, frame), 0);
    chip.gone = true;
    uint64_t begun = clock_us;
    assert_false(nic.ops->link(&nic).up);
    assert_false(nic.ops->sending(&nic));  // it will never leave
    assert_int_equal(nic.ops->poll(&nic, 8), 1);  // came before
    assert_false(chip.bus_master);
    assert_non_null(strstr(last_error, "(NicInitFailed)"));
    assert_int_equal(nic.ops->poll(&nic, 8), 0);
    assert_int_equal(nic.ops->transmit(&nic, frame), ERR_NO_LINK);
    assert_int_equal(nic.ops->start(&nic), ERR_NIC_INIT_FAILED);
    assert_true(clock_us - begun < 100000);
    pbuf_free(frame);
    finish();
    // Noticed by the watchdog, too.
    reset_chip(state);
    frame = make_frame(100);
    start();
    nic.ops->transmit(&nic, frame);
    chip.gone = true;
    clock_us += 3000000;
    nic.ops->poll(&nic, 8);
    assert_false(chip.bus_master);
    assert_int_equal(nic.stats.tx_timeouts, 0);
    pbuf_free(frame);
    finish();
}

static void test_frame_errors(void **state)
{
    static const uint64_t errors[] = {LEGACY_RX_CE, LEGACY_RX_SE, LEGACY_RX_SEQ, LEGACY_RX_CXE, LEGACY_RX_RXE};
    unsigned count = sizeof(errors) / sizeof(errors[0]);

    (void)state;
    start();
    for (unsigned i = 0; i < count; i++) {
        assert_true(receive_as(GOOD_FRAME | errors[i], 100, 100));
        assert_true(receive(200 + i));
    }
    assert_int_equal(nic.ops->poll(&nic, 100), count);
    for (unsigned i = 0; i < count; i++)
        check_frame(i, 200 + i);
    assert_int_equal(nic.stats.rx_errors, count);
    assert_true(receive(0));
    assert_true(receive(13));
    assert_true(receive(14));
    assert_int_equal(nic.ops->poll(&nic, 100), 1);
    assert_int_equal(nic.stats.rx_errors, count + 2);
    assert_int_equal(driver()->life.lies, 0);
    finish();
}

// A frame of several buffers is dropped whole, wherever poll() cuts it, and counted once.
static void test_long_frames(void **state)
{
    (void)state;
    start();
    for (unsigned parts = 2; parts < 9; parts++) {
        assert_true(receive(100));
        for (unsigned i = 0; i < parts; i++) {
            assert_true(receive_as(i == parts - 1 ? GOOD_FRAME : LEGACY_RX_DD, 2048, i == parts - 1 ? 500 : 2048));
            if (parts % 2)
                nic.ops->poll(&nic, 1);
        }
        assert_true(receive(300));
        nic.ops->poll(&nic, 100);
        assert_int_equal(frame_count, 2);
        check_frame(0, 100);
        check_frame(1, 300);
        drop_frames();
        assert_int_equal(nic.stats.rx_errors, parts - 1);
    }
    // Cut off by a stop in its middle: the next start begins anew.
    assert_true(receive_as(LEGACY_RX_DD, 2048, 2048));
    nic.ops->poll(&nic, 100);
    nic.ops->stop(&nic);
    assert_int_equal(nic.ops->start(&nic), 0);
    assert_true(receive(300));
    assert_int_equal(nic.ops->poll(&nic, 100), 1);
    finish();
}

// Impossible lengths: a few are survived and counted, many stop the chip for good.
static void test_lies(void **state)
{
    static const uint32_t lengths[] = {2049, 16384, 65535};

    for (unsigned kind = 0; kind < 3; kind++) {
        reset_chip(state);
        start();
        assert_true(receive_as(GOOD_FRAME, 100, lengths[kind]));
        assert_true(receive(700));
        assert_int_equal(nic.ops->poll(&nic, 8), 1);
        check_frame(0, 700);
        assert_int_equal(nic.stats.rx_errors, 1);
        for (unsigned i = 0; i < 40 && chip.bus_master; i++) {
            receive_as(GOOD_FRAME, 100, lengths[kind]);
            nic.ops->poll(&nic, 8);
        }
        assert_false(chip.bus_master);
        assert_non_null(strstr(last_error, "impossible lengths; it is stopped (DmaError)"));
        assert_false(nic.ops->link(&nic).up);
        assert_int_equal(nic.ops->start(&nic), 0);
        assert_true(receive(90));
        assert_int_equal(nic.ops->poll(&nic, 8), 1);
        finish();
    }
}

// Lies with good frames between them are no reason to stop, however many.
static void test_few_lies(void **state)
{
    (void)state;
    start();
    for (unsigned i = 1; i <= 100; i++) {
        assert_true(receive_as(GOOD_FRAME, 100, 2049));
        assert_int_equal(nic.ops->poll(&nic, 8), 0);
        if (i % 10 == 0) {
            assert_int_equal(driver()->life.lies, 10);
            assert_true(receive(100));
            assert_int_equal(nic.ops->poll(&nic, 8), 1);
            assert_int_equal(driver()->life.lies, 0);
        }
        assert_int_equal(nic.stats.rx_errors, i);
    }
    assert_true(nic.ops->link(&nic).up);
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
    chip.stuck_reset = true;
    assert_int_equal(nic.ops->start(&nic), ERR_TIMEOUT);
    assert_null(driver()->pool.buffers);
    check_dead();
    chip.stuck_reset = false;
    *reg(CTRL) &= ~CTRL_RST;
    assert_int_equal(nic.ops->start(&nic), 0);
    assert_true(receive(100));
    assert_int_equal(nic.ops->poll(&nic, 8), 1);
    finish();
}

// A chip that says "done" everywhere gets no further than what it was given, in either ring.
static void test_done_everywhere(void **state)
{
    struct pbuf *frame = make_frame(100);

    (void)state;
    start();
    struct legacy_rx_desc *rx = (struct legacy_rx_desc *)(uintptr_t)driver()->rx.desc;
    struct legacy_tx_desc *tx = (struct legacy_tx_desc *)(uintptr_t)driver()->tx.desc;
    for (unsigned i = 0; i < 1024; i++)
        rx[i].result = ~0ull;
    chip.rdh = *reg(RDT);
    for (unsigned i = 0; i < 256; i++)
        tx[i].command = ~0ull;
    assert_int_equal(nic.ops->poll(&nic, 5000), 0);  // errors, all of them
    assert_int_equal(nic.stats.rx_errors, 1023);
    assert_int_equal(nic.ops->transmit(&nic, frame), 0);
    assert_int_equal(send_one(NULL), 100);
    assert_true(receive(100));
    assert_int_equal(nic.ops->poll(&nic, 8), 1);
    pbuf_free(frame);
    finish();
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup(f, reset_chip)
    const struct CMUnitTest tests[] = {
        TEST(test_refusals),    TEST(test_bars),         TEST(test_endless_waits), TEST(test_no_memory),
        TEST(test_watchdog),    TEST(test_restarts_end), TEST(test_gone),          TEST(test_frame_errors),
        TEST(test_long_frames), TEST(test_lies),         TEST(test_done_everywhere), TEST(test_slow_wire),
        TEST(test_restarts_that_help), TEST(test_few_lies), TEST(test_dead),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
