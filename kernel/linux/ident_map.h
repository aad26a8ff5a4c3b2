// Inside kernel/linux: page tables for the jump into Linux.
#ifndef URLBOOT_KERNEL_LINUX_IDENT_MAP_H
#define URLBOOT_KERNEL_LINUX_IDENT_MAP_H

#include <stdint.h>

#include "kernel/memory.h"  // struct mem_range

// Bytes of tables that ident_map_build() needs for these ranges at most.
uint64_t ident_map_size(const struct mem_range *ranges, unsigned count);

// Builds tables in `size` bytes of page-aligned memory at `tables` that map the first 4 GiB and every range
// of RAM and ACPI tables above (below 256 TiB) at its own address: readable, writable, executable, cached,
// in 2-MiB pages. The first two pages are two roots of the same map: for 5-level paging (LA57), then for
// 4-level paging. Their last entries are left empty. 0, or ERR_NOT_ENOUGH_MEMORY when `size` is too small.
int ident_map_build(const struct mem_range *ranges, unsigned count, void *tables, uint64_t size);

#endif
