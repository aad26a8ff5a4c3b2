// Decodes what terminals send for keys. Spec: ECMA-48 §5.4; codes as xterm, the Linux console, screen and
// VT220 send them. Not handled: bytes beyond ASCII, keys with Alt (they vanish).
#include "kernel/escape.h"   // escape_key
#include "kernel/console.h"  // CONSOLE_KEY_LEFT

#define ESC 27
#define DEL 127
#define NUMBER_MAX 999

struct code {
    int code;
    int key;
};

static const struct code letters[] = {   // ESC [ letter, ESC O letter
    {'C', CONSOLE_KEY_RIGHT},
    {'D', CONSOLE_KEY_LEFT},
    {'H', CONSOLE_KEY_HOME},
    {'F', CONSOLE_KEY_END},
    {0, -1},
};

static const struct code numbers[] = {   // ESC [ number ~
    {1, CONSOLE_KEY_HOME},
    {3, CONSOLE_KEY_DELETE},
    {4, CONSOLE_KEY_END},
    {7, CONSOLE_KEY_HOME},
    {8, CONSOLE_KEY_END},
    {0, -1},
};

static int look_up(const struct code *table, int code)
{
    while (table->code != 0 && table->code != code)
        table++;
    return table->key;
}

static int plain(struct escape *e, int byte)
{
    int before = e->last;

    e->last = byte;
    if (byte == ESC) {
        e->state = ESCAPE_BEGUN;
        return -1;
    }
    if (byte == '\n')                    // CR LF is one Enter
        return before == '\r' ? -1 : '\r';
    if (byte == DEL)
        return '\b';
    return byte == 0 || byte > DEL ? -1 : byte;
}

static int begun(struct escape *e, int byte)
{
    e->number = 0;
    e->parameters = 0;
    e->state = ESCAPE_NONE;
    if (byte == '[')
        e->state = ESCAPE_CSI;
    else if (byte == 'O')
        e->state = ESCAPE_ONE_MORE;
    else if (byte == ESC) {
        e->state = ESCAPE_BEGUN;
        return ESC;
    }
    return -1;
}

static int control_sequence(struct escape *e, int byte)
{
    if (byte >= '0' && byte <= '9') {
        if (e->parameters == 0 && e->number <= NUMBER_MAX)
            e->number = e->number * 10 + (unsigned)(byte - '0');
        return -1;
    }
    if (byte == ';')
        e->parameters++;
    if (byte >= ' ' && byte < '@')       // parameters and intermediates of any kind
        return -1;
    e->state = ESCAPE_NONE;
    if (byte == '~')
        return look_up(numbers, (int)e->number);
    if (byte == '[') {                   // the Linux console's F1 to F5: ESC [ [ letter
        e->number = NUMBER_MAX;
        e->state = ESCAPE_ONE_MORE;
        return -1;
    }
    if (byte < ' ' || byte > '~')        // no sequence at all
        return plain(e, byte);
    return look_up(letters, byte);
}

static int one_more(struct escape *e, int byte)
{
    e->state = ESCAPE_NONE;
    return e->number == NUMBER_MAX ? -1 : look_up(letters, byte);
}

int escape_key(struct escape *e, int byte, uint64_t now)
{
    if (byte < 0) {
        if (e->state == ESCAPE_NONE || now - e->since < ESCAPE_TIMEOUT_US)
            return -1;
        int key = e->state == ESCAPE_BEGUN ? ESC : -1;
        e->state = ESCAPE_NONE;
        return key;
    }
    e->since = now;
    switch (e->state) {
    case ESCAPE_BEGUN:
        return begun(e, byte);
    case ESCAPE_CSI:
        return control_sequence(e, byte);
    case ESCAPE_ONE_MORE:
        return one_more(e, byte);
    default:
        return plain(e, byte);
    }
}
