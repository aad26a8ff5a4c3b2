// Families of live systems: recognised by words and files, and the command line that is made for them.
#include "iso/family.h"            // family_words
#include "iso/iso9660.h"           // iso_open
#include "lib/err.h"               // ERR_OPTION_INVALID
#include "lib/log.h"               // klog
#include "tests/unit/tiny_tree.h"  // tiny_tree

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct boot_entry entry;
static char logged[2048];

void klog(enum log_level level, const char *format, ...)
{
    size_t used = strlen(logged);
    va_list args;

    assert_int_equal(level, LOG_INFO);
    va_start(args, format);
    vsnprintf(logged + used, sizeof(logged) - used, format, args);
    va_end(args);
    strncat(logged, "\n", sizeof(logged) - strlen(logged) - 1);
}

static void entry_of(const char *kernel, const char *words)
{
    memset(&entry, 0, sizeof(entry));
    snprintf(entry.kernel, sizeof(entry.kernel), "%s", kernel);
    snprintf(entry.words, sizeof(entry.words), "%s", words);
}

// The family of an entry in an ISO with one file, NULL: with none that matters.
static const struct family *family_of(const char *kernel, const char *words, const char *path)
{
    const struct tree_file file = {path ? path : "/other", "x", 1, NULL, 0};
    struct iso iso;
    size_t size;
    uint8_t *image = tiny_tree(TINY_ROCK_RIDGE, &file, 1, &size);

    assert_int_equal(iso_open(&iso, image, size), 0);
    entry_of(kernel, words);
    const struct family *family = family_detect(&iso, &entry);
    free(image);
    return family;
}

static void test_detect(void **state)
{
    static const struct {
        const char *kernel, *words, *file, *name;
    } cases[] = {
        {"/live/vmlinuz", "boot=live components", NULL, "Debian live-boot"},
        {"/x/vmlinuz", "quiet boot=live", NULL, "Debian live-boot"},
        {"/live/vmlinuz", "quiet", NULL, "Debian live-boot"},
        {"/casper/vmlinuz", "---", NULL, "casper"},
        {"/k", "", "/casper/filesystem.squashfs", "casper"},
        {"/k", "root=live:CDLABEL=F rd.live.image", "/images/install.img", "dracut live"},
        {"/k", "inst.stage2=hd:LABEL=F quiet", "/LiveOS/squashfs.img", "anaconda"},    // words before files
        {"/k", "", "/LiveOS/squashfs.img", "dracut live"},
        {"/k", "", "/images/install.img", "anaconda"},
        {"/k", "archisobasedir=arch archisosearchuuid=2025", NULL, "archiso"},
        {"/k", "misobasedir=manjaro misolabel=M", NULL, "miso"},
        {"/k", "quiet", "/.alpine-release", "Alpine"},
        {"/k", "init=/nix/store/abc/init", NULL, "NixOS"},
        {"/install.amd/vmlinuz", "vga=788 --- quiet", NULL, "Debian installer"},
        {"/k", "", "/boot/corepure64.gz", "TinyCore"},
        {"/k", "noboot=live", NULL, "unknown"},                                       // not at a word's start
        {"/k", "\"x boot=live\"", NULL, "unknown"},                                   // inside another word
        {"/k", "", NULL, "unknown"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_string_equal(family_of(cases[i].kernel, cases[i].words, cases[i].file)->name, cases[i].name);
    assert_non_null(family_of("/k", "", NULL)->caveat);
    assert_true(family_of("/k", "archisolabel=A", NULL)->pmem_in_initrd);
    assert_string_equal(family_of("/k", "archisobasedir=arch", NULL)->loop_words,
                        "archisodevice=/dev/loop0 copytoram=n");
}

static void test_words(void **state)
{
    static const struct {
        const char *words, *medium, *want;
    } cases[] = {
        {"boot=live components", "live-media=/dev/loop0", "boot=live components live-media=/dev/loop0"},
        {"", "live-media=/dev/loop0", "live-media=/dev/loop0"},
        {"  a   b  ", "", "a b"},
        // What would hide the medium, whatever its value, and nothing that only looks like it.
        {"findiso=/a.iso b toram c copytoram=y rd.live.ram=1 iso-scan/filename=/x d", "", "b c d"},
        {"toramdisk notoram findiso2=x", "", "toramdisk notoram findiso2=x"},
        {"\"findiso=a b\" \"spaced=two words\"", "", "\"spaced=two words\""},
        // The medium's own words replace the entry's of the same key.
        {"live-media=/dev/sr0 boot=live", "live-media=/dev/loop0", "boot=live live-media=/dev/loop0"},
        {"archisodevice=/x copytoram=y archisobasedir=arch", "archisodevice=/dev/loop0 copytoram=n",
         "archisobasedir=arch archisodevice=/dev/loop0 copytoram=n"},
        // They come in front of what is for init or for the installed system.
        {"boot=casper --- quiet", "live-media=/dev/loop0 nopersistent",
         "boot=casper live-media=/dev/loop0 nopersistent --- quiet"},
        {"a -- b --- c", "m", "a m -- b --- c"},
        {"--- quiet", "m", "m --- quiet"},
    };
    const struct family *family = family_of("/k", "", NULL);
    char line[256];

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        entry_of("/k", cases[i].words);
        assert_int_equal(family_words(family, &entry, cases[i].medium, line, sizeof(line)), 0);
        assert_string_equal(line, cases[i].want);
    }
}

// Who wrote append="toram" must be able to see where it went.
static void test_dropped_words_are_told(void **state)
{
    const struct family *family = family_of("/live/v", "", NULL);
    char line[256];

    (void)state;
    logged[0] = '\0';
    entry_of("/k", "boot=live toram live-media=/dev/sda findiso=/x.iso quiet");
    assert_int_equal(family_words(family, &entry, "live-media=/dev/loop0", line, sizeof(line)), 0);
    assert_string_equal(logged,
                        "words: toram is left out: it would hide the ISO in memory or copy it once more\n"
                        "words: live-media=/dev/sda is left out: urlboot's own word for the medium replaces it\n"
                        "words: findiso=/x.iso is left out: it would hide the ISO in memory or copy it once more\n");
}

static void test_no_room(void **state)
{
    const struct family *family = family_of("/k", "", NULL);
    char line[16];

    (void)state;
    entry_of("/k", "0123456789");
    assert_int_equal(family_words(family, &entry, "abcd", line, sizeof(line)), 0);
    assert_string_equal(line, "0123456789 abcd");
    assert_int_equal(family_words(family, &entry, "abcde", line, sizeof(line)), ERR_OPTION_INVALID);
    assert_int_equal(family_words(family, &entry, "", line, 0), ERR_OPTION_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_detect), cmocka_unit_test(test_words),
        cmocka_unit_test(test_dropped_words_are_told), cmocka_unit_test(test_no_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
