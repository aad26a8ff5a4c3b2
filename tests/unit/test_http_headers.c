// Header lines and values: every deviation that could make two readers see different things is refused.
#include "lib/err.h"           // fail_detail
#include "net/http/headers.h"  // http_header_next

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define SPAN(s) ((struct http_span){s, sizeof s - 1})

static struct http_span span_of(const char *text)
{
    return (struct http_span){text, strlen(text)};
}

static void assert_span(struct http_span span, const char *text)
{
    assert_int_equal(span.length, strlen(text));
    assert_memory_equal(span.at, text, span.length);
}

static void cuts_headers(void **state)
{
    struct http_span rest =
        SPAN("A: b\r\nC:d\nE-1:   \r\nf!#$%&'*+-.^_`|~:\t x \t y \t\r\nG: \xff\x80:\r\n\r\nbody");
    static const char *const wanted[][2] = {
        {"A", "b"}, {"C", "d"}, {"E-1", ""}, {"f!#$%&'*+-.^_`|~", "x \t y"}, {"G", "\xff\x80:"}};
    struct http_header header;
    (void)state;
    for (size_t i = 0; i < COUNT(wanted); i++) {
        assert_int_equal(http_header_next(&rest, &header), 1);
        assert_span(header.name, wanted[i][0]);
        assert_span(header.value, wanted[i][1]);
    }
    assert_int_equal(http_header_next(&rest, &header), 0);
    assert_span(rest, "body");
}

