// The MAC of Intel's gigabit controllers: taking it from whoever had it, reset, filters, link.
// Spec: 317453 chapters 4 (initialisation) and 8 (link); 316080 section 5.2 and 82574 Data Sheet section
// 3.1.3 (master disable). Tested: QEMU 7.2 e1000, e1000-82544gc, e1000-82545em, e1000e; whose e1000 keeps
// all registers through a reset, as iPXE and GRUB left them, and receives nothing for a second after each
// write to RCTL. Unit tests with a chip in memory.
// Not handled: fibre and backplane ports get no link negotiation of ours (TXCW): they work where EEPROM or
// firmware have set it up; 82543 has no speed indication from its PHY and works at the speed its EEPROM
// says; the reset through I/O ports that 82540, 82541, 82544, 82545EM and 82546EB want where a bridge joins
// register writes to 64 bits, and through CTRL_DUP (82545GM, 82546GB); what Intel's drivers write into the
// PHY of 82541 and 82547 (tuning, forced MDI); flow control; wake on LAN.
#include "drivers/intel/intel.h"  // intel

#include "drivers/intel/intel_regs.h"  // CTRL
#include "drivers/pci/pci.h"           // pci_set_bus_master
#include "lib/clock.h"                 // deadline_ms
#include "lib/err.h"                   // fail
#include "lib/log.h"                   // log_debug
#include "lib/mac.h"                   // mac_low

bool intel_wait(const struct intel *dev, uint32_t reg, uint32_t mask, uint32_t value, unsigned ms)
{
    uint64_t deadline = deadline_ms(ms);

    while ((rd32(dev, reg) & mask) != value)
        if (deadline_passed(deadline))
            return (rd32(dev, reg) & mask) == value;  // the machine may have stood still meanwhile
    return true;
}

// ---- reset ------------------------------------------------------------------------------------------

// Nothing is requested from memory any more. What is under way must come to its end before the chip may
// neither ask for the bus nor answer: on PCI nothing tells when, on PCI Express the reset may hang the chip
// otherwise.
static void silence(struct intel *dev)
{
    wr32(dev, IMC, IMC_ALL);
    wr32(dev, RCTL, 0);
    wr32(dev, TCTL, rd32(dev, TCTL) & ~TCTL_EN);
    rd32(dev, STATUS);  // the writes are there, the time starts
    delay_us(SILENCE_US);
    if (dev->flags & INTEL_EXPRESS) {
        wr32(dev, CTRL, rd32(dev, CTRL) | CTRL_GIO_MASTER_DISABLE);
        if (!intel_wait(dev, STATUS, STATUS_GIO_MASTER_ENABLE, 0, GIO_MASTER_DISABLE_TIMEOUT_MS))
            log_debug("%s: DMA is still under way", dev->nic->chip);  // the reset ends it all the same
    }
    pci_set_bus_master(dev->pci, false);
}

// The reset makes the chip read its EEPROM: no register may be relied on before that is done. Where firmware
// shares the bus to the PHY, the chip sets the PHY up from the EEPROM after it says that it has read it:
// neither may be touched meanwhile. An EEPROM in a flash is read only when the chip is told to.
static int wait_for_eeprom(struct intel *dev, bool flash)
{
    if (flash || (dev->flags & INTEL_EE_RELOAD))
        wr32(dev, CTRL_EXT, rd32(dev, CTRL_EXT) | CTRL_EXT_EE_RST);
    if (dev->flags & INTEL_EXPRESS) {
        if (!intel_wait(dev, EECD, EECD_AUTO_RD, EECD_AUTO_RD, AUTO_RD_TIMEOUT_MS))
            return fail(ERR_TIMEOUT, "it does not read its EEPROM");
        if (dev->flags & INTEL_SHARED_MDIO)
            delay_us(PHY_CONFIG_US);
        if (dev->flags & INTEL_FIX_82571)  // software's hold of its pins would keep the chip from reading it
            wr32(dev, EECD, rd32(dev, EECD) & ~(EECD_REQ | EECD_GNT));
        return 0;
    }
    delay_us(dev->flags & INTEL_SLOW_RELOAD ? EEPROM_RELOAD_SLOW_US : EEPROM_RELOAD_US);
    return 0;
}

// The first 82541 and 82547 want their PHY reset before their MAC. The link is negotiated anew after it.
static void reset_phy_first(struct intel *dev)
{
    if (!(dev->flags & INTEL_PHY_FIRST))
        return;
    wr32(dev, CTRL, rd32(dev, CTRL) | CTRL_PHY_RST);
    rd32(dev, STATUS);
    delay_us(PHY_FIRST_US);
    wr32(dev, CTRL, rd32(dev, CTRL) & ~CTRL_PHY_RST);
}

