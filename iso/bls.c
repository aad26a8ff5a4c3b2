// Boot entries from Boot Loader Specification type 1 files (uapi-group.org, "Boot Loader Specification"):
// /loader/entries/*.conf with title, linux, initrd, options, architecture; the default is a file name or
// pattern in /loader/loader.conf. Order is that of the directory, which ISO 9660 sorts by name.
// Not handled: type 2 (unified kernel images) and entries inside the EFI partition's FAT image.
#include "iso/finder.h"  // find_bls

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define FILE_MAX 128

struct bls {
    const struct iso *iso;
    struct boot_entries *out;
    size_t budget;                         // bytes of entries that may still be read
    char wanted[FILE_MAX];                 // default pattern, "" when there is none
    bool chosen;
};
static_assert(sizeof(struct bls) <= ENTRIES_WORK, "boot_entries.work is too small for the parser");

// Matches `name` against a pattern with '*' only.
static bool matches(const char *pattern, const char *name)
{
    const char *star = NULL, *retry = NULL;

    while (*name) {
        if (*pattern == '*') {
            star = pattern++;
            retry = name;
        } else if (*pattern == *name) {
            pattern++;
            name++;
        } else if (star) {
            pattern = star + 1;
            name = ++retry;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

static bool absolute(const struct text *name, char *out, size_t size)
{
    int n = (int)(name->end - name->at);
    int length = snprintf(out, size, "%s%.*s", n > 0 && *name->at == '/' ? "" : "/", n, name->at);

    return n > 0 && (size_t)length < size;
}

// One line of an entry. False when the entry must not be used.
static bool take_line(struct boot_entry *entry, struct text line)
{
    struct text key, name;
    char path[ISO_PATH_MAX];

    if (!text_word(&line, &key) || *key.at == '#')
        return true;
    if (text_is(&key, "title")) {
        if (!text_copy(&line, entry->title, sizeof(entry->title)))
            snprintf(entry->title, sizeof(entry->title), "%.*s", ENTRY_TITLE_MAX - 1, line.at);
        return true;
    }
    if (text_is(&key, "linux"))
        return absolute(&line, entry->kernel, sizeof(entry->kernel));
    if (text_is(&key, "options"))
        return entry_add_words(entry, line.at, (size_t)(line.end - line.at));
    if (text_is(&key, "architecture"))
        return text_is(&line, "x64");
    while (text_is(&key, "initrd") && text_word(&line, &name))
        if (!absolute(&name, path, sizeof(path)) || !entry_add_initrd(entry, path))
            return false;
    return true;
}

static bool has_suffix(const char *name, const char *suffix)
{
    size_t length = strlen(name), n = strlen(suffix);

    return length > n && strcasecmp(name + length - n, suffix) == 0;
}

static void take_file(struct bls *b, const char *name, const char *path)
{
    struct boot_entry *entry = entry_begin(b->out);
    struct text text, line;
    unsigned index = b->out->count;

    if (!entry || !config_text(b->iso, path, &text) || (size_t)(text.end - text.at) > b->budget)
        return;
    b->budget -= (size_t)(text.end - text.at);
    while (text_line(&text, &line))
        if (!take_line(entry, line))
            return;
    snprintf(entry->position, sizeof(entry->position), "%u", index);
    if (!entry_commit(b->iso, b->out) || b->chosen)
        return;
    if (b->wanted[0] && (matches(b->wanted, name) || (strlen(b->wanted) + 5 == strlen(name)
                                                      && strncmp(name, b->wanted, strlen(b->wanted)) == 0))) {
        b->chosen = true;
        b->out->chosen = index;
    }
}

static int visit(void *ctx, const char *name, const struct iso_file *entry)
{
    struct bls *b = ctx;

    if (!entry->directory && has_suffix(name, ".conf"))
        take_file(b, name, entry->path);
    return 0;
}

static void read_default(struct bls *b)
{
    struct text text, line, key;

    if (!config_text(b->iso, "/loader/loader.conf", &text))
        return;
    while (text_line(&text, &line))
        if (text_word(&line, &key) && text_is(&key, "default"))
            text_copy(&line, b->wanted, sizeof(b->wanted));
}

int find_bls(const struct iso *iso, const char *path, struct boot_entries *out)
{
    struct bls *b = (struct bls *)out->work;
    struct iso_file folder;

    memset(b, 0, sizeof(*b));
    b->iso = iso;
    b->out = out;
    b->budget = CONFIG_BYTES_MAX;
    if (iso_find(iso, path, &folder) != 0 || !folder.directory)
        return 0;
    read_default(b);
    return iso_list(iso, &folder, visit, b);
}
