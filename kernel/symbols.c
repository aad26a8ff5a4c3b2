// Binary search in the generated symbol table. An address past the last function gets the last one's name:
// the table has no ends, a backtrace is read by people.

#include "kernel/symbols.h" // symbol_find

// From build/symbols.S.
extern const struct symbol symbol_entries[];
extern const uint32_t symbol_count;
extern const char symbol_names[];

struct symbol_table symbols_linked(void)
{
    return (struct symbol_table){symbol_entries, symbol_count, symbol_names};
}

const char *symbol_find(const struct symbol_table *table, uint32_t at, uint32_t *behind)
{
    uint32_t low = 0, high = table->count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (table->symbols[middle].offset <= at)
            low = middle + 1;
        else
            high = middle;
    }
    *behind = 0;
    if (low == 0)
        return "?";
    *behind = at - table->symbols[low - 1].offset;
    return table->names + table->symbols[low - 1].name;
}
