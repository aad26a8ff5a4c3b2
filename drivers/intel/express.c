// What the PCI Express chips 82571 to 82583 and 80003ES2LAN need beside: the bus to the PHY shared with
// management firmware, errata, link power saving off.
// Spec: 316080 chapter 13, 82574 Data Sheet chapter 10, the chips' Specification Updates. Tested: QEMU 7.2
// e1000e, which stores these bits and does no more; unit tests.
// Not handled: 80003ES2LAN's bus settings for 10 and 100 Mb/s; an 82571's second MAC address.
#include "drivers/intel/intel.h"  // intel

#include "drivers/intel/intel_regs.h"  // EXTCNF_CTRL
#include "drivers/pci/pci.h"           // pci_disable_aspm
#include "lib/clock.h"                 // deadline_ms
#include "lib/log.h"                   // log_debug

// Sets and clears bits of a register.
static void change(const struct intel *dev, uint32_t reg, uint32_t clear, uint32_t set)
{
    wr32(dev, reg, (rd32(dev, reg) & ~clear) | set);
}

// The bit stays only when firmware does not have its own set.
static bool take_mdio(const struct intel *dev)
{
    uint64_t deadline = deadline_ms(MDIO_OWNERSHIP_TIMEOUT_MS);

    do {
        change(dev, EXTCNF_CTRL, 0, EXTCNF_CTRL_MDIO_SW_OWNERSHIP);
        if (rd32(dev, EXTCNF_CTRL) & EXTCNF_CTRL_MDIO_SW_OWNERSHIP)
            return true;
    } while (!deadline_passed(deadline));
    return false;
}

bool intel_take_phy(struct intel *dev)
{
    if (!(dev->flags & INTEL_SHARED_MDIO) || take_mdio(dev))
        return true;
    log_debug("%s: firmware does not let go of the PHY", dev->nic->chip);
    return false;
}

void intel_release_phy(struct intel *dev)
{
    if (dev->flags & INTEL_SHARED_MDIO)
        change(dev, EXTCNF_CTRL, EXTCNF_CTRL_MDIO_SW_OWNERSHIP, 0);
}

void intel_express_setup(struct intel *dev)
{
    if (!(dev->flags & INTEL_EXPRESS))
        return;
    // 82571, 82572: L1 stops the receiver; 82573, 82574, 82583: L0s and L1 hang the transmitter or make the
    // chip leave the bus.
    pci_disable_aspm(dev->pci);
    change(dev, TXDCTL, 0, TXDCTL_FULL_WRITEBACK | TXDCTL_COUNT_DESC);
    change(dev, TXDCTL1, 0, TXDCTL_FULL_WRITEBACK | TXDCTL_COUNT_DESC);  // must be the same
    change(dev, TARC0, TARC_BITS_27_TO_30, dev->flags & INTEL_TARC_82571 ? TARC_BITS_23_TO_26 : 0);
    if (dev->flags & INTEL_IPV6_HANG)
        change(dev, RFCTL, 0, RFCTL_IPV6_EX_DIS | RFCTL_NEW_IPV6_EXT_DIS);
    if (dev->flags & INTEL_CLOCK_HANG)
        change(dev, CTRL_EXT, CTRL_EXT_DMA_DYN_CLK_EN, 0);
    if (dev->flags & INTEL_SHARED_MDIO)
        change(dev, CTRL_EXT, CTRL_EXT_BIT23, CTRL_EXT_BIT22);
    if (dev->flags & INTEL_FIX_82574) {
        change(dev, TARC0, 0, TARC_BIT26);
        change(dev, GCR, 0, GCR_BIT22);
        change(dev, GCR2, 0, GCR2_BIT0);
    }
}

void intel_announce(struct intel *dev, bool driver)
{
    if (!(dev->flags & INTEL_EXPRESS))
        return;
    if (dev->flags & INTEL_SWSM_LOAD)
        change(dev, SWSM, SWSM_DRV_LOAD, driver ? SWSM_DRV_LOAD : 0);
    else
        change(dev, CTRL_EXT, CTRL_EXT_DRV_LOAD, driver ? CTRL_EXT_DRV_LOAD : 0);
}
