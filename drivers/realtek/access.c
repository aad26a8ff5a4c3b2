// Registers that lie behind other registers: the extended ones, management firmware's, those inside the MAC,
// the PHY's. Each is an address and data written to one register and a flag that says when it is done. All
// waits end; a chip that does not answer reads as all ones.
// Spec: RTL8168B Registers data sheet section 2.12 (PHYAR); else as the driver of Linux (r8169) has it.
// Tested: models of 8168C to 8125B, 8106E and 8169SC; unit tests with a chip in memory; no silicon.
#include "drivers/realtek/realtek.h"  // rtl

#include "drivers/realtek/realtek_regs.h"  // ERIAR
#include "lib/clock.h"                     // deadline_ms
#include "lib/log.h"                       // log_debug

bool rtl_wait8(const struct rtl *dev, uint32_t reg, uint8_t mask, uint8_t value, unsigned ms)
{
    uint64_t deadline = deadline_ms(ms);

    while ((rd8(dev, reg) & mask) != value)
        if (deadline_passed(deadline))
            return (rd8(dev, reg) & mask) == value;  // the machine may have stood still meanwhile
    return true;
}

bool rtl_wait16(const struct rtl *dev, uint32_t reg, uint16_t mask, uint16_t value, unsigned ms)
{
    uint64_t deadline = deadline_ms(ms);

    while ((rd16(dev, reg) & mask) != value)
        if (deadline_passed(deadline))
            return (rd16(dev, reg) & mask) == value;
    return true;
}

bool rtl_wait32(const struct rtl *dev, uint32_t reg, uint32_t mask, uint32_t value, unsigned ms)
{
    uint64_t deadline = deadline_ms(ms);

    while ((rd32(dev, reg) & mask) != value)
        if (deadline_passed(deadline))
            return (rd32(dev, reg) & mask) == value;
    return true;
}

void rtl_change8(const struct rtl *dev, uint32_t reg, uint8_t clear, uint8_t set)
{
    wr8(dev, reg, (uint32_t)((rd8(dev, reg) & ~clear) | set));
}

void rtl_change32(const struct rtl *dev, uint32_t reg, uint32_t clear, uint32_t set)
{
    wr32(dev, reg, (rd32(dev, reg) & ~clear) | set);
}

// ---- extended registers -----------------------------------------------------------------------------

static bool eri_read(const struct rtl *dev, uint32_t command, uint32_t *value)
{
    wr32(dev, ERIAR, command | ERIAR_ALL_BYTES);
    bool done = rtl_wait32(dev, ERIAR, ERIAR_FLAG, ERIAR_FLAG, ERI_TIMEOUT_MS);
    *value = done ? rd32(dev, ERIDR) : UINT32_MAX;
    if (!done)
        log_debug("%s: extended register %03x does not answer", dev->nic->chip, command & ERIAR_ADDRESS_MASK);
    return done;
}

static void eri_write(const struct rtl *dev, uint32_t command, uint32_t value)
{
    wr32(dev, ERIDR, value);
    wr32(dev, ERIAR, ERIAR_FLAG | command);
    rtl_wait32(dev, ERIAR, ERIAR_FLAG, 0, ERI_TIMEOUT_MS);
}

uint32_t rtl_eri_read(const struct rtl *dev, uint32_t address)
{
    uint32_t value;

    eri_read(dev, address, &value);
    return value;
}

void rtl_eri_write(const struct rtl *dev, uint32_t address, uint32_t value)
{
    eri_write(dev, address | ERIAR_ALL_BYTES, value);
}

void rtl_eri_write8(const struct rtl *dev, uint32_t address, uint8_t value)
{
    eri_write(dev, address | ERIAR_BYTE_0, value);
}

static uint32_t oob_command(const struct rtl *dev, uint32_t address)
{
    return address | ERIAR_OOB | (rtl_has(dev, RTL_8117) ? ERIAR_OOB_BASE_8117 : 0);
}

uint32_t rtl_oob_read(const struct rtl *dev, uint32_t address)
{
    uint32_t value;

    eri_read(dev, oob_command(dev, address), &value);
    return value;
}

void rtl_oob_write8(const struct rtl *dev, uint32_t address, uint8_t value)
{
    eri_write(dev, oob_command(dev, address) | ERIAR_BYTE_0, value);
}

// ---- inside the MAC ---------------------------------------------------------------------------------

uint16_t rtl_ocp_read(const struct rtl *dev, uint32_t address)
{
    wr32(dev, OCPDR, address << OCP_REG_SHIFT);
    return (uint16_t)rd32(dev, OCPDR);
}

