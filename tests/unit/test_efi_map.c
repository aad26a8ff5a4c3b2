// kernel/linux/efi_map.c against a model: a type for each page, before and after, over random maps.
#include "kernel/linux/efi_map.h"  // efi_map_rewrite
#include "lib/err.h"               // ERR_BOOT_INFO_INVALID

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#define PAGE 4096ull
#define PAGES 96u          // of the model's address space
#define NOTHING 0xffffffffu
#define DESCRIPTORS_MAX 40u
#define RUNS 20000u

struct map {
    uint8_t bytes[64 * 128];
    uint64_t size;
    uint32_t step;
};

static void add(struct map *map, uint32_t type, uint64_t base, uint64_t pages)
{
    struct efi_descriptor d = { .type = type, .physical = base, .pages = pages, .attribute = 0xf };

    memset(map->bytes + map->size, 0x5a, map->step);
    memcpy(map->bytes + map->size, &d, sizeof(d));
    map->size += map->step;
}

static struct efi_descriptor get(const struct map *map, unsigned index)
{
    struct efi_descriptor d;

    memcpy(&d, map->bytes + (uint64_t)index * map->step, sizeof(d));
    return d;
}

static int rewrite(const struct map *in, const struct efi_keep *keep, unsigned count, struct map *out)
{
    out->step = in->step;
    return efi_map_rewrite(in->bytes, in->size, in->step, keep, count, out->bytes,
                           efi_map_room(in->size, in->step, count), &out->size);
}

static void paint(const struct map *map, uint32_t *page)
{
    for (unsigned i = 0; i < PAGES; i++)
        page[i] = NOTHING;
    for (unsigned i = 0; i < map->size / map->step; i++) {
        struct efi_descriptor d = get(map, i);
        for (uint64_t p = d.physical / PAGE; p < d.physical / PAGE + d.pages; p++) {
            assert_true(p < PAGES);
            assert_int_equal(page[p], NOTHING);
            page[p] = d.type;
        }
    }
}

static bool usable(uint32_t type)
{
    return (type >= 1 && type <= 4) || type == 7 || type == 15;
}

static uint32_t expected(uint32_t type, unsigned page, const struct efi_keep *keep, unsigned count)
{
    if (type == NOTHING || !usable(type))
        return type;
    for (unsigned i = 0; i < count; i++)
        if (keep[i].length != 0 && keep[i].base / PAGE <= page &&
            (keep[i].base + keep[i].length - 1) / PAGE >= page)
            return keep[i].type;
    return type;
}

static void random_maps_match_the_model(void **state)
{
    static const uint32_t types[] = { 0, 1, 2, 3, 4, 5, 6, 7, 7, 7, 9, 10, 11, 14, 15, 0x80000001 };
    static const uint32_t steps[] = { 40, 48, 56, 128 };

    (void)state;
    srandom(1);
    for (unsigned run = 0; run < RUNS; run++) {
        struct map in = { .step = steps[random() % 4] }, out;
        struct efi_keep keep[4];
        unsigned count = (unsigned)random() % 5;
        uint32_t before[PAGES], after[PAGES];

        for (uint64_t page = (uint64_t)random() % 3; page < PAGES && in.size / in.step < DESCRIPTORS_MAX;) {
            uint64_t pages = 1 + (uint64_t)random() % 20;
            if (page + pages > PAGES)
                pages = PAGES - page;
            add(&in, types[random() % 16], page * PAGE, pages);
            page += pages + (uint64_t)(random() % 3 == 0);
        }
        for (unsigned i = 0; i < count; i++) {
            keep[i].base = (uint64_t)random() % (PAGES * PAGE);
            keep[i].length = (uint64_t)random() % (PAGES * PAGE - keep[i].base);
            keep[i].type = i % 2 ? EFI_MEM_LOADER_DATA : EFI_MEM_RESERVED;
        }
        assert_int_equal(rewrite(&in, keep, count, &out), 0);
        paint(&in, before);
        paint(&out, after);
        for (unsigned page = 0; page < PAGES; page++)
            assert_int_equal(after[page], expected(before[page], page, keep, count));
        for (unsigned i = 0; i < out.size / out.step; i++) {
            assert_true(get(&out, i).attribute == 0xf && get(&out, i).pages != 0);
            for (uint32_t b = sizeof(struct efi_descriptor); b < out.step; b++)
                assert_int_equal(out.bytes[i * out.step + b], 0x5a);
        }
    }
}

