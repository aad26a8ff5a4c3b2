// Inside iso/: the interpreter for GRUB's scripts (GRUB manual, "Writing full configuration files").
// The script is run once, collecting menu entries; then the body of each is run in a scope of its own,
// and what `linux` and `initrd` say there becomes a boot entry. Nothing is copied but variables.
#ifndef URLBOOT_ISO_GRUB_H
#define URLBOOT_ISO_GRUB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "iso/finder.h"  // struct text

#define GRUB_NAME_MAX 48
#define GRUB_VALUE_MAX 976
#define GRUB_VARIABLES_MAX 128
#define GRUB_FUNCTIONS_MAX 64
#define GRUB_ITEMS_MAX 160
#define GRUB_ID_MAX 80
#define GRUB_ARENA (32u << 10)
#define GRUB_ARGS_MAX 512
#define GRUB_DEPTH_MAX 32              // blocks, calls, sourced files and submenus inside each other
#define GRUB_ROUNDS_MAX 1000           // of one loop
#define GRUB_WORK_MAX (32u << 20)      // bytes read over and over, all together
#define GRUB_WORK_LOOKUP (32u << 10)   // what one look into the ISO counts for

enum grub_status { GRUB_TRUE, GRUB_FALSE, GRUB_UNKNOWN };  // unknown: depends on the machine
enum grub_flow { FLOW_RUN, FLOW_BREAK, FLOW_CONTINUE, FLOW_RETURN, FLOW_EXIT };

struct grub_token {
    enum { TOKEN_END, TOKEN_WORD, TOKEN_SEPARATOR, TOKEN_OPEN, TOKEN_CLOSE } kind;
    struct text raw;                   // with quotes and variables
};

struct grub_args {                     // expanded words, one NUL-terminated string behind the other
    const char *first;
    unsigned count;
    size_t mark;                       // of the arena before them: args_drop()
};

struct grub_variable {
    char name[GRUB_NAME_MAX];
    char value[GRUB_VALUE_MAX];
};

struct grub_function {
    struct text name, body;
};

struct grub_item {                     // a menuentry or submenu, not yet run
    char title[ENTRY_TITLE_MAX];
    char id[GRUB_ID_MAX];
    struct text body;
};

struct grub {
    const struct iso *iso;
    struct boot_entries *out;
    uint32_t work;                     // what is left of GRUB_WORK_MAX
    unsigned depth;
    enum grub_flow flow;
    enum grub_status status;           // of the last command
    bool spoilt;                       // the entry being filled did not fit
    const struct grub_args *call;      // $1.. of the function being run
    char number[16];                   // $? and $#
    char position[ENTRY_POSITION_MAX]; // of the menu being run: "1>"
    unsigned variable_count;
    unsigned scope;                    // variables from here on belong to the innermost scope
    unsigned function_count;
    unsigned item_count;
    unsigned menu_first;               // items from here on belong to the menu being run
    unsigned menus_replaced;           // how often `configfile` has put another menu there
    bool default_found;                // out->chosen is what the configuration wants
    size_t arena_used;
    struct grub_variable variables[GRUB_VARIABLES_MAX];
    struct grub_function functions[GRUB_FUNCTIONS_MAX];
    struct grub_item items[GRUB_ITEMS_MAX];
    char arena[GRUB_ARENA];
};

// ---- grub_lex.c: tokens and expansion ---------------------------------------------------------------

// Takes the next token. At the end, and when the work allowed is used up, TOKEN_END.
void token_next(struct grub *g, struct text *script, struct grub_token *token);

// Whether the token is the unquoted word `s`.
bool token_is(const struct grub_token *token, const char *s);

// Starts an empty list of arguments; ends it with args_drop() in reverse order.
void args_begin(struct grub *g, struct grub_args *args);
void args_drop(struct grub *g, const struct grub_args *args);

// Expands `token` into 0, 1 or more arguments (unquoted variables are split at blanks).
// False when the arena is full.
bool args_expand(struct grub *g, struct grub_args *args, const struct grub_token *token);

// Argument `i`, "" when there are fewer.
const char *args_get(const struct grub_args *args, unsigned i);

// ---- grub_env.c: variables --------------------------------------------------------------------------

// The value, "" when it is not set.
const char *variable_get(const struct grub *g, const char *name, size_t length);

// Sets it in the innermost scope. False when name or value is too long or there are too many.
bool variable_set(struct grub *g, const char *name, size_t length, const char *value);

// Opens a scope: what is set inside is forgotten by scope_close() with the value returned here.
unsigned scope_open(struct grub *g);
void scope_close(struct grub *g, unsigned outer);

// ---- grub_test.c ------------------------------------------------------------------------------------

// Evaluates `test` (without its name, and without `]`) from argument `first` on.
enum grub_status grub_test(struct grub *g, const struct grub_args *args, unsigned first, unsigned count);

// Whether file or directory `path` (with or without a device in front) is there; counts as work.
bool grub_exists(struct grub *g, const char *path, bool directory);

// The path in the ISO that GRUB's `name` means: "($root)/x" -> "/x". False when it does not fit.
bool grub_path(const char *name, char *out, size_t size);

// ---- grub_script.c: control flow --------------------------------------------------------------------

// Runs a script or block; sets g->status. Stops early on g->flow.
void script_run(struct grub *g, struct text script);

// ---- grub_command.c ---------------------------------------------------------------------------------

// Runs a simple command; its name is argument `first`.
enum grub_status command_run(struct grub *g, const struct grub_args *args, unsigned first);

// ---- grub_cfg.c: menus ------------------------------------------------------------------------------

// Remembers a menu entry. `args` are the words after the command's name.
void menu_add(struct grub *g, const struct grub_args *args, struct text body);

// `configfile path`: that menu instead of the one being collected. True when it had entries.
bool menu_replace(struct grub *g, struct text script);

#endif
