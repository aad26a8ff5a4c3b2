// The chips of the Realtek driver's table: every version that r8169 knows, found and at work; the states in which
// firmware and other drivers leave them; PHYs that were switched off; MAC addresses; management firmware. Every test
// ends with all buffers back and the chip silent. What is written to each version: test_realtek_fixups.c.

#include "tests/unit/realtek_fake.h"  // reset_chip
#include "lib/err.h"                  // ERR_NIC_INIT_FAILED

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

// ---- ids --------------------------------------------------------------------------------------------

static const struct {
    uint16_t vendor, device;
    uint32_t flags;
} known_ids[] = {
    {0x10ec, 0x8136, RTL_FAST},
    {0x10ec, 0x2502, 0}, {0x10ec, 0x2600, 0}, {0x10ec, 0x8161, 0}, {0x10ec, 0x8168, 0}, {0x10ff, 0x8168, 0},
    {0x10ec, 0x8129, RTL_PCI}, {0x10ec, 0x8167, RTL_PCI}, {0x10ec, 0x8169, RTL_PCI}, {0x1186, 0x4300, RTL_PCI},
    {0x1186, 0x4302, RTL_PCI}, {0x1259, 0xc107, RTL_PCI}, {0x16ec, 0x0116, RTL_PCI}, {0x1737, 0x1032, RTL_PCI},
    {0x10ec, 0x3000, RTL_8125}, {0x10ec, 0x8125, RTL_8125}, {0x10ec, 0x8162, RTL_8125},
    {0x10ec, 0x5000, RTL_8125 | RTL_8126}, {0x10ec, 0x8126, RTL_8125 | RTL_8126},
};
#define KNOWN_IDS (sizeof(known_ids) / sizeof(known_ids[0]))

static void test_ids(void **state)
{
    unsigned count = 0;

    (void)state;
    for (const struct nic_id *id = rtl_ids; id->vendor; id++, count++) {
        assert_true(strlen(id->name) > 0 && strlen(id->name) < 32);
        unsigned i = 0;
        while (i < KNOWN_IDS && (known_ids[i].vendor != id->vendor || known_ids[i].device != id->device))
            i++;
        assert_true(i < KNOWN_IDS);
        assert_int_equal(known_ids[i].flags, id->flags);
        for (const struct nic_id *other = rtl_ids; other < id; other++)
            assert_false(other->vendor == id->vendor && other->device == id->device);
    }
    assert_int_equal(count, KNOWN_IDS);
}

// The first row of r8169's table, in its order, that takes version `xid`; NULL when there is none of this kind.
static const struct model *expected_model(uint16_t xid, uint32_t kind)
{
    for (size_t i = 0; i < model_count; i++)
        if (models[i].mask && (models[i].traits & (M_PCI | M_8125)) == kind &&
            (xid & models[i].mask) == (models[i].xid & models[i].mask))
            return &models[i];
    return NULL;
}

// No row of the table hides another: all 4096 versions, of each kind.
static void test_every_version(void **state)
{
    static const struct { uint32_t flags, traits; const char *newest; } kinds[] = {
        {0, 0, "RTL8168H/8111H"},
        {RTL_FAST, 0, "RTL8168H/8111H"},
        {RTL_PCI, M_PCI, "RTL8169SC/8110SC"},
        {RTL_8125, M_8125, "RTL8125B"},
        {RTL_8125 | RTL_8126, M_8125, "RTL8126A"},
    };
    unsigned found = 0;

    (void)state;
    for (unsigned kind = 0; kind < sizeof(kinds) / sizeof(kinds[0]); kind++)
        for (uint16_t xid = 0; xid < 0x1000; xid++) {
            bool known = false;
            if (xid & ~TCR_XID_MASK)
                continue;  // not part of it
            const struct rtl_chip *row = rtl_find_chip(xid, kinds[kind].flags, &known);
            const struct model *model = expected_model(xid, kinds[kind].traits);
            assert_non_null(row);
            assert_int_equal(known, model != NULL);
            assert_string_equal(row->name, model ? model->name : kinds[kind].newest);
            found += known;
            if (!model)
                continue;
            assert_int_equal(row->rcr, model->rcr);
            assert_int_equal(!!(row->flags & RTL_PCI), !!(model->traits & M_PCI));
            assert_int_equal(!!(row->flags & RTL_FAST), !!(model->traits & M_FAST));
        }
    assert_true(found > 100);
}

