// The MAC of Realtek's controllers: taking it from whoever had it, reset, set-up.
// Spec: RTL8169 Registers data sheet sections 6 and 7; what later chips want beside (RXDV gate, management
// firmware's FIFOs) as the driver of Linux (r8169) has it. Tested: models of 8168C, 8168E-VL, 8168G, 8168H
// and 8125B as firmware or another driver left them; unit tests with a chip in memory; no silicon.
// Not handled: jumbo frames, VLAN offload, interrupts, wake on LAN; latency timer and cache line size of the
// 8169, which firmware sets; optical ports of the 8169 (TBI).
#include "drivers/realtek/realtek.h"  // rtl

#include "drivers/pci/pci.h"               // pci_set_bus_master
#include "drivers/realtek/realtek_regs.h"  // CR
#include "lib/clock.h"                     // delay_us
#include "lib/err.h"                       // fail
#include "lib/log.h"                       // log_debug

// ---- stop and reset ---------------------------------------------------------------------------------

static void mask_interrupts(const struct rtl *dev)
{
    if (rtl_has(dev, RTL_8125)) {
        wr32(dev, IMR_8125, 0);
        wr32(dev, ISR_8125, UINT32_MAX);
    } else {
        wr16(dev, IMR, 0);
        wr16(dev, ISR, UINT16_MAX);
    }
}

// Nothing comes in any more; what is in the FIFOs runs out.
static bool close_gate(const struct rtl *dev)
{
    uint8_t empty = MCU_TX_EMPTY | MCU_RX_EMPTY;
    bool done = true;

    rtl_change32(dev, MISC, 0, MISC_RXDV_GATED_EN);
    rd8(dev, CR);  // the write is there, the time starts
    delay_us(GATE_US);
    if (rtl_has(dev, RTL_STOP_REST))
        rtl_change8(dev, CR, 0, CR_STOP_REQ);
    if (!rtl_has(dev, RTL_8125))
        done = rtl_wait32(dev, TCR, TCR_EMPTY, TCR_EMPTY, FIFO_TIMEOUT_MS);
    done = rtl_wait8(dev, MCU, empty, empty, FIFO_TIMEOUT_MS) && done;
    if (rtl_has(dev, RTL_STOP_REST))
        done = rtl_wait16(dev, INT_MITIGATE, FIFO_STATE_8125, FIFO_STATE_8125, FIFO_TIMEOUT_MS) && done;
    return done;
}

// What is under way on the bus must come to its end before the reset, or the reset may not end.
static void finish_dma(const struct rtl *dev)
{
    bool done = true;

    wr32(dev, RCR, rd32(dev, RCR) & ~RCR_ACCEPT_MASK);
    if (rtl_has(dev, RTL_GATE)) {
        done = close_gate(dev);
    } else if (rtl_has(dev, RTL_STOP_POLL)) {
        done = rtl_wait8(dev, TPPOLL, TPPOLL_NPQ, 0, SEND_TIMEOUT_MS);
    } else {
        rtl_change8(dev, CR, 0, CR_STOP_REQ);
        if (rtl_has(dev, RTL_STOP_SENT))
            done = rtl_wait32(dev, TCR, TCR_EMPTY, TCR_EMPTY, SEND_TIMEOUT_MS);
        rd8(dev, CR);
        delay_us(STOP_US);
    }
    if (!done)
        log_debug("%s: its FIFOs do not run empty", dev->nic->chip);  // the reset empties them all the same
}

static bool reset_ends(const struct rtl *dev)
{
    uint64_t deadline = deadline_ms(RESET_TIMEOUT_MS);

    do {
        delay_us(RESET_POLL_US);
        if (!(rd8(dev, CR) & CR_RST))
            return true;
    } while (!deadline_passed(deadline));
    return false;
}

// Management firmware, or an operating system that went to sleep, may have left the FIFOs to receive on their
// own for wake on LAN. Until they are taken back nothing gets to us. Their parts are linked anew.
static void leave_oob(const struct rtl *dev)
{
    bool ready;

    rtl_change8(dev, CR, CR_TE | CR_RE, 0);
    rd8(dev, CR);
    delay_us(OOB_US);
    rtl_change8(dev, MCU, MCU_NOW_IS_OOB, 0);
    rtl_ocp_change(dev, OCP_LINK_LIST, OCP_LINK_LIST_STOP, 0);
    ready = rtl_wait8(dev, MCU, MCU_LINK_LIST_RDY, MCU_LINK_LIST_RDY, FIFO_TIMEOUT_MS);
    if (rtl_has(dev, RTL_8125)) {
        rtl_ocp_write(dev, OCP_OOB_TIMER, OCP_OOB_TIMER_VALUE);
        rtl_ocp_write(dev, OCP_OOB_SIZE, OCP_OOB_SIZE_VALUE);
        rtl_ocp_write(dev, OCP_OOB_ADDRESS, OCP_OOB_ADDRESS_VALUE);
    } else {
        rtl_ocp_change(dev, OCP_LINK_LIST, 0, OCP_LINK_LIST_START);
    }
    ready = rtl_wait8(dev, MCU, MCU_LINK_LIST_RDY, MCU_LINK_LIST_RDY, FIFO_TIMEOUT_MS) && ready;
    if (!ready)
        log_debug("%s: its FIFOs do not come back from management firmware", dev->nic->chip);
}

