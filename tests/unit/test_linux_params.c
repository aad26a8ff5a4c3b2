// kernel/linux/params.c: every field of boot_params that Linux reads of ours, for BIOS and UEFI machines.
#include "kernel/linux/params.h"    // params_build
#include "lib/err.h"                // ERR_BOOT_INFO_INVALID
#include "tests/unit/linux_arena.h" // bz_make

#include <stdlib.h>

static uint8_t file[BZ_SIZE];

struct machine {
    struct boot_info info;
    struct params_input input;
    uint8_t efi_map[3 * 48];
};

static struct machine *new_machine(void)
{
    struct machine *m = calloc(1, sizeof(*m));
    const struct linux_piece piece = { .data = file, .length = sizeof(file) };

    bz_make(file);
    m->input.info = &m->info;
    m->input.cmdline = "quiet splash";
    assert_int_equal(image_setup_header(&piece, 1, m->input.setup_header), 0);
    return m;
}

// Builds into a block that ends where its memory ends, so that ASan sees a byte too many.
static struct boot_params *build(struct machine *m, int expected)
{
    uint64_t size = params_size(&m->input);
    void *block = aligned_alloc(4096, size);

    assert_int_equal(size % 4096, 0);
    memset(block, 0xee, size);
    assert_int_equal(params_build(&m->input, block), expected);
    return block;
}

static void done(struct machine *m, struct boot_params *bp)
{
    free(bp);
    free(m);
}

static uint64_t join(uint32_t low, uint32_t high)
{
    return (uint64_t)high << 32 | low;
}

static void header_and_words(void **state)
{
    struct machine *m = new_machine();

    (void)state;
    m->info.rsdp = 0xf59d0;
    m->input.initrd_base = 0x123456000;
    m->input.initrd_size = 0x1ffffffff;
    struct boot_params *bp = build(m, 0);
    const struct setup_header *from = (const struct setup_header *)(file + 0x1f1);

    assert_int_equal(bp->sentinel, 0);
    assert_int_equal(bp->hdr.header, from->header);
    assert_int_equal(bp->hdr.pref_address, from->pref_address);
    assert_int_equal(bp->hdr.init_size, from->init_size);
    assert_int_equal(bp->hdr.kernel_info_offset, 0);
    assert_int_equal(bp->hdr.type_of_loader, 0xff);
    assert_int_equal(bp->hdr.loadflags, LOADED_HIGH);
    assert_int_equal(bp->acpi_rsdp_addr, 0xf59d0);
    assert_int_equal(join(bp->hdr.ramdisk_image, bp->ext_ramdisk_image), 0x123456000);
    assert_int_equal(join(bp->hdr.ramdisk_size, bp->ext_ramdisk_size), 0x1ffffffff);
    const char *words = (const char *)join(bp->hdr.cmd_line_ptr, bp->ext_cmd_line_ptr);
    assert_true(words > (char *)bp && words < (char *)bp + params_size(&m->input));
    assert_string_equal(words, "quiet splash");
    assert_int_equal(bp->efi_info.efi_loader_signature, 0);
    assert_int_equal(bp->secure_boot, 0);
    assert_int_equal(bp->hdr.setup_data, 0);
    done(m, bp);
}

