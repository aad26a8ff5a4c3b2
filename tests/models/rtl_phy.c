// The PHY of a modelled Realtek chip: the standard registers of IEEE 802.3 clause 22 with their behaviour, everything
// else as plain words by OCP address. The partner at the cable's other end can do all that the chip can.
// Tested: Linux's drivers/net/phy/realtek.c, iPXE. Not handled: half duplex by choice, loopback, EEE, real page lists.
#include "tests/models/rtl.h"  // rtl_phy_read

#include <string.h>

#include "lib/clock.h"              // now_us
#include "tests/models/rtl_regs.h"  // PHY_OCP_BASE
#include "tests/models/trace.h"     // trace

enum mii {
    BMCR = 0, BMSR = 1, PHYID1 = 2, PHYID2 = 3, ANAR = 4, ANLPAR = 5, ANER = 6, CTRL1000 = 9, STAT1000 = 10,
    MMD_CONTROL = 13, MMD_DATA = 14, ESTATUS = 15,
};

#define BMCR_RESET 0x8000
#define BMCR_SPEED100 0x2000
#define BMCR_AUTO 0x1000
#define BMCR_POWER_DOWN 0x0800
#define BMCR_RESTART 0x0200
#define BMCR_FULL 0x0100
#define BMCR_SPEED1000 0x0040
#define BMSR_ABLE 0x7849        // 10 and 100 Mbit/s, negotiation, the extended registers
#define BMSR_EXTENDED_STATUS 0x0100
#define BMSR_DONE 0x0020
#define BMSR_LINK 0x0004
#define ANAR_100 0x0180
#define ANAR_DEFAULT 0x0de1
#define ANLPAR_ALL 0xcde1
#define CTRL1000_BOTH 0x0300
#define STAT1000_ALL 0x3c00
#define ESTATUS_1000 0x3000
#define MMD_FUNCTION 0xc000
#define RESET_US 1000u
#define STANDARD_REGISTERS 16u

static uint16_t *word(struct rtl *r, unsigned address)
{
    return &r->phy.words[(address & 0xffff) / 2];
}

static uint16_t *standard(struct rtl *r, enum mii n)
{
    return word(r, PHY_OCP_BASE + 2 * n);
}

static void defaults(struct rtl *r)
{
    *standard(r, BMCR) = BMCR_AUTO | BMCR_FULL | (rtl_is(r, RTL_GIGABIT) ? BMCR_SPEED1000 : BMCR_SPEED100);
    *standard(r, ANAR) = ANAR_DEFAULT;
    *standard(r, CTRL1000) = rtl_is(r, RTL_GIGABIT) ? CTRL1000_BOTH : 0;
    *word(r, PHY_STATE) = PHY_STATE_ON;
    *word(r, PHY_ADV2500) = rtl_is(r, RTL_2500) ? PHY_ADV2500_ON : 0;
    *word(r, PHY_ABLE2500) = rtl_is(r, RTL_2500) ? PHY_ABLE2500_ON : 0;
}

static void lose_link(struct rtl *r)
{
    r->phy.up_at = RTL_NEVER;
    if (!r->phy.up)
        return;
    trace("link down");
    r->phy.up = false;
    r->phy.was_down = true;
    r->counters.link_downs++;
    r->deaf = r->options.deaf_after_link_loss;
    rtl_event(r, INT_LINK);
}

static void negotiate(struct rtl *r)
{
    lose_link(r);
    *word(r, PHY_STATE) = *standard(r, BMCR) & BMCR_POWER_DOWN ? PHY_STATE_SLEEPS : PHY_STATE_ON;
    if (r->phy.cable && !(*standard(r, BMCR) & BMCR_POWER_DOWN))
        r->phy.up_at = now_us() + r->options.link_ms * 1000ull;
}

void rtl_phy_power_on(struct rtl *r)
{
    bool cable = r->phy.cable;

    memset(&r->phy, 0, sizeof(r->phy));
    r->phy.cable = cable;
    defaults(r);
    negotiate(r);
}

void rtl_phy_cable(struct rtl *r, bool plugged)
{
    r->phy.cable = plugged;
    negotiate(r);
}

static unsigned agreed_speed(struct rtl *r)
{
    uint16_t control = *standard(r, BMCR);

    if (!(control & BMCR_AUTO))
        return control & BMCR_SPEED1000 ? 1000 : control & BMCR_SPEED100 ? 100 : 10;
    if (rtl_is(r, RTL_2500) && (*word(r, PHY_ADV2500) & PHY_ADV2500_ON))
        return 2500;
    if (rtl_is(r, RTL_GIGABIT) && (*standard(r, CTRL1000) & CTRL1000_BOTH))
        return 1000;
    return *standard(r, ANAR) & ANAR_100 ? 100 : 10;
}

