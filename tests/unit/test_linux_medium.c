// kernel/linux/medium.c and initrd.c: the ladder of ways, the ELF core header, the words, the initrd.
#include "kernel/linux/medium.h"     // medium_offer
#include "kernel/linux/claims.h"     // struct claims
#include "kernel/linux/init_blob.h"  // medium_init_start
#include "kernel/linux/initrd.h"     // initrd_build
#include "lib/err.h"                 // ERR_MEDIUM_IMPOSSIBLE
#include "tests/unit/linux_arena.h"  // arena_reset

#include <linux/elf.h>
#include <stdlib.h>

// What stands for urlboot-init here.
__asm__(".pushsection .rodata\n"
        ".globl medium_init_start, medium_init_end\n"
        "medium_init_start: .ascii \"\\177ELF urlboot-init\"\n"
        "medium_init_end: .byte 0\n"
        ".popsection\n");

#define PMEM 1u
#define VMCORE 2u
#define FILE_WAY 4u
#define REFUSED 8u

static void ladder(void **state)
{
    enum { A = OPT_MEDIUM_AUTO, P = OPT_MEDIUM_PMEM, V = OPT_MEDIUM_VMCORE, I = OPT_MEDIUM_INITRD,
           N = OPT_MEDIUM_NONE };
    static const struct {
        unsigned wanted, major, minor, initrd, file, driver;
        uint64_t iso_mib, ram_mib, base_mib;
        unsigned expected;
    } cases[] = {
        // wanted, kernel, has initrd, file way known, pmem driver known, ISO, RAM, base
        { A, 6, 1, 1, 1, 0, 400, 2048, 1024, PMEM | VMCORE },
        { A, 5, 19, 1, 1, 0, 400, 2048, 1024, PMEM | VMCORE },
        { A, 0, 0, 1, 1, 0, 400, 2048, 1024, PMEM | VMCORE },
        { A, 5, 18, 1, 1, 0, 400, 2048, 1024, FILE_WAY },
        { A, 5, 18, 1, 1, 1, 400, 2048, 1024, PMEM },
        { A, 5, 2, 1, 1, 1, 400, 2048, 1022, FILE_WAY },       // 128-MiB steps before 5.3
        { A, 5, 2, 1, 1, 1, 384, 2048, 1024, PMEM },
        { A, 5, 3, 1, 1, 1, 400, 2048, 1022, PMEM },
        { A, 4, 19, 1, 0, 0, 400, 2048, 1024, REFUSED },       // the family cannot use a file
        { A, 4, 19, 1, 1, 0, 1000, 2048, 1024, REFUSED },      // RAM
        { A, 4, 19, 1, 1, 0, 4096, 65536, 1024, REFUSED },     // longer than a cpio field
        { A, 4, 19, 1, 1, 0, 4095, 65536, 1024, FILE_WAY },
        { A, 6, 1, 0, 1, 0, 400, 2048, 1024, PMEM },           // nothing to append to
        { A, 4, 1, 0, 1, 0, 400, 2048, 1022, REFUSED },
        { V, 6, 1, 1, 0, 0, 400, 2048, 1024, VMCORE },
        { V, 5, 10, 1, 0, 0, 400, 2048, 1024, REFUSED },
        { V, 6, 1, 0, 0, 0, 400, 2048, 1024, REFUSED },
        { P, 4, 19, 1, 0, 0, 384, 2048, 1024, PMEM },
        { P, 4, 19, 1, 0, 0, 400, 2048, 1022, REFUSED },
        { I, 6, 1, 1, 1, 0, 400, 2048, 1024, FILE_WAY },
        { I, 6, 1, 1, 0, 0, 400, 2048, 1024, REFUSED },
        { I, 6, 1, 0, 1, 0, 400, 2048, 1024, REFUSED },
        { I, 6, 1, 1, 1, 0, 800, 2048, 1024, REFUSED },
        { N, 6, 1, 1, 1, 0, 400, 512, 1024, 0 },
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct linux_kernel_info kernel = { .major = cases[i].major, .minor = cases[i].minor };
        const struct linux_medium_query query = {
            .wanted = (enum opt_medium)cases[i].wanted, .kernel = &kernel, .have_initrd = cases[i].initrd,
            .file_works = cases[i].file, .has_pmem_driver = cases[i].driver, .initrd_size = MIB(50),
            .ram = MIB(cases[i].ram_mib),
        };
        struct linux_medium medium = { .base = MIB(cases[i].base_mib), .length = MIB(cases[i].iso_mib),
                                       .claimed = MIB(cases[i].iso_mib) };
        int rc = linux_medium_choose(&query, &medium);
        unsigned got = rc != 0 ? REFUSED
                               : medium.pmem * PMEM + medium.vmcore * VMCORE + medium.initrd * FILE_WAY;
        if (got != cases[i].expected)
            fail_msg("case %u: %u, expected %u (%s)", i, got, cases[i].expected, fail_detail());
        assert_true(rc == 0 || rc == ERR_MEDIUM_IMPOSSIBLE);
        assert_string_not_equal(rc == 0 ? medium.why : fail_detail(), "");
    }
}

