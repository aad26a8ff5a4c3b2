// kernel/memmap.c against a model with one entry per page, by random operations; and the corners: unaligned
// and wrapping ranges, full table, alignment, the map for Linux.
#include "kernel/memory.h"  // memmap_add
#include "lib/err.h"        // ERR_NOT_ENOUGH_MEMORY

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PAGES 1024u  // the model ends at 4 MiB
#define RUNS 120
#define OPERATIONS 400  // in one run
#define RANGES 1200
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct page {
    enum mem_type type;  // 0: nobody knows of it
    const char *owner;
    enum mem_type linux_type;
};

static struct page model[PAGES];
static unsigned seed;
static unsigned done;  // changes that were possible: shows that the test is not all refusals

static unsigned rnd(unsigned below)
{
    seed = seed * 1103515245 + 12345;
    return (seed >> 8) % below;
}

// ---- the model ----------------------------------------------------------------------------------------

static int severity(enum mem_type type)
{
    static const enum mem_type order[] = {MEM_RAM, MEM_PMEM, MEM_PRAM, MEM_ACPI_RECLAIM, MEM_ACPI_NVS,
                                          MEM_RESERVED, MEM_UNUSABLE};

    for (int i = 0; i < (int)COUNT(order); i++)
        if (order[i] == type)
            return i;
    return -1;
}

static void model_add(uint64_t base, uint64_t length, enum mem_type type)
{
    for (uint64_t i = 0; i < PAGES; i++) {
        uint64_t start = i * PAGE_SIZE, end = start + PAGE_SIZE;
        bool whole = base <= start && end <= base + length;
        bool touched = length > 0 && base < end && start < base + length;
        bool outranked = model[i].type && severity(type) <= severity(model[i].type);
        if (outranked || !(type == MEM_RAM ? whole : touched))
            continue;
        model[i] = (struct page){type, NULL, type};
    }
}

static bool all_pages(uint64_t base, uint64_t length, bool claimed)
{
    if (length == 0)
        return false;
    for (uint64_t i = base / PAGE_SIZE; i <= (base + length - 1) / PAGE_SIZE; i++)
        if (i >= PAGES || model[i].type != MEM_RAM || (model[i].owner != NULL) != claimed)
            return false;
    return true;
}

static void model_set(uint64_t base, uint64_t length, const char *owner, enum mem_type linux_type)
{
    done++;
    for (uint64_t i = base / PAGE_SIZE; i <= (base + length - 1) / PAGE_SIZE; i++) {
        model[i].owner = owner;
        model[i].linux_type = linux_type;
    }
}

static bool free_at(uint64_t base, uint64_t length)
{
    return base % PAGE_SIZE == 0 && all_pages(base, length, false);
}

// The highest place for `pages` pages, 0 when there is none.
static uint64_t model_place(uint64_t pages, uint64_t align, uint64_t min, uint64_t max)
{
    for (uint64_t base = PAGES * PAGE_SIZE; base >= MEM_LOW_END; base -= PAGE_SIZE)
        if (base % align == 0 && base >= min && base + pages * PAGE_SIZE <= max &&
            free_at(base, pages * PAGE_SIZE))
            return base;
    return 0;
}

static uint64_t model_largest(uint64_t align, uint64_t min, uint64_t max)
{
    uint64_t best = 0;

    for (uint64_t base = MEM_LOW_END; base < PAGES * PAGE_SIZE; base += PAGE_SIZE) {
        uint64_t length = 0;
        while (base % align == 0 && base >= min && base + length + PAGE_SIZE <= max &&
               free_at(base + length, PAGE_SIZE))
            length += PAGE_SIZE;
        length -= length % align;
        best = length > best ? length : best;
    }
    return best;
}

// ---- comparison ---------------------------------------------------------------------------------------

static bool alike(const struct mem_range *a, const struct mem_range *b)
{
    return a->base + a->length == b->base && a->type == b->type && a->owner == b->owner &&
           a->linux_type == b->linux_type && a->linux_type != MEM_PRAM;
}

