// Scan codes of set 1. Spec: IBM PC AT Technical Reference, keyboard; Microsoft "Keyboard Scan Code
// Specification" 1.3a, appendix A. Not handled: other layouts than US, Num Lock (always on), Alt, function
// keys.
#include "kernel/scancode.h"  // scancode_key
#include "kernel/console.h"   // CONSOLE_KEY_LEFT

enum {
    RELEASED = 0x80,          // bit: the key went up
    CODE_EXTENDED = 0xe0,
    CODE_PAUSE = 0xe1,        // E1 1D 45 E1 9D C5: five more
    PAUSE_REST = 5,
    CODE_CONTROL = 0x1d,
    CODE_SHIFT_LEFT = 0x2a,
    CODE_SHIFT_RIGHT = 0x36,
    CODE_CAPS_LOCK = 0x3a,
    CODE_KEYPAD_ENTER = 0x1c, // extended, as all below
    CODE_KEYPAD_SLASH = 0x35,
    CODE_HOME = 0x47,
    CODE_LEFT = 0x4b,
    CODE_RIGHT = 0x4d,
    CODE_END = 0x4f,
    CODE_DELETE = 0x53,
    MAIN_KEYS = 0x3a,         // from here on there are keys without letters
    KEYPAD_FIRST = 0x47,
};

// Two strings in the order of the codes, from Escape to space; NUL where nothing is.
static const char normal[MAIN_KEYS + 1] =
    "\0\0331234567890-=\b\tqwertyuiop[]\r\0asdfghjkl;'`\0\\zxcvbnm,./\0*\0 ";
static const char shifted[MAIN_KEYS + 1] =
    "\0\033!@#$%^&*()_+\b\tQWERTYUIOP{}\r\0ASDFGHJKL:\"~\0|ZXCVBNM<>?\0*\0 ";
static const char keypad[] = "789-456+1230.";

static bool is_letter(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool take_modifier(struct scancode_state *s, uint8_t key, bool pressed, bool extended)
{
    // Extended "shifts" are not pressed by anybody: keyboards wrap them around cursor keys.
    if (key == CODE_SHIFT_LEFT || key == CODE_SHIFT_RIGHT) {
        bool *shift = key == CODE_SHIFT_LEFT ? &s->shift_left : &s->shift_right;
        *shift = extended ? *shift : pressed;
    } else if (key == CODE_CONTROL && extended) {
        s->control_right = pressed;
    } else if (key == CODE_CONTROL) {
        s->control = pressed;
    } else if (key == CODE_CAPS_LOCK && !extended) {
        s->caps_lock ^= pressed && !s->caps_down;   // held, it repeats
        s->caps_down = pressed;
    } else {
        return false;
    }
    return true;
}

static int extended_key(uint8_t key)
{
    switch (key) {
    case CODE_KEYPAD_ENTER:
        return '\r';
    case CODE_KEYPAD_SLASH:
        return '/';
    case CODE_HOME:
        return CONSOLE_KEY_HOME;
    case CODE_LEFT:
        return CONSOLE_KEY_LEFT;
    case CODE_RIGHT:
        return CONSOLE_KEY_RIGHT;
    case CODE_END:
        return CONSOLE_KEY_END;
    case CODE_DELETE:
        return CONSOLE_KEY_DELETE;
    default:
        return -1;
    }
}

static int main_key(const struct scancode_state *s, uint8_t key)
{
    bool shift = s->shift_left || s->shift_right;

    if (key >= KEYPAD_FIRST && key < KEYPAD_FIRST + sizeof(keypad) - 1)
        return keypad[key - KEYPAD_FIRST];
    if (key >= MAIN_KEYS || normal[key] == '\0')
        return -1;
    if (is_letter(normal[key])) {
        if (s->control || s->control_right)
            return normal[key] & 0x1f;
        shift ^= s->caps_lock;
    }
    return shift ? shifted[key] : normal[key];
}

int scancode_key(struct scancode_state *s, uint8_t code)
{
    bool extended = s->extended;
    uint8_t key = code & (uint8_t)~RELEASED;

    if (s->skip > 0) {
        s->skip--;
        return -1;
    }
    s->extended = code == CODE_EXTENDED;
    if (code == CODE_PAUSE)
        s->skip = PAUSE_REST;
    if (code == CODE_EXTENDED || code == CODE_PAUSE)
        return -1;
    if (take_modifier(s, key, !(code & RELEASED), extended) || (code & RELEASED))
        return -1;
    return extended ? extended_key(key) : main_key(s, key);
}
