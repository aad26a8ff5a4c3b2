// The image in memory: what linker.ld and entry.S define. Addresses of these symbols are link addresses
// (KERNEL_VIRT and up); image_phys() gives the physical one.
#ifndef URLBOOT_BOOT_IMAGE_H
#define URLBOOT_BOOT_IMAGE_H

#include <stdint.h>

#include "boot/boot_info.h"  // struct boot_info

extern const char image_start[], image_text_end[];
extern const char image_rodata_start[], image_rodata_end[];
extern const char image_data_start[], image_file_end[], image_bss_start[], image_end[];
extern const char boot_stack_guard[];   // one page, unmapped once paging is up
extern const char boot_stack_top[];     // the stack ends here; it is used at its physical address
extern const char boot_gdt[], boot_gdt_end[];

// Called by entry.S, once: reads what the loader with `magic` left at physical `address`. Never fails; what
// is wrong stands in the result's `error`. The result is static.
struct boot_info *boot_main(uint32_t magic, uint64_t address, uint64_t load_base);

// The whole program (kernel/main.c), called by entry.S with boot_main()'s result. Does not return.
__attribute__((noreturn)) void kmain(struct boot_info *info);

// Physical address of something inside the image.
static inline uint64_t image_phys(const struct boot_info *info, const void *symbol)
{
    return info->load_base + (uint64_t)((const char *)symbol - image_start);
}

#endif
