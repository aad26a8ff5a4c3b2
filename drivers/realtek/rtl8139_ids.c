// The cards of the RTL8139 driver by their PCI ids, and the chips by the version that they tell themselves:
// clones and relabelled cards have ids of their own, and Realtek's has been given to all of its chips.
// Spec: RTL8139D(L) and RTL8139C+ Data Sheets, TCR (hardware version id); PCI IDs by the PCI ID repository.
// Tested: QEMU's 10ec:8139 (RTL8139C+); unit tests with each version; no silicon.
// Not handled: 1904:8139, which that repository calls an RTL8139D: it is Silan's SC92031, with registers of
// its own. Cards with an invalid vendor id, told by their subsystem's id only. 8129, whose PHY is outside.
#include "drivers/realtek/rtl8139_chip.h"  // rtl8139_ids

#include <stddef.h>

const struct nic_id rtl8139_ids[] = {
    {REALTEK_VENDOR, 0x8139, 0, NULL},
    {REALTEK_VENDOR, 0x8138, 0, "CardBus"},
    {0x018a, 0x0106, 0, "LevelOne FPC-0106TX"},
    {0x021b, 0x8139, 0, "Compaq HNE-300"},
    {0x02ac, 0x1012, 0, "SpeedStream 1012"},
    {0x0357, 0x000a, 0, "TTTech TTP-Monitoring"},
    {0x1113, 0x1211, 0, "SMC2-1211TX"},
    {0x1186, 0x1300, 0, "D-Link DFE-530TX+"},
    {0x1186, 0x1340, 0, "D-Link DFE-690TXD"},
    {0x11db, 0x1234, 0, "Sega"},
    {0x1259, 0xa117, 0, "Allied Telesyn"},
    {0x1259, 0xa11e, 0, "Allied Telesyn"},
    {0x126c, 0x1211, 0, "Nortel"},
    {0x13d1, 0xab06, 0, "Abocom FE2000VX"},
    {0x1432, 0x9130, 0, "Edimax"},
    {0x14ea, 0xab06, 0, "Planex FNW-3603-TX"},
    {0x14ea, 0xab07, 0, "Planex FNW-3800-TX"},
    {0x1500, 0x1360, 0, "Delta Electronics"},
    {0x16ec, 0xab06, 0, "U.S. Robotics"},
    {0x1743, 0x8139, 0, "Peppercon ROL/F-100"},
    {0x4033, 0x1360, 0, "Addtron"},
    {0, 0, 0, NULL},
};

static const struct rtl8139_version versions[] = {
    {0x40000000, RTL8139_SLEEPS, "RTL8139"},
    {0x60000000, RTL8139_SLEEPS, "RTL8139K"},
    {0x70000000, RTL8139_SLEEPS, "RTL8139A"},
    {0x70800000, RTL8139_SLEEPS, "RTL8139A-G"},
    {0x78000000, 0, "RTL8139B"},
    {0x7c000000, 0, "RTL8130"},
    {0x74000000, 0, "RTL8139C"},
    {0x78800000, 0, "RTL8100"},
    {0x74400000, 0, "RTL8139D"},              // and 8100B
    {0x74800000, RTL8139_CPLUS, "RTL8139C+"},
    {0x74c00000, 0, "RTL8101"},
};

const struct rtl8139_version *rtl8139_version(uint32_t tcr)
{
    for (unsigned i = 0; i < sizeof(versions) / sizeof(versions[0]); i++)
        if (versions[i].id == (tcr & TCR_HWVERID_MASK))
            return &versions[i];
    return NULL;
}
