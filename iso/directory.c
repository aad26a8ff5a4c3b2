// Directory records (ECMA-119 6.8, 9.1): walks a directory, puts the records of a multi-extent file
// together, gives each entry the best name there is. A record never crosses a sector.
// Not handled: interleaved files and files on several volumes (Linux refuses them as well).
#include "iso/directory.h"  // struct entry

#include "iso/iso9660_layout.h"  // DR_LENGTH
#include "iso/rock_ridge.h"      // rock_ridge_read
#include "lib/endian.h"          // le32_load
#include "lib/err.h"             // fail

#include <ctype.h>
#include <string.h>

#define ISO_BLANK_COST 32  // bytes: an empty sector is passed in one step

const uint8_t *iso_bytes(const struct iso *iso, uint64_t block, uint64_t length)
{
    uint64_t offset = block * iso->block_size;  // block has 33 bits: no overflow

    if (offset > iso->size || length > iso->size - offset)
        return NULL;
    return iso->base + offset;
}

int iso_charge(const struct iso *iso, uint32_t bytes)
{
    if (!iso->meter)
        return 0;
    *iso->meter += bytes;
    if (*iso->meter <= ISO_WALK_MAX)
        return 0;
    return fail(ERR_ISO_INVALID, "the directories of the ISO are too large to search: it would take minutes");
}

int directory_open(struct directory *dir, const struct iso *iso, uint32_t block, uint32_t length)
{
    dir->iso = iso;
    dir->at = 0;
    dir->length = length;
    dir->data = iso_bytes(iso, block, length);
    if (!dir->data || length > DIRECTORY_BYTES_MAX)
        return fail(ERR_ISO_INVALID, "a directory of %u bytes in block %u is outside of the ISO", length,
                    block);
    return 0;
}

// The next record that is whole: 1, 0 at the end, ERR_ISO_INVALID.
static int next_record(struct directory *dir, const uint8_t **record)
{
    while (dir->at < dir->length) {
        uint32_t room = ISO_SECTOR - dir->at % ISO_SECTOR;
        const uint8_t *r = dir->data + dir->at;

        if (room > dir->length - dir->at)
            room = dir->length - dir->at;
        int rc = iso_charge(dir->iso, r[DR_LENGTH] ? r[DR_LENGTH] : ISO_BLANK_COST);
        if (rc)
            return rc;
        if (r[DR_LENGTH] == 0) {  // 6.8.1.1: the rest of the sector is unused
            dir->at += room;
            continue;
        }
        if (r[DR_LENGTH] > room || r[DR_LENGTH] <= DR_NAME || DR_NAME + r[DR_NAME_LENGTH] > r[DR_LENGTH])
            return fail(ERR_ISO_INVALID, "a directory record at byte %llu of the ISO is damaged",
                        (unsigned long long)(r - dir->iso->base));
        dir->at += r[DR_LENGTH];
        *record = r;
        return 1;
    }
    return 0;
}

static bool is_dot(const uint8_t *record)
{
    return record[DR_NAME_LENGTH] == 1 && record[DR_NAME] <= DR_NAME_PARENT;
}

// As Linux shows plain names: small letters, no version, no dot at the end.
static void plain_name(const uint8_t *name, uint32_t length, char *out, uint32_t size)
{
    uint32_t used = 0;

    for (uint32_t i = 0; i < length && name[i] && name[i] != ';' && used + 1 < size; i++)
        out[used++] = name[i] == '/' ? '_' : (char)tolower(name[i]);
    if (used > 1 && out[used - 1] == '.')
        used--;
    out[used] = '\0';
}

static int add_extent(const struct iso *iso, struct entry *entry, const uint8_t *record)
{
    uint64_t block = (uint64_t)le32_load(record + DR_EXTENT) + record[DR_EXTENDED_LENGTH];
    uint64_t length = le32_load(record + DR_DATA_LENGTH);
    const uint8_t *data = iso_bytes(iso, block, length);
    struct iso_extent *last = entry->extent_count ? &entry->extents[entry->extent_count - 1] : NULL;

    if (!data)
        return fail(ERR_ISO_INVALID, "%s lies outside of the ISO: block %llu, %llu bytes", entry->name,
                    (unsigned long long)block, (unsigned long long)length);
    entry->size += length;
    if (length == 0)
        return 0;
    if (last && last->data + last->length == data) {
        last->length += length;
        return 0;
    }
    if (entry->extent_count == ISO_EXTENTS_MAX)
        return fail(ERR_ISO_INVALID, "%s lies in more than %u pieces", entry->name, ISO_EXTENTS_MAX);
    entry->extents[entry->extent_count++] = (struct iso_extent){data, length};
    return 0;
}

