// Inside kernel/linux: rewriting a copy of the EFI memory map before Linux gets it.
#ifndef URLBOOT_KERNEL_LINUX_EFI_MAP_H
#define URLBOOT_KERNEL_LINUX_EFI_MAP_H

#include <stdint.h>

enum efi_mem_type {  // UEFI 2.10 table 7.10, those that matter here
    EFI_MEM_RESERVED = 0,
    EFI_MEM_LOADER_CODE = 1,
    EFI_MEM_LOADER_DATA = 2,
    EFI_MEM_BOOT_CODE = 3,
    EFI_MEM_BOOT_DATA = 4,
    EFI_MEM_CONVENTIONAL = 7,
    EFI_MEM_UNACCEPTED = 15,
};

struct efi_descriptor {  // UEFI 2.10 section 7.2.3; the firmware's may be longer, with the same beginning
    uint32_t type;
    uint32_t pad;
    uint64_t physical;
    uint64_t virtual;
    uint64_t pages;      // of 4 KiB
    uint64_t attribute;
};

struct efi_keep {        // bytes that must survive until Linux has read its memory map
    uint64_t base, length;
    uint32_t type;       // what they become: EFI_MEM_RESERVED for good, EFI_MEM_LOADER_DATA until Linux runs
};

// Bytes that efi_map_rewrite() needs at most for a map of `size` bytes whose descriptors do not overlap.
uint64_t efi_map_room(uint64_t size, uint32_t descriptor_size, unsigned keep_count);

// Copies the map of `size` bytes at `map` to out[room]. Descriptors of memory that Linux would use (loader,
// boot services, conventional, unaccepted) are split at page bounds so that every byte of the `keep` list
// lies in a descriptor of the type the list asks for; the first entry wins where entries overlap. All other
// descriptors are copied as they are. *out_size receives the bytes written.
// Needed because KASLR takes any EfiConventionalMemory of this map and does not look at e820 (kaslr.c,
// process_efi_entries), and because boot services memory is freed after SetVirtualAddressMap.
// 0; ERR_BOOT_INFO_INVALID when the descriptor size is not plausible, `size` is not a multiple of it, or
// the room does not suffice (overlapping descriptors).
int efi_map_rewrite(const void *map, uint64_t size, uint32_t descriptor_size, const struct efi_keep *keep,
                    unsigned keep_count, void *out, uint64_t room, uint64_t *out_size);

#endif
