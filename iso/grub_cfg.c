// Boot entries from GRUB's configuration: runs the script, then every menu entry, each in its own scope
// with the variables as the script left them; submenus (and `configfile` in an entry) are flattened.
// `default` is understood as a number, a title, an id, and "1>2" (GRUB manual, "default").
// Not handled: arguments of menuentry as $1.
#include "iso/grub.h"  // struct grub

#include "lib/log.h"  // log_debug

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static_assert(sizeof(struct grub) <= ENTRIES_WORK, "boot_entries.work is too small for the interpreter");

// What GRUB sets before a configuration runs. The platform is a guess that configurations use for
// screens and memory tests; kernels are the same for both.
static const char *const variables[][2] = {
    {"grub_cpu", "x86_64"},           {"grub_platform", "efi"},
    {"root", "cd0"},                  {"feature_menuentry_id", "y"},
    {"feature_menuentry_options", "y"}, {"feature_platform_search_hint", "y"},
    {"feature_default_font_path", "y"}, {"feature_all_video_module", "y"},
    {"feature_timeout_style", "y"},   {"feature_200_final", "y"},
    {"menuentry_id_option", "--id"},
};

// Options of menuentry that have a value in the next word.
static const char *const valued[] = {"--class", "--users", "--hotkey", "--source", "--id"};

static bool takes_value(const char *option)
{
    for (size_t i = 0; i < sizeof(valued) / sizeof(valued[0]); i++)
        if (strcmp(option, valued[i]) == 0)
            return true;
    return false;
}

void menu_add(struct grub *g, const struct grub_args *args, struct text body)
{
    struct grub_item *item = &g->items[g->item_count];
    bool titled = false;

    if (g->item_count == GRUB_ITEMS_MAX) {
        g->status = GRUB_FALSE;
        return;
    }
    item->title[0] = item->id[0] = '\0';
    item->body = body;
    for (unsigned i = 1; i < args->count; i++) {
        const char *word = args_get(args, i);

        if (strncmp(word, "--id=", 5) == 0)
            snprintf(item->id, sizeof(item->id), "%s", word + 5);
        else if (strcmp(word, "--id") == 0)
            snprintf(item->id, sizeof(item->id), "%s", args_get(args, ++i));
        else if (takes_value(word))
            i++;
        else if (strncmp(word, "--", 2) != 0 && !titled)
            titled = snprintf(item->title, sizeof(item->title), "%s", word) >= 0;
    }
    g->item_count++;
    g->status = GRUB_TRUE;
}

bool menu_replace(struct grub *g, struct text script)
{
    unsigned before = g->item_count, replaced = g->menus_replaced;
    unsigned old = before - g->menu_first;

    script_run(g, script);
    if (g->menus_replaced != replaced)
        return true;  // it went on to yet another menu, which stands at menu_first already
    if (g->item_count == before)
        return false;
    memmove(&g->items[g->menu_first], &g->items[before], (g->item_count - before) * sizeof(g->items[0]));
    g->item_count -= old;
    g->menus_replaced++;
    g->flow = FLOW_EXIT;  // GRUB shows that menu, and never comes back
    return true;
}

// Behind the first single '>' of a default ("1>2", ">>" is a '>' in a title), or the end.
static const char *next_level(const char *want, size_t *length)
{
    const char *s = want;

    while (*s && !(s[0] == '>' && s[1] != '>'))
        s += s[0] == '>' ? 2 : 1;
    *length = (size_t)(s - want);
    return *s ? s + 1 : s;
}

static bool is_named(const char *name, const char *want, size_t length)
{
    return strlen(name) == length && memcmp(name, want, length) == 0;
}

// Which of the menu's items `want` means; the first when none does, as GRUB does.
static unsigned default_item(const struct grub *g, unsigned first, const char *want, size_t length)
{
    unsigned count = g->item_count - first;
    char *end = NULL;
    unsigned long number = isdigit((unsigned char)*want) ? strtoul(want, &end, 10) : 0;

    if (length == 0)
        return 0;
    if (end == want + length && number < count)
        return (unsigned)number;
    for (unsigned i = 0; i < count; i++) {
        const struct grub_item *item = &g->items[first + i];

        if (is_named(item->id, want, length) || is_named(item->title, want, length))
            return i;
    }
    return 0;
}

