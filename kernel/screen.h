// A screen of characters: where text goes, how it wraps and scrolls. Pure: what a character looks like is the
// business of a draw function (VGA text, framebuffer, a test). Never asks the display what it shows.
#ifndef URLBOOT_KERNEL_SCREEN_H
#define URLBOOT_KERNEL_SCREEN_H

#include <stdbool.h>
#include <stddef.h>

#define SCREEN_COLUMNS_MAX 256   // more stay unused
#define SCREEN_ROWS_MAX 128

struct screen {
    // Shows `c` (printable ASCII) at a place; `inverse` marks the cursor. Called for what changes only.
    void (*draw)(unsigned column, unsigned row, char c, bool inverse);
    unsigned columns, rows;
    unsigned column, row;        // of the next character; column == columns: it wraps first
    char cells[SCREEN_ROWS_MAX][SCREEN_COLUMNS_MAX];
};

// Starts with a blank screen of `columns` x `rows` (at least 1 each), which the display already shows.
// Example: screen_init(&s, 80, 25, vga_draw); screen_write(&s, "hello\n", 6);
void screen_init(struct screen *s, unsigned columns, unsigned rows,
                 void (*draw)(unsigned column, unsigned row, char c, bool inverse));

// Writes text. '\n' goes to the start of the next row, '\r' to the start of this one, '\b' one place left,
// '\t' to the next multiple of 8; other control characters show as '?', as does each character beyond ASCII
// (UTF-8). Text wraps at the right edge when one more character comes.
void screen_write(struct screen *s, const char *text, size_t length);

// Draws everything again: the display lost it, or there is another one of the same size.
void screen_redraw(const struct screen *s);

#endif
