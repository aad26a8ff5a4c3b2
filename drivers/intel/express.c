// What the PCI Express chips 82571 to 82583 and 80003ES2LAN need beside: the PHY shared with management
// firmware, errata, link power saving off.
// Spec: 316080 chapter 13, 82574 Data Sheet chapter 10, the chips' Specification Updates. Tested: QEMU 7.2
// e1000e, which stores these bits and does no more; unit tests.
// Not handled: an 82571's second MAC address; TARC0 bit 21 of 82571 and 82572, by which sending is faster at
// gigabit than below; frames for the management firmware of an 82573; of 80003ES2LAN the bus to its PHY
// (Kumeran: far-end loopback, FIFO bypass, padding, 10 and 100 Mb/s), which stays as EEPROM and firmware have
// set it, carrier extension (TCTL_EXT) and TARC0 bit 20 of ports without copper.
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

// ---- the PHY, shared with firmware -------------------------------------------------------------------

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

// SMBI is not waited for: whatever driver left it set is gone.
static bool take_semaphore(const struct intel *dev)
{
    uint64_t deadline = deadline_ms(SWSM_TIMEOUT_MS);

    do {
        change(dev, SWSM, SWSM_SMBI, SWSM_SWESMBI);
        if (rd32(dev, SWSM) & SWSM_SWESMBI)
            return true;
    } while (!deadline_passed(deadline));
    return false;
}

static void release_semaphore(const struct intel *dev)
{
    change(dev, SWSM, SWSM_SMBI | SWSM_SWESMBI, 0);
}

static uint32_t phy_of_port(const struct intel *dev)
{
    return rd32(dev, STATUS) & STATUS_FUNC_MASK ? SW_FW_SYNC_PHY1 : SW_FW_SYNC_PHY0;
}

static bool take_phy_of_port(const struct intel *dev)
{
    uint32_t phy = phy_of_port(dev);
    uint64_t deadline = deadline_ms(SW_FW_SYNC_TIMEOUT_MS);

    do {
        if (!take_semaphore(dev))
            return false;
        bool taken = !(rd32(dev, SW_FW_SYNC) & phy << SW_FW_SYNC_FIRMWARE_SHIFT);
        if (taken)
            change(dev, SW_FW_SYNC, 0, phy);
        release_semaphore(dev);
        if (taken)
            return true;
        delay_us(SW_FW_SYNC_RETRY_US);
    } while (!deadline_passed(deadline));
    return false;
}

static void release_phy_of_port(const struct intel *dev)
{
    take_semaphore(dev);  // without it the bit must go all the same
    change(dev, SW_FW_SYNC, phy_of_port(dev), 0);
    release_semaphore(dev);
}

bool intel_take_phy(struct intel *dev)
{
    bool taken = true;

    if (dev->flags & INTEL_SHARED_MDIO)
        taken = take_mdio(dev);
    else if (dev->flags & INTEL_ES2)
        taken = take_phy_of_port(dev);
    if (!taken)
        log_debug("%s: firmware does not let go of the PHY", dev->nic->chip);
    return taken;
}

void intel_release_phy(struct intel *dev)
{
    if (dev->flags & INTEL_SHARED_MDIO)
        change(dev, EXTCNF_CTRL, EXTCNF_CTRL_MDIO_SW_OWNERSHIP, 0);
    else if (dev->flags & INTEL_ES2)
        release_phy_of_port(dev);
}

// ---- errata -----------------------------------------------------------------------------------------

static uint32_t tarc1_bit28(const struct intel *dev)
{
    return rd32(dev, TCTL) & TCTL_MULR ? 0 : TARC1_BIT28;
}

static void set_up_82571(const struct intel *dev)
{
    change(dev, TARC0, 0, TARC_BITS_23_TO_26);
    change(dev, TARC1, TARC1_BITS_29_30 | TARC1_BIT28, TARC1_BITS_22_24_TO_26 | tarc1_bit28(dev));
}

static void set_up_82573(const struct intel *dev)
{
    change(dev, CTRL, CTRL_BIT29, 0);
    change(dev, CTRL_EXT, CTRL_EXT_BIT23, CTRL_EXT_BIT22);
}

static void set_up_82574(const struct intel *dev)
{
    change(dev, TARC0, 0, TARC_BIT26);
    change(dev, GCR, 0, GCR_BIT22);
    change(dev, GCR2, 0, GCR2_BIT0);
}

static void set_up_es2(const struct intel *dev)
{
    change(dev, TARC0, 0, TARC_ROUND_ROBIN);
    change(dev, TARC1, TARC1_BIT28, TARC_ROUND_ROBIN | tarc1_bit28(dev));
    change(dev, FFLT1, FFLT1_BIT20, 0);
}

void intel_express_setup(struct intel *dev)
{
    if (!(dev->flags & INTEL_EXPRESS))
        return;
    // 82571, 82572: L1 stops the receiver; 82573, 82574, 82583: L0s and L1 hang the transmitter or make the
    // chip leave the bus.
    pci_disable_aspm(dev->pci);
    change(dev, TXDCTL, TXDCTL_WTHRESH_MASK, TXDCTL_FULL_WRITEBACK | TXDCTL_COUNT_DESC);
    wr32(dev, TXDCTL1, rd32(dev, TXDCTL));  // must be the same
    change(dev, TARC0, TARC_BITS_27_TO_30, 0);
    if (dev->flags & INTEL_IPV6_HANG)
        change(dev, RFCTL, 0, RFCTL_IPV6_EX_DIS | RFCTL_NEW_IPV6_EXT_DIS);
    if (dev->flags & INTEL_CLOCK_HANG)
        change(dev, CTRL_EXT, CTRL_EXT_DMA_DYN_CLK_EN, 0);
    if (dev->flags & INTEL_PBA_ECC)
        change(dev, PBA_ECC, 0, PBA_ECC_CORR_EN);
    if (dev->flags & INTEL_FIX_82571)
        set_up_82571(dev);
    if (dev->flags & INTEL_SHARED_MDIO)
        set_up_82573(dev);
    if (dev->flags & INTEL_FIX_82574)
        set_up_82574(dev);
    if (dev->flags & INTEL_ES2)
        set_up_es2(dev);
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
