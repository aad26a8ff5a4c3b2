// What the Realtek driver writes to each version of the chip between reset and start: every fix-up in its place, and
// nothing beside them, whether all bits were set or clear before; and what a link's speed changes. Facts of Linux's
// r8169 (what its rtl_hw_start_*() and rtl_link_chg_patch() write), put down apart from the driver's own table.

#include "tests/unit/realtek_fake.h"  // reset_chip

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

// Bits of a register that have one value afterwards: E extended, O inside the MAC, else the width in bits.
struct expected {
    unsigned space, at;
    uint32_t mask, value;
};
#define E 'E'
#define O 'O'
#define ALL 0xffffffffu
#define CONFIG3_L23 {8, CONFIG3, 0x02, 0}
#define CONFIG3_BEACON {8, CONFIG3, 0x01, 0}
#define JUMBO_B {8, CONFIG4, 0x01, 0}
#define JUMBO_C {8, CONFIG3, 0x04, 0}, {8, CONFIG4, 0x02, 0}

static const struct expected of_8169[] = {{8, 0x82, 0xff, 0x01}, {32, 0x7c, ALL, 0}, {0}};
static const struct expected of_8169sc_5[] = {{8, 0x82, 0xff, 0x01}, {32, 0x7c, ALL, 0x000fff00}, {0}};
static const struct expected of_8169sc_6[] = {{8, 0x82, 0xff, 0x01}, {32, 0x7c, ALL, 0x00ffff00}, {0}};
static const struct expected beacon[] = {CONFIG3_BEACON, {0}};
static const struct expected nothing[] = {{0}};
static const struct expected of_8168b[] = {CONFIG3_BEACON, JUMBO_B, {0}};
static const struct expected speed_down[] = {CONFIG3_BEACON, JUMBO_C, {8, CONFIG1, 0x10, 0x10}, {0}};
static const struct expected of_8168c_1[] = {CONFIG3_BEACON, JUMBO_C, {8, CONFIG1, 0x10, 0x10}, {8, DBG, 0xff, 0x1e}, {0}};
static const struct expected of_8168cp_2[] = {CONFIG3_BEACON, JUMBO_C, {0}};
static const struct expected of_8168cp_3[] = {CONFIG3_BEACON, JUMBO_C, {8, DBG, 0xff, 0x20}, {0}};
static const struct expected of_8168d[] = {JUMBO_C, {0}};
static const struct expected of_8168dp_2[] = {{8, CONFIG3, 0x04, 0}, JUMBO_B, {0}};
static const struct expected of_8168dp[] = {{8, CONFIG3, 0x04, 0}, {0}};
static const struct expected of_8102e_1[] = {CONFIG3_BEACON, {8, DBG, 0xff, 0x10}, {0}};
static const struct expected of_8168e[] = {
    {8, CONFIG5, 0x09, 0}, {8, CONFIG2, 0x80, 0}, {32, MISC, 1u << 29, 0}, {8, CONFIG3, 0x04, 0}, JUMBO_B, {0},
};
#define EVL_AND_F \
    {E, 0xc0, 0xffff, 0}, {E, 0xb8, ALL, 0}, {E, 0xc8, ALL, 0x00100002}, {E, 0xe8, ALL, 0x00100006}, {E, 0xdc, 1, 1}, \
    {E, 0x1b0, 0x13, 0x10}, {E, 0xcc, ALL, 0x50}, {8, DLLPR, 0x40, 0x40}, {32, MISC, 1u << 22, 1u << 22}, \
    {8, CONFIG5, 0x09, 0}, {8, CONFIG2, 0x80, 0}
static const struct expected of_evl[] = {
    EVL_AND_F, {E, 0x1d0, 2, 2}, {E, 0xd0, ALL, 0x07ff0060},
    {E, 0xe0, ALL, 0x12005452}, {E, 0xe4, ALL, 0x5634}, {E, 0xf0, ALL, 0x54520000}, {E, 0xf4, ALL, 0x56341200}, {0},
};
static const struct expected of_8168f[] = {EVL_AND_F, {E, 0x1d0, 0x12, 0x12}, {E, 0xd0, ALL, 0x60}, {0}};
static const struct expected of_8411[] = {EVL_AND_F, {E, 0x1d0, 0x12, 0x12}, {E, 0xd0, ALL, 0x60}, CONFIG3_L23, {0}};
static const struct expected of_8105e[] = {
    {32, MISC, 0x012800, 0x002800}, {8, DLLPR, 0x40, 0x40}, {8, MCU, 0x0c, 0x0c}, CONFIG3_L23, {0},
};
static const struct expected of_8106e[] = {
    {32, MISC, 0x812800, 0x802800}, {8, DLLPR, 0x40, 0}, {8, MCU, 0x0c, 0x0c}, CONFIG3_L23, {8, CONFIG5, 0x01, 0},
    {8, CONFIG2, 0x80, 0}, {E, 0x1d0, 0xffff, 0}, {E, 0x1b0, 0xffff, 0}, {0},
};
static const struct expected of_8402[] = {
    {32, MISC, 0x002800, 0x002800}, CONFIG3_L23, {8, CONFIG5, 0x01, 0}, {8, CONFIG2, 0x80, 0}, {E, 0xc8, ALL, 2},
    {E, 0xe8, ALL, 6}, {E, 0xdc, 1, 1}, {E, 0xc0, 0xffff, 0}, {E, 0xb8, 0xffff, 0}, {E, 0xd4, 0xff00, 0x0e00},
    {E, 0x1b0, 0xffff, 0}, {0},
};

