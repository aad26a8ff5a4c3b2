// lib/format.c against the host's printf: every flag with every width and precision for every conversion, at
// every buffer size, and the cases where ours differs on purpose.
#include "tests/unit/klibc.h"  // k_snprintf

#include <limits.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

// Formats are put together here, which is the point of it.
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-security"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define BOTH(format, ...)                                                                  \
    do {                                                                                   \
        char got_[256], want_[256];                                                         \
        int wanted = snprintf(want_, sizeof(want_), format, __VA_ARGS__);                  \
        assert_int_equal(k_snprintf(got_, sizeof(got_), format, __VA_ARGS__), wanted);     \
        if (strcmp(got_, want_) != 0)                                                      \
            fail_msg("\"%s\": got \"%s\", want \"%s\"", format, got_, want_);              \
    } while (0)

static const char *const flags[] = {"", "-", "0", "+", " ", "#", "-0", "+0", "#0", "-#", "0 ", "+-"};
static const char *const sizes[] = {"", "1", "7", "30", ".0", ".1", ".5", ".25", "12.5", "5.12", "30.", "-9"};

static void test_integers(void **state)
{
    static const char *const lengths[] = {"hh", "h", "", "l", "ll", "z", "j", "t"};
    static const long values[] = {0, 1, -1, 9, 10, 127, 128, -128, 65535, 65536, INT_MAX, INT_MIN,
                                  UINT_MAX, LONG_MAX, LONG_MIN, 0x123456789abcdef};

    (void)state;
    for (size_t f = 0; f < COUNT(flags); f++)
        for (size_t s = 0; s < COUNT(sizes); s++)
            for (size_t l = 0; l < COUNT(lengths); l++)
                for (const char *c = "diuxXo"; *c; c++) {
                    char format[32];
                    snprintf(format, sizeof(format), "<%%%s%s%s%c>", flags[f], sizes[s], lengths[l], *c);
                    for (size_t v = 0; v < COUNT(values); v++)
                        BOTH(format, values[v]);
                }
}

static void test_text(void **state)
{
    static const char *const texts[] = {"", "a", "hello", "0123456789012345678901234567890123456789"};

    (void)state;
    for (size_t s = 0; s < COUNT(sizes); s++)
        for (size_t f = 0; f < 2; f++) {
            char format[32];
            for (size_t t = 0; t < COUNT(texts); t++) {
                snprintf(format, sizeof(format), "<%%%s%ss>", flags[f], sizes[s]);
                BOTH(format, texts[t]);
            }
            if (!strchr(sizes[s], '.')) {
                snprintf(format, sizeof(format), "<%%%s%sc>", flags[f], sizes[s]);
                BOTH(format, 'x');
            }
        }
    BOTH("%.*s|%*d|%-*d|%.*d", 2, "abcdef", 5, 1, -5, 2, -1, 3);
    BOTH("%*s", -8, "left");
    BOTH("100%% %s%d%c", "of ", 3, '!');
}

static void test_precision_needs_no_end(void **state)
{
    char text[4] = {'a', 'b', 'c', 'd'}, got[8];  // no NUL: ASan watches

    (void)state;
    assert_int_equal(k_snprintf(got, sizeof(got), "%.4s", text), 4);
    assert_string_equal(got, "abcd");
}

static void test_pointer(void **state)
{
    char got[32];

    (void)state;
    BOTH("%p", (void *)0xfee00000);
    BOTH("%20p|%-20p|", (void *)0xabc, (void *)0xdef);
    k_snprintf(got, sizeof(got), "%p", NULL);
    assert_string_equal(got, "0x0");
}

static void test_cut(void **state)
{
    (void)state;
    for (size_t size = 0; size < 20; size++) {
        char got[32], want[32];
        memset(got, 'z', sizeof(got));
        memset(want, 'z', sizeof(want));
        int wanted = snprintf(want, size, "%s-%05d", "abcdef", 42);
        assert_int_equal(k_snprintf(got, size, "%s-%05d", "abcdef", 42), wanted);
        assert_memory_equal(got, want, sizeof(got));
    }
    assert_int_equal(k_snprintf(NULL, 0, "%s", "measure"), 7);
}

static void test_bad_formats(void **state)
{
    static const struct {
        const char *format, *want;
    } cases[] = {
        {"%y", "%y"}, {"%5.3q|", "%5.3q|"}, {"%", "%"}, {"abc%-", "abc%-"}, {"%n", "%n"}, {"%ll", "%ll"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char got[32];
        k_snprintf(got, sizeof(got), cases[i].format);
        assert_string_equal(got, cases[i].want);
    }
    char got[16];
    k_snprintf(got, sizeof(got), "%s", NULL);
    assert_string_equal(got, "(null)");
    assert_int_equal(k_snprintf(got, sizeof(got), "%2147483647d", 1), INT_MAX);
    assert_int_equal(k_snprintf(got, sizeof(got), "%99999999999s", ""), INT_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_integers),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_precision_needs_no_end),
        cmocka_unit_test(test_pointer),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_bad_formats),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
