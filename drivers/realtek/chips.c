// The chips of the Realtek driver: PCI ids, and the versions behind them, which TCR tells. One id stands for
// twenty years of chips.
// Spec: PCI ids by the PCI ID repository; versions as the drivers of Linux (r8169) and FreeBSD (re) know
// them.
// Tested: models of 8168C, 8168E-VL, 8168G, 8168H and 8125B; the table by unit tests; no silicon.
// Not handled: RTL8127 (10 Gb/s).
#include "drivers/realtek/realtek.h"  // rtl_chip

#include <stddef.h>

#include "drivers/realtek/realtek_regs.h"  // REALTEK_VENDOR

const struct nic_id rtl_ids[] = {
    {REALTEK_VENDOR, 0x8168, 0, "RTL8168"},
    {REALTEK_VENDOR, 0x8161, 0, "RTL8161"},
    {REALTEK_VENDOR, 0x2502, 0, "Killer E2500"},
    {REALTEK_VENDOR, 0x2600, 0, "Killer E2600"},
    {REALTEK_VENDOR, 0x8136, RTL_FAST, "RTL8136"},
    {REALTEK_VENDOR, 0x8125, RTL_8125, "RTL8125"},
    {REALTEK_VENDOR, 0x8162, RTL_8125, "RTL8162"},
    {REALTEK_VENDOR, 0x3000, RTL_8125, "Killer E3000"},
    {REALTEK_VENDOR, 0x8126, RTL_8125 | RTL_8126, "RTL8126"},
    {REALTEK_VENDOR, 0x5000, RTL_8125 | RTL_8126, "Killer E5000"},
    {REALTEK_VENDOR, 0x8169, RTL_PCI, "RTL8169"},
    {REALTEK_VENDOR, 0x8167, RTL_PCI, "RTL8169SC"},
    {REALTEK_VENDOR, 0x8129, RTL_PCI, "RTL8129"},
    {0x1186, 0x4300, RTL_PCI, "D-Link DGE-528T"},
    {0x1186, 0x4302, RTL_PCI, "D-Link DGE-530T"},
    {0x1259, 0xc107, RTL_PCI, "Allied Telesis 8169"},
    {0x16ec, 0x0116, RTL_PCI, "US Robotics 997902"},
    {0x1737, 0x1032, RTL_PCI, "Linksys EG1032"},
    {0x10ff, 0x8168, 0, "NCube 8168"},
    {0, 0, 0, NULL},
};

// ---- generations ------------------------------------------------------------------------------------

#define RCR_8169 (RCR_FIFO_NONE | RCR_MXDMA_UNLIMITED)                       // to the 8168B
#define RCR_8168C (RCR_128_INT_EN | RCR_MULTI_EN | RCR_MXDMA_UNLIMITED)      // and E-VL to F, 8411
#define RCR_8168D (RCR_128_INT_EN | RCR_MXDMA_UNLIMITED)                     // and E, DP, most fast ones
#define RCR_8168G (RCR_8168C | RCR_EARLY_OFF)
#define RCR_8125A (RCR_FETCH_8125 | RCR_MXDMA_UNLIMITED)
#define RCR_8125B (RCR_8125A | RCR_PAUSE_SLOT_ON)

#define GEN_8168E (RTL_CONFIG_ASPM | RTL_PLL)
#define GEN_EVL (GEN_8168E | RTL_STOP_SENT | RTL_AUTO_FIFO | RTL_SPEEDS_EVL)
#define GEN_8168F (GEN_8168E | RTL_STOP_SENT | RTL_AUTO_FIFO | RTL_ERI_MAC)
#define GEN_8411 ((GEN_8168F & ~RTL_PLL) | RTL_SPEEDS_EVL)
#define GEN_8168G (GEN_8168E | RTL_GATE | RTL_AUTO_FIFO | RTL_ERI_MAC)
#define GEN_8168EP (GEN_8168G | RTL_DASH_EP)
#define GEN_8125A (GEN_8168E | RTL_GATE | RTL_8125)
#define GEN_8125B (GEN_8125A | RTL_STOP_REST)
#define GEN_8402 (GEN_8168F | RTL_FAST | RTL_SPEEDS_8402)