// 8168G on
#define G_COMMON \
    {E, 0xc8, ALL, 0x00080002}, {E, 0xe8, ALL, 0x00100006}, {E, 0xc0, 0xffff, 0}, {E, 0xb8, 0xffff, 0}, \
    CONFIG3_L23, {8, CONFIG5, 0x01, 0}, {8, CONFIG2, 0x80, 0}, {O, 0xe8de, 0xc000, 0x8000}
#define H_CLOCKS {O, 0xd420, 0x0fff, 0x047f}, {O, 0xe056, 0x00f0, 0}, {O, 0xe63e, 0xffff, 0}, \
    {O, 0xc094, 0xffff, 0}, {O, 0xc09e, 0xffff, 0}
#define NO_PFM {8, DLLPR, 0xc0, 0}, {8, MISC_1, 0x40, 0}
#define OF_8168G \
    G_COMMON, {E, 0xcc, 0xff, 0x38}, {E, 0xd0, 0xff, 0x48}, {E, 0xdc, 1, 1}, {E, 0x2f8, 0xffff, 0x1d8f}, \
    {E, 0x2fc, 0x7, 0x1}, {E, 0x1b0, 0x1003, 0}
static const struct expected of_8168g[] = {OF_8168G, {0}};
static const struct expected of_8168g_1[] = {OF_8168G, {E, 0x1a8, 0xfc000000, 0xfc000000}, {0}};
static const struct expected of_8168h[] = {
    G_COMMON, H_CLOCKS, NO_PFM, {E, 0xcc, 0xff, 0x38}, {E, 0xd0, 0xff, 0x48}, {E, 0xdc, 0x1d, 0x1d},
    {E, 0x5f0, 0xffff, 0x4f87}, {E, 0x1b0, 0x1003, 0}, {O, 0xe052, 0xe008, 0x8008}, {O, 0xe0d6, 0x01ff, 0x017f},
    {O, 0xe092, 0xff, 0}, {0},
};
static const struct expected of_8168ep[] = {
    G_COMMON, NO_PFM, {E, 0xcc, 0xff, 0x2f}, {E, 0xd0, 0xff, 0x5f}, {E, 0xdc, 1, 1}, {E, 0x5f0, 0xffff, 0x4f87},
    {E, 0x2fc, 0x7, 0x1}, {E, 0x1b0, 0x3, 0}, {O, 0xd3e2, 0x0fff, 0x0271}, {O, 0xd3e4, 0xff, 0}, {O, 0xe860, 0x80, 0x80},
    {0},
};
static const struct expected of_8117[] = {
    G_COMMON, H_CLOCKS, NO_PFM, {E, 0xcc, 0xff, 0x2f}, {E, 0xd0, 0xff, 0x5f}, {E, 0xdc, 1, 1}, {E, 0xd4, 0x10, 0x10},
    {E, 0x5f0, 0xffff, 0x4f87}, {E, 0x1b0, 0x1003, 0}, {O, 0xea80, 0xffff, 0x3}, {O, 0xe052, 0x9, 0x9}, {0},
};

// 8125 on
#define OF_8125 \
    CONFIG3_L23, {8, CONFIG5, 0x01, 0}, {8, CONFIG1, 0x10, 0}, {16, 0x382, 0xffff, 0x221b}, {32, 0x4500, ALL, 0}, \
    {16, 0x4800, 0xffff, 0}, {16, 0x1880, 0x30, 0}, {8, INT_CFG0, 0xff, 0}, {O, 0xe092, 0xff, 0}, \
    {O, 0xe8de, 0x4000, 0}, {O, 0xc0aa, 0xffff, 0x07d0}, {O, 0xc0a6, 0xffff, 0x0150}, {O, 0xc01e, 0xffff, 0x5555}, \
    {O, 0xd40a, 0x10, 0}, {O, 0xc140, 0xffff, 0xffff}, {O, 0xc142, 0xffff, 0xffff}, {O, 0xd3e2, 0x0fff, 0x03a9}, \
    {O, 0xd3e4, 0xff, 0}, {O, 0xe860, 0x80, 0x80}, {O, 0xeb58, 1, 0}, {O, 0xc0b4, 0x0c, 0x0c}, {O, 0xeb6a, 0xff, 0x33}, \
    {O, 0xeb50, 0x3e0, 0x40}, {O, 0xe056, 0xf0, 0}, {O, 0xe040, 0x1003, 0}, {O, 0xe0c0, 0x4f0f, 0x4403}, \
    {O, 0xe052, 0xe8, 0x68}, {O, 0xd430, 0x0fff, 0x047f}, {O, 0xeb54, 1, 0}, {O, 0xe098, 0xffff, 0xc302}
