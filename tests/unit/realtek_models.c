// The models of realtek_fake.h: every version that Linux's r8169 lists, with what its functions write to each, and
// the registers with their widths. Facts of that driver, put down apart from ours. It does not list 300, 308 and 000,
// which FreeBSD's re does: those are like their neighbours.

#include "tests/unit/realtek_fake.h"  // model

#define A_8168E (M_PLL | M_MISC | M_ASPM)
#define A_EVL (A_8168E | M_ERI | M_SENT | M_AUTO)
#define A_8168F (A_EVL | M_ERI_MAC)
#define A_8168G (A_8168E | M_ERI | M_AUTO | M_ERI_MAC | M_GATE)
#define A_8125A (A_8168E | M_GATE | M_8125)
#define A_8125D (A_8125A | M_REST)
#define A_8125B (A_8125D | M_INT_CFG1)
#define A_PCI (M_PCI | M_PLUS)

const struct model models[] = {
    {0x7cf, 0x64a, 0x8126, A_8125B | M_8126, 0x40000f00, "RTL8126A"},
    {0x7cf, 0x649, 0x8126, A_8125B | M_8126, 0x40000f00, "RTL8126A"},
    {0x7cf, 0x681, 0x8125, A_8125D | M_BP | M_ERI, 0x40000f00, "RTL8125BP"},
    {0x7cf, 0x68b, 0x8125, A_8125D, 0x40000f00, "RTL9151A"},
    {0x7cf, 0x68a, 0x8125, A_8125D, 0x40000f00, "RTL8125K"},
    {0x7cf, 0x689, 0x8125, A_8125D, 0x40000f00, "RTL8125D"},
    {0x7cf, 0x688, 0x8125, A_8125D, 0x40000f00, "RTL8125D"},
    {0x7cf, 0x641, 0x8125, A_8125B, 0x40000f00, "RTL8125B"},
    {0x7cf, 0x609, 0x8125, A_8125A, 0x40000700, "RTL8125A"},
    {0x7cf, 0x54b, 0x8168, A_8168G | M_EP | M_FP, 0xcf00, "RTL8168FP/8117"},
    {0x7cf, 0x54a, 0x8168, A_8168G | M_EP | M_FP, 0xcf00, "RTL8168FP/8117"},
    {0x7cf, 0x502, 0x8168, A_8168G | M_EP, 0xcf00, "RTL8168EP/8111EP"},
    {0x7cf, 0x541, 0x8168, A_8168G, 0xcf00, "RTL8168H/8111H"},
    {0x7cf, 0x6c0, 0x8168, A_8168G, 0xcf00, "RTL8168M/8111M"},
    {0x7cf, 0x5c8, 0x8168, A_8168G, 0xcf00, "RTL8411B"},
    {0x7cf, 0x509, 0x8168, A_8168G, 0xcf00, "RTL8168GU/8111GU"},
    {0x7cf, 0x4c0, 0x8168, A_8168G, 0xcf00, "RTL8168G/8111G"},
    {0x7c8, 0x488, 0x8168, A_8168F & ~(uint32_t)M_PLL, 0xc700, "RTL8411"},
    {0x7cf, 0x481, 0x8168, A_8168F, 0xc700, "RTL8168F/8111F"},
    {0x7cf, 0x480, 0x8168, A_8168F, 0xc700, "RTL8168F/8111F"},
    {0x7c8, 0x2c8, 0x8168, A_EVL | M_MAC_COPY, 0xc700, "RTL8168E-VL/8111E-VL"},
    {0, 0x2c9, 0x8168, A_EVL | M_MAC_COPY, 0xc700, "RTL8168E-VL/8111E-VL"},
    {0x7cf, 0x2c1, 0x8168, A_8168E, 0x8700, "RTL8168E/8111E"},
    {0x7c8, 0x2c2, 0x8168, A_8168E, 0x8700, "RTL8168E/8111E"},
    {0x7cf, 0x281, 0x8168, M_PLL, 0x8700, "RTL8168D/8111D"},
    {0x7c8, 0x280, 0x8168, M_PLL, 0x8700, "RTL8168D/8111D"},
    {0, 0x283, 0x8168, M_PLL, 0x8700, "RTL8168D/8111D"},
    {0x7cf, 0x28a, 0x8168, M_DP | M_ERI, 0x8700, "RTL8168DP/8111DP"},
    {0x7cf, 0x28b, 0x8168, M_DP | M_ERI, 0x8700, "RTL8168DP/8111DP"},
    {0x7cf, 0x3c9, 0x8168, 0, 0xc700, "RTL8168CP/8111CP"},
    {0x7cf, 0x3c8, 0x8168, 0, 0xc700, "RTL8168CP/8111CP"},
    {0x7c8, 0x3ca, 0x8168, 0, 0xc700, "RTL8168CP/8111CP"},
    {0x7cf, 0x3c0, 0x8168, 0, 0xc700, "RTL8168C/8111C"},
    {0x7cf, 0x3c2, 0x8168, 0, 0xc700, "RTL8168C/8111C"},
    {0x7cf, 0x3c3, 0x8168, 0, 0xc700, "RTL8168C/8111C"},
    {0x7c8, 0x3c4, 0x8168, 0, 0xc700, "RTL8168C/8111C"},
    {0x7c8, 0x380, 0x8168, 0, 0xe700, "RTL8168B/8111B"},
    {0, 0x381, 0x8168, 0, 0xe700, "RTL8168B/8111B"},
    {0x7c8, 0x300, 0x8168, 0, 0xe700, "RTL8168B/8111B"},
    {0x7c8, 0x448, 0x8136, A_8168E | M_ERI | M_FAST, 0x8700, "RTL8106E"},
    {0, 0x44a, 0x8136, A_8168E | M_ERI | M_FAST, 0x8700, "RTL8106E"},
    {0x7c8, 0x440, 0x8136, A_8168F | M_FAST, 0x8700, "RTL8402"},
    {0x7cf, 0x409, 0x8136, M_PLL | M_MISC | M_FAST, 0x8700, "RTL8105E"},
    {0x7c8, 0x408, 0x8136, M_PLL | M_MISC | M_FAST, 0x8700, "RTL8105E"},
    {0, 0x40c, 0x8136, M_PLL | M_MISC | M_FAST, 0x8700, "RTL8105E"},
    {0x7cf, 0x349, 0x8136, M_FAST, 0x8700, "RTL8102E"},
    {0x7cf, 0x249, 0x8136, M_FAST, 0x8700, "RTL8102E"},
    {0x7cf, 0x348, 0x8136, M_FAST, 0x8700, "RTL8102E"},
    {0x7cf, 0x248, 0x8136, M_FAST, 0x8700, "RTL8102E"},
    {0x7cf, 0x240, 0x8136, M_FAST, 0xe700, "RTL8401"},
    {0x7c8, 0x34a, 0x8136, M_FAST, 0x8700, "RTL8102E/8103E"},
    {0x7c8, 0x24a, 0x8136, M_FAST, 0x8700, "RTL8102E/8103E"},
    {0x7c8, 0x340, 0x8136, M_FAST | M_PLUS, 0xe700, "RTL8101E/8100E"},
    {0, 0x343, 0x8136, M_FAST | M_PLUS, 0xe700, "RTL8101E/8100E"},
    {0x7c8, 0x308, 0x8136, M_FAST | M_PLUS, 0xe700, "RTL8100E"},
    {0xfc8, 0x980, 0x8167, A_PCI, 0xe700, "RTL8169SC/8110SC"},
    {0xfc8, 0x180, 0x8167, A_PCI, 0xe700, "RTL8169SC/8110SC"},
    {0xfc8, 0x100, 0x8169, A_PCI, 0xe700, "RTL8169SB/8110SB"},
    {0xfc8, 0x040, 0x8169, A_PCI | M_ANALOG, 0xe700, "RTL8110S"},
    {0xfc8, 0x008, 0x8169, A_PCI | M_ANALOG, 0xe700, "RTL8169S"},
    {0xfc8, 0x000, 0x8169, A_PCI | M_ANALOG, 0xe700, "RTL8169"},
};
const size_t model_count = sizeof(models) / sizeof(models[0]);

