// The ISO reader: names in their three kinds, paths, symbolic links, files of several extents, damage, cost.
#include "iso/directory.h"         // joliet_name
#include "iso/iso9660.h"           // iso_find
#include "iso/iso9660_layout.h"    // ISO_SECTOR
#include "lib/err.h"               // ERR_FILE_NOT_FOUND
#include "tests/unit/tiny_tree.h"  // tiny_tree

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FILE_OF(path, text) {path, text, sizeof(text) - 1, NULL, 0}
#define LINK_OF(path, target) {path, "", 0, target, 0}
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct iso iso;
static struct iso_file file;
static uint8_t *image;
static size_t image_size;

static void open_tree(enum tiny_names names, const struct tree_file *files, unsigned count)
{
    free(image);
    image = tiny_tree(names, files, count, &image_size);
    assert_int_equal(iso_open(&iso, image, image_size), 0);
}

// The file's text is `text`, and its resolved path `path`.
static void expect(const char *name, const char *path, const char *text)
{
    assert_int_equal(iso_find(&iso, name, &file), 0);
    assert_string_equal(file.path, path);
    assert_false(file.directory || file.symlink);
    assert_int_equal(file.size, strlen(text));
    assert_memory_equal(file.extents[0].data, text, strlen(text));
}

static void expect_folder(const char *name, const char *path)
{
    assert_int_equal(iso_find(&iso, name, &file), 0);
    assert_true(file.directory);
    assert_string_equal(file.path, path);
}

static void expect_none(const char *name)
{
    assert_int_equal(iso_find(&iso, name, &file), ERR_FILE_NOT_FOUND);
}

static void test_plain_names(void **state)
{
    static const struct tree_file files[] = {
        FILE_OF("/README.TXT;1", "read"), FILE_OF("/BOOT/GRUB/GRUB.CFG;1", "menu"), FILE_OF("/NODOT.;1", "dot"),
    };

    (void)state;
    open_tree(TINY_PLAIN, files, COUNT(files));
    assert_false(iso.rock_ridge || iso.joliet);
    assert_string_equal(iso.label, "A LABEL");
    assert_string_equal(iso.uuid, "2025-11-01-08-34-49-00");
    expect("/readme.txt", "/readme.txt", "read");
    expect("/README.TXT", "/readme.txt", "read");
    expect("/boot/grub/grub.cfg", "/boot/grub/grub.cfg", "menu");
    expect("/nodot", "/nodot", "dot");
    expect_none("/readme.txt;1");
    expect_none("/readme");
}

static void test_case(void **state)
{
    static const struct tree_file files[] = {
        FILE_OF("/README", "large"), FILE_OF("/Readme", "mixed"), FILE_OF("/readme.txt", "other"),
    };

    (void)state;
    open_tree(TINY_ROCK_RIDGE, files, COUNT(files));
    assert_true(iso.rock_ridge);
    expect("/Readme", "/Readme", "mixed");
    expect("/README", "/README", "large");
    expect("/readme", "/README", "large");     // nothing is equal: the first that differs in case only
    expect("/ReadMe.TXT", "/readme.txt", "other");
}

static void test_paths(void **state)
{
    static const struct tree_file files[] = {
        FILE_OF("/live/A long name with Blanks-1.2.3_amd64.img", "long"), FILE_OF("/live/deep/er/x", "x"),
        FILE_OF("/top", "top"), FILE_OF("/empty", ""),
    };

    (void)state;
    open_tree(TINY_ROCK_RIDGE, files, COUNT(files));
    expect("/live/A long name with Blanks-1.2.3_amd64.img", "/live/A long name with Blanks-1.2.3_amd64.img", "long");
    expect("//live/./deep///er/../er/x", "/live/deep/er/x", "x");
    expect("/../../top", "/top", "top");
    expect("live/deep/../../top", "/top", "top");
    expect_folder("/", "/");
    expect_folder("/live/deep/", "/live/deep");
    expect_folder("/live/deep/../..", "/");
    assert_int_equal(iso_find(&iso, "/empty", &file), 0);
    assert_int_equal(file.size + file.extent_count, 0);
    expect_none("/top/x");                     // a file is no folder
    expect_none("/live/x");
    expect_none("/liv");
    char long_path[2 * ISO_PATH_MAX];
    memset(long_path, 'a', sizeof(long_path) - 1);
    long_path[sizeof(long_path) - 1] = '\0';
    expect_none(long_path);
}