static void compare(void)
{
    unsigned count;
    const struct mem_range *r = memmap_ranges(&count);
    uint64_t at = 0, total = 0, unclaimed = 0;

    for (unsigned i = 0; i < count; i++, r++) {
        assert_true(r->length > 0 && r->base % PAGE_SIZE == 0 && r->length % PAGE_SIZE == 0);
        assert_true(r->base >= at);
        assert_false(i > 0 && alike(r - 1, r));
        for (; at < r->base; at += PAGE_SIZE)
            assert_int_equal(model[at / PAGE_SIZE].type, 0);
        for (; at < r->base + r->length; at += PAGE_SIZE) {
            const struct page *p = &model[at / PAGE_SIZE];
            assert_true(at / PAGE_SIZE < PAGES);
            assert_int_equal(p->type, r->type);
            assert_int_equal(p->linux_type, r->linux_type);
            assert_ptr_equal(p->owner, r->owner);
            total += p->type == MEM_RAM ? PAGE_SIZE : 0;
            unclaimed += p->type == MEM_RAM && !p->owner ? PAGE_SIZE : 0;
        }
    }
    for (; at < PAGES * PAGE_SIZE; at += PAGE_SIZE)
        assert_int_equal(model[at / PAGE_SIZE].type, 0);
    assert_int_equal(memmap_total_ram(), total);
    assert_int_equal(memmap_free_ram(), unclaimed);
}

static void compare_export(void)
{
    static struct mem_range out[RANGES], part[3];
    unsigned count = memmap_export(out, RANGES);

    assert_true(count <= RANGES);
    assert_int_equal(memmap_export(part, COUNT(part)), count);
    assert_memory_equal(part, out, sizeof(part[0]) * (count < COUNT(part) ? count : COUNT(part)));
    uint64_t at = 0;
    for (unsigned i = 0; i < count; i++) {
        assert_true(out[i].base >= at);
        if (i > 0 && out[i].base == at && out[i].type == out[i - 1].type)
            assert_int_equal(out[i].type, MEM_PRAM);
        for (at = out[i].base; at < out[i].base + out[i].length; at += PAGE_SIZE)
            assert_int_equal(out[i].type, model[at / PAGE_SIZE].linux_type);
    }
}

// ---- random operations --------------------------------------------------------------------------------

static const char *const owners[] = {"heap", "iso", "tables"};
static const enum mem_type types[] = {
    MEM_RAM, MEM_RAM, MEM_RAM, MEM_RAM, MEM_RESERVED, MEM_ACPI_RECLAIM, MEM_ACPI_NVS, MEM_UNUSABLE, MEM_PMEM,
};

static void random_claim(void)
{
    uint64_t length = rnd(60) * PAGE_SIZE + rnd(PAGE_SIZE), align = PAGE_SIZE << rnd(6), base = 0;
    uint64_t min = rnd(4) ? 0 : rnd(PAGES) * PAGE_SIZE, max = rnd(2) ? UINT64_MAX : rnd(PAGES * PAGE_SIZE);
    uint64_t pages = length ? (length + PAGE_SIZE - 1) / PAGE_SIZE : 1, found;
    const char *owner = owners[rnd(COUNT(owners))];
    uint64_t place = model_place(pages, align, min, max);
    uint64_t largest = memmap_largest_free(align, min, max, &found);

    assert_int_equal(largest, model_largest(align, min, max));
    if (largest)
        assert_true(free_at(found, largest) && found % align == 0 && found >= min && found + largest <= max);
    int err = memmap_claim(length, align, min, max, owner, &base);
    assert_int_equal(err, place ? 0 : ERR_NOT_ENOUGH_MEMORY);
    if (!err) {
        assert_int_equal(base, place);
        model_set(base, pages * PAGE_SIZE, owner, MEM_RAM);
    }
}

// Whatever of a range is free changes hands, the rest stays as it is.
static void claim_free(uint64_t base, uint64_t length, const char *owner)
{
    assert_int_equal(memmap_claim_free(base, length, owner), length ? 0 : ERR_NOT_ENOUGH_MEMORY);
    for (uint64_t i = base / PAGE_SIZE; length && i <= (base + length - 1) / PAGE_SIZE; i++)
        if (all_pages(i * PAGE_SIZE, PAGE_SIZE, false))
            model_set(i * PAGE_SIZE, PAGE_SIZE, owner, MEM_RAM);
}

