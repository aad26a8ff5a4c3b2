// kernel/linux/image.c: bzImage headers good, bad and cut off; where the kernel is put.
#include "kernel/linux/image.h"      // image_place
#include "kernel/linux/claims.h"     // struct claims
#include "lib/err.h"                 // ERR_KERNEL_INVALID
#include "tests/unit/linux_arena.h"  // bz_make

#include <stdlib.h>

static uint8_t file[BZ_SIZE];
static const struct linux_piece whole = { .data = file, .length = BZ_SIZE };

static void good_header(void **state)
{
    struct linux_kernel_info info;

    (void)state;
    bz_make(file);
    assert_int_equal(linux_kernel_info(&whole, 1, &info), 0);
    assert_string_equal(info.version, "6.1.0-25-amd64 (debian-kernel@lists.debian.org) #1 SMP");
    assert_int_equal(info.major, 6);
    assert_int_equal(info.minor, 1);
    assert_int_equal(info.protocol, 0x20f);
    assert_int_equal(info.cmdline_size, 2047);
    assert_int_equal(info.init_size, 0x400000);
    assert_int_equal(info.alignment, 0x200000);
    assert_int_equal(info.setup_size, BZ_SETUP);
    assert_int_equal(info.image_size, BZ_BODY);
    assert_int_equal(info.pref_address, 0x1000000);
    assert_int_equal(info.initrd_max, 0x7fffffff);
    assert_true(info.relocatable && info.above_4g);
}

static void versions(void **state)
{
    static const struct {
        const char *text;
        unsigned major, minor;
    } cases[] = {
        { "5.19.17-arch", 5, 19 }, { "6.12", 6, 12 },      { "10.0.1", 10, 0 }, { "", 0, 0 },
        { "v6.1", 0, 0 },          { "vmlinuz", 0, 0 },    { "6", 0, 0 },       { "6-1", 0, 0 },
        { "6.x", 6, 0 },           { "\x01\xff", 0, 0 },   { "99999999999999.1", 0, 0 },
    };
    struct linux_kernel_info info;

    (void)state;
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bz_make(file);
        memset(file + BZ_VERSION_AT, 0, 64);
        snprintf((char *)file + BZ_VERSION_AT, 64, "%s", cases[i].text);
        assert_int_equal(linux_kernel_info(&whole, 1, &info), 0);
        assert_int_equal(info.major, cases[i].major);
        assert_int_equal(info.minor, cases[i].minor);
        for (const char *c = info.version; *c; c++)
            assert_in_range(*c, ' ', '~');
    }
    bz_make(file)->kernel_version = 0xffff;  // beyond the file
    assert_int_equal(linux_kernel_info(&whole, 1, &info), 0);
    bz_make(file)->kernel_version = 0;       // none
    assert_int_equal(linux_kernel_info(&whole, 1, &info), 0);
    assert_string_equal(info.version, "");
}

enum break_what { MAGIC, BOOT_FLAG, VERSION, BITS, ZIMAGE, INIT_SIZE, CMDLINE, ALIGN_0, ALIGN_ODD, ALIGN_BIG,
                  PREF, SYSSIZE, PAYLOAD, SETUP_SECTS, BREAKS };

static void break_header(struct setup_header *hdr, enum break_what what)
{
    switch (what) {
    case MAGIC: hdr->header = 0; break;
    case BOOT_FLAG: hdr->boot_flag = 0; break;
    case VERSION: hdr->version = 0x020b; break;
    case BITS: hdr->xloadflags = 0x7e; break;
    case ZIMAGE: hdr->loadflags = 0; break;
    case INIT_SIZE: hdr->init_size = 0; break;
    case CMDLINE: hdr->cmdline_size = 0; break;
    case ALIGN_0: hdr->kernel_alignment = 0; break;
    case ALIGN_ODD: hdr->kernel_alignment = 0x300000; break;
    case ALIGN_BIG: hdr->kernel_alignment = 0x80000000; break;
    case PREF: hdr->pref_address = 0x1000001; break;
    case SYSSIZE: hdr->syssize = BZ_BODY / 16 + 1; break;
    case PAYLOAD: hdr->payload_length = 0xffffffff; break;
    case SETUP_SECTS: hdr->setup_sects = 255; break;
    case BREAKS: break;
    }
}

static void bad_headers(void **state)
{
    struct linux_kernel_info info;

    (void)state;
    for (int what = 0; what < BREAKS; what++) {
        break_header(bz_make(file), (enum break_what)what);
        assert_int_equal(linux_kernel_info(&whole, 1, &info), ERR_KERNEL_INVALID);
        assert_string_not_equal(fail_detail(), "");
        fail_clear();
    }
    memset(file, 0, sizeof(file));
    assert_int_equal(linux_kernel_info(&whole, 1, &info), ERR_KERNEL_INVALID);
    assert_int_equal(linux_kernel_info(NULL, 0, &info), ERR_KERNEL_INVALID);
}

static void cut_off_at_every_length(void **state)
{
    struct linux_kernel_info info;

    (void)state;
    bz_make(file);
    for (uint64_t length = 0; length < BZ_SIZE; length += length < 0x400 ? 1 : 509) {
        uint8_t *copy = malloc(length ? length : 1);
        memcpy(copy, file, length);
        const struct linux_piece piece = { .data = copy, .length = length };
        assert_int_equal(linux_kernel_info(&piece, 1, &info), ERR_KERNEL_INVALID);
        free(copy);
    }
    // The build pads the last paragraph; a file without that padding is whole.
    const struct linux_piece piece = { .data = file, .length = BZ_SIZE - 15 };
    assert_int_equal(linux_kernel_info(&piece, 1, &info), 0);
}

