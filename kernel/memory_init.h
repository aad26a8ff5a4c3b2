// Takes the machine's memory over from loader and firmware.
#ifndef URLBOOT_KERNEL_MEMORY_INIT_H
#define URLBOOT_KERNEL_MEMORY_INIT_H

#include "boot/boot_info.h"  // struct boot_info

// Builds the memory map from info->ranges, claims what is in use (image, modules, EFI boot services), loads
// the final page tables and starts the heap. 0 or ERR_BOOT_INFO_INVALID, ERR_NOT_ENOUGH_MEMORY.
int memory_init(const struct boot_info *info);

// The same while UEFI boot services live (efi_open() came before, efi_maps_everything() is true): RAM is
// shared with firmware, whose page tables stay in force. Fills info->ranges. Errors as above, or
// ERR_UEFI_OPERATION_FAILED.
int memory_share(struct boot_info *info);

// After efi_exit(): what was claimed meanwhile stays where it is, the rest of RAM is ours, too, and the final
// page tables are loaded. Errors as memory_init().
int memory_take_over(const struct boot_info *info);

#endif