const struct model *model_of(uint16_t xid)
{
    for (size_t i = 0; i < model_count; i++)
        if (models[i].xid == xid)
            return &models[i];
    return NULL;
}

// ---- registers --------------------------------------------------------------------------------------

struct reg {
    uint32_t at;
    unsigned width;
    uint32_t need, never;  // traits: has one of these, none of those
};

static const struct reg registers[] = {
    {IDR0, 32, 0, 0},
    {IDR4, 32, 0, 0},
    {MAR0, 32, 0, 0},
    {MAR4, 32, 0, 0},
    {TNPDS, 32, 0, 0},
    {TNPDS_HIGH, 32, 0, 0},
    {INT_CFG0, 8, M_8125, 0},
    {CR, 8, 0, 0},
    {TPPOLL, 8, 0, M_8125},
    {IMR_8125, 32, M_8125, 0},
    {IMR, 16, 0, M_8125},
    {ISR_8125, 32, M_8125, 0},
    {ISR, 16, 0, M_8125},
    {TCR, 32, 0, 0},
    {RCR, 32, 0, 0},
    {CR9346, 8, 0, 0},
    {CONFIG1, 8, 0, M_PCI},
    {CONFIG2, 8, M_ASPM | M_PCI, M_8126},
    {CONFIG3, 8, 0, M_PCI},
    {CONFIG4, 8, 0, M_PCI | M_FAST | M_SENT | M_GATE},
    {CONFIG5, 8, M_ASPM, 0},
    {PHYAR, 32, 0, M_GATE},
    {PHYSTATUS, 8, 0, M_8125},
    {PHYSTATUS, 16, M_8125, 0},
    {PMCH, 8, M_PLL, 0},
    {ERIDR, 32, M_ERI, 0},
    {ERIAR, 32, M_ERI, 0},
    {INT_CFG1, 16, M_INT_CFG1, 0},
    {0x7c, 32, M_PCI, 0},
    {0x82, 8, M_PCI, 0},
    {TPPOLL_8125, 16, M_8125, 0},
    {OCPDR, 32, M_GATE | M_DP, 0},
    {OCPAR, 32, M_DP, 0},
    {GPHY_OCP, 32, M_GATE, 0},
    {DLLPR, 8, M_MISC, 0},
    {MDIO_DP, 32, M_DP, 0},
    {DBG, 8, 0, M_PCI | M_PLL},
    {MCU, 8, M_MISC, 0},
    {CFG_D8, 8, M_8126, 0},
    {RMS, 16, 0, 0},
    {CPCR, 16, 0, 0},
    {INT_MITIGATE, 16, 0, 0},
    {RDSAR, 32, 0, 0},
    {RDSAR_HIGH, 32, 0, 0},
    {MTPS, 8, 0, M_8125},
    {MISC, 32, M_MISC, 0},
    {MISC_1, 8, M_GATE, M_8125},
    {IBCR0, 8, M_EP, 0},
    {IBCR2, 8, M_EP, 0},
    {IBISR0, 8, M_EP, 0},
    {CFG_382, 16, M_8125, 0},
    {CFG_1880, 16, M_8125, 0},
    {MAC0_BKP, 32, M_8125, 0},
    {MAC0_BKP + 4, 32, M_8125, 0},
    {RSS_CTRL, 32, M_8125, 0},
    {Q_NUM_CTRL, 16, M_8125, 0},
};

bool model_has(uint32_t traits, uint32_t at, unsigned width)
{
    if ((traits & M_8125) && width == 32 && at >= 0xa00 && at < (traits & M_INT_CFG1 ? 0xa80u : 0xb00u) && at % 4 == 0)
        return true;
    for (size_t i = 0; i < sizeof(registers) / sizeof(registers[0]); i++) {
        const struct reg *reg = &registers[i];
        if (reg->at == at && reg->width == width && (reg->need == 0 || (traits & reg->need)) && !(traits & reg->never))
            return true;
    }
    return false;
}
