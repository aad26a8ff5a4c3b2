// Walking over an EFI memory map. Pure: builds on the host. Only inside kernel/firmware.
#ifndef URLBOOT_KERNEL_FIRMWARE_EFI_MAP_H
#define URLBOOT_KERNEL_FIRMWARE_EFI_MAP_H

#include "kernel/firmware/efi_types.h"  // EFI_MEMORY_DESCRIPTOR

#include <stdbool.h>
#include <stdint.h>

#define EFI_PAGE_BYTES 4096ull

struct efi_map {                        // a map, or what is left of one
    const uint8_t *at;
    UINTN size, descriptor_size;        // bytes; a descriptor may be longer than the structure
    UINTN key;                          // for ExitBootServices
    UINT32 version;
};

// Takes the next descriptor off the map; those whose length does not fit 64 bits are left out. False when
// there is none, also when descriptors are too short to be any.
// Example: while (efi_map_next(&map, &d)) count += d.NumberOfPages;
bool efi_map_next(struct efi_map *map, EFI_MEMORY_DESCRIPTOR *d);

#endif
