// The chips of the Intel driver's table: each of them at work, and what the kinds need of their own: errata, PHYs
// shared with firmware, EEPROMs, MAC addresses. Every test ends with all buffers back and the chip silent.

#include "tests/unit/intel_fake.h"  // reset_chip
#include "lib/err.h"                // ERR_UNSUPPORTED

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

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

// Every chip of the table starts, receives and sends, on each of its ports; but the one that is refused.
static void test_every_chip(void **state)
{
    struct pbuf *frame = make_frame(1514);
    uint8_t sent[TX_SLOT_SIZE];

    for (const struct nic_id *id = intel_ids; id->vendor; id++)
        for (unsigned port = 0; port < 2; port++) {
            reset_chip(state);
            become(id->device);
            if (id->flags & INTEL_REGS_ELSEWHERE) {
                assert_int_equal(probe(), ERR_UNSUPPORTED);
                continue;
            }
            *reg(STATUS) = port << 2;
            start();
            assert_true(strstr(nic.chip, id->name) == nic.chip);
            assert_memory_equal(nic.mac, chip.mac, 6);
            assert_true(nic.ops->link(&nic).up);
            for (unsigned i = 0; i < 3000; i++) {  // both rings wrap
                assert_true(receive(60 + i % 1455));
                assert_int_equal(nic.ops->poll(&nic, 8), 1);
                check_frame(0, 60 + i % 1455);
                drop_frames();
                assert_int_equal(nic.ops->transmit(&nic, frame), 0);
                assert_int_equal(send_one(sent), 1514);
                assert_memory_equal(sent, frame->payload, 1514);
            }
            finish();
        }
    pbuf_free(frame);
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

int main(void)
{
#define TEST(f) cmocka_unit_test_setup(f, reset_chip)
    const struct CMUnitTest tests[] = {
        TEST(test_ids),          TEST(test_every_chip),   TEST(test_early_chip),   TEST(test_express),
        TEST(test_es2),          TEST(test_link_lost),    TEST(test_phy_reset),    TEST(test_addresses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