static const struct expected of_8125a[] = {
    OF_8125, {8, CONFIG2, 0x80, 0}, {O, 0xe614, 0x700, 0x300}, {O, 0xe63e, 0xc30, 0x20}, {O, 0xea1c, 0x7, 0x1},
    {O, 0xeb62, 0x6, 0}, {0},
};
static const struct expected of_8125b[] = {
    OF_8125, {16, INT_CFG1, 0xffff, 0}, {8, CONFIG2, 0x80, 0}, {O, 0xe614, 0x700, 0x200}, {O, 0xe63e, 0xc30, 0},
    {O, 0xea1c, 0x7, 0x1}, {0},
};
static const struct expected of_8125d[] = {
    OF_8125, {8, CONFIG2, 0x80, 0}, {O, 0xe614, 0x700, 0x300}, {O, 0xe63e, 0xc30, 0x20}, {O, 0xea1c, 0x7, 0x1}, {0},
};
static const struct expected of_8126a[] = {
    OF_8125, {16, INT_CFG1, 0xffff, 0}, {8, CFG_D8, 0x02, 0}, {O, 0xe614, 0x700, 0x400}, {O, 0xe63e, 0xc30, 0x20},
    {O, 0xea1c, 0x307, 0x1}, {0},
};

static const struct {
    uint16_t xid;
    const struct expected *all;
} cases[] = {
    {0x380, of_8168b},     {0x3c0, of_8168c_1}, {0x3c2, speed_down}, {0x3c3, speed_down},  {0x3c4, speed_down},
    {0x3c8, speed_down}, {0x3c9, of_8168cp_2},     {0x3ca, of_8168cp_3}, {0x2c1, of_8168e},   {0x2c2, of_8168e},
    {0x2c8, of_evl},     {0x2c9, of_evl},     {0x480, of_8168f},   {0x481, of_8168f},    {0x488, of_8411},
    {0x408, of_8105e},   {0x409, of_8105e},   {0x448, of_8106e},   {0x440, of_8402},     {0x248, of_8102e_1},
    {0x348, of_8102e_1}, {0x249, beacon},     {0x34a, beacon},     {0x240, beacon},      {0x4c0, of_8168g_1},
    {0x509, of_8168g},   {0x5c8, of_8168g},   {0x541, of_8168h},   {0x6c0, of_8168h},    {0x502, of_8168ep},
    {0x54a, of_8117},    {0x54b, of_8117},    {0x609, of_8125a},   {0x641, of_8125b},    {0x688, of_8125d},
    {0x689, of_8125d},   {0x68a, of_8125d},   {0x68b, of_8125d},   {0x681, of_8125d},    {0x649, of_8126a},
    {0x64a, of_8126a},   {0x008, of_8169},    {0x040, of_8169},    {0x100, of_8169},     {0x180, of_8169sc_5},
    {0x980, of_8169sc_6}, {0x300, of_8168b},  {0x381, of_8168b},   {0x280, of_8168d},    {0x281, of_8168d},
    {0x283, of_8168d},   {0x28a, of_8168dp}, {0x28b, of_8168dp_2},  {0x340, nothing},    {0x308, nothing},     {0x000, of_8169},
};

// The bits of one register that anybody expects.
static void check_register(const struct expected *all, unsigned space, unsigned at, uint32_t now, uint32_t before)
{
    uint32_t seen = 0;

    for (const struct expected *e = all; e->space; e++)
        if (e->space == space && e->at == at) {
            seen |= e->mask;
            if ((now & e->mask) != e->value)
                fail_msg("%03x: %c %x is %x, not %x under %x", chip.model->xid, space, at, now, e->value, e->mask);
        }
    if ((now & ~seen) != (before & ~seen))
        fail_msg("%03x: %c %x is %x: bits beside %x were changed", chip.model->xid, space, at, now, seen);
}

