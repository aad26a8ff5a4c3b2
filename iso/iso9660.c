// Opens an ISO 9660 image: volume descriptors (ECMA-119 8.1, 8.4, 8.5), which names to use, and whether
// the image is whole. Hybrid images are longer than their volume, which is fine.
// Not handled: High Sierra, UDF (a file of 4 GiB that only UDF describes), volumes over several discs.
#include "iso/iso9660.h"  // struct iso

#include "iso/directory.h"       // iso_bytes
#include "iso/iso9660_layout.h"  // VD_TYPE
#include "iso/rock_ridge.h"      // rock_ridge_detect
#include "lib/endian.h"          // le32_load
#include "lib/err.h"             // fail
#include "lib/log.h"             // log_warn

#include <stdio.h>
#include <string.h>

#define PADDING_MAX (150 * ISO_SECTOR)  // what mkisofs adds at the end, and some copying tools drop

// What people put behind a URL instead of an ISO.
static const struct {
    const char *magic;
    uint8_t length;
    uint16_t offset;
    const char *what;
} others[] = {
    {"\x1f\x8b", 2, 0, "gzip data"},
    {"\xfd" "7zXZ", 5, 0, "xz data"},
    {"\x28\xb5\x2f\xfd", 4, 0, "zstd data"},
    {"BZh", 3, 0, "bzip2 data"},
    {"PK\x03\x04", 4, 0, "a zip archive"},
    {"7z\xbc\xaf\x27\x1c", 6, 0, "a 7-Zip archive"},
    {"QFI\xfb", 4, 0, "a qcow2 disk image"},
    {"hsqs", 4, 0, "a squashfs"},
    {"\x7f" "ELF", 4, 0, "an ELF program"},
    {"HdrS", 4, 514, "a Linux kernel"},
    {"<!DOCTYPE", 9, 0, "a web page"},
    {"<!doctype", 9, 0, "a web page"},
    {"<html", 5, 0, "a web page"},
    {"<HTML", 5, 0, "a web page"},
    {"<?xml", 5, 0, "an XML document"},
    {"EFI PART", 8, 512, "a disk image with GPT partitions"},
    {"\x55\xaa", 2, 510, "a disk image with partitions"},
};

static int not_an_iso(const uint8_t *base, uint64_t size)
{
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        if (size >= (uint64_t)others[i].offset + others[i].length
            && memcmp(base + others[i].offset, others[i].magic, others[i].length) == 0)
            return fail(ERR_NOT_AN_ISO, "it looks like %s, not like an ISO 9660 image", others[i].what);
    return fail(ERR_NOT_AN_ISO, "there is no ISO 9660 volume in these %llu bytes", (unsigned long long)size);
}

struct volumes {               // the descriptors that matter, NULL when missing
    const uint8_t *primary, *joliet;
};

static bool is_joliet(const uint8_t *descriptor)
{
    const uint8_t *escape = descriptor + VD_ESCAPES;

    return escape[0] == '%' && escape[1] == '/'
           && (escape[2] == '@' || escape[2] == 'C' || escape[2] == 'E');
}

static void find_volumes(const uint8_t *base, uint64_t size, struct volumes *out)
{
    memset(out, 0, sizeof(*out));
    for (unsigned i = 0; i < ISO_DESCRIPTORS_MAX; i++) {
        uint64_t offset = (uint64_t)(ISO_FIRST_DESCRIPTOR + i) * ISO_SECTOR;
        const uint8_t *descriptor = base + offset;

        if (offset + ISO_SECTOR > size || memcmp(descriptor + VD_MAGIC, "CD001", 5) != 0
            || descriptor[VD_TYPE] == VD_TYPE_TERMINATOR)
            return;
        if (descriptor[VD_TYPE] == VD_TYPE_PRIMARY && !out->primary)
            out->primary = descriptor;
        if (descriptor[VD_TYPE] == VD_TYPE_SUPPLEMENTARY && !out->joliet && is_joliet(descriptor))
            out->joliet = descriptor;
    }
}

static void read_label(struct iso *iso, const uint8_t *primary)
{
    unsigned length = VD_VOLUME_ID_LENGTH;

    memcpy(iso->label, primary + VD_VOLUME_ID, length);
    while (length > 0 && (iso->label[length - 1] == ' ' || iso->label[length - 1] == '\0'))
        length--;
    iso->label[length] = '\0';
}

