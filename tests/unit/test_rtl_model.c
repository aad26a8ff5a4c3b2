// What the modelled chips do, by their registers: rings, filters, checksums, link, interrupts, states. No complaint is
// made in any of this.
#include "tests/unit/rtl_model.h"  // make_chip

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/models/complaints.h"  // complaints_count
#include "tests/models/guest_ram.h"   // guest_ram_add
#include "tests/models/rtl_regs.h"    // CR

#define US "\x02\x00\x00\x00\x00\x01"
#define OTHER "\x02\x00\x00\x00\x00\x02"
#define ALL "\xff\xff\xff\xff\xff\xff"
#define GROUP "\x01\x00\x5e\x00\x00\x01"
#define OLD_RING 0x06000000u
#define WHOLE (OWN | FS | LS)
#define BMCR 0
#define BMSR 1
#define BMCR_DOWN 0x0800
#define BMCR_RESTART 0x1200
#define BMSR_LINK 0x0004

static const struct rtl_options plain = {.link_ms = 300};
static const char *const chips[] = {"8168c", "8168evl", "8168g", "8168h", "8125b", "8136", "8169"};

static int fresh(void **state)
{
    (void)state;
    make_chip("8168h", plain);
    start_rings();
    return 0;
}

static int clean(void **state)
{
    (void)state;
    complaints_print(complaints_count() > 0 ? stderr : fopen("/dev/null", "w"));
    return complaints_count() > 0;
}

static uint32_t status_of(unsigned index)
{
    return descriptor(RX_RING, index)[0];
}

static void every_chip_moves_frames(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(chips) / sizeof(chips[0]); i++) {
        make_chip(chips[i], plain);
        start_rings();
        assert_int_equal(rd(TCR, 4) >> 20 & 0xfcf, chip.chip->xid);
        put_tx(0, 60, WHOLE, 0);
        doorbell();
        assert_int_equal(sent_length, 60);
        assert_false(descriptor(TX_RING, 0)[0] & OWN);
        assert_true(arrives(US, 100));
        assert_int_equal(status_of(0) & (OWN | FS | LS | RX_RES | RX_LENGTH), FS | LS | 104);
        assert_memory_equal(ram + (RX_BUFFER - RAM_AT), arriving, 100);
        assert_int_equal(complaints_count(), 0);
    }
}

static void frames_of_several_descriptors(void **state)
{
    (void)state;
    memset(ram + (TX_BUFFER - RAM_AT), 0x77, 100);
    put_tx(0, 40, OWN | FS, 0);
    put_tx(1, 30, OWN, 0);
    put_tx(2, 30, OWN | LS, 0);
    put_tx(3, 64, WHOLE | EOR, 0);
    doorbell();
    assert_int_equal(sent_count, 2);
    assert_int_equal(chip.tx_index, 0);
    for (unsigned i = 0; i < RING; i++)
        descriptor(RX_RING, i)[0] = OWN | (i == RING - 1 ? EOR : 0) | 64;
    assert_true(arrives(US, 150));
    assert_int_equal(status_of(0), FS | 64);
    assert_int_equal(status_of(1), 64);
    assert_int_equal(status_of(2) & (FS | LS | RX_LENGTH), LS | 154);
    // The next one finds a descriptor for its first half only.
    assert_true(arrives(US, 100));
    assert_int_equal(status_of(3), FS | EOR | 64);
    assert_int_equal(chip.counters.rx_frames, 1);
}

static void full_ring(void **state)
{
    (void)state;
    for (unsigned i = 0; i < RING; i++)
        assert_true(arrives(ALL, 60));
    assert_false(arrives(ALL, 60));
    assert_true(rd(ISR, 2) & INT_RDU);
    descriptor(RX_RING, 0)[0] |= OWN;
    assert_true(arrives(ALL, 60));
    chip.options.drop = true;
    assert_true(arrives(ALL, 60));
    assert_int_equal(chip.counters.rx_frames, RING + 1);
    assert_int_equal(chip.counters.rx_no_descriptor, 2);
}

