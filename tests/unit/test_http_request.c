// The request, byte for byte, and that nothing can add a line to it.
#include "lib/err.h"           // fail_detail
#include "lib/version.h"       // URLBOOT_VERSION
#include "net/http/request.h"  // http_request_build
#include "net/url.h"           // url_parse

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define FIXED                                                                                                \
    "User-Agent: urlboot/" URLBOOT_VERSION                                                                   \
    "\r\nAccept: */*\r\nAccept-Encoding: identity\r\nConnection: close\r\n"

static void builds(void **state)
{
    static const struct {
        const char *url;
        uint64_t offset;
        const char *validator, *wanted;
    } cases[] = {
        {"http://example.org/x.iso", 0, NULL, "GET /x.iso HTTP/1.1\r\nHost: example.org\r\n" FIXED "\r\n"},
        {"http://example.org:80/x.iso", 0, "", "GET /x.iso HTTP/1.1\r\nHost: example.org\r\n" FIXED "\r\n"},
        {"http://h:8080/a?b=%20", 0, "\"v\"", "GET /a?b=%20 HTTP/1.1\r\nHost: h:8080\r\n" FIXED "\r\n"},
        {"http://[::1]:8080", 0, NULL, "GET / HTTP/1.1\r\nHost: [::1]:8080\r\n" FIXED "\r\n"},
        {"https://h:80/", 0, NULL, "GET / HTTP/1.1\r\nHost: h:80\r\n" FIXED "\r\n"},
        {"http://h/", 5000000000, NULL,
         "GET / HTTP/1.1\r\nHost: h\r\n" FIXED "Range: bytes=5000000000-\r\n\r\n"},
        {"http://h/", 7, "", "GET / HTTP/1.1\r\nHost: h\r\n" FIXED "Range: bytes=7-\r\n\r\n"},
        {"http://h/", 7, "\"abc\"",
         "GET / HTTP/1.1\r\nHost: h\r\n" FIXED "Range: bytes=7-\r\nIf-Range: \"abc\"\r\n\r\n"},
        // RFC 7617 2
        {"http://Aladdin:open%20sesame@h/", 0, NULL,
         "GET / HTTP/1.1\r\nHost: h\r\n" FIXED "Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n"},
        // RFC 7617 2.1: "test" and "123" with a pound sign, in UTF-8
        {"http://test:123%C2%A3@h/", 0, NULL,
         "GET / HTTP/1.1\r\nHost: h\r\n" FIXED "Authorization: Basic dGVzdDoxMjPCow==\r\n\r\n"},
        {"http://u@h/", 0, NULL, "GET / HTTP/1.1\r\nHost: h\r\n" FIXED "Authorization: Basic dTo=\r\n\r\n"},
        {"http://u:pp@h/", 0, NULL,
         "GET / HTTP/1.1\r\nHost: h\r\n" FIXED "Authorization: Basic dTpwcA==\r\n\r\n"},
        {"http://uu:p%ff@h/", 0, NULL,
         "GET / HTTP/1.1\r\nHost: h\r\n" FIXED "Authorization: Basic dXU6cP8=\r\n\r\n"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[HTTP_REQUEST_MAX];
        struct url url;
        assert_int_equal(url_parse(&url, cases[i].url, strlen(cases[i].url)), 0);
        struct http_request request = {&url, cases[i].offset, 0, cases[i].validator};
        long length = http_request_build(text, sizeof text, &request);
        assert_string_equal(text, cases[i].wanted);
        assert_int_equal(length, strlen(cases[i].wanted));
        // Every size that is too small is noticed and not overrun.
        for (size_t size = 0; size <= (size_t)length; size++) {
            memset(text, 0x5a, sizeof text);
            assert_int_equal(http_request_build(text, size, &request), ERR_UNSUPPORTED);
            assert_int_equal((unsigned char)text[size], 0x5a);
        }
        assert_int_equal(http_request_build(text, (size_t)length + 1, &request), length);
    }
}

static void largest_fits(void **state)
{
    char url_text[URL_MAX] = "http://";
    char text[HTTP_REQUEST_MAX], validator[128];
    struct url url;
    (void)state;
    // 255 bytes of user, 253 of host: together with the path the longest URL there is.
    memset(url_text + 7, 'u', 255);
    url_text[262] = '@';
    for (size_t i = 0; i < 253; i++)
        url_text[263 + i] = i % 60 == 59 ? '.' : 'h';
    memcpy(url_text + 516, ":10000/", 7);
    memset(url_text + 523, 'p', URL_MAX - 1 - 523);
    assert_int_equal(url_parse(&url, url_text, URL_MAX - 1), 0);
    memset(validator, 'v', sizeof validator);
    validator[127] = '\0';
    struct http_request request = {&url, UINT64_MAX - 1, UINT64_MAX, validator};
    assert_true(http_request_build(text, sizeof text, &request) > 2300);
    memset(url.path, 'p', sizeof url.path - 1);
    url.path[sizeof url.path - 1] = '\0';
    assert_true(http_request_build(text, sizeof text, &request) > 2900);
}

static void refuses_injection(void **state)
{
    static const char *const validators[] = {"\"a\r\nX: y\"", "\"a\n\"", "a\tb", "\x7f"};
    char text[HTTP_REQUEST_MAX];
    struct url url;
    (void)state;
    assert_int_equal(url_parse(&url, "http://h/", 9), 0);
    for (size_t i = 0; i < COUNT(validators); i++) {
        struct http_request request = {&url, 1, 0, validators[i]};
        assert_int_equal(http_request_build(text, sizeof text, &request), ERR_UNSUPPORTED);
        assert_non_null(strstr(fail_detail(), "control byte"));
    }
}

static void ends_where_told(void **state)
{
    static const struct { uint64_t offset, until; const char *range; } cases[] = {
        {5, 6, "Range: bytes=5-5\r\n"},
        {1, 1ull << 40, "Range: bytes=1-1099511627775\r\n"},
        {6, 6, "Range: bytes=6-\r\n"},
        {6, 5, "Range: bytes=6-\r\n"},
        {0, 6, NULL},
    };
    char text[HTTP_REQUEST_MAX];
    struct url url;
    (void)state;
    assert_int_equal(url_parse(&url, "http://h/", 9), 0);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct http_request request = {&url, cases[i].offset, cases[i].until, NULL};
        assert_true(http_request_build(text, sizeof text, &request) > 0);
        const char *range = strstr(text, "Range:");
        if (cases[i].range)
            assert_memory_equal(range, cases[i].range, strlen(cases[i].range));
        else
            assert_null(range);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(builds), cmocka_unit_test(largest_fits),
                                       cmocka_unit_test(refuses_injection), cmocka_unit_test(ends_where_told)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