static void random_operation(void)
{
    static const unsigned longest[] = {1, 2, 3, 3, 10, 20, 20, 400};
    uint64_t base = rnd(PAGES * PAGE_SIZE), length = rnd(longest[rnd(COUNT(longest))] * PAGE_SIZE);
    const char *owner = owners[rnd(COUNT(owners))];
    enum mem_type type = types[rnd(COUNT(types))];
    bool possible;

    if (base + length > PAGES * PAGE_SIZE)
        length = PAGES * PAGE_SIZE - base;
    switch (rnd(11)) {
    case 0:
        if (type != MEM_RAM)  // what is reserved stays so: not too much of it
            length %= 5 * PAGE_SIZE;
        assert_int_equal(memmap_add(base, length, type), 0);
        model_add(base, length, type);
        return;
    case 1:
    case 2:
        possible = all_pages(base, length, false);
        assert_int_equal(memmap_claim_at(base, length, owner), possible ? 0 : ERR_NOT_ENOUGH_MEMORY);
        if (possible)
            model_set(base, length, owner, MEM_RAM);
        return;
    case 3:
    case 4:
    case 5:
        possible = all_pages(base, length, true);
        assert_int_equal(memmap_release(base, length), possible ? 0 : ERR_BOOT_INFO_INVALID);
        if (possible)
            model_set(base, length, NULL, MEM_RAM);
        return;
    case 6:
        possible = all_pages(base, length, true);
        type = rnd(2) ? MEM_PRAM : MEM_RESERVED;
        assert_int_equal(memmap_set_linux_type(base, length, type), possible ? 0 : ERR_BOOT_INFO_INVALID);
        for (uint64_t i = base / PAGE_SIZE; possible && i <= (base + length - 1) / PAGE_SIZE; i++)
            model[i].linux_type = type;
        return;
    case 7: claim_free(base, length, owner); return;
    default: random_claim();
    }
}

static void test_random(void **state)
{
    (void)state;
    for (unsigned run = 0; run < RUNS; run++) {
        seed = run + 1;
        memset(model, 0, sizeof(model));
        memmap_init();
        if (run % 3) {  // else a map that grows piece by piece
            assert_int_equal(memmap_add(0, PAGES * PAGE_SIZE, MEM_RAM), 0);
            model_add(0, PAGES * PAGE_SIZE, MEM_RAM);
        }
        for (unsigned i = 0; i < OPERATIONS; i++) {
            random_operation();
            compare();
            if (i % 16 == 0)
                compare_export();
        }
    }
    assert_true(done > RUNS * OPERATIONS / 10);
}

// ---- corners ------------------------------------------------------------------------------------------

static void test_real_bios_map(void **state)
{
    unsigned count;

    (void)state;
    memmap_init();
    assert_int_equal(memmap_add(0, 0x9fc00, MEM_RAM), 0);
    assert_int_equal(memmap_add(0x9fc00, 0x400, MEM_RESERVED), 0);
    assert_int_equal(memmap_add(0xf0000, 0x10000, MEM_RESERVED), 0);
    assert_int_equal(memmap_add(0x100000, 0xbfedffff - 0x100000 + 1, MEM_RAM), 0);
    assert_int_equal(memmap_add(0xbfee0000, 0x20000, MEM_RESERVED), 0);
    assert_int_equal(memmap_add(0x100000000, 0x40000000, MEM_RAM), 0);
    const struct mem_range *r = memmap_ranges(&count);
    assert_int_equal(count, 6);
    assert_int_equal(r[0].length, 0x9f000);
    assert_int_equal(r[1].base, 0x9f000);
    assert_int_equal(r[1].length, 0x1000);
    uint64_t base;
    assert_int_equal(memmap_claim(GIB(1) - MIB(2), MIB(2), 0, UINT64_MAX, "iso", &base), 0);
    assert_int_equal(base, GIB(4) + MIB(2));
    assert_int_equal(memmap_claim(MIB(24), MIB(2), MEM_LOW_END, MEM_DMA_END, "heap", &base), 0);
    assert_int_equal(base, GIB(2) - MIB(24));
    assert_int_equal(memmap_claim(GIB(3), MIB(2), 0, UINT64_MAX, "iso", &base), ERR_NOT_ENOUGH_MEMORY);
    assert_non_null(strstr(fail_detail(), "iso"));
}