static void filters(void **state)
{
    (void)state;
    assert_true(arrives(OTHER, 60) && arrives(GROUP, 60));
    assert_int_equal(chip.counters.rx_filtered, 2);
    wr(MAR0, 4, 0xffffffff);
    wr(MAR0 + 4, 4, 0xffffffff);
    arrives(GROUP, 60);
    assert_int_equal(status_of(0) & (OWN | RX_MULTICAST), RX_MULTICAST);
    wr(RCR, 4, 0xcf00 | RCR_AAP);
    arrives(OTHER, 60);
    assert_int_equal(status_of(1) & OWN, 0);
    wr(RCR, 4, 0xcf00);
    arrives(US, 60);
    arrives(ALL, 60);
    assert_int_equal(chip.counters.rx_filtered, 4);
}

// The CRC of this group begins with the bits of 31: the registers' last bit of the first word, and behind PCI Express,
// where drivers write the eight bytes backwards, that of the fifth byte.
static void multicast_hash(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        make_chip(i == 0 ? "8169" : "8168h", plain);
        start_rings();
        wr(MAR0, 4, i == 0 ? ~0x80000000u : ~0u);
        wr(MAR0 + 4, 4, i == 0 ? ~0u : ~0x80u);
        arrives(GROUP, 60);
        assert_int_equal(chip.counters.rx_filtered, 1);
        wr(MAR0, 4, i == 0 ? 0x80000000u : 0);
        wr(MAR0 + 4, 4, i == 0 ? 0 : 0x80);
        arrives(GROUP, 60);
        assert_int_equal(chip.counters.rx_frames, 1);
    }
}

static void error_frames(void **state)
{
    unsigned bad = 0;

    (void)state;
    chip.options.error_every = 3;
    for (unsigned i = 0; i < 9; i++) {
        unsigned at = chip.rx_index;
        descriptor(RX_RING, at)[0] |= OWN;
        arrives(US, 80);
        bad += (status_of(at) & (RX_RES | RX_CRC)) == (RX_RES | RX_CRC);
    }
    assert_int_equal(bad, 3);
    wr(RMS, 2, 100);
    descriptor(RX_RING, 1)[0] = OWN | BUFFER_SIZE;
    arrives(US, 97);
    assert_int_equal(status_of(1) & (RX_RES | RX_RWT), RX_RES | RX_RWT);
}

static void make_udp(uint8_t *frame)
{
    memset(frame, 0, 60);
    memcpy(frame, US US "\x08\x00\x45\x00\x00\x20\x00\x01\x00\x00\x40\x11\x00\x00\x0a\x00\x00\x01\x0a\x00\x00\x02"
           "\x10\x00\x20\x00\x00\x0c\x00\x00" "data", 46);
}

static void checksums(void **state)
{
    uint8_t *frame = ram + (TX_BUFFER - RAM_AT);

    (void)state;
    make_udp(frame);
    put_tx(0, 60, WHOLE, TX_UDP_V2 | TX_IP4_V2 | 34u << 18);
    doorbell();
    wr(CPCR, 2, CPCR_RXCHKSUM);
    memcpy(arriving, sent, 60);
    arrives(US, 60);
    assert_int_equal(status_of(0) & (RX_UDP | RX_TCP | RX_IP_BAD | RX_UDP_BAD), RX_UDP);
    arriving[45] ^= 1;
    arrives(US, 60);
    assert_int_equal(status_of(1) & (RX_UDP | RX_TCP | RX_IP_BAD | RX_UDP_BAD), RX_UDP | RX_UDP_BAD);
    arriving[45] ^= 1;
    arriving[30] ^= 1;          // the destination's address: both
    arrives(US, 60);
    assert_int_equal(status_of(2) & (RX_UDP | RX_TCP | RX_IP_BAD | RX_UDP_BAD), RX_UDP | RX_IP_BAD | RX_UDP_BAD);
    arriving[12] = 0x12;
    arrives(US, 60);
    assert_int_equal(status_of(3) & (RX_UDP | RX_TCP | RX_IP_BAD | RX_UDP_BAD), 0);
}

// RFC 1071's arithmetic by hand: 4500 0020 0001 0000 4011 0000 0a00 0001 0a00 0002 sum to 9935, so the checksum is 66ca.
static void checksum_by_hand(void **state)
{
    (void)state;
    make_udp(ram + (TX_BUFFER - RAM_AT));
    put_tx(0, 60, WHOLE, TX_IP4_V2);
    doorbell();
    assert_int_equal(sent[24] << 8 | sent[25], 0x66ca);
    make_chip("8169", plain);
    start_rings();
    make_udp(ram + (TX_BUFFER - RAM_AT));
    put_tx(0, 60, WHOLE | TX_IP_V1, 0);
    doorbell();
    assert_int_equal(sent[24] << 8 | sent[25], 0x66ca);
}