static struct linux_medium make_medium(uint64_t base, uint64_t length)
{
    struct linux_medium medium = { .base = base, .length = length, .header = base - MEDIUM_HEADER_SIZE,
                                   .claimed = (length + MEDIUM_ALIGN - 1) & ~(MEDIUM_ALIGN - 1) };

    assert_int_equal(memmap_claim_at(medium.header, MEDIUM_HEADER_SIZE + medium.claimed, "ISO"), 0);
    for (uint64_t i = 0; i < length; i += 512)
        *(uint64_t *)(base + i) = i * 0x9e3779b97f4a7c15;
    return medium;
}

static enum mem_type type_at(uint64_t address, uint64_t *base, uint64_t *length)
{
    struct mem_range ranges[32];
    unsigned count = memmap_export(ranges, 32);

    for (unsigned i = 0; i < count; i++)
        if (ranges[i].base <= address && address < ranges[i].base + ranges[i].length) {
            *base = ranges[i].base;
            *length = ranges[i].length;
            return ranges[i].type;
        }
    return 0;
}

static void core_header(void **state)
{
    uint64_t base, length;

    (void)state;
    arena_reset(LOW_SIZE, 0);
    struct linux_medium m = make_medium(LOW_BASE + MIB(100), MIB(5) + 2048);
    memset((void *)m.header, 0xee, MEDIUM_HEADER_SIZE);
    m.pmem = m.vmcore = true;
    assert_int_equal(medium_offer(&m), 0);

    const Elf64_Ehdr *ehdr = (const Elf64_Ehdr *)m.header;
    assert_memory_equal(ehdr->e_ident, ELFMAG, SELFMAG);
    assert_int_equal(ehdr->e_ident[EI_CLASS], ELFCLASS64);
    assert_int_equal(ehdr->e_ident[EI_VERSION], EV_CURRENT);
    assert_int_equal(ehdr->e_type, ET_CORE);
    assert_int_equal(ehdr->e_machine, EM_X86_64);
    assert_int_equal(ehdr->e_version, EV_CURRENT);
    assert_int_equal(ehdr->e_ehsize, sizeof(Elf64_Ehdr));
    assert_int_equal(ehdr->e_phentsize, sizeof(Elf64_Phdr));
    assert_int_equal(ehdr->e_phnum, 2);
    const Elf64_Phdr *phdr = (const Elf64_Phdr *)(m.header + ehdr->e_phoff);
    assert_int_equal(phdr[0].p_type, PT_NOTE);
    assert_int_equal(phdr[0].p_memsz, phdr[0].p_filesz);
    assert_int_equal(phdr[1].p_type, PT_LOAD);
    assert_int_equal(phdr[1].p_offset, m.base);
    assert_int_equal(phdr[1].p_paddr, m.base);
    assert_int_equal(phdr[1].p_filesz, m.length);
    assert_int_equal(phdr[1].p_memsz, m.length);
    const uint32_t *note = (const uint32_t *)phdr[0].p_offset;
    assert_true(phdr[0].p_offset + phdr[0].p_memsz <= m.base);
    assert_int_equal(note[0], 5);
    assert_int_equal(note[1], 4);
    assert_memory_equal(note + 3, "CORE\0\0\0\0", 8);
    assert_int_equal(note[6], 0);  // the note that ends the list lies inside the segment
    assert_true(phdr[0].p_memsz >= 28);

    assert_int_equal(type_at(m.base, &base, &length), MEM_PRAM);
    assert_int_equal(base, m.base);
    assert_int_equal(length, m.claimed);
    assert_int_equal(type_at(m.header, &base, &length), MEM_RESERVED);
    assert_int_equal(length, MEDIUM_HEADER_SIZE);
    medium_withdraw(&m);
    assert_int_equal(type_at(m.header, &base, &length), MEM_RAM);
    assert_int_equal(length, LOW_SIZE);
}

