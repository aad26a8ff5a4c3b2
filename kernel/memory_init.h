// Takes the machine's memory over from loader and firmware.
#ifndef URLBOOT_KERNEL_MEMORY_INIT_H
#define URLBOOT_KERNEL_MEMORY_INIT_H

#include "boot/boot_info.h"  // struct boot_info

// Builds the memory map from info->ranges, claims what is in use (image, modules, EFI boot services), loads
// the final page tables and starts the heap. 0 or ERR_BOOT_INFO_INVALID, ERR_NOT_ENOUGH_MEMORY.
int memory_init(const struct boot_info *info);

#endif