static void vlan_tags(void **state)
{
    (void)state;
    wr(CPCR, 2, CPCR_VLAN);
    memcpy(arriving + 12, "\x81\x00\x20\x05\x08\x00", 6);
    arrives(US, 80);
    assert_int_equal(descriptor(RX_RING, 0)[1], RX_TAG | 0x0520);
    assert_int_equal(status_of(0) & RX_LENGTH, 80);
    put_tx(0, 60, WHOLE, TX_TAG | 0x0520);
    doorbell();
    assert_int_equal(sent_length, 64);
    assert_memory_equal(sent + 12, "\x81\x00\x20\x05", 4);
}

static void gate_and_oob(void **state)
{
    (void)state;
    wr(MISC, 4, rd(MISC, 4) | MISC_GATE);
    assert_int_equal(rd(MCU, 1) & MCU_EMPTY, MCU_EMPTY);
    arrives(US, 60);
    wr(MISC, 4, rd(MISC, 4) & ~MISC_GATE);
    wr(MCU, 1, MCU_OOB);
    arrives(US, 60);
    assert_int_equal(chip.counters.rx_while_off, 2);
    wr(MCU, 1, 0);
    arrives(US, 60);
    assert_int_equal(chip.counters.rx_frames, 1);
}

static void leaves_gated_state(void **state)
{
    (void)state;
    make_chip("8168g", (struct rtl_options){.state = RTL_GATED});
    start_rings();
    wr(RCR, 4, 0xcf00 | RCR_AB);
    arrives(ALL, 60);
    wr(MISC, 4, rd(MISC, 4) & ~MISC_GATE);
    arrives(ALL, 60);
    wr(MCU, 1, rd(MCU, 1) & ~(uint32_t)MCU_OOB);
    arrives(ALL, 60);
    assert_int_equal(chip.counters.rx_while_off, 3);
    assert_false(rd(MCU, 1) & MCU_READY);
    wr(OCPDR, 4, (OCP_OOB / 2u) << 16);
    assert_int_equal(rd(OCPDR, 4), OCP_OOB_BIT14);
    wr(OCPDR, 4, WINDOW_FLAG | (OCP_OOB / 2u) << 16);
    assert_true(rd(MCU, 1) & MCU_READY);
    arrives(ALL, 60);
    assert_int_equal(chip.counters.rx_frames, 1);
}

static uint32_t phy(unsigned n)
{
    wr(PHYAR, 4, n << 16);
    assert_true(rd(PHYAR, 4) & WINDOW_FLAG);
    return rd(PHYAR, 4) & 0xffff;
}

static void link_comes_late(void **state)
{
    (void)state;
    wr(PHYAR, 4, WINDOW_FLAG | BMCR << 16 | BMCR_RESTART);
    assert_false(rd(PHYSTATUS, 1) & PHYSTATUS_LINK);
    pass_ms(299);
    assert_false(rd(PHYSTATUS, 1) & PHYSTATUS_LINK);
    pass_ms(1);
    assert_int_equal(rd(PHYSTATUS, 1) & (PHYSTATUS_LINK | PHYSTATUS_1000), PHYSTATUS_LINK | PHYSTATUS_1000);
    assert_true(rd(ISR, 2) & INT_LINK);
    // BMSR's bit tells once that there was a loss.
    assert_false(phy(BMSR) & BMSR_LINK);
    assert_true(phy(BMSR) & BMSR_LINK);
    rtl_phy_cable(&chip, false);
    pass_ms(1000);
    assert_int_equal(rd(PHYSTATUS, 1), 0);
    arrives(ALL, 60);
    assert_int_equal(chip.counters.rx_while_off, 1);
    wr(PHYAR, 4, WINDOW_FLAG | BMCR << 16 | BMCR_DOWN);
    rtl_phy_cable(&chip, true);
    pass_ms(1000);
    assert_int_equal(rd(PHYSTATUS, 1), 0);
    assert_int_equal(phy(2) << 16 | phy(3), 0x001cc800);
}

