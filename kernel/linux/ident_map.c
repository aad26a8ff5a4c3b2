// Page tables for the jump into Linux: all RAM at its own address, without no-execute bits.
// Spec: Intel SDM volume 3A, section 4.5 (4- and 5-level paging). Pure: builds on the host.
// Our own tables cannot be used: they make RAM no-execute. 2-MiB pages only, because every 64-bit CPU has
// them; one table page per GiB. Reserved memory above 4 GiB is not mapped: Linux maps what it needs itself.

#include "kernel/linux/ident_map.h"  // ident_map_build
#include "lib/err.h"                 // fail

#include <stdbool.h>
#include <string.h>

#define PTE_PRESENT 0x001ull
#define PTE_WRITE 0x002ull
#define PTE_LARGE 0x080ull
#define PTE_ADDRESS 0x000ffffffffff000ull
#define ENTRIES 512u
#define LARGE_SHIFT 21
#define INDEX_BITS 9
#define LEVELS 4u
#define ADDRESS_END (1ull << 48)
#define TABLE_SPAN GIB(1)     // what one table of 2-MiB pages covers
#define UPPER_SPAN GIB(512)   // what one table above it covers
#define LOW_SPAN GIB(4)

struct pool {
    uint8_t *next, *end;
};

static bool wanted(const struct mem_range *range)
{
    return (range->type == MEM_RAM || range->type == MEM_ACPI_RECLAIM || range->type == MEM_ACPI_NVS) &&
           range->length != 0 && range->base + range->length > LOW_SPAN;
}

// How many units of `span` bytes [base, end) touches.
static uint64_t spans(uint64_t base, uint64_t end, uint64_t span)
{
    return (end - 1) / span - base / span + 1;
}

uint64_t ident_map_size(const struct mem_range *ranges, unsigned count)
{
    // Two roots, then the first 4 GiB with the table above them.
    uint64_t pages = 2 + 1 + spans(0, LOW_SPAN, TABLE_SPAN);

    for (unsigned i = 0; i < count; i++)
        if (wanted(&ranges[i])) {
            uint64_t end = ranges[i].base + ranges[i].length;
            pages += spans(ranges[i].base, end, TABLE_SPAN) + spans(ranges[i].base, end, UPPER_SPAN);
        }
    return pages * PAGE_SIZE;
}

static uint64_t *new_table(struct pool *pool)
{
    if ((uint64_t)(pool->end - pool->next) < PAGE_SIZE)
        return NULL;
    uint8_t *table = pool->next;
    pool->next += PAGE_SIZE;
    memset(table, 0, PAGE_SIZE);
    return (uint64_t *)table;
}

static bool map_page(struct pool *pool, uint64_t *root, uint64_t address)
{
    uint64_t *table = root;

    for (unsigned level = LEVELS; level > 2; level--) {
        uint64_t *entry = &table[address >> (LARGE_SHIFT + INDEX_BITS * (level - 2)) & (ENTRIES - 1)];
        if (*entry == 0) {
            uint64_t *below = new_table(pool);
            if (below == NULL)
                return false;
            *entry = (uint64_t)(uintptr_t)below | PTE_PRESENT | PTE_WRITE;
        }
        // SAFETY: an entry that is not 0 was made above and holds the address of a table of this pool.
        table = (uint64_t *)(uintptr_t)(*entry & PTE_ADDRESS);
    }
    table[address >> LARGE_SHIFT & (ENTRIES - 1)] = address | PTE_PRESENT | PTE_WRITE | PTE_LARGE;
    return true;
}

static bool map_range(struct pool *pool, uint64_t *root, uint64_t base, uint64_t end)
{
    for (uint64_t at = base & ~(LARGE_PAGE_SIZE - 1); at < end && at < ADDRESS_END; at += LARGE_PAGE_SIZE)
        if (!map_page(pool, root, at))
            return false;
    return true;
}

int ident_map_build(const struct mem_range *ranges, unsigned count, void *tables, uint64_t size)
{
    struct pool pool = { .next = tables, .end = (uint8_t *)tables + size };
    uint64_t *root5 = new_table(&pool);
    uint64_t *root4 = new_table(&pool);
    bool done = root4 != NULL && map_range(&pool, root4, 0, LOW_SPAN);

    for (unsigned i = 0; done && i < count; i++)
        if (wanted(&ranges[i]))
            done = map_range(&pool, root4, ranges[i].base, ranges[i].base + ranges[i].length);
    if (!done)
        return fail(ERR_NOT_ENOUGH_MEMORY, "%llu KiB do not hold the page tables for Linux",
                    (unsigned long long)(size / KIB(1)));
    root5[0] = (uint64_t)(uintptr_t)root4 | PTE_PRESENT | PTE_WRITE;
    return 0;
}
