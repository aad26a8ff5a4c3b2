// lib/string.c and lib/number.c against the host's libc: every short length and alignment, overlaps, pages
// that end in an unmapped one, blocks over 4 GiB.
#include "tests/unit/klibc.h"  // k_memcpy
#include "lib/copy.h"         // copy_by_string

#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>

#include <cmocka.h>

#define ROOM 512
#define LENGTHS 200
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void fill(uint8_t *p, size_t n, unsigned seed)
{
    for (size_t i = 0; i < n; i++)
        p[i] = (uint8_t)((seed = seed * 1103515245 + 12345) >> 16);
}

static int sign(int n)
{
    return (n > 0) - (n < 0);
}

static void check_memcpy(void)
{
    uint8_t source[ROOM], got[ROOM], want[ROOM];

    fill(source, ROOM, 1);
    for (size_t n = 0; n < LENGTHS; n++)
        for (size_t from = 0; from < 9; from++)
            for (size_t to = 0; to < 9; to++) {
                memset(got, 0xee, ROOM);
                memset(want, 0xee, ROOM);
                memcpy(want + to, source + from, n);
                assert_ptr_equal(k_memcpy(got + to, source + from, n), got + to);
                assert_memory_equal(got, want, ROOM);
            }
}

// Both ways to copy a block.
static void test_memcpy(void **state)
{
    (void)state;
    copy_by_string = true;
    check_memcpy();
    copy_by_string = false;
    check_memcpy();
}

static void test_memmove(void **state)
{
    uint8_t got[ROOM], want[ROOM];

    (void)state;
    for (size_t n = 0; n < LENGTHS; n++)
        for (size_t from = 0; from < 80; from += 1 + from / 20)
            for (size_t to = 0; to < 80; to += 1 + to / 20) {
                fill(got, ROOM, 2);
                memcpy(want, got, ROOM);
                memmove(want + to, want + from, n);
                assert_ptr_equal(k_memmove(got + to, got + from, n), got + to);
                assert_memory_equal(got, want, ROOM);
            }
}

static void test_memset(void **state)
{
    uint8_t got[ROOM], want[ROOM];

    (void)state;
    for (size_t n = 0; n < LENGTHS; n++)
        for (size_t to = 0; to < 9; to++) {
            memset(want, 0x11, ROOM);
            memset(got, 0x11, ROOM);
            memset(want + to, 0x1a5, n);
            assert_ptr_equal(k_memset(got + to, 0x1a5, n), got + to);
            assert_memory_equal(got, want, ROOM);
        }
}

static void test_memcmp_and_memchr(void **state)
{
    uint8_t a[64], b[64];

    (void)state;
    for (size_t n = 0; n <= sizeof(a); n++)
        for (size_t at = 0; at < sizeof(a); at++) {
            fill(a, sizeof(a), 3);
            memcpy(b, a, sizeof(a));
            b[at] ^= 0x80;
            assert_int_equal(sign(k_memcmp(a, b, n)), sign(memcmp(a, b, n)));
            assert_int_equal(sign(k_memcmp(b, a, n)), sign(memcmp(b, a, n)));
            assert_ptr_equal(k_memchr(a, a[at] | 0x100, n), memchr(a, a[at], n));
        }
}

static const char *const words[] = {
    "", "a", "A", "b", "ab", "aB", "abc", "abcabd", "aaaaab", "AAAAAB", "http://", "HTTP://host/a",
    "\x80", "\xff\x01", "[", "{", "@", "`", "Z", "z", "0123456789abcdefghijklmnopqrstuvwxyz",
};

static void test_two_strings(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(words); i++)
        for (size_t j = 0; j < COUNT(words); j++) {
            const char *a = words[i], *b = words[j];
            assert_int_equal(sign(k_strcmp(a, b)), sign(strcmp(a, b)));
            assert_int_equal(sign(k_strcasecmp(a, b)), sign(strcasecmp(a, b)));
            assert_ptr_equal(k_strstr(a, b), strstr(a, b));
            assert_ptr_equal(k_memmem(a, strlen(a), b, strlen(b)), memmem(a, strlen(a), b, strlen(b)));
            assert_int_equal(k_strspn(a, b), strspn(a, b));
            assert_int_equal(k_strcspn(a, b), strcspn(a, b));
            assert_ptr_equal(k_strpbrk(a, b), strpbrk(a, b));
            for (size_t n = 0; n < 9; n++) {
                assert_int_equal(sign(k_strncmp(a, b, n)), sign(strncmp(a, b, n)));
                assert_int_equal(sign(k_strncasecmp(a, b, n)), sign(strncasecmp(a, b, n)));
            }
        }
}

