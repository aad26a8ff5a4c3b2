// Multiboot2 as far as urlboot uses it: header tags, information tags, their layouts.
// Spec: Multiboot2 Specification version 2.0, sections 3.1 (header) and 3.4, 3.6 (boot information).
// Also read by assembler: the first half holds only #define lines.
#ifndef URLBOOT_BOOT_MULTIBOOT2_H
#define URLBOOT_BOOT_MULTIBOOT2_H

#define MB2_HEADER_MAGIC 0xe85250d6
#define MB2_BOOT_MAGIC 0x36d76289
#define MB2_ARCH_I386 0
#define MB2_TAG_OPTIONAL 1

#define MB2_HEADER_END 0
#define MB2_HEADER_INFO_REQUEST 1
#define MB2_HEADER_FRAMEBUFFER 5
#define MB2_HEADER_MODULE_ALIGN 6
#define MB2_HEADER_EFI_BS 7
#define MB2_HEADER_ENTRY_EFI64 9
#define MB2_HEADER_RELOCATABLE 10
#define MB2_RELOC_PREFER_HIGH 2

#define MB2_INFO_END 0
#define MB2_INFO_CMDLINE 1
#define MB2_INFO_LOADER_NAME 2
#define MB2_INFO_MODULE 3
#define MB2_INFO_MMAP 6
#define MB2_INFO_FRAMEBUFFER 8
#define MB2_INFO_EFI32 11
#define MB2_INFO_EFI64 12
#define MB2_INFO_ACPI_OLD 14
#define MB2_INFO_ACPI_NEW 15
#define MB2_INFO_EFI_MMAP 17
#define MB2_INFO_EFI_BS 18
#define MB2_INFO_EFI32_IH 19
#define MB2_INFO_EFI64_IH 20
#define MB2_INFO_LOAD_BASE 21

#ifndef __ASSEMBLER__

#include <assert.h>
#include <stdint.h>

// Everything below is written by the boot loader and read by us.
struct mb2_info {
    uint32_t total_size;  // bytes with this header
    uint32_t reserved;
};

struct mb2_tag {
    uint32_t type;
    uint32_t size;        // bytes with this header, without the padding to 8
};

struct mb2_module {
    struct mb2_tag tag;
    uint32_t start, end;  // physical, end exclusive
    // followed by a NUL-terminated string
};

struct mb2_mmap {
    struct mb2_tag tag;
    uint32_t entry_size;  // at least sizeof(struct mb2_mmap_entry)
    uint32_t entry_version;
};

struct mb2_mmap_entry {
    uint64_t base, length;
    uint32_t type;
    uint32_t zero;
};

struct mb2_framebuffer {
    struct mb2_tag tag;
    uint64_t address;
    uint32_t pitch, width, height;
    uint8_t bpp;
    uint8_t type;         // 0 indexed, 1 RGB, 2 EGA text
    uint16_t reserved;
    uint8_t red_pos, red_size, green_pos, green_size, blue_pos, blue_size;  // type 1 only
};

struct mb2_efi64 {
    struct mb2_tag tag;
    uint64_t pointer;     // system table (12) or image handle (20)
};

struct mb2_efi_mmap {
    struct mb2_tag tag;
    uint32_t descriptor_size, descriptor_version;
    // followed by descriptors
};

struct mb2_load_base {
    struct mb2_tag tag;
    uint32_t base;
};

static_assert(sizeof(struct mb2_info) == 8, "fixed by the specification");
static_assert(sizeof(struct mb2_module) == 16, "fixed by the specification");
static_assert(sizeof(struct mb2_mmap) == 16, "fixed by the specification");
static_assert(sizeof(struct mb2_mmap_entry) == 24, "fixed by the specification");
static_assert(sizeof(struct mb2_framebuffer) == 40, "38 bytes of fields, padded by the compiler");
static_assert(sizeof(struct mb2_efi_mmap) == 16, "fixed by the specification");

#endif
#endif
