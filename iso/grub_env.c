// GRUB's variables. Scopes are marks in one array: a variable set inside a menu entry hides the one
// outside and is gone with the entry, so entries do not see each other. `export` makes no difference here:
// submenus see everything.
#include "iso/grub.h"  // struct grub_variable

#include <string.h>

static struct grub_variable *find(const struct grub *g, unsigned from, const char *name, size_t length)
{
    for (unsigned i = g->variable_count; i > from; i--) {
        const struct grub_variable *v = &g->variables[i - 1];

        if (strncmp(v->name, name, length) == 0 && v->name[length] == '\0')
            return (struct grub_variable *)v;
    }
    return NULL;
}

const char *variable_get(const struct grub *g, const char *name, size_t length)
{
    const struct grub_variable *v = length < GRUB_NAME_MAX ? find(g, 0, name, length) : NULL;

    return v ? v->value : "";
}

bool variable_set(struct grub *g, const char *name, size_t length, const char *value)
{
    struct grub_variable *v;
    size_t size = strlen(value) + 1;

    if (length == 0 || length >= GRUB_NAME_MAX || size > GRUB_VALUE_MAX || memchr(name, '\0', length))
        return false;
    v = find(g, g->scope, name, length);
    if (!v) {
        if (g->variable_count == GRUB_VARIABLES_MAX)
            return false;
        v = &g->variables[g->variable_count++];
        memcpy(v->name, name, length);
        v->name[length] = '\0';
    }
    memmove(v->value, value, size);
    return true;
}

unsigned scope_open(struct grub *g)
{
    unsigned outer = g->scope;

    g->scope = g->variable_count;
    return outer;
}

void scope_close(struct grub *g, unsigned outer)
{
    g->variable_count = g->scope;
    g->scope = outer;
}