// The same rule as libblkid and GRUB: the time of modification, else of creation, as digits.
static void read_uuid(struct iso *iso, const uint8_t *primary)
{
    static const char zeros[] = "0000000000000000";
    const char *d = (const char *)primary + VD_MODIFIED;

    if (memcmp(d, zeros, VD_DATE_DIGITS) == 0 || d[0] == '\0')
        d = (const char *)primary + VD_CREATED;
    iso->uuid[0] = '\0';
    if (memcmp(d, zeros, VD_DATE_DIGITS) == 0)
        return;
    for (unsigned i = 0; i < VD_DATE_DIGITS; i++)
        if (d[i] < '0' || d[i] > '9')
            return;
    snprintf(iso->uuid, sizeof(iso->uuid), "%.4s-%.2s-%.2s-%.2s-%.2s-%.2s-%.2s", d, d + 4, d + 6, d + 8,
             d + 10, d + 12, d + 14);
}

// Takes the root of `descriptor`; *self receives its "." record. 0 or ERR_ISO_INVALID.
static int use_root(struct iso *iso, const uint8_t *descriptor, const uint8_t **self)
{
    const uint8_t *root = descriptor + VD_ROOT_RECORD;
    const uint8_t *data;

    iso->root_extent = le32_load(root + DR_EXTENT);
    iso->root_length = le32_load(root + DR_DATA_LENGTH);
    data = iso_bytes(iso, iso->root_extent, iso->root_length);
    if (!data || iso->root_length < ISO_SECTOR || iso->root_length > DIRECTORY_BYTES_MAX)
        return fail(ERR_ISO_INVALID, "the root directory (block %u, %u bytes) is outside of the ISO",
                    iso->root_extent, iso->root_length);
    if (data[DR_LENGTH] <= DR_NAME || data[DR_NAME_LENGTH] != 1 || data[DR_NAME] != DR_NAME_SELF)
        return fail(ERR_ISO_INVALID, "the root directory of the ISO is damaged");
    *self = data;
    return 0;
}

// An image that ends before its volume is taken when only padding is missing: every file must be there.
static int check_whole(const struct iso *iso, const uint8_t *primary)
{
    uint64_t missing = iso->volume_size - iso->size;
    int rc;

    if (iso->volume_size <= iso->size)
        return 0;
    if (missing > PADDING_MAX)
        return fail(ERR_ISO_INVALID, "the ISO is cut off: it has %llu bytes, its volume %llu",
                    (unsigned long long)iso->size, (unsigned long long)iso->volume_size);
    rc = volume_files_present(iso, le32_load(primary + VD_PATH_TABLE_L),
                              le32_load(primary + VD_PATH_TABLE_SIZE));
    if (rc)
        return rc;
    log_warn("the ISO lacks %llu bytes of padding at its end", (unsigned long long)missing);
    return 0;
}

int iso_open(struct iso *iso, const void *base, uint64_t size)
{
    struct volumes volumes;
    const uint8_t *self;
    int rc;

    memset(iso, 0, sizeof(*iso));
    find_volumes(base, size, &volumes);
    if (!volumes.primary)
        return not_an_iso(base, size);
    iso->base = base;
    iso->size = size;
    iso->meter = &iso->walked;
    iso->block_size = le16_load(volumes.primary + VD_BLOCK_SIZE);
    if (iso->block_size != 512 && iso->block_size != 1024 && iso->block_size != 2048)
        return fail(ERR_ISO_INVALID, "the ISO's block size is %u", iso->block_size);
    iso->volume_size = (uint64_t)le32_load(volumes.primary + VD_VOLUME_BLOCKS) * iso->block_size;
    read_label(iso, volumes.primary);
    read_uuid(iso, volumes.primary);

    rc = check_whole(iso, volumes.primary);
    if (rc == 0)
        rc = use_root(iso, volumes.primary, &self);
    if (rc)
        return rc;
    rock_ridge_detect(iso, self);
    if (!iso->rock_ridge && volumes.joliet) {
        rc = use_root(iso, volumes.joliet, &self);
        iso->joliet = rc == 0;
    }
    return rc;
}