static void middle_of_one_descriptor(void **state)
{
    struct map in = { .step = 48 }, out;
    const struct efi_keep keep = { 0x40000000, 0x800000, EFI_MEM_RESERVED };

    (void)state;
    add(&in, EFI_MEM_CONVENTIONAL, 0x100000, 0x7ff00);
    assert_int_equal(rewrite(&in, &keep, 1, &out), 0);
    assert_int_equal(out.size, 3 * 48);
    assert_true(get(&out, 0).physical == 0x100000 && get(&out, 0).pages == 0x3ff00 && get(&out, 0).type == 7);
    assert_true(get(&out, 1).physical == 0x40000000 && get(&out, 1).pages == 0x800 && get(&out, 1).type == 0);
    assert_true(get(&out, 2).physical == 0x40800000 && get(&out, 2).pages == 0x3f800 && get(&out, 2).type == 7);
}

static void end_of_the_address_space(void **state)
{
    struct map in = { .step = 40 }, out;
    // Keeps that reach, or would pass, 2^64; the second one is not a range at all.
    const struct efi_keep keep[] = { { UINT64_MAX - PAGE + 1, PAGE, 0 }, { UINT64_MAX - 10, 100, 0 } };

    (void)state;
    add(&in, EFI_MEM_CONVENTIONAL, UINT64_MAX - 3 * PAGE + 1, 2);
    add(&in, EFI_MEM_CONVENTIONAL, UINT64_MAX - PAGE + 1, 1);       // its end is 2^64: copied as it is
    add(&in, EFI_MEM_CONVENTIONAL, 0x1000, UINT64_MAX / PAGE + 2);  // its length overflows
    add(&in, EFI_MEM_CONVENTIONAL, 0x1001, 4);                      // not at a page
    assert_int_equal(rewrite(&in, keep, 2, &out), 0);
    assert_int_equal(out.size, in.size);
    assert_memory_equal(out.bytes, in.bytes, in.size);
}

static void virtual_addresses_follow(void **state)
{
    struct map in = { .step = 40 }, out;
    const struct efi_keep keep = { 0x3000, 1, EFI_MEM_RESERVED };
    struct efi_descriptor d = { .type = 7, .physical = 0x1000, .virtual = 0xffff0000, .pages = 8 };

    (void)state;
    memcpy(in.bytes, &d, sizeof(d));
    in.size = 40;
    assert_int_equal(rewrite(&in, &keep, 1, &out), 0);
    assert_int_equal(get(&out, 1).virtual, 0xffff2000);
    assert_int_equal(get(&out, 2).virtual, 0xffff3000);
}

static void nonsense_is_refused(void **state)
{
    static const struct {
        uint64_t size;
        uint32_t step;
    } bad[] = { { 400, 0 }, { 400, 39 }, { 401, 40 }, { 96, 40 }, { 4096, 4096 } };
    static uint8_t bytes[4096], out[8192];
    uint64_t size;

    (void)state;
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(efi_map_rewrite(bytes, bad[i].size, bad[i].step, NULL, 0, out, sizeof(out), &size),
                         ERR_BOOT_INFO_INVALID);
    assert_int_equal(efi_map_rewrite(bytes, 0, 40, NULL, 0, out, sizeof(out), &size), 0);
    assert_int_equal(size, 0);
}

static void room_that_does_not_suffice(void **state)
{
    struct map in = { .step = 40 };
    const struct efi_keep keep = { 0x3000, 0x1000, EFI_MEM_RESERVED };
    uint64_t size;

    (void)state;
    add(&in, EFI_MEM_CONVENTIONAL, 0x1000, 8);
    for (uint64_t room = 0; room <= 120; room++) {
        uint8_t *out = malloc(room ? room : 1);  // its very end, so that ASan sees a byte too many
        int rc = efi_map_rewrite(in.bytes, in.size, in.step, &keep, 1, out, room, &size);
        assert_int_equal(rc, room < 120 ? ERR_BOOT_INFO_INVALID : 0);
        free(out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_maps_match_the_model), cmocka_unit_test(middle_of_one_descriptor),
        cmocka_unit_test(end_of_the_address_space),    cmocka_unit_test(virtual_addresses_follow),
        cmocka_unit_test(nonsense_is_refused),         cmocka_unit_test(room_that_does_not_suffice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
