// Page tables for the time in which firmware code runs.
#ifndef URLBOOT_KERNEL_FIRMWARE_EFI_PAGING_H
#define URLBOOT_KERNEL_FIRMWARE_EFI_PAGING_H

#include "kernel/firmware/efi_types.h" // EFI_BOOT_SERVICES

// Builds an identity map of the whole physical address width (at most 2^47 bytes; 2^40 on processors without
// 1-GiB pages) beside the image's own mapping, in memory from AllocatePages, and loads it. Everything is
// writable and executable, as firmware expects. EFI_SUCCESS or what AllocatePages returned: then the old
// tables stay in force.
EFI_STATUS efi_map_everything(EFI_BOOT_SERVICES *bs);

#endif
