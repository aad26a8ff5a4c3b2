// GRUB's commands as far as they matter for finding a Linux (GRUB manual, "The list of command-line and
// menu entry commands"). Files are looked up in the ISO whatever device is named. What only concerns the
// screen, the keyboard or modules succeeds and does nothing.
// Not handled: regexp, loopback (an ISO in the ISO), multiboot, chainloader, newc: names of initrd.
#include "iso/grub.h"  // command_run

#include <stdlib.h>
#include <string.h>

#define ROOT "cd0"             // what GRUB calls the medium; the name only has to be stable

typedef enum grub_status command(struct grub *g, const struct grub_args *args, unsigned first);

static enum grub_status truth(bool value)
{
    return value ? GRUB_TRUE : GRUB_FALSE;
}

// "name=value" sets a variable.
static enum grub_status assign(struct grub *g, const char *word)
{
    const char *equals = strchr(word, '=');

    return truth(equals && variable_set(g, word, (size_t)(equals - word), equals + 1));
}

static enum grub_status cmd_set(struct grub *g, const struct grub_args *args, unsigned first)
{
    return args->count > first + 1 ? assign(g, args_get(args, first + 1)) : GRUB_TRUE;
}

static enum grub_status cmd_unset(struct grub *g, const struct grub_args *args, unsigned first)
{
    const char *name = args_get(args, first + 1);

    return truth(variable_set(g, name, strlen(name), ""));
}

static enum grub_status cmd_test(struct grub *g, const struct grub_args *args, unsigned first)
{
    return grub_test(g, args, first + 1, args->count - first - 1);
}

static enum grub_status cmd_bracket(struct grub *g, const struct grub_args *args, unsigned first)
{
    if (args->count < first + 2 || strcmp(args_get(args, args->count - 1), "]") != 0)
        return GRUB_FALSE;
    return grub_test(g, args, first + 1, args->count - first - 2);
}

static enum grub_status cmd_true(struct grub *g, const struct grub_args *args, unsigned first)
{
    (void)g, (void)args, (void)first;
    return GRUB_TRUE;
}

static enum grub_status cmd_false(struct grub *g, const struct grub_args *args, unsigned first)
{
    (void)g, (void)args, (void)first;
    return GRUB_FALSE;
}

static enum grub_status leave(struct grub *g, const struct grub_args *args, unsigned first,
                              enum grub_flow flow)
{
    const char *status = args_get(args, first + 1);

    g->flow = flow;
    return *status ? truth(strtoul(status, NULL, 10) == 0) : g->status;
}

static enum grub_status cmd_return(struct grub *g, const struct grub_args *args, unsigned first)
{
    return leave(g, args, first, FLOW_RETURN);
}

static enum grub_status cmd_exit(struct grub *g, const struct grub_args *args, unsigned first)
{
    return leave(g, args, first, FLOW_EXIT);
}

static enum grub_status cmd_break(struct grub *g, const struct grub_args *args, unsigned first)
{
    return leave(g, args, first, FLOW_BREAK);
}

static enum grub_status cmd_continue(struct grub *g, const struct grub_args *args, unsigned first)
{
    return leave(g, args, first, FLOW_CONTINUE);
}

static bool named_text(struct grub *g, const struct grub_args *args, unsigned first, struct text *text)
{
    char path[ISO_PATH_MAX];

    if (g->work < GRUB_WORK_LOOKUP || !grub_path(args_get(args, first + 1), path, sizeof(path)))
        return false;
    g->work -= GRUB_WORK_LOOKUP;
    return config_text(g->iso, path, text);
}

static enum grub_status cmd_source(struct grub *g, const struct grub_args *args, unsigned first)
{
    struct text text;

    if (!named_text(g, args, first, &text))
        return GRUB_FALSE;
    script_run(g, text);
    if (g->flow == FLOW_RETURN)
        g->flow = FLOW_RUN;
    return g->status;
}

static enum grub_status cmd_configfile(struct grub *g, const struct grub_args *args, unsigned first)
{
    struct text text;