static void test_links(void **state)
{
    static const struct tree_file files[] = {
        FILE_OF("/casper/vmlinuz-6.1", "kernel"),      LINK_OF("/casper/vmlinuz", "vmlinuz-6.1"),
        LINK_OF("/boot", "casper"),                    LINK_OF("/casper/absolute", "/casper/vmlinuz"),
        LINK_OF("/a/b/up", "../../casper/vmlinuz-6.1"), LINK_OF("/a/loop", "loop2"),
        LINK_OF("/a/loop2", "./loop"),                 LINK_OF("/a/nowhere", "/not/there"),
        LINK_OF("/a/self", "."),                       LINK_OF("/a/root", "/"),
    };

    (void)state;
    open_tree(TINY_ROCK_RIDGE, files, COUNT(files));
    expect("/casper/vmlinuz", "/casper/vmlinuz-6.1", "kernel");
    expect("/boot/vmlinuz", "/casper/vmlinuz-6.1", "kernel");
    expect("/boot/absolute", "/casper/vmlinuz-6.1", "kernel");
    expect("/a/b/up", "/casper/vmlinuz-6.1", "kernel");
    expect("/a/self/self/root/boot/../casper/vmlinuz", "/casper/vmlinuz-6.1", "kernel");
    expect_folder("/boot", "/casper");
    expect_folder("/a/root", "/");
    expect_none("/a/loop");
    assert_non_null(strstr(fail_detail(), "round in circles"));
    expect_none("/a/nowhere");
}

static void test_joliet(void **state)
{
    static const struct tree_file files[] = {
        FILE_OF("/B\xc3\xbc" "cher/\xe2\x82\xac Zeichen.txt;1", "utf"), FILE_OF("/isolinux/isolinux.cfg", "menu"),
    };

    (void)state;
    open_tree(TINY_JOLIET, files, COUNT(files));
    assert_true(iso.joliet && !iso.rock_ridge);
    expect("/B\xc3\xbc" "cher/\xe2\x82\xac Zeichen.txt", "/B\xc3\xbc" "cher/\xe2\x82\xac Zeichen.txt", "utf");
    expect("/ISOLINUX/isolinux.cfg", "/isolinux/isolinux.cfg", "menu");
}

static void test_joliet_names(void **state)
{
    static const struct {
        const char *utf16;
        uint32_t length;
        const char *want;
    } cases[] = {
        {"\xd8\x3d\xde\x00", 4, "\xf0\x9f\x98\x80"},          // a pair of surrogates, U+1F600
        {"\xd8\x3d\0a", 4, "\xef\xbf\xbd" "a"},               // the first alone
        {"\xde\x00\0a", 4, "\xef\xbf\xbd" "a"},               // the second alone
        {"\xd8\x3d", 2, "\xef\xbf\xbd"},                      // the end instead of the second
        {"\0a\0/\0b\0;\0001", 10, "a_b"},
        {"\0a\0", 3, "a"},                                     // half a character
        {"", 0, ""},
    };
    char name[8];

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        joliet_name((const uint8_t *)cases[i].utf16, cases[i].length, name, sizeof(name));
        assert_string_equal(name, cases[i].want);
    }
    joliet_name((const uint8_t *)"\0a\0b\0c\xde\x00\xde\x00", 10, name, sizeof(name));
    assert_string_equal(name, "abc\xef\xbf\xbd");             // never half a character at the end
}

static void test_pieces(void **state)
{
    static char data[3 * ISO_SECTOR + 100];
    char got[sizeof(data)];
    const struct tree_file files[] = {
        {"/big", data, sizeof(data), NULL, 3}, FILE_OF("/behind", "behind"),
    };

    (void)state;
    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (char)(i * 7 + i / 256);
    open_tree(TINY_ROCK_RIDGE, files, COUNT(files));
    assert_int_equal(iso_find(&iso, "/big", &file), 0);
    assert_int_equal(file.size, sizeof(data));
    assert_int_equal(file.extent_count, 3);
    assert_int_equal(iso_read(&file, 0, got, sizeof(got)), sizeof(data));
    assert_memory_equal(got, data, sizeof(data));
    assert_int_equal(iso_read(&file, 2 * ISO_SECTOR - 5, got, 10), 10);
    assert_memory_equal(got, data + 2 * ISO_SECTOR - 5, 10);
    assert_int_equal(iso_read(&file, sizeof(data) - 3, got, 10), 3);
    assert_int_equal(iso_read(&file, sizeof(data), got, 1), 0);
    expect("/behind", "/behind", "behind");

    // The last record gone: the file before it has no end.
    const struct tree_file alone[] = {{"/big", data, sizeof(data), NULL, 2}};
    open_tree(TINY_ROCK_RIDGE, alone, 1);
    uint8_t *record = image + iso.root_extent * ISO_SECTOR;
    for (unsigned i = 0; i < 3; i++)
        record += record[DR_LENGTH];
    record[DR_LENGTH] = 0;
    assert_int_equal(iso_find(&iso, "/big", &file), ERR_ISO_INVALID);
}

