// Keys: scan codes of a PC keyboard, and what terminals send.
#include "kernel/console.h"   // CONSOLE_KEY_LEFT
#include "kernel/escape.h"    // escape_key
#include "kernel/scancode.h"  // scancode_key

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define KEYS_MAX 64
#define BYTE_US 87

static void check_keys(const char *name, const int *got, unsigned count, const int *want, unsigned want_count)
{
    if (count == want_count && memcmp(got, want, count * sizeof(int)) == 0)
        return;
    fprintf(stderr, "%s: got", name);
    for (unsigned i = 0; i < count; i++)
        fprintf(stderr, " %d", got[i]);
    fprintf(stderr, "\n");
    fail();
}

#define KEYS(...) (const int[]){__VA_ARGS__}, sizeof((int[]){__VA_ARGS__}) / sizeof(int)

// ---- scan codes -------------------------------------------------------------------------------------

static const struct scan_case {
    const char *name;
    const char *codes;
    unsigned count;
    const int *keys;
    unsigned key_count;
} scan_cases[] = {
#define CASE(name, codes, ...) {name, codes, sizeof(codes) - 1, KEYS(__VA_ARGS__)}
    CASE("press and release", "\x1e\x9e", 'a'),
    CASE("held: it repeats", "\x1e\x1e\x1e\x9e", 'a', 'a', 'a'),
    CASE("left shift", "\x2a\x1e\x9e\xaa\x1e", 'A', 'a'),
    CASE("right shift", "\x36\x27\xa7\xb6\x27", ':', ';'),
    CASE("both shifts, one released", "\x2a\x36\xaa\x1e\xb6\x1e", 'A', 'a'),
    CASE("caps lock: letters only", "\x3a\xba\x1e\x02\x3a\xba\x1e", 'A', '1', 'a'),
    CASE("caps lock held: it repeats", "\x3a\x3a\x3a\xba\x1e", 'A'),
    CASE("shift undoes caps lock", "\x3a\xba\x2a\x1e\x02", 'a', '!'),
    CASE("control letters", "\x1d\x2e\xae\x16\x9d\x2e", 3, 21, 'c'),
    CASE("right control", "\xe0\x1d\x2e\xe0\x9d\x2e", 3, 'c'),
    CASE("left control survives the right one", "\x1d\xe0\x1d\xe0\x9d\x2e", 3),
    CASE("Enter, Backspace, Escape, Tab, space", "\x1c\x0e\x01\x0f\x39", '\r', '\b', 27, '\t', ' '),
    CASE("cursor keys", "\xe0\x4b\xe0\xcb\xe0\x4d\xe0\x47\xe0\x4f\xe0\x53", CONSOLE_KEY_LEFT, CONSOLE_KEY_RIGHT,
         CONSOLE_KEY_HOME, CONSOLE_KEY_END, CONSOLE_KEY_DELETE),
    CASE("cursor keys with the keyboard's own shifts", "\xe0\x2a\xe0\x4b\xe0\xcb\xe0\xaa\x1e", CONSOLE_KEY_LEFT, 'a'),
    CASE("an extended shift's release leaves a real shift", "\x2a\xe0\xaa\xe0\x4b\xe0\x2a\x1e", CONSOLE_KEY_LEFT,
         'A'),
    CASE("up, down, insert, page keys are none", "\xe0\x48\xe0\x50\xe0\x52\xe0\x49\xe0\x51\x1e", 'a'),
    CASE("keypad", "\x47\x48\x49\x4b\x4c\x4d\x4f\x50\x51\x52\x53\x4a\x4e\x37\xe0\x35\xe0\x1c", '7', '8', '9', '4',
         '5', '6', '1', '2', '3', '0', '.', '-', '+', '*', '/', '\r'),
    CASE("Pause is no Ctrl and no Num Lock", "\xe1\x1d\x45\xe1\x9d\xc5\x1e", 'a'),
    CASE("function keys, Alt, Windows keys", "\x3b\x44\x57\x58\x38\xb8\xe0\x5b\xe0\xdb\x1e", 'a'),
    CASE("acknowledge, self-test, overrun", "\xfa\xaa\xff\xfe\x1e", 'a'),
};

static void scan_codes(void **state)
{
    (void)state;
    for (unsigned i = 0; i < sizeof(scan_cases) / sizeof(*scan_cases); i++) {
        const struct scan_case *c = &scan_cases[i];
        struct scancode_state s = {0};
        int keys[KEYS_MAX];
        unsigned count = 0;
        for (unsigned b = 0; b < c->count; b++) {
            int key = scancode_key(&s, (uint8_t)c->codes[b]);
            if (key >= 0)
                keys[count++] = key;
        }
        check_keys(c->name, keys, count, c->keys, c->key_count);
    }
}

// Every character of a URL and a password can be typed, with one key each.
static void all_of_ascii(void **state)
{
    unsigned seen[128] = {0};

    (void)state;
    for (int shift = 0; shift < 2; shift++) {
        for (unsigned code = 1; code < 0x3a; code++) {
            struct scancode_state s = {.shift_left = shift};
            int key = code == 0x37 ? -1 : scancode_key(&s, (uint8_t)code);   // the keypad's second '*'
            if (key >= ' ')
                seen[key]++;
        }
    }
    for (int c = '!'; c <= '~'; c++)
        if (seen[c] != 1)
            fail_msg("'%c' has %u keys", c, seen[c]);
}