static void types_follow_the_ways(void **state)
{
    uint64_t base, length;

    (void)state;
    arena_reset(LOW_SIZE, 0);
    struct linux_medium m = make_medium(LOW_BASE + MIB(100), MIB(4));
    m.vmcore = true;
    assert_int_equal(medium_offer(&m), 0);
    assert_int_equal(type_at(m.base, &base, &length), MEM_RESERVED);
    assert_int_equal(length, m.claimed + MEDIUM_HEADER_SIZE);
    medium_withdraw(&m);
    m.vmcore = false;
    m.pmem = true;
    assert_int_equal(medium_offer(&m), 0);
    assert_int_equal(type_at(m.base, &base, &length), MEM_PRAM);
    assert_int_equal(type_at(m.header, &base, &length), MEM_RAM);
    medium_withdraw(&m);
    m.pmem = false;
    m.initrd = true;
    assert_int_equal(medium_offer(&m), 0);
    assert_int_equal(type_at(m.base, &base, &length), MEM_RAM);

    m = (struct linux_medium){ .base = LOW_BASE + MIB(1), .length = 4096, .claimed = MIB(2), .pmem = true };
    assert_int_equal(medium_offer(&m), ERR_MEDIUM_IMPOSSIBLE);
    m = (struct linux_medium){ .base = LOW_BASE, .length = 4096, .claimed = MIB(2), .vmcore = true };
    assert_int_equal(medium_offer(&m), ERR_MEDIUM_IMPOSSIBLE);
}

#define MASKS "systemd.mask=kdump-tools.service systemd.mask=kdump-tools-dump.service " \
              "systemd.mask=kdump.service "

static void words(void **state)
{
    static const struct {
        bool vmcore, initrd;
        uint64_t iso, ram;
        const char *in, *out;
    } cases[] = {
        { 0, 0, 0, GIB(1), "rdinit=/x quiet", "rdinit=/x quiet" },
        { 1, 0, MIB(1), GIB(1), "boot=live quiet",
          "rdinit=/urlboot-init elfcorehdr=0x7000000 " MASKS "boot=live quiet" },
        { 1, 0, MIB(1), GIB(1), "a rdinit=/x \"b rdinit=/y\" xrdinit=/z --- rdinit=/v -- rdinit=/w",
          "rdinit=/urlboot-init elfcorehdr=0x7000000 " MASKS
          "a urlboot_rdinit=/x \"b rdinit=/y\" xrdinit=/z --- urlboot_rdinit=/v -- rdinit=/w" },
        { 0, 1, MIB(400), GIB(1), "quiet", "rdinit=/urlboot-init quiet" },
        { 0, 1, MIB(450), GIB(1), "quiet", "rdinit=/urlboot-init rootfstype=ramfs quiet" },
        { 0, 1, MIB(400), GIB(1), "rdinit=/x", "rdinit=/urlboot-init urlboot_rdinit=/x" },
    };
    char out[512];

    (void)state;
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct linux_medium m = { .vmcore = cases[i].vmcore, .initrd = cases[i].initrd,
                                        .length = cases[i].iso, .header = 0x7000000 };
        assert_int_equal(medium_cmdline(&m, cases[i].in, 2047, cases[i].ram, out, sizeof(out)), 0);
        assert_string_equal(out, cases[i].out);
        // One byte less than it has, in the kernel or in the buffer, is refused; never cut.
        uint32_t length = (uint32_t)strlen(cases[i].out);
        char *tight = malloc(length + 1);
        assert_int_equal(medium_cmdline(&m, cases[i].in, length, cases[i].ram, tight, length + 1), 0);
        assert_int_equal(medium_cmdline(&m, cases[i].in, length - 1, cases[i].ram, tight, length + 1),
                         ERR_OPTION_INVALID);
        for (uint32_t size = 1; size <= length; size++)
            assert_int_equal(medium_cmdline(&m, cases[i].in, 2047, cases[i].ram, tight, size),
                             ERR_OPTION_INVALID);
        free(tight);
    }
}

static const struct linux_kernel_info kernel_61 = { .major = 6, .minor = 1, .initrd_max = 0x7fffffff,
                                                    .above_4g = true };

