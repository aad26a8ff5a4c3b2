// Boot entries from ISOLINUX/SYSLINUX configurations (doc/syslinux.txt, doc/menu.txt of Syslinux 6):
// LABEL, KERNEL, LINUX, INITRD, APPEND, DEFAULT, ONTIMEOUT, MENU LABEL/DEFAULT/INCLUDE/BEGIN, INCLUDE,
// CONFIG. Keywords have no case. Names are relative to the main file's folder.
// Not handled: LOCALBOOT, COM32 modules and boot sectors (dropped; ifcpu64.c32 as default is followed).
#include "iso/finder.h"  // find_isolinux

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define LABEL_MAX 64
#define FOLDER_MAX 256
#define INCLUDE_DEPTH_MAX 8
#define INCLUDES_MAX 256       // files read, all together
#define LOOKUPS_MAX 4096       // names looked up in the ISO, all together: each is a walk over directories

struct isolinux {
    const struct iso *iso;
    struct boot_entries *out;
    unsigned depth, files, lookups;
    bool in_label;             // an entry is being filled
    bool in_help;              // between TEXT HELP and ENDTEXT
    bool wants_append;         // the label has no APPEND of its own yet
    bool menu_default;         // MENU DEFAULT in this label
    bool spoilt;               // it did not fit
    bool marked;               // out->chosen comes from MENU DEFAULT
    unsigned menu_index;       // of this label
    char label[LABEL_MAX];
    char preferred[LABEL_MAX]; // ONTIMEOUT, else DEFAULT
    bool on_timeout;
    char folder[FOLDER_MAX];   // of the main file, without "/" at the end
    char global_append[ENTRY_WORDS_MAX];
    char labels[ENTRIES_MAX][LABEL_MAX];  // of the entries taken
};
static_assert(sizeof(struct isolinux) <= ENTRIES_WORK, "boot_entries.work is too small for the parser");

typedef void directive(struct isolinux *s, struct text *rest);

static void parse_file(struct isolinux *s, const char *path);

// True while so many more names may be looked up.
static bool may_look_up(struct isolinux *s, unsigned names)
{
    s->lookups += names;
    return s->lookups <= LOOKUPS_MAX;
}

// The file that `name` means: in the folder, and when it is not there, from the root. False: too long, or one
// name too many.
static bool full_path(struct isolinux *s, const struct text *name, char *out, size_t size)
{
    int n = (int)(name->end - name->at);
    int length;

    if (n > 0 && *name->at == '/')
        length = snprintf(out, size, "%.*s", n, name->at);
    else
        length = snprintf(out, size, "%s/%.*s", s->folder, n, name->at);
    if (length < 1 || (size_t)length >= size || !may_look_up(s, 1))
        return false;
    if (*name->at != '/' && !iso_has(s->iso, out, false))
        snprintf(out, size, "/%.*s", n, name->at);
    return true;
}

static struct boot_entry *current(struct isolinux *s)
{
    return s->in_label ? &s->out->entry[s->out->count] : NULL;
}

static void add_initrds(struct isolinux *s, struct boot_entry *entry, struct text list)
{
    entry->initrd_count = 0;
    while (list.at < list.end) {
        const char *comma = memchr(list.at, ',', (size_t)(list.end - list.at));
        struct text name = {list.at, comma ? comma : list.end};
        char path[ISO_PATH_MAX];

        list.at = comma ? comma + 1 : list.end;
        if (name.at == name.end)
            continue;
        if (!full_path(s, &name, path, sizeof(path)) || !entry_add_initrd(entry, path))
            s->spoilt = true;
    }
}

// APPEND: initrd= names files, everything else is for Linux.
static void append_words(struct isolinux *s, struct boot_entry *entry, struct text rest)
{
    struct text word;

    while (text_word(&rest, &word)) {
        size_t length = (size_t)(word.end - word.at);

        if (length > 7 && strncasecmp(word.at, "initrd=", 7) == 0)
            add_initrds(s, entry, (struct text){word.at + 7, word.end});
        else if (!entry_add_words(entry, word.at, length))
            s->spoilt = true;
    }
}

static bool names_module(const char *kernel, const char *module)
{
    const char *slash = strrchr(kernel, '/');

    return strcasecmp(slash ? slash + 1 : kernel, module) == 0;
}

// ifcpu64.c32 starts the label its first argument names when the CPU is ours.
static void follow_module(struct isolinux *s, const struct boot_entry *entry)
{
    struct text words = {entry->words, entry->words + strlen(entry->words)}, word;

    if (names_module(entry->kernel, "ifcpu64.c32") && strcasecmp(s->label, s->preferred) == 0
        && text_word(&words, &word))
        text_copy(&word, s->preferred, sizeof(s->preferred));
}

