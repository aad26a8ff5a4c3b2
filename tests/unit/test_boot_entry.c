// Boot entries: which menu counts when one of GRUB's files hands over to another, and what a configuration may
// cost.
#include "iso/boot_entry.h"       // boot_entries
#include "iso/finder.h"           // find_grub
#include "iso/iso9660.h"          // iso_open
#include "tests/unit/tiny_iso.h"  // tiny_iso

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ENTRY(title) "menuentry '" title "' { linux /k " title "; initrd /i }\n"

static struct boot_entries entries;

// Reads GRUB.CFG and up to two more files, named B.CFG and C.CFG; "" is an empty one.
static void read_menus(const char *first, const char *second, const char *third)
{
    struct tiny_file files[] = {
        {"GRUB.CFG", first, strlen(first)}, {"B.CFG", second, strlen(second)}, {"C.CFG", third, strlen(third)},
    };
    struct iso iso;
    size_t size;
    uint8_t *image = tiny_iso(files, 3, &size);

    assert_int_equal(iso_open(&iso, image, size), 0);
    memset(&entries, 0, offsetof(struct boot_entries, work));
    assert_int_equal(find_grub(&iso, "/grub.cfg", &entries), 0);
    free(image);
}

static void assert_titles(const char *const *titles, unsigned count)
{
    assert_int_equal(entries.count, count);
    for (unsigned i = 0; i < count; i++)
        assert_string_equal(entries.entry[i].title, titles[i]);
}

#define ASSERT_TITLES(...) \
    assert_titles((const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static void test_configfile_replaces_menu(void **state)
{
    (void)state;
    read_menus(ENTRY("a1") ENTRY("a2") "configfile /b.cfg\n" ENTRY("a3"), ENTRY("b1"), "");
    ASSERT_TITLES("b1");
}

static void test_configfile_without_entries_changes_nothing(void **state)
{
    (void)state;
    read_menus(ENTRY("a1") "configfile /b.cfg\n" ENTRY("a2"), "set x=1\n", "");
    ASSERT_TITLES("a1", "a2");
}

// The third file's menu is shorter than what was there before the second was read.
static void test_configfile_in_configfile(void **state)
{
    (void)state;
    read_menus(ENTRY("a1") ENTRY("a2") "configfile /b.cfg\n", ENTRY("b1") "configfile /c.cfg\n", ENTRY("c1"));
    ASSERT_TITLES("c1");
}

// As many entries as there were before: nothing tells by their number that the menu is another.
static void test_configfile_in_configfile_of_same_length(void **state)
{
    (void)state;
    read_menus(ENTRY("a1") "if configfile /b.cfg; then true; fi\n" ENTRY("a2"), "configfile /c.cfg\n",
               ENTRY("c1"));
    ASSERT_TITLES("c1");
}

static void test_configfile_of_itself_ends(void **state)
{
    (void)state;
    read_menus(ENTRY("a1") ENTRY("a2") "configfile /grub.cfg\n", "", "");
    assert_true(entries.count > 0);
    assert_string_equal(entries.entry[0].title, "a1");
}

// ---- what a configuration may cost --------------------------------------------------------------------

static void find(int (*finder)(const struct iso *iso, const char *path, struct boot_entries *out),
                 const char *path, const struct tiny_file *files, unsigned count)
{
    struct iso iso;
    size_t size;
    uint8_t *image = tiny_iso(files, count, &size);

    assert_int_equal(iso_open(&iso, image, size), 0);
    memset(&entries, 0, offsetof(struct boot_entries, work));
    assert_int_equal(finder(&iso, path, &entries), 0);
    free(image);
}

// `count` labels without a kernel that is there, then a good one.
static void find_behind_labels(unsigned count)
{
    static const char bad[] = "label x\nlinux nope\n", good[] = "label good\nlinux k\n";
    size_t size = count * (sizeof(bad) - 1) + sizeof(good) - 1;
    char *text = malloc(size);

    for (unsigned i = 0; i < count; i++)
        memcpy(text + i * (sizeof(bad) - 1), bad, sizeof(bad) - 1);
    memcpy(text + count * (sizeof(bad) - 1), good, sizeof(good) - 1);
    struct tiny_file file = {"ISOLINUX.CFG", text, size};
    find(find_isolinux, "/isolinux.cfg", &file, 1);
    free(text);
}

static void test_isolinux_lookups_end(void **state)
{
    (void)state;
    find_behind_labels(100);
    ASSERT_TITLES("good");
    find_behind_labels(5000);
    assert_int_equal(entries.count, 0);
}

static void test_bls_bytes_end(void **state)
{
    static char big[600 * 1024];
    static const char head[] = "title big\nlinux /k\n#", small[] = "title small\nlinux /k\n";

    (void)state;
    memset(big, 'x', sizeof(big));
    memcpy(big, head, sizeof(head) - 1);
    struct tiny_file files[] = {
        {"A.CONF", big, sizeof(big)}, {"B.CONF", big, sizeof(big)}, {"C.CONF", small, sizeof(small) - 1},
    };
    find(find_bls, "/", files, 3);
    ASSERT_TITLES("big", "small");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_configfile_replaces_menu),
        cmocka_unit_test(test_configfile_without_entries_changes_nothing),
        cmocka_unit_test(test_configfile_in_configfile),
        cmocka_unit_test(test_configfile_in_configfile_of_same_length),
        cmocka_unit_test(test_configfile_of_itself_ends),
        cmocka_unit_test(test_isolinux_lookups_end),
        cmocka_unit_test(test_bls_bytes_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