// RRIP 4.1.5.1: the directory is elsewhere, its own "." record knows how long it is.
static int follow_child(const struct iso *iso, struct entry *entry, uint32_t block)
{
    const uint8_t *self = iso_bytes(iso, block, ISO_SECTOR);

    if (!self || self[DR_LENGTH] <= DR_NAME || !is_dot(self) || !(self[DR_FLAGS] & DR_FLAG_DIRECTORY))
        return fail(ERR_ISO_INVALID, "%s should be a directory in block %u", entry->name, block);
    entry->directory = true;
    return add_extent(iso, entry, self);
}

static int read_name(const struct iso *iso, struct entry *entry, struct rock_ridge *rr)
{
    const uint8_t *record = entry->record;
    int rc = 0;

    memset(rr, 0, sizeof(*rr));
    if (iso->rock_ridge)
        rc = rock_ridge_read(iso, record, rr, entry->name, sizeof(entry->name));
    if (rc || rr->have_name)
        return rc;
    if (iso->joliet)
        joliet_name(record + DR_NAME, record[DR_NAME_LENGTH], entry->name, sizeof(entry->name));
    else
        plain_name(record + DR_NAME, record[DR_NAME_LENGTH], entry->name, sizeof(entry->name));
    return 0;
}

// The records after the first one of a multi-extent file (6.5.1): the flag is clear in the last.
static int rest_of_file(struct directory *dir, struct entry *entry)
{
    const uint8_t *record = entry->record;

    while (record[DR_FLAGS] & DR_FLAG_MULTI_EXTENT) {
        int rc = next_record(dir, &record);

        if (rc == 0)
            return fail(ERR_ISO_INVALID, "%s has no last extent", entry->name);
        if (rc < 0)
            return rc;
        rc = add_extent(dir->iso, entry, record);
        if (rc)
            return rc;
    }
    return 0;
}

int directory_next(struct directory *dir, struct entry *entry)
{
    struct rock_ridge rr;
    int rc;

    do {
        rc = next_record(dir, &entry->record);
        if (rc <= 0)
            return rc;
    } while (is_dot(entry->record) || (entry->record[DR_FLAGS] & DR_FLAG_ASSOCIATED));

    entry->size = 0;
    entry->extent_count = 0;
    rc = read_name(dir->iso, entry, &rr);
    if (rc)
        return rc;
    entry->directory = entry->record[DR_FLAGS] & DR_FLAG_DIRECTORY;
    entry->symlink = rr.symlink;
    entry->hidden = rr.relocated;
    entry->compressed = rr.compressed;
    if (entry->record[DR_UNIT_SIZE])
        return fail(ERR_ISO_INVALID, "%s is interleaved with another file", entry->name);
    if (rr.moved)
        rc = follow_child(dir->iso, entry, rr.child_block);
    else if (!rr.symlink)
        rc = add_extent(dir->iso, entry, entry->record);
    if (rc == 0)
        rc = rest_of_file(dir, entry);
    return rc ? rc : 1;
}

static int directory_files_present(const struct iso *iso, uint32_t block, uint64_t *budget)
{
    const uint8_t *self = iso_bytes(iso, block, ISO_SECTOR);
    uint32_t length = self ? le32_load(self + DR_DATA_LENGTH) : ISO_SECTOR;
    struct directory dir;
    struct entry entry;
    int rc;

    if (length > *budget)
        return fail(ERR_ISO_INVALID, "the ISO's path table is damaged");
    *budget -= length;
    rc = directory_open(&dir, iso, block, length);
    while (rc == 0) {
        rc = directory_next(&dir, &entry);
        if (rc <= 0)
            return rc;
        rc = 0;
    }
    return rc;
}

int volume_files_present(const struct iso *iso, uint32_t block, uint32_t bytes)
{
    const uint8_t *table = iso_bytes(iso, block, bytes);
    uint64_t budget = iso->size;  // all directories together are smaller than the image
    uint32_t at = 0;

    if (!table)
        return fail(ERR_ISO_INVALID, "the path table in block %u is outside of the ISO", block);
    while (bytes - at > PT_NAME) {
        const uint8_t *record = table + at;
        uint32_t length = PT_NAME + record[PT_NAME_LENGTH] + record[PT_NAME_LENGTH] % 2;
        int rc = directory_files_present(iso, le32_load(record + PT_EXTENT), &budget);

        if (rc)
            return rc;
        if (length > bytes - at)
            break;
        at += length;
    }
    return 0;
}
