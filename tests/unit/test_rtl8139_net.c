// The RTL8139 driver at work: versions and cards, bring-up, MAC address, frames around the ring, sending, link.
// Every test ends with all memory back and the chip silent.

#include "tests/unit/rtl8139_fake.h"  // reset_chip
#include "lib/err.h"                  // ERR_UNSUPPORTED

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define BATCH 20u         // full frames that the ring holds
#define RCR_VALUE 0xf78au // whole frames, a ring of 32 KiB, WRAP, no limit of a burst; ours and broadcasts

static void test_probe(void **state)
{
    (void)state;
    assert_int_equal(probe(), 0);
    assert_memory_equal(nic.mac, "\x52\x54\x00\x12\x34\x56", 6);
    assert_string_equal(nic.chip, "RTL8139C+ rev 32");
    assert_int_equal(nic.mtu, 1500);
    assert_int_equal(nic.features, 0);
    assert_false(chip.bus_master);
    assert_int_equal(chip.regs[CR], 0);
    assert_int_equal(dma_live, 0);
    assert_string_equal(last_warning, "");
    free(nic.priv);
}

// Each version is named, by the bits of TCR that tell it; one that nobody knows is tried, which is said.
static void test_versions(void **state)
{
    static const struct { uint32_t tcr; const char *name; uint32_t flags; } cases[] = {
        {0x40000000, "RTL8139 rev 32", RTL8139_SLEEPS},
        {0x60000000, "RTL8139K rev 32", RTL8139_SLEEPS},
        {0x70000000, "RTL8139A rev 32", RTL8139_SLEEPS},
        {0x70800000, "RTL8139A-G rev 32", RTL8139_SLEEPS},
        {0x78000000, "RTL8139B rev 32", 0},
        {0x7c000000, "RTL8130 rev 32", 0},
        {0x74000000, "RTL8139C rev 32", 0},
        {0x78800000, "RTL8100 rev 32", 0},
        {0x74400000, "RTL8139D rev 32", 0},
        {0x74800000, "RTL8139C+ rev 32", RTL8139_CPLUS},
        {0x74c00000, "RTL8101 rev 32", 0},
        {0x00000000, "RTL8139? rev 32", 0},
        {0x7cc00000, "RTL8139? rev 32", 0},
    };

    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        reset_chip(state);
        chip.version = cases[i].tcr;
        start();
        assert_string_equal(nic.chip, cases[i].name);
        assert_int_equal(driver()->flags, cases[i].flags);
        assert_int_equal(!!*last_warning, !!strchr(nic.chip, '?'));
        if (*last_warning) {
            char said[40];
            snprintf(said, sizeof(said), "version 0x%08x is not known", cases[i].tcr);
            assert_non_null(strstr(last_warning, said));
        }
        assert_true(receive(100));
        assert_int_equal(nic.ops->poll(&nic, 8), 1);
        finish();
    }
}

// Every card of the table, by its own name and the chip's.
static void test_cards(void **state)
{
    unsigned count = 0;

    for (const struct nic_id *id = rtl8139_ids; id->vendor; id++, count++) {
        reset_chip(state);
        become(id->vendor, id->device);
        chip.version = 0x74000000;
        start();
        assert_int_equal(strncmp(nic.chip, "RTL8139C ", 9), 0);
        assert_true(!id->name || strstr(nic.chip, id->name));
        assert_non_null(strstr(nic.chip, " rev 32"));  // not cut off
        finish();
    }
    assert_int_equal(count, 21);
}

// Firmware's receiver runs, old addresses are set, the chip sleeps, the C+ mode is on.
static void test_take_over(void **state)
{
    (void)state;
    chip.bus_master = true;
    chip.keeps_descriptor_mode = true;
    memset(&chip.regs[MAR0], 0xff, 8);
    set32(RBSTART, 0x1000);
    chip.regs[CR] = CR_RE | CR_TE;
    set16(IMR, 0xe07f);
    set16(CPCR, 0x2b);
    set16(CBR, 0x1234);
    set32(RCR, 0xffffffff);
    start();
    assert_int_equal(reg16(IMR), 0);
    assert_int_equal(reg16(CPCR), 0);
    assert_int_equal(reg32(MAR0) | reg32(MAR4), 0);
    assert_int_equal(reg32(RCR), RCR_VALUE);
    assert_int_equal(reg32(TCR), TCR_IFG_NORMAL | TCR_MXDMA_1024);
    assert_int_equal(reg16(CAPR), 0xfff0);
    assert_int_equal(chip.negotiations, 0);
    assert_true(receive(100));
    assert_int_equal(nic.ops->poll(&nic, 8), 1);
    finish();
    reset_chip(state);
    chip.version = VERSION_A;
    chip.halted = true;
    chip.regs[CONFIG1] = CONFIG1_SLEEP | CONFIG1_PWRDN | 0x0c;
    start();
    assert_string_equal(nic.chip, "RTL8139A rev 32");
    assert_int_equal(chip.regs[CONFIG1], 0x0c);
    assert_int_equal(reg32(RCR), RCR_VALUE);
    finish();
}