static struct linux_request *new_request(void)
{
    static struct linux_request request;

    memset(&request, 0, sizeof(request));
    request.initrd[0] = (struct linux_piece){ "first", 5, true };
    request.initrd[1] = (struct linux_piece){ "sec", 3, false };  // one file in two pieces
    request.initrd[2] = (struct linux_piece){ "ond", 3, true };
    request.initrd_count = 3;
    return &request;
}

// A large initrd file in front, all zeros: legal between archives, so the others are found behind it.
static void prepend(struct linux_request *r, const uint8_t *zeros, uint64_t length)
{
    memmove(&r->initrd[1], &r->initrd[0], r->initrd_count * sizeof(r->initrd[0]));
    r->initrd[0] = (struct linux_piece){ zeros, length, true };
    r->initrd_count++;
}

// Finds file `name` in the newc archive at `at`; its contents, and its length in *size.
static const uint8_t *find(const uint8_t *at, const uint8_t *end, const char *name, uint64_t *size)
{
    while (at + 110 <= end) {
        char digits[9] = { 0 };
        assert_memory_equal(at, "070701", 6);
        memcpy(digits, at + 6 + 8 * 6, 8);
        *size = strtoul(digits, NULL, 16);
        memcpy(digits, at + 6 + 8 * 11, 8);
        uint64_t head = (110 + strtoul(digits, NULL, 16) + 3) & ~3ull;
        if (strcmp((const char *)at + 110, name) == 0)
            return at + head;
        at += head + ((*size + 3) & ~3ull);
    }
    return NULL;
}

static void initrd_with_our_archive(void **state)
{
    struct linux_request *r = new_request();
    struct claims claims = { .count = 0 };
    uint64_t base, size, length;

    (void)state;
    arena_reset(LOW_SIZE, HIGH_SIZE);
    r->medium.vmcore = true;
    r->log = "a line\n";
    r->log_size = 7;
    assert_int_equal(initrd_build(r, &kernel_61, &claims, &base, &size), 0);
    assert_true(base >= LOW_BASE && base + size <= LOW_BASE + LOW_SIZE);  // the kernel likes it below 2 GiB
    assert_int_equal(base % 4096, 0);
    assert_memory_equal((void *)base, "first\0\0\0second\0\0" "070701", 22);
    const uint8_t *archive = (const uint8_t *)base + 16, *end = (const uint8_t *)base + size;
    const uint8_t *init = find(archive, end, "urlboot-init", &length);
    assert_int_equal(length, medium_init_end - medium_init_start);
    assert_memory_equal(init, medium_init_start, length);
    assert_memory_equal(find(archive, end, "urlboot.log", &length), "a line\n", 7);
    assert_non_null(find(archive, end, "TRAILER!!!", &length));
    claims_release(&claims);
    assert_int_equal(memmap_free_ram(), LOW_SIZE + HIGH_SIZE);
}

static void initrd_without_our_archive(void **state)
{
    struct linux_request *r = new_request();
    struct claims claims = { .count = 0 };
    uint64_t base, size;

    (void)state;
    arena_reset(LOW_SIZE, HIGH_SIZE);
    assert_int_equal(initrd_build(r, &kernel_61, &claims, &base, &size), 0);
    assert_int_equal(size, 16);
    r->initrd_count = 0;
    assert_int_equal(initrd_build(r, &kernel_61, &claims, &base, &size), 0);
    assert_int_equal(size, 0);
}

static void check_live_iso(const struct linux_request *r, uint64_t base, uint64_t size, bool trailer)
{
    const uint8_t *at = (const uint8_t *)base, *end = at + size;
    uint64_t length;

    while (*at == 0)
        at++;
    assert_memory_equal(at, "first\0\0\0second\0\0", 16);
    assert_int_equal((uint64_t)at % 4, 0);
    assert_non_null(find(at + 16, end, "urlboot-init", &length));
    const uint8_t *iso = find(at + 16, end, "live.iso", &length);
    assert_int_equal(length, r->medium.length);
    for (uint64_t i = 0; i < length; i += 512)
        assert_int_equal(*(uint64_t *)(iso + i), i * 0x9e3779b97f4a7c15);
    assert_int_equal(find(at + 16, end, "TRAILER!!!", &length) != NULL, trailer);
}

