// ISOLINUX configurations as people write them, .treeinfo, and the table of known paths.
#include "iso/boot_entry.h"        // boot_entries
#include "iso/iso9660.h"           // iso_open
#include "lib/err.h"               // ERR_NO_BOOT_ENTRY
#include "tests/unit/tiny_tree.h"  // tiny_tree

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FILES_MAX 20

static struct boot_entries entries;
static struct tree_file files[FILES_MAX];
static unsigned file_count;
static uint8_t *image;
static int result;

static int clear(void **state)
{
    (void)state;
    file_count = 0;
    return 0;
}

static int release(void **state)
{
    (void)state;
    free(image);
    image = NULL;
    return 0;
}

static void text(const char *path, const char *content)
{
    files[file_count++] = (struct tree_file){path, content, strlen(content), NULL, 0};
}

static void kernel(const char *path)
{
    files[file_count++] = (struct tree_file){path, tiny_kernel(), TINY_KERNEL_SIZE, NULL, 0};
}

// Looks for what to boot in all the files there are.
static void find(void)
{
    static struct iso iso;
    size_t size;

    free(image);
    image = tiny_tree(TINY_ROCK_RIDGE, files, file_count, &size);
    assert_int_equal(iso_open(&iso, image, size), 0);
    result = boot_entries_find(&iso, &entries);
}

static void expect(unsigned index, const char *title, const char *path, const char *words)
{
    assert_int_equal(result, 0);
    assert_in_range(index, 0, entries.count - 1);
    assert_string_equal(entries.entry[index].title, title);
    assert_string_equal(entries.entry[index].kernel, path);
    assert_string_equal(entries.entry[index].words, words);
}

static void expect_initrds(unsigned index, const char *first, const char *second)
{
    const struct boot_entry *entry = &entries.entry[index];

    assert_int_equal(entry->initrd_count, (first != NULL) + (second != NULL));
    if (first)
        assert_string_equal(entry->initrds[0], first);
    if (second)
        assert_string_equal(entry->initrds[1], second);
}

static void isolinux(const char *config)
{
    clear(NULL);
    text("/isolinux/isolinux.cfg", config);
    kernel("/isolinux/vmlinuz");
    kernel("/live/vmlinuz");
    text("/isolinux/initrd.img", "i");
    text("/live/extra.img", "e");
    text("/isolinux/memtest", "no kernel");
    find();
}

static void test_labels(void **state)
{
    (void)state;
    isolinux("# comment\n"
             "PROMPT 0\r\n"
             "Label one\r\n"
             "  MENU LABEL ^Live system\r\n"
             "  Kernel vmlinuz quiet\r\n"
             "  Append initrd=initrd.img,/live/extra.img boot=live  splash\r\n"
             "label mem\n  kernel memtest\n"
             "label two\n"
             "  linux /live/vmlinuz\n"
             "  initrd initrd.img\n");
    assert_int_equal(entries.count, 2);
    assert_string_equal(entries.source, "/isolinux/isolinux.cfg");
    expect(0, "Live system", "/isolinux/vmlinuz", "quiet boot=live splash");
    expect_initrds(0, "/isolinux/initrd.img", "/live/extra.img");
    expect(1, "two", "/live/vmlinuz", "");
    expect_initrds(1, "/isolinux/initrd.img", NULL);
    assert_string_equal(entries.entry[1].position, "2");       // the memory test keeps its place in the menu
    assert_int_equal(entries.chosen, 0);
}

static void test_names(void **state)
{
    (void)state;
    isolinux("label root\n kernel live/vmlinuz\n append initrd=live/extra.img\n"   // not in the folder: from the root
             "label up\n kernel ../live/vmlinuz\n"
             "label case\n kernel /LIVE/VMLINUZ\n");
    assert_int_equal(entries.count, 3);
    expect(0, "root", "/live/vmlinuz", "");
    expect_initrds(0, "/live/extra.img", NULL);
    expect(1, "up", "/live/vmlinuz", "");
    expect(2, "case", "/live/vmlinuz", "");
}

static void test_global_append(void **state)
{
    (void)state;
    isolinux("append initrd=initrd.img global words\n"
             "label inherits\n kernel vmlinuz\n"
             "label own\n kernel vmlinuz\n append own\n"
             "label none\n kernel vmlinuz\n append -\n");
    assert_int_equal(entries.count, 3);
    expect(0, "inherits", "/isolinux/vmlinuz", "global words");
    expect_initrds(0, "/isolinux/initrd.img", NULL);
    expect(1, "own", "/isolinux/vmlinuz", "own");
    expect_initrds(1, NULL, NULL);
    expect(2, "none", "/isolinux/vmlinuz", "");
}

#define THREE "label a\n kernel vmlinuz\nlabel b\n kernel vmlinuz\nlabel c\n kernel vmlinuz\n"