static void e820(void **state)
{
    static const enum mem_type types[] = { 1, 2, 3, 4, 5, 7, 12, 20, 6, 0 };
    static const uint32_t expected[] = { 1, 2, 3, 4, 5, 7, 12, 2, 2, 2 };
    static const unsigned counts[] = { 0, 1, 127, 128, 129, 300 };
    struct mem_range ranges[300];

    (void)state;
    for (unsigned i = 0; i < 300; i++)
        ranges[i] = (struct mem_range){ .base = i * MIB(3), .length = MIB(1) + i, .type = types[i % 10] };
    for (unsigned c = 0; c < sizeof(counts) / sizeof(counts[0]); c++) {
        struct machine *m = new_machine();
        m->input.ranges = ranges;
        m->input.range_count = counts[c];
        struct boot_params *bp = build(m, 0);
        unsigned first = counts[c] < 128 ? counts[c] : 128;

        assert_int_equal(bp->e820_entries, first);
        const struct setup_data *more = (const struct setup_data *)(uintptr_t)bp->hdr.setup_data;
        assert_int_equal(more != NULL, counts[c] > 128);
        if (more != NULL) {
            assert_int_equal(more->type, SETUP_E820_EXT);
            assert_int_equal(more->len, (counts[c] - 128) * 20);
            assert_int_equal(more->next, 0);
        }
        for (unsigned i = 0; i < counts[c]; i++) {
            struct boot_e820_entry e;
            memcpy(&e, i < 128 ? (void *)&bp->e820_table[i] : (void *)(more->data + (i - 128) * 20), 20);
            assert_int_equal(e.addr, ranges[i].base);
            assert_int_equal(e.size, ranges[i].length);
            assert_int_equal(e.type, expected[i % 10]);
        }
        done(m, bp);
    }
}

static void seed_follows_the_e820_rest(void **state)
{
    static struct mem_range ranges[200];
    struct machine *m = new_machine();

    (void)state;
    m->input.ranges = ranges;
    m->input.range_count = 200;
    m->input.seed = "0123456789abcdef";
    m->input.seed_size = 16;
    struct boot_params *bp = build(m, 0);
    const struct setup_data *seed = (const struct setup_data *)(uintptr_t)bp->hdr.setup_data;
    assert_int_equal(seed->type, SETUP_RNG_SEED);
    assert_int_equal(seed->len, 16);
    assert_memory_equal(seed->data, "0123456789abcdef", 16);
    const struct setup_data *rest = (const struct setup_data *)(uintptr_t)seed->next;
    assert_int_equal(rest->type, SETUP_E820_EXT);
    assert_int_equal(rest->next, 0);
    done(m, bp);
}

static void set_efi(struct machine *m)
{
    struct efi_descriptor d = { .type = EFI_MEM_CONVENTIONAL, .physical = 0, .pages = 1ull << 40 };

    memcpy(m->efi_map, &d, sizeof(d));
    d.type = 6;
    d.physical = 1ull << 52;
    d.pages = 16;
    memcpy(m->efi_map + 48, &d, sizeof(d));
    m->info.efi = (struct boot_efi){ .present = true, .system_table = 0x27f3ee018, .memory_map = m->efi_map,
                                     .memory_map_size = 2 * 48, .descriptor_size = 48,
                                     .descriptor_version = 1 };
}

static void efi_map_protects_medium_and_block(void **state)
{
    struct machine *m = new_machine();

    (void)state;
    set_efi(m);
    m->input.keep[0] = (struct efi_keep){ 0x40000000, MIB(200), EFI_MEM_RESERVED };
    m->input.keep_count = 1;
    struct boot_params *bp = build(m, 0);
    assert_memory_equal(&bp->efi_info, "EL64", 4);
    assert_int_equal(join(bp->efi_info.efi_systab, bp->efi_info.efi_systab_hi), 0x27f3ee018);
    assert_int_equal(bp->efi_info.efi_memdesc_size, 48);
    assert_int_equal(bp->efi_info.efi_memdesc_version, 1);
    assert_int_equal(bp->secure_boot, 2);
    // conventional, ISO, conventional, this block, conventional, runtime data
    assert_int_equal(bp->efi_info.efi_memmap_size, 6 * 48);
    const uint8_t *map = (const uint8_t *)join(bp->efi_info.efi_memmap, bp->efi_info.efi_memmap_hi);
    assert_true(map + 6 * 48 <= (uint8_t *)bp + params_size(&m->input));
    struct efi_descriptor iso, block;
    memcpy(&iso, map + 1 * 48, sizeof(iso));
    memcpy(&block, map + 3 * 48, sizeof(block));
    assert_true(iso.type == EFI_MEM_RESERVED && iso.physical == 0x40000000 && iso.pages == MIB(200) / 4096);
    assert_true(block.type == EFI_MEM_LOADER_DATA && block.physical == (uint64_t)bp &&
                block.pages == params_size(&m->input) / 4096);
    done(m, bp);
}

