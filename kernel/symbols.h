// Names for addresses of code, for backtraces. The table is generated from the first link by
// kernel/mksymbols.sh and linked in by the second.
#ifndef URLBOOT_KERNEL_SYMBOLS_H
#define URLBOOT_KERNEL_SYMBOLS_H

#include <stdint.h>

struct symbol {             // written by kernel/mksymbols.sh
    uint32_t offset;        // from the image's first byte, ascending
    uint32_t name;          // offset into the names
};

struct symbol_table {
    const struct symbol *symbols;
    uint32_t count;
    const char *names;
};

// The name of the function that offset `at` lies in and how far behind its start; "?" when the table is
// empty or `at` is in front of it. Pure.
const char *symbol_find(const struct symbol_table *table, uint32_t at, uint32_t *behind);

// The linked table.
struct symbol_table symbols_linked(void);

#endif
