// The Realtek driver when things go wrong: refusals, no memory, waits that never end, a chip that goes away at any
// moment, one that sends nothing. Some is survived, much stops the chip, and every wait has its end.

#include "tests/unit/realtek_fake.h"  // reset_chip
#include "drivers/pci/pci.h"          // bars
#include "lib/err.h"                  // ERR_NIC_INIT_FAILED

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define RESTARTS_MAX 8u
#define VERSIONS (sizeof(versions) / sizeof(versions[0]))

// One of each way to be stopped, started and asked for its address.
static const uint16_t versions[] = {
    0x008, 0x340, 0x380, 0x3c2, 0x280, 0x28b, 0x2c2, 0x2c8, 0x480, 0x488, 0x440, 0x448, 0x409, 0x4c0, 0x541, 0x502, 0x54a,
    0x609, 0x641, 0x681, 0x64a,
};

static bool works(void)
{
    return receive(100) && poll(8) == 1;
}

// ---- probe ------------------------------------------------------------------------------------------

static void test_bars(void **state)
{
    enum { GOOD, NONE, SMALL, IO_ONLY, NOT_ASSIGNED, ELSEWHERE, CASES };

    for (unsigned v = 0; v < VERSIONS; v++)
        for (unsigned i = GOOD; i < CASES; i++) {
            reset_chip(state);
            become(versions[v]);
            assert_int_equal(probe(), 0);
            free(nic.priv);
            unsigned bar = chip.model->traits & M_PCI ? 1 : 2;
            struct pci_bar *bars = nic.pci->bars;
            unsigned before = chip.accesses;
            if (i == NONE)
                memset(bars, 0, sizeof(nic.pci->bars));
            else if (i == SMALL)
                bars[bar].size = chip.model->traits & M_8125 ? 0x4000 : 0x80;
            else if (i == IO_ONLY)
                bars[bar].io = true;
            else if (i == NOT_ASSIGNED)
                bars[bar].base = 0;
            else if (i == ELSEWHERE)
                bars[0] = bars[bar], bars[bar] = (struct pci_bar){0};
            int err = probe();
            if (i == GOOD || i == ELSEWHERE) {
                assert_int_equal(err, 0);
                free(nic.priv);
                continue;
            }
            assert_int_equal(err, ERR_NIC_INIT_FAILED);
            assert_int_equal(chip.accesses, before);
        }
}

static void test_no_memory(void **state)
{
    unsigned needed = 0;
    int err = ERR_NOT_ENOUGH_MEMORY;

    (void)state;
    allocations_left = 0;
    assert_int_equal(probe(), ERR_OUT_OF_HEAP);
    assert_int_equal(chip.accesses, 0);
    allocations_left = 1;
    assert_int_equal(probe(), 0);
    for (; err != 0; needed++) {  // rings and pool, one piece after another
        allocations_left = needed;
        err = nic.ops->start(&nic);
        if (err == 0)
            break;
        assert_int_equal(err, ERR_NOT_ENOUGH_MEMORY);
        check_silent();
        assert_null(driver()->pool.buffers);
        assert_null((const void *)(uintptr_t)driver()->rx.desc);
        nic.ops->stop(&nic);  // no harm
    }
    assert_int_equal(needed, 6);
    assert_true(works());
    // In a restart there may be none, too: then it is over.
    allocations_left = 2;
    driver()->life.restart = true;
    poll(8);
    check_silent();
    assert_non_null(strstr(last_error, "(NotEnoughMemory)"));
    assert_false(nic.ops->link(&nic).up);
    allocations_left = 100;
    finish();
}

// Few buffers: it runs with the one there is.
static void test_small_pool(void **state)
{
    (void)state;
    assert_int_equal(probe(), 0);
    assert_int_equal(nic_buf_pool_create(&driver()->pool, 1, RTL_BUFFER_SIZE), 0);
    assert_int_equal(nic.ops->start(&nic), 0);
    for (unsigned i = 0; i < 3000; i++) {
        assert_true(receive(60));
        assert_false(receive(60));
        assert_int_equal(poll(8), 1);
        drop_frames();
        poll(8);
    }
    finish();
}

// ---- waits that never end ---------------------------------------------------------------------------

static void test_reset_never_ends(void **state)
{
    for (unsigned v = 0; v < VERSIONS; v++) {
        reset_chip(state);
        become(versions[v]);
        chip.stuck_reset = true;
        uint64_t begun = clock_us;
        assert_int_equal(probe(), ERR_TIMEOUT);
        assert_true(clock_us - begun < 500000);
        assert_false(chip.bus_master);
        // In the middle of life: stop ends, a new start fails.
        reset_chip(state);
        become(versions[v]);
        start();
        assert_true(works());
        drop_frames();
        chip.stuck_reset = true;
        begun = clock_us;
        nic.ops->stop(&nic);
        check_silent();
        assert_null(driver()->pool.buffers);
        assert_int_equal(nic.ops->start(&nic), ERR_TIMEOUT);
        check_silent();
        assert_true(clock_us - begun < 1000000);
        chip.stuck_reset = false;
        put(CR, 8, 0);
        assert_int_equal(nic.ops->start(&nic), 0);
        assert_true(works());
        // And in a restart.
        chip.stuck_reset = true;
        driver()->life.restart = true;
        begun = clock_us;
        poll(8);
        assert_true(clock_us - begun < 1500000);
        check_silent();
        assert_false(nic.ops->link(&nic).up);
        chip.stuck_reset = false;
        finish();
    }
}