static void refuses_headers(void **state)
{
    static const struct {
        struct http_span text;
        const char *says;
    } cases[] = {
        {{"", 0}, "no end"},
        {{"A: b", 4}, "no end"},
        {{"A: b\r", 5}, "no end"},
        {{"A b\r\n", 5}, "'A b' has no colon"},
        {{": b\r\n", 5}, "no name"},
        {{"A : b\r\n", 7}, "white space before the colon of header 'A '"},
        {{"A\t: b\r\n", 7}, "white space before the colon"},
        {{" A: b\r\n", 7}, "begins with white space"},
        {{"\tA: b\r\n", 7}, "begins with white space"},
        {{"A\0: b\r\n", 7}, "0x00 in the name"},
        {{"A(: b\r\n", 7}, "0x28 in the name"},
        {{"\xe4: b\r\n", 6}, "0xe4 in the name"},
        {{"A B: b\r\n", 8}, "0x20 in the name"},
        {{"A: b\0c\r\n", 8}, "control byte 0x00 in header 'A'"},
        {{"A: b\rc\r\n", 8}, "control byte 0x0d"},
        {{"A: b\r\r\n", 7}, "control byte 0x0d"},
        {{"A: \x7f\r\n", 6}, "control byte 0x7f"},
        {{"A: \x1b[2J\r\n", 9}, "control byte 0x1b"},
        {{"\r\r\n", 3}, "has no colon"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct http_span rest = cases[i].text;
        struct http_header header;
        int got = http_header_next(&rest, &header);
        if (got != ERR_INVALID_RESPONSE || !strstr(fail_detail(), cases[i].says))
            fail_msg("case %zu: %d '%s', wanted '%s'", i, got, fail_detail(), cases[i].says);
    }
}

static void unfolds(void **state)
{
    static const char *const cases[][2] = {
        {"A: b\r\n c\r\n\r\n", "A: b   c\r\n\r\n"},
        {"A: b\n\tc\n\n", "A: b \tc\n\n"},
        {"A:\r\n b\r\n \r\nC: d\r\n\r\n", "A:   b   \r\nC: d\r\n\r\n"},
        {"A: b\r\nC: d\r\n\r\n", "A: b\r\nC: d\r\n\r\n"},
        {"\n x", "  x"},
        {"", ""},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[64];
        strcpy(text, cases[i][0]);
        http_headers_unfold(text, strlen(text));
        assert_string_equal(text, cases[i][1]);
    }
}

static void reads_numbers(void **state)
{
    static const struct {
        const char *text;
        bool valid;
        uint64_t value;
    } cases[] = {
        {"0", true, 0},
        {"4294967296", true, 4294967296},
        {"9223372036854775807", true, INT64_MAX},
        {"000000000000000000000000000000000017", true, 17},
        {"9223372036854775808", false, 0},
        {"9223372036854775810", false, 0},
        {"18446744073709551615", false, 0},
        {"18446744073709551617", false, 0},
        {"99999999999999999999999", false, 0},
        {"", false, 0},
        {"+1", false, 0},
        {"-1", false, 0},
        {" 1", false, 0},
        {"1 ", false, 0},
        {"1,1", false, 0},
        {"0x10", false, 0},
        {"1.0", false, 0},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint64_t value = 0;
        if (http_span_number(span_of(cases[i].text), &value) != cases[i].valid || value != cases[i].value)
            fail_msg("'%s' gave %llu", cases[i].text, (unsigned long long)value);
    }
}

static void reads_content_range(void **state)
{
    static const struct {
        const char *text;
        int err;
        struct http_range range;
    } cases[] = {
        {"bytes 0-0/1", 0, {true, 0, 0, true, 1}},
        {"bytes 5-9/10", 0, {true, 5, 9, true, 10}},
        {"BYTES 5-9/*", 0, {true, 5, 9, false, 0}},
        {"bytes */10", 0, {false, 0, 0, true, 10}},
        {"bytes 5000000000-5999999999/6000000000", 0, {true, 5000000000, 5999999999, true, 6000000000}},
        {"bytes */*", ERR_INVALID_RESPONSE, {0}},
        {"bytes 9-5/10", ERR_INVALID_RESPONSE, {0}},
        {"bytes 5-10/10", ERR_INVALID_RESPONSE, {0}},
        {"bytes 5-/10", ERR_INVALID_RESPONSE, {0}},
        {"bytes -5/10", ERR_INVALID_RESPONSE, {0}},
        {"bytes 5/10", ERR_INVALID_RESPONSE, {0}},
        {"bytes 5-9", ERR_INVALID_RESPONSE, {0}},
        {"bytes 5-9/", ERR_INVALID_RESPONSE, {0}},
        {"bytes=5-9/10", ERR_INVALID_RESPONSE, {0}},
        {"items 5-9/10", ERR_INVALID_RESPONSE, {0}},
        {"5-9/10", ERR_INVALID_RESPONSE, {0}},
        {"bytes 5-9/10/11", ERR_INVALID_RESPONSE, {0}},
        {"bytes 5-99999999999999999999/10", ERR_INVALID_RESPONSE, {0}},
        {"", ERR_INVALID_RESPONSE, {0}},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct http_range range;
        int err = http_content_range(span_of(cases[i].text), &range);
        if (err != cases[i].err)
            fail_msg("'%s' gave %d", cases[i].text, err);
        if (err)
            continue;
        assert_int_equal(range.satisfied, cases[i].range.satisfied);
        assert_int_equal(range.first, cases[i].range.first);
        assert_int_equal(range.last, cases[i].range.last);
        assert_int_equal(range.total_known, cases[i].range.total_known);
        assert_int_equal(range.total, cases[i].range.total);
    }
}

static void reads_dates(void **state)
{
    static const struct {
        const char *text;
        int64_t seconds;
    } cases[] = {
        {"Thu, 01 Jan 1970 00:00:00 GMT", 0},
        {"Sun, 06 Nov 1994 08:49:37 GMT", 784111777},
        {"Thu, 29 Feb 2024 23:59:59 GMT", 1709251199},
        {"Fri, 01 Mar 2024 00:00:00 GMT", 1709251200},
        {"Wed, 31 Dec 2036 00:00:00 GMT", 2114294400},
        {"Thu, 01 Mar 2100 00:00:00 GMT", 4107542400},
        {"Sunday, 06-Nov-94 08:49:37 GMT", -1},
        {"Sun Nov  6 08:49:37 1994", -1},
        {"Sun, 06 Nov 1994 08:49:37 CET", -1},
        {"Sun, 06 Nox 1994 08:49:37 GMT", -1},
        {"Sun, 00 Nov 1994 08:49:37 GMT", -1},
        {"Sun, 06 Nov 1994 24:49:37 GMT", -1},
        {"Sun, 06 Nov 1994 08:60:37 GMT", -1},
        {"Sun, 06 Nov 1969 08:49:37 GMT", -1},
        {"Sun, 6 Nov 1994 08:49:37 GMT", -1},
        {"Sun, 06 Nov 1994 08:49:3x GMT", -1},
        {"", -1},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        if (http_date(span_of(cases[i].text)) != cases[i].seconds)
            fail_msg("'%s' gave %lld", cases[i].text, (long long)http_date(span_of(cases[i].text)));
}

static void shows_and_compares(void **state)
{
    char out[8];
    (void)state;
    assert_string_equal(http_span_show(SPAN("ab\x1b\xff\ncdefgh"), out, sizeof out), "ab???cd");
    assert_string_equal(http_span_show(SPAN("abc"), out, 1), "");
    assert_true(http_span_is(SPAN("ChUnKeD"), "chunked"));
    assert_false(http_span_is(SPAN("chunked2"), "chunked"));
    assert_false(http_span_is(SPAN("chunke"), "chunked"));
    assert_false(http_span_is((struct http_span){NULL, 0}, ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cuts_headers),
        cmocka_unit_test(refuses_headers),
        cmocka_unit_test(unfolds),
        cmocka_unit_test(reads_numbers),
        cmocka_unit_test(reads_content_range),
        cmocka_unit_test(reads_dates),
        cmocka_unit_test(shows_and_compares),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
