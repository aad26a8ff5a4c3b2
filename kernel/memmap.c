// The physical memory map: which RAM there is and who has it (contract in kernel/memory.h). A sorted table of
// disjoint ranges. Every change rewrites the table into a second one, cut at the two ends of the change, and
// only a result that fits is taken over: a failed call changes nothing. Maps have tens of ranges, so the
// walk costs less than it would to be clever.
#include "kernel/memory.h"  // memmap_add

#include <string.h>

#include "lib/err.h"  // fail

#define RANGES_MAX 512
#define PAGE_MASK (~(PAGE_SIZE - 1))
#define ADDRESS_END PAGE_MASK  // the last page of the address space is left out: its end does not fit

#define CLAIM_TRIES 3  // firmware may take what was free a moment ago

static struct mem_range table[RANGES_MAX];
static unsigned table_count;
static const struct memmap_partner *partner;  // NULL: nobody else gives RAM out

// A change cuts at most two ranges and fills at most RANGES_MAX + 1 gaps.
static struct mem_range draft[2 * RANGES_MAX + 3];
static unsigned draft_count;

static uint64_t end_of(const struct mem_range *r)
{
    return r->base + r->length;
}

static bool is_free(const struct mem_range *r)
{
    return r->type == MEM_RAM && !r->owner;
}

static bool is_claimed(const struct mem_range *r)
{
    return r->owner != NULL;
}

// How little may be done with memory of this type. Where reports overlap, the higher number wins.
static int strictness(enum mem_type type)
{
    switch (type) {
    case MEM_RAM: return 0;
    case MEM_PMEM: return 1;
    case MEM_PRAM: return 2;
    case MEM_ACPI_RECLAIM: return 3;
    case MEM_ACPI_NVS: return 4;
    case MEM_RESERVED: return 5;
    default: return 6;
    }
}

