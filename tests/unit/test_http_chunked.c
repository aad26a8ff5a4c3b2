// The chunked decoder: every case whole, byte by byte and at every split; every prefix of a good body is
// incomplete and none is an error.
#include "lib/err.h"           // fail_detail
#include "net/http/chunked.h"  // http_chunked_take

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define TEXT(s) s, sizeof s - 1

struct decoded {
    char body[4096];
    size_t length;  // of body
    size_t used;    // of the coded bytes
    int result;     // of the last call
};

// Feeds data[length]; each call sees a heap copy of exactly the bytes it is given.
static void feed(struct http_chunked *c, struct decoded *d, const char *data, size_t length)
{
    while (length > 0 && d->result == 0) {
        size_t used, body;
        uint8_t *copy = malloc(length);
        memcpy(copy, data, length);
        d->result = http_chunked_take(c, copy, length, &used, &body);
        if (d->result >= 0) {
            assert_in_range(used, 1, length);
            assert_in_range(body, 0, used);
            memcpy(d->body + d->length, copy + used - body, body);
            d->length += body;
            d->used += used;
        }
        free(copy);
        data += used;
        length -= used;
    }
}

// Decodes in pieces of `piece` bytes after a first one of `split`.
static struct decoded decode(const char *text, size_t length, size_t split, size_t piece)
{
    struct http_chunked c = {0};
    struct decoded d = {.length = 0};
    feed(&c, &d, text, split);
    for (size_t at = split; at < length && d.result == 0; at += piece)
        feed(&c, &d, text + at, piece < length - at ? piece : length - at);
    return d;
}

