// What lies behind the registers of realtek_fake.c: the PHY, extended registers, those inside the MAC, management
// firmware's. Each access takes a while, and the flag tells its end.

#include "tests/unit/realtek_inside.h"  // behind_write

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define BEHIND_US 30u      // until a register behind a register answers
#define PHYAR_QUIET_US 20u // and then before the next access
#define LIST_US 200u
#define PHY_RESET_US 500u
#define PHY_WAKE_US 2000u

// ---- PHY --------------------------------------------------------------------------------------------

static bool phy_on(void)
{
    bool in_reset = (chip.phy[PHY_BMCR] & BMCR_RESET) && !chip.stuck_phy_reset;

    return !(chip.phy[PHY_BMCR] & (BMCR_POWER_DOWN | BMCR_ISOLATE)) && !in_reset;
}

// The fastest speed that both ends offer, 0 without a link.
static unsigned link_mbps(void)
{
    static const unsigned speeds[] = {5000, 2500, 1000, 100, 10};
    uint16_t beyond = chip.gphy[PHY_OCP_MGBCR / 2];

    if (!phy_on() || clock_us < chip.negotiated_at || !(chip.phy[PHY_BMCR] & BMCR_AN_ENABLE))
        return 0;
    for (unsigned i = 0; i < 5; i++) {
        bool offered = i == 0   ? has(M_8126) && (beyond & MGBCR_5000)
                       : i == 1 ? has(M_8125) && (beyond & MGBCR_2500)
                       : i == 2 ? !has(M_FAST) && (chip.phy[PHY_GBCR] & GBCR_1000_FULL)
                       : i == 3 ? (chip.phy[PHY_ANAR] & 0x0180)
                                : (chip.phy[PHY_ANAR] & 0x0060);
        if (offered && speeds[i] <= chip.cable)
            return speeds[i];
    }
    return 0;
}

uint32_t phy_status(void)
{
    unsigned mbps = link_mbps();

    if (mbps == 0)
        return 0;
    return PHYSTATUS_LINK | (chip.half_duplex ? 0 : PHYSTATUS_FULL_DUPLEX) |
           (mbps == 5000   ? PHYSTATUS_5000
            : mbps == 2500 ? PHYSTATUS_2500
            : mbps == 1000 ? PHYSTATUS_1000
            : mbps == 100  ? PHYSTATUS_100
                           : PHYSTATUS_10);
}

static uint16_t *phy_reg(unsigned number)
{
    return number != PHY_PAGE && chip.phy[PHY_PAGE] != 0 ? &chip.phy_elsewhere[number] : &chip.phy[number];
}

static uint16_t phy_read(unsigned number)
{
    if (!chip.stuck_phy_reset && clock_us - chip.phy_reset_at >= PHY_RESET_US)
        chip.phy[PHY_BMCR] &= (uint16_t)~BMCR_RESET;
    return *phy_reg(number);
}

static void phy_write(unsigned number, uint16_t value)
{
    uint16_t *reg = phy_reg(number);
    bool was_off = chip.phy[PHY_BMCR] & BMCR_POWER_DOWN;

    *reg = value;
    if (reg != &chip.phy[PHY_BMCR])
        return;
    if (was_off && !(value & BMCR_POWER_DOWN))
        chip.phy_at = clock_us + PHY_WAKE_US;
    if (value & BMCR_RESET) {
        chip.phy_resets++;
        chip.phy_reset_at = clock_us;
    }
    if (value & BMCR_AN_RESTART)
        chip.restarts++;
    if (value & (BMCR_RESET | BMCR_AN_RESTART))
        chip.negotiated_at = clock_us + chip.negotiate_us;
    *reg &= (uint16_t)~BMCR_AN_RESTART;
}

static uint16_t gphy_read(uint32_t address)
{
    if (address >= PHY_OCP_BASE && address < PHY_OCP_BASE + 0x20)
        return phy_read((address - PHY_OCP_BASE) / 2);
    if (address == PHY_OCP_STATE)
        return !chip.stuck_phy_state && phy_on() && clock_us >= chip.phy_at ? PHY_OCP_STATE_ON : 2;
    return chip.gphy[address / 2];
}

// ---- registers behind registers ---------------------------------------------------------------------

// An access has been begun; nobody began another before its end.
static void begin(bool dead, uint64_t *at, uint64_t quiet_us)
{
    assert_true(dead || *at == 0 || clock_us - *at >= BEHIND_US + quiet_us);
    *at = chip.op_at = clock_us;
}

uint32_t behind_answer(uint32_t before, bool dead)
{
    return !dead && clock_us - chip.op_at >= BEHIND_US ? before ^ OCP_FLAG : before;
}

