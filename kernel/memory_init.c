// The order in which memory comes to life: map, claims, page tables, heap. See kernel/memory.h for the
// picture.

#include "kernel/memory_init.h"  // memory_init
#include "kernel/firmware/efi.h" // efi_visit_boot_services
#include "kernel/memory.h"       // memmap_add
#include "lib/err.h"             // fail
#include "lib/log.h"             // log_info

#include <string.h>

#define CLAIMS_MAX 128           // heap, rings, buffers, the ISO: a dozen

static int claim(uint64_t base, uint64_t length, const char *owner)
{
    return length > 0 ? memmap_claim_at(base, length, owner) : 0;
}

static int add_ranges(const struct boot_info *info)
{
    memmap_init();
    for (uint32_t i = 0; i < info->range_count; i++) {
        const struct boot_range *r = &info->ranges[i];
        log_debug("memory: %016llx-%016llx type %u", (unsigned long long)r->base,
                  (unsigned long long)(r->base + r->length - 1), r->type);
        int err = memmap_add(r->base, r->length, (enum mem_type)r->type);
        if (err)
            return err;
    }
    return 0;
}

static int claim_boot_services(uint64_t base, uint64_t length, const char *owner)
{
    // Below 1 MiB nothing is claimed by anybody.
    if (base + length <= MEM_LOW_END)
        return 0;
    if (base < MEM_LOW_END) {
        length -= MEM_LOW_END - base;
        base = MEM_LOW_END;
    }
    // Not all of it is free: a loader that left boot services may have put urlboot there.
    return memmap_claim_free(base, length, owner);
}

static int claim_what_is_in_use(const struct boot_info *info)
{
    int err = claim(info->load_base, info->load_end - info->load_base, "urlboot");

    if (err)
        return fail(ERR_BOOT_INFO_INVALID, "the memory map has no RAM where urlboot itself lies");
    for (uint32_t i = 0; i < info->module_count; i++) {
        const struct boot_module *m = &info->modules[i];
        if (claim(m->base, m->length, "boot module"))
            log_warn("memory: module '%s' lies in memory that is not free RAM", m->name);
    }
    return 0;
}

static int start_heap(void)
{
    uint64_t heap;
    int err = memmap_claim_own(HEAP_SIZE, LARGE_PAGE_SIZE, "heap", &heap);

    if (err)
        return err;
    // SAFETY: claimed above, mapped writable by paging_init() or by the firmware's tables.
    heap_init((void *)heap, HEAP_SIZE);
    return 0;
}

static void tell(void)
{
    log_info("memory: %llu MiB RAM, %llu MiB free", (unsigned long long)(memmap_total_ram() / MIB(1)),
             (unsigned long long)(memmap_free_ram() / MIB(1)));
}

int memory_init(const struct boot_info *info)
{
    int err = add_ranges(info);

    if (!err)
        err = claim_what_is_in_use(info);
    if (!err)
        err = efi_visit_boot_services(info, claim_boot_services);
    if (!err)
        err = paging_init(info);
    if (!err)
        err = start_heap();
    if (!err)
        tell();
    return err;
}

int memory_share(struct boot_info *info)
{
    int err = efi_take_ranges(info);

    if (!err)
        err = add_ranges(info);
    if (!err)
        err = claim_what_is_in_use(info);
    if (err)
        return err;
    memmap_share(&efi_memory);
    paging_borrow();
    err = start_heap();
    if (!err)
        tell();
    return err;
}

// Copies what is claimed, but for what was firmware's. Returns how many ranges that are.
static unsigned copy_claims(struct mem_range *out)
{
    unsigned count, kept = 0;
    const struct mem_range *all = memmap_ranges(&count);

    for (unsigned i = 0; i < count && kept < CLAIMS_MAX; i++)
        if (all[i].owner != NULL && strcmp(all[i].owner, MEM_OWNER_FIRMWARE) != 0)
            out[kept++] = all[i];
    return kept;
}

int memory_take_over(const struct boot_info *info)
{
    static struct mem_range ours[CLAIMS_MAX];
    unsigned count = copy_claims(ours);
    int err = add_ranges(info);

    for (unsigned i = 0; !err && i < count; i++)
        err = memmap_restore(&ours[i]);
    if (!err)
        err = efi_visit_boot_services(info, claim_boot_services);
    if (!err)
        err = paging_init(info);
    if (!err)
        tell();
    return err;
}
