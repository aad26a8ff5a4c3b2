// Page tables: identity map of all RAM, device memory on request, the image at its link address, W^X.
// Spec: Intel SDM volume 3A chapter 4 (4- and 5-level paging), 11.12 (PAT). 1-GiB pages where the CPU has
// them. Tables are never freed: Linux starts with its own.

#include "kernel/memory.h"    // memmap_claim
#include "boot/image.h"       // image_start
#include "kernel/cpu.h"       // write_cr3
#include "lib/err.h"          // fail

#include <string.h>

#define PTE_PRESENT 0x001ull
#define PTE_WRITE 0x002ull
#define PTE_PWT 0x008ull
#define PTE_PCD 0x010ull
#define PTE_LARGE 0x080ull
#define PTE_NO_EXECUTE (1ull << 63)
#define PTE_ADDRESS 0x000ffffffffff000ull
#define PTE_CACHE (PTE_PWT | PTE_PCD)

#define CACHE_WRITE_BACK 0ull
#define CACHE_WRITE_COMBINING PTE_PWT      // PAT entry 1, reprogrammed below
#define CACHE_UNCACHED (PTE_PCD | PTE_PWT)

#define ENTRIES 512
#define TABLE_CHUNK 64                     // page tables are claimed this many at a time

#define MSR_EFER 0xc0000080
#define EFER_NXE (1u << 11)
#define MSR_PAT 0x277
#define PAT_ENTRY1_MASK 0xff00ull
#define PAT_ENTRY1_WC 0x0100ull
#define CR4_LA57 (1u << 12)
#define CPUID_EXTENDED 0x80000001u
#define CPUID_PAGE_1G (1u << 26)

#define DEVICES_MAX 64                     // ranges of device memory mapped before paging_init()

static uint64_t *root;
static int root_level;                     // 4, or 5 with LA57
static bool pages_1g;
static uint64_t no_execute;                // PTE_NO_EXECUTE, or 0 on CPUs without it
static uint64_t chunk_next, chunk_end;

static bool borrowed;                      // the tables in force are firmware's and map all device memory
static struct device_range {
    uint64_t phys, length, cache;
} devices[DEVICES_MAX];                    // what was mapped in them
static unsigned device_count;

static unsigned shift_of(int level)
{
    return 12 + 9 * (unsigned)(level - 1);
}

// A zeroed page for a table, NULL when memory has run out.
static uint64_t *new_table(void)
{
    if (chunk_next == chunk_end) {
        if (memmap_claim(TABLE_CHUNK * PAGE_SIZE, PAGE_SIZE, MEM_LOW_END, GIB(4), "page tables", &chunk_next))
            return NULL;
        chunk_end = chunk_next + TABLE_CHUNK * PAGE_SIZE;
    }
    // SAFETY: below 4 GiB, which is identity-mapped from the first instruction on; ours by the claim.
    uint64_t *table = (uint64_t *)chunk_next;
    chunk_next += PAGE_SIZE;
    memset(table, 0, PAGE_SIZE);
    return table;
}

// The table below entry `e` of a table at `level`, made or split from a large page when necessary.
static uint64_t *table_below(uint64_t *e, int level)
{
    if ((*e & PTE_PRESENT) && !(*e & PTE_LARGE))
        return (uint64_t *)(*e & PTE_ADDRESS);
    uint64_t *table = new_table();
    if (table == NULL)
        return NULL;
    if (*e & PTE_PRESENT) {
        uint64_t step = 1ull << shift_of(level - 1);
        uint64_t piece = level - 1 == 1 ? *e & ~PTE_LARGE : *e;
        for (unsigned i = 0; i < ENTRIES; i++)
            table[i] = piece + i * step;
    }
    *e = (uint64_t)table | PTE_PRESENT | PTE_WRITE;
    return table;
}

