// A grid of characters that wraps and scrolls as a terminal does. Reading video memory is slow everywhere and
// wrong in places, so that what is shown is remembered here. Not handled: escape sequences, colours.
#include "kernel/screen.h"  // screen_write

#include <string.h>

#define TAB 8

static void draw_cursor(const struct screen *s, bool shown)
{
    unsigned column = s->column < s->columns ? s->column : s->columns - 1;

    s->draw(column, s->row, s->cells[s->row][column], shown);
}

static void set_cell(struct screen *s, unsigned column, unsigned row, char c)
{
    if (s->cells[row][column] == c)
        return;
    s->cells[row][column] = c;
    s->draw(column, row, c, false);
}

static void next_row(struct screen *s)
{
    s->column = 0;
    if (s->row + 1 < s->rows) {
        s->row++;
        return;
    }
    for (unsigned row = 0; row < s->rows; row++)
        for (unsigned column = 0; column < s->columns; column++)
            set_cell(s, column, row, row + 1 < s->rows ? s->cells[row + 1][column] : ' ');
}

static void put(struct screen *s, char c)
{
    if (s->column == s->columns)
        next_row(s);
    set_cell(s, s->column++, s->row, c);
}

static void tab(struct screen *s)
{
    do
        put(s, ' ');
    while (s->column % TAB != 0 && s->column < s->columns);
}

static void write_one(struct screen *s, char c)
{
    unsigned char byte = (unsigned char)c;

    if (c == '\n')
        next_row(s);
    else if (c == '\r')
        s->column = 0;
    else if (c == '\b')
        s->column -= s->column > 0;
    else if (c == '\t')
        tab(s);
    else if (byte >= ' ' && byte <= '~')
        put(s, c);
    else if (byte < 0x80 || byte >= 0xc0)   // the bytes between continue a UTF-8 sequence
        put(s, '?');
}

void screen_init(struct screen *s, unsigned columns, unsigned rows,
                 void (*draw)(unsigned column, unsigned row, char c, bool inverse))
{
    s->draw = draw;
    s->columns = columns < SCREEN_COLUMNS_MAX ? columns : SCREEN_COLUMNS_MAX;
    s->rows = rows < SCREEN_ROWS_MAX ? rows : SCREEN_ROWS_MAX;
    s->column = s->row = 0;
    memset(s->cells, ' ', sizeof(s->cells));
}

void screen_write(struct screen *s, const char *text, size_t length)
{
    draw_cursor(s, false);
    for (size_t i = 0; i < length; i++)
        write_one(s, text[i]);
    draw_cursor(s, true);
}

void screen_redraw(const struct screen *s)
{
    for (unsigned row = 0; row < s->rows; row++)
        for (unsigned column = 0; column < s->columns; column++)
            s->draw(column, row, s->cells[row][column], false);
    draw_cursor(s, true);
}
