// What each version of the chip wants written between reset and start: sizes of FIFOs, thresholds of pause
// frames, the packet filter's restart, early tallies and other habits off. Without some of them the receiver
// stalls; none needs firmware.
// Spec: no public data sheet; facts of Linux (r8169), FreeBSD (re), OpenBSD (rge). Tested: the models of
// 8168C, 8168E-VL, 8168G, 8168H and 8125B, which store these bits and do no more; no silicon.
// Not handled: tuning of the PCI Express PHY (EPHY) and of the Ethernet PHY's receiver, patches of the PHY's
// firmware, the microsecond counter of 8168H and 8117, the patch of 8411B for a PHY that was switched off.
#include "drivers/realtek/realtek.h"  // rtl_fixup

#include "drivers/realtek/realtek_regs.h"  // CONFIG3

#define ALL 0xffffffffu
#define LOW 0xffffu
#define END {RTL_SPACE_END, 0, 0, 0}

// The filter forgets what it had learned.
#define PACKET_FILTER {RTL_ERI, 0xdc, 0x1, 0}, {RTL_ERI, 0xdc, 0, 0x1}
// Receive and transmit FIFO: static size above, dynamic below.
#define FIFO(rx, tx) {RTL_ERI, 0xc8, ALL, (rx) << 16 | 0x02}, {RTL_ERI, 0xe8, ALL, (tx) << 16 | 0x06}
#define PAUSE(low, high) {RTL_ERI, 0xcc, 0xff, low}, {RTL_ERI, 0xd0, 0xff, high}
#define WAKE_UP_OFF {RTL_ERI, 0xc0, LOW, 0}, {RTL_ERI, 0xb8, LOW, 0}
#define WAKE_UP_OFF_32 {RTL_ERI, 0xc0, LOW, 0}, {RTL_ERI, 0xb8, ALL, 0}
#define NO_L23 {RTL_REG8, CONFIG3, CONFIG3_RDY_TO_L23, 0}
#define NO_OOB {RTL_REG8, MCU, MCU_NOW_IS_OOB, 0}
// An operating system that had large frames on leaves them on through a restart.
#define NO_JUMBO {RTL_REG8, CONFIG3, CONFIG3_JUMBO_EN0, 0}, {RTL_REG8, CONFIG4, CONFIG4_JUMBO_EN1, 0}
#define NO_JUMBO_E {RTL_REG8, CONFIG3, CONFIG3_JUMBO_EN0, 0}, {RTL_REG8, CONFIG4, CONFIG4_JUMBO_B, 0}
#define NO_BEACON {RTL_REG8, CONFIG3, CONFIG3_BEACON_EN, 0}
#define NO_EEE {RTL_ERI, 0x1b0, 0x3, 0}

// ---- PCI --------------------------------------------------------------------------------------------

#define FIX_8169 {RTL_REG8, C82, 0xff, C82_VALUE}
const struct rtl_fixup rtl_fix_8169[] = {FIX_8169, END};
const struct rtl_fixup rtl_fix_8169sc_5[] = {FIX_8169, {RTL_REG32, PCI_CLOCK, ALL, 0x000fff00}, END};
const struct rtl_fixup rtl_fix_8169sc_6[] = {FIX_8169, {RTL_REG32, PCI_CLOCK, ALL, 0x00ffff00}, END};

// ---- 8168B to 8168F ---------------------------------------------------------------------------------

const struct rtl_fixup rtl_fix_8168b[] = {NO_BEACON, {RTL_REG8, CONFIG4, CONFIG4_JUMBO_B, 0}, END};
const struct rtl_fixup rtl_fix_8168cp_2[] = {NO_BEACON, NO_JUMBO, END};
const struct rtl_fixup rtl_fix_8168d[] = {NO_JUMBO, END};
const struct rtl_fixup rtl_fix_8168dp[] = {{RTL_REG8, CONFIG3, CONFIG3_JUMBO_EN0, 0}, END};
const struct rtl_fixup rtl_fix_8168dp_2[] = {NO_JUMBO_E, END};

const struct rtl_fixup rtl_fix_8168c[] = {
    {RTL_REG8, CONFIG1, 0, CONFIG1_SPEED_DOWN}, NO_BEACON, NO_JUMBO, END,
};

