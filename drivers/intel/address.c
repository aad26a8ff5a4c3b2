// The MAC address. After a reset the chip has loaded it from its EEPROM into the first filter register;
// where it has not, what firmware left there counts, then the EEPROM itself.
// Spec: 317453 sections 5.3 and 13.4.4 (EERD), 316080 section 13.3.4. Tested: QEMU 7.2 (filter register),
// unit tests (EEPROM in both layouts of EERD). Not handled: 82543 and 82544 have no EERD, their EEPROM is
// not read.
#include "drivers/intel/intel.h"  // intel

#include <stddef.h>
#include <string.h>

#include "drivers/intel/intel_regs.h"  // RAL0
#include "lib/clock.h"                 // deadline_ms
#include "lib/err.h"                   // fail
#include "lib/mac.h"                   // mac_text

#define MAC_BLANK_NVM "\x88\x88\x88\x88\x87\x88"   // what tools flash into parts without an address

// A station's address, and not the blank one.
static bool valid(const uint8_t mac[6])
{
    return mac_is_station(mac) && memcmp(mac, MAC_BLANK_NVM, sizeof(((struct nic *)NULL)->mac)) != 0;
}

void intel_station_address(const struct intel *dev, uint8_t mac[6])
{
    uint32_t low = rd32(dev, RAL0), high = rd32(dev, RAH0);

    mac_join(low, high, mac);
}

// Reads an EEPROM word. Two layouts of the register exist; which one a chip has shows in where its "done"
// appears. Word 0 has the same address in both, so it is read first.
static int read_word(struct intel *dev, unsigned word, bool *early, uint16_t *value)
{
    unsigned shift = *early ? EERD_ADDR_SHIFT_EARLY : EERD_ADDR_SHIFT;
    uint64_t deadline = deadline_ms(EERD_TIMEOUT_MS);
    uint32_t eerd;

    wr32(dev, EERD, EERD_START | word << shift);
    while (!((eerd = rd32(dev, EERD)) & (EERD_DONE | EERD_DONE_EARLY)))
        if (deadline_passed(deadline))
            return fail(ERR_TIMEOUT, "its EEPROM does not answer");
    if (word == 0)
        *early = eerd & EERD_DONE_EARLY;
    *value = (uint16_t)(eerd >> EERD_DATA_SHIFT);
    return 0;
}

static int read_eeprom(struct intel *dev, uint8_t mac[6])
{
    bool early = false;

    for (unsigned i = 0; i < NVM_MAC_ADDRESS_WORDS; i++) {
        uint16_t word = 0;
        int err = read_word(dev, NVM_MAC_ADDRESS + i, &early, &word);
        if (err < 0)
            return err;
        mac[2 * i] = (uint8_t)word;
        mac[2 * i + 1] = (uint8_t)(word >> 8);
    }
    if ((dev->flags & INTEL_PORT_XOR) && (rd32(dev, STATUS) & STATUS_FUNC_MASK))
        mac[5] ^= 1;
    return 0;
}

int intel_read_address(struct intel *dev, const uint8_t before[6])
{
    char text[MAC_TEXT_MAX];
    uint8_t mac[6];

    intel_station_address(dev, mac);
    if (!valid(mac))
        memcpy(mac, before, sizeof(mac));
    if (!valid(mac)) {
        int err = read_eeprom(dev, mac);
        if (err < 0)
            return err;
    }
    if (!valid(mac))
        return fail(ERR_NIC_INIT_FAILED, "it has no MAC address (%s)", mac_text(mac, text));
    memcpy(dev->nic->mac, mac, sizeof(mac));
    return 0;
}
