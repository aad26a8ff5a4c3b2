// lib/ip6.c against the C library's inet_pton(), and RFC 5952's own examples.
#include "lib/ip6.h"  // ip6_parse

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void writes(void **state)
{
    static const char *const cases[][2] = {
        {"::", "::"},
        {"::1", "::1"},
        {"1::", "1::"},
        {"2001:0DB8::0001", "2001:db8::1"},
        {"2001:db8:0:0:0:0:2:1", "2001:db8::2:1"},
        {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
        {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},
        {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
        {"1:2:3:4:5:6:0:0", "1:2:3:4:5:6::"},
        {"0:0:3:4:5:6:7:8", "::3:4:5:6:7:8"},
        {"::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"},
        {"::ffff:10.0.0.1", "::ffff:a00:1"},
        {"1:2:3:4:5:6:255.254.1.2", "1:2:3:4:5:6:fffe:102"},
        {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint8_t address[IP6_BYTES], theirs[IP6_BYTES];
        char text[IP6_TEXT_MAX];
        if (!ip6_parse(cases[i][0], strlen(cases[i][0]), address))
            fail_msg("%s was refused", cases[i][0]);
        assert_int_equal(inet_pton(AF_INET6, cases[i][0], theirs), 1);
        assert_memory_equal(address, theirs, IP6_BYTES);
        assert_string_equal(ip6_text(address, text), cases[i][1]);
    }
}

static void refuses(void **state)
{
    static const char *const cases[] = {
        "", ":", ":::", ":1", "1:", "1", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", "1:2:3:4::5:6:7:8", "12345::",
        "g::", "::1%1", "[::1]", "::1 ", " ::1", "::1.2.3", "::1.2.3.256", "::1.2.3.4.", "::1.2.3.4:1", "1.2.3.4",
        "1:2:3:4:5:6:7:1.2.3.4", "1:2:3:4:5:6:7::1.2.3.4", "::1.2.3.1234", "::.1.2.3", "1:2:3:4:5:6:7:8::",
        "::1:2:3:4:5:6:7:8", "::a.2.3.4",
    };
    uint8_t address[IP6_BYTES];

    (void)state;
    memset(address, 0x5a, sizeof(address));
    for (size_t i = 0; i < COUNT(cases); i++)
        if (ip6_parse(cases[i], strlen(cases[i]), address))
            fail_msg("'%s' was taken", cases[i]);
    for (size_t i = 0; i < sizeof(address); i++)
        assert_int_equal(address[i], 0x5a);
}

// The C library's reader agrees about texts made of what addresses are made of.
static void agrees(void **state)
{
    static const char *const pieces[] = {":", ":", "::", "0", "1", "ab", "ffff", "10.0.0.1", "."};
    unsigned taken = 0;

    (void)state;
    srand(1);
    for (unsigned i = 0; i < 300000; i++) {
        char text[160] = "", *copy;
        uint8_t ours[IP6_BYTES] = {0}, theirs[IP6_BYTES] = {0};
        for (int n = rand() % 17; n >= 0; n--)
            strcat(text, n % 2 ? pieces[rand() % 3] : pieces[rand() % (int)COUNT(pieces)]);
        size_t length = strlen(text);
        copy = malloc(length > 0 ? length : 1);  // a byte read behind its end is seen
        memcpy(copy, text, length);
        bool good = ip6_parse(copy, length, ours);
        copy = realloc(copy, length + 1);
        copy[length] = '\0';
        if (good != (inet_pton(AF_INET6, copy, theirs) == 1) || memcmp(ours, theirs, IP6_BYTES) != 0)
            fail_msg("'%s': %s", text, good ? "taken" : "refused");
        free(copy);
        taken += good;
    }
    assert_true(taken > 1000);
}

static void tells_kinds(void **state)
{
    static const struct {
        const char *text;
        bool local, unicast;
    } cases[] = {
        {"::", false, false},   {"::1", false, false},        {"::2", false, true},  {"fe80::1", true, true},
        {"febf::1", true, true}, {"fec0::1", false, true},    {"ff02::1", false, false},
        {"fd00::1", false, true}, {"2001:db8::1", false, true},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint8_t address[IP6_BYTES];
        assert_true(ip6_parse(cases[i].text, strlen(cases[i].text), address));
        assert_int_equal(ip6_is_link_local(address), cases[i].local);
        assert_int_equal(ip6_is_unicast(address), cases[i].unicast);
    }
}

static void compares(void **state)
{
    static const struct {
        const char *a, *b;
        unsigned bits;
    } cases[] = {
        {"::", "::", 128}, {"::", "::1", 127}, {"8000::", "::", 0}, {"2001:db8::", "2001:db8:1::", 47},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint8_t a[IP6_BYTES], b[IP6_BYTES];
        assert_true(ip6_parse(cases[i].a, strlen(cases[i].a), a));
        assert_true(ip6_parse(cases[i].b, strlen(cases[i].b), b));
        assert_int_equal(ip6_common_bits(a, b), cases[i].bits);
    }
}

static void reads_ipv4(void **state)
{
    static const char *const bad[] = {"", "1.2.3", "1.2.3.4.5", "1.2.3.4.", ".1.2.3.4", "1..2.3", "256.1.1.1", "1.2.3.1000",
                                      "1.2.3.x", "1.2.3.4x"};
    uint8_t address[4];

    (void)state;
    assert_true(ip4_parse("10.77.0.255", 11, address));
    assert_memory_equal(address, "\x0a\x4d\0\xff", 4);
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_false(ip4_parse(bad[i], strlen(bad[i]), address));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes),      cmocka_unit_test(refuses),  cmocka_unit_test(agrees),
        cmocka_unit_test(tells_kinds), cmocka_unit_test(compares), cmocka_unit_test(reads_ipv4),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