const struct rtl_fixup rtl_fix_8168c_1[] = {
    {RTL_REG8, DBG, 0xff, DBG_FIX_8168C}, {RTL_REG8, CONFIG1, 0, CONFIG1_SPEED_DOWN}, NO_BEACON, NO_JUMBO,
    END,
};

const struct rtl_fixup rtl_fix_8168cp[] = {NO_BEACON, NO_JUMBO, {RTL_REG8, DBG, 0xff, DBG_FIX_8168CP}, END};

const struct rtl_fixup rtl_fix_8168e[] = {
    {RTL_REG32, MISC, 0, MISC_TXPLA_RST},  // the send FIFO's pointer is reset
    {RTL_REG32, MISC, MISC_TXPLA_RST, 0},
    {RTL_REG8, CONFIG5, CONFIG5_SPI_EN, 0},
    NO_JUMBO_E,
    END,
};

const struct rtl_fixup rtl_fix_8168evl[] = {
    WAKE_UP_OFF_32, FIFO(0x10u, 0x10u), {RTL_ERI, 0x1d0, 0, 0x2}, PACKET_FILTER, {RTL_ERI, 0x1b0, 0, 0x10},
    {RTL_ERI, 0xcc, ALL, 0x50}, {RTL_ERI, 0xd0, ALL, 0x07ff0060}, NO_OOB, NO_EEE,
    {RTL_REG8, DLLPR, 0, DLLPR_PFM_EN}, {RTL_REG32, MISC, 0, MISC_PWM_EN},
    {RTL_REG8, CONFIG5, CONFIG5_SPI_EN, 0}, END,
};

#define FIX_8168F \
    WAKE_UP_OFF_32, FIFO(0x10u, 0x10u), PACKET_FILTER, {RTL_ERI, 0x1b0, 0, 0x10}, \
    {RTL_ERI, 0x1d0, 0, 0x12}, {RTL_ERI, 0xcc, ALL, 0x50}, {RTL_ERI, 0xd0, ALL, 0x60}, NO_OOB, NO_EEE, \
    {RTL_REG8, DLLPR, 0, DLLPR_PFM_EN}, {RTL_REG32, MISC, 0, MISC_PWM_EN}, \
    {RTL_REG8, CONFIG5, CONFIG5_SPI_EN, 0}

const struct rtl_fixup rtl_fix_8168f[] = {FIX_8168F, END};
const struct rtl_fixup rtl_fix_8411[] = {FIX_8168F, NO_L23, END};

// ---- by the link's speed ----------------------------------------------------------------------------

#define SPEED(low, high) {RTL_ERI, 0x1bc, ALL, low}, {RTL_ERI, 0x1dc, ALL, high}

static const struct rtl_fixup evl_1000[] = {SPEED(0x11, 0x05), PACKET_FILTER, END};
static const struct rtl_fixup evl_100[] = {SPEED(0x1f, 0x05), PACKET_FILTER, END};
static const struct rtl_fixup evl_10[] = {SPEED(0x1f, 0x3f), PACKET_FILTER, END};
static const struct rtl_fixup f_1000[] = {SPEED(0x11, 0x05), END};
static const struct rtl_fixup f_slower[] = {SPEED(0x1f, 0x3f), END};
static const struct rtl_fixup fast_100[] = {{RTL_ERI, 0x1d0, LOW, 0}, END};
static const struct rtl_fixup fast_10[] = {{RTL_ERI, 0x1d0, LOW, 0x4d02}, {RTL_ERI, 0x1dc, LOW, 0x060a}, END};

const struct rtl_fixup *rtl_fix_speed(const struct rtl *dev, unsigned mbps)
{
    if (rtl_has(dev, RTL_SPEEDS_EVL))
        return mbps == 1000 ? evl_1000 : mbps == 100 ? evl_100 : evl_10;
    if (rtl_has(dev, RTL_SPEEDS_8168F))
        return mbps == 1000 ? f_1000 : f_slower;
    if (rtl_has(dev, RTL_SPEEDS_8402))
        return mbps == 100 ? fast_100 : fast_10;
    return NULL;
}

// ---- 8168G on ---------------------------------------------------------------------------------------

