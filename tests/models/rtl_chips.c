// The modelled chips. XIDs, PHY identifiers and layouts are those that Linux reports of real cards.
// "8169" is the RTL8169SC/8110SC of conventional PCI, "8136" the RTL8106E.
#include "tests/models/rtl.h"  // struct rtl_chip

#include <stddef.h>
#include <string.h>

#define REALTEK 0x10ec
#define ETHERNET(revision) (0x02000000u | (revision))
#define EXPRESS_BARS(registers) \
    {[0] = {.size = 0x100, .io = true}, [2] = {.size = (registers), .wide = true}, \
     [4] = {.size = 0x4000, .wide = true, .prefetchable = true}}
#define EXPRESS(id, revision, registers) \
    {.vendor = REALTEK, .device = (id), .subsystem_vendor = REALTEK, .subsystem = 0x0123, \
     .class_and_revision = ETHERNET(revision), .express = true, .msi = true, .bars = EXPRESS_BARS(registers)}

#define COMMON (RTL_PCIE | RTL_CHECKSUM_V2 | RTL_DMA64)
#define EVL (COMMON | RTL_GIGABIT | RTL_ERI | RTL_OOB | RTL_TX_EMPTY)
#define G (EVL | RTL_ERI_MAC | RTL_OCP | RTL_OCP_PHY)

static const struct rtl_chip chips[] = {
    {"8168c", 0x3c0, 0x001cc912, COMMON | RTL_GIGABIT, 2, EXPRESS(0x8168, 0x02, 0x1000)},
    {"8168evl", 0x2c8, 0x001cc915, EVL | RTL_BAD_RUNTS, 2, EXPRESS(0x8168, 0x06, 0x1000)},
    {"8168g", 0x4c0, 0x001cc800, G, 2, EXPRESS(0x8168, 0x0c, 0x1000)},
    {"8168h", 0x541, 0x001cc800, G, 2, EXPRESS(0x8168, 0x15, 0x1000)},
    {"8125b", 0x641, 0x001cc840, (G & ~RTL_ERI_MAC) | RTL_2500 | RTL_8125_LAYOUT | RTL_BAD_RUNTS, 2,
     EXPRESS(0x8125, 0x05, 0x10000)},
    {"8136", 0x448, 0x001cc800, COMMON | RTL_ERI | RTL_OCP_PHY, 2, EXPRESS(0x8136, 0x07, 0x1000)},
    {"8169", 0x180, 0x001cc910, RTL_GIGABIT, 1,
     {.vendor = REALTEK, .device = 0x8169, .subsystem_vendor = REALTEK, .subsystem = 0x8169,
      .class_and_revision = ETHERNET(0x10), .bars = {[0] = {.size = 0x100, .io = true}, [1] = {.size = 0x100}}}},
};

#define CHIPS (sizeof(chips) / sizeof(chips[0]))

const struct rtl_chip *rtl_chip_find(const char *name)
{
    for (size_t i = 0; i < CHIPS; i++)
        if (strcmp(chips[i].name, name) == 0)
            return &chips[i];
    return NULL;
}

const char *rtl_chip_names(void)
{
    static char names[CHIPS * 10];

    names[0] = '\0';
    for (size_t i = 0; i < CHIPS; i++) {
        strcat(names, i > 0 ? " " : "");
        strcat(names, chips[i].name);
    }
    return names;
}
