// kernel/linux/prepare.c and ident_map.c: everything composed, in a made-up RAM. With URLBOOT_VMLINUZ=file in
// the environment also for that kernel.
#include "kernel/linux/image.h"      // ENTRY_64
#include "kernel/linux/efi_map.h"    // struct efi_descriptor
#include "kernel/linux/ident_map.h"  // ident_map_build
#include "lib/err.h"                 // ERR_NOT_ENOUGH_MEMORY
#include "tests/unit/linux_arena.h"  // arena_reset

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

__asm__(".pushsection .rodata\n"
        ".globl medium_init_start, medium_init_end\n"
        "medium_init_start: .ascii \"init\"\n"
        "medium_init_end: .byte 0\n"
        ".popsection\n");

static uint8_t file[BZ_SIZE];
static struct boot_info info;
static struct linux_request request;
static struct linux_image image;

static void new_request(void)
{
    memset(&request, 0, sizeof(request));
    memset(&info, 0, sizeof(info));
    bz_make(file);
    request.info = &info;
    request.kernel[0] = (struct linux_piece){ file, BZ_SIZE, true };
    request.kernel_count = 1;
    request.initrd[0] = (struct linux_piece){ "initrd", 6, true };
    request.initrd_count = 1;
    request.cmdline = "boot=live";
}

static void add_medium(uint64_t base)
{
    request.medium = (struct linux_medium){ .base = base, .length = MIB(3), .claimed = MIB(4), .pmem = true,
                                            .header = base - MEDIUM_HEADER_SIZE, .vmcore = true };
    assert_int_equal(memmap_claim_at(base - MEDIUM_HEADER_SIZE, MEDIUM_HEADER_SIZE + MIB(4), "ISO"), 0);
}

// What the processor would find at `address` through the tables: the physical address, or 0.
static uint64_t walk(uint64_t root, unsigned levels, uint64_t address)
{
    uint64_t table = root;

    for (unsigned level = levels; level >= 2; level--) {
        uint64_t entry = ((const uint64_t *)table)[address >> (12 + 9 * (level - 1)) & 511];
        if ((entry & 3) != 3)
            return 0;
        assert_int_equal(entry >> 52, 0);  // no no-execute bit
        if (level == 2) {
            assert_int_equal(entry & 0x80, 0x80);
            return (entry & ~0x1fffffull) | (address & 0x1fffff);
        }
        assert_int_equal(entry & 0x80, 0);
        table = entry & ~0xfffull;
    }
    return 0;
}

static void check_mapped(uint64_t address)
{
    assert_int_equal(walk(image.page_tables, 4, address), address);
    assert_int_equal(walk(image.page_tables_la57, 5, address), address);
}

static void everything_composed(void **state)
{
    (void)state;
    new_request();
    arena_reset(LOW_SIZE, HIGH_SIZE);
    add_medium(HIGH_BASE + MIB(64));
    assert_int_equal(linux_prepare(&request, &image), 0);
    assert_string_equal(image.version, "6.1.0-25-amd64 (debian-kernel@lists.debian.org) #1 SMP");
    assert_int_equal(image.entry, image.kernel_base + ENTRY_64);
    assert_memory_equal((void *)image.kernel_base, file + BZ_SETUP, BZ_BODY);
    const struct boot_params *bp = (const struct boot_params *)image.boot_params;
    assert_int_equal(bp->hdr.ramdisk_image, image.initrd_base);
    assert_int_equal(bp->hdr.ramdisk_size, image.initrd_size);
    assert_string_equal((const char *)(uintptr_t)bp->hdr.cmd_line_ptr, image.cmdline);
    assert_non_null(strstr(image.cmdline, "elfcorehdr=0x200003e00000 "));

    // low RAM, then around the medium: RAM, header, ISO, RAM
    static const uint32_t types[] = { MEM_RAM, MEM_RAM, MEM_RESERVED, MEM_PRAM, MEM_RAM };
    assert_int_equal(bp->e820_entries, 5);
    for (unsigned i = 0; i < 5; i++)
        assert_int_equal(bp->e820_table[i].type, types[i]);
    assert_int_equal(bp->e820_table[3].addr, request.medium.base);
    assert_int_equal(bp->e820_table[3].size, request.medium.claimed);

    check_mapped(0xb8000);
    check_mapped(image.kernel_base);
    check_mapped(image.kernel_base + image.init_size - 1);
    check_mapped(image.boot_params);
    check_mapped(image.initrd_base);
    check_mapped(GIB(4) - 1);
    check_mapped(HIGH_BASE);
    check_mapped(HIGH_BASE + HIGH_SIZE - 1);
    assert_int_equal(walk(image.page_tables, 4, GIB(4)), 0);
    assert_int_equal(((const uint64_t *)image.page_tables)[511], 0);
    assert_int_equal(((const uint64_t *)image.page_tables_la57)[511], 0);
}

