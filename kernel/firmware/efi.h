// UEFI while boot services live: its console for a question to the user, memory shared with it, the way out.
// No UEFI type leaves this folder. When info->efi.boot_services is false none of this may be called but
// efi_console().
//
// Example:
//     if (info->efi.boot_services) {
//         err = efi_open(info);
//         ... prompt over efi_key() and efi_write() ...
//         err = efi_exit(info);
//     }
#ifndef URLBOOT_KERNEL_FIRMWARE_EFI_H
#define URLBOOT_KERNEL_FIRMWARE_EFI_H

#include "boot/boot_info.h"  // struct boot_info

// Makes firmware calls safe: complete identity page tables (GRUB 2.14 leaves some that cover RAM only, and
// firmware drivers touch registers above it), interrupts on, watchdog off. 0 or ERR_UEFI_OPERATION_FAILED.
int efi_open(const struct boot_info *info);

// True when efi_open() could make those page tables: else device memory must wait for efi_exit().
bool efi_maps_everything(void);

// Takes RSDP and, when the loader gave none, framebuffer into *info. efi_exit() does it, too.
void efi_look_around(struct boot_info *info);

// Fills info->ranges from the memory map of this moment, for memory_share(). 0 or
// ERR_UEFI_OPERATION_FAILED, ERR_BOOT_INFO_INVALID.
int efi_take_ranges(struct boot_info *info);

// Firmware as the memory map's partner (kernel/memory.h): claims become AllocatePages() at their address, the
// ISO's as reserved memory, which the firmware's own RAM disk and ACPI want; all else as loader data.
extern const struct memmap_partner efi_memory;

// True when the firmware's console can be used; does efi_open() when nobody has. False without boot services,
// and once efi_exit() has begun to end them: consoles may be gone then.
bool efi_console(const struct boot_info *info);

// True from efi_open() until efi_exit() begins to end boot services: the functions below may be called.
bool efi_is_alive(void);

// The next key of the firmware's console: ASCII, '\r', '\b', 27 for Escape, CONSOLE_KEY_* for the editing
// keys (kernel/console.h); -1 when there is none. Source: UEFI 2.10 section 12.3 (ReadKeyStroke).
int efi_key(void);

// Writes text to the firmware's console; bytes above 126 and control characters other than newline, carriage
// return, backspace and tab become '?'. UEFI 2.10 section 12.4.
void efi_write(const char *text);

// Clears the firmware's screen.
void efi_clear(void);

// Leaves boot services (UEFI 2.10 section 7.4.6): fills info->ranges from the final memory map, keeps a copy
// of the map for Linux in info->efi, takes RSDP and, when the loader gave none, framebuffer with it. After
// success info->efi.boot_services is false and interrupts are off. 0 or ERR_UEFI_OPERATION_FAILED, or what
// efi_map_to_ranges() returns.
int efi_exit(struct boot_info *info);

// Adds the ranges of an EFI memory map (`size` bytes, descriptors of `descriptor_size`) to info->ranges.
// Pure; used by efi_exit. 0 or ERR_BOOT_INFO_INVALID.
int efi_map_to_ranges(const void *map, uint64_t size, uint32_t descriptor_size, struct boot_info *info);

// Calls visit for every range of boot services code and data in info->efi.memory_map: Linux needs them
// untouched until it has called SetVirtualAddressMap, so nothing may be placed there. Ends at the first
// error, which is returned.
int efi_visit_boot_services(const struct boot_info *info,
                            int (*visit)(uint64_t base, uint64_t length, const char *owner));

#endif
