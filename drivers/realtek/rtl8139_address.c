// The MAC address. The chip loads it from its EEPROM when power comes, and a reset leaves it; where it has
// none, the EEPROM is asked, pin by pin.
// Spec: RTL8139D(L) Data Sheet, 93C46 command register and EEPROM contents; Microchip 93C46 and 93C56 data
// sheets. Tested: QEMU 7.2 (as loaded), unit tests (EEPROM of both sizes).
// Not handled: 93C66.
#include "drivers/realtek/rtl8139_chip.h"  // rtl8139

#include <string.h>

#include "lib/clock.h"  // delay_us
#include "lib/err.h"    // fail
#include "lib/mac.h"    // mac_text

#define MAC_BYTES 6u
#define ADDRESS_BITS_93C46 6u
#define ADDRESS_BITS_93C56 8u
#define COMMAND_BITS 3u    // EE_READ
#define WORD_BITS 16u

// One period of the EEPROM's clock: shifts `bit` in, returns what the EEPROM shows afterwards.
static unsigned clock_bit(const struct rtl8139 *dev, unsigned bit)
{
    uint8_t pins = (uint8_t)(EECR_PROGRAM | EECR_EECS | (bit ? EECR_EEDI : 0));

    wr8(dev, EECR, pins);
    delay_us(EE_CLOCK_US);
    wr8(dev, EECR, pins | EECR_EESK);
    delay_us(EE_CLOCK_US);
    return rd8(dev, EECR) & EECR_EEDO;
}

static uint16_t read_word(const struct rtl8139 *dev, unsigned address_bits, unsigned word)
{
    unsigned command = EE_READ << address_bits | word;
    unsigned value = 0;

    wr8(dev, EECR, EECR_PROGRAM);  // deselected: a new command begins
    wr8(dev, EECR, EECR_PROGRAM | EECR_EECS);
    for (unsigned i = COMMAND_BITS + address_bits; i-- > 0;)
        clock_bit(dev, command >> i & 1);
    for (unsigned i = 0; i < WORD_BITS; i++)
        value = value << 1 | clock_bit(dev, 0);
    wr8(dev, EECR, EECR_PROGRAM);
    return (uint16_t)value;
}

// Its size shows in the word that all of these EEPROMs begin with: with the wrong number of address bits it
// is read as something else.
static int read_eeprom(const struct rtl8139 *dev, uint8_t mac[MAC_BYTES])
{
    unsigned bits = ADDRESS_BITS_93C56;

    if (read_word(dev, bits, EE_ID_WORD) != EE_ID)
        bits = ADDRESS_BITS_93C46;
    bool there = read_word(dev, bits, EE_ID_WORD) == EE_ID;
    for (unsigned i = 0; i < EE_ADDRESS_WORDS; i++) {
        uint16_t word = read_word(dev, bits, EE_ADDRESS_WORD + i);
        mac[2 * i] = (uint8_t)word;
        mac[2 * i + 1] = (uint8_t)(word >> 8);
    }
    wr8(dev, EECR, EECR_NORMAL);
    return there ? 0 : fail(ERR_NIC_INIT_FAILED, "it has no MAC address and no EEPROM");
}

int rtl8139_read_address(struct rtl8139 *dev)
{
    char text[MAC_TEXT_MAX];
    uint8_t mac[MAC_BYTES];

    for (unsigned i = 0; i < MAC_BYTES; i++)
        mac[i] = rd8(dev, IDR0 + i);
    if (!mac_is_station(mac)) {
        int err = read_eeprom(dev, mac);
        if (err < 0)
            return err;
    }
    if (!mac_is_station(mac))
        return fail(ERR_NIC_INIT_FAILED, "it has no MAC address (%s)", mac_text(mac, text));
    memcpy(dev->nic->mac, mac, sizeof(mac));
    return 0;
}
