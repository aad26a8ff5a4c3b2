// Inside kernel/linux: the block of memory that holds boot_params and all it points to.
#ifndef URLBOOT_KERNEL_LINUX_PARAMS_H
#define URLBOOT_KERNEL_LINUX_PARAMS_H

#include <stdint.h>

#include "kernel/linux/efi_map.h"  // struct efi_keep
#include "kernel/linux/image.h"    // SETUP_HEADER_ROOM
#include "kernel/memory.h"         // struct mem_range

#define PARAMS_KEEP_MAX 8
#define PARAMS_SEED_MAX 256

struct params_input {
    const struct boot_info *info;
    uint8_t setup_header[SETUP_HEADER_ROOM];
    const char *cmdline;               // final
    uint64_t initrd_base, initrd_size; // size 0: no initrd
    const struct mem_range *ranges;    // what memmap_export() wrote
    unsigned range_count;
    struct efi_keep keep[PARAMS_KEEP_MAX - 1];  // what KASLR must not take, besides the block itself
    unsigned keep_count;
    const void *seed;                  // for Linux's random pool
    uint32_t seed_size;                // 0: none; more than PARAMS_SEED_MAX is cut
};

// Bytes of the block for this input: boot_params, command line, setup_data, EFI memory map; whole pages.
// Depends on the lengths in the input only.
uint64_t params_size(const struct params_input *input);

// Builds everything in the page-aligned block of params_size() bytes at `block`, whose first byte is
// boot_params. Writes the block only; addresses inside are the block's own. The block becomes
// EfiLoaderData in the EFI map: KASLR avoids boot_params and command line by itself, but not that map.
// 0 or ERR_BOOT_INFO_INVALID (EFI memory map not usable).
int params_build(const struct params_input *input, void *block);

#endif