static void test_one_string(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(words); i++) {
        const char *s = words[i];
        char got[ROOM], want[ROOM];
        assert_int_equal(k_strlen(s), strlen(s));
        for (int c = 0; c < 256; c++) {
            assert_ptr_equal(k_strchr(s, c), strchr(s, c));
            assert_ptr_equal(k_strrchr(s, c), strrchr(s, c));
        }
        assert_ptr_equal(k_strcpy(got, s), got);
        assert_string_equal(got, s);
        for (size_t n = 0; n < 50; n++) {
            memset(got, 'x', ROOM);
            memset(want, 'x', ROOM);
            strncpy(want, s, n);
            assert_ptr_equal(k_strncpy(got, s, n), got);
            assert_memory_equal(got, want, ROOM);
            assert_int_equal(k_strnlen(s, n), strnlen(s, n));
        }
    }
}

// The last bytes before an unmapped page: nothing may look behind them.
static void test_page_end(void **state)
{
    const size_t page = 4096;
    char *p = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char copy[LENGTHS];

    (void)state;
    assert_ptr_not_equal(p, MAP_FAILED);
    assert_int_equal(mprotect(p + page, page, PROT_NONE), 0);
    for (size_t n = 1; n < LENGTHS; n++) {
        char *s = p + page - n;
        k_memset(s, 'q', n);
        s[n - 1] = '\0';
        assert_int_equal(k_strlen(s), n - 1);
        assert_int_equal(k_strnlen(s, SIZE_MAX), n - 1);
        assert_null(k_strchr(s, 'x'));
        assert_null(k_memchr(s, 'x', n));
        k_memcpy(copy, s, n);
        assert_int_equal(k_memcmp(copy, s, n), 0);
        k_memcpy(s, copy, n);
        k_memmove(s, s, n);
        assert_string_equal(s, copy);
    }
    munmap(p, 2 * page);
}

// A length beyond 32 bits, all of it one page of memory seen again and again.
static void test_beyond_4_gib(void **state)
{
    const size_t size = 5ull << 30;
    uint8_t *p = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    (void)state;
    if (p == MAP_FAILED)
        skip();
    assert_int_equal(k_memcmp(p, p + 8, size - 8), 0);
    munmap(p, size);
}

static void test_numbers(void **state)
{
    static const char *const texts[] = {
        "", "0", "1", "42", " \t\n\v\f\r7x",
        "-1", "+5", "- 5", "0x1f", "0X1F", "0x", "0xg", "077", "089", "zz",
        "18446744073709551615", "18446744073709551616", "99999999999999999999999", "-18446744073709551615",
        "-18446744073709551616", "9223372036854775807", "9223372036854775808", "-9223372036854775808",
        "-9223372036854775809", "0xffffffffffffffff", "0x10000000000000000", "deadBEEF", "12,34",
    };
    static const int bases[] = {0, 2, 8, 10, 16, 36};

    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++)
        for (size_t j = 0; j < COUNT(bases); j++) {
            char *got, *want;
            assert_true(k_strtoul(texts[i], &got, bases[j]) == strtoul(texts[i], &want, bases[j]));
            assert_ptr_equal(got, want);
            assert_true(k_strtoull(texts[i], NULL, bases[j]) == strtoull(texts[i], NULL, bases[j]));
            assert_true(k_strtol(texts[i], &got, bases[j]) == strtol(texts[i], &want, bases[j]));
            assert_ptr_equal(got, want);
        }
    assert_int_equal(k_atoi("-2147483648z"), -2147483647 - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memcpy),
        cmocka_unit_test(test_memmove),
        cmocka_unit_test(test_memset),
        cmocka_unit_test(test_memcmp_and_memchr),
        cmocka_unit_test(test_two_strings),
        cmocka_unit_test(test_one_string),
        cmocka_unit_test(test_page_end),
        cmocka_unit_test(test_beyond_4_gib),
        cmocka_unit_test(test_numbers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
