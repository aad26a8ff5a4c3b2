// Memory that devices may read and write: below 2 GiB, never across 4 GiB, zeroed, cached (x86 DMA is
// coherent). The bus address equals the pointer.
#ifndef URLBOOT_DRIVERS_DMA_H
#define URLBOOT_DRIVERS_DMA_H

#include <stddef.h>
#include <stdint.h>

// `size` bytes aligned to the power of two `align`, zeroed; NULL when there is none or size is 0. Up to
// 2 KiB share pages; align > size works but wastes the difference on every call.
void *dma_alloc(size_t size, size_t align);

// Gives memory from dma_alloc back; `size` as then.
void dma_free(void *pointer, size_t size);

// What a device must be told to reach `pointer`.
static inline uint64_t dma_addr(const void *pointer)
{
    return (uint64_t)(uintptr_t)pointer;
}

#endif
