// PVH: the start information of Xen's and QEMU's direct boot.
// Spec: xen/include/public/arch-x86/hvm/start_info.h, version 1.
#ifndef URLBOOT_BOOT_PVH_H
#define URLBOOT_BOOT_PVH_H

#include <assert.h>
#include <stdint.h>

// Everything below is written by the boot loader and read by us.
struct pvh_start_info {
    uint32_t magic;                     // PVH_BOOT_MAGIC
    uint32_t version;                   // 1 and later have the memory map
    uint32_t flags;
    uint32_t module_count;
    uint64_t module_list;               // physical address of struct pvh_module
    uint64_t cmdline;                   // physical address of a NUL-terminated string
    uint64_t rsdp;                      // physical address, 0 when unknown
    uint64_t memory_map;                // physical address of struct pvh_memory_entry
    uint32_t memory_map_entries;
    uint32_t reserved;
};

struct pvh_module {
    uint64_t address, size, cmdline, reserved;
};

struct pvh_memory_entry {
    uint64_t address, size;
    uint32_t type;                      // e820 numbers
    uint32_t reserved;
};

static_assert(sizeof(struct pvh_start_info) == 56, "fixed by the specification");
static_assert(sizeof(struct pvh_module) == 32, "fixed by the specification");
static_assert(sizeof(struct pvh_memory_entry) == 24, "fixed by the specification");

#endif