#define FIX_8168G \
    FIFO(0x08u, 0x10u), PAUSE(0x38, 0x48), PACKET_FILTER, {RTL_ERI, 0x2f8, LOW, 0x1d8f}, WAKE_UP_OFF, \
    {RTL_ERI, 0x2fc, 0x6, 0x1}, {RTL_ERI, 0x1b0, 0x1000, 0}, NO_EEE, NO_L23

// The first one's PHY has a processor, which stops when the PHY is switched off.
const struct rtl_fixup rtl_fix_8168g_1[] = {{RTL_ERI, 0x1a8, 0, 0xfc000000}, FIX_8168G, END};
const struct rtl_fixup rtl_fix_8168g[] = {FIX_8168G, END};

// Its clocks run on while it works; with link power saving off, nothing triggers L1.2.
#define NO_L1_2 {RTL_OCP, 0xe092, 0x00ff, 0}
#define CLOCKS_8168H \
    {RTL_OCP, 0xe056, 0x00f0, 0}, {RTL_OCP, 0xd420, 0x0fff, 0x047f}, {RTL_OCP, 0xe63e, LOW, 0x0001}, \
    {RTL_OCP, 0xe63e, LOW, 0}, {RTL_OCP, 0xc094, LOW, 0}, {RTL_OCP, 0xc09e, LOW, 0}

const struct rtl_fixup rtl_fix_8168h[] = {
    FIFO(0x08u, 0x10u), PAUSE(0x38, 0x48), PACKET_FILTER, {RTL_ERI, 0xdc, 0, 0x1c},
    {RTL_ERI, 0x5f0, LOW, 0x4f87}, WAKE_UP_OFF, {RTL_REG8, DLLPR, DLLPR_PFM_EN | DLLPR_TX_10M_PS_EN, 0},
    {RTL_REG8, MISC_1, MISC_1_PFM_D3COLD_EN, 0}, {RTL_ERI, 0x1b0, 0x1000, 0}, NO_EEE, NO_L23,
    NO_L1_2, {RTL_OCP, 0xe052, 0x6000, 0x8008}, {RTL_OCP, 0xe0d6, 0x01ff, 0x017f}, CLOCKS_8168H, END,
};

const struct rtl_fixup rtl_fix_8168ep[] = {
    FIFO(0x08u, 0x10u), PAUSE(0x2f, 0x5f), PACKET_FILTER, {RTL_ERI, 0x5f0, LOW, 0x4f87}, WAKE_UP_OFF,
    {RTL_ERI, 0x2fc, 0x6, 0x1}, {RTL_REG8, DLLPR, DLLPR_PFM_EN | DLLPR_TX_10M_PS_EN, 0},
    {RTL_REG8, MISC_1, MISC_1_PFM_D3COLD_EN, 0}, NO_EEE, NO_L23, {RTL_OCP, 0xd3e2, 0x0fff, 0x0271},
    {RTL_OCP, 0xd3e4, 0x00ff, 0}, {RTL_OCP, 0xe860, 0, 0x0080}, END,
};

const struct rtl_fixup rtl_fix_8117[] = {
    FIFO(0x08u, 0x10u), PAUSE(0x2f, 0x5f), PACKET_FILTER, {RTL_ERI, 0xd4, 0, 0x10},
    {RTL_ERI, 0x5f0, LOW, 0x4f87}, WAKE_UP_OFF, {RTL_REG8, DLLPR, DLLPR_PFM_EN | DLLPR_TX_10M_PS_EN, 0},
    {RTL_REG8, MISC_1, MISC_1_PFM_D3COLD_EN, 0}, {RTL_ERI, 0x1b0, 0x1000, 0}, NO_EEE, NO_L23,
    {RTL_OCP, 0xea80, LOW, 0x0003}, {RTL_OCP, 0xe052, 0, 0x0009}, CLOCKS_8168H, END,
};

// ---- fast Ethernet ----------------------------------------------------------------------------------

const struct rtl_fixup rtl_fix_8101[] = {NO_BEACON, END};
const struct rtl_fixup rtl_fix_8102e[] = {{RTL_REG8, DBG, 0xff, DBG_FIX_8102E}, NO_BEACON, END};

const struct rtl_fixup rtl_fix_8105e[] = {
    {RTL_REG32, MISC, MISC_EARLY_TALLY_EN, MISC_EXIT_ASPM}, {RTL_REG8, MCU, 0, MCU_EN_NDP | MCU_EN_OOB_RESET},
    {RTL_REG8, DLLPR, 0, DLLPR_PFM_EN}, NO_L23, END,
};

