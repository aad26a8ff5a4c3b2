// Paths in the ISO: looks names up component by component, follows symbolic links (POSIX 4.13, at most
// ISO_LINKS_MAX), lists directories, reads files. A fixed stack holds the way from the root, so ".." needs
// no trust in what a directory says of its parent.
#include "iso/directory.h"   // struct entry
#include "iso/iso9660.h"     // iso_find
#include "iso/rock_ridge.h"  // rock_ridge_target
#include "lib/err.h"         // fail

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define DEPTH_MAX 64  // ECMA-119 allows 8, Rock Ridge as many as fit into a path

struct walk {                  // a lookup under way
    const struct iso *iso;
    unsigned depth, links;
    struct {
        uint32_t block, length;
    } stack[DEPTH_MAX];        // directories from the root, which is stack[0]
    size_t used;               // of file->path
    bool at_file;              // the path ended at a file, which is in *file
    char *next;                // in rest[]: what is still to be looked up
    char rest[ISO_PATH_MAX];
};

static uint32_t block_of(const struct iso *iso, const uint8_t *data)
{
    return (uint32_t)((uint64_t)(data - iso->base) / iso->block_size);
}

// Looks `name` up in the directory on top of the stack: exactly, else the first that differs in case only.
// 1 found, 0 not, ERR_ISO_INVALID.
static int look_up(const struct walk *walk, const char *name, struct entry *entry)
{
    struct directory dir, before, alike;
    bool have_alike = false;
    int rc = directory_open(&dir, walk->iso, walk->stack[walk->depth].block, walk->stack[walk->depth].length);

    if (rc)
        return rc;
    for (before = dir; (rc = directory_next(&dir, entry)) == 1; before = dir) {
        if (entry->hidden || strcasecmp(entry->name, name) != 0)
            continue;
        if (strcmp(entry->name, name) == 0)
            return 1;
        if (!have_alike)
            alike = before;
        have_alike = true;
    }
    return rc == 0 && have_alike ? directory_next(&alike, entry) : rc;
}

// Puts the target of link `entry` in front of what is left of the path.
static int enter_link(struct walk *walk, const struct entry *entry, struct iso_file *file)
{
    size_t left = strlen(walk->next);
    char *tail = walk->rest + sizeof(walk->rest) - left - 1;
    int length;

    if (++walk->links > ISO_LINKS_MAX)
        return fail(ERR_FILE_NOT_FOUND, "symbolic links at %s go round in circles", file->path);
    memmove(tail, walk->next, left + 1);
    walk->next = walk->rest;
    length = rock_ridge_target(walk->iso, entry->record, walk->rest, (uint32_t)(tail - walk->rest));
    if (length < 0)
        return length;
    if (walk->rest[0] == '/') {
        walk->depth = 0;
        walk->used = 0;
        file->path[0] = '\0';
    }
    if (left > 0) {
        walk->rest[length] = '/';  // there is room: the target's NUL was in front of `tail`
        memmove(walk->rest + length + 1, tail, left + 1);
    }
    return 0;
}

static void leave_directory(struct walk *walk, struct iso_file *file)
{
    if (walk->depth > 0)
        walk->depth--;
    while (walk->used > 0 && file->path[walk->used] != '/')
        walk->used--;
    file->path[walk->used] = '\0';
}

static int enter_directory(struct walk *walk, const struct entry *entry)
{
    if (walk->depth + 1 == DEPTH_MAX)
        return fail(ERR_ISO_INVALID, "directories in the ISO are more than %u deep", DEPTH_MAX);
    walk->depth++;
    walk->stack[walk->depth].block = entry->extent_count ? block_of(walk->iso, entry->extents[0].data) : 0;
    walk->stack[walk->depth].length = entry->extent_count ? (uint32_t)entry->extents[0].length : 0;
    return 0;
}

static void take_entry(struct iso_file *file, const struct entry *entry)
{
    file->directory = entry->directory;
    file->symlink = entry->symlink;
    file->size = entry->size;
    file->extent_count = entry->extent_count;
    memcpy(file->extents, entry->extents, sizeof(file->extents));
}

// Cuts the next component off: NULL at the end. `more` tells whether something follows it.
static char *next_component(struct walk *walk, bool *more)
{
    char *name, *end;

    while (*walk->next == '/')
        walk->next++;
    if (!*walk->next)
        return NULL;
    name = walk->next;
    end = strchr(name, '/');
    *more = end != NULL;
    walk->next = end ? end + 1 : name + strlen(name);
    if (end)
        *end = '\0';
    return name;
}

