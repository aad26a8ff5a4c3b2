// The doors: Multiboot2, Multiboot1 and PVH information, and EFI memory maps, into struct boot_info. Every
// case is also cut off at every length, under ASan, from a heap block that ends where the data ends.

#include "boot/doors.h"          // mb2_parse
#include "boot/multiboot1.h"     // mb1_info
#include "boot/multiboot2.h"     // mb2_tag
#include "boot/pvh.h"            // pvh_start_info
#include "kernel/firmware/efi.h" // efi_map_to_ranges
#include "lib/err.h"             // ERR_BOOT_INFO_INVALID

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define AT 0x1000u               // where the information lies in the view
#define VIEW_SIZE 0x4000u

static struct boot_info info;

struct builder {
    uint8_t bytes[VIEW_SIZE];
    size_t used;
};

static void *put(struct builder *b, const void *data, size_t length)
{
    void *at = b->bytes + b->used;

    memcpy(at, data, length);
    b->used += length;
    return at;
}

static void mb2_begin(struct builder *b)
{
    struct mb2_info head = {0};

    memset(b, 0, sizeof(*b));
    b->used = AT;
    put(b, &head, sizeof(head));
}

static void mb2_tag(struct builder *b, uint32_t type, const void *body, uint32_t length)
{
    struct mb2_tag tag = {.type = type, .size = sizeof(tag) + length};

    put(b, &tag, sizeof(tag));
    put(b, body, length);
    b->used = (b->used + 7) & ~7ul;
}

static void mb2_finish(struct builder *b)
{
    mb2_tag(b, MB2_INFO_END, "", 0);
    struct mb2_info head = {.total_size = (uint32_t)(b->used - AT)};
    memcpy(b->bytes + AT, &head, sizeof(head));
}

static int parse(int (*parser)(const struct phys_view *, uint64_t, struct boot_info *), const struct builder *b,
                 size_t length)
{
    uint8_t *exact = malloc(length ? length : 1);
    struct phys_view view = {.base = exact, .length = length};

    memcpy(exact, b->bytes, length);
    memset(&info, 0, sizeof(info));
    fail_clear();
    int err = parser(&view, AT, &info);
    free(exact);
    return err;
}

static void full_mb2(struct builder *b)
{
    struct {
        uint32_t entry_size, version;
        struct mb2_mmap_entry e[4];
    } mmap = {24, 0, {{0, 0x9fc00, 1, 0}, {0x100000, 0x1000, 1, 0}, {0x101000, 0x2000, 1, 0}, {0x8000000, 0x1000, 20, 0}}};
    struct {
        uint64_t address;
        uint32_t pitch, width, height;
        uint8_t rest[10];
    } __attribute__((packed)) fb = {0xe0000000, 3200, 800, 600, {32, 1, 0, 0, 16, 8, 8, 8, 0, 8}};
    struct {
        uint32_t start, end;
        char name[8];
    } module = {0x200000, 0x201234, "ca.pem"};
    uint64_t systab = 0x7f000000, handle = 0x7e000000;
    uint8_t rsdp1[20] = "RSD PTR 1", rsdp2[36] = "RSD PTR 2";

    mb2_begin(b);
    mb2_tag(b, MB2_INFO_CMDLINE, "url=http://x/ \"a b\"", 20);
    mb2_tag(b, MB2_INFO_LOADER_NAME, "GRUB 2.06", 10);
    mb2_tag(b, MB2_INFO_MODULE, &module, sizeof(module));
    mb2_tag(b, MB2_INFO_MMAP, &mmap, sizeof(mmap));
    mb2_tag(b, MB2_INFO_FRAMEBUFFER, &fb, sizeof(fb));
    mb2_tag(b, MB2_INFO_EFI64, &systab, 8);
    mb2_tag(b, MB2_INFO_EFI64_IH, &handle, 8);
    mb2_tag(b, MB2_INFO_ACPI_NEW, rsdp2, sizeof(rsdp2));
    mb2_tag(b, MB2_INFO_ACPI_OLD, rsdp1, sizeof(rsdp1));
    mb2_finish(b);
}

static void test_mb2(void **state)
{
    static struct builder b;

    (void)state;
    full_mb2(&b);
    assert_int_equal(parse(mb2_parse, &b, b.used), 0);
    assert_string_equal(info.cmdline, "url=http://x/ \"a b\"");
    assert_string_equal(info.loader, "GRUB 2.06");
    assert_int_equal(info.module_count, 1);
    assert_int_equal(info.modules[0].length, 0x1234);
    assert_string_equal(info.modules[0].name, "ca.pem");
    assert_int_equal(info.range_count, 3);
    assert_int_equal(info.ranges[1].length, 0x3000);           // neighbours of one type are merged
    assert_int_equal(info.ranges[2].type, BOOT_MEM_RESERVED);  // GRUB passes EFI types through
    assert_int_equal(info.fb.kind, BOOT_FB_RGB);
    assert_int_equal(info.fb.blue_size, 8);
    assert_int_equal(info.fb.red_pos, 16);
    assert_true(info.efi.present);
    assert_false(info.efi.boot_services);
    assert_int_equal(info.efi.system_table, 0x7f000000);
    assert_int_equal(info.efi.image_handle, 0x7e000000);
    assert_int_equal(info.rsdp_copy_size, 36);
    assert_memory_equal(info.rsdp_copy, "RSD PTR 2", 9);
}

