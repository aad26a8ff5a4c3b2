// Control flow of GRUB scripts (GRUB manual, "Shell-like scripting"): if, while, until, for, function,
// blocks. The text is read where it lies; a branch that is not taken is only skipped. A condition that
// depends on the machine is taken for true, and its else-branch as well when only that one has entries.
#include "iso/grub.h"  // script_run

#include <string.h>

enum {                         // reserved words that end something, as bits
    WORD_THEN = 1,
    WORD_ELIF = 2,
    WORD_ELSE = 4,
    WORD_FI = 8,
    WORD_DO = 16,
    WORD_DONE = 32,
};

static const struct {
    const char *name;
    unsigned bit;
} ends[] = {
    {"then", WORD_THEN}, {"elif", WORD_ELIF}, {"else", WORD_ELSE},
    {"fi", WORD_FI},     {"do", WORD_DO},     {"done", WORD_DONE},
};

static unsigned end_word(const struct grub_token *token)
{
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
        if (token_is(token, ends[i].name))
            return ends[i].bit;
    return 0;
}

static bool is_loop(const struct grub_token *token)
{
    return token_is(token, "while") || token_is(token, "until") || token_is(token, "for");
}

// What GRUB would refuse ends the script; entries found so far stay.
static void broken(struct grub *g)
{
    g->flow = FLOW_EXIT;
    g->status = GRUB_FALSE;
}

// Follows nesting over one token at the start of a command.
static void track(const struct grub_token *token, unsigned *nesting)
{
    unsigned end = end_word(token);

    if (token_is(token, "if") || is_loop(token))
        ++*nesting;
    else if ((end == WORD_FI || end == WORD_DONE) && *nesting > 0)
        --*nesting;
}

// Skips to the first of `stops` that is not inside something else and takes it; *skipped receives what
// was in front of it. Returns which one, 0 when there is none.
static unsigned skip_to(struct grub *g, struct text *script, unsigned stops, struct text *skipped)
{
    unsigned nesting = 0, braces = 0;
    bool start = true;  // of a command: only there are words reserved
    struct grub_token token;

    skipped->at = script->at;
    for (;;) {
        token_next(g, script, &token);
        skipped->end = token.raw.at;
        if (token.kind == TOKEN_END)
            return 0;
        if (token.kind == TOKEN_OPEN || token.kind == TOKEN_CLOSE)
            braces = token.kind == TOKEN_OPEN ? braces + 1 : braces - (braces > 0);
        if (token.kind != TOKEN_WORD) {
            start = true;
            continue;
        }
        if (!start)
            continue;
        unsigned end = end_word(&token);
        if (nesting == 0 && braces == 0 && (end & stops))
            return end;
        track(&token, &nesting);
        start = (end != 0 && end != WORD_FI && end != WORD_DONE) || token_is(&token, "if")
                || token_is(&token, "while") || token_is(&token, "until");
    }
}

// Behind an opening brace: takes everything up to its partner. False when there is none.
static bool skip_block(struct grub *g, struct text *script, struct text *body)
{
    unsigned braces = 1;
    struct grub_token token;

    body->at = script->at;
    do {
        token_next(g, script, &token);
        body->end = token.raw.at;
        if (token.kind == TOKEN_END)
            return false;
        braces += token.kind == TOKEN_OPEN;
        braces -= token.kind == TOKEN_CLOSE;
    } while (braces > 0);
    return true;
}

static unsigned yield(const struct grub *g)
{
    return g->item_count + (g->out->count < ENTRIES_MAX && g->out->entry[g->out->count].kernel[0]);
}

static bool has_entries(const struct text *body)
{
    size_t length = (size_t)(body->end - body->at);

    return memmem(body->at, length, "menuentry", 9) || memmem(body->at, length, "linux", 5);
}

// Runs `body` when `condition` says so. True when no other branch is to be run; *vague when that is a
// guess which brought nothing.
static bool run_branch(struct grub *g, struct text condition, struct text body, bool *vague)
{
    unsigned before = yield(g);

    script_run(g, condition);
    if (g->flow != FLOW_RUN || g->status == GRUB_FALSE)
        return g->flow != FLOW_RUN;
    *vague = g->status == GRUB_UNKNOWN;
    g->status = GRUB_TRUE;
    script_run(g, body);
    *vague = *vague && yield(g) == before;
    return true;
}

static void run_if(struct grub *g, struct text *script)
{
    bool done = false, vague = false;
    struct text condition, body;
    unsigned stop;

    do {
        if (!skip_to(g, script, WORD_THEN, &condition))
            return broken(g);
        stop = skip_to(g, script, WORD_ELIF | WORD_ELSE | WORD_FI, &body);
        if (!stop)
            return broken(g);
        if (!done)
            done = run_branch(g, condition, body, &vague);
    } while (stop == WORD_ELIF);
    if (stop == WORD_ELSE && !skip_to(g, script, WORD_FI, &body))
        return broken(g);
    if (!done)
        g->status = GRUB_TRUE;
    if (stop == WORD_ELSE && g->flow == FLOW_RUN && (!done || (vague && has_entries(&body))))
        script_run(g, body);
}

// After one round of a loop: true when there is another.
static bool goes_on(struct grub *g)
{
    if (g->flow == FLOW_BREAK || g->flow == FLOW_CONTINUE) {
        bool more = g->flow == FLOW_CONTINUE;

        g->flow = FLOW_RUN;
        return more;
    }
    return g->flow == FLOW_RUN;
}