static void efi_map_keeps_the_medium(void **state)
{
    static struct efi_descriptor map[2] = {
        { .type = EFI_MEM_CONVENTIONAL, .physical = LOW_BASE, .pages = LOW_SIZE / 4096 },
        { .type = EFI_MEM_CONVENTIONAL, .physical = HIGH_BASE, .pages = HIGH_SIZE / 4096 },
    };

    (void)state;
    new_request();
    arena_reset(LOW_SIZE, HIGH_SIZE);
    add_medium(HIGH_BASE + MIB(64));
    info.efi = (struct boot_efi){ .present = true, .memory_map = map, .memory_map_size = sizeof(map),
                                  .descriptor_size = sizeof(map[0]), .descriptor_version = 1 };
    assert_int_equal(linux_prepare(&request, &image), 0);
    const struct boot_params *bp = (const struct boot_params *)image.boot_params;
    const struct efi_descriptor *d = (const struct efi_descriptor *)(uintptr_t)bp->efi_info.efi_memmap;
    unsigned reserved = 0, loader = 0;
    for (unsigned i = 0; i < bp->efi_info.efi_memmap_size / sizeof(*d); i++) {
        uint64_t end = d[i].physical + d[i].pages * 4096;
        if (d[i].type == EFI_MEM_CONVENTIONAL) {
            assert_true(end <= request.medium.header ||
                        d[i].physical >= request.medium.base + request.medium.claimed);
            assert_true(end <= image.boot_params || d[i].physical > (uint64_t)d);
        }
        reserved += d[i].type == EFI_MEM_RESERVED;
        loader += d[i].type == EFI_MEM_LOADER_DATA;
    }
    assert_int_equal(reserved, 2);
    assert_int_equal(loader, 1);
}

static void failure_gives_everything_back(void **state)
{
    (void)state;
    // From no RAM to enough of it: every stage fails once, and none keeps anything.
    unsigned failures = 0, successes = 0;
    for (uint64_t low = MIB(7); low <= MIB(12); low += 4096 * 7) {
        new_request();
        arena_reset(low, 0);
        add_medium(LOW_BASE + MIB(2));
        uint64_t before = memmap_free_ram();
        int rc = linux_prepare(&request, &image);
        if (rc == 0) {
            successes++;
            continue;
        }
        failures++;
        assert_int_equal(rc, ERR_NOT_ENOUGH_MEMORY);
        assert_int_equal(memmap_free_ram(), before);
        struct mem_range ranges[8];
        assert_int_equal(memmap_export(ranges, 8), 1);  // all of it RAM again
        assert_int_equal(ranges[0].type, MEM_RAM);
    }
    assert_true(failures > 10 && successes > 10);
}

static void bad_requests(void **state)
{
    static char words[3000];

    (void)state;
    new_request();
    arena_reset(LOW_SIZE, 0);
    memset(words, 'x', sizeof(words) - 1);
    request.cmdline = words;
    assert_int_equal(linux_prepare(&request, &image), ERR_OPTION_INVALID);
    new_request();
    file[0x202] = 0;
    assert_int_equal(linux_prepare(&request, &image), ERR_KERNEL_INVALID);
    new_request();
    add_medium(LOW_BASE + MIB(64));
    request.medium.header -= 4096;
    assert_int_equal(linux_prepare(&request, &image), ERR_MEDIUM_IMPOSSIBLE);
    new_request();
    add_medium(LOW_BASE + MIB(128));
    info.efi = (struct boot_efi){ .present = true, .memory_map = file, .memory_map_size = 41,
                                  .descriptor_size = 40 };
    assert_int_equal(linux_prepare(&request, &image), ERR_BOOT_INFO_INVALID);
}