static bool same_owner(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_kind(const struct mem_range *a, const struct mem_range *b)
{
    return a->type == b->type && a->linux_type == b->linux_type && same_owner(a->owner, b->owner);
}

// ---- changes ----------------------------------------------------------------------------------------

struct change {
    uint64_t start, end;
    void (*apply)(struct mem_range *piece, const struct change *change);
    bool fill_gaps;  // memory nobody knew of becomes a range of `type`
    enum mem_type type;
    const char *owner;
    enum mem_type linux_type;
};

// Appends [start, end) with the properties of `like`, merged with an equal neighbour. Linux makes one device
// of one MEM_PRAM entry, so those stay as they were claimed.
static void draft_add(uint64_t start, uint64_t end, const struct mem_range *like)
{
    if (start >= end)
        return;
    if (draft_count > 0 && like->linux_type != MEM_PRAM) {
        struct mem_range *last = &draft[draft_count - 1];
        if (end_of(last) == start && same_kind(last, like)) {
            last->length += end - start;
            return;
        }
    }
    draft[draft_count] = *like;
    draft[draft_count].base = start;
    draft[draft_count].length = end - start;
    draft_count++;
}

static uint64_t max_u64(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static uint64_t min_u64(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

// Appends range `r`, with `change` applied to the part of it that lies inside.
static void draft_range(const struct mem_range *r, const struct change *change)
{
    uint64_t start = max_u64(r->base, change->start), end = min_u64(end_of(r), change->end);
    struct mem_range piece = *r;

    if (start < end)
        change->apply(&piece, change);
    if (start >= end || same_kind(&piece, r)) {
        draft_add(r->base, end_of(r), r);
        return;
    }
    draft_add(r->base, start, r);
    draft_add(start, end, &piece);
    draft_add(end, end_of(r), r);
}

// False when the result does not fit the table, which then is as before.
static bool carry_out(const struct change *change)
{
    const struct mem_range fresh = {.type = change->type, .linux_type = change->type};
    uint64_t known_to = change->start;  // what of the change is done

    draft_count = 0;
    for (unsigned i = 0; i < table_count; i++) {
        const struct mem_range *r = &table[i];
        if (change->fill_gaps && r->base > known_to) {
            draft_add(known_to, min_u64(r->base, change->end), &fresh);
            known_to = max_u64(known_to, min_u64(r->base, change->end));
        }
        draft_range(r, change);
        known_to = max_u64(known_to, end_of(r));
    }
    if (change->fill_gaps)
        draft_add(known_to, change->end, &fresh);
    if (draft_count > RANGES_MAX)
        return false;
    memcpy(table, draft, draft_count * sizeof(table[0]));
    table_count = draft_count;
    return true;
}

static void apply_type(struct mem_range *piece, const struct change *change)
{
    if (strictness(change->type) <= strictness(piece->type))
        return;
    piece->type = change->type;
    piece->linux_type = change->type;
    piece->owner = NULL;
}

static void apply_owner(struct mem_range *piece, const struct change *change)
{
    piece->owner = change->owner;
    piece->linux_type = MEM_RAM;
}

static void apply_owner_if_free(struct mem_range *piece, const struct change *change)
{
    if (is_free(piece))
        apply_owner(piece, change);
}

static void apply_firmware_lets_go(struct mem_range *piece, const struct change *change)
{
    (void)change;
    if (same_owner(piece->owner, MEM_OWNER_FIRMWARE))
        piece->owner = NULL;
}

static void apply_restore(struct mem_range *piece, const struct change *change)
{
    piece->type = MEM_RAM;
    piece->owner = change->owner;
    piece->linux_type = change->linux_type;
}

static void apply_linux_type(struct mem_range *piece, const struct change *change)
{
    piece->linux_type = change->type;
}

// Grows [base, base + length) to whole pages; false when it is empty or wraps around.
static bool whole_pages(uint64_t base, uint64_t length, struct change *change)
{
    uint64_t end;

    if (length == 0 || __builtin_add_overflow(base, length, &end) || end > ADDRESS_END)
        return false;
    change->start = base & PAGE_MASK;
    change->end = (end + PAGE_SIZE - 1) & PAGE_MASK;
    return true;
}

// True when all of the change's range is there and satisfies `wanted`.
static bool all_are(const struct change *change, bool (*wanted)(const struct mem_range *r))
{
    uint64_t done = change->start;

    for (unsigned i = 0; i < table_count && done < change->end; i++) {
        const struct mem_range *r = &table[i];
        if (end_of(r) <= done)
            continue;
        if (r->base > done || !wanted(r))
            return false;
        done = end_of(r);
    }
    return done >= change->end;
}

// ---- contract ---------------------------------------------------------------------------------------

void memmap_init(void)
{
    table_count = 0;
    partner = NULL;
}

void memmap_share(const struct memmap_partner *with)
{
    partner = with;
}

static void refresh(void)
{
    if (partner)
        partner->refresh();
}

void memmap_firmware_uses(uint64_t base, uint64_t length, bool used)
{
    struct change change = {.apply = used ? apply_owner_if_free : apply_firmware_lets_go,
                            .owner = MEM_OWNER_FIRMWARE};

    if (whole_pages(base, length, &change))
        carry_out(&change);
}

int memmap_restore(const struct mem_range *range)
{
    struct change change = {.apply = apply_restore, .fill_gaps = true, .type = MEM_RAM,
                            .owner = range->owner, .linux_type = range->linux_type};

    // Twice: what the map has no range for gets one first.
    if (!whole_pages(range->base, range->length, &change) || !carry_out(&change) || !carry_out(&change))
        return fail(ERR_BOOT_INFO_INVALID, "the memory map has more than %u ranges", RANGES_MAX);
    return 0;
}

int memmap_add(uint64_t base, uint64_t length, enum mem_type type)
{
    struct change change = {.apply = apply_type, .fill_gaps = true, .type = type};
    uint64_t end;

    if (__builtin_add_overflow(base, length, &end) || end > ADDRESS_END)
        end = ADDRESS_END;  // firmware reports ranges up to the end of the address space
    if (type == MEM_RAM) {
        change.start = base > ADDRESS_END ? ADDRESS_END : (base + PAGE_SIZE - 1) & PAGE_MASK;
        change.end = end & PAGE_MASK;
    } else {
        change.start = base & PAGE_MASK;
        change.end = (end + PAGE_SIZE - 1) & PAGE_MASK;
    }
    if (length == 0 || change.start >= change.end)
        return 0;
    if (!carry_out(&change))
        return fail(ERR_BOOT_INFO_INVALID, "the memory map has more than %u ranges", RANGES_MAX);
    return 0;
}

// memmap_claim_at() in a map that is up to date.
static int claim_range(uint64_t base, uint64_t length, const char *owner)
{
    struct change change = {.apply = apply_owner, .owner = owner};

    if (!whole_pages(base, length, &change) || !all_are(&change, is_free))
        return fail(ERR_NOT_ENOUGH_MEMORY, "%s: 0x%llx bytes at 0x%llx are not free RAM", owner,
                    (unsigned long long)length, (unsigned long long)base);
    int err = partner ? partner->take(change.start, change.end - change.start, owner) : 0;
    if (err)
        return err;
    if (!carry_out(&change)) {
        if (partner)
            partner->give(change.start, change.end - change.start);
        return fail(ERR_NOT_ENOUGH_MEMORY, "%s: the memory map has more than %u ranges", owner, RANGES_MAX);
    }
    return 0;
}

int memmap_claim_at(uint64_t base, uint64_t length, const char *owner)
{
    refresh();
    return claim_range(base, length, owner);
}

int memmap_claim_free(uint64_t base, uint64_t length, const char *owner)
{
    struct change change = {.apply = apply_owner_if_free, .owner = owner};

    if (!whole_pages(base, length, &change) || !carry_out(&change))
        return fail(ERR_NOT_ENOUGH_MEMORY, "%s: 0x%llx bytes at 0x%llx cannot be claimed", owner,
                    (unsigned long long)length, (unsigned long long)base);
    return 0;
}

// The part of a free range inside [min, max) and above the first megabyte, its start aligned: false when
// there is none.
static bool usable_part(const struct mem_range *r, uint64_t align, uint64_t min, uint64_t max,
                        uint64_t *start, uint64_t *end)
{
    if (!is_free(r))
        return false;
    *start = max_u64(max_u64(r->base, min), MEM_LOW_END);
    *end = min_u64(end_of(r), max) & PAGE_MASK;
    if (__builtin_add_overflow(*start, align - 1, start))
        return false;
    *start &= ~(align - 1);
    return *start < *end;
}

// The highest place for `length` bytes; false when there is none.
static bool highest_fit(uint64_t length, uint64_t align, uint64_t min, uint64_t max, uint64_t *base)
{
    for (unsigned i = table_count; i-- > 0;) {
        uint64_t start, end;
        if (!usable_part(&table[i], align, min, max, &start, &end) || end - start < length)
            continue;
        *base = (end - length) & ~(align - 1);
        return true;
    }
    return false;
}

int memmap_claim(uint64_t length, uint64_t align, uint64_t min, uint64_t max, const char *owner,
                 uint64_t *base)
{
    uint64_t wanted = length == 0 ? PAGE_SIZE : length;

    align = max_u64(align, PAGE_SIZE);
    if (wanted > ADDRESS_END)
        return fail(ERR_NOT_ENOUGH_MEMORY, "%s: no machine has 0x%llx bytes", owner,
                    (unsigned long long)length);
    wanted = (wanted + PAGE_SIZE - 1) & PAGE_MASK;
    for (unsigned tries = partner ? CLAIM_TRIES : 1; tries > 0; tries--) {
        refresh();
        if (!highest_fit(wanted, align, min, max, base))
            break;
        int err = claim_range(*base, wanted, owner);
        if (!err || tries == 1)
            return err;
    }
    return fail(ERR_NOT_ENOUGH_MEMORY, "%s: no free run of %llu KiB between 0x%llx and 0x%llx", owner,
                (unsigned long long)(wanted / KIB(1)), (unsigned long long)min, (unsigned long long)max);
}

int memmap_claim_own(uint64_t length, uint64_t align, const char *owner, uint64_t *base)
{
    if (memmap_claim(length, align, MEM_LOW_END, MEM_OWN_END, owner, base) == 0)
        return 0;
    return memmap_claim(length, align, MEM_LOW_END, MEM_DMA_END, owner, base);
}

int memmap_release(uint64_t base, uint64_t length)
{
    struct change change = {.apply = apply_owner, .owner = NULL};

    if (!whole_pages(base, length, &change) || !all_are(&change, is_claimed) || !carry_out(&change))
        return fail(ERR_BOOT_INFO_INVALID, "0x%llx bytes at 0x%llx cannot be released",
                    (unsigned long long)length, (unsigned long long)base);
    if (partner)
        partner->give(change.start, change.end - change.start);
    return 0;
}

int memmap_set_linux_type(uint64_t base, uint64_t length, enum mem_type type)
{
    struct change change = {.apply = apply_linux_type, .type = type};

    if (!whole_pages(base, length, &change) || !all_are(&change, is_claimed) || !carry_out(&change))
        return fail(ERR_BOOT_INFO_INVALID, "0x%llx bytes at 0x%llx are not claimed",
                    (unsigned long long)length, (unsigned long long)base);
    return 0;
}

uint64_t memmap_largest_free(uint64_t align, uint64_t min, uint64_t max, uint64_t *base)
{
    uint64_t best = 0;

    refresh();
    align = max_u64(align, PAGE_SIZE);
    for (unsigned i = 0; i < table_count; i++) {
        uint64_t start, end;
        if (!usable_part(&table[i], align, min, max, &start, &end))
            continue;
        uint64_t length = (end - start) & ~(align - 1);
        if (length > best) {
            best = length;
            *base = start;
        }
    }
    return best;
}

static uint64_t sum_ram(bool only_free)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < table_count; i++)
        if (table[i].type == MEM_RAM && !(only_free && table[i].owner))
            sum += table[i].length;
    return sum;
}

uint64_t memmap_total_ram(void)
{
    return sum_ram(false);
}

uint64_t memmap_free_ram(void)
{
    refresh();
    return sum_ram(true);
}

const struct mem_range *memmap_ranges(unsigned *count)
{
    *count = table_count;
    return table;
}

unsigned memmap_export(struct mem_range *out, unsigned max)
{
    struct mem_range last = {0};
    unsigned count = 0;

    for (unsigned i = 0; i < table_count; i++) {
        const struct mem_range *r = &table[i];
        bool merge = count > 0 && end_of(&last) == r->base && last.type == r->linux_type &&
                     last.type != MEM_PRAM;
        if (merge) {
            last.length += r->length;
        } else {
            last = (struct mem_range){r->base, r->length, r->linux_type, NULL, r->linux_type};
            count++;
        }
        if (count <= max)
            out[count - 1] = last;
    }
    return count;
}