static void run_while(struct grub *g, struct text *script, bool until)
{
    struct text condition, body;

    if (!skip_to(g, script, WORD_DO, &condition) || !skip_to(g, script, WORD_DONE, &body))
        return broken(g);
    for (unsigned round = 0; round < GRUB_ROUNDS_MAX; round++) {
        bool last;

        script_run(g, condition);
        if (g->flow != FLOW_RUN || g->status == (until ? GRUB_TRUE : GRUB_FALSE))
            return;
        last = g->status == GRUB_UNKNOWN;
        script_run(g, body);
        if (!goes_on(g) || last)
            return;
    }
}

// The words of a for loop, which are expanded once, before its first round.
static bool for_words(struct grub *g, struct text *script, struct grub_args *words)
{
    struct grub_token token;

    token_next(g, script, &token);
    if (!token_is(&token, "in"))
        return false;
    for (;;) {
        token_next(g, script, &token);
        if (token.kind == TOKEN_SEPARATOR)
            return true;
        if (token.kind != TOKEN_WORD || !args_expand(g, words, &token))
            return false;
    }
}

static void run_for(struct grub *g, struct text *script)
{
    struct grub_token name;
    struct grub_args words;
    struct text between, body;

    token_next(g, script, &name);
    args_begin(g, &words);
    if (name.kind != TOKEN_WORD || !for_words(g, script, &words) || !skip_to(g, script, WORD_DO, &between)
        || !skip_to(g, script, WORD_DONE, &body)) {
        args_drop(g, &words);
        return broken(g);
    }
    for (unsigned i = 0; i < words.count; i++) {
        variable_set(g, name.raw.at, (size_t)(name.raw.end - name.raw.at), args_get(&words, i));
        script_run(g, body);
        if (!goes_on(g))
            break;
    }
    args_drop(g, &words);
}

static void define_function(struct grub *g, struct text *script)
{
    struct grub_token name, token;
    struct text body;

    token_next(g, script, &name);
    do
        token_next(g, script, &token);
    while (token.kind == TOKEN_SEPARATOR);
    if (name.kind != TOKEN_WORD || token.kind != TOKEN_OPEN || !skip_block(g, script, &body))
        return broken(g);
    g->status = GRUB_TRUE;
    if (g->function_count < GRUB_FUNCTIONS_MAX)
        g->functions[g->function_count++] = (struct grub_function){name.raw, body};
}

// The newest function of that name, or NULL.
static const struct grub_function *find_function(const struct grub *g, const char *name)
{
    for (unsigned i = g->function_count; i > 0; i--) {
        const struct text *t = &g->functions[i - 1].name;
        size_t length = (size_t)(t->end - t->at);

        if (strlen(name) == length && memcmp(t->at, name, length) == 0)
            return &g->functions[i - 1];
    }
    return NULL;
}

static void call_function(struct grub *g, const struct grub_function *function, const struct grub_args *args)
{
    const struct grub_args *outer = g->call;

    g->call = args;
    script_run(g, function->body);
    g->call = outer;
    if (g->flow == FLOW_RETURN)
        g->flow = FLOW_RUN;
}

static bool is_menu_command(const char *name)
{
    return strcmp(name, "menuentry") == 0 || strcmp(name, "submenu") == 0;
}

static void dispatch(struct grub *g, const struct grub_args *args, const struct text *block)
{
    unsigned first = strcmp(args_get(args, 0), "!") == 0;
    const char *name = args_get(args, first);
    const struct grub_function *function = find_function(g, name);

    if (block && is_menu_command(name))
        menu_add(g, args, *block);
    else if (function)
        call_function(g, function, args);
    else if (!block)  // hiddenentry and the like: nothing that boots
        g->status = command_run(g, args, first);
    if (first && g->status != GRUB_UNKNOWN)
        g->status = g->status == GRUB_TRUE ? GRUB_FALSE : GRUB_TRUE;
}

// A command up to its end, `token` being its first word.
static void run_simple(struct grub *g, struct text *script, struct grub_token token)
{
    struct grub_args args;
    struct text block;
    bool fits = true, have_block = false;

    args_begin(g, &args);
    while (token.kind == TOKEN_WORD) {
        fits = fits && args_expand(g, &args, &token);
        token_next(g, script, &token);
    }
    if (token.kind == TOKEN_OPEN) {
        have_block = skip_block(g, script, &block);
        fits = fits && have_block;
    }
    if (!fits)
        g->status = GRUB_FALSE;
    else if (args.count > 0)
        dispatch(g, &args, have_block ? &block : NULL);
    args_drop(g, &args);
}

static void run_statement(struct grub *g, struct text *script, const struct grub_token *token)
{
    if (token_is(token, "if"))
        run_if(g, script);
    else if (token_is(token, "for"))
        run_for(g, script);
    else if (token_is(token, "while") || token_is(token, "until"))
        run_while(g, script, token_is(token, "until"));
    else if (token_is(token, "function"))
        define_function(g, script);
    else
        run_simple(g, script, *token);
}

void script_run(struct grub *g, struct text script)
{
    struct grub_token token;

    if (g->depth == GRUB_DEPTH_MAX)
        return broken(g);
    g->depth++;
    while (g->flow == FLOW_RUN) {
        token_next(g, &script, &token);
        if (token.kind == TOKEN_END)
            break;
        if (token.kind == TOKEN_WORD)
            run_statement(g, &script, &token);
    }
    g->depth--;
}