static void speeds(void **state)
{
    (void)state;
    make_chip("8136", plain);
    assert_true(rd(PHYSTATUS, 1) & PHYSTATUS_100);
    make_chip("8125b", plain);
    assert_true(rd(PHYSTATUS, 2) & PHYSTATUS_2500);
    wr(GPHY_OCP, 4, WINDOW_FLAG | (PHY_ADV2500 / 2u) << 16);
    wr(GPHY_OCP, 4, WINDOW_FLAG | (PHY_OCP_BASE / 2u) << 16 | BMCR_RESTART);
    pass_ms(ANY_MS);
    assert_int_equal(rd(PHYSTATUS, 2) & (PHYSTATUS_2500 | PHYSTATUS_1000), PHYSTATUS_1000);
}

static void addresses(void **state)
{
    (void)state;
    wr(ERIAR, 4, 0xf000 | ERI_MAC);
    assert_true(rd(ERIAR, 4) & WINDOW_FLAG);
    assert_int_equal(rd(ERIDR, 4), 2);
    wr(ERIDR, 4, 0xaabbccdd);
    wr(ERIAR, 4, WINDOW_FLAG | 0x3000 | 0x100);
    assert_false(rd(ERIAR, 4) & WINDOW_FLAG);
    wr(ERIAR, 4, 0xf000 | 0x100);
    assert_int_equal(rd(ERIDR, 4), 0xccdd);
    wr(CSIAR, 4, 0xf000);
    assert_int_equal(rd(CSIDR, 4), 0x816810ec);
    make_chip("8125b", plain);
    assert_int_equal(rd(MAC_BACKUP, 4), 2);
    make_chip("8168evl", plain);
    wr(ERIAR, 4, 0xf000 | ERI_MAC);
    assert_int_equal(rd(ERIDR, 4), 0);
}

static void interrupts(void **state)
{
    (void)state;
    wr(IMR, 2, INT_ROK);
    arrives(US, 60);
    arrives(US, 60);
    assert_int_equal(chip.interrupts.edges, 1);
    wr(ISR, 2, rd(ISR, 2));
    assert_false(chip.interrupts.raised);
    pci_config_write(&chip.config, 0x54, 0xfee00000, 4);
    pci_config_write(&chip.config, 0x52, 1, 2);
    arrives(US, 60);
    arrives(US, 60);
    assert_int_equal(chip.interrupts.msis, 1);
    assert_int_equal(chip.interrupts.edges, 1);
    wr(IMR, 2, 0);
    wr(IMR, 2, INT_ROK);
    assert_int_equal(chip.interrupts.msis, 2);
}

static void lost_doorbells_and_deafness(void **state)
{
    (void)state;
    chip.options.lose_doorbell = 2;
    put_tx(0, 60, WHOLE, 0);
    put_tx(1, 60, WHOLE, 0);
    doorbell();
    assert_int_equal(sent_count, 2);
    put_tx(2, 60, WHOLE, 0);
    doorbell();
    assert_int_equal(sent_count, 2);
    doorbell();
    assert_int_equal(sent_count, 3);
    chip.options.deaf_after_link_loss = true;
    rtl_phy_cable(&chip, false);
    rtl_phy_cable(&chip, true);
    pass_ms(ANY_MS);
    arrives(US, 60);
    assert_int_equal(chip.counters.rx_frames, 0);
    start_rings();
    arrives(US, 60);
    assert_int_equal(chip.counters.rx_frames, 1);
}

static void leaves_sleep(void **state)
{
    (void)state;
    make_chip("8168g", (struct rtl_options){.state = RTL_ASLEEP});
    pci_config_write(&chip.config, 0x44, 0, 2);
    assert_int_equal(rd(PHYSTATUS, 1), 0);
    wr(GPHY_OCP, 4, (PHY_STATE / 2u) << 16);
    assert_int_equal(rd(GPHY_OCP, 4) & 7, PHY_STATE_SLEEPS);
    assert_int_not_equal(phy(2 + 16), 0x001c);
    wr(PHYAR, 4, WINDOW_FLAG | 31u << 16);
    assert_int_equal(phy(2), 0x001c);
    wr(PHYAR, 4, WINDOW_FLAG | BMCR << 16 | BMCR_RESTART);
    pass_ms(ANY_MS);
    assert_true(rd(PHYSTATUS, 1) & PHYSTATUS_LINK);
    wr(GPHY_OCP, 4, (PHY_STATE / 2u) << 16);
    assert_int_equal(rd(GPHY_OCP, 4) & 7, PHY_STATE_ON);
}