// A loader that left boot services may put urlboot into what was theirs: the rest of it is claimed all the same.
static void test_image_in_boot_services(void **state)
{
    unsigned count;

    (void)state;
    memmap_init();
    assert_int_equal(memmap_add(MIB(1), MIB(16), MEM_RAM), 0);
    assert_int_equal(memmap_claim_at(MIB(4), MIB(1), "urlboot"), 0);
    assert_int_equal(memmap_claim_at(MIB(2), MIB(4), "EFI boot services"), ERR_NOT_ENOUGH_MEMORY);
    assert_int_equal(memmap_claim_free(MIB(2), MIB(4), "EFI boot services"), 0);
    assert_int_equal(memmap_free_ram(), MIB(12));
    const struct mem_range *ranges = memmap_ranges(&count);
    assert_int_equal(count, 5);
    assert_int_equal(ranges[2].base, MIB(4));
    assert_int_equal(ranges[2].length, MIB(1));
    assert_string_equal(ranges[2].owner, "urlboot");
    assert_string_equal(ranges[1].owner, "EFI boot services");
    assert_string_equal(ranges[3].owner, "EFI boot services");
    assert_int_equal(memmap_claim_free(MIB(2), MIB(4), "again"), 0);
    assert_int_equal(memmap_free_ram(), MIB(12));
    assert_int_equal(memmap_claim_free(UINT64_MAX - 5, 100, "wraps"), ERR_NOT_ENOUGH_MEMORY);
}

static void test_end_of_address_space(void **state)
{
    unsigned count;
    uint64_t base;

    (void)state;
    memmap_init();
    assert_int_equal(memmap_add(UINT64_MAX - 0x10000, 0x20000, MEM_RESERVED), 0);
    assert_int_equal(memmap_add(MIB(1), UINT64_MAX, MEM_RAM), 0);
    assert_int_equal(memmap_add(5, 0, MEM_RESERVED), 0);
    assert_int_equal(memmap_add(UINT64_MAX, UINT64_MAX, MEM_RESERVED), 0);
    const struct mem_range *r = memmap_ranges(&count);
    assert_int_equal(count, 2);
    for (unsigned i = 0; i < count; i++)
        assert_true(r[i].base + r[i].length > r[i].base);
    assert_int_equal(memmap_claim_at(UINT64_MAX - 5, 100, "x"), ERR_NOT_ENOUGH_MEMORY);
    assert_int_equal(memmap_claim(UINT64_MAX, 1, 0, UINT64_MAX, "x", &base), ERR_NOT_ENOUGH_MEMORY);
    assert_int_equal(memmap_claim(4096, 1ull << 63, 0, UINT64_MAX, "x", &base), 0);
    assert_int_equal(base, 1ull << 63);
    assert_int_equal(memmap_claim(4096, 1ull << 63, 0, UINT64_MAX, "x", &base), ERR_NOT_ENOUGH_MEMORY);
    assert_int_equal(memmap_claim(4096, 4096, MIB(8), MIB(4), "x", &base), ERR_NOT_ENOUGH_MEMORY);
    assert_int_equal(memmap_release(UINT64_MAX - 5, 100), ERR_BOOT_INFO_INVALID);
    assert_int_equal(memmap_release(MIB(2), 0), ERR_BOOT_INFO_INVALID);
}

// A table that is full refuses and stays as it was.
static void test_full(void **state)
{
    unsigned count = 0, before;
    uint64_t base, i = 0;
    int err = 0;

    (void)state;
    memmap_init();
    assert_int_equal(memmap_add(GIB(8), MIB(8), MEM_RAM), 0);
    while (!err && i < 100000)
        err = memmap_add(MIB(16) + 2 * i++ * PAGE_SIZE, PAGE_SIZE, MEM_RAM);
    assert_int_equal(err, ERR_BOOT_INFO_INVALID);
    memmap_ranges(&before);
    assert_true(before >= 512);
    assert_int_equal(memmap_claim_at(GIB(8) + MIB(1), PAGE_SIZE, "x"), ERR_NOT_ENOUGH_MEMORY);
    err = memmap_claim(PAGE_SIZE, PAGE_SIZE, GIB(1), UINT64_MAX, "x", &base);
    assert_int_equal(err, ERR_NOT_ENOUGH_MEMORY);
    memmap_ranges(&count);
    assert_int_equal(count, before);
    assert_int_equal(memmap_claim_at(GIB(8), MIB(8), "x"), 0);
    assert_int_equal(memmap_release(GIB(8) + MIB(1), PAGE_SIZE), ERR_BOOT_INFO_INVALID);
    assert_int_equal(memmap_add(MIB(16), 2 * i * PAGE_SIZE, MEM_RAM), 0);
    memmap_ranges(&count);
    assert_int_equal(count, 2);
}

