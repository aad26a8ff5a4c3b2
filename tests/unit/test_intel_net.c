// The Intel driver at work: bring-up, frames, checksum marks, rings that wrap and run dry, sending, doorbells, link.
// Every test ends with all buffers back and the chip silent.

#include "tests/unit/intel_fake.h"  // reset_chip
#include "lib/err.h"                // ERR_UNSUPPORTED

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SLOTS 255u  // of a send ring of 256

static void test_probe(void **state)
{
    (void)state;
    assert_int_equal(probe(), 0);
    assert_memory_equal(nic.mac, chip.mac, 6);
    assert_string_equal(nic.chip, "82540EM rev 3");
    assert_int_equal(nic.mtu, 1500);
    assert_int_equal(nic.features, NIC_RX_CSUM);
    assert_false(chip.bus_master);
    assert_int_equal(*reg(RCTL) | *reg(TCTL), 0);
    free(nic.priv);
}

// Firmware's receiver runs, its rings are half used, its filters are set; and the reset keeps all that.
static void test_take_over(void **state)
{
    static const uint32_t left_running[] = {RDBAL, RDH, RDT, RDTR, RADV, TDBAL, TDH, TDT, TIDV, WUC};

    (void)state;
    chip.keeps_registers = true;
    chip.bus_master = true;
    for (unsigned i = 0; i < sizeof(left_running) / sizeof(left_running[0]); i++)
        *reg(left_running[i]) = 5;
    memset(reg(MTA), 0xff, MTA_ENTRIES * 4);
    *reg(CTRL) = CTRL_VME | CTRL_FRCSPD | CTRL_FRCDPX | CTRL_ILOS | CTRL_LRST;
    *reg(RCTL) = RCTL_EN | 1u << 3;
    *reg(TCTL) = TCTL_EN;
    memcpy(reg(RAL0), chip.mac, 4);
    *reg(RAH0) = 0x5634 | RAH_AV;
    start();
    assert_memory_equal(nic.mac, chip.mac, 6);
    assert_int_equal(*reg(RDH) | *reg(TDH) | *reg(TDT) | *reg(RDTR) | *reg(RADV) | *reg(TIDV) | *reg(WUC), 0);
    for (unsigned i = 0; i < MTA_ENTRIES; i++)
        assert_int_equal(*reg(MTA + 4 * i), 0);
    assert_int_equal(*reg(CTRL), CTRL_SLU);
    assert_int_equal(*reg(RAH0), 0x5634 | RAH_AV);
    assert_int_equal(*reg(RCTL), RCTL_EN | RCTL_BAM | RCTL_SECRC);
    assert_int_equal(*reg(RXCSUM), RXCSUM_TUOFL | RXCSUM_IPOFL);
    assert_int_equal(*reg(RDLEN), 1024 * 16);
    assert_int_equal(*reg(RDT), 1023);  // one stays empty
    assert_int_equal(chip.phy_resets, 0);
    assert_true(receive(100));
    assert_int_equal(nic.ops->poll(&nic, 8), 1);
    finish();
}

// Many frames through the ring, many times around, while the stack keeps some.
static void test_receive_many(void **state)
{
    unsigned received = 0, sent = 0;

    (void)state;
    start();
    for (unsigned round = 0; round < 400; round++) {
        unsigned doorbells = chip.rdt_writes;
        for (unsigned i = 0; i < 90; i++, sent++)
            assert_true(receive(60 + (round * 31 + i * 97) % 1455));
        received += nic.ops->poll(&nic, 64);
        received += nic.ops->poll(&nic, 64);
        assert_int_equal(nic.ops->poll(&nic, 64), 0);
        assert_true(chip.rdt_writes - doorbells <= 2);
        for (unsigned i = 0; i < frame_count; i += 13)
            check_frame(i, frames[i]->tot_len);
        if (round % 4 == 0)
            drop_frames();
    }
    assert_int_equal(received, sent);
    assert_int_equal(nic.stats.rx_frames, received);
    assert_int_equal(nic.stats.rx_errors, 0);
    finish();
}

// A single frame costs no doorbell; the ring is full up to one descriptor and no further.
static void test_ring_full(void **state)
{
    unsigned got = 0;

    (void)state;
    start();
    unsigned doorbells = chip.rdt_writes;
    assert_true(receive(60));
    assert_int_equal(nic.ops->poll(&nic, 8), 1);
    assert_int_equal(chip.rdt_writes, doorbells);
    while (receive(60))
        got++;
    assert_int_equal(got, 1022);
    assert_int_equal(nic.ops->poll(&nic, 2000), 1022);
    assert_int_equal(chip.rdt_writes, doorbells + 1);
    finish();
}

static void test_checksum_flags(void **state)
{
    static const struct { uint64_t result; bool ok; } cases[] = {
        {0, false},
        {LEGACY_RX_TCPCS, true},
        {LEGACY_RX_TCPCS | LEGACY_RX_TCPE, false},
        {LEGACY_RX_TCPCS | LEGACY_RX_IXSM, false},
        {LEGACY_RX_IXSM, false},
        {0, false},  // the mark does not stick to the buffer
    };
    unsigned count = sizeof(cases) / sizeof(cases[0]);

    (void)state;
    start();
    for (unsigned i = 0; i < count; i++)
        assert_true(receive_as(GOOD_FRAME | cases[i].result, 100, 100));
    assert_int_equal(nic.ops->poll(&nic, 100), count);
    for (unsigned i = 0; i < count; i++)
        assert_int_equal(!!(frames[i]->flags & NIC_PBUF_CSUM_OK), cases[i].ok);
    finish();
}