void rtl_phy_run(struct rtl *r)
{
    if (now_us() < r->phy.up_at)
        return;
    r->phy.up_at = RTL_NEVER;
    r->phy.up = true;
    r->phy.speed = agreed_speed(r);
    r->counters.link_ups++;
    trace("link up, %u Mbit/s", r->phy.speed);
    rtl_event(r, INT_LINK);
}

uint16_t rtl_phy_status(const struct rtl *r)
{
    uint16_t status = PHYSTATUS_LINK | PHYSTATUS_FULL | PHYSTATUS_FLOW;

    if (!r->phy.up)
        return 0;
    switch (r->phy.speed) {
    case 2500: return status | PHYSTATUS_2500;
    case 1000: return status | PHYSTATUS_1000;
    case 100: return status | PHYSTATUS_100;
    default: return status | PHYSTATUS_10;
    }
}

static uint16_t read_status(struct rtl *r)
{
    uint16_t status = BMSR_ABLE | (rtl_is(r, RTL_GIGABIT) ? BMSR_EXTENDED_STATUS : 0);

    if (r->phy.up && !r->phy.was_down)
        status |= BMSR_LINK;
    r->phy.was_down = !r->phy.up;
    return status | (r->phy.up ? BMSR_DONE : 0);
}

// The speed as Realtek's PHYs tell it beside the standard registers.
static uint16_t read_speed(const struct rtl *r)
{
    switch (r->phy.up ? r->phy.speed : 0) {
    case 2500: return 0x0210;
    case 1000: return 0x0020;
    case 100: return 0x0010;
    default: return 0;
    }
}

static uint16_t read_standard(struct rtl *r, enum mii n)
{
    uint16_t device = r->phy.mmd_control & 0x1f;

    switch (n) {
    case BMCR: return *standard(r, BMCR) | (now_us() < r->phy.reset_until ? BMCR_RESET : 0);
    case BMSR: return read_status(r);
    case PHYID1: return (uint16_t)(r->chip->phy_id >> 16);
    case PHYID2: return (uint16_t)r->chip->phy_id;
    case ANLPAR: return r->phy.up ? ANLPAR_ALL : 0;
    case ANER: return r->phy.up ? 1 : 0;
    case STAT1000: return r->phy.up && rtl_is(r, RTL_GIGABIT) ? STAT1000_ALL : 0;
    case ESTATUS: return rtl_is(r, RTL_GIGABIT) ? ESTATUS_1000 : 0;
    case MMD_CONTROL: return r->phy.mmd_control;
    // No MMD has anything in it; the address is kept.
    case MMD_DATA: return r->phy.mmd_control & MMD_FUNCTION ? 0 : r->phy.mmd_address[device];
    default: return *standard(r, n);
    }
}

uint16_t rtl_phy_read(struct rtl *r, unsigned address)
{
    unsigned n = (address - PHY_OCP_BASE) / 2;

    if (address >= PHY_OCP_BASE && n < STANDARD_REGISTERS)
        return read_standard(r, (enum mii)n);
    if (address == PHY_SPEED && rtl_is(r, RTL_OCP_PHY))
        return read_speed(r);
    if (address == PHY_LP2500)
        return rtl_is(r, RTL_2500) && r->phy.up ? PHY_LP2500_ON : 0;
    return *word(r, address);
}

static void write_control(struct rtl *r, uint16_t value)
{
    uint16_t before = *standard(r, BMCR);

    if (value & BMCR_RESET) {
        defaults(r);
        r->phy.reset_until = now_us() + RESET_US;
        negotiate(r);
        return;
    }
    *standard(r, BMCR) = value & ~BMCR_RESTART;
    if ((value & BMCR_RESTART) || ((value ^ before) & ~BMCR_RESTART))
        negotiate(r);
}

void rtl_phy_write(struct rtl *r, unsigned address, uint16_t value)
{
    unsigned n = (address - PHY_OCP_BASE) / 2;

    if (address < PHY_OCP_BASE || n >= STANDARD_REGISTERS) {
        *word(r, address) = value;
        return;
    }
    switch ((enum mii)n) {
    case BMCR:
        write_control(r, value);
        break;
    case MMD_CONTROL:
        r->phy.mmd_control = value;
        break;
    case MMD_DATA:
        if (!(r->phy.mmd_control & MMD_FUNCTION))
            r->phy.mmd_address[r->phy.mmd_control & 0x1f] = value;
        break;
    case ANAR:
        *standard(r, ANAR) = value;
        break;
    case CTRL1000:
        *standard(r, CTRL1000) = rtl_is(r, RTL_GIGABIT) ? value : 0;
        break;
    default:                    // the others only tell
        break;
    }
}
