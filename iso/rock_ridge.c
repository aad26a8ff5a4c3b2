// System Use fields (SUSP, IEEE P1281) and Rock Ridge (IEEE P1282): long names, symbolic links, deep
// directories. Continuation areas may lie anywhere in the image and may form loops, so they are counted.
// Not handled: device nodes, sparse files (SF), owners and times (nothing here needs them).
#include "iso/rock_ridge.h"  // rock_ridge_read

#include "iso/directory.h"       // iso_bytes
#include "iso/iso9660_layout.h"  // SU_LENGTH
#include "lib/endian.h"          // le32_load
#include "lib/err.h"             // fail

#include <string.h>

#define CONTINUATIONS_MAX 32  // a name and a link target of full length need three

struct fields {                // a walk over the fields of one record
    const struct iso *iso;
    const uint8_t *at, *end;
    unsigned continuations;
    bool have_next;
    uint32_t next_block, next_offset, next_size;  // the last CE seen
};

static bool is(const uint8_t *field, const char *signature)
{
    return memcmp(field + SU_SIGNATURE, signature, 2) == 0;
}

static void fields_open(struct fields *f, const struct iso *iso, const uint8_t *record, uint32_t skip)
{
    uint32_t length = record[DR_LENGTH], name = record[DR_NAME_LENGTH];
    uint32_t start = DR_NAME + name + (name % 2 == 0);  // 9.1.12: padded to an even offset

    memset(f, 0, sizeof(*f));
    f->iso = iso;
    f->end = record + length;
    f->at = start + skip < length ? record + start + skip : f->end;
}

// SUSP 5.1: the area goes on in another place when this one is used up. It keeps to one sector there, as
// Linux wants it: a larger one would be walked once for each record that points to it.
static int fields_continue(struct fields *f)
{
    const uint8_t *block;

    if (++f->continuations > CONTINUATIONS_MAX)
        return fail(ERR_ISO_INVALID, "a name in the ISO has more than %u continuations", CONTINUATIONS_MAX);
    uint64_t end = (uint64_t)f->next_offset + f->next_size;
    block = end <= ISO_SECTOR ? iso_bytes(f->iso, f->next_block, end) : NULL;
    if (!block)
        return fail(ERR_ISO_INVALID, "a name in the ISO continues outside of block %u", f->next_block);
    f->have_next = false;
    f->at = block + f->next_offset;
    f->end = f->at + f->next_size;
    return iso_charge(f->iso, f->next_size);
}

// 1 and *field (whole inside the image), 0 at the end, ERR_ISO_INVALID. What is no valid field ends an
// area: writers leave padding there.
static int fields_next(struct fields *f, const uint8_t **field)
{
    for (;;) {
        const uint8_t *at = f->at;
        uint32_t length = f->end - at > SU_DATA - 1 ? at[SU_LENGTH] : 0;

        if (length < SU_DATA || length > f->end - at || is(at, "ST")) {
            if (!f->have_next)
                return 0;
            int rc = fields_continue(f);
            if (rc)
                return rc;
            continue;
        }
        f->at += length;
        if (is(at, "CE") && length >= CE_LENGTH) {
            f->have_next = true;
            f->next_block = le32_load(at + CE_BLOCK);
            f->next_offset = le32_load(at + CE_OFFSET);
            f->next_size = le32_load(at + CE_SIZE);
            continue;
        }
        *field = at;
        return 1;
    }
}

static bool has_sp(const struct iso *iso, const uint8_t *record, uint32_t skip, uint32_t *susp_skip)
{
    struct fields f;
    const uint8_t *field;

    fields_open(&f, iso, record, skip);
    if (fields_next(&f, &field) != 1 || !is(field, "SP") || field[SU_LENGTH] < SP_LENGTH)
        return false;
    if (field[SP_CHECK] != SP_CHECK_0 || field[SP_CHECK + 1] != SP_CHECK_1)
        return false;
    *susp_skip = field[SP_SKIP];
    return true;
}

void rock_ridge_detect(struct iso *iso, const uint8_t *record)
{
    iso->rock_ridge = has_sp(iso, record, 0, &iso->susp_skip)
                      || has_sp(iso, record, SU_XA_LENGTH, &iso->susp_skip);
}