// Each of them starts, receives and sends; and again after a stop.
static void test_every_model(void **state)
{
    struct pbuf *frame = make_frame(1514);
    uint8_t sent[TX_SLOT_SIZE];
    char name[64];

    for (size_t i = 0; i < model_count; i++) {
        reset_chip(state);
        become(models[i].xid);
        start();
        snprintf(name, sizeof(name), "%s version %03x", models[i].name, models[i].xid);
        assert_string_equal(nic.chip, name);
        assert_string_equal(last_warning, "");
        assert_memory_equal(nic.mac, chip.mac, 6);
        for (unsigned round = 0; round < 2; round++) {
            assert_true(nic.ops->link(&nic).up);
            for (unsigned k = 0; k < 1100; k++) {  // both rings wrap
                assert_true(receive(60 + k % 1455));
                assert_int_equal(poll(8), 1);
                check_frame(0, 60 + k % 1455);
                drop_frames();
                assert_int_equal(nic.ops->transmit(&nic, frame), 0);
                assert_int_equal(send_one(sent), 1514);
                assert_memory_equal(sent, frame->payload, 1514);
            }
            nic.ops->stop(&nic);
            check_silent();
            assert_int_equal(nic.ops->start(&nic), 0);
        }
        assert_int_equal(chip.aspm_off, !(models[i].traits & M_PCI));  // once, in probe
        finish();
    }
    pbuf_free(frame);
}

// Chips of tomorrow: named with their version, said aloud, and driven as the newest of their kind.
static void test_unknown(void **state)
{
    static const struct {
        uint16_t vendor, device, like, xid;
        const char *name, *as;
    } cases[] = {
        {0x10ec, 0x8168, 0x541, 0x7c1, "RTL8168 version 7c1", "RTL8168H/8111H"},
        {0x10ec, 0x2600, 0x541, 0x7c1, "Killer E2600 version 7c1", "RTL8168H/8111H"},
        {0x10ec, 0x8136, 0x541, 0x7c1, "RTL8136 version 7c1", "RTL8168H/8111H"},
        {0x10ec, 0x8125, 0x641, 0x6ca, "RTL8125 version 6ca", "RTL8125B"},
        {0x10ec, 0x8126, 0x64a, 0x64b, "RTL8126 version 64b", "RTL8126A"},
        {0x10ec, 0x8169, 0x980, 0xd80, "RTL8169 version d80", "RTL8169SC/8110SC"},
        {0x10ec, 0x8168, 0x541, 0x641, "RTL8168 version 641", "RTL8168H/8111H"},  // of another kind
    };

    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        reset_chip(state);
        become_like(cases[i].like, cases[i].xid);
        become_device(cases[i].vendor, cases[i].device);
        start();
        assert_string_equal(nic.chip, cases[i].name);
        assert_non_null(strstr(last_warning, cases[i].name));
        assert_non_null(strstr(last_warning, cases[i].as));
        assert_true(receive(100));
        assert_int_equal(poll(8), 1);
        assert_int_equal(!!(driver()->flags & RTL_FAST), cases[i].device == 0x8136);
        finish();
    }
}

// 8107E and 8106EUS: a gigabit MAC whose PHY can do 100, and is not asked for more.
static void test_gigabit_mac_fast_phy(void **state)
{
    static const uint16_t versions[] = {0x541, 0x509};

    for (unsigned i = 0; i < 2; i++) {
        reset_chip(state);
        become(versions[i]);
        become_device(0x10ec, 0x8136);
        chip.phy[PHY_GBCR] = 0;
        start();
        assert_int_equal(chip.phy[PHY_GBCR], 0);
        assert_int_equal(nic.ops->link(&nic).mbps, 100);
        assert_true(receive(100));
        assert_int_equal(poll(8), 1);
        finish();
    }
}