// No address was loaded: the EEPROM has it, of either size. Without either there is none.
static void test_eeprom(void **state)
{
    for (unsigned bits = 6; bits <= 8; bits += 2) {
        reset_chip(state);
        memset(chip.regs, 0, 6);
        chip.eeprom_bits = bits;
        chip.eeprom[0] = EE_ID;
        chip.eeprom[7] = 0x5452;
        chip.eeprom[8] = 0x6500;
        chip.eeprom[9] = 0xa987;
        start();
        assert_memory_equal(nic.mac, "\x52\x54\x00\x65\x87\xa9", 6);
        assert_memory_equal(chip.regs, nic.mac, 6);  // the chip filters by it
        assert_in_range(chip.eeprom_reads, 4, 5);
        finish();
    }
    reset_chip(state);
    memset(chip.regs, 0, 6);
    assert_int_equal(probe(), ERR_NIC_INIT_FAILED);
    assert_non_null(strstr(fail_detail(), "no EEPROM"));
    assert_int_equal(chip.regs[EECR], EECR_NORMAL);
    chip.eeprom_bits = 6;
    chip.eeprom[0] = EE_ID;
    chip.eeprom[7] = 0x0001;  // a group's
    assert_int_equal(probe(), ERR_NIC_INIT_FAILED);
    assert_non_null(strstr(fail_detail(), "01:00:00"));
}

// Many frames of all sizes, many times around the ring and over its end, while the stack keeps some.
static void receive_many(void)
{
    unsigned received = 0, sent = 0;

    start();
    for (unsigned round = 0; round < 800; round++) {
        unsigned given = chip.capr_writes, crs = chip.crs, cbrs = chip.cbrs;
        for (unsigned i = 0; i < BATCH; i++, sent++)
            assert_true(receive(60 + (round * 31 + i * 97) % 1455));
        received += nic.ops->poll(&nic, 12);
        received += nic.ops->poll(&nic, 12);
        assert_int_equal(nic.ops->poll(&nic, 12), 0);
        assert_int_equal(chip.capr_writes - given, 2);
        assert_int_equal(chip.crs - crs, 3);    // a turn costs the same, however many frames it brings
        assert_int_equal(chip.cbrs - cbrs, 2);
        for (unsigned i = 0; i < frame_count; i += 13)
            check_frame(i, frames[i]->tot_len);
        if (round % 100 == 0)
            drop_frames();
    }
    assert_int_equal(received, sent);
    assert_int_equal(nic.stats.rx_frames, received);
    assert_int_equal(nic.stats.rx_errors, 0);
    assert_int_equal(chip.receiver_starts, 1);
    finish();
}

static void test_receive_many(void **state)
{
    receive_many();
    reset_chip(state);
    chip.counts_bytes = true;
    receive_many();
}

// A frame that begins with its header in the ring's last four bytes lies behind the end, whole.
static void test_ring_end(void **state)
{
    (void)state;
    start();
    for (unsigned room = RX_HEADER; room <= 1540; room += 4) {
        while (reg16(CBR) != RX_RING - room) {
            uint32_t left = (RX_RING - room - reg16(CBR)) % RX_RING;
            uint32_t size = left > 3200 ? 1600 : left > 1600 ? 800 : left;
            if (size < 72 || size > 1500)
                size = size < 72 ? 72 : 1500;
            assert_true(receive(size - RX_HEADER - FCS));
            assert_int_equal(nic.ops->poll(&nic, 8), 1);
            drop_frames();
        }
        assert_true(receive(1514));
        assert_true(receive(60));
        assert_int_equal(nic.ops->poll(&nic, 8), 2);
        check_frame(0, 1514);
        check_frame(1, 60);
        drop_frames();
    }
    assert_int_equal(nic.stats.rx_errors, 0);
    finish();
}

// All lengths that are frames.
static void test_lengths(void **state)
{
    (void)state;
    start();
    for (uint32_t length = 14; length <= 1518; length++) {
        assert_true(receive(length));
        assert_int_equal(nic.ops->poll(&nic, 8), 1);
        check_frame(0, length);
        drop_frames();
    }
    finish();
}