static int count_entry(void *ctx, const char *name, const struct iso_file *entry)
{
    char *seen = ctx;

    sprintf(seen + strlen(seen), "%s%s ", name, entry->directory ? "/" : entry->symlink ? "@" : "");
    return strcmp(name, "stop") == 0 ? 7 : 0;
}

static void test_list(void **state)
{
    static const struct tree_file files[] = {
        FILE_OF("/a", "a"), FILE_OF("/d/e", "e"), LINK_OF("/l", "a"), FILE_OF("/stop", ""), FILE_OF("/z", "z"),
    };
    char seen[100] = "";

    (void)state;
    open_tree(TINY_ROCK_RIDGE, files, COUNT(files));
    assert_int_equal(iso_find(&iso, "/", &file), 0);
    assert_int_equal(iso_list(&iso, &file, count_entry, seen), 7);
    assert_string_equal(seen, "a d/ l@ stop ");
    seen[0] = '\0';
    assert_int_equal(iso_find(&iso, "/d", &file), 0);
    assert_int_equal(iso_list(&iso, &file, count_entry, seen), 0);
    assert_string_equal(seen, "e ");
}

// What all lookups together may cost is limited, and one lookup costs one walk, whatever its outcome.
static void test_cost(void **state)
{
    static struct tree_file files[30];
    static char names[30][32];
    unsigned lookups = 0;

    (void)state;
    for (unsigned i = 0; i < 30; i++) {
        sprintf(names[i], "/file number %u", i);
        files[i] = (struct tree_file)FILE_OF(names[i], "x");
    }
    open_tree(TINY_ROCK_RIDGE, files, 30);
    expect_none("/nothing");
    assert_in_range(iso.walked, 30 * DR_NAME, ISO_SECTOR + 32);
    iso.walked = ISO_WALK_MAX - 100 * ISO_SECTOR;
    while (iso_find(&iso, "/nothing", &file) == ERR_FILE_NOT_FOUND)
        assert_true(++lookups < 200);
    assert_true(lookups >= 99);
    assert_int_equal(iso_find(&iso, names[3], &file), ERR_ISO_INVALID);
    assert_non_null(strstr(fail_detail(), "too large to search"));
}

static void test_damage(void **state)
{
    static const struct tree_file files[] = {FILE_OF("/a", "a")};

    (void)state;
    open_tree(TINY_ROCK_RIDGE, files, 1);
    uint8_t *primary = image + ISO_FIRST_DESCRIPTOR * ISO_SECTOR, *record = image + iso.root_extent * ISO_SECTOR;
    record += record[DR_LENGTH];
    record += record[DR_LENGTH];
    assert_int_equal(iso_find(&iso, "/a", &file), 0);
    record[DR_EXTENT + 3] = 0x7f;                              // far behind the image
    assert_int_equal(iso_find(&iso, "/a", &file), ERR_ISO_INVALID);
    record[DR_EXTENT + 3] = 0;
    record[DR_NAME_LENGTH] = 250;                              // longer than its record
    assert_int_equal(iso_find(&iso, "/a", &file), ERR_ISO_INVALID);
    primary[VD_VOLUME_BLOCKS + 2] = 1;                         // the volume claims 128 MiB
    assert_int_equal(iso_open(&iso, image, image_size), ERR_ISO_INVALID);
    assert_non_null(strstr(fail_detail(), "cut off"));
    primary[VD_VOLUME_BLOCKS + 2] = 0;
    primary[VD_ROOT_RECORD + DR_DATA_LENGTH + 3] = 2;          // a root of 32 MiB
    assert_int_equal(iso_open(&iso, image, image_size), ERR_ISO_INVALID);
    primary[VD_MAGIC] = 'X';
    memcpy(image, "\x1f\x8b", 2);
    assert_int_equal(iso_open(&iso, image, image_size), ERR_NOT_AN_ISO);
    assert_non_null(strstr(fail_detail(), "gzip"));
}

static int end(void **state)
{
    (void)state;
    free(image);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain_names), cmocka_unit_test(test_case),   cmocka_unit_test(test_paths),
        cmocka_unit_test(test_links),       cmocka_unit_test(test_joliet), cmocka_unit_test(test_joliet_names),
        cmocka_unit_test(test_pieces),      cmocka_unit_test(test_list),   cmocka_unit_test(test_cost),
        cmocka_unit_test(test_damage),
    };

    return cmocka_run_group_tests(tests, NULL, end);
}