static uint32_t *eri_word(uint32_t command)
{
    uint32_t type = command & 0x30000, address = command & 0xfff;
    uint32_t base = command & ~(0x30000u | 0xffffu | ERIAR_FLAG);

    assert_int_equal(address % 4, 0);
    assert_true(command & 0xf000);
    assert_true(type == 0 || type == ERIAR_OOB);
    if (type == ERIAR_OOB)
        assert_true(has(M_EP | M_BP));
    assert_int_equal(base, type == ERIAR_OOB && has(M_FP) ? ERIAR_OOB_BASE_8117 & ~(0x30000u | 0xffffu | ERIAR_FLAG) : 0);
    return type == 0 ? &chip.eri[address / 4] : &chip.dash[address / 4];
}

static void eriar(uint32_t command)
{
    uint32_t *word = eri_word(command), data = get(ERIDR, 32), before = *word;

    begin(chip.dead_eri || chip.unreadable_eri, &chip.eri_at, 0);
    put(ERIAR, 32, command);
    if (chip.dead_eri)
        return;
    if (!(command & ERIAR_FLAG)) {
        put(ERIDR, 32, before);
        return;
    }
    for (unsigned i = 0; i < 4; i++)
        if (command & 0x1000u << i)
            *word = (*word & ~(0xffu << 8 * i)) | (data & 0xffu << 8 * i);
    chip.filter_resets += word == &chip.eri[0xdc / 4] && !(before & 1) && (*word & 1);
    if (word == &chip.dash[0x180 / 4] || word == &chip.dash[0x14 / 4] || (has(M_DP) && word == &chip.eri[0xe8 / 4]))
        chip.dash_told = (*word & 0xff) == 5;
}

static void ocpdr(uint32_t command)
{
    uint32_t address = command >> OCP_REG_SHIFT & 0xfffe;
    uint16_t *word = &chip.ocp[address / 2];

    if (has(M_DP)) {  // data of OCPAR
        put(OCPDR, 32, command);
        return;
    }
    assert_true((command & OCP_FLAG) || !(command & 0xffff));
    if (!(command & OCP_FLAG)) {
        uint16_t busy = address == OCP_BUSY_8125 && chip.stuck_busy ? OCP_BUSY_8125_BIT : 0;
        put(OCPDR, 32, chip.dead_ocp ? UINT32_MAX : command | *word | busy);
        return;
    }
    uint16_t before = *word;
    *word = (uint16_t)command;
    chip.eb54_pulses += address == 0xeb54 && (before & 1) && !(*word & 1);
    chip.e63e_pulses += address == 0xe63e && before == 1 && *word == 0;
    if (address != OCP_LINK_LIST)
        return;
    chip.list_state = *word & OCP_LINK_LIST_START ? 2 : *word & OCP_LINK_LIST_STOP ? 0 : 1;
    chip.list_at = clock_us + LIST_US;
}

static void phyar(uint32_t command)
{
    unsigned number = command >> PHYAR_REG_SHIFT & 0x1f;

    begin(chip.dead_phy, &chip.phy_op_at, PHYAR_QUIET_US);
    assert_int_equal(command & 0x7fe00000, 0);
    assert_true(!has(M_DP) || !(get(MDIO_DP, 32) & MDIO_DP_CLOSED));
    put(PHYAR, 32, command);
    if (chip.dead_phy)
        return;
    if (command & PHYAR_FLAG)
        phy_write(number, (uint16_t)command);
    else
        put(PHYAR, 32, (command & ~0xffffu) | phy_read(number));
}

static void gphy_ocp(uint32_t command)
{
    uint32_t address = command >> OCP_REG_SHIFT & 0xfffe;

    begin(chip.dead_phy, &chip.phy_op_at, 0);
    assert_true((command & OCP_FLAG) || !(command & 0xffff));
    put(GPHY_OCP, 32, command);
    if (chip.dead_phy)
        return;
    if (!(command & OCP_FLAG))
        put(GPHY_OCP, 32, (command & ~0xffffu) | gphy_read(address));
    else if (address >= PHY_OCP_BASE && address < PHY_OCP_BASE + 0x20)
        phy_write((address - PHY_OCP_BASE) / 2, (uint16_t)command);
    else
        chip.gphy[address / 2] = (uint16_t)command;
}

static void ocpar(uint32_t command)
{
    uint32_t address = command & 0xfff;

    begin(chip.dead_ocpar, &chip.ocp_at, 0);
    put(OCPAR, 32, command);
    if (chip.dead_ocpar)
        return;
    if (command & OCP_FLAG)
        chip.dash[address / 4] = get(OCPDR, 32) & 0xff;
    else
        put(OCPDR, 32, chip.dash[address / 4]);
}

void behind_write(uint32_t at, uint32_t value)
{
    switch (at) {
    case ERIAR:
        eriar(value);
        break;
    case OCPDR:
        ocpdr(value);
        break;
    case OCPAR:
        ocpar(value);
        break;
    case PHYAR:
        phyar(value);
        break;
    case GPHY_OCP:
        gphy_ocp(value);
        break;
    default:
        break;
    }
}