int rtl_reset(struct rtl *dev)
{
    if (rd32(dev, TCR) == UINT32_MAX) {
        pci_set_bus_master(dev->pci, false);
        return fail(ERR_NIC_INIT_FAILED, "it does not answer");
    }
    mask_interrupts(dev);
    rtl_dash_stop_mac(dev);
    finish_dma(dev);
    pci_set_bus_master(dev->pci, false);
    wr8(dev, CR, CR_RST);
    if (!reset_ends(dev))
        return fail(ERR_TIMEOUT, "its reset does not end");
    mask_interrupts(dev);
    if (rtl_has(dev, RTL_GATE)) {
        leave_oob(dev);
        rtl_change32(dev, MISC, MISC_RXDV_GATED_EN, 0);  // receiver off; some drivers never open it
    }
    return 0;
}

// ---- set-up -----------------------------------------------------------------------------------------

// Its own switches beside PCI Express's: with them on, chips vanish from the bus or hang the machine.
static void disable_power_saving(const struct rtl *dev)
{
    if (!rtl_has(dev, RTL_CONFIG_ASPM))
        return;
    rtl_change8(dev, CONFIG5, CONFIG5_ASPM_EN, 0);
    if (!rtl_has(dev, RTL_8126))  // whose switch is in INT_CFG0, which is cleared
        rtl_change8(dev, CONFIG2, CONFIG2_CLKREQ_EN, 0);
}

// Checksums looked at, VLAN tags left in the frame, no addresses of 64 bits on PCI, where they hang machines.
// The switches of receiver and transmitter became something else on PCI Express: there they stay as they are.
static uint16_t c_plus_command(const struct rtl *dev)
{
    uint16_t before = rd16(dev, CPCR) & (CPCR_NORMAL_MODE | CPCR_RX_ENB | CPCR_TX_ENB);

    if (!rtl_has(dev, RTL_PCI | RTL_CPLUS_ENB))
        return before | CPCR_RX_CSUM;
    return before | CPCR_RX_CSUM | CPCR_RX_ENB | CPCR_TX_ENB | CPCR_MUL_RW |
           (rtl_has(dev, RTL_FIRST_8169) ? CPCR_ANALOG_PLL : 0);
}

static void set_up_8125(const struct rtl *dev)
{
    bool half = rtl_has(dev, RTL_INT_CFG1);
    uint32_t size = half ? INT_MITIGATION_8125_SIZE / 2 : INT_MITIGATION_8125_SIZE;

    wr8(dev, INT_CFG0, 0);
    for (uint32_t i = 0; i < size; i += (uint32_t)sizeof(uint32_t))
        wr32(dev, INT_MITIGATION_8125 + i, 0);
    if (half)
        wr16(dev, INT_CFG1, 0);
}

static void await_8125(const struct rtl *dev)
{
    uint64_t deadline = deadline_ms(BUSY_8125_TIMEOUT_MS);

    while (rtl_ocp_read(dev, OCP_BUSY_8125) & OCP_BUSY_8125_BIT)
        if (deadline_passed(deadline)) {
            log_debug("%s: it stays busy after its set-up", dev->nic->chip);
            return;
        }
}

void rtl_mac_setup(struct rtl *dev)
{
    rtl_write_address(dev);
    wr8(dev, CR9346, CR9346_UNLOCK);
    disable_power_saving(dev);
    wr16(dev, CPCR, c_plus_command(dev));
    if (rtl_has(dev, RTL_8125)) {
        set_up_8125(dev);
    } else {
        wr8(dev, MTPS, rtl_has(dev, RTL_AUTO_FIFO) ? MTPS_EVL : MTPS_LARGEST);
        wr16(dev, INT_MITIGATE, 0);
    }
    rtl_apply(dev, dev->chip->fixups);
    if (rtl_has(dev, RTL_PCI_CLOCK) && (rd8(dev, CONFIG2) & CONFIG2_PCI_66MHZ))
        rtl_change32(dev, PCI_CLOCK, 0, PCI_CLOCK_66MHZ);
    wr16(dev, RMS, RTL_BUFFER_SIZE);
    wr8(dev, CR9346, CR9346_LOCK);
    if (rtl_has(dev, RTL_8125))
        await_8125(dev);
}

// Receiver and transmitter first: a chip that is off takes no RCR. Bit 24 of it, which Windows 7 leaves set
// and which garbles what is received, is cleared by the way.
void rtl_mac_enable(struct rtl *dev)
{
    wr8(dev, CR, CR_TE | CR_RE);
    wr32(dev, RCR, dev->chip->rcr);
    wr32(dev, TCR, TCR_IFG_NORMAL | TCR_MXDMA_UNLIMITED | (rtl_has(dev, RTL_AUTO_FIFO) ? TCR_AUTO_FIFO : 0));
    wr32(dev, MAR4, 0);
    wr32(dev, MAR0, 0);
    wr32(dev, RCR, dev->chip->rcr | RCR_APM | RCR_AB);
}
