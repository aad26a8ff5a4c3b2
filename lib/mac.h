// Ethernet addresses: as text, as the two registers in which chips keep them, whether they are a station's.
#ifndef URLBOOT_LIB_MAC_H
#define URLBOOT_LIB_MAC_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define MAC_TEXT_MAX 18  // bytes, with NUL

// Writes "52:54:00:12:34:56" to out and returns it.
// Example: char text[MAC_TEXT_MAX]; log_info("NIC %s", mac_text(nic->mac, text));
static inline const char *mac_text(const uint8_t mac[6], char out[MAC_TEXT_MAX])
{
    snprintf(out, MAC_TEXT_MAX, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4],
             mac[5]);
    return out;
}

// Bytes 0 to 3 and bytes 4 and 5, the first byte lowest.
static inline uint32_t mac_low(const uint8_t mac[6])
{
    return (uint32_t)mac[0] | (uint32_t)mac[1] << 8 | (uint32_t)mac[2] << 16 | (uint32_t)mac[3] << 24;
}

static inline uint32_t mac_high(const uint8_t mac[6])
{
    return (uint32_t)mac[4] | (uint32_t)mac[5] << 8;
}

// The address of both; what stands above bytes 4 and 5 in `high` is left out.
static inline void mac_join(uint32_t low, uint32_t high, uint8_t mac[6])
{
    for (unsigned i = 0; i < 4; i++)
        mac[i] = (uint8_t)(low >> 8 * i);
    mac[4] = (uint8_t)high;
    mac[5] = (uint8_t)(high >> 8);
}

// True for a station's address: not a group's, which all ones are as well, and not zero.
static inline bool mac_is_station(const uint8_t mac[6])
{
    return !(mac[0] & 1) && (mac_low(mac) | mac_high(mac)) != 0;
}

#endif