const struct rtl_fixup rtl_fix_8402[] = {
    {RTL_REG32, MISC, 0, MISC_EXIT_ASPM}, NO_OOB, FIFO(0u, 0u), PACKET_FILTER, WAKE_UP_OFF,
    {RTL_ERI, 0xd4, 0xff00, 0x0e00}, {RTL_ERI, 0x1b0, LOW, 0}, NO_L23, END,
};

const struct rtl_fixup rtl_fix_8106e[] = {
    {RTL_REG32, MISC, MISC_EARLY_TALLY_EN, MISC_EXIT_ASPM | MISC_DISABLE_LAN_EN},
    {RTL_REG8, MCU, 0, MCU_EN_NDP | MCU_EN_OOB_RESET}, {RTL_REG8, DLLPR, DLLPR_PFM_EN, 0},
    {RTL_ERI, 0x1d0, LOW, 0}, {RTL_ERI, 0x1b0, LOW, 0}, NO_L23, END,
};

// ---- 8125 on ----------------------------------------------------------------------------------------

// One queue, no RSS, descriptors of the old format (OCP eb58), the send path restarted (eb54).
#define FIX_8125_BEGIN \
    NO_L1_2, NO_L23, {RTL_REG16, CFG_382, LOW, CFG_382_VALUE}, {RTL_REG32, RSS_CTRL, ALL, 0}, \
    {RTL_REG16, Q_NUM_CTRL, LOW, 0}, {RTL_OCP, 0xd40a, 0x0010, 0}, \
    {RTL_REG8, CONFIG1, CONFIG1_SPEED_DOWN, 0}, {RTL_OCP, 0xc140, LOW, LOW}, {RTL_OCP, 0xc142, LOW, LOW}, \
    {RTL_OCP, 0xd3e2, 0x0fff, 0x03a9}, {RTL_OCP, 0xd3e4, 0x00ff, 0}, {RTL_OCP, 0xe860, 0, 0x0080}, \
    {RTL_OCP, 0xeb58, 0x0001, 0}
#define FIX_8125_END \
    {RTL_OCP, 0xc0b4, 0, 0x000c}, {RTL_OCP, 0xeb6a, 0x00ff, 0x0033}, {RTL_OCP, 0xeb50, 0x03e0, 0x0040}, \
    {RTL_OCP, 0xe056, 0x00f0, 0}, {RTL_OCP, 0xe040, 0x1003, 0}, {RTL_OCP, 0xea1c, 0x0003, 0x0001}, \
    {RTL_OCP, 0xe0c0, 0x4f0f, 0x4403}, {RTL_OCP, 0xe052, 0x0080, 0x0068}, {RTL_OCP, 0xd430, 0x0fff, 0x047f}, \
    {RTL_OCP, 0xea1c, 0x0004, 0}, {RTL_OCP, 0xeb54, 0, 0x0001}, {RTL_OCP, 0xeb54, 0x0001, 0}, \
    {RTL_REG16, CFG_1880, 0x0030, 0}, {RTL_OCP, 0xe098, LOW, 0xc302}
// Requests under way on the bus, and how the sender is clocked.
#define REQUESTS_8125(count, clocking) \
    {RTL_OCP, 0xe614, 0x0700, (count) << 8}, {RTL_OCP, 0xe63e, 0x0c30, clocking}

const struct rtl_fixup rtl_fix_8125a[] = {
    FIX_8125_BEGIN, REQUESTS_8125(3u, 0x0020), FIX_8125_END, {RTL_OCP, 0xeb62, 0x0006, 0}, END,
};
const struct rtl_fixup rtl_fix_8125b[] = {FIX_8125_BEGIN, REQUESTS_8125(2u, 0), FIX_8125_END, END};
const struct rtl_fixup rtl_fix_8125d[] = {FIX_8125_BEGIN, REQUESTS_8125(3u, 0x0020), FIX_8125_END, END};
const struct rtl_fixup rtl_fix_8126a[] = {
    FIX_8125_BEGIN, {RTL_REG8, CFG_D8, CFG_D8_BIT1, 0}, REQUESTS_8125(4u, 0x0020),
    {RTL_OCP, 0xea1c, 0x0300, 0}, FIX_8125_END, END,
};