// The same PCI id stands on a card of another maker's chip.
static void test_linksys(void **state)
{
    (void)state;
    become(0x100);
    become_device(0x1737, 0x1032);
    subsystem = 0x0015;
    assert_int_equal(probe(), ERR_UNSUPPORTED);
    assert_int_equal(chip.accesses, 0);
    subsystem = 0x0024;
    start();
    assert_true(receive(100));
    assert_int_equal(poll(8), 1);
    finish();
}

// ---- take-over --------------------------------------------------------------------------------------

// What the start has made of it, whatever it found.
static void check_started(void)
{
    uint32_t traits = chip.model->traits, cpcr = get(CPCR, 16);

    assert_int_equal(get(RCR, 32), chip.model->rcr | RCR_APM | RCR_AB);
    assert_int_equal(get(TCR, 32), 0x03000700 | (traits & M_AUTO ? 0x80 : 0));
    assert_int_equal(get(MAR0, 32) | get(MAR4, 32), 0);
    assert_int_equal(get(IDR0, 32), 0x12005452);
    assert_int_equal(get(IDR4, 32), 0x5634);
    // Checksums on; VLAN tags stay, no 64-bit addresses; the two lowest bits are the chip's own but on the oldest.
    assert_int_equal(cpcr & (0x2000 | 0x20 | 0x40 | 0x10 | 0x3), 0x2000 | 0x20 | 0x3);
    assert_int_equal(!!(cpcr & 0x8), !!(traits & M_PLUS));
    assert_int_equal(!!(cpcr & 0x4000), !!(traits & M_ANALOG));
    if (!(traits & M_8125)) {
        assert_int_equal(get(MTPS, 8), traits & M_AUTO ? 0x27 : 0x3f);
        assert_int_equal(get(INT_MITIGATE, 16), 0);
    }
    assert_int_equal(chip.aspm_off, !(traits & M_PCI));
    assert_int_equal(chip.before_aspm_off, 0);  // before anything is asked of it
    if (traits & M_PLL)
        assert_int_equal(get(PMCH, 8) & 0xc0, 0xc0);
    if (traits & M_8125) {
        assert_int_equal(get(INT_CFG0, 8), 0);
        assert_int_equal(chip.int_cfg0s, 1);  // 8126's CLKREQ switch in it is off with it
        for (uint32_t at = 0xa00; at < (traits & M_INT_CFG1 ? 0xa80u : 0xb00u); at += 4)
            assert_int_equal(get(at, 32), 0);
        if (traits & M_INT_CFG1)
            assert_int_equal(get(INT_CFG1, 16), 0);
    }
    assert_true(receive(100));
    assert_int_equal(poll(8), 1);
    check_frame(0, 100);
}

// Another driver's receiver runs, its rings lie in memory that is ours now; some chips' reset keeps all that.
static void test_left_running(void **state)
{
    for (size_t i = 0; i < 2 * model_count; i++) {
        reset_chip(state);
        become(models[i / 2].xid);
        chip.keeps_registers = i % 2;
        chip.bus_master = true;
        put(CR, 8, CR_RE | CR_TE);
        put(RCR, 32, 1u << 24 | 0xe73f);
        put(TCR, 32, 0x4000);
        put(MAR0, 32, UINT32_MAX), put(MAR4, 32, UINT32_MAX);
        put(RDSAR, 32, 0x1000), put(TNPDS, 32, 0x2000);
        put(RDSAR_HIGH, 32, 5), put(TNPDS_HIGH, 32, 7);
        put(CPCR, 16, 0x20ff);
        if (chip.model->traits & M_8125)
            put(IMR_8125, 32, 0xffff), put(INT_CFG0, 8, 0xf8), put(INT_CFG1, 16, 0xffff), memset(&chip.regs[0xa00], 0xff, 0x100);
        else
            put(IMR, 16, 0xffff), put(INT_MITIGATE, 16, 0x5f51);
        start();
        check_started();
        finish();
    }
}

