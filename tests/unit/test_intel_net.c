// The Intel driver at work: bring-up of several chips, MAC addresses, frames, checksum marks, rings that wrap and
// run dry, sending, doorbells, link. Every test ends with all buffers back and the chip silent.

#include "tests/unit/intel_fake.h"  // reset_chip
#include "lib/err.h"                // ERR_UNSUPPORTED

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SLOTS 255u  // of a send ring of 256

static void test_ids(void **state)
{
    unsigned count = 0;

    (void)state;
    for (const struct nic_id *id = intel_ids; id->vendor; id++, count++) {
        assert_int_equal(id->vendor, 0x8086);
        assert_true(strlen(id->name) > 0 && strlen(id->name) < 32);
        for (const struct nic_id *other = intel_ids; other < id; other++)
            assert_int_not_equal(other->device, id->device);
        if (id->flags & (INTEL_SHARED_MDIO | INTEL_ES2 | INTEL_FIX_82574 | INTEL_SWSM_LOAD))
            assert_true(id->flags & INTEL_EXPRESS);
    }
    assert_int_equal(count, 60);
}

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

static void test_early_chip(void **state)
{
    (void)state;
    become(ID_82543GC);
    start();
    assert_int_equal(*reg(RDLEN), 256 * 16);
    assert_int_equal(*reg(TDLEN), 256 * 16);
    assert_int_equal(chip.reloads, 2);
    finish();
}

static void test_express(void **state)
{
    (void)state;
    become(ID_82574L);
    start();
    assert_true(chip.aspm_off > 0);
    assert_int_equal(*reg(TXDCTL), TXDCTL_COUNT_DESC | TXDCTL_FULL_WRITEBACK);
    assert_int_equal(*reg(TXDCTL1), *reg(TXDCTL));
    assert_int_equal(*reg(TARC0), TARC_BIT26);
    assert_int_equal(*reg(GCR), GCR_BIT22);
    assert_int_equal(*reg(GCR2), GCR2_BIT0);
    assert_int_equal(chip.reloads, 0);
    assert_int_equal(*reg(CTRL_EXT), CTRL_EXT_BIT22 | CTRL_EXT_DRV_LOAD);
    assert_int_equal(*reg(EXTCNF_CTRL), 0);  // given back
    assert_int_equal(*reg(CTRL), CTRL_SLU);
    assert_true(receive(1514));
    assert_int_equal(nic.ops->poll(&nic, 8), 1);
    check_frame(0, 1514);
    finish();
    assert_false(*reg(CTRL_EXT) & CTRL_EXT_DRV_LOAD);

    reset_chip(state);
    become(ID_82571EB);
    chip.firmware_has_phy = true;  // this one does not share it
    start();
    assert_int_equal(*reg(TARC0), TARC_BITS_23_TO_26);
    assert_int_equal(*reg(TARC1), TARC1_BITS_22_24_TO_26 | 1u << 27);
    assert_int_equal(*reg(TXDCTL1), TXDCTL_COUNT_DESC | TXDCTL_FULL_WRITEBACK);
    assert_int_equal(*reg(EECD) & (EECD_REQ | EECD_GNT), 0);
    assert_int_equal(*reg(PBA_ECC), PBA_ECC_CORR_EN);
    assert_int_equal(*reg(RFCTL), RFCTL_IPV6_EX_DIS | RFCTL_NEW_IPV6_EXT_DIS);
    finish();

    reset_chip(state);
    become(0x107d);  // 82572
    chip.no_mulr = true;
    start();
    assert_int_equal(*reg(TARC1), TARC1_BITS_22_24_TO_26 | 1u << 27 | TARC1_BIT28);
    assert_int_equal(*reg(PBA_ECC), 0);
    finish();

    reset_chip(state);
    become(ID_82573V);
    chip.flash = true;
    start();
    assert_int_equal(chip.reloads, 2);
    assert_int_equal(*reg(CTRL), CTRL_SLU);
    assert_int_equal(*reg(SWSM), SWSM_DRV_LOAD);
    assert_int_equal(*reg(CTRL_EXT), CTRL_EXT_BIT22);
    finish();
    assert_int_equal(*reg(SWSM), 0);
}

static void test_es2(void **state)
{
    for (unsigned port = 0; port < 2; port++) {
        reset_chip(state);
        become(ID_ES2);
        chip.no_mulr = port;
        *reg(STATUS) = port ? 1u << 2 : 0;
        start();
        assert_int_equal(*reg(TARC0), TARC_ROUND_ROBIN);
        assert_int_equal(*reg(TARC1) & ~(TARC1_BITS_29_30 | 1u << 27), TARC_ROUND_ROBIN | (port ? TARC1_BIT28 : 0));
        assert_int_equal(!!(*reg(TCTL) & TCTL_MULR), !port);
        assert_int_equal(*reg(SW_FW_SYNC), 0);  // all given back
        assert_false(*reg(SWSM) & SWSM_SWESMBI);
        assert_true(receive(1514));
        assert_int_equal(nic.ops->poll(&nic, 8), 1);
        finish();
    }
    // A driver that died left its marks.
    reset_chip(state);
    become(ID_ES2);
    *reg(SW_FW_SYNC) = SW_FW_SYNC_PHY0;
    *reg(SWSM) = SWSM_SMBI | SWSM_SWESMBI;
    uint64_t begun = clock_us;
    start();
    assert_true(clock_us - begun < 200000);
    assert_int_equal(*reg(SW_FW_SYNC) | *reg(SWSM), 0);
    finish();
}