static void pieces_are_one_run(void **state)
{
    struct linux_piece piece[5];
    static const uint64_t cuts[] = { 0, 0x1f0, 0x1f3, 0x1f3, 0x310, BZ_SIZE };
    struct linux_kernel_info one, five;
    uint8_t buffer[64];

    (void)state;
    bz_make(file);
    for (unsigned i = 0; i < 5; i++)
        piece[i] = (struct linux_piece){ file + cuts[i], cuts[i + 1] - cuts[i], false };
    assert_int_equal(pieces_length(piece, 5), BZ_SIZE);
    assert_int_equal(linux_kernel_info(&whole, 1, &one), 0);
    assert_int_equal(linux_kernel_info(piece, 5, &five), 0);
    assert_memory_equal(&one, &five, sizeof(one));
    assert_int_equal(pieces_copy(piece, 5, BZ_SIZE - 10, buffer, 64), 10);
    assert_memory_equal(buffer, file + BZ_SIZE - 10, 10);
    assert_int_equal(pieces_copy(piece, 5, BZ_SIZE + 10, buffer, 64), 0);
    piece[0].length = UINT64_MAX;
    assert_int_equal(pieces_length(piece, 5), UINT64_MAX);
}

static void header_copy_stops_where_it_ends(void **state)
{
    uint8_t out[SETUP_HEADER_ROOM];

    (void)state;
    bz_make(file);
    file[0x26c] = 0x77;  // the first byte behind the header of 0x6a bytes from 0x202
    assert_int_equal(image_setup_header(&whole, 1, out), 0);
    assert_memory_equal(out, file + 0x1f1, 0x26c - 0x1f1);
    assert_int_equal(out[0x26c - 0x1f1], 0);
    file[0x201] = 0xff;  // longer than boot_params has room for
    assert_int_equal(image_setup_header(&whole, 1, out), 0);
    assert_memory_equal(out, file + 0x1f1, sizeof(out));
}

static int place(uint64_t *base)
{
    struct linux_kernel_info info;
    struct claims claims = { .count = 0 };

    assert_int_equal(linux_kernel_info(&whole, 1, &info), 0);
    *base = 0;
    int rc = image_place(&whole, 1, &info, &claims, base);
    assert_int_equal(claims.count, rc == 0);
    if (rc == 0)
        assert_memory_equal((void *)*base, file + BZ_SETUP, BZ_BODY);
    return rc;
}

static void placed_low_and_aligned(void **state)
{
    uint64_t base;

    (void)state;
    bz_make(file);
    arena_reset(LOW_SIZE, HIGH_SIZE);
    assert_int_equal(place(&base), 0);
    assert_int_equal(base, LOW_BASE);
    assert_int_equal(place(&base), 0);  // the first is taken now
    assert_int_equal(base, LOW_BASE + 0x400000);

    arena_reset(LOW_SIZE, 0);
    assert_int_equal(memmap_claim_at(LOW_BASE, 4096, "something"), 0);
    assert_int_equal(place(&base), 0);
    assert_int_equal(base, LOW_BASE + 0x200000);

    bz_make(file)->pref_address = LOW_BASE + MIB(64);
    arena_reset(LOW_SIZE, 0);
    assert_int_equal(place(&base), 0);
    assert_int_equal(base, LOW_BASE + MIB(64));
}

static void above_4g_only_when_allowed(void **state)
{
    uint64_t base;

    (void)state;
    bz_make(file);
    arena_reset(MIB(2), HIGH_SIZE);  // too little below 4 GiB
    assert_int_equal(place(&base), 0);
    assert_int_equal(base, HIGH_BASE);
    arena_reset(MIB(2), HIGH_SIZE);
    bz_make(file)->xloadflags = 1;
    assert_int_equal(place(&base), ERR_NOT_ENOUGH_MEMORY);
    assert_non_null(strstr(fail_detail(), "4 MiB"));
}

static void not_relocatable_goes_to_its_place_or_nowhere(void **state)
{
    uint64_t base;

    (void)state;
    struct setup_header *hdr = bz_make(file);
    hdr->relocatable_kernel = 0;
    hdr->pref_address = LOW_BASE + MIB(32);
    arena_reset(LOW_SIZE, HIGH_SIZE);
    assert_int_equal(place(&base), 0);
    assert_int_equal(base, LOW_BASE + MIB(32));
    assert_int_equal(place(&base), ERR_NOT_ENOUGH_MEMORY);
}

static void small_init_size_still_holds_the_file(void **state)
{
    uint64_t base, rest;

    (void)state;
    bz_make(file)->init_size = 4096;
    arena_reset(LOW_SIZE, 0);
    assert_int_equal(place(&base), 0);
    rest = memmap_free_ram();
    assert_int_equal(rest, LOW_SIZE - BZ_BODY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_header),
        cmocka_unit_test(versions),
        cmocka_unit_test(bad_headers),
        cmocka_unit_test(cut_off_at_every_length),
        cmocka_unit_test(pieces_are_one_run),
        cmocka_unit_test(header_copy_stops_where_it_ends),
        cmocka_unit_test(placed_low_and_aligned),
        cmocka_unit_test(above_4g_only_when_allowed),
        cmocka_unit_test(not_relocatable_goes_to_its_place_or_nowhere),
        cmocka_unit_test(small_init_size_still_holds_the_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