// Sets the leaf entries of [virt, virt + length) to phys and `flags` (0: not present). All page-aligned.
static int set_range(uint64_t *table, int level, uint64_t virt, uint64_t phys, uint64_t length,
                     uint64_t flags)
{
    uint64_t step = 1ull << shift_of(level);

    while (length > 0) {
        uint64_t *e = &table[virt >> shift_of(level) & (ENTRIES - 1)];
        uint64_t room = step - (virt & (step - 1));
        uint64_t part = length < room ? length : room;
        bool leaf_allowed = level == 1 || level == 2 || (level == 3 && pages_1g);
        if (part == step && leaf_allowed && (phys & (step - 1)) == 0) {
            *e = flags == 0 ? 0 : phys | flags | (level > 1 ? PTE_LARGE : 0);
        } else {
            uint64_t *below = table_below(e, level);
            if (below == NULL)
                return fail(ERR_NOT_ENOUGH_MEMORY, "no memory for page tables");
            int err = set_range(below, level - 1, virt, phys, part, flags);
            if (err)
                return err;
        }
        virt += part;
        phys += part;
        length -= part;
    }
    return 0;
}

static int set_identity(uint64_t base, uint64_t length, uint64_t flags)
{
    uint64_t end = (base + length + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);

    base &= ~(PAGE_SIZE - 1);
    return set_range(root, root_level, base, base, end - base, flags);
}