// A lost link stops the receiver of an 80003ES2LAN at once, and the next poll() restarts it: however often.
static void test_link_lost(void **state)
{
    (void)state;
    become(ID_ES2);
    start();
    for (unsigned i = 0; i < 20; i++) {
        assert_true(nic.ops->link(&nic).up);
        chip.link = false;
        unsigned resets = chip.resets;
        assert_false(nic.ops->link(&nic).up);
        assert_false(*reg(RCTL) & RCTL_EN);
        nic.ops->poll(&nic, 8);
        assert_true(chip.resets > resets);
        assert_true(*reg(RCTL) & RCTL_EN);
        resets = chip.resets;
        assert_false(nic.ops->link(&nic).up);  // once is enough
        nic.ops->poll(&nic, 8);
        assert_int_equal(chip.resets, resets);
        chip.link = true;
    }
    assert_true(nic.ops->link(&nic).up);
    assert_true(receive(60));
    assert_int_equal(nic.ops->poll(&nic, 8), 1);
    finish();
    // The others need no such thing.
    reset_chip(state);
    start();
    assert_true(nic.ops->link(&nic).up);
    chip.link = false;
    unsigned resets = chip.resets;
    assert_false(nic.ops->link(&nic).up);
    nic.ops->poll(&nic, 8);
    assert_int_equal(chip.resets, resets);
    finish();
}

// No link: the PHY may be switched off, so it is reset; not where firmware needs it.
static void test_phy_reset(void **state)
{
    static const struct {
        uint16_t device;
        bool firmware;  // does not let go of it
        unsigned resets;
    } cases[] = {
        {ID_82540EM, false, 1}, {ID_82571EB, false, 1}, {ID_82574L, false, 1}, {ID_82573V, false, 1},
        {ID_82574L, true, 0},   {ID_ES2, false, 0},      {ID_82541GI, false, 1},
        {ID_82541EI, false, 2},  // with each reset of the MAC, and that is enough
    };

    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        reset_chip(state);
        become(cases[i].device);
        chip.link = false;
        chip.firmware_has_phy = cases[i].firmware;
        start();
        assert_int_equal(chip.phy_resets, cases[i].resets);
        assert_int_equal(*reg(CTRL), CTRL_SLU);
        assert_false(nic.ops->link(&nic).up);
        finish();
    }
}

static void test_addresses(void **state)
{
    static const struct {
        uint16_t device;
        bool early, loads;
        uint32_t function;
        uint8_t last;
    } cases[] = {
        {ID_82540EM, true, false, 0, 0x56},   {ID_82541GI, false, false, 0, 0x56}, {ID_82574L, false, false, 0, 0x56},
        {0x1010, true, false, 1u << 2, 0x57}, {0x1010, true, true, 1u << 2, 0x56},
    };

    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        reset_chip(state);
        become(cases[i].device);
        chip.eerd_early = cases[i].early;
        chip.loads_address = cases[i].loads;
        *reg(STATUS) = cases[i].function;
        start();
        assert_memory_equal(nic.mac, chip.mac, 5);
        assert_int_equal(nic.mac[5], cases[i].last);
        assert_int_equal(*reg(RAH0), RAH_AV | (uint32_t)cases[i].last << 8 | 0x34);
        finish();
    }
    // Lost by the reset, but firmware had it.
    reset_chip(state);
    chip.loads_address = false;
    chip.eerd_dead = true;
    memcpy(reg(RAL0), chip.mac, 4), *reg(RAH0) = 0x5634;
    start();
    assert_memory_equal(nic.mac, chip.mac, 6);
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
    uint8_t sent[INTEL_SLOT_SIZE];
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
    while (send_one(NULL))
        ;
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
        TEST(test_ids),          TEST(test_probe),        TEST(test_take_over),      TEST(test_early_chip),
        TEST(test_express),      TEST(test_phy_reset),    TEST(test_addresses),      TEST(test_receive_many),
        TEST(test_ring_full),    TEST(test_checksum_flags), TEST(test_pool_dry),     TEST(test_stop_with_frame),
        TEST(test_transmit),     TEST(test_doorbell_batch), TEST(test_link),             TEST(test_es2),
        TEST(test_link_lost),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