    return truth(named_text(g, args, first, &text) && menu_replace(g, text));
}

static enum grub_status cmd_loadfont(struct grub *g, const struct grub_args *args, unsigned first)
{
    return truth(grub_exists(g, args_get(args, first + 1), false));
}

// An argument as GRUB hands it to Linux (grub-core/lib/cmdline.c does the same): in quotes when it has
// blanks, with backslashes in front of quotes.
static bool add_argument(struct boot_entry *entry, const char *word)
{
    char quoted[GRUB_VALUE_MAX];
    size_t used = 0;
    bool blanks = strchr(word, ' ') != NULL;

    if (!blanks && !strpbrk(word, "\\'\""))
        return entry_add_words(entry, word, strlen(word));
    if (blanks)
        quoted[used++] = '"';
    for (; *word; word++) {
        if (used + 3 >= sizeof(quoted))
            return false;
        if (strchr("\\'\"", *word) && !(word[0] == '\\' && word[1] == 'x'))
            quoted[used++] = '\\';
        quoted[used++] = *word;
    }
    if (blanks)
        quoted[used++] = '"';
    return entry_add_words(entry, quoted, used);
}

static enum grub_status cmd_linux(struct grub *g, const struct grub_args *args, unsigned first)
{
    struct boot_entry *entry = entry_begin(g->out);

    if (!entry || args->count < first + 2)
        return GRUB_FALSE;
    g->spoilt = !grub_path(args_get(args, first + 1), entry->kernel, sizeof(entry->kernel));
    for (unsigned i = first + 2; i < args->count; i++)
        g->spoilt = g->spoilt || !add_argument(entry, args_get(args, i));
    return truth(!g->spoilt);
}

static enum grub_status cmd_initrd(struct grub *g, const struct grub_args *args, unsigned first)
{
    struct boot_entry *entry = &g->out->entry[g->out->count];
    char path[ISO_PATH_MAX];

    if (g->out->count == ENTRIES_MAX || !entry->kernel[0])
        return GRUB_FALSE;
    entry->initrd_count = 0;
    for (unsigned i = first + 1; i < args->count; i++) {
        const char *name = args_get(args, i);

        if (*name == '-' || strncmp(name, "newc:", 5) == 0)
            continue;
        if (!grub_path(name, path, sizeof(path)) || !entry_add_initrd(entry, path))
            g->spoilt = true;
    }
    return truth(!g->spoilt);
}

struct query {                 // what search and probe are asked
    const char *variable;      // NULL: none
    size_t variable_length;
    enum { QUERY_FILE, QUERY_LABEL, QUERY_UUID, QUERY_FS, QUERY_OTHER } kind;
    const char *name;          // the last plain argument
};

// Options are alike for both: -f/--file (probe: file system), -l/--label, -u/--fs-uuid, -s/--set, which
// has its variable behind "=", and for probe also in the next argument.
static void read_query(const struct grub_args *args, unsigned first, bool probe, struct query *q)
{
    q->variable = NULL;
    q->variable_length = 0;
    q->name = "";
    q->kind = QUERY_OTHER;
    for (unsigned i = first + 1; i < args->count; i++) {
        const char *word = args_get(args, i);

        if (strncmp(word, "--set=", 6) == 0)
            q->variable = word + 6;
        else if (strcmp(word, "--set") == 0 || strcmp(word, "-s") == 0)
            q->variable = probe ? args_get(args, ++i) : "root";
        else if (strcmp(word, "--file") == 0 || strcmp(word, "-f") == 0)
            q->kind = probe ? QUERY_FS : QUERY_FILE;
        else if (strcmp(word, "--label") == 0 || strcmp(word, "-l") == 0)
            q->kind = QUERY_LABEL;
        else if (strcmp(word, "--fs-uuid") == 0 || strcmp(word, "-u") == 0)
            q->kind = QUERY_UUID;
        else if (strcmp(word, "--fs") == 0)
            q->kind = QUERY_FS;
        else if (strcmp(word, "--hint") == 0)
            i++;
        else if (*word != '-')
            q->name = word;
    }
    if (q->variable)
        q->variable_length = strlen(q->variable);
}

