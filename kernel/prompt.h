// An editable line: one key at a time in, what is to be shown out. Pure: knows neither keyboard nor screen,
// so that it serves our consoles, the firmware's, and tests.
//
// Example:
//     prompt_begin(&p, buffer, sizeof(buffer));
//     while ((state = prompt_key(&p, console_key())) == PROMPT_EDITING)
//         prompt_show(&p, "URL: ", write);
#ifndef URLBOOT_KERNEL_PROMPT_H
#define URLBOOT_KERNEL_PROMPT_H

#include <stdbool.h>
#include <stddef.h>

enum prompt_state { PROMPT_EDITING, PROMPT_DONE, PROMPT_CANCELLED };

struct prompt {
    char *text;           // NUL-terminated
    size_t size;          // of the buffer
    size_t length;        // characters in it
    size_t cursor;        // 0..length
    bool changed;         // prompt_show() has something to draw
};

// Starts editing `text`, a buffer of `size` bytes that holds a NUL-terminated first proposal.
void prompt_begin(struct prompt *p, char *text, size_t size);

// Takes one key (ASCII or CONSOLE_KEY_*; negative: none). Enter ends, Escape and Ctrl-C cancel, Ctrl-U
// empties the line; printable ASCII is inserted while there is room; anything else is ignored.
enum prompt_state prompt_key(struct prompt *p, int key);

// When something changed: writes '\r', the label, the text around the cursor (at most `width` columns in
// all), blanks over what was longer before, and backspaces to the cursor, through `write`.
void prompt_show(struct prompt *p, const char *label, size_t width, void (*write)(const char *text));

#endif