// What is no reason not to start, alone and all together.
static void test_other_waits(void **state)
{
    enum { FIFO, LIST, PHY_RESET, PHY_STATE, CMAC, BUSY, PHY, ERI, OCP, OCPAR_, ALL_OF_THEM, WAITS };

    for (unsigned v = 0; v < VERSIONS; v++)
        for (unsigned i = FIFO; i < WAITS; i++) {
            reset_chip(state);
            become(versions[v]);
            bool all = i == ALL_OF_THEM;
            chip.stuck_fifo = all || i == FIFO, chip.stuck_list = all || i == LIST;
            chip.stuck_phy_reset = all || i == PHY_RESET, chip.stuck_phy_state = all || i == PHY_STATE;
            chip.stuck_cmac = all || i == CMAC, chip.stuck_busy = all || i == BUSY;
            chip.dead_phy = all || i == PHY, chip.dead_eri = all || i == ERI;
            chip.dead_ocp = all || i == OCP, chip.dead_ocpar = all || i == OCPAR_;
            if (i == CMAC)
                chip.dash[0x128 / 4] = 1;  // then it is waited for
            if (i == PHY_RESET)
                chip.phy[PHY_BMCR] |= BMCR_POWER_DOWN;
            uint64_t begun = clock_us;
            start();
            assert_true(clock_us - begun < 2500000);
            assert_memory_equal(nic.mac, chip.mac, 6);
            begun = clock_us;
            nic.ops->link(&nic);
            assert_true(clock_us - begun < 200000);
            assert_true(works());
            begun = clock_us;
            finish();
            assert_true(clock_us - begun < 500000);
        }
}

// Registers behind registers that do not answer are not filled with ones.
static void test_dead_eri(void **state)
{
    (void)state;
    chip.dead_eri = true;
    become(0x502);
    start();
    assert_false(driver()->dash);
    for (unsigned i = 0; i < ERI_SIZE / 4; i++)
        if (i != ERI_MAC0 / 4 && i != ERI_MAC4 / 4)
            assert_int_equal(chip.eri[i], 0);
    finish();
    reset_chip(state);
    chip.unreadable_eri = true;
    start();
    for (unsigned i = 0; i < ERI_SIZE / 4; i++)
        if (i != ERI_MAC0 / 4 && i != ERI_MAC4 / 4)
            assert_int_equal(chip.eri[i], 0);
    assert_int_equal(get(CONFIG3, 8) & CONFIG3_RDY_TO_L23, 0);  // the other fix-ups are in place
    finish();
    // In the middle of it: the address is read in two halves.
    reset_chip(state);
    chip.eri[ERI_MAC4 / 4] = UINT32_MAX;
    memcpy(chip.regs, "\x02\0\0\0\0\x09", 6);
    start();
    assert_memory_equal(nic.mac, "\x02\0\0\0\0\x09", 6);
    finish();
}

// ---- gone -------------------------------------------------------------------------------------------

static void test_gone(void **state)
{
    struct pbuf *frame = make_frame(100);

    for (unsigned v = 0; v < VERSIONS; v++) {
        reset_chip(state);
        become(versions[v]);
        chip.gone = true;
        assert_int_equal(probe(), ERR_NIC_INIT_FAILED);
        assert_non_null(strstr(fail_detail(), "does not answer"));
        reset_chip(state);
        become(versions[v]);
        assert_int_equal(probe(), 0);
        chip.gone = true;
        assert_int_equal(nic.ops->start(&nic), ERR_NIC_INIT_FAILED);
        assert_false(chip.bus_master);
        chip.gone = false;
        assert_int_equal(nic.ops->start(&nic), 0);
        // Noticed by who looks at the link.
        assert_true(receive(60));
        assert_int_equal(nic.ops->transmit(&nic, frame), 0);
        chip.gone = true;
        uint64_t begun = clock_us;
        assert_false(nic.ops->link(&nic).up);
        assert_false(nic.ops->sending(&nic));  // it will never leave
        assert_int_equal(poll(8), 1);  // came before
        assert_false(chip.bus_master);
        assert_non_null(strstr(last_error, "(NicInitFailed)"));
        assert_int_equal(poll(8), 0);
        assert_int_equal(nic.ops->transmit(&nic, frame), ERR_NO_LINK);
        assert_int_equal(nic.ops->start(&nic), ERR_NIC_INIT_FAILED);
        assert_true(clock_us - begun < 100000);
        finish();
        // Noticed by the watchdog.
        reset_chip(state);
        become(versions[v]);
        start();
        nic.ops->transmit(&nic, frame);
        chip.gone = true;
        clock_us += 3000000;
        poll(8);
        assert_false(chip.bus_master);
        assert_int_equal(nic.stats.tx_timeouts, 0);
        finish();
    }
    pbuf_free(frame);
}

