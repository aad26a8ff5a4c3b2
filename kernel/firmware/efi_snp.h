// The firmware's network drivers, a frame at a time (EFI_SIMPLE_NETWORK_PROTOCOL). drivers/snp/ makes NICs of
// them; nobody else needs this. Only while boot services live, after efi_network_connect().
#ifndef URLBOOT_KERNEL_FIRMWARE_EFI_SNP_H
#define URLBOOT_KERNEL_FIRMWARE_EFI_SNP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EFI_SNPS_MAX 8

struct efi_snp_info {
    uint8_t mac[6];
    uint32_t mtu;              // bytes of payload
    bool media_known, media;   // whether the driver can tell a live cable, and whether there is one
};

// Looks for Ethernet controllers with a driver; indices 0 to the result stay valid. Nothing is opened yet.
unsigned efi_snp_find(void);

// What the driver says of itself now; asks it for the state of the link.
void efi_snp_info(unsigned index, struct efi_snp_info *info);

// Takes the controller from the firmware's own stack for us alone, starts it and its receiver. 0 or
// ERR_NIC_INIT_FAILED.
int efi_snp_open(unsigned index);

// Stops it: no DMA afterwards. Nothing happens to one that is not open.
void efi_snp_close(unsigned index);

// Hands a frame to the driver, which keeps it until efi_snp_sent() returns it. 0 or ERR_NIC_INIT_FAILED when
// it takes no more at the moment.
int efi_snp_send(unsigned index, void *frame, size_t length);

// A frame that was sent, NULL when none has become free.
void *efi_snp_sent(unsigned index);

// Copies the next received frame into `buffer`. Its length, 0 when there is none, or ERR_NIC_INIT_FAILED when
// the driver fails.
long efi_snp_receive(unsigned index, void *buffer, size_t size);

#endif
