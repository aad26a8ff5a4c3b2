// Inside iso/: directory records one by one, with their names and extents put together.
#ifndef URLBOOT_ISO_DIRECTORY_H
#define URLBOOT_ISO_DIRECTORY_H

#include <stdbool.h>
#include <stdint.h>

#include "iso/iso9660.h"  // struct iso

#define DIRECTORY_BYTES_MAX (16u << 20)  // a longer directory is nonsense: about a hundred thousand names

struct directory {             // where a walk is; set up by directory_open
    const struct iso *iso;
    const uint8_t *data;
    uint32_t length, at;
};

struct entry {                 // one file, however many records it takes
    const uint8_t *record;     // its first directory record, ECMA-119 9.1
    bool directory, symlink, hidden;  // hidden: relocated here by Rock Ridge, belongs elsewhere
    bool compressed;           // zisofs
    uint64_t size;
    unsigned extent_count;
    struct iso_extent extents[ISO_EXTENTS_MAX];
    char name[ISO_NAME_MAX];
};

// The bytes [block * block_size, + length) of the image, or NULL when they are not all there.
const uint8_t *iso_bytes(const struct iso *iso, uint64_t block, uint64_t length);

// Books `bytes` of directories and names as looked at. 0, or ERR_ISO_INVALID when the image has used up what
// all lookups together may cost (ISO_WALK_MAX).
int iso_charge(const struct iso *iso, uint32_t bytes);

// Starts a walk over the directory at `block`. 0 or ERR_ISO_INVALID.
int directory_open(struct directory *dir, const struct iso *iso, uint32_t block, uint32_t length);

// The next entry except . and .. : 1 and *entry filled, 0 at the end, ERR_ISO_INVALID.
int directory_next(struct directory *dir, struct entry *entry);

// Checks that every file of the volume lies inside the image, by the path table (ECMA-119 9.4) of
// `bytes` bytes at `block`. 0, or ERR_ISO_INVALID with the first file that does not.
int volume_files_present(const struct iso *iso, uint32_t block, uint32_t bytes);

// The name in a Joliet record (UTF-16 big-endian, `length` bytes) as UTF-8 in out[size], without version.
void joliet_name(const uint8_t *name, uint32_t length, char *out, uint32_t size);

#endif