// The stack keeps everything: the ring runs dry, nothing breaks, and it fills again.
static void test_pool_dry(void **state)
{
    unsigned kept = 0;

    (void)state;
    start();
    while (receive(100)) {
        kept++;
        assert_int_equal(nic.ops->poll(&nic, 8), 1);
    }
    assert_int_equal(kept, driver()->pool.count);
    assert_int_equal(nic.ops->poll(&nic, 8), 0);
    assert_true(nic.stats.rx_no_buffer > 0);
    pbuf_free(frames[--frame_count]);  // a single one is enough to go on
    nic.ops->poll(&nic, 8);
    assert_true(receive(100));
    assert_int_equal(nic.ops->poll(&nic, 8), 1);
    drop_frames();
    nic.ops->poll(&nic, 8);
    assert_true(receive(1000));
    assert_int_equal(nic.ops->poll(&nic, 8), 1);
    check_frame(0, 1000);
    finish();
}

// Stopped while the stack holds a frame: the pool stays for it and serves the next start.
static void test_stop_with_frame(void **state)
{
    (void)state;
    start();
    assert_true(receive(500));
    assert_int_equal(nic.ops->poll(&nic, 8), 1);
    nic.ops->stop(&nic);
    assert_false(chip.bus_master);
    assert_non_null(driver()->pool.buffers);
    check_frame(0, 500);
    assert_int_equal(nic.ops->start(&nic), 0);
    assert_true(receive(600));
    assert_int_equal(nic.ops->poll(&nic, 8), 1);
    check_frame(0, 500);
    check_frame(1, 600);
    finish();
}

static void test_transmit(void **state)
{
    struct pbuf *frame = make_frame(1514), *small = make_frame(42), *huge = make_frame(1600);
    uint8_t sent[TX_SLOT_SIZE];
    unsigned count = 0;

    (void)state;
    start();
    while (nic.ops->transmit(&nic, frame) == 0)
        count++;
    assert_int_equal(count, SLOTS);
    assert_int_equal(chip.tdt_writes, SLOTS);  // outside poll() each goes at once
    assert_int_equal(nic.ops->transmit(&nic, huge), ERR_UNSUPPORTED);
    assert_int_equal(send_one(sent), 1514);
    assert_memory_equal(sent, frame->payload, 1514);
    assert_true(nic.ops->sending(&nic));
    while (send_one(NULL))
        ;
    chip.regs[TDFPC / 4] = 2;  // fetched, not on the wire yet
    assert_true(nic.ops->sending(&nic));
    chip.regs[TDFPC / 4] = 0;
    assert_false(nic.ops->sending(&nic));
    for (unsigned i = 0; i < 3000; i++) {  // the ring wraps
        assert_int_equal(nic.ops->transmit(&nic, i % 2 ? small : frame), 0);
        assert_int_equal(send_one(sent), i % 2 ? 60 : 1514);
        assert_memory_equal(sent, i % 2 ? small->payload : frame->payload, 42);
        for (unsigned b = 42; i % 2 && b < 60; b++)
            assert_int_equal(sent[b], 0);
        nic.ops->poll(&nic, 8);
    }
    assert_int_equal(frame->ref, 1);
    assert_int_equal(nic.stats.tx_frames, SLOTS + 3000);
    pbuf_free(frame);
    pbuf_free(small);
    pbuf_free(huge);
    finish();
}

static void answer(struct nic *from, struct pbuf *frame)
{
    assert_int_equal(from->ops->transmit(from, frame), 0);
    pbuf_free(frame);
}

static void test_doorbell_batch(void **state)
{
    (void)state;
    start();
    nic.input = answer;
    for (unsigned i = 0; i < 40; i++)
        assert_true(receive(64));
    unsigned rx = chip.rdt_writes, tx = chip.tdt_writes;
    assert_int_equal(nic.ops->poll(&nic, 100), 40);
    assert_int_equal(chip.rdt_writes - rx, 1);
    assert_int_equal(chip.tdt_writes - tx, 1);
    for (unsigned i = 0; i < 40; i++)
        assert_int_equal(send_one(NULL), 64);
    finish();
}

static void test_link(void **state)
{
    static const struct { uint32_t speed; unsigned mbps; } cases[] = {
        {0u << 6, 10}, {1u << 6, 100}, {2u << 6, 1000}, {3u << 6, 1000}};

    (void)state;
    start();
    for (unsigned i = 0; i < 4; i++) {
        *reg(STATUS) = cases[i].speed | (i % 2 ? STATUS_FD : 0);
        struct nic_link link = nic.ops->link(&nic);
        assert_true(link.up);
        assert_int_equal(link.mbps, cases[i].mbps);
        assert_int_equal(link.full_duplex, i % 2);
    }
    chip.link = false;
    assert_false(nic.ops->link(&nic).up);
    chip.link = true;
    assert_true(nic.ops->link(&nic).up);
    finish();
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup(f, reset_chip)
    const struct CMUnitTest tests[] = {
        TEST(test_probe),            TEST(test_take_over),        TEST(test_receive_many),     TEST(test_ring_full),
        TEST(test_checksum_flags),   TEST(test_pool_dry),         TEST(test_stop_with_frame),  TEST(test_transmit),
        TEST(test_doorbell_batch),   TEST(test_link),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