void rtl_ocp_write(const struct rtl *dev, uint32_t address, uint16_t value)
{
    wr32(dev, OCPDR, OCP_FLAG | address << OCP_REG_SHIFT | value);
}

void rtl_ocp_change(const struct rtl *dev, uint32_t address, uint16_t clear, uint16_t set)
{
    rtl_ocp_write(dev, address, (uint16_t)((rtl_ocp_read(dev, address) & ~clear) | set));
}

// ---- PHY --------------------------------------------------------------------------------------------

int rtl_phy_ocp_read(const struct rtl *dev, uint32_t address)
{
    wr32(dev, GPHY_OCP, address << OCP_REG_SHIFT);
    if (!rtl_wait32(dev, GPHY_OCP, OCP_FLAG, OCP_FLAG, PHY_TIMEOUT_MS))
        return -1;
    return (uint16_t)rd32(dev, GPHY_OCP);
}

void rtl_phy_ocp_write(const struct rtl *dev, uint32_t address, uint16_t value)
{
    wr32(dev, GPHY_OCP, OCP_FLAG | address << OCP_REG_SHIFT | value);
    rtl_wait32(dev, GPHY_OCP, OCP_FLAG, 0, PHY_TIMEOUT_MS);
}

void rtl_phy_ocp_change(const struct rtl *dev, uint32_t address, uint16_t clear, uint16_t set)
{
    int before = rtl_phy_ocp_read(dev, address);

    if (before >= 0)
        rtl_phy_ocp_write(dev, address, (uint16_t)((before & ~clear) | set));
}

// The 8168DP shares the bus with management firmware.
static void open_phyar(const struct rtl *dev, bool open)
{
    if (rtl_has(dev, RTL_DASH_DP))
        rtl_change32(dev, MDIO_DP, open ? MDIO_DP_CLOSED : 0, open ? 0 : MDIO_DP_CLOSED);
}

int rtl_phy_read(const struct rtl *dev, unsigned reg)
{
    if (rtl_has(dev, RTL_GATE))
        return rtl_phy_ocp_read(dev, PHY_OCP_BASE + 2 * reg);
    open_phyar(dev, true);
    wr32(dev, PHYAR, reg << PHYAR_REG_SHIFT);
    bool done = rtl_wait32(dev, PHYAR, PHYAR_FLAG, PHYAR_FLAG, PHY_TIMEOUT_MS);
    int value = done ? (uint16_t)rd32(dev, PHYAR) : -1;
    delay_us(PHYAR_PAUSE_US);
    open_phyar(dev, false);
    return value;
}

void rtl_phy_write(const struct rtl *dev, unsigned reg, uint16_t value)
{
    if (rtl_has(dev, RTL_GATE)) {
        rtl_phy_ocp_write(dev, PHY_OCP_BASE + 2 * reg, value);
        return;
    }
    open_phyar(dev, true);
    wr32(dev, PHYAR, PHYAR_FLAG | reg << PHYAR_REG_SHIFT | value);
    rtl_wait32(dev, PHYAR, PHYAR_FLAG, 0, PHY_TIMEOUT_MS);
    delay_us(PHYAR_PAUSE_US);
    open_phyar(dev, false);
}

// ---- fix-ups ----------------------------------------------------------------------------------------

// A register that does not answer is not filled with ones.
static void change_eri(const struct rtl *dev, uint32_t address, uint32_t clear, uint32_t set)
{
    uint32_t before;

    if (eri_read(dev, address, &before))
        rtl_eri_write(dev, address, (before & ~clear) | set);
}

static void apply_one(const struct rtl *dev, const struct rtl_fixup *fixup)
{
    switch (fixup->space) {
    case RTL_REG8:
        rtl_change8(dev, fixup->reg, (uint8_t)fixup->clear, (uint8_t)fixup->set);
        break;
    case RTL_REG16:
        wr16(dev, fixup->reg, (rd16(dev, fixup->reg) & ~fixup->clear) | fixup->set);
        break;
    case RTL_REG32:
        rtl_change32(dev, fixup->reg, fixup->clear, fixup->set);
        break;
    case RTL_ERI:
        change_eri(dev, fixup->reg, fixup->clear, fixup->set);
        break;
    case RTL_OCP:
        rtl_ocp_change(dev, fixup->reg, (uint16_t)fixup->clear, (uint16_t)fixup->set);
        break;
    case RTL_SPACE_END:
        break;
    }
}

void rtl_apply(const struct rtl *dev, const struct rtl_fixup *fixups)
{
    for (; fixups != NULL && fixups->space != RTL_SPACE_END; fixups++)
        apply_one(dev, fixups);
}
