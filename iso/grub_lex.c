// GRUB script tokens and their expansion (GRUB manual, "Words", "Quoting", "Variable expansion"):
// backslash, single and double quotes, $name, ${name}, $1, $@, $#, $?. A backslash in front of xHH stays:
// labels are written so, and udev wants them so.
// Not handled: wildcards, and the gettext quote is an ordinary one.
#include "iso/grub.h"  // token_next

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static size_t left(const struct text *t)
{
    return (size_t)(t->end - t->at);
}

static bool is_continuation(const struct text *t)
{
    if (left(t) < 2 || t->at[0] != '\\')
        return false;
    return t->at[1] == '\n' || (left(t) >= 3 && t->at[1] == '\r' && t->at[2] == '\n');
}

static void skip_blanks(struct text *t)
{
    while (t->at < t->end) {
        if (is_continuation(t))
            t->at += t->at[1] == '\n' ? 2 : 3;
        else if (is_blank(*t->at))
            t->at++;
        else
            break;
    }
    if (t->at < t->end && *t->at == '#') {
        const char *end = memchr(t->at, '\n', left(t));

        t->at = end ? end : t->end;
    }
}

// Moves behind the closing quote, or to the end when there is none.
static void skip_quoted(struct text *t)
{
    char quote = *t->at++;

    while (t->at < t->end && *t->at != quote)
        t->at += quote == '"' && *t->at == '\\' && left(t) > 1 ? 2 : 1;
    if (t->at < t->end)
        t->at++;
}

static void skip_word(struct text *t)
{
    while (t->at < t->end && !is_blank(*t->at) && !strchr("\n;{}", *t->at)) {
        if (*t->at == '\'' || *t->at == '"') {
            skip_quoted(t);
        } else if (*t->at == '\\') {
            t->at += left(t) > 1 ? 2 : 1;
        } else if (*t->at == '$' && left(t) > 1 && t->at[1] == '{') {
            const char *end = memchr(t->at, '}', left(t));

            t->at = end ? end + 1 : t->end;
        } else {
            t->at++;
        }
    }
}

void token_next(struct grub *g, struct text *script, struct grub_token *token)
{
    const char *before = script->at;
    uint32_t cost;

    skip_blanks(script);
    token->raw.at = script->at;
    token->kind = TOKEN_END;
    if (script->at < script->end) {
        char c = *script->at;

        if (c == '\0' || strchr("\n;{}", c) == NULL) {
            token->kind = TOKEN_WORD;
            if (c == '\0')
                script->at++;
            skip_word(script);
        } else {
            token->kind = c == '{' ? TOKEN_OPEN : c == '}' ? TOKEN_CLOSE : TOKEN_SEPARATOR;
            script->at++;
        }
    }
    token->raw.end = script->at;
    cost = (uint32_t)(script->at - before) + 8;
    if (cost > g->work) {
        token->kind = TOKEN_END;
        script->at = script->end;
        g->flow = FLOW_EXIT;
        cost = g->work;
    }
    g->work -= cost;
}

bool token_is(const struct grub_token *token, const char *s)
{
    size_t length = strlen(s);

    return token->kind == TOKEN_WORD && left(&token->raw) == length && memcmp(token->raw.at, s, length) == 0;
}

void args_begin(struct grub *g, struct grub_args *args)
{
    args->mark = g->arena_used;
    args->first = g->arena + g->arena_used;
    args->count = 0;
}

void args_drop(struct grub *g, const struct grub_args *args)
{
    uint32_t cost = (uint32_t)(g->arena_used - args->mark);  // a short script may expand to much

    g->work -= cost < g->work ? cost : g->work;
    g->arena_used = args->mark;
}

const char *args_get(const struct grub_args *args, unsigned i)
{
    const char *s = args->first;

    if (i >= args->count)
        return "";
    while (i-- > 0)
        s += strlen(s) + 1;
    return s;
}

struct field {                 // the argument being put together
    struct grub *g;
    struct grub_args *args;
    bool open, full;
};

static void field_open(struct field *f)
{
    f->open = true;
}

static void field_put(struct field *f, char c)
{
    f->open = true;
    if (f->g->arena_used + 1 >= GRUB_ARENA)
        f->full = true;
    else if (c)
        f->g->arena[f->g->arena_used++] = c;
}

