// Makes images with folders. Spec: ECMA-119 8.4, 8.5, 9.1; SUSP 1.12 (SP); RRIP 1.12 4.1.3 (SL), 4.1.4 (NM);
// Joliet 1995. The path table is left out: only images that are cut off are looked at through it.
#include "tests/unit/tiny_tree.h"  // tiny_tree

#include "iso/iso9660_layout.h"  // DR_LENGTH

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define FOLDERS_SECTOR 19
#define FILES_SECTOR (FOLDERS_SECTOR + TINY_TREE_FOLDERS_MAX)
#define NAME_MAX_BYTES 250

struct folder {
    char path[256];            // "" for the root
    uint8_t *at;               // where its next record goes
    size_t sector;
};

struct maker {
    enum tiny_names names;
    uint8_t *image;
    size_t size, next_sector;
    struct folder folders[TINY_TREE_FOLDERS_MAX];
    unsigned folder_count;
};

const uint8_t *tiny_kernel(void)
{
    static uint8_t kernel[TINY_KERNEL_SIZE];

    memcpy(kernel + 0x202, "HdrS\x0f\x02", 6);
    kernel[0x236] = 1;  // XLF_KERNEL_64
    return kernel;
}

static void put32(uint8_t *at, size_t value)
{
    uint32_t number = (uint32_t)value;

    memcpy(at, &number, sizeof(number));
}

static size_t sectors(size_t bytes)
{
    return (bytes + ISO_SECTOR - 1) / ISO_SECTOR;
}

// UTF-8 of at most three bytes to UTF-16 big-endian; returns bytes.
static size_t joliet(const char *name, uint8_t *out)
{
    size_t used = 0;

    for (const uint8_t *c = (const uint8_t *)name; *c; c++) {
        unsigned value = *c;
        if (value >= 0xe0)
            value = (value & 15) << 12 | (c[1] & 63u) << 6 | (c[2] & 63u), c += 2;
        else if (value >= 0xc0)
            value = (value & 31) << 6 | (c[1] & 63u), c += 1;
        out[used++] = (uint8_t)(value >> 8);
        out[used++] = (uint8_t)value;
    }
    return used;
}

static uint8_t *add_link(uint8_t *at, const char *target)
{
    uint8_t *field = at, *to = at + SL_COMPONENTS;

    memcpy(field, "SL\0\1\0", 5);
    if (*target == '/') {
        *to++ = SL_FLAG_ROOT;
        *to++ = 0;
        target++;
    }
    while (*target) {
        size_t length = strcspn(target, "/");
        bool up = length == 2 && memcmp(target, "..", 2) == 0, here = length == 1 && *target == '.';
        *to++ = up ? SL_FLAG_PARENT : here ? SL_FLAG_CURRENT : 0;
        *to++ = (uint8_t)(up || here ? 0 : length);
        if (!up && !here) {
            memcpy(to, target, length);
            to += length;
        }
        target += length + (target[length] == '/');
    }
    field[SU_LENGTH] = (uint8_t)(to - field);
    return to;
}

// Appends a record to `folder`. `name` NULL: "." with `flags`; "\1": "..".
static uint8_t *add_record(struct maker *m, struct folder *folder, const char *name, size_t sector, size_t bytes,
                           uint8_t flags, const char *link)
{
    uint8_t text[2 * NAME_MAX_BYTES], *r = folder->at, *end;
    bool dots = !name || *name == 1;
    size_t length = dots ? 1 : strlen(name);

    text[0] = name ? 1 : 0;
    if (!dots && m->names == TINY_JOLIET)
        length = joliet(name, text);
    else if (!dots && m->names == TINY_ROCK_RIDGE)
        length = (memcpy(text, "NAME;1", 6), 6);
    else if (!dots)
        memcpy(text, name, length);
    memcpy(r + DR_NAME, text, length);
    r[DR_NAME_LENGTH] = (uint8_t)length;
    put32(r + DR_EXTENT, sector);
    put32(r + DR_DATA_LENGTH, bytes);
    r[DR_FLAGS] = flags;
    end = r + ((DR_NAME + length + 1) & ~(size_t)1);
    if (!name && m->names == TINY_ROCK_RIDGE) {
        memcpy(end, "SP\7\1\xbe\xef\0", SP_LENGTH);
        end += SP_LENGTH;
    } else if (!dots && m->names == TINY_ROCK_RIDGE) {
        memcpy(end, "NM\0\1\0", NM_NAME);
        end[SU_LENGTH] = (uint8_t)(NM_NAME + strlen(name));
        memcpy(end + NM_NAME, name, strlen(name));
        end += end[SU_LENGTH];
        end = link ? add_link(end, link) : end;
    }
    end += (end - r) & 1;
    assert(end - r < 256 && end <= m->image + (folder->sector + 1) * ISO_SECTOR);
    r[DR_LENGTH] = (uint8_t)(end - r);
    folder->at = end;
    return r;
}

