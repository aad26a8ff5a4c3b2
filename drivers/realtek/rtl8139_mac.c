// The RTL8139's MAC: taking it from whoever had it, reset, set-up, overflow, link.
// Spec: RTL8139D(L) Data Sheet chapter 5 (registers), RTL8139 Programming Guide (initialisation, overflow);
// IEEE 802.3 22.2.4 and 28.2.4 (BMCR, ANAR, ANLPAR). Tested: QEMU 7.2 rtl8139, which is always ready at once;
// unit tests with a chip in memory.
// Not handled: wake on LAN, which stays as it is set; tuning of 8139K's receiver to bad cables; chips with
// other media than their own PHY (MII, AUI); flow control.
#include "drivers/realtek/rtl8139_chip.h"  // rtl8139

#include "drivers/dma.h"      // dma_addr
#include "drivers/pci/pci.h"  // pci_set_bus_master
#include "lib/clock.h"        // deadline_ms
#include "lib/err.h"          // fail
#include "lib/log.h"          // log_warn
#include "lib/mac.h"          // mac_low

#define RCR_VALUE (RCR_APM | RCR_AB | RCR_WRAP | RCR_MXDMA_UNLIMITED | RCR_RBLEN_32K | RCR_RXFTH_WHOLE)
#define TCR_VALUE (TCR_MXDMA_1024 | TCR_IFG_NORMAL)
#define ANAR_ALL 0x01e1u   // 10 and 100 Mb/s, half and full duplex, 802.3

// Waits until the bits `mask` of the command register are `value`. False when they never were.
static bool wait_command(const struct rtl8139 *dev, uint8_t mask, uint8_t value, unsigned ms)
{
    uint64_t deadline = deadline_ms(ms);

    while ((rd8(dev, CR) & mask) != value)
        if (deadline_passed(deadline))
            return (rd8(dev, CR) & mask) == value;  // the machine may have stood still meanwhile
    return true;
}

// ---- reset ------------------------------------------------------------------------------------------

// A transfer that is under way must come to its end before the chip may not ask for the bus any more.
static void silence(struct rtl8139 *dev)
{
    wr16(dev, IMR, 0);
    wr32(dev, RCR, 0);
    wr8(dev, CR, 0);
    delay_us(SILENCE_US);
    pci_set_bus_master(dev->pci, false);
}

// What only EECR_CONFIG makes writable: operating systems leave the first chips asleep.
static void wake(const struct rtl8139 *dev)
{
    if (!(dev->flags & RTL8139_SLEEPS))
        return;
    wr8(dev, EECR, EECR_CONFIG);
    wr8(dev, CONFIG1, (uint8_t)(rd8(dev, CONFIG1) & ~(CONFIG1_SLEEP | CONFIG1_PWRDN)));
    wr8(dev, EECR, EECR_NORMAL);
}

// Descriptor mode, when an operating system left it on and the reset does not switch it off. The register
// must not be written otherwise: QEMU's device takes that for the wish to have no other mode any more.
static void leave_descriptor_mode(const struct rtl8139 *dev)
{
    if (!(dev->flags & RTL8139_CPLUS) || dev->pci->bars[RTL8139_BAR_REGS].size < CPCR_END)
        return;
    if (rd16(dev, CPCR) & (CPCR_CPTX | CPCR_CPRX))
        wr16(dev, CPCR, 0);
}

uint32_t rtl8139_tcr(const struct rtl8139 *dev)
{
    wr8(dev, HLTCLK, HLTCLK_RUN);
    return rd32(dev, TCR);
}

int rtl8139_reset(struct rtl8139 *dev)
{
    if (rtl8139_tcr(dev) == UINT32_MAX) {
        pci_set_bus_master(dev->pci, false);
        return fail(ERR_NIC_INIT_FAILED, "it does not answer");
    }
    wake(dev);
    silence(dev);
    wr8(dev, CR, CR_RST);
    if (!wait_command(dev, CR_RST, 0, RESET_TIMEOUT_MS))
        return fail(ERR_TIMEOUT, "its reset does not end");
    wr16(dev, IMR, 0);
    wr16(dev, ISR, ISR_ALL);
    leave_descriptor_mode(dev);
    return 0;
}

// ---- set-up -----------------------------------------------------------------------------------------

static bool wait_link(const struct rtl8139 *dev)
{
    uint64_t deadline = deadline_ms(LINK_SEEN_MS);

    while (rd8(dev, MSR) & MSR_LINKB)
        if (deadline_passed(deadline))
            return false;
    return true;
}

// A PHY that has a link, negotiated from all it can do, is left alone: negotiating takes seconds. Operating
// systems leave it switched off, or at 10 Mb/s to wake the machine up.
static void set_up_phy(const struct rtl8139 *dev)
{
    // The 8139C+ has other bits where others have BMCR_ISOLATE.
    uint16_t off = BMCR_POWER_DOWN | (dev->flags & RTL8139_CPLUS ? 0 : BMCR_ISOLATE);
    uint16_t bmcr = rd16(dev, BMCR), anar = rd16(dev, ANAR);
    bool negotiates = (bmcr & (BMCR_NEGOTIATE | off)) == BMCR_NEGOTIATE;

    if (negotiates && (anar & ANAR_ALL) == ANAR_ALL && wait_link(dev))
        return;
    wr16(dev, ANAR, anar | ANAR_ALL);
    wr16(dev, BMCR, BMCR_NEGOTIATE | BMCR_RESTART);
}

