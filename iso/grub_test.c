// GRUB's `test` and `[` (GRUB manual, "test"): strings, numbers, files in the ISO, !, -a, -o.
// Not handled: parentheses (ignored), and what compares times or prefixes of numbers (unknown).
#include "iso/grub.h"  // grub_test

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool grub_path(const char *name, char *out, size_t size)
{
    int length;

    if (*name == '(') {
        const char *end = strchr(name, ')');

        name = end ? end + 1 : name;
    }
    length = snprintf(out, size, "%s%s", *name == '/' ? "" : "/", name);
    return length > 1 && (size_t)length < size;
}

bool grub_exists(struct grub *g, const char *path, bool directory)
{
    char name[ISO_PATH_MAX];

    if (g->work < GRUB_WORK_LOOKUP || !grub_path(path, name, sizeof(name)))
        return false;
    g->work -= GRUB_WORK_LOOKUP;
    return iso_has(g->iso, name, directory);
}

static enum grub_status truth(bool value)
{
    return value ? GRUB_TRUE : GRUB_FALSE;
}

static enum grub_status both(enum grub_status a, enum grub_status b)
{
    if (a == GRUB_FALSE || b == GRUB_FALSE)
        return GRUB_FALSE;
    return a == GRUB_UNKNOWN || b == GRUB_UNKNOWN ? GRUB_UNKNOWN : GRUB_TRUE;
}

static enum grub_status either(enum grub_status a, enum grub_status b)
{
    if (a == GRUB_TRUE || b == GRUB_TRUE)
        return GRUB_TRUE;
    return a == GRUB_UNKNOWN || b == GRUB_UNKNOWN ? GRUB_UNKNOWN : GRUB_FALSE;
}

enum { OP_EQ, OP_NE, OP_LT, OP_LE, OP_GT, OP_GE, OP_UNKNOWN };

static const struct {
    const char *name;
    bool number;
    int op;
} operators[] = {
    {"=", false, OP_EQ},   {"==", false, OP_EQ},  {"!=", false, OP_NE},        {"<", false, OP_LT},
    {"<=", false, OP_LE},  {">", false, OP_GT},   {">=", false, OP_GE},        {"-eq", true, OP_EQ},
    {"-ne", true, OP_NE},  {"-lt", true, OP_LT},  {"-le", true, OP_LE},        {"-gt", true, OP_GT},
    {"-ge", true, OP_GE},  {"-pgt", false, OP_UNKNOWN}, {"-plt", false, OP_UNKNOWN},
    {"-nt", false, OP_UNKNOWN}, {"-ot", false, OP_UNKNOWN},
};

static bool compare(const char *a, const char *operator, const char *b, enum grub_status *result)
{
    for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
        long order;

        if (strcmp(operators[i].name, operator) != 0)
            continue;
        order = strcmp(a, b);
        if (operators[i].number) {
            long x = strtol(a, NULL, 10), y = strtol(b, NULL, 10);

            order = x < y ? -1 : x > y;
        }
        switch (operators[i].op) {
        case OP_EQ: *result = truth(order == 0); break;
        case OP_NE: *result = truth(order != 0); break;
        case OP_LT: *result = truth(order < 0); break;
        case OP_LE: *result = truth(order <= 0); break;
        case OP_GT: *result = truth(order > 0); break;
        case OP_GE: *result = truth(order >= 0); break;
        default: *result = GRUB_UNKNOWN; break;
        }
        return true;
    }
    return false;
}

static bool examine(struct grub *g, const char *operator, const char *value, enum grub_status *result)
{
    if (operator[0] != '-' || operator[1] == '\0' || operator[2] != '\0')
        return false;
    switch (operator[1]) {
    case 'n': *result = truth(*value); return true;
    case 'z': *result = truth(!*value); return true;
    case 'd': *result = truth(grub_exists(g, value, true)); return true;
    case 'e': *result = truth(grub_exists(g, value, false) || grub_exists(g, value, true)); return true;
    case 'f':
    case 's': *result = truth(grub_exists(g, value, false)); return true;
    default: return false;
    }
}

// One comparison, from argument `i` of those before `end`. Returns how many arguments it took.
static unsigned primary(struct grub *g, const struct grub_args *args, unsigned i, unsigned end,
                        enum grub_status *result)
{
    const char *a = args_get(args, i);

    if (end - i >= 3 && compare(a, args_get(args, i + 1), args_get(args, i + 2), result))
        return 3;
    if (end - i >= 2 && examine(g, a, args_get(args, i + 1), result))
        return 2;
    *result = truth(*a);
    return 1;
}

enum grub_status grub_test(struct grub *g, const struct grub_args *args, unsigned first, unsigned count)
{
    enum grub_status any = GRUB_FALSE, all = GRUB_TRUE, one;
    unsigned end = first + count;
    bool negate = false;

    if (count == 0)
        return GRUB_FALSE;
    for (unsigned i = first; i < end;) {
        const char *word = args_get(args, i);

        if (strcmp(word, "!") == 0) {
            negate = !negate;
            i++;
        } else if (strcmp(word, "-o") == 0) {
            any = either(any, all);
            all = GRUB_TRUE;
            i++;
        } else if (strcmp(word, "-a") == 0 || strcmp(word, "(") == 0 || strcmp(word, ")") == 0) {
            i++;
        } else {
            i += primary(g, args, i, end, &one);
            if (negate && one != GRUB_UNKNOWN)
                one = truth(one == GRUB_FALSE);
            negate = false;
            all = both(all, one);
        }
    }
    return either(any, all);
}
