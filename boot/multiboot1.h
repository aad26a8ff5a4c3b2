// Multiboot (1) as far as urlboot uses it.
// Spec: Multiboot Specification version 0.6.96, sections 3.1 and 3.3. Also read by assembler.
#ifndef URLBOOT_BOOT_MULTIBOOT1_H
#define URLBOOT_BOOT_MULTIBOOT1_H

#define MB1_HEADER_MAGIC 0x1badb002
#define MB1_BOOT_MAGIC 0x2badb002
#define MB1_HEADER_FLAGS 0x00010003     // page-aligned modules, memory map, explicit addresses

#define PVH_BOOT_MAGIC 0x336ec578       // ours to tell the doors apart: XEN_HVM_START_MAGIC_VALUE
#define EFI64_BOOT_MAGIC 0x36d76289     // Multiboot2's, entered in 64-bit mode

#ifndef __ASSEMBLER__

#include <assert.h>
#include <stdint.h>

#define MB1_INFO_CMDLINE (1u << 2)
#define MB1_INFO_MODULES (1u << 3)
#define MB1_INFO_MMAP (1u << 6)
#define MB1_INFO_LOADER_NAME (1u << 9)
#define MB1_INFO_FRAMEBUFFER (1u << 12)

// Everything below is written by the boot loader and read by us.
struct mb1_info {
    uint32_t flags;
    uint32_t mem_lower, mem_upper;      // KiB
    uint32_t boot_device;
    uint32_t cmdline;                   // physical address of a NUL-terminated string
    uint32_t mods_count, mods_addr;
    uint32_t syms[4];
    uint32_t mmap_length, mmap_addr;
    uint32_t drives_length, drives_addr;
    uint32_t config_table;
    uint32_t boot_loader_name;          // physical address of a NUL-terminated string
    uint32_t apm_table;
    uint32_t vbe_control_info, vbe_mode_info;
    uint16_t vbe_mode, vbe_interface_seg, vbe_interface_off, vbe_interface_len;
    uint64_t framebuffer_addr;
    uint32_t framebuffer_pitch, framebuffer_width, framebuffer_height;
    uint8_t framebuffer_bpp, framebuffer_type;
    uint8_t red_pos, red_size, green_pos, green_size, blue_pos, blue_size;
} __attribute__((packed));

struct mb1_module {
    uint32_t start, end;                // physical, end exclusive
    uint32_t string;                    // physical address of a NUL-terminated string
    uint32_t reserved;
};

struct mb1_mmap_entry {
    uint32_t size;                      // bytes that follow this field, at least 20
    uint64_t base, length;
    uint32_t type;
} __attribute__((packed));

static_assert(sizeof(struct mb1_info) == 116, "fixed by the specification");
static_assert(sizeof(struct mb1_mmap_entry) == 24, "fixed by the specification");

#endif
#endif
