// Fuzzes the finders of boot entries: the input is the configuration, in an ISO that also has a kernel and
// an initrd. Whatever comes in, what is found is whole: strings end, indices are in bounds, kernels are there,
// and the command line for every family keeps to its room.
#include "iso/family.h"           // family_words
#include "iso/finder.h"           // find_grub
#include "tests/unit/tiny_iso.h"  // tiny_iso

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct {
    int (*find)(const struct iso *iso, const char *path, struct boot_entries *out);
    const char *path;
} finders[] = {
    {find_grub, "/grub.cfg"},
    {find_isolinux, "/isolinux.cfg"},
    {find_bls, "/"},
    {find_treeinfo, "/.treeinfo"},
};

static void must(bool holds)
{
    if (!holds)
        abort();
}

static uint8_t *make_image(const uint8_t *config, size_t size, size_t *image_size)
{
    static const char *const names[] = {"GRUB.CFG", "ISOLINUX.CFG", "A.CONF", ".TREEINFO"};
    struct tiny_file files[sizeof(names) / sizeof(names[0])];

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        files[i] = (struct tiny_file){names[i], config, size};
    return tiny_iso(files, sizeof(names) / sizeof(names[0]), image_size);
}

static void check_entry(const struct iso *iso, const struct boot_entry *e)
{
    const struct family *family = family_detect(iso, e);
    struct iso_file file;
    char line[512];

    must(e->title[0] && memchr(e->title, '\0', sizeof(e->title)) != NULL);
    must(memchr(e->position, '\0', sizeof(e->position)) != NULL);
    must(memchr(e->kernel, '\0', sizeof(e->kernel)) != NULL);
    must(iso_find(iso, e->kernel, &file) == 0 && !file.directory);
    must(e->initrd_count <= ENTRY_INITRDS_MAX);
    for (unsigned i = 0; i < e->initrd_count; i++)
        must(memchr(e->initrds[i], '\0', sizeof(e->initrds[i])) != NULL);
    must(memchr(e->words, '\0', sizeof(e->words)) != NULL);
    for (const char *c = e->words; *c; c++)
        must((unsigned char)*c >= ' ');
    if (family_words(family, e, family->loop_words, line, sizeof(line)) == 0)
        must(memchr(line, '\0', sizeof(line)) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct boot_entries entries;
    struct iso iso;
    size_t image_size;
    uint8_t *image = make_image(data, size, &image_size);

    must(iso_open(&iso, image, image_size) == 0);
    for (size_t i = 0; i < sizeof(finders) / sizeof(finders[0]); i++) {
        entries.count = entries.chosen = 0;
        entries.source[0] = entries.refused[0] = '\0';
        must(finders[i].find(&iso, finders[i].path, &entries) == 0);
        must(entries.count <= ENTRIES_MAX && (entries.count == 0 || entries.chosen < entries.count));
        must(memchr(entries.refused, '\0', sizeof(entries.refused)) != NULL);
        for (unsigned k = 0; k < entries.count; k++)
            check_entry(&iso, &entries.entry[k]);
        if (entries.count > 0)
            boot_entries_choose(&entries, entries.entry[entries.count - 1].title);
    }
    free(image);
    return 0;
}
