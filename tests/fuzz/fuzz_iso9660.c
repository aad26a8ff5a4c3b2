// Fuzzes the ISO 9660 reader: the input is an image without its 16 empty first sectors. Whatever comes in,
// every extent that is given out lies inside the image, every name ends, and no walk goes on for ever.
#include "iso/iso9660.h"  // iso_open
#include "lib/err.h"      // fail_detail

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define SYSTEM_AREA (16 * 2048)
#define VISITS_MAX 2000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct iso iso;
static unsigned visits;

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void check_file(const struct iso_file *file)
{
    uint64_t sum = 0;

    must(file->extent_count <= ISO_EXTENTS_MAX);
    must(memchr(file->path, '\0', sizeof(file->path)) != NULL);
    for (unsigned i = 0; i < file->extent_count; i++) {
        const struct iso_extent *extent = &file->extents[i];
        must(extent->data >= iso.base && extent->data <= iso.base + iso.size);
        must(extent->length <= (uint64_t)(iso.base + iso.size - extent->data));
        sum += extent->length;
    }
    must(sum == file->size);
}

static int visit(void *depth, const char *name, const struct iso_file *entry)
{
    unsigned deeper = *(unsigned *)depth + 1;
    struct iso_file found;
    uint8_t byte;

    if (++visits > VISITS_MAX)
        return 1;
    must(memchr(name, '\0', ISO_NAME_MAX) != NULL);
    check_file(entry);
    if (iso_find(&iso, entry->path, &found) == 0)
        check_file(&found);
    if (entry->size > 0)
        must(iso_read(entry, entry->size - 1, &byte, 1) == 1);
    must(iso_read(entry, entry->size, &byte, 1) == 0);
    if (entry->directory && deeper < 4)
        return iso_list(&iso, entry, visit, &deeper);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *image = calloc(1, SYSTEM_AREA + size);
    struct iso_file root;
    unsigned depth = 0;

    if (size > 0)
        memcpy(image + SYSTEM_AREA, data, size);
    fail_clear();
    visits = 0;
    int err = iso_open(&iso, image, SYSTEM_AREA + size);
    must(err == 0 || ((err == ERR_NOT_AN_ISO || err == ERR_ISO_INVALID) && fail_detail()[0]));
    if (err == 0 && iso_find(&iso, "/", &root) == 0) {
        check_file(&root);
        iso_list(&iso, &root, visit, &depth);
        if (iso_find(&iso, "/boot/../link/a", &root) == 0)
            check_file(&root);
    }
    free(image);
    return 0;
}