static void any_scan_codes(void **state)
{
    struct scancode_state s = {0};

    (void)state;
    for (unsigned i = 0; i < 65536; i++) {
        int key = scancode_key(&s, (uint8_t)(i * 167 + (i >> 8)));
        assert_true(key >= -1 && key <= CONSOLE_KEY_DELETE);
    }
}

// ---- terminals --------------------------------------------------------------------------------------

static const struct escape_case {
    const char *name;
    const char *bytes;
    unsigned count;
    const int *keys;
    unsigned key_count;
} escape_cases[] = {
    CASE("text", "Az 9~", 'A', 'z', ' ', '9', '~'),
    CASE("line ends", "\r\n\r\r\n\n", '\r', '\r', '\r', '\r'),
    CASE("both Backspaces", "\x7f\b", '\b', '\b'),
    CASE("control characters", "\x03\x15\t", 3, 21, '\t'),
    CASE("NUL and beyond ASCII", "\0\x80\xc3\xa4\xff" "a", 'a'),
    CASE("arrows", "\033[D\033[C\033OD\033OC", CONSOLE_KEY_LEFT, CONSOLE_KEY_RIGHT, CONSOLE_KEY_LEFT,
         CONSOLE_KEY_RIGHT),
    CASE("Home and End of xterm", "\033[H\033[F\033OH\033OF", CONSOLE_KEY_HOME, CONSOLE_KEY_END, CONSOLE_KEY_HOME,
         CONSOLE_KEY_END),
    CASE("Home and End of screen, rxvt", "\033[1~\033[4~\033[7~\033[8~", CONSOLE_KEY_HOME, CONSOLE_KEY_END,
         CONSOLE_KEY_HOME, CONSOLE_KEY_END),
    CASE("Delete", "\033[3~", CONSOLE_KEY_DELETE),
    CASE("with Ctrl", "\033[1;5D\033[3;5~", CONSOLE_KEY_LEFT, CONSOLE_KEY_DELETE),
    CASE("other keys vanish whole", "\033[A\033[2~\033[15~\033OP\033[[A\033[200~x\033[?1;2cy", 'x', 'y'),
    CASE("Alt vanishes", "\033xa", 'a'),
    CASE("a number without end", "\033[99999999999999999999999999~a", 'a'),
    CASE("a sequence that breaks off at Escape", "\033[1\033[D", CONSOLE_KEY_LEFT),
    CASE("a sequence that breaks off at Enter", "\033[1\rx", '\r', 'x'),
    CASE("Escape twice", "\033\033[D", 27, CONSOLE_KEY_LEFT),
    CASE("Linux's F1, then an arrow", "\033[[A\033[D", CONSOLE_KEY_LEFT),
};

static unsigned feed(struct escape *e, const char *bytes, unsigned count, uint64_t *now, int *keys)
{
    unsigned found = 0;

    for (unsigned i = 0; i < count; i++, *now += BYTE_US) {
        int key = escape_key(e, (uint8_t)bytes[i], *now);
        if (key >= 0)
            keys[found++] = key;
        // The UART is asked more often than it has something.
        assert_int_equal(escape_key(e, -1, *now + BYTE_US / 2), -1);
    }
    return found;
}

static void escape_sequences(void **state)
{
    (void)state;
    for (unsigned i = 0; i < sizeof(escape_cases) / sizeof(*escape_cases); i++) {
        const struct escape_case *c = &escape_cases[i];
        struct escape e = {0};
        int keys[KEYS_MAX];
        uint64_t now = 1000;
        unsigned count = feed(&e, c->bytes, c->count, &now, keys);
        check_keys(c->name, keys, count, c->keys, c->key_count);
        assert_int_equal(e.state, ESCAPE_NONE);
    }
}

static void lone_escape(void **state)
{
    struct escape e = {0};

    (void)state;
    assert_int_equal(escape_key(&e, 27, 5000), -1);
    assert_int_equal(escape_key(&e, -1, 5000 + ESCAPE_TIMEOUT_US - 1), -1);
    assert_int_equal(escape_key(&e, -1, 5000 + ESCAPE_TIMEOUT_US), 27);
    assert_int_equal(escape_key(&e, -1, 5000 + 2 * ESCAPE_TIMEOUT_US), -1);
    assert_int_equal(escape_key(&e, '[', 5000 + 2 * ESCAPE_TIMEOUT_US), '[');
}

static void broken_off_sequence(void **state)
{
    struct escape e = {0};

    (void)state;
    assert_int_equal(escape_key(&e, 27, 0), -1);
    assert_int_equal(escape_key(&e, '[', 0), -1);
    assert_int_equal(escape_key(&e, -1, ESCAPE_TIMEOUT_US), -1);
    assert_int_equal(escape_key(&e, 'D', ESCAPE_TIMEOUT_US), 'D');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scan_codes),
        cmocka_unit_test(all_of_ascii),
        cmocka_unit_test(any_scan_codes),
        cmocka_unit_test(escape_sequences),
        cmocka_unit_test(lone_escape),
        cmocka_unit_test(broken_off_sequence),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
