// Inside iso/: the System Use fields of a directory record (SUSP, IEEE P1281) and what Rock Ridge
// (IEEE P1282) says there.
#ifndef URLBOOT_ISO_ROCK_RIDGE_H
#define URLBOOT_ISO_ROCK_RIDGE_H

#include <stdbool.h>
#include <stdint.h>

#include "iso/iso9660.h"  // struct iso

struct rock_ridge {            // what one record says
    bool have_name;            // NM: the caller's buffer holds it
    bool symlink;              // SL
    bool relocated;            // RE: shown in its real parent by a CL there
    bool compressed;           // ZF: zisofs
    bool moved;                // CL: the directory is at child_block
    uint32_t child_block;
};

// Recognises SUSP by the SP field in the root's "." record (`record`, checked to be inside the image) and
// sets iso->rock_ridge and iso->susp_skip. CD-ROM XA discs, with 14 bytes in front, are known too.
void rock_ridge_detect(struct iso *iso, const uint8_t *record);

// Reads the System Use fields of `record` (checked to be inside the image). The name, when there is one,
// goes to name[size], cut when it is longer. 0, or ERR_ISO_INVALID for a continuation outside the image.
int rock_ridge_read(const struct iso *iso, const uint8_t *record, struct rock_ridge *out, char *name,
                    uint32_t size);

// The target of symbolic link `record`, NUL-terminated, in out[size]. Returns its length,
// or ERR_ISO_INVALID (damaged, or longer than `size`).
int rock_ridge_target(const struct iso *iso, const uint8_t *record, char *out, uint32_t size);

#endif
