// The PHY of Realtek's controllers: awake, offering every speed, and what the link became.
// Spec: IEEE 802.3 clauses 22, 28 and 40 (registers 0, 4, 9); RTL8169 Registers data sheet (PHYSTATUS); what
// is the chip's own as the drivers of Linux (r8169) and OpenBSD (rge) have it. Tested: models of 8168C,
// 8168E-VL, 8168G, 8168H and 8125B; unit tests with a chip in memory; no silicon.
// Not handled: the PHY's firmware patches and the tuning of its receiver; 10 Gb/s; ports with a transceiver.
#include "drivers/realtek/realtek.h"  // rtl

#include "drivers/realtek/realtek_regs.h"  // PHY_BMCR
#include "lib/clock.h"                     // deadline_ms
#include "lib/log.h"                       // log_debug

// ---- link -------------------------------------------------------------------------------------------

static uint16_t status_of(const struct rtl *dev)
{
    return rtl_has(dev, RTL_8125) ? rd16(dev, PHYSTATUS) : rd8(dev, PHYSTATUS);
}

static unsigned speed_of(uint16_t status)
{
    static const struct { uint16_t bit; unsigned mbps; } speeds[] = {
        {PHYSTATUS_5000, 5000}, {PHYSTATUS_2500, 2500}, {PHYSTATUS_1000, 1000},
        {PHYSTATUS_100, 100}, {PHYSTATUS_10, 10},
    };

    for (unsigned i = 0; i < sizeof(speeds) / sizeof(speeds[0]); i++)
        if (status & speeds[i].bit)
            return speeds[i].mbps;
    return 0;
}

struct nic_link rtl_link(struct rtl *dev)
{
    uint16_t status = status_of(dev);
    struct nic_link link = {0};

    if ((uint8_t)status == UINT8_MAX && rd32(dev, TCR) == UINT32_MAX) {
        dev->life.gone = true;
        return link;
    }
    link.up = status & PHYSTATUS_LINK;
    // 8125: after a lost link some receive nothing until they are set up anew.
    if (rtl_has(dev, RTL_8125) && dev->life.link_up && !link.up)
        dev->life.renew = true;
    if (link.up) {
        link.full_duplex = status & PHYSTATUS_FULL_DUPLEX;
        link.mbps = speed_of(status);
        if (!dev->life.link_up)
            rtl_apply(dev, rtl_fix_speed(dev, link.mbps));
    }
    dev->life.link_up = link.up;
    return link;
}

// ---- PHY --------------------------------------------------------------------------------------------

// The page register may point anywhere, and the PHY may have been switched off.
static void wake(const struct rtl *dev)
{
    if (rtl_has(dev, RTL_PLL))
        rtl_change8(dev, PMCH, 0, PMCH_PLL_ON);
    if (!rtl_has(dev, RTL_GATE)) {
        rtl_phy_write(dev, PHY_PAGE, 0);
        if (!rtl_has(dev, RTL_PCI))
            rtl_phy_write(dev, PHY_WAKE, 0);
    }
    int bmcr = rtl_phy_read(dev, PHY_BMCR);
    if (bmcr >= 0 && (bmcr & BMCR_POWER_DOWN) && rtl_has(dev, RTL_8411B))
        log_warn("%s: its PHY was off; it may receive nothing until the machine has been without power",
                 dev->nic->chip);
    if (bmcr < 0 || (bmcr & (BMCR_POWER_DOWN | BMCR_ISOLATE)))
        rtl_phy_write(dev, PHY_BMCR, BMCR_AN_ENABLE);
    if (!rtl_has(dev, RTL_8125))
        return;
    uint64_t deadline = deadline_ms(PHY_STATE_TIMEOUT_MS);
    while ((rtl_phy_ocp_read(dev, PHY_OCP_STATE) & PHY_OCP_STATE_MASK) != PHY_OCP_STATE_ON)
        if (deadline_passed(deadline)) {
            log_debug("%s: its PHY does not say that it is on", dev->nic->chip);
            return;
        }
}

// Sleeping without a cable costs links.
static void stay_awake(const struct rtl *dev)
{
    if (rtl_has(dev, RTL_GATE))
        rtl_phy_ocp_change(dev, PHY_OCP_POWER, PHY_OCP_POWER_ALDPS, 0);
}

// Sleeping between frames (EEE) is not offered. A link that has it keeps it: negotiating anew takes seconds.
static void negotiate(const struct rtl *dev)
{
    if (rtl_has(dev, RTL_GATE)) {
        rtl_phy_ocp_change(dev, PHY_OCP_EEE, PHY_OCP_EEE_EN, 0);
        rtl_phy_ocp_change(dev, PHY_OCP_EEE_ADV, PHY_OCP_EEE_ADV_MASK, 0);
    }
    rtl_phy_write(dev, PHY_BMCR, BMCR_AN_ENABLE | BMCR_AN_RESTART);
}

// Sets bits of an offer. True when they were not all set: an operating system that goes to sleep offers the
// slowest speed only.
static bool offer(const struct rtl *dev, unsigned reg, uint16_t bits)
{
    int before = rtl_phy_read(dev, reg);

    if (before < 0 || (before & bits) == bits)
        return false;
    rtl_phy_write(dev, reg, (uint16_t)(before | bits));
    return true;
}

static bool offer_beyond_gigabit(const struct rtl *dev)
{
    uint16_t bits = MGBCR_2500 | (rtl_has(dev, RTL_8126) ? MGBCR_5000 : 0);
    int before = rtl_has(dev, RTL_8125) ? rtl_phy_ocp_read(dev, PHY_OCP_MGBCR) : -1;

    if (before < 0 || (before & bits) == bits)
        return false;
    rtl_phy_ocp_write(dev, PHY_OCP_MGBCR, (uint16_t)(before | bits));
    return true;
}

static bool offer_all(const struct rtl *dev)
{
    bool changed = offer(dev, PHY_ANAR, ANAR_10_100);

    if (!rtl_has(dev, RTL_FAST))
        changed = offer(dev, PHY_GBCR, GBCR_1000_FULL) || changed;
    return offer_beyond_gigabit(dev) || changed;
}

// A PHY that never finishes its reset works all the same (ipxe#1281).
static void reset_phy(const struct rtl *dev)
{
    uint64_t deadline = deadline_ms(PHY_RESET_TIMEOUT_MS);
    int bmcr;

    rtl_phy_write(dev, PHY_BMCR, BMCR_RESET | BMCR_AN_ENABLE);
    while ((bmcr = rtl_phy_read(dev, PHY_BMCR)) < 0 || (bmcr & BMCR_RESET))
        if (deadline_passed(deadline)) {
            log_debug("%s: its PHY does not finish its reset", dev->nic->chip);
            return;
        }
}

void rtl_phy_setup(struct rtl *dev)
{
    wake(dev);
    bool up = status_of(dev) & PHYSTATUS_LINK;
    if (!up)
        reset_phy(dev);
    stay_awake(dev);
    bool changed = offer_all(dev);
    int bmcr = rtl_phy_read(dev, PHY_BMCR);
    if (!up || changed || bmcr < 0 || !(bmcr & BMCR_AN_ENABLE))
        negotiate(dev);
}