static void append(char *out, uint32_t size, uint32_t *used, const uint8_t *text, uint32_t length)
{
    for (uint32_t i = 0; i < length && *used + 1 < size && text[i]; i++)
        out[(*used)++] = text[i] == '/' ? '_' : (char)text[i];
    out[*used] = '\0';
}

int rock_ridge_read(const struct iso *iso, const uint8_t *record, struct rock_ridge *out, char *name,
                    uint32_t size)
{
    struct fields f;
    const uint8_t *field;
    uint32_t used = 0;
    int rc;

    memset(out, 0, sizeof(*out));
    fields_open(&f, iso, record, iso->susp_skip);
    while ((rc = fields_next(&f, &field)) == 1) {
        uint32_t length = field[SU_LENGTH];

        if (is(field, "NM") && length >= NM_NAME && !(field[NM_FLAGS] & (NM_FLAG_CURRENT | NM_FLAG_PARENT))) {
            out->have_name = true;
            append(name, size, &used, field + NM_NAME, length - NM_NAME);
        } else if (is(field, "CL") && length >= CL_LENGTH) {
            out->moved = true;
            out->child_block = le32_load(field + CL_BLOCK);
        }
        out->symlink = out->symlink || is(field, "SL");
        out->relocated = out->relocated || is(field, "RE");
        out->compressed = out->compressed || is(field, "ZF");
    }
    return rc;
}

struct target {                // a link's target as it grows
    char *out;
    uint32_t size, used;
    bool joined;               // the next component continues the last one
};

static int target_add(struct target *t, const char *text, uint32_t length)
{
    bool slash = t->used > 0 && !t->joined && t->out[t->used - 1] != '/';

    if (t->used + slash + length >= t->size)
        return fail(ERR_ISO_INVALID, "a symbolic link in the ISO is longer than %u bytes", t->size);
    if (slash)
        t->out[t->used++] = '/';
    memcpy(t->out + t->used, text, length);
    t->used += length;
    return 0;
}

// RRIP 4.1.3.1: a component is "/", ".", "..", or text, which may go on in the next one.
static int target_component(struct target *t, const uint8_t *component)
{
    uint8_t flags = component[SL_COMPONENT_FLAGS];
    const char *text = (const char *)component + SL_COMPONENT_TEXT;
    uint32_t length = (uint32_t)strnlen(text, component[SL_COMPONENT_LENGTH]);
    int rc;

    if (flags & SL_FLAG_ROOT) {
        t->used = 0;
        t->joined = false;
        return target_add(t, "/", 1);
    }
    if (flags & SL_FLAG_PARENT)
        rc = target_add(t, "..", 2);
    else if (flags & SL_FLAG_CURRENT)
        rc = target_add(t, ".", 1);
    else
        rc = target_add(t, text, length);
    t->joined = flags & SL_FLAG_CONTINUE;
    return rc;
}

static int target_field(struct target *t, const uint8_t *field)
{
    uint32_t length = field[SU_LENGTH], at = SL_COMPONENTS;

    while (at + SL_COMPONENT_TEXT <= length) {
        uint32_t end = at + SL_COMPONENT_TEXT + field[at + SL_COMPONENT_LENGTH];

        if (end > length)
            return fail(ERR_ISO_INVALID, "a symbolic link in the ISO is damaged");
        int rc = target_component(t, field + at);
        if (rc)
            return rc;
        at = end;
    }
    return 0;
}

int rock_ridge_target(const struct iso *iso, const uint8_t *record, char *out, uint32_t size)
{
    struct target t = {.out = out, .size = size};
    struct fields f;
    const uint8_t *field;
    int rc;

    fields_open(&f, iso, record, iso->susp_skip);
    while ((rc = fields_next(&f, &field)) == 1) {
        if (is(field, "SL") && field[SU_LENGTH] >= SL_COMPONENTS)
            rc = target_field(&t, field);
        if (rc < 0)
            break;
    }
    if (rc < 0)
        return rc;
    out[t.used] = '\0';
    return (int)t.used;
}