static void iso_becomes_a_file_in_place(void **state)
{
    static const struct {
        uint64_t length, extra;  // extra: bytes of initrd beside the small ones
        bool trailer;
    } cases[] = { { MIB(5) + 2048, 0, true }, { MIB(6), 0, false }, { MIB(6) - 100, 0, false },
                  { MIB(5), MIB(7) + 1, true } };
    static uint8_t big[MIB(8)];

    (void)state;
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct linux_request *r = new_request();
        struct claims claims = { .count = 0 };
        uint64_t base, size;

        arena_reset(LOW_SIZE, HIGH_SIZE);
        r->medium = make_medium(HIGH_BASE + MIB(100), cases[i].length);
        r->medium.initrd = true;
        if (cases[i].extra)
            prepend(r, big, cases[i].extra);
        memset((void *)r->medium.header, 0xee, MEDIUM_HEADER_SIZE);
        uint64_t before = memmap_free_ram();
        assert_int_equal(initrd_build(r, &kernel_61, &claims, &base, &size), 0);
        assert_true(base < r->medium.base && base + size >= r->medium.base + r->medium.length);
        assert_int_equal(base % 4096, 0);
        assert_true(before - memmap_free_ram() <= cases[i].extra + 8192);  // no second ISO
        check_live_iso(r, base, size, cases[i].trailer);
        claims_release(&claims);
        assert_int_equal(memmap_free_ram(), before);
    }
}

static void iso_is_copied_when_it_must(void **state)
{
    static const struct linux_kernel_info low_only = { .major = 4, .minor = 19, .initrd_max = 0x37ffffff };
    struct linux_request *r = new_request();
    struct claims claims = { .count = 0 };
    uint64_t base, size;

    (void)state;
    arena_reset(LOW_SIZE, HIGH_SIZE);
    r->medium = make_medium(HIGH_BASE + MIB(100), MIB(40));
    r->medium.initrd = true;
    assert_int_equal(initrd_build(r, &low_only, &claims, &base, &size), 0);
    assert_true(base + size - 1 <= low_only.initrd_max);
    check_live_iso(r, base, size, true);

    // Something right in front of the ISO: no place around it.
    arena_reset(LOW_SIZE, HIGH_SIZE);
    claims.count = 0;
    r->medium = make_medium(HIGH_BASE + MIB(100), MIB(40));
    r->medium.initrd = true;
    assert_int_equal(memmap_claim_at(r->medium.header - 4096, 4096, "other"), 0);
    static uint8_t big[MIB(3)];
    prepend(r, big, sizeof(big));
    assert_int_equal(initrd_build(r, &kernel_61, &claims, &base, &size), 0);
    assert_true(base + size <= LOW_BASE + LOW_SIZE);
    check_live_iso(r, base, size, true);

    arena_reset(MIB(16), 0);
    claims.count = 0;
    r->medium = make_medium(LOW_BASE + MIB(4), MIB(8));
    r->medium.initrd = true;
    assert_int_equal(memmap_claim_at(LOW_BASE, MIB(2), "other"), 0);
    assert_int_equal(initrd_build(r, &low_only, &claims, &base, &size), ERR_MEDIUM_IMPOSSIBLE);
    assert_non_null(strstr(fail_detail(), "MiB"));
    assert_int_equal(claims.count, 0);
}

static void initrd_that_does_not_fit(void **state)
{
    struct linux_request *r = new_request();
    struct claims claims = { .count = 0 };
    static uint8_t big[MIB(3)];
    uint64_t base, size;

    (void)state;
    arena_reset(MIB(2), 0);
    r->initrd[0] = (struct linux_piece){ big, sizeof(big), true };
    assert_int_equal(initrd_build(r, &kernel_61, &claims, &base, &size), ERR_NOT_ENOUGH_MEMORY);
    arena_reset(MIB(2), HIGH_SIZE);
    assert_int_equal(initrd_build(r, &kernel_61, &claims, &base, &size), 0);
    assert_true(base >= HIGH_BASE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ladder),
        cmocka_unit_test(core_header),
        cmocka_unit_test(types_follow_the_ways),
        cmocka_unit_test(words),
        cmocka_unit_test(initrd_with_our_archive),
        cmocka_unit_test(initrd_without_our_archive),
        cmocka_unit_test(iso_becomes_a_file_in_place),
        cmocka_unit_test(iso_is_copied_when_it_must),
        cmocka_unit_test(initrd_that_does_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
