// Line editing. The line is drawn whole each time: at 115200 baud 80 columns take 7 ms, and a screen that
// needs
// no cursor addressing works on every console there is. Keys that wait are taken before it is drawn again.

#include "kernel/prompt.h"   // prompt_key
#include "kernel/console.h"  // CONSOLE_KEY_LEFT

#include <string.h>

#define KEY_CTRL_A 1
#define KEY_CTRL_C 3
#define KEY_CTRL_E 5
#define KEY_CTRL_U 21
#define KEY_ESCAPE 27
#define KEY_DELETE_ASCII 127
#define WIDTH_MAX 256

void prompt_begin(struct prompt *p, char *text, size_t size)
{
    p->text = text;
    p->size = size;
    p->length = p->cursor = strnlen(text, size - 1);
    text[p->length] = '\0';
    p->changed = true;
}

static void insert(struct prompt *p, char c)
{
    if (p->length + 1 >= p->size)
        return;
    memmove(p->text + p->cursor + 1, p->text + p->cursor, p->length - p->cursor + 1);
    p->text[p->cursor++] = c;
    p->length++;
}

// Removes the character at `at`.
static void remove_at(struct prompt *p, size_t at)
{
    memmove(p->text + at, p->text + at + 1, p->length - at);
    p->length--;
}

static void edit(struct prompt *p, int key)
{
    switch (key) {
    case CONSOLE_KEY_LEFT:
        p->cursor -= p->cursor > 0;
        break;
    case CONSOLE_KEY_RIGHT:
        p->cursor += p->cursor < p->length;
        break;
    case CONSOLE_KEY_HOME:
    case KEY_CTRL_A:
        p->cursor = 0;
        break;
    case CONSOLE_KEY_END:
    case KEY_CTRL_E:
        p->cursor = p->length;
        break;
    case '\b':
    case KEY_DELETE_ASCII:
        if (p->cursor > 0)
            remove_at(p, --p->cursor);
        break;
    case CONSOLE_KEY_DELETE:
        // At the line's end it is a Backspace: UEFI's serial console makes Delete of what terminals send
        // for that.
        if (p->cursor == p->length && p->cursor > 0)
            p->cursor--;
        if (p->cursor < p->length)
            remove_at(p, p->cursor);
        break;
    case KEY_CTRL_U:
        p->length = p->cursor = 0;
        p->text[0] = '\0';
        break;
    default:
        if (key >= ' ' && key < KEY_DELETE_ASCII)
            insert(p, (char)key);
    }
    p->changed = true;
}

enum prompt_state prompt_key(struct prompt *p, int key)
{
    if (key < 0)
        return PROMPT_EDITING;
    if (key == '\r' || key == '\n')
        return PROMPT_DONE;
    if (key == KEY_ESCAPE || key == KEY_CTRL_C)
        return PROMPT_CANCELLED;
    edit(p, key);
    return PROMPT_EDITING;
}

void prompt_show(struct prompt *p, const char *label, size_t width, void (*write)(const char *text))
{
    char line[WIDTH_MAX + 1], back[WIDTH_MAX + 1];

    if (!p->changed)
        return;
    p->changed = false;
    if (width > WIDTH_MAX)
        width = WIDTH_MAX;
    size_t head = strnlen(label, width / 2);
    size_t room = width - head - 1;                       // one column stays for the cursor
    size_t start = p->cursor > room ? p->cursor - room : 0;
    size_t shown = p->length - start < room ? p->length - start : room;

    memset(line, ' ', width);
    memcpy(line, label, head);
    memcpy(line + head, p->text + start, shown);
    line[width] = '\0';
    size_t behind = width - head - (p->cursor - start);   // columns behind the cursor
    memset(back, '\b', behind);
    back[behind] = '\0';
    write("\r");
    write(line);
    write(back);
}