// It goes away with any access, whoever makes it.
static void test_vanishes(void **state)
{
    for (unsigned v = 0; v < VERSIONS; v++) {
        unsigned accesses;
        reset_chip(state);
        become(versions[v]);
        start();
        accesses = chip.accesses;
        finish();
        for (unsigned i = 1; i <= accesses + 60; i += 1 + accesses / 16) {
            reset_chip(state);
            become(versions[v]);
            chip.vanish_in = i;
            uint64_t begun = clock_us;
            if (probe() < 0) {
                assert_false(chip.bus_master);
                continue;
            }
            int err = nic.ops->start(&nic);
            assert_true(clock_us - begun < 5000000);
            begun = clock_us;
            if (err == 0) {
                while (!chip.gone)
                    nic.ops->link(&nic), poll(8);
                nic.ops->link(&nic), poll(8);
            }
            assert_false(chip.bus_master);
            finish();
            assert_true(clock_us - begun < 2000000);
        }
    }
}

// ---- sending ----------------------------------------------------------------------------------------

static void test_watchdog(void **state)
{
    struct pbuf *frame = make_frame(100);

    (void)state;
    start();
    chip.lose_doorbells = UINT32_MAX;
    assert_int_equal(nic.ops->transmit(&nic, frame), 0);
    unsigned resets = chip.resets;
    clock_us += 1500000;
    poll(8);
    assert_int_equal(chip.resets, resets);
    chip.cable = 0;  // waiting is right, however long
    clock_us += 60000000;
    poll(8);
    chip.cable = 1000;  // and time counts from here
    poll(8);
    clock_us += 1500000;
    poll(8);
    assert_int_equal(chip.resets, resets);
    clock_us += 1000000;
    poll(8);
    assert_true(chip.resets > resets);
    assert_int_equal(nic.stats.tx_timeouts, 1);
    chip.lose_doorbells = 0;
    assert_true(works());  // and it works again
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
        poll(8);
    }
    assert_int_equal(chip.resets, resets);
    pbuf_free(frame);
    finish();
}

// Nobody polled for long while the chip had sent all: no reason to restart it.
static void test_nobody_polled(void **state)
{
    struct pbuf *frame = make_frame(100);

    (void)state;
    start();
    unsigned resets = chip.resets;
    for (unsigned i = 0; i < 5; i++) {
        assert_int_equal(nic.ops->transmit(&nic, frame), 0);
        assert_int_equal(send_one(NULL), 100);
        clock_us += 10000000;
        assert_int_equal(nic.ops->transmit(&nic, frame), 0);
        assert_int_equal(send_one(NULL), 100);
        poll(8);
        clock_us += 10000000;
        poll(8);
    }
    assert_int_equal(chip.resets, resets);
    pbuf_free(frame);
    finish();
}

// Restarts after which it sends again are forgotten. A chip that receives all the time but never sends is given up.
static void test_restarts(void **state)
{
    struct pbuf *frame = make_frame(100);

    for (unsigned v = 0; v < VERSIONS; v++) {
        reset_chip(state);
        become(versions[v]);
        start();
        for (unsigned i = 1; i <= 2 * RESTARTS_MAX; i++) {
            assert_int_equal(nic.ops->transmit(&nic, frame), 0);
            clock_us += 2500000;
            poll(8);
            assert_int_equal(nic.stats.tx_timeouts, i);
            assert_int_equal(nic.ops->transmit(&nic, frame), 0);
            assert_int_equal(send_one(NULL), 100);
            poll(8);
            assert_int_equal(driver()->life.restarts, 0);
        }
        assert_true(nic.ops->link(&nic).up);
        unsigned barks = 0;
        while (barks < 100 && nic.ops->transmit(&nic, frame) == 0) {
            clock_us += 2500000;
            poll(8);
            barks++;
            assert_int_equal(chip.bus_master, barks <= RESTARTS_MAX);
            assert_true(!chip.bus_master || works());
        }
        drop_frames();
        assert_int_equal(barks, RESTARTS_MAX + 1);
        assert_non_null(strstr(last_error, "(Timeout)"));
        assert_int_equal(nic.ops->transmit(&nic, frame), ERR_NO_LINK);
        assert_false(nic.ops->link(&nic).up);
        check_silent();
        assert_int_equal(nic.ops->start(&nic), 0);  // a new start is a new chance
        assert_true(nic.ops->link(&nic).up);
        assert_true(works());
        finish();
    }
    pbuf_free(frame);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup(f, reset_chip)
    const struct CMUnitTest tests[] = {
        TEST(test_bars),         TEST(test_no_memory),   TEST(test_small_pool),    TEST(test_reset_never_ends),
        TEST(test_other_waits),  TEST(test_dead_eri),    TEST(test_gone),          TEST(test_vanishes),
        TEST(test_watchdog),     TEST(test_slow_wire),   TEST(test_nobody_polled), TEST(test_restarts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