static void page_tables_fit_what_was_counted(void **state)
{
    static const struct mem_range ranges[] = {
        { .base = MIB(1), .length = GIB(3), .type = MEM_RAM },
        { .base = GIB(4), .length = GIB(60), .type = MEM_RAM },
        { .base = GIB(511), .length = GIB(2), .type = MEM_RAM },        // across a table of tables
        { .base = GIB(1000), .length = 4096, .type = MEM_ACPI_NVS },
        { .base = GIB(2000), .length = GIB(1), .type = MEM_RESERVED },  // not mapped
    };
    uint64_t size = ident_map_size(ranges, 5);
    uint8_t *tables = aligned_alloc(4096, size);

    (void)state;
    assert_int_equal(ident_map_build(ranges, 5, tables, size), 0);
    image.page_tables_la57 = (uint64_t)tables;
    image.page_tables = (uint64_t)tables + 4096;
    check_mapped(0);
    check_mapped(GIB(64) - 1);
    check_mapped(GIB(511));
    check_mapped(GIB(513) - 1);
    check_mapped(GIB(1000));
    assert_int_equal(walk(image.page_tables, 4, GIB(64)), 0);
    assert_int_equal(walk(image.page_tables, 4, GIB(2000)), 0);
    for (uint64_t less = 0; less < size - 8 * 4096; less += 4096)
        assert_int_equal(ident_map_build(ranges, 5, tables, less), ERR_NOT_ENOUGH_MEMORY);
    free(tables);
}

static void real_kernel(void **state)
{
    const char *path = getenv("URLBOOT_VMLINUZ");
    struct linux_kernel_info kernel;
    struct stat st;

    (void)state;
    if (path == NULL)
        skip();
    int fd = open(path, O_RDONLY);
    assert_int_equal(fstat(fd, &st), 0);
    uint8_t *data = malloc((size_t)st.st_size);
    assert_int_equal(read(fd, data, (size_t)st.st_size), st.st_size);
    close(fd);
    new_request();
    arena_reset(LOW_SIZE, HIGH_SIZE);
    request.kernel[0] = (struct linux_piece){ data, (uint64_t)st.st_size, true };
    add_medium(HIGH_BASE + MIB(64));
    assert_int_equal(linux_kernel_info(request.kernel, 1, &kernel), 0);
    printf("%s: %u.%u, protocol %x, init_size %x, pref 0x%lx, align %x, words %u, initrd_max 0x%lx\n",
           kernel.version, kernel.major, kernel.minor, kernel.protocol, kernel.init_size,
           kernel.pref_address, kernel.alignment, kernel.cmdline_size, kernel.initrd_max);
    assert_true(kernel.major >= 3 && kernel.relocatable);
    assert_int_equal(linux_prepare(&request, &image), 0);
    const struct setup_header *hdr = (const struct setup_header *)(data + 0x1f1);
    const struct boot_params *bp = (const struct boot_params *)image.boot_params;
    assert_memory_equal(&bp->hdr.boot_flag, &hdr->boot_flag, 18);  // up to type_of_loader
    assert_int_equal(bp->hdr.handover_offset, hdr->handover_offset);
    assert_memory_equal((void *)image.kernel_base, data + kernel.setup_size, kernel.image_size);
    // One paragraph short is refused; what may follow (a signature) does not count.
    request.kernel[0].length = kernel.setup_size + 16ull * hdr->syssize - 16;
    assert_int_equal(linux_kernel_info(request.kernel, 1, &kernel), ERR_KERNEL_INVALID);
    free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_composed),
        cmocka_unit_test(efi_map_keeps_the_medium),
        cmocka_unit_test(failure_gives_everything_back),
        cmocka_unit_test(bad_requests),
        cmocka_unit_test(page_tables_fit_what_was_counted),
        cmocka_unit_test(real_kernel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