static void test_linux_sees(void **state)
{
    struct mem_range out[16];

    (void)state;
    memmap_init();
    memmap_add(MIB(1), MIB(63), MEM_RAM);
    assert_int_equal(memmap_claim_at(MIB(2), MIB(2), "urlboot"), 0);
    assert_int_equal(memmap_claim_at(MIB(32), MIB(8), "iso"), 0);
    assert_int_equal(memmap_claim_at(MIB(40), MIB(8), "iso"), 0);
    assert_int_equal(memmap_export(out, 16), 1);
    assert_int_equal(memmap_set_linux_type(MIB(32), MIB(8), MEM_PRAM), 0);
    assert_int_equal(memmap_set_linux_type(MIB(40), MIB(8), MEM_PRAM), 0);
    assert_int_equal(memmap_set_linux_type(MIB(16), MIB(1), MEM_PRAM), ERR_BOOT_INFO_INVALID);
    assert_int_equal(memmap_export(out, 16), 4);  // two devices stay two
    assert_int_equal(out[1].type, MEM_PRAM);
    assert_int_equal(out[1].length, MIB(8));
    assert_int_equal(out[2].base, MIB(40));
    assert_int_equal(memmap_add(MIB(34), MIB(1), MEM_RAM), 0);  // says nothing new and cuts no device
    assert_int_equal(memmap_export(out, 16), 4);
    assert_int_equal(memmap_set_linux_type(MIB(32), MIB(16), MEM_RAM), 0);
    assert_int_equal(memmap_export(out, 16), 1);
    assert_int_equal(memmap_set_linux_type(MIB(32), MIB(16), MEM_PRAM), 0);
    assert_int_equal(memmap_release(MIB(32), MIB(16)), 0);
    assert_int_equal(memmap_export(out, 16), 1);
    assert_int_equal(out[0].length, MIB(63));
    assert_int_equal(memmap_export(out, 0), 1);
}

// A PC with 4 GiB: three below the hole, one above 4 GiB.
static void test_own_memory_leaves_the_long_run(void **state)
{
    uint64_t heap, dma, run;

    (void)state;
    memmap_init();
    assert_int_equal(memmap_add(MIB(1), GIB(3) - MIB(1), MEM_RAM), 0);
    assert_int_equal(memmap_add(GIB(4), GIB(1), MEM_RAM), 0);
    assert_int_equal(memmap_claim_own(MIB(24), MIB(2), "heap", &heap), 0);
    assert_int_equal(memmap_claim_own(MIB(4), KIB(64), "DMA", &dma), 0);
    assert_int_equal(heap, MEM_OWN_END - MIB(24));
    assert_int_equal(dma, heap - MIB(4));
    assert_int_equal(memmap_largest_free(MIB(2), MEM_LOW_END, UINT64_MAX, &run), GIB(3) - MEM_OWN_END);
    assert_int_equal(run, MEM_OWN_END);
    // Without room there it goes where devices still reach it, and no further.
    assert_int_equal(memmap_claim_own(MIB(300), MIB(2), "DMA", &dma), 0);
    assert_int_equal(dma, MEM_DMA_END - MIB(300));
    assert_int_equal(memmap_claim_own(GIB(2), MIB(2), "DMA", &dma), ERR_NOT_ENOUGH_MEMORY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_real_bios_map),
        cmocka_unit_test(test_image_in_boot_services),
        cmocka_unit_test(test_end_of_address_space),
        cmocka_unit_test(test_full),
        cmocka_unit_test(test_linux_sees),
        cmocka_unit_test(test_own_memory_leaves_the_long_run),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