static void test_mb2_cut_anywhere(void **state)
{
    static struct builder b;

    (void)state;
    full_mb2(&b);
    for (size_t length = 0; length < b.used; length++)
        assert_int_equal(parse(mb2_parse, &b, length), ERR_BOOT_INFO_INVALID);
}

static void test_mb2_hostile(void **state)
{
    static struct builder b;
    struct mb2_tag huge = {.type = MB2_INFO_CMDLINE, .size = 0xffffffff};
    struct mb2_tag tiny = {.type = MB2_INFO_MMAP, .size = 4};
    struct {
        uint32_t entry_size, version;
    } small = {8, 0};

    (void)state;
    mb2_begin(&b);
    put(&b, &huge, sizeof(huge));
    mb2_finish(&b);
    assert_int_equal(parse(mb2_parse, &b, b.used), ERR_BOOT_INFO_INVALID);

    mb2_begin(&b);
    put(&b, &tiny, sizeof(tiny));
    mb2_finish(&b);
    assert_int_equal(parse(mb2_parse, &b, b.used), ERR_BOOT_INFO_INVALID);

    mb2_begin(&b);
    mb2_tag(&b, MB2_INFO_MMAP, &small, sizeof(small));
    mb2_tag(&b, MB2_INFO_LOADER_NAME, "behind", 7);
    mb2_finish(&b);
    assert_int_equal(parse(mb2_parse, &b, b.used), ERR_BOOT_INFO_INVALID);
    assert_string_equal(info.loader, "behind");  // tags behind a bad one are still read

    mb2_begin(&b);
    mb2_tag(&b, MB2_INFO_CMDLINE, "no end", 6);
    mb2_finish(&b);
    assert_int_equal(parse(mb2_parse, &b, b.used), ERR_BOOT_INFO_INVALID);
}

static void test_mb2_boot_services(void **state)
{
    static struct builder b;
    uint64_t systab = 0x7f000000;

    (void)state;
    mb2_begin(&b);
    mb2_tag(&b, MB2_INFO_EFI_BS, "", 0);
    mb2_finish(&b);
    assert_int_equal(parse(mb2_parse, &b, b.used), 0);
    assert_false(info.efi.boot_services);        // without a system table there is nothing to call

    mb2_begin(&b);
    mb2_tag(&b, MB2_INFO_EFI_BS, "", 0);
    mb2_tag(&b, MB2_INFO_EFI64, &systab, 8);
    mb2_finish(&b);
    assert_int_equal(parse(mb2_parse, &b, b.used), 0);
    assert_true(info.efi.boot_services);
}

static void full_mb1(struct builder *b, uint32_t flags)
{
    struct mb1_info mb = {
        .flags = flags,
        .mem_upper = 1024,
        .cmdline = 0x2000,
        .boot_loader_name = 0x2100,
        .mods_count = 1,
        .mods_addr = 0x2200,
        .mmap_addr = 0x2300,
        .mmap_length = 48,
    };
    struct mb1_module module = {0x300000, 0x300010, 0x2000, 0};
    struct mb1_mmap_entry map[2] = {{20, 0, 0x9fc00, 1}, {20, 0x100000, 0x7f00000, 1}};

    memset(b, 0, sizeof(*b));
    memcpy(b->bytes + AT, &mb, sizeof(mb));
    strcpy((char *)b->bytes + 0x2000, "build/urlboot.elf url=dhcp debug");
    strcpy((char *)b->bytes + 0x2100, "qemu");
    memcpy(b->bytes + 0x2200, &module, sizeof(module));
    memcpy(b->bytes + 0x2300, map, sizeof(map));
    b->used = 0x2300 + sizeof(map);
}

static void test_mb1(void **state)
{
    static struct builder b;
    uint32_t all = MB1_INFO_CMDLINE | MB1_INFO_LOADER_NAME | MB1_INFO_MMAP | MB1_INFO_MODULES;

    (void)state;
    full_mb1(&b, all);
    assert_int_equal(parse(mb1_parse, &b, b.used), 0);
    assert_string_equal(info.cmdline, "url=dhcp debug");   // the program's name is dropped
    assert_string_equal(info.loader, "qemu");
    assert_int_equal(info.range_count, 2);
    assert_int_equal(info.module_count, 1);

    full_mb1(&b, 0);
    assert_int_equal(parse(mb1_parse, &b, b.used), 0);
    assert_int_equal(info.range_count, 1);                 // mem_upper is all there is
    assert_int_equal(info.ranges[0].length, 1 << 20);
    assert_string_equal(info.cmdline, "");

    full_mb1(&b, all);
    for (size_t length = 0; length < b.used; length += 3)
        parse(mb1_parse, &b, length);                      // ASan is the judge
    assert_int_equal(parse(mb1_parse, &b, b.used - 1), ERR_BOOT_INFO_INVALID);
}