// Management firmware or a sleeping system has the FIFOs, the gate is closed, the list of the FIFOs' parts stands.
static void test_oob(void **state)
{
    for (size_t i = 0; i < model_count; i++) {
        if (!(models[i].traits & M_MISC))
            continue;
        reset_chip(state);
        become(models[i].xid);
        chip.oob = true;
        put(MISC, 32, models[i].traits & M_GATE ? MISC_RXDV_GATED_EN : 0);
        chip.ocp[0xe8de / 2] = 0x4000;
        start();
        // 8105E, 8106E and 8168E have no such state; the others must be out of it.
        if (models[i].traits & (M_GATE | M_SENT))
            assert_false(chip.oob);
        check_started();
        finish();
    }
}

// A request to stop that stands from before, and a gate that was closed long ago.
static void test_stopped(void **state)
{
    for (size_t i = 0; i < model_count; i++) {
        reset_chip(state);
        become(models[i].xid);
        put(CR, 8, CR_STOP_REQ);
        if (models[i].traits & M_GATE)
            put(MISC, 32, MISC_RXDV_GATED_EN);
        start();
        check_started();
        finish();
    }
}

// ---- PHY --------------------------------------------------------------------------------------------

static unsigned best_speed(uint32_t traits)
{
    return traits & M_8126 ? 5000 : traits & M_8125 ? 2500 : traits & M_FAST ? 100 : 1000;
}

// However the PHY was left, it offers all it can in the end.
static void test_phy_states(void **state)
{
    enum { FINE, POWER_DOWN, ISOLATED, ELSEWHERE, SLOW, FORCED, ALL_OF_IT, STATES };

    for (size_t i = 0; i < model_count; i++)
        for (unsigned left = FINE; left < STATES; left++) {
            reset_chip(state);
            become(models[i].xid);
            chip.cable = 10000;
            if (left == POWER_DOWN || left == ALL_OF_IT)
                chip.phy[PHY_BMCR] |= BMCR_POWER_DOWN;
            if (left == ISOLATED)
                chip.phy[PHY_BMCR] |= BMCR_ISOLATE;
            if ((left == ELSEWHERE || left == ALL_OF_IT) && !(models[i].traits & M_GATE))
                chip.phy[PHY_PAGE] = 7, chip.phy[PHY_WAKE] = 5;
            if (left == SLOW || left == ALL_OF_IT) {
                chip.phy[PHY_ANAR] = 0x0061;
                chip.phy[PHY_GBCR] = 0;
                chip.gphy[PHY_OCP_MGBCR / 2] = 0;
            }
            if (left == FORCED)
                chip.phy[PHY_BMCR] = 0;
            chip.gphy[PHY_OCP_POWER / 2] = chip.gphy[PHY_OCP_EEE / 2] = chip.gphy[0xa5d0 / 2] = 0xffff;
            start();
            struct nic_link link = nic.ops->link(&nic);
            assert_true(link.up && link.full_duplex);
            assert_int_equal(link.mbps, best_speed(models[i].traits));
            assert_int_equal(chip.phy[PHY_PAGE], 0);
            assert_true((models[i].traits & M_PCI) || chip.phy[PHY_WAKE] == 0);
            // A link that is there and was negotiated from all speeds stays.
            if (left == FINE)
                assert_int_equal(chip.phy_resets + chip.restarts, 0);
            else if (left >= SLOW)
                assert_true(chip.restarts > 0);
            if (models[i].traits & M_GATE) {
                assert_int_equal(chip.gphy[PHY_OCP_POWER / 2], 0xfffb);
                // A link that lives keeps EEE; one that is negotiated anew is not offered it.
                assert_int_equal(chip.gphy[0xa432 / 2], chip.restarts > 0 ? 0xffef : 0xffff);
                assert_int_equal(chip.gphy[0xa5d0 / 2], chip.restarts > 0 ? 0xfff9 : 0xffff);
            }
            bool warned = strstr(last_warning, "its PHY was off");
            assert_int_equal(warned, models[i].xid == 0x5c8 && (left == POWER_DOWN || left == ALL_OF_IT));
            finish();
        }
}

// ---- MAC address ------------------------------------------------------------------------------------

