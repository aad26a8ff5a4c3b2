// The windows of a modelled Realtek chip: a command register, often with a data register, behind which further words
// lie. Their commands are done at once; real ones take some 10 us, for which drivers have to wait by the flag.
// Tested: tests/unit/test_rtl_model.c. Not handled: EFUSE, the OOB types of ERI (plain words here).
#include "tests/models/rtl.h"  // rtl_window

#include "tests/models/complaints.h"  // complain
#include "tests/models/rtl_regs.h"    // WINDOW_FLAG

// The flag means "under way" for writes and "done" for reads.
static void finish(struct rtl *r, unsigned offset, uint32_t value, bool write)
{
    rtl_put(r, offset, write ? value & ~WINDOW_FLAG : value | WINDOW_FLAG, 4);
}

// Register n of the page that register 31 chose. Older PHYs have pages of their own numbering;
// these get places that no OCP address of the standard registers has.
static unsigned phy_address(const struct rtl *r, unsigned n)
{
    if (r->phy.page == 0 || (rtl_is(r, RTL_OCP_PHY) && n < 16))
        return PHY_OCP_BASE + 2 * n;
    if (rtl_is(r, RTL_OCP_PHY))
        return (r->phy.page << 4 & 0xfff0) + 2 * (n - 16);
    return ((r->phy.page & 0x1ff) << 6 | n << 1) & 0xfffe;
}

static void access_phyar(struct rtl *r, uint32_t value)
{
    unsigned n = value >> 16 & 0x1f;
    bool write = value & WINDOW_FLAG;

    if (n == 31 && write)
        r->phy.page = (uint16_t)value;
    else if (write)
        rtl_phy_write(r, phy_address(r, n), (uint16_t)value);
    else
        value = (value & 0xffff0000) | (n == 31 ? r->phy.page : rtl_phy_read(r, phy_address(r, n)));
    finish(r, PHYAR, value, write);
}

static void access_gphy(struct rtl *r, uint32_t value)
{
    unsigned address = value >> 15 & 0xfffe;
    bool write = value & WINDOW_FLAG;

    if (write)
        rtl_phy_write(r, address, (uint16_t)value);
    else
        value = (value & 0xffff0000) | rtl_phy_read(r, address);
    finish(r, GPHY_OCP, value, write);
}

static void access_ocp(struct rtl *r, uint32_t value)
{
    unsigned word = value >> 16 & 0x7fff;
    uint16_t *place = &r->mac_ocp[word];

    if (!(value & WINDOW_FLAG)) {
        rtl_put(r, OCPDR, *place, 4);
        return;
    }
    *place = (uint16_t)value;
    rtl_put(r, OCPDR, value & ~WINDOW_FLAG, 4);
    // Leaving the state in which the chip's own controller had the FIFOs: bit 14 off, then bit 15 asks for a new list.
    if (word == OCP_OOB / 2) {
        if ((value & OCP_OOB_BIT15) || !(value & OCP_OOB_BIT14))
            r->list_ready = !(rtl_get(r, MCU, 1) & MCU_OOB);
        *place &= (uint16_t)~OCP_OOB_BIT15;
    }
}

static void access_eri(struct rtl *r, uint32_t value)
{
    uint32_t *word = &r->eri[value >> 16 & 3][(value & 0xfff) / 4], data = rtl_get(r, ERIDR, 4), bytes = 0;

    if (value & 3)
        complain("ERI is addressed by a number that is no multiple of 4");
    if (value & WINDOW_FLAG) {
        for (unsigned i = 0; i < 4; i++)
            bytes |= value & (1u << (12 + i)) ? 0xffu << 8 * i : 0;
        if (bytes == 0)
            complain("ERI is written with no byte enabled");
        *word = (*word & ~bytes) | (data & bytes);
    } else {
        rtl_put(r, ERIDR, *word, 4);
    }
    finish(r, ERIAR, value, value & WINDOW_FLAG);
}

static void access_csi(struct rtl *r, uint32_t value)
{
    uint32_t address = value & 0xffc, *word = &r->csi[address / 4];
    bool standard = address < PCI_CONFIG_SIZE;

    if (!(value & WINDOW_FLAG))
        rtl_put(r, CSIDR, standard ? pci_config_read(&r->config, address, 4) : *word, 4);
    else if (standard)
        complain("CSI writes to the standard part of the configuration space");
    else
        *word = rtl_get(r, CSIDR, 4);
    finish(r, CSIAR, value, value & WINDOW_FLAG);
}

static void access_ephy(struct rtl *r, uint32_t value)
{
    uint16_t *word = &r->ephy[value >> 16 & 0x7f];

    if (value & WINDOW_FLAG)
        *word = (uint16_t)value;
    else
        value = (value & 0xffff0000) | *word;
    finish(r, EPHYAR, value, value & WINDOW_FLAG);
}

bool rtl_window(struct rtl *r, unsigned offset, uint32_t value)
{
    switch (offset) {
    case PHYAR:
        access_phyar(r, value);
        return true;
    case GPHY_OCP:
        access_gphy(r, value);
        return true;
    case OCPDR:
        access_ocp(r, value);
        return true;
    case ERIAR:
        access_eri(r, value);
        return true;
    case CSIAR:
        access_csi(r, value);
        return true;
    case EPHYAR:
        access_ephy(r, value);
        return true;
    default:
        return false;
    }
}