static void test_mb1_endless_entry(void **state)
{
    static struct builder b;
    uint32_t zero = 0;

    (void)state;
    full_mb1(&b, MB1_INFO_MMAP);
    memcpy(b.bytes + 0x2300, &zero, sizeof(zero));
    assert_int_equal(parse(mb1_parse, &b, b.used), ERR_BOOT_INFO_INVALID);
}

static void test_pvh(void **state)
{
    static struct builder b;
    struct pvh_start_info start = {
        .magic = PVH_BOOT_MAGIC,
        .version = 1,
        .cmdline = 0x2000,
        .rsdp = 0xf5000,
        .memory_map = 0x2100,
        .memory_map_entries = 2,
    };
    struct pvh_memory_entry map[2] = {{0, 0x9fc00, 1, 0}, {0x100000, 0x100000, 1, 0}};

    (void)state;
    memset(&b, 0, sizeof(b));
    memcpy(b.bytes + AT, &start, sizeof(start));
    strcpy((char *)b.bytes + 0x2000, "url=dhcp");
    memcpy(b.bytes + 0x2100, map, sizeof(map));
    b.used = 0x2100 + sizeof(map);
    assert_int_equal(parse(pvh_parse, &b, b.used), 0);
    assert_string_equal(info.cmdline, "url=dhcp");
    assert_int_equal(info.range_count, 2);
    assert_int_equal(info.rsdp, 0xf5000);
    for (size_t length = 0; length < b.used; length += 5)
        assert_int_equal(parse(pvh_parse, &b, length), ERR_BOOT_INFO_INVALID);
}

static void test_ranges(void **state)
{
    static struct boot_info many;

    (void)state;
    for (unsigned i = 0; i < BOOT_RANGES_MAX; i++)
        assert_int_equal(boot_add_range(&many, i * 0x2000ull, 0x1000, BOOT_MEM_RAM), 0);
    assert_int_equal(boot_add_range(&many, 0x90000000, 0x1000, BOOT_MEM_RAM), ERR_BOOT_INFO_INVALID);
    assert_int_equal(boot_add_range(&many, 0x90000000, 0, BOOT_MEM_RAM), 0);
    assert_int_equal(boot_add_range(&many, UINT64_MAX - 1, 0x1000, BOOT_MEM_RAM), 0);
    assert_int_equal(many.range_count, BOOT_RANGES_MAX);
}

static uint64_t visited;

static int count_bytes(uint64_t base, uint64_t length, const char *owner)
{
    (void)base;
    (void)owner;
    visited += length;
    return 0;
}

static void test_efi_map(void **state)
{
    // Descriptors of 48 bytes, as firmware has them: type, pad, start, virtual, pages, attribute, pad.
    uint64_t map[5][6] = {
        {7, 0x100000, 0, 0x10, 0xf, 0},          // conventional
        {4, 0x110000, 0, 0x10, 0xf, 0},          // boot services data: RAM, joins the one before
        {5, 0x120000, 0, 0x10, 1ull << 63, 0},   // runtime code
        {9, 0x130000, 0, 1, 0xf, 0},             // ACPI reclaim
        {7, 0x200000, 0, UINT64_MAX, 0xf, 0},    // a lie
    };
    static struct boot_info got;

    (void)state;
    assert_int_equal(efi_map_to_ranges(map, sizeof(map), 48, &got), 0);
    assert_int_equal(got.range_count, 3);
    assert_int_equal(got.ranges[0].length, 0x20000);
    assert_int_equal(got.ranges[0].type, BOOT_MEM_RAM);
    assert_int_equal(got.ranges[1].type, BOOT_MEM_RESERVED);
    assert_int_equal(got.ranges[2].type, BOOT_MEM_ACPI_RECLAIM);
    assert_int_equal(efi_map_to_ranges(map, sizeof(map), 8, &got), ERR_BOOT_INFO_INVALID);

    got.efi.memory_map = map;
    got.efi.memory_map_size = sizeof(map);
    got.efi.descriptor_size = 48;
    visited = 0;
    assert_int_equal(efi_visit_boot_services(&got, count_bytes), 0);
    assert_int_equal(visited, 0x10000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mb2),           cmocka_unit_test(test_mb2_cut_anywhere),
        cmocka_unit_test(test_mb2_hostile),   cmocka_unit_test(test_mb2_boot_services),
        cmocka_unit_test(test_mb1),           cmocka_unit_test(test_mb1_endless_entry),
        cmocka_unit_test(test_pvh),           cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_efi_map),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