static void decodes(void **state)
{
    static const struct {
        const char *text, *body, *rest;
    } cases[] = {
        {"0\r\n\r\n", "", ""},
        {"5\r\nhello\r\n0\r\n\r\n", "hello", ""},
        {"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\nHTTP/1.1", "hello world", "HTTP/1.1"},
        {"A\r\n0123456789\r\n0\r\n\r\n", "0123456789", ""},
        {"a\r\n0123456789\r\n000\r\n\r\n", "0123456789", ""},
        {"00000000000000000000000000000005\r\nhello\r\n0\r\n\r\n", "hello", ""},
        {"5;a=b\r\nhello\r\n0;x\r\n\r\n", "hello", ""},
        {"5 ; a=\"b;c\"\r\nhello\r\n0\r\n\r\n", "hello", ""},
        {"5   \r\nhello\r\n0\t\r\n\r\n", "hello", ""},
        {"5\r\nhello\r\n0\r\nA: b\r\nC: d\r\n\r\nx", "hello", "x"},
        {"5\r\nhello\r\n0\r\nA: b\nC: d\n\nx", "hello", "x"},
        {"4\r\n\r\n\r\n\r\n0\r\n\r\n\r\n", "\r\n\r\n", "\r\n"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        size_t length = strlen(cases[i].text);
        for (size_t piece = 1; piece <= length; piece++)
            for (size_t split = 0; split <= length; split++) {
                struct decoded d = decode(cases[i].text, length, split, piece);
                assert_int_equal(d.result, 1);
                assert_int_equal(d.length, strlen(cases[i].body));
                assert_memory_equal(d.body, cases[i].body, d.length);
                assert_string_equal(cases[i].text + d.used, cases[i].rest);
            }
        for (size_t cut = 0; cut < length - strlen(cases[i].rest); cut++)
            assert_int_equal(decode(cases[i].text, cut, 0, 3).result, 0);
    }
}

static void refuses(void **state)
{
    static const struct {
        const char *text;
        size_t length;
        const char *says;
    } cases[] = {
        {TEXT("\r\n"), "0x0d in place of a chunk size"},
        {TEXT("g\r\n"), "0x67 in place of a chunk size"},
        {TEXT("-1\r\n"), "in place of a chunk size"},
        {TEXT("+1\r\n"), "in place of a chunk size"},
        {TEXT(" 1\r\n"), "in place of a chunk size"},
        {TEXT(";a\r\n"), "in place of a chunk size"},
        {TEXT("0x5\r\n"), "0x78 after a chunk size"},
        {TEXT("5 5\r\n"), "0x35 after a chunk size"},
        {TEXT("5\nhello"), "0x0a after a chunk size"},
        {TEXT("5\rhello"), "0x68 after the CR"},
        {TEXT("5;a\nhello"), "0x0a in a chunk extension"},
        {TEXT("5;a\0\r\nhello"), "0x00 in a chunk extension"},
        {TEXT("5\r\nhello!"), "0x21 where a chunk has to end"},
        {TEXT("5\r\nhello\n"), "0x0a where a chunk has to end"},
        {TEXT("5\r\nhello\r\r"), "0x0d where a chunk has to end"},
        {TEXT("5\r\nhello\r\n\r\n"), "0x0d in place of a chunk size"},
        {TEXT("8000000000000000\r\n"), "larger than 63 bits"},
        {TEXT("10000000000000000\r\n"), "larger than 63 bits"},
        {TEXT("fffffffffffffffffffffff\r\n"), "larger than 63 bits"},
        {TEXT("0\r\nA: \0\r\n\r\n"), "0x00 in a trailer"},
        {TEXT("0\r\nA: b\rx"), "0x78 after the CR of a trailer"},
        {TEXT("0\r\n\rx"), "0x78 after the CR of a trailer"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        for (size_t piece = 1; piece <= cases[i].length; piece++) {
            struct decoded d = decode(cases[i].text, cases[i].length, 0, piece);
            if (d.result != ERR_INVALID_RESPONSE || !strstr(fail_detail(), cases[i].says))
                fail_msg("'%s': %d '%s', wanted '%s'", cases[i].text, d.result, fail_detail(), cases[i].says);
        }
}

// A size of 2^63 - 1 is taken, and counted down exactly.
static void counts_in_64_bits(void **state)
{
    struct http_chunked c = {0};
    size_t used, body;
    (void)state;
    assert_int_equal(http_chunked_take(&c, (const uint8_t *)"7fffffffffffffff\r\nabc", 21, &used, &body), 0);
    assert_int_equal(used, 21);
    assert_int_equal(body, 3);
    assert_int_equal(c.left, INT64_MAX - 3);
    // The last bytes of a chunk of 5 GiB.
    c = (struct http_chunked){0};
    assert_int_equal(http_chunked_take(&c, (const uint8_t *)"140000000\r\n", 11, &used, &body), 0);
    assert_int_equal(c.left, 5368709120);
}

static void bounds_lines(void **state)
{
    static char text[HTTP_TRAILERS_MAX + 64];
    (void)state;
    for (size_t extra = 0; extra < 2; extra++) {
        memset(text, 'x', sizeof text);
        memcpy(text, "1;", 2);
        size_t end = HTTP_CHUNK_LINE_MAX - 2 + extra;
        memcpy(text + end, "\r\nA\r\n0\r\n\r\n", 10);
        assert_int_equal(decode(text, end + 10, 0, 7).result, extra ? ERR_INVALID_RESPONSE : 1);
        // Leading zeros are bounded by the line, too.
        memset(text, '0', end);
        text[end - 1] = '1';
        assert_int_equal(decode(text, end + 10, 0, 7).result, extra ? ERR_INVALID_RESPONSE : 1);
        memset(text, 'x', sizeof text);
        memcpy(text, "0\r\n", 3);
        end = 3 + HTTP_TRAILERS_MAX - 4 + extra;
        memcpy(text + end, "\r\n\r\n", 4);
        assert_int_equal(decode(text, end + 4, 0, 7).result, extra ? ERR_INVALID_RESPONSE : 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decodes),
        cmocka_unit_test(refuses),
        cmocka_unit_test(counts_in_64_bits),
        cmocka_unit_test(bounds_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
