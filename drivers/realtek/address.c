// The MAC address: where the chip has it from its EEPROM or efuse, then what stands in the address registers.
// Spec: RTL8169 Registers data sheet (IDR); the places of later chips as in Linux's driver. Tested: models of
// 8168C, 8168E-VL, 8168G, 8168H and 8125B; unit tests; no silicon.
// Not handled: reading the EEPROM itself, which on 8168 has restarted machines (ThinkPad 11e); addresses that
// the machine's ACPI tables give.
#include "drivers/realtek/realtek.h"  // rtl

#include "drivers/realtek/realtek_regs.h"  // IDR0
#include "lib/err.h"                       // fail
#include "lib/mac.h"                       // mac_join

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
    mac_join(low, high, mac);
    if (!mac_is_station(mac) || high == UINT32_MAX)  // no answer is no half of an address
        mac_join(rd32(dev, IDR0), rd32(dev, IDR4), mac);
    if (!mac_is_station(mac))
        return fail(ERR_NIC_INIT_FAILED, "it has no MAC address (%s)", mac_text(mac, text));
    return 0;
}

void rtl_write_address(const struct rtl *dev)
{
    const uint8_t *mac = dev->nic->mac;

    wr8(dev, CR9346, CR9346_UNLOCK);
    wr32(dev, IDR4, mac_high(mac));
    rd32(dev, IDR4);  // in this order, and not joined
    wr32(dev, IDR0, mac_low(mac));
    rd32(dev, IDR0);
    if (rtl_has(dev, RTL_MAC_COPY)) {
        rtl_eri_write(dev, ERI_MAC0, mac_low(mac));
        rtl_eri_write(dev, ERI_MAC4, mac_high(mac));
        rtl_eri_write(dev, ERI_MAC_COPY0, mac_low(mac) << 16);
        rtl_eri_write(dev, ERI_MAC_COPY2, mac_low(mac) >> 16 | mac_high(mac) << 16);
    }
    wr8(dev, CR9346, CR9346_LOCK);
}
