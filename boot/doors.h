// The parsers behind the doors. Each reads what one kind of loader left in memory into struct boot_info.
// They are pure: memory is reached through a phys_view, so they build and are tested on the host.
//
// Example (host test):
//     struct phys_view view = { bytes, sizeof(bytes) };
//     err = mb2_parse(&view, 0x1000, &info);
#ifndef URLBOOT_BOOT_DOORS_H
#define URLBOOT_BOOT_DOORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "boot/boot_info.h"  // struct boot_info

struct phys_view {             // the physical memory that may be read
    const uint8_t *base;       // where physical address 0 is seen
    uint64_t length;
};

// The `length` bytes at physical `address`, NULL when they do not lie inside the view. Address 0 is refused.
const void *phys_at(const struct phys_view *view, uint64_t address, uint64_t length);

// Copies `length` bytes at physical `address` to `out`, whatever its alignment: loaders promise none. False
// when they do not lie inside the view.
bool phys_read(const struct phys_view *view, uint64_t address, void *out, size_t length);

// The text at physical `address` and in *max how many bytes of it may be read; "" with *max 1 when it lies
// outside the view.
const char *phys_text(const struct phys_view *view, uint64_t address, uint64_t *max);

// Multiboot2 information at `address` (2.0 section 3.6). 0 or ERR_BOOT_INFO_INVALID with fail().
int mb2_parse(const struct phys_view *view, uint64_t address, struct boot_info *info);

// Multiboot1 information at `address` (0.6.96 section 3.3). 0 or ERR_BOOT_INFO_INVALID with fail().
int mb1_parse(const struct phys_view *view, uint64_t address, struct boot_info *info);

// PVH start information at `address`. 0 or ERR_BOOT_INFO_INVALID with fail().
int pvh_parse(const struct phys_view *view, uint64_t address, struct boot_info *info);

// Adds a memory range; one that continues the last of the same type is merged. Unknown types become
// BOOT_MEM_RESERVED, empty and wrapping ones are dropped. 0 or ERR_BOOT_INFO_INVALID when the table is full.
int boot_add_range(struct boot_info *info, uint64_t base, uint64_t length, uint32_t type);

// Adds a module with at most `name_max` bytes of name; more than BOOT_MODULES_MAX are dropped.
void boot_add_module(struct boot_info *info, uint64_t start, uint64_t end, const char *name, size_t name_max);

// Copies the command line of at most `max` readable bytes; with `skip_program` without its first word.
// 0 or ERR_BOOT_INFO_INVALID when it is not terminated or longer than BOOT_CMDLINE_MAX - 1.
int boot_set_cmdline(struct boot_info *info, const char *text, uint64_t max, bool skip_program);

// Copies a string of at most `max` readable bytes into the loader's name, cut to fit.
void boot_set_loader(struct boot_info *info, const char *text, uint64_t max);

#endif
