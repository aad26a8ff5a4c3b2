// What a boot loader handed over, in one form for all doors: Multiboot2 on BIOS and UEFI, Multiboot1 and
// PVH. Everything here is a copy inside the image: the loader's own memory may be reused at once.
// Nothing after boot/ knows which door it was (the name is only for the log).
#ifndef URLBOOT_BOOT_BOOT_INFO_H
#define URLBOOT_BOOT_BOOT_INFO_H

#include <stdbool.h>
#include <stdint.h>

#define BOOT_CMDLINE_MAX 4096   // bytes, with the terminating NUL
#define BOOT_RANGES_MAX 256     // memory ranges
#define BOOT_MODULES_MAX 8

// Memory types are those of ACPI (table 15.x "Address Range Types") and of Linux's e820.
enum boot_mem_type {
    BOOT_MEM_RAM = 1,
    BOOT_MEM_RESERVED = 2,
    BOOT_MEM_ACPI_RECLAIM = 3,
    BOOT_MEM_ACPI_NVS = 4,
    BOOT_MEM_UNUSABLE = 5,
    BOOT_MEM_PMEM = 7,
};

struct boot_range {
    uint64_t base;
    uint64_t length;
    uint32_t type;  // enum boot_mem_type; unknown types were mapped to BOOT_MEM_RESERVED
};

struct boot_module {
    uint64_t base;
    uint64_t length;
    char name[64];
};

enum boot_fb_kind {
    BOOT_FB_NONE,
    BOOT_FB_RGB,   // linear framebuffer with the colour fields below
    BOOT_FB_TEXT,  // EGA text at `address`, width x height characters
};

struct boot_framebuffer {
    enum boot_fb_kind kind;
    uint64_t address;
    uint32_t pitch;   // bytes from one line to the next
    uint32_t width;   // pixels or characters
    uint32_t height;
    uint8_t bpp;      // bits per pixel
    uint8_t red_pos, red_size, green_pos, green_size, blue_pos, blue_size;
};

struct boot_efi {
    bool present;                 // there is a 64-bit EFI system table
    bool boot_services;           // and ExitBootServices has not been called yet
    uint64_t system_table;        // physical address
    uint64_t image_handle;        // of the boot loader; 0 when unknown
    const void *memory_map;       // EFI memory map after ExitBootServices (copy), NULL before
    uint64_t memory_map_size;     // bytes
    uint32_t descriptor_size;     // bytes of one descriptor, may exceed sizeof(EFI_MEMORY_DESCRIPTOR)
    uint32_t descriptor_version;
};

struct boot_info {
    int error;                    // 0, or why the information cannot be used (enum err, fail_detail())
    const char *door;             // for the log: "multiboot2, UEFI", "multiboot1", "pvh", ...
    char loader[64];              // "GRUB 2.06-13+deb12u1", "qemu", ...
    char cmdline[BOOT_CMDLINE_MAX];  // without the program's name; NUL-terminated
    uint64_t load_base;           // physical address of the image's first byte
    uint64_t load_end;            // one past its last byte, bss included
    uint32_t range_count;
    struct boot_range ranges[BOOT_RANGES_MAX];
    uint32_t module_count;
    struct boot_module modules[BOOT_MODULES_MAX];
    uint64_t rsdp;                // physical address of the real RSDP, 0 when it has to be searched
    uint8_t rsdp_copy[36];        // the loader's copy of it
    uint32_t rsdp_copy_size;      // 0, 20 or 36 bytes
    struct boot_framebuffer fb;
    struct boot_efi efi;
};

#endif