static struct folder *find_folder(struct maker *m, const char *path, size_t length)
{
    for (unsigned i = 0; i < m->folder_count; i++)
        if (strlen(m->folders[i].path) == length && memcmp(m->folders[i].path, path, length) == 0)
            return &m->folders[i];

    struct folder *new = &m->folders[m->folder_count], *parent = new;
    assert(m->folder_count < TINY_TREE_FOLDERS_MAX && length < sizeof(new->path));
    memcpy(new->path, path, length);
    new->sector = FOLDERS_SECTOR + m->folder_count++;
    new->at = m->image + new->sector * ISO_SECTOR;
    if (length > 0) {
        size_t up = length;
        while (path[up - 1] != '/')
            up--;
        parent = find_folder(m, path, up - 1);
        add_record(m, parent, new->path + up, new->sector, ISO_SECTOR, DR_FLAG_DIRECTORY, NULL);
    }
    add_record(m, new, NULL, new->sector, ISO_SECTOR, DR_FLAG_DIRECTORY, NULL);
    add_record(m, new, "\1", parent->sector, ISO_SECTOR, DR_FLAG_DIRECTORY, NULL);
    return new;
}

static void add_file(struct maker *m, const struct tree_file *file)
{
    const char *name = strrchr(file->path, '/') + 1;
    struct folder *folder = find_folder(m, file->path, (size_t)(name - 1 - file->path));
    unsigned pieces = file->pieces > 1 ? file->pieces : 1;
    size_t step = pieces > 1 ? file->size / pieces / ISO_SECTOR * ISO_SECTOR : file->size, done = 0;

    for (unsigned i = 0; i < pieces; i++) {
        size_t part = i + 1 < pieces ? step : file->size - done;
        assert(done + part <= file->size);
        if (part > 0)
            memcpy(m->image + m->next_sector * ISO_SECTOR, (const uint8_t *)file->data + done, part);
        add_record(m, folder, name, m->next_sector, part, i + 1 < pieces ? DR_FLAG_MULTI_EXTENT : 0, file->link);
        m->next_sector += sectors(part) + 1;
        done += part;
    }
}

// With Joliet the primary volume has an empty root of its own: only the supplementary one leads to the files.
static void add_volumes(struct maker *m)
{
    uint8_t *sector = m->image + ISO_FIRST_DESCRIPTOR * ISO_SECTOR;

    for (unsigned i = 0; i < (m->names == TINY_JOLIET ? 2 : 1); i++, sector += ISO_SECTOR) {
        sector[VD_TYPE] = i ? VD_TYPE_SUPPLEMENTARY : VD_TYPE_PRIMARY;
        memcpy(sector + VD_MAGIC, "CD001", 5);
        memcpy(sector + VD_VOLUME_ID, "A LABEL                         ", VD_VOLUME_ID_LENGTH);
        memcpy(sector + VD_MODIFIED, "2025110108344900", VD_DATE_DIGITS);
        put32(sector + VD_VOLUME_BLOCKS, sectors(m->size));
        sector[VD_BLOCK_SIZE + 1] = ISO_SECTOR >> 8;
        if (i)
            memcpy(sector + VD_ESCAPES, "%/E", 3);
        size_t root = m->names == TINY_JOLIET && i == 0 ? FOLDERS_SECTOR + TINY_TREE_FOLDERS_MAX - 1 : FOLDERS_SECTOR;
        for (unsigned k = 0; k < 2; k++) {   // in the descriptor, and again for the empty root itself
            uint8_t *r = k ? m->image + root * ISO_SECTOR : sector + VD_ROOT_RECORD;
            if (k && root == FOLDERS_SECTOR)
                break;
            r[DR_LENGTH] = 34;
            put32(r + DR_EXTENT, root);
            put32(r + DR_DATA_LENGTH, ISO_SECTOR);
            r[DR_FLAGS] = DR_FLAG_DIRECTORY;
            r[DR_NAME_LENGTH] = 1;
        }
    }
    sector[VD_TYPE] = VD_TYPE_TERMINATOR;
    memcpy(sector + VD_MAGIC, "CD001", 5);
}

uint8_t *tiny_tree(enum tiny_names names, const struct tree_file *files, unsigned count, size_t *size)
{
    struct maker m = {.names = names, .next_sector = FILES_SECTOR, .size = FILES_SECTOR * ISO_SECTOR};

    for (unsigned i = 0; i < count; i++)
        m.size += (sectors(files[i].size) + 1 + 2 * files[i].pieces) * ISO_SECTOR;
    m.image = calloc(1, m.size);
    assert(m.image);
    add_volumes(&m);
    find_folder(&m, "", 0);
    for (unsigned i = 0; i < count; i++)
        add_file(&m, &files[i]);
    *size = m.size;
    return m.image;
}
