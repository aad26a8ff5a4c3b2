// The firmware's two IP configuration protocols on one controller, for efi_network.c, which decides when each
// is used. Nobody else includes it.
#ifndef URLBOOT_KERNEL_FIRMWARE_EFI_ADDRESS_H
#define URLBOOT_KERNEL_FIRMWARE_EFI_ADDRESS_H

#include "kernel/firmware/efi_network.h"  // struct efi_network_wish
#include "kernel/firmware/efi_types.h"    // EFI_HANDLE

#include <Protocol/Ip4Config2.h>
#include <Protocol/Ip6Config.h>

#include <stdbool.h>

struct efi_ip4 {
    EFI_IP4_CONFIG2_PROTOCOL *config;
    EFI_IP4_CONFIG2_POLICY before;   // to be restored
    bool is_static;                  // somebody has given the firmware an address
    bool configured;                 // by us
};

struct efi_ip6 {
    EFI_IP6_CONFIG_PROTOCOL *config;
    bool is_static;                  // somebody has given the firmware IPv6 settings: they are used
    bool begun;
    bool changed;                    // the policy was manual, and is to be again
    bool advertised;                 // a router has told of IPv6 here
    bool no_dns;                     // it has an address, but knows no DNS server
};

// Looks at IPv4 on a controller with HTTP, and changes nothing. 0, or why it is of no use:
// ERR_UEFI_PROTOCOL_NOT_FOUND, ERR_UEFI_OPERATION_FAILED.
int efi_ip4_find(struct efi_ip4 *ip, EFI_HANDLE controller);

// Begins to get an address as it was wished. 0 or ERR_UEFI_OPERATION_FAILED; to be undone in both cases.
int efi_ip4_configure(struct efi_ip4 *ip, const struct efi_network_wish *wish);

// True once there is an address, with address and mask in *got.
bool efi_ip4_address(struct efi_ip4 *ip, struct efi_network *got);

// Undoes efi_ip4_configure(), if it was called.
void efi_ip4_restore(struct efi_ip4 *ip);

// The same for IPv6. ERR_UEFI_PROTOCOL_NOT_FOUND.
int efi_ip6_find(struct efi_ip6 *ip, EFI_HANDLE controller);

// Lets the firmware solicit routers and, when these say so, DHCPv6. 0 or ERR_UEFI_OPERATION_FAILED.
int efi_ip6_configure(struct efi_ip6 *ip);

// True once there is an address that no other machine has (RFC 4862 section 5.4) and `host` can be reached
// from, with *got's address6; for a name, once there is a DNS server as well.
bool efi_ip6_address(struct efi_ip6 *ip, const struct efi_network_host *host, struct efi_network *got);

// Undoes efi_ip6_configure(), if it changed something.
void efi_ip6_restore(struct efi_ip6 *ip);

#endif