int intel_reset(struct intel *dev)
{
    if (rd32(dev, STATUS) == UINT32_MAX) {
        pci_set_bus_master(dev->pci, false);
        return fail(ERR_NIC_INIT_FAILED, "it does not answer");
    }
    bool flash = (dev->flags & INTEL_SHARED_MDIO) && (rd32(dev, EECD) & EECD_FLASH) == EECD_FLASH;
    silence(dev);
    reset_phy_first(dev);
    bool owner = intel_take_phy(dev);
    wr32(dev, CTRL, rd32(dev, CTRL) | CTRL_RST);
    delay_us(RESET_DELAY_US);
    bool done = intel_wait(dev, CTRL, CTRL_RST, 0, RESET_TIMEOUT_MS);
    if (owner)
        intel_release_phy(dev);
    if (!done)
        return fail(ERR_TIMEOUT, "its reset does not end");
    int err = wait_for_eeprom(dev, flash);
    if (err < 0)
        return err;
    wr32(dev, IMC, IMC_ALL);
    rd32(dev, ICR);
    return 0;
}

// ---- set-up -----------------------------------------------------------------------------------------

// A PHY that an operating system switched off stays off through a restart. One with a link is left alone:
// negotiating takes seconds. So is one that firmware needs, and one that has just been reset.
static void reset_phy(struct intel *dev)
{
    uint32_t ctrl = rd32(dev, CTRL);

    if (dev->flags & (INTEL_ES2 | INTEL_PHY_FIRST))
        return;
    if ((dev->flags & INTEL_EXPRESS) && (rd32(dev, MANC) & MANC_BLK_PHY_RST_ON_IDE))
        return;
    if (!intel_take_phy(dev))
        return;
    wr32(dev, CTRL, ctrl | CTRL_PHY_RST);
    rd32(dev, STATUS);  // the write is there, the time starts
    delay_us(PHY_RESET_US);
    wr32(dev, CTRL, ctrl);
    rd32(dev, STATUS);
    intel_release_phy(dev);
}

// Only frames for our own address and broadcasts: the stack takes no multicast.
static void set_filters(struct intel *dev)
{
    const uint8_t *mac = dev->nic->mac;

    wr32(dev, RAL0, mac_low(mac));
    wr32(dev, RAH0, mac_high(mac) | RAH_AV);
    for (uint32_t i = 0; i < MTA_ENTRIES; i++)
        wr32(dev, MTA + i * (uint32_t)sizeof(uint32_t), 0);
}

void intel_mac_setup(struct intel *dev)
{
    uint32_t ctrl = rd32(dev, CTRL);

    // Speed and duplex come from the PHY.
    ctrl &= ~(CTRL_GIO_MASTER_DISABLE | CTRL_LRST | CTRL_ILOS | CTRL_FRCSPD | CTRL_FRCDPX | CTRL_RST |
              CTRL_VME | CTRL_PHY_RST);
    wr32(dev, CTRL, ctrl | CTRL_SLU);
    if (!intel_wait(dev, STATUS, STATUS_LU, STATUS_LU, LINK_SEEN_MS))
        reset_phy(dev);
    wr32(dev, WUC, 0);
    set_filters(dev);
}

void intel_mac_enable(struct intel *dev)
{
    if (!(dev->flags & INTEL_EXPRESS))
        wr32(dev, TIPG, TIPG_COPPER);  // later ones come up with the right one
    wr32(dev, RXCSUM, RXCSUM_TUOFL | RXCSUM_IPOFL);
    // MULR is the EEPROM's to say, and errata bits go by it.
    wr32(dev, TCTL, TCTL_EN | TCTL_PSP | TCTL_CT | TCTL_COLD | (rd32(dev, TCTL) & TCTL_MULR));
    wr32(dev, RCTL, RCTL_EN | RCTL_BAM | RCTL_BSIZE_2048 | RCTL_SECRC);
}

// ---- link -------------------------------------------------------------------------------------------

struct nic_link intel_link(struct intel *dev)
{
    uint32_t status = rd32(dev, STATUS);
    struct nic_link link = {0};

    if (status == UINT32_MAX) {
        dev->life.gone = true;
        return link;
    }
    link.up = status & STATUS_LU;
    // 80003ES2LAN: what lies in the packet buffer when the link goes down spoils what comes after (erratum).
    if ((dev->flags & INTEL_ES2) && dev->life.link_up && !link.up) {
        wr32(dev, RCTL, rd32(dev, RCTL) & ~RCTL_EN);
        dev->life.renew = true;
    }
    dev->life.link_up = link.up;
    if (!link.up)
        return link;
    link.full_duplex = status & STATUS_FD;
    link.mbps = (status & STATUS_SPEED_MASK) == STATUS_SPEED_10    ? 10
                : (status & STATUS_SPEED_MASK) == STATUS_SPEED_100 ? 100
                                                                   : 1000;
    return link;
}