static void set_all(uint32_t junk)
{
    static const uint32_t bytes[] = {CONFIG1, CONFIG2, CONFIG3, CONFIG4, CONFIG5, DLLPR, DBG, MCU, CFG_D8};

    memset(chip.eri, (int)junk, sizeof(chip.eri));
    memset(chip.ocp, (int)junk, sizeof(chip.ocp));
    chip.ocp[OCP_BUSY_8125 / 2] = 0;
    for (unsigned i = 0; i < sizeof(bytes) / sizeof(bytes[0]); i++)
        put(bytes[i], 8, junk);
    put(MISC, 32, junk);
    if (chip.model->traits & M_8125)
        put(0x382, 16, junk), put(0x4500, 32, junk), put(0x4800, 16, junk), put(0x1880, 16, junk), put(INT_CFG1, 16, junk);
}

static void test_fixups(void **state)
{
    for (unsigned i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
        const struct expected *all = cases[i / 2].all;
        uint32_t junk = i % 2 ? UINT32_MAX : 0, traits;
        reset_chip(state);
        become(cases[i / 2].xid);
        traits = chip.model->traits;
        set_all(junk);
        bool fast_bus = (traits & M_PCI) && (get(CONFIG2, 8) & 1);
        start();
        for (unsigned at = 0; at < ERI_SIZE; at += 4)
            check_register(all, E, at, chip.eri[at / 4], junk);
        for (unsigned at = 0; at < 0x10000; at += 2)
            check_register(all, O, at, chip.ocp[at / 2], at == OCP_BUSY_8125 ? 0 : junk & 0xffff);
        for (unsigned at = CONFIG1; at <= CONFIG5; at++)
            check_register(all, 8, at, get(at, 8), junk & 0xff);
        for (const struct expected *e = all; e->space; e++)
            if (e->space <= 32)
                assert_int_equal(get(e->at, e->space) & e->mask, e->value | (fast_bus && e->value && e->at == 0x7c ? 0xff : 0));
        assert_int_equal(chip.filter_resets, (traits & M_ERI) && !(traits & (M_DP | M_BP)) && cases[i / 2].xid != 0x448);
        assert_int_equal(chip.eb54_pulses, !!(traits & M_8125));
        assert_int_equal(chip.e63e_pulses, all == of_8168h || all == of_8117);
        assert_int_equal(chip.txpla_pulses, all == of_8168e);
        finish();
    }
}

// ---- the link's speed -------------------------------------------------------------------------------

static void test_link_speeds(void **state)
{
    static const struct {
        uint16_t xid;
        unsigned mbps;
        uint32_t e1bc, e1dc, e1d0;
        unsigned filter_resets;
    } tuned[] = {
        {0x2c8, 1000, 0x11, 0x05, 2, 1},    {0x2c8, 100, 0x1f, 0x05, 2, 1},    {0x2c8, 10, 0x1f, 0x3f, 2, 1},
        {0x488, 1000, 0x11, 0x05, 0x12, 1}, {0x488, 100, 0x1f, 0x05, 0x12, 1}, {0x488, 10, 0x1f, 0x3f, 0x12, 1},
        {0x480, 1000, 0x11, 0x05, 0x12, 0}, {0x480, 100, 0x1f, 0x3f, 0x12, 0}, {0x481, 10, 0x1f, 0x3f, 0x12, 0},
        {0x440, 100, 0, 0, 0, 0},           {0x440, 10, 0, 0x060a, 0x4d02, 0},
        {0x541, 1000, 0, 0, 0, 0},          {0x448, 100, 0, 0, 0, 0},
    };

    for (unsigned i = 0; i < sizeof(tuned) / sizeof(tuned[0]); i++) {
        reset_chip(state);
        become(tuned[i].xid);
        chip.cable = 0;
        start();
        assert_false(nic.ops->link(&nic).up);
        unsigned before = chip.filter_resets;
        for (unsigned times = 1; times <= 2; times++) {  // each time it comes up
            chip.eri[0x1bc / 4] = chip.eri[0x1dc / 4] = 0;
            chip.cable = tuned[i].mbps;
            assert_int_equal(nic.ops->link(&nic).mbps, tuned[i].mbps);
            unsigned accesses = chip.accesses;
            assert_true(nic.ops->link(&nic).up);  // and not when it was up
            assert_int_equal(chip.accesses - accesses, 3);  // the link; events read and acknowledged
            assert_int_equal(chip.eri[0x1bc / 4], tuned[i].e1bc);
            assert_int_equal(chip.eri[0x1dc / 4], tuned[i].e1dc);
            assert_int_equal(chip.eri[0x1d0 / 4], tuned[i].e1d0);
            assert_int_equal(chip.filter_resets - before, times * tuned[i].filter_resets);
            chip.cable = 0;
            assert_false(nic.ops->link(&nic).up);
        }
        finish();
    }
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup(f, reset_chip)
    const struct CMUnitTest tests[] = {
        TEST(test_fixups),
        TEST(test_link_speeds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
