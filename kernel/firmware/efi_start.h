// The ISO in the firmware's hands: as a RAM disk of its own, which it also tells the operating system of
// (NFIT), and as something to boot from. Only while boot services live.
#ifndef URLBOOT_KERNEL_FIRMWARE_EFI_START_H
#define URLBOOT_KERNEL_FIRMWARE_EFI_START_H

#include <stdint.h>

// Registers [base, base + length) as a virtual CD (UEFI 2.10 section 13.17). The memory must be reserved, as
// the ISO's is (efi_memory), or firmware does not publish it in ACPI. 0, ERR_UEFI_PROTOCOL_NOT_FOUND or
// ERR_UEFI_OPERATION_FAILED.
int efi_ram_disk(uint64_t base, uint64_t length);

// Starts the boot loader that the RAM disk has for removable media, EFI/BOOT/BOOTX64.EFI (UEFI 2.10 section
// 3.5.1.1). Returns only when that cannot be done or the loader gave up: ERR_FILE_NOT_FOUND,
// ERR_UEFI_OPERATION_FAILED.
int efi_start_loader(void);

#endif