// What only EECR_CONFIG makes writable, too.
static void set_up_protected(const struct rtl8139 *dev)
{
    const uint8_t *mac = dev->nic->mac;

    wr8(dev, EECR, EECR_CONFIG);
    wr32(dev, IDR0, mac_low(mac));
    wr32(dev, IDR4, mac_high(mac));
    set_up_phy(dev);
    wr8(dev, EECR, EECR_NORMAL);
}

// The receiver is on and accepts nothing so far. Its thresholds hold only when they are set then.
static void start_receiver(struct rtl8139 *dev)
{
    wr32(dev, RCR, RCR_VALUE);
    wr16(dev, CAPR, (uint16_t)-CAPR_BIAS);
    dev->rx.read = 0;
    dev->rx.deadline = 0;
}

int rtl8139_set_up(struct rtl8139 *dev)
{
    const uint8_t on = CR_TE | CR_RE;

    set_up_protected(dev);
    wr32(dev, MAR0, 0);  // the stack takes no multicast
    wr32(dev, MAR4, 0);
    // SAFETY: DMA memory lies below 2 GiB (drivers/dma.h), so 32 bits tell all of its address.
    wr32(dev, RBSTART, (uint32_t)dma_addr(dev->rx.ring));
    for (unsigned i = 0; i < TX_SLOTS; i++)
        wr32(dev, TSAD0 + i * (uint32_t)sizeof(uint32_t),
             (uint32_t)dma_addr(dev->tx.slots.memory + (size_t)i * TX_SLOT_SIZE));
    wr8(dev, CR, on);
    if (!wait_command(dev, on, on, RECEIVER_MS))
        return fail(ERR_NIC_INIT_FAILED, "it does not switch on");
    start_receiver(dev);
    wr32(dev, TCR, TCR_VALUE);
    wr32(dev, MPC, 0);
    wr16(dev, MULINT, (uint16_t)(rd16(dev, MULINT) & ~MULINT_EARLY_MASK));
    return 0;
}

void rtl8139_restart_receiver(struct rtl8139 *dev)
{
    wr32(dev, RCR, 0);
    wr8(dev, CR, CR_TE);
    if (!wait_command(dev, CR_RE, 0, RECEIVER_MS)) {
        dev->life.renew = true;  // it is still writing
        return;
    }
    wr32(dev, RBSTART, (uint32_t)dma_addr(dev->rx.ring));
    wr8(dev, CR, CR_TE | CR_RE);
    if (!wait_command(dev, CR_RE, CR_RE, RECEIVER_MS)) {
        dev->life.renew = true;  // RCR would not stay
        return;
    }
    start_receiver(dev);
    wr16(dev, ISR, ISR_RECEIVED);
}

// ---- at work ----------------------------------------------------------------------------------------

void rtl8139_acknowledge(struct rtl8139 *dev)
{
    uint16_t isr = rd16(dev, ISR);

    if (isr == UINT16_MAX)
        return;  // it has gone, which the next look at CR or TCR tells
    if (isr & ISR_SERR) {
        log_warn("%s: an error on its bus, restarting it", dev->nic->chip);
        dev->life.restart = true;
    }
    if (isr & (ISR_RECEIVED & ~ISR_ROK))
        wr16(dev, ISR, ISR_RECEIVED);
}

// The best mode that both ends offer (802.3 annex 28B.3).
static bool full_duplex(const struct rtl8139 *dev)
{
    if (!(rd16(dev, BMCR) & BMCR_NEGOTIATE))
        return rd16(dev, BMCR) & BMCR_FULL_DUPLEX;
    uint16_t common = rd16(dev, ANAR) & rd16(dev, ANLPAR);
    if (common & (ANAR_100_FULL | ANAR_100))
        return common & ANAR_100_FULL;
    return common & ANAR_10_FULL;
}

struct nic_link rtl8139_link(struct rtl8139 *dev)
{
    struct nic_link link = {0};

    if (rd32(dev, TCR) == UINT32_MAX) {
        dev->life.gone = true;
        return link;
    }
    rtl8139_acknowledge(dev);
    uint32_t missed = rd32(dev, MPC) & MPC_MASK;
    if (missed) {
        dev->nic->stats.rx_no_buffer += missed;
        wr32(dev, MPC, 0);
    }
    uint8_t msr = rd8(dev, MSR);
    link.up = !(msr & MSR_LINKB);
    if (!link.up)
        return link;
    link.mbps = msr & MSR_SPEED_10 ? 10 : 100;
    link.full_duplex = full_duplex(dev);
    return link;
}