static void field_close(struct field *f)
{
    if (!f->open)
        return;
    f->open = false;
    if (f->g->arena_used == GRUB_ARENA || f->args->count == GRUB_ARGS_MAX) {
        f->full = true;
        return;
    }
    f->g->arena[f->g->arena_used++] = '\0';
    f->args->count++;
}

static void put_value(struct field *f, const char *value, bool quoted)
{
    for (; *value; value++) {
        if (!quoted && (is_blank(*value) || *value == '\n')) {
            field_close(f);
        } else {
            field_put(f, *value);
        }
        if (f->full)
            return;
    }
}

static void put_arguments(struct field *f, bool quoted)
{
    const struct grub_args *call = f->g->call;

    for (unsigned i = 1; call && i < call->count && !f->full; i++) {
        if (i > 1)
            field_close(f);
        put_value(f, args_get(call, i), quoted);
    }
}

static const char *special_value(struct grub *g, char name)
{
    unsigned count = g->call && g->call->count ? g->call->count - 1 : 0;

    if (name >= '0' && name <= '9')
        return g->call ? args_get(g->call, (unsigned)(name - '0')) : "";
    snprintf(g->number, sizeof(g->number), "%u", name == '#' ? count : g->status == GRUB_TRUE ? 0 : 1);
    return g->number;
}

static bool is_name(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

// At a dollar sign: puts the value and moves behind the name. A dollar without a name stays one.
static void put_variable(struct field *f, struct text *t, bool quoted)
{
    const char *name = t->at + 1, *end;

    if (left(t) < 2) {
        field_put(f, *t->at++);
        return;
    }
    if (*name == '{') {
        name++;
        end = memchr(name, '}', (size_t)(t->end - name));
        t->at = end ? end + 1 : t->end;
        end = end ? end : t->end;
    } else {
        end = name;
        while (end < t->end && is_name(*end) && !isdigit((unsigned char)*name))
            end++;
        if (end == name && strchr("0123456789?#@*", *name) && *name)
            end++;
        t->at = end;
    }
    if (end == name) {
        if (t->at == name)  // "$" before something that is no name; "${}" is nothing
            field_put(f, '$');
        return;
    }
    if (end - name == 1 && (*name == '@' || *name == '*'))
        put_arguments(f, quoted);
    else if (end - name == 1 && !isalpha((unsigned char)*name) && *name != '_')
        put_value(f, special_value(f->g, *name), quoted);
    else
        put_value(f, variable_get(f->g, name, (size_t)(end - name)), quoted);
}

static bool keeps_backslash(const struct text *t)
{
    return left(t) >= 4 && t->at[1] == 'x' && isxdigit((unsigned char)t->at[2])
           && isxdigit((unsigned char)t->at[3]);
}

static void put_double_quoted(struct field *f, struct text *t)
{
    field_open(f);
    t->at++;
    while (t->at < t->end && *t->at != '"' && !f->full) {
        if (*t->at == '$') {
            put_variable(f, t, true);
            continue;
        }
        if (*t->at == '\\' && left(t) > 1 && strchr("$\"\\\n", t->at[1])) {
            t->at++;
            if (*t->at == '\n') {
                t->at++;
                continue;
            }
        }
        field_put(f, *t->at++);
    }
    if (t->at < t->end)
        t->at++;
}

static void put_single_quoted(struct field *f, struct text *t)
{
    field_open(f);
    t->at++;
    while (t->at < t->end && *t->at != '\'' && !f->full)
        field_put(f, *t->at++);
    if (t->at < t->end)
        t->at++;
}

bool args_expand(struct grub *g, struct grub_args *args, const struct grub_token *token)
{
    struct field f = {.g = g, .args = args};
    struct text t = token->raw;

    if (g->arena_used + 2 >= GRUB_ARENA)
        return false;
    while (t.at < t.end && !f.full) {
        if (*t.at == '"' || (*t.at == '$' && left(&t) > 1 && t.at[1] == '"')) {
            t.at += *t.at == '$';
            put_double_quoted(&f, &t);
        } else if (*t.at == '\'') {
            put_single_quoted(&f, &t);
        } else if (*t.at == '$') {
            put_variable(&f, &t, false);
        } else if (is_continuation(&t)) {
            t.at += t.at[1] == '\n' ? 2 : 3;
        } else {
            if (*t.at == '\\' && left(&t) > 1 && !keeps_backslash(&t))
                t.at++;
            field_put(&f, *t.at++);
        }
    }
    field_close(&f);
    return !f.full;
}