static int not_found(const char *path)
{
    return fail(ERR_FILE_NOT_FOUND, "%s is not in the ISO", path);
}

// One component: 0 and the walk is one further (or inside a link's target), or an error.
// Not inlined: its entry and iso_find's walk together would be too much for one frame.
__attribute__((noinline))
static int step(struct walk *walk, char *name, bool more, const char *path, struct iso_file *file)
{
    struct entry entry;
    size_t length;
    int rc = look_up(walk, name, &entry);

    if (rc < 0)
        return rc;
    if (rc == 0)
        return not_found(path);
    if (entry.symlink)
        return enter_link(walk, &entry, file);
    if (more && !entry.directory)
        return not_found(path);
    length = strlen(entry.name);
    if (walk->used + 1 + length >= sizeof(file->path))
        return not_found(path);
    file->path[walk->used] = '/';
    memcpy(file->path + walk->used + 1, entry.name, length + 1);
    walk->used += 1 + length;
    if (entry.directory)
        return enter_directory(walk, &entry);
    if (entry.compressed)
        return fail(ERR_UNSUPPORTED, "%s is compressed with zisofs", path);
    take_entry(file, &entry);
    walk->at_file = true;
    return 0;
}

// The directory on top of the stack as the result.
static void take_directory(const struct walk *walk, struct iso_file *file)
{
    uint32_t length = walk->stack[walk->depth].length;

    file->directory = true;
    file->symlink = false;
    file->size = length;
    file->extent_count = length > 0;
    file->extents[0].data = iso_bytes(walk->iso, walk->stack[walk->depth].block, length);
    file->extents[0].length = length;
    if (walk->used == 0)
        memcpy(file->path, "/", 2);
}

static int walk_path(struct walk *walk, const char *path, struct iso_file *file)
{
    bool more = false;
    char *name;

    while ((name = next_component(walk, &more))) {
        int rc = 0;

        if (strcmp(name, "..") == 0)
            leave_directory(walk, file);
        else if (strcmp(name, ".") != 0)
            rc = step(walk, name, more, path, file);
        if (rc)
            return rc;
    }
    return 0;
}

int iso_find(const struct iso *iso, const char *path, struct iso_file *file)
{
    struct walk walk;
    int rc;

    if (strlen(path) >= sizeof(walk.rest))
        return not_found(path);
    walk.iso = iso;
    walk.depth = walk.links = 0;
    walk.stack[0].block = iso->root_extent;
    walk.stack[0].length = iso->root_length;
    walk.used = 0;
    walk.at_file = false;
    walk.next = walk.rest;
    strcpy(walk.rest, path);
    file->path[0] = '\0';
    rc = walk_path(&walk, path, file);
    if (rc == 0 && !walk.at_file)
        take_directory(&walk, file);
    return rc;
}

// Puts folder/name into out[ISO_PATH_MAX]. False when it does not fit.
static bool join(char *out, const char *folder, const char *name)
{
    int length = snprintf(out, ISO_PATH_MAX, "%s/%s", folder[1] ? folder : "", name);

    return length < ISO_PATH_MAX;
}

int iso_list(const struct iso *iso, const struct iso_file *dir,
             int (*visit)(void *ctx, const char *name, const struct iso_file *entry), void *ctx)
{
    struct directory records;
    struct entry entry;
    struct iso_file file;
    int rc;

    if (!dir->directory)
        return fail(ERR_FILE_NOT_FOUND, "%s is not a directory", dir->path);
    if (dir->extent_count == 0)
        return 0;
    rc = directory_open(&records, iso, block_of(iso, dir->extents[0].data), (uint32_t)dir->extents[0].length);
    if (rc)
        return rc;
    while ((rc = directory_next(&records, &entry)) == 1) {
        if (entry.hidden)
            continue;
        if (!join(file.path, dir->path, entry.name))
            continue;  // iso_find could not take such a path either
        take_entry(&file, &entry);
        rc = visit(ctx, entry.name, &file);
        if (rc)
            return rc;
    }
    return rc;
}

uint64_t iso_read(const struct iso_file *file, uint64_t offset, void *out, uint64_t length)
{
    uint8_t *to = out;
    uint64_t done = 0;

    for (unsigned i = 0; i < file->extent_count && done < length; i++) {
        const struct iso_extent *extent = &file->extents[i];
        uint64_t n = length - done;

        if (offset >= extent->length) {
            offset -= extent->length;
            continue;
        }
        if (n > extent->length - offset)
            n = extent->length - offset;
        memcpy(to + done, extent->data + offset, n);
        done += n;
        offset = 0;
    }
    return done;
}
