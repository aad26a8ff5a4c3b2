// ISO 9660 (ECMA-119) with Rock Ridge (IEEE P1282 / SUSP) and Joliet names, over an image that lies in
// memory. Every structure is hostile: each length and extent is checked against the image first.
// Pure: builds on the host.
//
// Example:
//     struct iso iso;
//     struct iso_file file;
//     if (iso_open(&iso, base, size) == 0 && iso_find(&iso, "/boot/grub/grub.cfg", &file) == 0)
//         text = file.extents[0].data;
#ifndef URLBOOT_ISO_ISO9660_H
#define URLBOOT_ISO_ISO9660_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ISO_PATH_MAX 1024
#define ISO_NAME_MAX 384     // Joliet: 111 UTF-16 units, three bytes of UTF-8 each
#define ISO_EXTENTS_MAX 8    // after joining neighbours, which writers make of files above 4 GiB
#define ISO_LINKS_MAX 16     // symbolic links followed in one path
// Bytes of directories that all lookups in one image together may look at: a second or two. A large live
// system's menus take a hundredth of it.
#define ISO_WALK_MAX (256u << 20)

struct iso {
    const uint8_t *base;
    uint64_t size;             // bytes there really are
    uint64_t volume_size;      // what the volume descriptor claims
    char label[33];            // volume identifier without trailing blanks
    char uuid[24];             // as blkid and GRUB have it: "2025-11-01-08-34-49-00", "" when there is none
    bool rock_ridge, joliet;   // which names are used: Rock Ridge before Joliet before plain
    uint32_t root_extent, root_length;
    uint32_t susp_skip;        // SUSP SP: bytes to skip in each System Use field
    uint32_t block_size;       // logical block, 2048
    uint64_t walked;           // of ISO_WALK_MAX
    uint64_t *meter;           // &walked, for those who may change nothing else; NULL: nothing is counted
};

struct iso_extent {
    const uint8_t *data;
    uint64_t length;
};

struct iso_file {
    bool directory;
    bool symlink;              // only from iso_list: iso_find follows links
    uint64_t size;             // all extents together
    unsigned extent_count;
    struct iso_extent extents[ISO_EXTENTS_MAX];
    char path[ISO_PATH_MAX];   // with symbolic links resolved
};

// Opens the image of `size` bytes at `base`, which must stay, as *iso must where it is. An image that lacks
// nothing but the padding at its end is taken. 0, ERR_NOT_AN_ISO (no CD001 descriptor; fail() says what it
// looks like instead), ERR_ISO_INVALID (damaged, or truncated: the volume is larger than the image).
int iso_open(struct iso *iso, const void *base, uint64_t size);

// Finds a file or directory by absolute path. Case matters first; when nothing matches, case is ignored.
// Rock Ridge symbolic links are followed (at most ISO_LINKS_MAX). 0, ERR_FILE_NOT_FOUND (fail() names the
// path), ERR_ISO_INVALID, ERR_UNSUPPORTED (the file is compressed with zisofs).
int iso_find(const struct iso *iso, const char *path, struct iso_file *file);

// Calls visit for every entry of directory `dir` (not . and ..); a nonzero result of visit ends the walk
// and is returned. Symbolic links are shown as they are, without extents. 0, ERR_ISO_INVALID, or what
// visit returned.
int iso_list(const struct iso *iso, const struct iso_file *dir,
             int (*visit)(void *ctx, const char *name, const struct iso_file *entry), void *ctx);

// Copies bytes [offset, offset + length) of the file to `out`, across extents. Returns bytes copied, which
// is less at the end of the file.
uint64_t iso_read(const struct iso_file *file, uint64_t offset, void *out, uint64_t length);

#endif
