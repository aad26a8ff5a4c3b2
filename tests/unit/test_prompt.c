// The editable line: keys in, text and picture out. The picture is checked on a one-line screen that knows CR,
// backspace and printable characters, as every console does.

#include "kernel/console.h"  // CONSOLE_KEY_LEFT
#include "kernel/prompt.h"   // prompt_key

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define L CONSOLE_KEY_LEFT
#define R CONSOLE_KEY_RIGHT
#define H CONSOLE_KEY_HOME
#define E CONSOLE_KEY_END
#define D CONSOLE_KEY_DELETE
#define WIDTH 20

static char screen[WIDTH + 1];
static size_t column;

static void draw(const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '\r') {
            column = 0;
        } else if (*text == '\b') {
            assert_true(column > 0);
            column--;
        } else {
            assert_true(column < WIDTH);
            screen[column++] = *text;
        }
    }
}

static const struct {
    const char *start;
    int keys[16];            // 0 ends
    enum prompt_state state;
    const char *text;
} cases[] = {
    {"", {'a', 'b', 'c', '\r'}, PROMPT_DONE, "abc"},
    {"abc", {L, L, 'X', '\n'}, PROMPT_DONE, "aXbc"},
    {"abc", {'\b', '\b', '\r'}, PROMPT_DONE, "a"},
    {"abc", {H, D, '\r'}, PROMPT_DONE, "bc"},
    {"abc", {H, '\b', L, 'X', E, 'Y', R, '\r'}, PROMPT_DONE, "XabcY"},
    {"abc", {D, R, 127, '\r'}, PROMPT_DONE, "a"},
    {"", {D, 127, '\b', '\r'}, PROMPT_DONE, ""},
    {"abc", {21, 'z', '\r'}, PROMPT_DONE, "z"},
    {"abc", {1, 'x', 5, 'y', '\r'}, PROMPT_DONE, "xabcy"},
    {"abc", {27}, PROMPT_CANCELLED, "abc"},
    {"abc", {3}, PROMPT_CANCELLED, "abc"},
    {"abc", {-1, 2, 200, 300, '\t'}, PROMPT_EDITING, "abc"},
    {"1234567", {'8', '9'}, PROMPT_EDITING, "1234567"},   // the buffer has 8 bytes
};

static void test_keys(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char buffer[8];
        struct prompt p;
        enum prompt_state got = PROMPT_EDITING;

        strcpy(buffer, cases[i].start);
        prompt_begin(&p, buffer, sizeof(buffer));
        for (const int *key = cases[i].keys; *key != 0; key++) {
            assert_int_equal(got, PROMPT_EDITING);
            got = prompt_key(&p, *key);
            assert_int_equal(p.length, strlen(buffer));
            assert_true(p.cursor <= p.length);
        }
        assert_int_equal(got, cases[i].state);
        assert_string_equal(buffer, cases[i].text);
    }
}

static void test_picture(void **state)
{
    char buffer[64] = "";
    struct prompt p;

    (void)state;
    memset(screen, 0, sizeof(screen));
    prompt_begin(&p, buffer, sizeof(buffer));
    prompt_show(&p, "URL: ", WIDTH, draw);
    assert_string_equal(screen, "URL:                ");
    assert_int_equal(column, 5);
    for (const char *c = "http://a/b"; *c != '\0'; c++)
        prompt_key(&p, *c);
    prompt_show(&p, "URL: ", WIDTH, draw);
    assert_string_equal(screen, "URL: http://a/b     ");
    assert_int_equal(column, 15);
    prompt_key(&p, L);
    prompt_key(&p, '\b');
    prompt_show(&p, "URL: ", WIDTH, draw);
    assert_string_equal(screen, "URL: http://ab      ");   // what was longer is blanked
    assert_int_equal(column, 13);

    // A line that is too long shows the part around the cursor, which never leaves the screen.
    for (const char *c = "0123456789012345678"; *c != '\0'; c++) {
        prompt_key(&p, *c);
        prompt_show(&p, "URL: ", WIDTH, draw);
        assert_true(column < WIDTH);
    }
    assert_string_equal(screen, "URL: 56789012345678 ");
    prompt_key(&p, H);
    prompt_show(&p, "URL: ", WIDTH, draw);
    assert_int_equal(column, 5);
    assert_memory_equal(screen, "URL: http://a", 13);

    screen[0] = '!';
    prompt_show(&p, "URL: ", WIDTH, draw);   // nothing changed: nothing is drawn
    assert_int_equal(screen[0], '!');
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_keys), cmocka_unit_test(test_picture)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