// The first row whose bits agree. A version that is not known is driven as the first of its kind: chips of
// today are nearest to that one.
static const struct rtl_chip chips[] = {
    // mask, version, flags, RCR, fix-ups, name
    {0x7cf, 0x64a, GEN_8125B | RTL_8126 | RTL_INT_CFG1, RCR_8125B, rtl_fix_8126a, "RTL8126A"},
    {0x7cf, 0x649, GEN_8125B | RTL_8126 | RTL_INT_CFG1, RCR_8125B, rtl_fix_8126a, "RTL8126A"},
    {0x7cf, 0x641, GEN_8125B | RTL_INT_CFG1, RCR_8125B, rtl_fix_8125b, "RTL8125B"},
    {0x7cf, 0x681, GEN_8125B | RTL_DASH_BP, RCR_8125B, rtl_fix_8125d, "RTL8125BP"},
    {0x7cf, 0x68b, GEN_8125B, RCR_8125B, rtl_fix_8125d, "RTL9151A"},
    {0x7cf, 0x68a, GEN_8125B, RCR_8125B, rtl_fix_8125d, "RTL8125K"},
    {0x7cf, 0x689, GEN_8125B, RCR_8125B, rtl_fix_8125d, "RTL8125D"},
    {0x7cf, 0x688, GEN_8125B, RCR_8125B, rtl_fix_8125d, "RTL8125D"},
    {0x7cf, 0x609, GEN_8125A, RCR_8125A, rtl_fix_8125a, "RTL8125A"},

    {0x7cf, 0x541, GEN_8168G, RCR_8168G, rtl_fix_8168h, "RTL8168H/8111H"},
    {0x7cf, 0x6c0, GEN_8168G, RCR_8168G, rtl_fix_8168h, "RTL8168M/8111M"},
    {0x7cf, 0x54a, GEN_8168EP | RTL_8117, RCR_8168G, rtl_fix_8117, "RTL8168FP/8117"},
    {0x7cf, 0x54b, GEN_8168EP | RTL_8117, RCR_8168G, rtl_fix_8117, "RTL8168FP/8117"},
    {0x7cf, 0x502, GEN_8168EP, RCR_8168G, rtl_fix_8168ep, "RTL8168EP/8111EP"},
    {0x7cf, 0x5c8, GEN_8168G | RTL_8411B, RCR_8168G, rtl_fix_8168g, "RTL8411B"},
    {0x7cf, 0x509, GEN_8168G, RCR_8168G, rtl_fix_8168g, "RTL8168GU/8111GU"},
    {0x7cf, 0x4c0, GEN_8168G, RCR_8168G, rtl_fix_8168g_1, "RTL8168G/8111G"},
    {0x7c8, 0x488, GEN_8411, RCR_8168C, rtl_fix_8411, "RTL8411"},
    {0x7cf, 0x481, GEN_8168F | RTL_SPEEDS_8168F, RCR_8168C, rtl_fix_8168f, "RTL8168F/8111F"},
    {0x7cf, 0x480, GEN_8168F | RTL_SPEEDS_8168F, RCR_8168C, rtl_fix_8168f, "RTL8168F/8111F"},
    {0x7c8, 0x2c8, GEN_EVL | RTL_MAC_COPY, RCR_8168C, rtl_fix_8168evl, "RTL8168E-VL/8111E-VL"},
    {0x7c8, 0x2c0, GEN_8168E, RCR_8168D, rtl_fix_8168e, "RTL8168E/8111E"},
    {0x7cf, 0x28a, RTL_STOP_POLL | RTL_DASH_DP, RCR_8168D, rtl_fix_8168dp, "RTL8168DP/8111DP"},
    {0x7cf, 0x28b, RTL_STOP_POLL | RTL_DASH_DP, RCR_8168D, rtl_fix_8168dp_2, "RTL8168DP/8111DP"},
    {0x7c8, 0x280, RTL_PLL, RCR_8168D, rtl_fix_8168d, "RTL8168D/8111D"},
    {0x7cf, 0x3c9, 0, RCR_8168C, rtl_fix_8168cp_2, "RTL8168CP/8111CP"},
    {0x7cf, 0x3c8, 0, RCR_8168C, rtl_fix_8168c, "RTL8168CP/8111CP"},
    {0x7c8, 0x3c8, 0, RCR_8168C, rtl_fix_8168cp, "RTL8168CP/8111CP"},
    {0x7cf, 0x3c0, 0, RCR_8168C, rtl_fix_8168c_1, "RTL8168C/8111C"},
    {0x7c8, 0x3c0, 0, RCR_8168C, rtl_fix_8168c, "RTL8168C/8111C"},
    {0x7c8, 0x380, 0, RCR_8169, rtl_fix_8168b, "RTL8168B/8111B"},
    {0x7c8, 0x300, 0, RCR_8169, rtl_fix_8168b, "RTL8168B/8111B"},

    {0x7c8, 0x448, GEN_8168E | RTL_FAST, RCR_8168D, rtl_fix_8106e, "RTL8106E"},
    {0x7c8, 0x440, GEN_8402, RCR_8168D, rtl_fix_8402, "RTL8402"},
    {0x7c8, 0x408, RTL_PLL | RTL_FAST, RCR_8168D, rtl_fix_8105e, "RTL8105E"},
    {0x6cf, 0x248, RTL_FAST, RCR_8168D, rtl_fix_8102e, "RTL8102E"},
    {0x6cf, 0x249, RTL_FAST, RCR_8168D, rtl_fix_8101, "RTL8102E"},
    {0x6c8, 0x248, RTL_FAST, RCR_8168D, rtl_fix_8101, "RTL8102E/8103E"},
    {0x7cf, 0x240, RTL_FAST, RCR_8169, rtl_fix_8101, "RTL8401"},
    {0x7c8, 0x340, RTL_FAST | RTL_CPLUS_ENB, RCR_8169, NULL, "RTL8101E/8100E"},
    {0x7c8, 0x308, RTL_FAST | RTL_CPLUS_ENB, RCR_8169, NULL, "RTL8100E"},

    {0xfc8, 0x980, RTL_PCI | RTL_PCI_CLOCK, RCR_8169, rtl_fix_8169sc_6, "RTL8169SC/8110SC"},
    {0xfc8, 0x180, RTL_PCI | RTL_PCI_CLOCK, RCR_8169, rtl_fix_8169sc_5, "RTL8169SC/8110SC"},
    {0xfc8, 0x100, RTL_PCI, RCR_8169, rtl_fix_8169, "RTL8169SB/8110SB"},
    {0xfc8, 0x040, RTL_PCI | RTL_FIRST_8169, RCR_8169, rtl_fix_8169, "RTL8110S"},
    {0xfc8, 0x008, RTL_PCI | RTL_FIRST_8169, RCR_8169, rtl_fix_8169, "RTL8169S"},
    {0xfc8, 0x000, RTL_PCI | RTL_FIRST_8169, RCR_8169, rtl_fix_8169, "RTL8169"},
};

// What makes two chips of different kinds: registers of the one are not the other's. A fast Ethernet id may
// stand for a gigabit chip without its gigabit PHY (8106EUS, 8107E), so RTL_FAST does not.
#define KIND (RTL_PCI | RTL_8125)

static bool same_kind(const struct rtl_chip *chip, uint32_t id_flags)
{
    return ((chip->flags ^ id_flags) & KIND) == 0;
}

const struct rtl_chip *rtl_find_chip(uint16_t xid, uint32_t id_flags, bool *known)
{
    const struct rtl_chip *first = NULL;

    for (size_t i = 0; i < sizeof(chips) / sizeof(chips[0]); i++) {
        const struct rtl_chip *chip = &chips[i];
        if (!same_kind(chip, id_flags))
            continue;
        if ((xid & chip->mask) == chip->xid) {
            *known = true;
            return chip;
        }
        if (first == NULL && (chip->flags & RTL_8126) == (id_flags & RTL_8126))
            first = chip;
    }
    *known = false;
    return first;
}
