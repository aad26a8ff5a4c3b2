// The MAC address: where the chip has it from its EEPROM or efuse, then what stands in the address registers.
// Spec: RTL8169 Registers data sheet (IDR); the places of later chips as in Linux's driver. Tested: models of
// 8168C, 8168E-VL, 8168G, 8168H and 8125B; unit tests; no silicon.
// Not handled: reading the EEPROM itself, which on 8168 has restarted machines (ThinkPad 11e); addresses that
// the machine's ACPI tables give.
#include "drivers/realtek/realtek.h"  // rtl

#include <string.h>

#include "drivers/realtek/realtek_regs.h"  // IDR0
#include "lib/err.h"                       // fail
#include "lib/mac.h"                       // mac_text

#define MAC_GROUP_BIT 1u

// A station's address: not a group's, not zero (ones are a group's).
static bool valid(const uint8_t mac[6])
{
    static const uint8_t zero[6];

    return !(mac[0] & MAC_GROUP_BIT) && memcmp(mac, zero, sizeof(zero)) != 0;
}

static void split(uint32_t low, uint32_t high, uint8_t mac[6])
{
    for (unsigned i = 0; i < 4; i++)
        mac[i] = (uint8_t)(low >> 8 * i);
    mac[4] = (uint8_t)high;
    mac[5] = (uint8_t)(high >> 8);
}

static uint32_t low_part(const uint8_t mac[6])
{
    return (uint32_t)mac[0] | (uint32_t)mac[1] << 8 | (uint32_t)mac[2] << 16 | (uint32_t)mac[3] << 24;
}

static uint32_t high_part(const uint8_t mac[6])
{
    return (uint32_t)mac[4] | (uint32_t)mac[5] << 8;
}

int rtl_read_address(struct rtl *dev)
{
    char text[MAC_TEXT_MAX];
    uint8_t *mac = dev->nic->mac;
    uint32_t low = 0, high = 0;

    if (rtl_has(dev, RTL_8125)) {
        low = rd32(dev, MAC0_BKP);
        high = rd32(dev, MAC0_BKP + (IDR4 - IDR0));
    } else if (rtl_has(dev, RTL_ERI_MAC)) {
        low = rtl_eri_read(dev, ERI_MAC0);
        high = rtl_eri_read(dev, ERI_MAC4);
    }
    split(low, high, mac);
    if (!valid(mac) || high == UINT32_MAX)  // no answer is no half of an address
        split(rd32(dev, IDR0), rd32(dev, IDR4), mac);
    if (!valid(mac))
        return fail(ERR_NIC_INIT_FAILED, "it has no MAC address (%s)", mac_text(mac, text));
    return 0;
}

void rtl_write_address(const struct rtl *dev)
{
    const uint8_t *mac = dev->nic->mac;

    wr8(dev, CR9346, CR9346_UNLOCK);
    wr32(dev, IDR4, high_part(mac));
    rd32(dev, IDR4);  // in this order, and not joined
    wr32(dev, IDR0, low_part(mac));
    rd32(dev, IDR0);
    if (rtl_has(dev, RTL_MAC_COPY)) {
        rtl_eri_write(dev, ERI_MAC0, low_part(mac));
        rtl_eri_write(dev, ERI_MAC4, high_part(mac));
        rtl_eri_write(dev, ERI_MAC_COPY0, low_part(mac) << 16);
        rtl_eri_write(dev, ERI_MAC_COPY2, low_part(mac) >> 16 | high_part(mac) << 16);
    }
    wr8(dev, CR9346, CR9346_LOCK);
}