static void efi_without_a_usable_map(void **state)
{
    struct machine *m = new_machine();

    (void)state;
    set_efi(m);
    m->info.efi.memory_map = NULL;  // Linux then boots as on a BIOS machine
    struct boot_params *bp = build(m, 0);
    assert_int_equal(bp->efi_info.efi_loader_signature, 0);
    assert_int_equal(bp->screen_info.orig_video_isVGA, 0);
    done(m, bp);
    m = new_machine();
    set_efi(m);
    m->info.efi.descriptor_size = 8;
    done(m, build(m, ERR_BOOT_INFO_INVALID));
}

static void framebuffer(void **state)
{
    static const struct boot_framebuffer screen = {
        .kind = BOOT_FB_RGB, .address = 0x4080000000, .pitch = 3200, .width = 800, .height = 600, .bpp = 32,
        .red_pos = 16, .red_size = 8, .green_pos = 8, .green_size = 8, .blue_pos = 0, .blue_size = 8,
    };

    (void)state;
    for (int efi = 0; efi <= 1; efi++) {
        struct machine *m = new_machine();
        if (efi)
            set_efi(m);
        m->info.fb = screen;
        struct boot_params *bp = build(m, 0);
        const struct screen_info *s = &bp->screen_info;
        assert_int_equal(s->orig_video_isVGA, efi ? VIDEO_TYPE_EFI : VIDEO_TYPE_VLFB);
        assert_int_equal(join(s->lfb_base, s->ext_lfb_base), 0x4080000000);
        assert_int_equal(s->capabilities, VIDEO_CAPABILITY_64BIT_BASE);
        assert_int_equal(s->lfb_size, efi ? 1920000 : 30);
        assert_int_equal(s->lfb_width, 800);
        assert_int_equal(s->lfb_height, 600);
        assert_int_equal(s->lfb_depth, 32);
        assert_int_equal(s->lfb_linelength, 3200);
        assert_int_equal(s->red_pos, 16);
        assert_int_equal(s->green_pos, 8);
        assert_int_equal(s->blue_pos, 0);
        assert_int_equal(s->rsvd_size, 8);
        assert_int_equal(s->rsvd_pos, 24);
        assert_int_equal(s->pages, 1);
        done(m, bp);
    }
}

static void framebuffer_that_does_not_fit(void **state)
{
    struct machine *m = new_machine();

    (void)state;
    m->info.fb = (struct boot_framebuffer){ .kind = BOOT_FB_RGB, .address = 0x80000000, .pitch = 65536,
                                            .width = 16384, .height = 100, .bpp = 32 };
    struct boot_params *bp = build(m, 0);
    assert_int_equal(bp->screen_info.orig_video_isVGA, 0);
    done(m, bp);
}

static void text_screen(void **state)
{
    struct machine *m = new_machine();

    (void)state;
    m->info.fb = (struct boot_framebuffer){ .kind = BOOT_FB_TEXT, .width = 80, .height = 50 };
    struct boot_params *bp = build(m, 0);
    assert_int_equal(bp->screen_info.orig_video_isVGA, 1);
    assert_int_equal(bp->screen_info.orig_video_mode, 3);
    assert_int_equal(bp->screen_info.orig_video_cols, 80);
    assert_int_equal(bp->screen_info.orig_video_lines, 50);
    done(m, bp);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(header_and_words),
        cmocka_unit_test(e820),
        cmocka_unit_test(seed_follows_the_e820_rest),
        cmocka_unit_test(efi_map_protects_medium_and_block),
        cmocka_unit_test(efi_without_a_usable_map),
        cmocka_unit_test(framebuffer),
        cmocka_unit_test(framebuffer_that_does_not_fit),
        cmocka_unit_test(text_screen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