static void test_default(void **state)
{
    static const struct {
        const char *config;
        unsigned chosen;
    } cases[] = {
        {THREE, 0},
        {"default b\n" THREE, 1},
        {"DEFAULT C\n" THREE, 2},
        {THREE "default c\n", 2},
        {"default b\nontimeout c\n" THREE, 2},
        {"ontimeout c\ndefault b\n" THREE, 2},
        {"default menu.c32\n" THREE, 0},
        {"default b\n" THREE "menu default\n", 2},             // MENU DEFAULT in the last label wins
        {"default b\n" THREE "label d\n kernel memtest\n menu default\n", 1},    // but not of what is no Linux
        {"default cpu\nlabel cpu\n com32 ifcpu64.c32\n append b -- a\n" THREE, 1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        isolinux(cases[i].config);
        assert_int_equal(entries.chosen, cases[i].chosen);
    }
}

static void test_help_is_no_config(void **state)
{
    (void)state;
    isolinux("label a\n kernel vmlinuz\n text help\n append nonsense\n label hidden\n kernel vmlinuz\n endtext\n"
             " append words\n");
    assert_int_equal(entries.count, 1);
    expect(0, "a", "/isolinux/vmlinuz", "words");
}

static void test_includes(void **state)
{
    (void)state;
    clear(NULL);
    text("/isolinux/isolinux.cfg", "include menu.cfg\nmenu include sub/more.cfg\nlabel last\n kernel vmlinuz\n");
    text("/isolinux/menu.cfg", "label first\n kernel vmlinuz\n");
    // Relative to the main file's folder, wherever the including file lies; and it includes itself.
    text("/isolinux/sub/more.cfg", "include sub/more.cfg\nlabel more\n kernel vmlinuz\n");
    kernel("/isolinux/vmlinuz");
    find();
    expect(0, "first", "/isolinux/vmlinuz", "");
    expect(1, "more", "/isolinux/vmlinuz", "");
    expect(entries.count - 1, "last", "/isolinux/vmlinuz", "");
}

static void test_order_of_finders(void **state)
{
    (void)state;
    clear(NULL);
    text("/isolinux/isolinux.cfg", "label iso\n kernel /k\n");
    text("/boot/grub/grub.cfg", "menuentry 'grub' { linux /not/there\n }\n");
    kernel("/k");
    find();                                                    // grub.cfg names nothing that is there
    expect(0, "iso", "/k", "");
    text("/boot/grub/loopback.cfg", "menuentry 'loop' { linux /k x\n }\n");
    find();
    assert_int_equal(entries.count, 1);
    expect(0, "loop", "/k", "x");
    clear(NULL);
    text("/isolinux/isolinux.cfg", "label iso\n kernel /not/there\n");
    find();
    assert_int_equal(result, ERR_NO_BOOT_ENTRY);
    assert_non_null(strstr(fail_detail(), "/not/there is not in the ISO"));
}

#define TREE "[general]\nfamily = Some Linux\nversion = 9\n\n[images-xen]\nkernel = wrong\n" \
             "[images-x86_64]\nkernel = images/pxeboot/vmlinuz\ninitrd = images/pxeboot/initrd.img\n"

static void test_treeinfo(void **state)
{
    (void)state;
    clear(NULL);
    text("/.treeinfo", TREE "[stage2]\nmainimage = images/install.img\n");
    kernel("/images/pxeboot/vmlinuz");
    text("/images/pxeboot/initrd.img", "i");
    find();
    assert_int_equal(entries.count, 1);
    assert_string_equal(entries.source, "/.treeinfo");
    expect(0, "Some Linux 9", "/images/pxeboot/vmlinuz", "inst.stage2=hd:LABEL=A\\x20LABEL");
    expect_initrds(0, "/images/pxeboot/initrd.img", NULL);
    files[0] = (struct tree_file){"/.treeinfo", TREE, sizeof(TREE) - 1, NULL, 0};
    find();
    expect(0, "Some Linux 9", "/images/pxeboot/vmlinuz", "");
}

static void test_known_paths(void **state)
{
    (void)state;
    clear(NULL);
    kernel("/live/vmlinuz-6.1.0-9-amd64");
    text("/live/initrd.img-6.1.0-9-amd64", "i");
    find();
    assert_string_equal(entries.source, "table: Debian live");
    expect(0, "Debian live", "/live/vmlinuz-6.1.0-9-amd64", "boot=live components");
    expect_initrds(0, "/live/initrd.img-6.1.0-9-amd64", NULL);

    clear(NULL);                                               // no initrd of the same version
    kernel("/live/vmlinuz-6.1.0-9-amd64");
    text("/live/initrd.img-5.10", "i");
    find();
    assert_int_equal(result, ERR_NO_BOOT_ENTRY);

    clear(NULL);                                               // the label is one word, blanks or not
    kernel("/images/pxeboot/vmlinuz");
    text("/images/pxeboot/initrd.img", "i");
    find();
    expect(0, "anaconda", "/images/pxeboot/vmlinuz", "inst.stage2=hd:LABEL=A\\x20LABEL");
    text("/LiveOS/squashfs.img", "s");
    find();
    expect(0, "Fedora live", "/images/pxeboot/vmlinuz", "root=live:CDLABEL=A\\x20LABEL rd.live.image");

    clear(NULL);
    kernel("/arch/boot/x86_64/vmlinuz-linux");
    text("/arch/boot/x86_64/initramfs-linux.img", "i");
    find();
    expect(0, "Arch", "/arch/boot/x86_64/vmlinuz-linux", "archisobasedir=arch archisosearchuuid=2025-11-01-08-34-49-00");
}

#define WITH_CLEAR(test) cmocka_unit_test_setup_teardown(test, clear, release)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_CLEAR(test_labels),    WITH_CLEAR(test_names),           WITH_CLEAR(test_global_append),
        WITH_CLEAR(test_default),   WITH_CLEAR(test_help_is_no_config), WITH_CLEAR(test_includes),
        WITH_CLEAR(test_treeinfo),  WITH_CLEAR(test_known_paths),     WITH_CLEAR(test_order_of_finders),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