static int map_image_part(const struct boot_info *info, const char *from, const char *to, uint64_t link_flags,
                          uint64_t identity_flags)
{
    uint64_t phys = image_phys(info, from);
    uint64_t length = ((uint64_t)(to - from) + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
    int err = set_range(root, root_level, (uint64_t)from, phys, length, PTE_PRESENT | link_flags);

    return err ? err : set_identity(phys, length, PTE_PRESENT | identity_flags);
}

// W^X: nothing is both writable and executable, at either address of the image.
static int map_image(const struct boot_info *info)
{
    uint64_t writable = PTE_WRITE | no_execute;
    int err = map_image_part(info, image_start, image_text_end, 0, no_execute);

    if (!err)
        err = map_image_part(info, image_rodata_start, image_rodata_end, no_execute, no_execute);
    if (!err)
        err = map_image_part(info, image_data_start, image_end, writable, writable);
    if (!err)
        err = set_identity(image_phys(info, boot_stack_guard), PAGE_SIZE, 0);
    if (!err)
        err = set_range(root, root_level, (uint64_t)boot_stack_guard, 0, PAGE_SIZE, 0);
    return err;
}

// Copies the first range that reaches beyond `address`. False when there is none.
static bool range_behind(uint64_t address, struct mem_range *range)
{
    unsigned count;
    const struct mem_range *all = memmap_ranges(&count);

    for (unsigned i = 0; i < count; i++) {
        *range = all[i];
        if (range->base + range->length > address)
            return true;
    }
    return false;
}

static bool is_mapped_as_ram(enum mem_type type)
{
    return type == MEM_RAM || type == MEM_ACPI_RECLAIM || type == MEM_ACPI_NVS;
}

static int map_ram(void)
{
    struct mem_range range;
    int err = set_identity(PAGE_SIZE, MEM_LOW_END - PAGE_SIZE, PTE_PRESENT | PTE_WRITE | no_execute);

    // By address: the table of ranges changes while page tables are claimed, and an index into it would skip
    // the next range whenever a claim takes all that was left of an earlier one.
    for (uint64_t done = MEM_LOW_END; !err && range_behind(done, &range);) {
        uint64_t base = range.base > done ? range.base : done;
        done = range.base + range.length;
        if (is_mapped_as_ram(range.type))
            err = set_identity(base, done - base, PTE_PRESENT | PTE_WRITE | no_execute | CACHE_WRITE_BACK);
    }
    return err;
}

// True when `phys` is mapped write-back already: RAM keeps its caching, aliases with another would be wrong.
static bool is_ram(uint64_t phys)
{
    uint64_t *table = root;

    for (int level = root_level; level > 0; level--) {
        uint64_t e = table[phys >> shift_of(level) & (ENTRIES - 1)];
        if (!(e & PTE_PRESENT))
            return false;
        if (level == 1 || (e & PTE_LARGE))
            return (e & PTE_CACHE) == CACHE_WRITE_BACK;
        table = (uint64_t *)(e & PTE_ADDRESS);
    }
    return false;
}

// Maps device memory in the final tables; RAM keeps its own entry.
static int set_device(uint64_t phys, uint64_t length, uint64_t cache)
{
    return is_ram(phys) ? 0 : set_identity(phys, length, PTE_PRESENT | PTE_WRITE | no_execute | cache);
}

static int map_borrowed(void)
{
    int err = 0;

    for (unsigned i = 0; !err && i < device_count; i++)
        err = set_device(devices[i].phys, devices[i].length, devices[i].cache);
    return err;
}

int paging_init(const struct boot_info *info)
{
    root_level = read_cr4() & CR4_LA57 ? 5 : 4;
    pages_1g = (cpuid(CPUID_EXTENDED, 0).edx & CPUID_PAGE_1G) != 0;
    no_execute = rdmsr(MSR_EFER) & EFER_NXE ? PTE_NO_EXECUTE : 0;
    chunk_next = chunk_end = 0;
    root = new_table();
    if (root == NULL)
        return fail(ERR_NOT_ENOUGH_MEMORY, "no memory for page tables");
    int err = map_ram();
    if (!err)
        err = map_image(info);
    if (!err)
        err = map_borrowed();
    if (err)
        return err;
    wrmsr(MSR_PAT, (rdmsr(MSR_PAT) & ~PAT_ENTRY1_MASK) | PAT_ENTRY1_WC);
    // SAFETY: the new tables map this code, its stack and all RAM where the old ones did.
    write_cr3((uint64_t)root);
    return 0;
}

void paging_borrow(void)
{
    borrowed = true;
}

// Remembers device memory that the borrowed tables map already. Neighbouring megabytes, the buses of an ECAM
// window, are one entry.
static volatile void *remember(uint64_t phys, uint64_t length, uint64_t cache)
{
    struct mem_range range;

    if (range_behind(phys, &range) && range.base <= phys && is_mapped_as_ram(range.type))
        return (volatile void *)phys;
    for (unsigned i = 0; i < device_count; i++) {
        struct device_range *d = &devices[i];
        if (d->cache != cache)
            continue;
        if (phys >= d->phys && phys + length <= d->phys + d->length)
            return (volatile void *)phys;
        if (phys == d->phys + d->length && (phys | length | d->length) % MIB(1) == 0) {
            d->length += length;
            return (volatile void *)phys;
        }
    }
    if (device_count == DEVICES_MAX)
        return NULL;
    devices[device_count++] = (struct device_range){phys, length, cache};
    return (volatile void *)phys;
}

static volatile void *map_device(uint64_t phys, uint64_t length, uint64_t cache)
{
    uint64_t canonical_end = root == NULL ? 1ull << 47 : 1ull << (shift_of(root_level) + 8);

    if (root == NULL && !borrowed)
        return phys != 0 && phys < GIB(4) && length <= GIB(4) - phys ? (volatile void *)phys : NULL;
    if (phys < PAGE_SIZE || length == 0 || phys >= canonical_end || length > canonical_end - phys)
        return NULL;
    if (root == NULL)
        return remember(phys, length, cache);
    if (set_device(phys, length, cache))
        return NULL;
    write_cr3((uint64_t)root);
    return (volatile void *)phys;
}

volatile void *paging_map_mmio(uint64_t phys, uint64_t length)
{
    return map_device(phys, length, CACHE_UNCACHED);
}

volatile void *paging_map_framebuffer(uint64_t phys, uint64_t length)
{
    return map_device(phys, length, CACHE_WRITE_COMBINING);
}
