// The firmware's network: making its drivers manage the controllers, and an IPv4 address from it.
#ifndef URLBOOT_KERNEL_FIRMWARE_EFI_NETWORK_H
#define URLBOOT_KERNEL_FIRMWARE_EFI_NETWORK_H

#include <stdbool.h>
#include <stdint.h>

struct efi_network_wish {
    bool dhcp;                 // else the addresses below, network byte order, 0: not given
    uint32_t client, gateway, netmask, dns[2];
    const char *mac;           // only the controller with this address, as mac_text() writes it; NULL: any
};

struct efi_network {           // what was got
    uint8_t mac[6];
    uint32_t address, netmask; // network byte order
};

// Connects every driver of the firmware to its devices, as firmware that booted fast has not done (UEFI 2.10
// section 7.3.12), and takes controllers back from a loader that holds them. Once: further calls do nothing.
void efi_network_connect(void);

// Takes the firmware's drivers off every network controller, for a driver of our own beside living boot
// services (UEFI 2.10 section 7.3.13). 0, or ERR_UEFI_OPERATION_FAILED when a driver does not go.
int efi_network_release(void);

// After efi_network_connect(): gets an address on the first controller with HTTP that answers, by DHCP on
// all of them at once or from the wish. A static address that somebody has given the firmware is left alone,
// and the controller with it. `wait` is called while it waits; an error from it ends the wait. 0 and *got, or
// ERR_NO_NIC_FOUND, ERR_NO_LINK, ERR_UEFI_PROTOCOL_NOT_FOUND, ERR_DHCP_TIMEOUT, ERR_UEFI_OPERATION_FAILED.
int efi_network_up(const struct efi_network_wish *wish, int (*wait)(void), uint64_t deadline,
                   struct efi_network *got);

// Gives back what efi_network_up() changed: address and policy, which firmware stores for good. Nothing
// happens when nothing was changed.
void efi_network_down(void);

#endif
