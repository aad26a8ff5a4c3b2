// What the finders share: text in lines and words, filling an entry, and the check that a kernel file is
// a 64-bit Linux (Documentation/arch/x86/boot.rst, "The Real-Mode Kernel Header").
#include "iso/finder.h"  // entry_commit

#include "lib/endian.h"  // le16_load

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

// Offsets in a bzImage; kernel/linux/image.c checks the rest when it is loaded.
#define HEADER_BYTES 0x238
#define HEADER_MAGIC 0x202            // "HdrS"
#define HEADER_VERSION 0x206
#define   VERSION_XLOADFLAGS 0x20c    // Linux 3.8: the first that says whether it is 64-bit
#define HEADER_XLOADFLAGS 0x236
#define   XLOADFLAGS_KERNEL_64 1

bool text_line(struct text *text, struct text *line)
{
    const char *end;

    if (text->at >= text->end)
        return false;
    end = memchr(text->at, '\n', (size_t)(text->end - text->at));
    line->at = text->at;
    line->end = end ? end : text->end;
    text->at = end ? end + 1 : text->end;
    while (line->at < line->end && isspace((unsigned char)*line->at))
        line->at++;
    while (line->at < line->end && isspace((unsigned char)line->end[-1]))
        line->end--;
    return true;
}

bool text_word(struct text *line, struct text *word)
{
    while (line->at < line->end && isspace((unsigned char)*line->at))
        line->at++;
    word->at = line->at;
    while (line->at < line->end && !isspace((unsigned char)*line->at))
        line->at++;
    word->end = line->at;
    while (line->at < line->end && isspace((unsigned char)*line->at))
        line->at++;
    return word->at < word->end;
}

bool text_is(const struct text *text, const char *s)
{
    size_t length = (size_t)(text->end - text->at);

    return length == strlen(s) && strncasecmp(text->at, s, length) == 0;
}

bool text_copy(const struct text *text, char *out, size_t size)
{
    size_t length = (size_t)(text->end - text->at);

    out[0] = '\0';
    if (length >= size || memchr(text->at, '\0', length))
        return false;
    memcpy(out, text->at, length);
    out[length] = '\0';
    return true;
}

bool config_text(const struct iso *iso, const char *path, struct text *text)
{
    struct iso_file file;

    if (iso_find(iso, path, &file) != 0 || file.directory)
        return false;
    if (file.extent_count != 1 || file.size > CONFIG_BYTES_MAX)
        return false;
    text->at = (const char *)file.extents[0].data;
    text->end = text->at + file.size;
    return true;
}

bool iso_has(const struct iso *iso, const char *path, bool directory)
{
    struct iso_file file;

    return iso_find(iso, path, &file) == 0 && file.directory == directory;
}

void label_word(const struct iso *iso, char *out)
{
    for (const char *c = iso->label; *c != '\0'; c++) {
        if (*c == ' ') {
            memcpy(out, "\\x20", 4);
            out += 4;
        } else {
            *out++ = *c;
        }
    }
    *out = '\0';
}

struct boot_entry *entry_begin(struct boot_entries *out)
{
    struct boot_entry *entry = &out->entry[out->count];

    if (out->count == ENTRIES_MAX)
        return NULL;
    entry->title[0] = entry->position[0] = entry->kernel[0] = entry->words[0] = '\0';
    entry->initrd_count = 0;
    return entry;
}

bool entry_add_words(struct boot_entry *entry, const char *word, size_t length)
{
    size_t used = strlen(entry->words);
    size_t blank = used > 0 && length > 0;

    if (used + blank + length >= sizeof(entry->words))
        return false;
    if (blank)
        entry->words[used++] = ' ';
    for (size_t i = 0; i < length; i++)  // a control character would end or garble the command line
        entry->words[used++] = (unsigned char)word[i] < ' ' ? ' ' : word[i];
    entry->words[used] = '\0';
    return true;
}

bool entry_add_initrd(struct boot_entry *entry, const char *path)
{
    if (entry->initrd_count == ENTRY_INITRDS_MAX || strlen(path) >= ISO_PATH_MAX)
        return false;
    strcpy(entry->initrds[entry->initrd_count++], path);
    return true;
}

// NULL, or why the file does not do.
static const char *kernel_fault(const struct iso_file *file)
{
    uint8_t header[HEADER_BYTES];

    if (file->directory || iso_read(file, 0, header, sizeof(header)) < sizeof(header)
        || memcmp(header + HEADER_MAGIC, "HdrS", 4) != 0)
        return "is not a Linux kernel";
    if (le16_load(header + HEADER_VERSION) < VERSION_XLOADFLAGS
        || !(le16_load(header + HEADER_XLOADFLAGS) & XLOADFLAGS_KERNEL_64))
        return "is not a 64-bit kernel";
    return NULL;
}

static void clean_title(struct boot_entry *entry)
{
    char *to = entry->title;

    for (const char *from = entry->title; *from; from++)
        if ((unsigned char)*from >= ' ' && *from != 0x7f)
            *to++ = *from;
    *to = '\0';
}

// Both paths as the ISO has them, links followed, for the log and for the loader.
static const char *resolve_kernel(const struct iso *iso, struct boot_entry *entry)
{
    struct iso_file file;
    const char *fault;

    if (iso_find(iso, entry->kernel, &file) != 0)
        return "is not in the ISO";
    fault = kernel_fault(&file);
    if (!fault)
        strcpy(entry->kernel, file.path);
    return fault;
}

static void resolve_initrd(const struct iso *iso, char *path)
{
    struct iso_file file;

    if (iso_find(iso, path, &file) == 0)
        strcpy(path, file.path);
}

bool entry_commit(const struct iso *iso, struct boot_entries *out)
{
    struct boot_entry *entry = &out->entry[out->count];
    const char *fault;

    if (out->count == ENTRIES_MAX || !entry->kernel[0])
        return false;
    fault = resolve_kernel(iso, entry);
    if (fault) {
        snprintf(out->refused, sizeof(out->refused), "%s %s", entry->kernel, fault);
        return false;
    }
    for (unsigned i = 0; i < entry->initrd_count; i++)
        resolve_initrd(iso, entry->initrds[i]);
    clean_title(entry);
    if (!entry->title[0])
        memcpy(entry->title, "(no title)", sizeof("(no title)"));
    out->count++;
    return true;
}