static enum grub_status answer_search(struct grub *g, const struct query *q)
{
    if (q->variable)
        variable_set(g, q->variable, q->variable_length, ROOT);
    switch (q->kind) {
    case QUERY_FILE: return truth(grub_exists(g, q->name, false));
    case QUERY_LABEL: return truth(strcmp(q->name, g->iso->label) == 0);
    case QUERY_UUID: return truth(strcmp(q->name, g->iso->uuid) == 0);
    default: return GRUB_UNKNOWN;
    }
}

static enum grub_status cmd_search(struct grub *g, const struct grub_args *args, unsigned first)
{
    struct query q;

    read_query(args, first, false, &q);
    return answer_search(g, &q);
}

// search.file NAME [VARIABLE] [HINT...], and so on.
static enum grub_status cmd_search_dot(struct grub *g, const struct grub_args *args, unsigned first)
{
    const char *kind = strchr(args_get(args, first), '.') + 1;
    const char *variable = args_get(args, first + 2);
    struct query q = {.name = args_get(args, first + 1), .kind = QUERY_FILE};

    q.variable = *variable ? variable : "root";
    q.variable_length = strlen(q.variable);
    if (strcmp(kind, "file") != 0)
        q.kind = strcmp(kind, "fs_uuid") == 0 ? QUERY_UUID : QUERY_LABEL;
    return answer_search(g, &q);
}

static enum grub_status cmd_probe(struct grub *g, const struct grub_args *args, unsigned first)
{
    struct query q;
    const char *answer = "";

    read_query(args, first, true, &q);
    if (q.kind == QUERY_LABEL)
        answer = g->iso->label;
    else if (q.kind == QUERY_UUID)
        answer = g->iso->uuid;
    else if (q.kind == QUERY_FS)
        answer = "iso9660";
    if (q.variable)
        variable_set(g, q.variable, q.variable_length, answer);
    return truth(*answer);
}

static const struct {
    const char *name;
    command *run;
} commands[] = {
    {"[", cmd_bracket},          {"test", cmd_test},          {"set", cmd_set},
    {"linux", cmd_linux},        {"linuxefi", cmd_linux},     {"linux16", cmd_linux},
    {"initrd", cmd_initrd},      {"initrdefi", cmd_initrd},   {"initrd16", cmd_initrd},
    {"source", cmd_source},      {".", cmd_source},           {"configfile", cmd_configfile},
    {"normal", cmd_configfile},  {"search", cmd_search},      {"search.file", cmd_search_dot},
    {"search.fs_label", cmd_search_dot},                      {"search.fs_uuid", cmd_search_dot},
    {"probe", cmd_probe},        {"unset", cmd_unset},        {"true", cmd_true},
    {"false", cmd_false},        {"return", cmd_return},      {"exit", cmd_exit},
    {"boot", cmd_exit},          {"break", cmd_break},        {"continue", cmd_continue},
    {"loadfont", cmd_loadfont},  {"export", cmd_true},        {"insmod", cmd_true},
    {"echo", cmd_true},          {"clear", cmd_true},         {"terminal_input", cmd_true},
    {"terminal_output", cmd_true},                            {"background_image", cmd_true},
    {"background_color", cmd_true},                           {"play", cmd_true},
    {"sleep", cmd_true},         {"cpuid", cmd_true},         {"keystatus", cmd_false},
    {"serial", cmd_true},        {"loopback", cmd_true},      {"load_env", cmd_true},
    {"save_env", cmd_true},      {"sleep.interruptible", cmd_true},
};

enum grub_status command_run(struct grub *g, const struct grub_args *args, unsigned first)
{
    const char *name = args_get(args, first);

    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        if (strcmp(commands[i].name, name) == 0)
            return commands[i].run(g, args, first);
    return strchr(name, '=') ? assign(g, name) : GRUB_UNKNOWN;
}