static void set_address(bool efuse, const uint8_t mac[6])
{
    uint32_t low = 0, high = 0;

    memcpy(&low, mac, 4), memcpy(&high, mac + 4, 2);
    if (!efuse)
        put(IDR0, 32, low), put(IDR4, 32, high);
    else if (chip.model->traits & M_8125)
        put(MAC0_BKP, 32, low), put(MAC0_BKP + 4, 32, high);
    else
        chip.eri[0xe0 / 4] = low, chip.eri[0xe4 / 4] = 0xffff0000 | high;
}

static void test_addresses(void **state)
{
    static const uint8_t first[6] = {0x00, 0xe0, 0x4c, 1, 2, 3}, second[6] = {0x02, 0xe0, 0x4c, 4, 5, 6};
    static const uint8_t bad[3][6] = {{0}, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, {0x01, 0xe0, 0x4c, 4, 5, 6}};

    for (size_t i = 0; i < model_count; i++) {
        bool efuse = models[i].traits & (M_8125 | M_ERI_MAC);
        reset_chip(state);
        become(models[i].xid);
        set_address(true, first), set_address(false, second);
        start();
        assert_memory_equal(nic.mac, efuse ? first : second, 6);
        assert_memory_equal(chip.regs, nic.mac, 6);
        if (models[i].traits & M_MAC_COPY) {
            assert_int_equal(chip.eri[0xe0 / 4], 0x044ce002);
            assert_int_equal(chip.eri[0xe4 / 4], 0x0605);
            assert_int_equal(chip.eri[0xf0 / 4], 0xe0020000);
            assert_int_equal(chip.eri[0xf4 / 4], 0x0605044c);
        }
        finish();
        for (unsigned k = 0; k < 3; k++) {
            reset_chip(state);
            become(models[i].xid);
            set_address(true, bad[k]), set_address(false, second);
            start();
            assert_memory_equal(nic.mac, second, 6);
            finish();
            set_address(true, bad[k]), set_address(false, bad[k]);
            assert_int_equal(probe(), ERR_NIC_INIT_FAILED);
            check_silent();
        }
    }
}

// ---- management firmware ----------------------------------------------------------------------------

static void test_dash(void **state)
{
    static const struct { uint16_t xid; uint32_t at, value; } cases[] = {
        {0x28a, 0x10, 0x8000}, {0x28b, 0xb8, 0x8000}, {0x502, 0x128, 1}, {0x54a, 0x128, 1}, {0x681, 0x128, 1},
    };

    for (unsigned i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
        bool there = i % 2;
        reset_chip(state);
        become(cases[i / 2].xid);
        chip.dash[cases[i / 2].at / 4] = there ? cases[i / 2].value : ~cases[i / 2].value;
        if (chip.model->traits & M_EP)
            put(IBCR0, 8, 0xff), put(IBCR2, 8, 0xff);
        if (chip.model->traits & M_DP)
            chip.eri[0xe8 / 4] = 0xa5a5a5a5;
        start();
        assert_int_equal(chip.dash_told, there);
        if (chip.model->traits & M_DP)  // the other bytes are not a driver's
            assert_int_equal(chip.eri[0xe8 / 4], there ? 0xa5a5a505 : 0xa5a5a5a5);
        if (chip.model->traits & M_EP)
            assert_int_equal((get(IBCR0, 8) | get(IBCR2, 8)) & 1, 0);
        check_started();
        finish();
        assert_false(chip.dash_told);
        if (chip.model->traits & M_DP)
            assert_int_equal(chip.eri[0xe8 / 4], there ? 0xa5a5a506 : 0xa5a5a5a5);
    }
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup(f, reset_chip)
    const struct CMUnitTest tests[] = {
        TEST(test_ids),      TEST(test_every_version), TEST(test_every_model),          TEST(test_unknown),
        TEST(test_linksys),  TEST(test_left_running),  TEST(test_gigabit_mac_fast_phy), TEST(test_oob),
        TEST(test_stopped),  TEST(test_phy_states),    TEST(test_addresses),            TEST(test_dash),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