// The entry that the script just run has filled, if any.
static void take_entry(struct grub *g, const char *title, bool is_default)
{
    struct boot_entry *entry = &g->out->entry[g->out->count];

    if (g->out->count == ENTRIES_MAX || !entry->kernel[0])
        return;
    snprintf(entry->title, sizeof(entry->title), "%s", title);
    snprintf(entry->position, sizeof(entry->position), "%s", g->position);
    if (g->work < GRUB_WORK_LOOKUP || g->spoilt) {
        snprintf(g->out->refused, sizeof(g->out->refused), "%s has too long a command line", entry->kernel);
        return;
    }
    g->work -= GRUB_WORK_LOOKUP;
    if (entry_commit(g->iso, g->out) && is_default && !g->default_found) {
        g->default_found = true;
        g->out->chosen = g->out->count - 1;
    }
}

static void menu_run(struct grub *g, struct text script, const char *title, const char *want);

// Runs the items from `first` on. `want` is what the default says about this menu, NULL when the
// default is in another one.
static void items_run(struct grub *g, unsigned first, const char *want)
{
    unsigned count = g->item_count - first;
    size_t used = strlen(g->position), length = 0;
    const char *deeper = want ? next_level(want, &length) : NULL;
    unsigned chosen = want ? default_item(g, first, want, length) : count;

    for (unsigned i = 0; i < count; i++) {
        unsigned outer = scope_open(g);

        snprintf(g->position + used, sizeof(g->position) - used, "%s%u", used ? ">" : "", i);
        menu_run(g, g->items[first + i].body, g->items[first + i].title, i == chosen ? deeper : NULL);
        g->position[used] = '\0';
        scope_close(g, outer);
    }
}

static void menu_run(struct grub *g, struct text script, const char *title, const char *want)
{
    unsigned first = g->item_count, outer_first = g->menu_first;

    if (g->depth == GRUB_DEPTH_MAX || !entry_begin(g->out))
        return;
    g->depth++;
    g->menu_first = first;
    g->spoilt = false;
    script_run(g, script);
    g->flow = g->work ? FLOW_RUN : FLOW_EXIT;
    take_entry(g, title, want != NULL);
    if (!g->position[0])
        want = variable_get(g, "default", strlen("default"));
    items_run(g, first, want);
    g->item_count = first;
    g->menu_first = outer_first;
    g->depth--;
}

static void set_string(struct grub *g, const char *name, const char *value)
{
    variable_set(g, name, strlen(name), value);
}

static void set_up(struct grub *g, const struct iso *iso, const char *path, struct boot_entries *out)
{
    char folder[ISO_PATH_MAX];
    int length = (int)(strrchr(path, '/') - path);

    memset(g, 0, offsetof(struct grub, variables));
    g->iso = iso;
    g->out = out;
    g->work = GRUB_WORK_MAX;
    for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
        set_string(g, variables[i][0], variables[i][1]);
    snprintf(folder, sizeof(folder), "(cd0)%.*s", length, path);
    set_string(g, "prefix", folder);
    set_string(g, "config_directory", folder);
    set_string(g, "cmdpath", "(cd0)/EFI/BOOT");
    snprintf(folder, sizeof(folder), "(cd0)%s", path);
    set_string(g, "config_file", folder);
}

int find_grub(const struct iso *iso, const char *path, struct boot_entries *out)
{
    struct grub *g = (struct grub *)out->work;
    struct text script;

    if (!config_text(iso, path, &script))
        return 0;
    set_up(g, iso, path, out);
    menu_run(g, script, "", NULL);
    if (g->work == 0)
        log_debug("%s is too complex, the rest of it was not read", path);
    return 0;
}
