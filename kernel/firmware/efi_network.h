// The firmware's network: making its drivers manage the controllers, and an address from it, IPv4 or IPv6.
//
// Example:
//     efi_network_connect();
//     err = efi_network_up(&wish, &(struct efi_network_host){.kind = EFI_HOST_NAME}, wait, deadline, &got);
//     err = efi_http_open(&http, &got, 20000);
#ifndef URLBOOT_KERNEL_FIRMWARE_EFI_NETWORK_H
#define URLBOOT_KERNEL_FIRMWARE_EFI_NETWORK_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/ip6.h"           // IP6_BYTES

struct efi_network_wish {
    bool dhcp;                 // else the addresses below, network byte order, 0: not given
    uint32_t client, gateway, netmask, dns[2];
    const char *mac;           // only the controller with this address, as mac_text() writes it; NULL: any
};

struct efi_network_host {      // whom to reach, which decides between IPv4 and IPv6
    enum { EFI_HOST_NAME, EFI_HOST_IP4, EFI_HOST_IP6 } kind;
    uint8_t ip6[IP6_BYTES];    // EFI_HOST_IP6: its address
};

struct efi_network {           // what was got
    void *controller;          // the firmware's handle
    uint8_t mac[6];
    bool ipv6;
    uint32_t address, netmask; // IPv4, network byte order
    uint8_t address6[IP6_BYTES];
};

// Connects every driver of the firmware to its devices, as firmware that booted fast has not done (UEFI 2.10
// section 7.3.12), and takes controllers back from a loader that holds them. Once: further calls do nothing.
void efi_network_connect(void);

// Takes the firmware's drivers off every network controller, for a driver of our own beside living boot
// services (UEFI 2.10 section 7.3.13). 0, or ERR_UEFI_OPERATION_FAILED when a driver does not go.
int efi_network_release(void);

// After efi_network_connect(): an address to reach `host` from, on the first controller with HTTP that gets
// one. IPv4 comes by DHCP on all of them at once or from the wish, IPv6 by router advertisement and DHCPv6.
// For a name IPv4 is the first choice: IPv6 is looked for when DHCP has not answered for some seconds, counts
// only with a DNS server, and never beside addresses that were wished for. For an address only its own kind
// is looked for. A static IPv4 address that somebody has given the firmware is left alone, and for names the
// controller with it; static IPv6 settings are used as they are.
// Further calls, for other hosts, return at once when they have what they need; what was waited for in vain
// is not waited for again. `deadline` is some seconds later for a name where routers advertise IPv6. `wait`
// is called while it waits; an error from it ends the wait.
// 0 and *got, or ERR_NO_NIC_FOUND, ERR_NO_LINK, ERR_UEFI_PROTOCOL_NOT_FOUND, ERR_DHCP_TIMEOUT,
// ERR_NO_IP_ADDRESS (IPv6), ERR_UEFI_OPERATION_FAILED; efi_network_down() then ends what was begun.
int efi_network_up(const struct efi_network_wish *wish, const struct efi_network_host *host,
                   int (*wait)(void), uint64_t deadline, struct efi_network *got);

// Gives back what efi_network_up() changed: addresses and policies, which firmware stores for good. Nothing
// happens when nothing was changed.
void efi_network_down(void);

#endif