// The order in which engines are turned on and set up.
static void settings_of_engines_that_are_off(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        make_chip(i == 0 ? "8168evl" : "8168g", plain);
        wr(RCR, 4, 0xc70e);
        wr(TCR, 4, 0x03000700);
        assert_int_equal(rd(RCR, 4), i == 0 ? 0 : 0xc70e);
        assert_int_equal(rd(TCR, 4) & 0x03000700, i == 0 ? 0 : 0x03000700);
        start_rings();
        wr(TCR, 4, 0x03000700);
        assert_int_equal(rd(RCR, 4), 0xcf0e);
        assert_int_equal(rd(TCR, 4) & 0x03000700, 0x03000700);
    }
}

static void firmware_is_stopped(void **state)
{
    static uint8_t old[0x10000];
    uint64_t frames;

    (void)state;
    make_chip("8168h", (struct rtl_options){.state = RTL_RUNNING});
    guest_ram_add(OLD_RING, old, sizeof(old));
    assert_int_equal(rd(CR, 1), CR_RE | CR_TE);
    for (unsigned i = 0; i < 20; i++)
        pass_ms(10);
    frames = chip.counters.old_frames;
    assert_true(frames >= 20);
    assert_int_equal(old[0x1000], 0xdb);
    pci_command(2);
    pass_ms(10);
    assert_int_equal(chip.counters.old_frames, frames);
    assert_true(rtl_next(&chip) != RTL_NEVER);
    wr(CR, 1, CR_RST);
    pass_ms(10);
    assert_true(rtl_next(&chip) == RTL_NEVER);
    pci_command(6);
    pass_ms(10);
    assert_int_equal(chip.counters.old_frames, frames);
}

// The same registers by ports.
static void ports(void **state)
{
    (void)state;
    rtl_write(&chip, 0, MAR0, 4, 0x12345678);
    assert_int_equal(rd(MAR0, 4), 0x12345678);
    assert_int_equal(rtl_read(&chip, 0, TCR, 4) >> 20 & 0xfcf, 0x541);
}

static void bars(void **state)
{
    (void)state;
    chip.config.sized = false;
    pci_config_write(&chip.config, 0x18, 0xffffffff, 4);
    assert_int_equal(pci_config_read(&chip.config, 0x18, 4), 0xfffff004);
    pci_config_write(&chip.config, 0x1c, 0xffffffff, 4);
    assert_int_equal(pci_config_read(&chip.config, 0x1c, 4), 0);
    chip.config.sized = true;
    pci_config_write(&chip.config, 0x1c, 0xffffffff, 4);
    assert_int_equal(pci_config_read(&chip.config, 0x1c, 4), 0xffffffff);
    assert_int_equal(pci_config_read(&chip.config, 0x100, 4), 0xffffffff);
    pci_config_write(&chip.config, 0, 0, 4);
    assert_int_equal(pci_config_read(&chip.config, 0, 4), 0x816810ec);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_chip_moves_frames, fresh, clean),
        cmocka_unit_test_setup_teardown(frames_of_several_descriptors, fresh, clean),
        cmocka_unit_test_setup_teardown(full_ring, fresh, clean),
        cmocka_unit_test_setup_teardown(filters, fresh, clean),
        cmocka_unit_test_setup_teardown(multicast_hash, fresh, clean),
        cmocka_unit_test_setup_teardown(error_frames, fresh, clean),
        cmocka_unit_test_setup_teardown(checksums, fresh, clean),
        cmocka_unit_test_setup_teardown(checksum_by_hand, fresh, clean),
        cmocka_unit_test_setup_teardown(vlan_tags, fresh, clean),
        cmocka_unit_test_setup_teardown(gate_and_oob, fresh, clean),
        cmocka_unit_test_setup_teardown(leaves_gated_state, fresh, clean),
        cmocka_unit_test_setup_teardown(link_comes_late, fresh, clean),
        cmocka_unit_test_setup_teardown(speeds, fresh, clean),
        cmocka_unit_test_setup_teardown(addresses, fresh, clean),
        cmocka_unit_test_setup_teardown(interrupts, fresh, clean),
        cmocka_unit_test_setup_teardown(lost_doorbells_and_deafness, fresh, clean),
        cmocka_unit_test_setup_teardown(leaves_sleep, fresh, clean),
        cmocka_unit_test_setup_teardown(settings_of_engines_that_are_off, fresh, clean),
        cmocka_unit_test_setup_teardown(firmware_is_stopped, fresh, clean),
        cmocka_unit_test_setup_teardown(ports, fresh, clean),
        cmocka_unit_test_setup_teardown(bars, fresh, clean),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
