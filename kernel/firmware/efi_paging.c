// A complete identity map for firmware calls. Spec: Intel SDM volume 3A chapter 4; UEFI 2.10 section 2.3.4
// ("any memory space defined by the UEFI memory map is identity mapped").
// Tested: OVMF 2022.11 under GRUB 2.06. Five-level paging is handled but was not run.

#include "kernel/firmware/efi_paging.h" // efi_map_everything
#include "kernel/cpu.h"                 // write_cr3

#include <string.h>

#define PTE_TABLE 0x003ull
#define PTE_LARGE 0x083ull
#define PTE_ADDRESS 0x000ffffffffff000ull
#define ENTRIES 512
#define PAGE_BYTES 4096ull
#define CR4_LA57 (1u << 12)
#define CPUID_EXTENDED 0x80000001u
#define CPUID_PAGE_1G (1u << 26)
#define CPUID_ADDRESS_SIZES 0x80000008u
#define BITS_WITH_1G 47u                   // the lower canonical half
#define BITS_WITHOUT_1G 40u                // 2-MiB pages: 4 MiB of tables
#define SMALL_PAGES_BELOW (4ull << 30)     // memory types vary there: keep pages at 2 MiB
#define GIB_BYTES (1ull << 30)
#define LARGE_BYTES (2ull << 20)

struct pages {
    uint64_t next, end;
};

static uint64_t *take_page(struct pages *pages)
{
    uint64_t *page = (uint64_t *)pages->next;

    pages->next += PAGE_BYTES;
    memset(page, 0, PAGE_BYTES);
    return page;
}

// One page directory: 1 GiB in 2-MiB pages from `base`.
static uint64_t directory(struct pages *pages, uint64_t base)
{
    uint64_t *pd = take_page(pages);

    for (unsigned i = 0; i < ENTRIES; i++)
        pd[i] = (base + i * LARGE_BYTES) | PTE_LARGE;
    return (uint64_t)pd | PTE_TABLE;
}

EFI_STATUS efi_map_everything(EFI_BOOT_SERVICES *bs)
{
    bool large = (cpuid(CPUID_EXTENDED, 0).edx & CPUID_PAGE_1G) != 0;
    unsigned limit = large ? BITS_WITH_1G : BITS_WITHOUT_1G;
    unsigned bits = cpuid(CPUID_ADDRESS_SIZES, 0).eax & 0xff;
    if (bits > limit)
        bits = limit;
    uint64_t gibs = 1ull << (bits - 30);
    uint64_t pdpts = (gibs + ENTRIES - 1) / ENTRIES;
    uint64_t directories = large ? SMALL_PAGES_BELOW / GIB_BYTES : gibs;
    uint64_t count = 2 + pdpts + directories;

    EFI_PHYSICAL_ADDRESS memory = SMALL_PAGES_BELOW - 1;
    // Boot services' memory, not the loader's: these tables are in force until paging_init() has its own, and
    // what memory_init() hands out meanwhile must lie elsewhere.
    EFI_STATUS status = bs->AllocatePages(AllocateMaxAddress, EfiBootServicesData, count, &memory);
    if (EFI_ERROR(status))
        return status;

    // SAFETY: the pages are ours and identity-mapped by the tables in force; the new root keeps the old
    // root's other entries, the image's own mapping among them.
    struct pages pages = {.next = memory, .end = memory + count * PAGE_BYTES};
    uint64_t *root = take_page(&pages);
    uint64_t *pml4 = root;
    memcpy(root, (const void *)(read_cr3() & PTE_ADDRESS), PAGE_BYTES);
    if (read_cr4() & CR4_LA57) {
        pml4 = take_page(&pages);
        root[0] = (uint64_t)pml4 | PTE_TABLE;
    }
    for (uint64_t p = 0; p < pdpts; p++) {
        uint64_t *pdpt = take_page(&pages);
        for (uint64_t i = 0; i < ENTRIES && p * ENTRIES + i < gibs; i++) {
            uint64_t base = (p * ENTRIES + i) * GIB_BYTES;
            pdpt[i] = large && base >= SMALL_PAGES_BELOW ? base | PTE_LARGE : directory(&pages, base);
        }
        pml4[p] = (uint64_t)pdpt | PTE_TABLE;
    }
    write_cr3((uint64_t)root);
    return EFI_SUCCESS;
}
