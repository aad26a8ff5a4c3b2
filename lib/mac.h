// Ethernet addresses as text.
#ifndef URLBOOT_LIB_MAC_H
#define URLBOOT_LIB_MAC_H

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

#endif