// Takes the label being read into the list when it is a Linux.
static void finish_label(struct isolinux *s)
{
    struct boot_entry *entry = current(s);
    unsigned index = s->out->count;

    s->in_label = false;
    if (!entry || s->spoilt)
        return;
    if (s->wants_append)
        append_words(s, entry, (struct text){s->global_append, s->global_append + strlen(s->global_append)});
    if (!entry->title[0])
        snprintf(entry->title, sizeof(entry->title), "%s", s->label);
    snprintf(entry->position, sizeof(entry->position), "%u", s->menu_index);
    follow_module(s, entry);
    if (s->spoilt || !may_look_up(s, 1 + entry->initrd_count) || !entry_commit(s->iso, s->out))
        return;
    strcpy(s->labels[index], s->label);
    if (s->menu_default && !s->marked) {
        s->marked = true;
        s->out->chosen = index;
    }
}

static void on_label(struct isolinux *s, struct text *rest)
{
    finish_label(s);
    s->in_label = entry_begin(s->out) != NULL;
    s->wants_append = true;
    s->menu_default = s->spoilt = false;
    s->menu_index++;
    text_copy(rest, s->label, sizeof(s->label));
}

static void on_kernel(struct isolinux *s, struct text *rest)
{
    struct boot_entry *entry = current(s);
    struct text name;

    if (!entry || !text_word(rest, &name))
        return;
    if (!full_path(s, &name, entry->kernel, sizeof(entry->kernel)))
        s->spoilt = true;
    append_words(s, entry, *rest);  // Syslinux allows arguments here
}

static void on_initrd(struct isolinux *s, struct text *rest)
{
    struct boot_entry *entry = current(s);

    if (entry)
        add_initrds(s, entry, *rest);
}

static void on_append(struct isolinux *s, struct text *rest)
{
    struct boot_entry *entry = current(s);

    if (!entry) {
        if (!text_copy(rest, s->global_append, sizeof(s->global_append)))
            s->global_append[0] = '\0';
        return;
    }
    s->wants_append = false;
    if (!text_is(rest, "-"))
        append_words(s, entry, *rest);
}

static void on_default(struct isolinux *s, struct text *rest)
{
    struct text word;

    if (!s->on_timeout && text_word(rest, &word))
        text_copy(&word, s->preferred, sizeof(s->preferred));
}

static void on_ontimeout(struct isolinux *s, struct text *rest)
{
    struct text word;

    s->on_timeout = text_word(rest, &word) && text_copy(&word, s->preferred, sizeof(s->preferred));
}

static void on_include(struct isolinux *s, struct text *rest)
{
    struct text name;
    char path[ISO_PATH_MAX];

    if (text_word(rest, &name) && full_path(s, &name, path, sizeof(path)))
        parse_file(s, path);
}

static void on_menu(struct isolinux *s, struct text *rest)
{
    struct boot_entry *entry = current(s);
    struct text word;

    if (!text_word(rest, &word))
        return;
    if (text_is(&word, "include"))
        on_include(s, rest);
    else if (text_is(&word, "default"))
        s->menu_default = true;
    else if (text_is(&word, "label") && entry) {
        size_t used = 0;

        for (const char *c = rest->at; c < rest->end && used + 1 < sizeof(entry->title); c++)
            if (*c != '^')  // marks the hot key
                entry->title[used++] = *c;
        entry->title[used] = '\0';
    }
}

static void on_text(struct isolinux *s, struct text *rest)
{
    s->in_help = text_is(rest, "help");
}

static const struct {
    const char *keyword;
    directive *run;
} directives[] = {
    {"label", on_label},     {"kernel", on_kernel},       {"linux", on_kernel},
    {"com32", on_kernel},    {"initrd", on_initrd},       {"append", on_append},
    {"default", on_default}, {"ontimeout", on_ontimeout}, {"include", on_include},
    {"config", on_include},  {"menu", on_menu},           {"text", on_text},
};

static void parse_line(struct isolinux *s, struct text line)
{
    struct text keyword;

    if (!text_word(&line, &keyword) || *keyword.at == '#')
        return;
    if (s->in_help) {
        s->in_help = !text_is(&keyword, "endtext");
        return;
    }
    for (size_t i = 0; i < sizeof(directives) / sizeof(directives[0]); i++)
        if (text_is(&keyword, directives[i].keyword)) {
            directives[i].run(s, &line);
            return;
        }
}

static void parse_file(struct isolinux *s, const char *path)
{
    struct text text, line;

    if (s->depth == INCLUDE_DEPTH_MAX || s->files == INCLUDES_MAX || !config_text(s->iso, path, &text))
        return;
    s->depth++;
    s->files++;
    while (text_line(&text, &line))
        parse_line(s, line);
    s->depth--;
}

int find_isolinux(const struct iso *iso, const char *path, struct boot_entries *out)
{
    struct isolinux *s = (struct isolinux *)out->work;
    int length = (int)(strrchr(path, '/') - path);

    memset(s, 0, offsetof(struct isolinux, labels));
    s->iso = iso;
    s->out = out;
    s->menu_index = (unsigned)-1;  // the first label is 0
    if (length >= FOLDER_MAX)
        return 0;
    snprintf(s->folder, sizeof(s->folder), "%.*s", length, path);
    parse_file(s, path);
    finish_label(s);
    for (unsigned i = 0; i < out->count && !s->marked; i++)
        if (strcasecmp(s->labels[i], s->preferred) == 0) {
            out->chosen = i;
            break;
        }
    return 0;
}