// The stack keeps everything: frames stay in the ring, nothing breaks, and it goes on.
static void test_pool_dry(void **state)
{
    unsigned kept = 0;

    (void)state;
    start();
    while (kept < driver()->pool.count) {
        assert_true(receive(100));
        kept++;
        assert_int_equal(nic.ops->poll(&nic, 8), 1);
    }
    assert_true(receive(101));
    assert_int_equal(nic.ops->poll(&nic, 8), 0);
    assert_int_equal(nic.stats.rx_no_buffer, 1);
    clock_us += 1000000;  // not the chip's fault
    assert_int_equal(nic.ops->poll(&nic, 8), 0);
    assert_int_equal(nic.stats.rx_errors, 0);
    pbuf_free(frames[--frame_count]);
    assert_int_equal(nic.ops->poll(&nic, 8), 1);
    check_frame(frame_count - 1, 101);
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
    assert_int_equal(dma_live, 1);
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
    assert_int_equal(count, TX_SLOTS);
    assert_int_equal(chip.tsd_writes, TX_SLOTS);
    assert_int_equal(nic.ops->transmit(&nic, huge), ERR_UNSUPPORTED);
    assert_int_equal(send_one(sent), 1514);
    assert_memory_equal(sent, frame->payload, 1514);
    assert_true(nic.ops->sending(&nic));
    while (send_one(NULL))
        ;
    assert_false(nic.ops->sending(&nic));
    for (unsigned i = 0; i < 3000; i++) {  // outside poll(), slots are found free when they are needed
        assert_int_equal(nic.ops->transmit(&nic, i % 2 ? small : frame), 0);
        assert_int_equal(send_one(sent), i % 2 ? 60 : 1514);
        assert_memory_equal(sent, i % 2 ? small->payload : frame->payload, 42);
        for (unsigned b = 42; i % 2 && b < 60; b++)
            assert_int_equal(sent[b], 0);
    }
    assert_int_equal(frame->ref, 1);
    assert_int_equal(nic.stats.tx_frames, TX_SLOTS + 3000);
    assert_int_equal(nic.stats.tx_errors, 1);  // the huge one
    pbuf_free(frame);
    pbuf_free(small);
    pbuf_free(huge);
    finish();
}

static void test_link(void **state)
{
    static const struct { uint16_t bmcr, mine, other; bool full; } cases[] = {
        {BMCR_NEGOTIATE, 0x01e1, 0x01e1, true},   // 100 full
        {BMCR_NEGOTIATE, 0x01e1, 0x00e1, false},  // 100 half before 10 full
        {BMCR_NEGOTIATE, 0x01e1, 0x0061, true},   // 10 full
        {BMCR_NEGOTIATE, 0x01e1, 0x0021, false},
        {BMCR_NEGOTIATE, 0x01e1, 0x0000, false},  // a hub negotiates nothing
        {0, 0x01e1, 0x01e1, false},               // forced
        {BMCR_FULL_DUPLEX, 0, 0, true},
    };

    (void)state;
    start();
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        set16(BMCR, cases[i].bmcr);
        set16(ANAR, cases[i].mine);
        set16(ANLPAR, cases[i].other);
        chip.regs[MSR] = i % 2 ? MSR_SPEED_10 : 0;
        struct nic_link link = nic.ops->link(&nic);
        assert_true(link.up);
        assert_int_equal(link.mbps, i % 2 ? 10 : 100);
        assert_int_equal(link.full_duplex, cases[i].full);
    }
    chip.link = false;
    assert_false(nic.ops->link(&nic).up);
    chip.link = true;
    assert_true(nic.ops->link(&nic).up);
    finish();
}

// A PHY that was left off, forced, or at 10 Mb/s to save power is told to negotiate; one without a link, too.
static void test_negotiation(void **state)
{
    static const struct { uint16_t bmcr, anar; bool link, again, again_cplus; } cases[] = {
        {BMCR_NEGOTIATE | BMCR_POWER_DOWN, 0x01e1, true, true, true},
        {BMCR_NEGOTIATE | BMCR_ISOLATE, 0x01e1, true, true, false},  // the C+ has another bit there
        {0, 0x01e1, true, true, true},
        {BMCR_NEGOTIATE, 0x0461, true, true, true},
        {BMCR_NEGOTIATE, 0x01e1, false, true, true},
        {BMCR_NEGOTIATE, 0x01e1, true, false, false},
    };

    for (unsigned k = 0; k < 2 * sizeof(cases) / sizeof(cases[0]); k++) {
        unsigned i = k / 2;
        bool again = k % 2 ? cases[i].again : cases[i].again_cplus;
        reset_chip(state);
        chip.version = k % 2 ? 0x74000000 : VERSION_CPLUS;
        set16(BMCR, cases[i].bmcr);
        set16(ANAR, cases[i].anar);
        chip.link = cases[i].link;
        uint64_t begun = clock_us;
        start();
        assert_int_equal(chip.negotiations, again);
        assert_int_equal(reg16(BMCR), again ? BMCR_NEGOTIATE : cases[i].bmcr);
        assert_int_equal(reg16(ANAR), cases[i].anar | 0x01e1);
        assert_true(clock_us - begun < 100000);
        finish();
    }
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup(f, reset_chip)
    const struct CMUnitTest tests[] = {
        TEST(test_probe),    TEST(test_versions), TEST(test_cards),    TEST(test_take_over),       TEST(test_eeprom),
        TEST(test_ring_end), TEST(test_lengths),  TEST(test_pool_dry), TEST(test_stop_with_frame), TEST(test_transmit),
        TEST(test_link),     TEST(test_negotiation), TEST(test_receive_many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
