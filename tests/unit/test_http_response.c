// Heads: collected at every split, then judged. Each refusal is one way in which a wrong length or a hidden
// header could slip in.
#include "lib/err.h"            // fail_detail
#include "net/http/response.h"  // http_response_parse
#include "net/http/status.h"    // http_status_name

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define TEXT(s) s, sizeof s - 1

// Parses a copy of exactly `length` bytes, so that reading further is caught.
static int parse(struct http_response *r, const char *text, size_t length, char **copy)
{
    *copy = malloc(length ? length : 1);
    memcpy(*copy, text, length);
    return http_response_parse(r, *copy, length);
}

static void accepts(void **state)
{
    static const struct {
        const char *text;
        unsigned minor, status;
        const char *reason;
        enum http_framing framing;
        uint64_t length;
    } cases[] = {
        {"HTTP/1.1 200 OK\r\n\r\n", 1, 200, "OK", HTTP_UNTIL_CLOSE, 0},
        {"HTTP/1.0 200 OK\r\n\r\n", 0, 200, "OK", HTTP_UNTIL_CLOSE, 0},
        {"HTTP/1.7 200 OK\r\n\r\n", 7, 200, "OK", HTTP_UNTIL_CLOSE, 0},
        {"HTTP/1.1 200\r\n\r\n", 1, 200, "", HTTP_UNTIL_CLOSE, 0},
        {"HTTP/1.1 200 \r\n\r\n", 1, 200, "", HTTP_UNTIL_CLOSE, 0},
        {"HTTP/1.1 404 Not  F\xf6und\n\n", 1, 404, "Not  F\xf6und", HTTP_UNTIL_CLOSE, 0},
        {"HTTP/1.1 999 x\r\n\r\n", 1, 999, "x", HTTP_UNTIL_CLOSE, 0},
        {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 1, 200, "OK", HTTP_BY_LENGTH, 0},
        {"HTTP/1.1 200 OK\r\ncontent-length:12\r\n\r\n", 1, 200, "OK", HTTP_BY_LENGTH, 12},
        {"HTTP/1.1 200 OK\nCONTENT-LENGTH:   5000000000  \n\n", 1, 200, "OK", HTTP_BY_LENGTH, 5000000000},
        {"HTTP/1.1 200 OK\r\nContent-Length:\r\n 7\r\n\r\n", 1, 200, "OK", HTTP_BY_LENGTH, 7},
        {"HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775807\r\n\r\n", 1, 200, "OK", HTTP_BY_LENGTH,
         INT64_MAX},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", 1, 200, "OK", HTTP_CHUNKED, 0},
        {"HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked \r\nX: y\r\n\r\n", 1, 200, "OK", HTTP_CHUNKED, 0},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct http_response r;
        char *copy;
        memset(&r, 0xa5, sizeof r);
        if (parse(&r, cases[i].text, strlen(cases[i].text), &copy))
            fail_msg("'%s': %s", cases[i].text, fail_detail());
        assert_int_equal(r.minor, cases[i].minor);
        assert_int_equal(r.status, cases[i].status);
        assert_int_equal(r.reason.length, strlen(cases[i].reason));
        if (r.reason.length)
            assert_memory_equal(r.reason.at, cases[i].reason, r.reason.length);
        assert_int_equal(r.framing, cases[i].framing);
        if (r.framing == HTTP_BY_LENGTH)
            assert_int_equal(r.content_length, cases[i].length);
        free(copy);
    }
}

#define OK "HTTP/1.1 200 OK\r\n"

static void refuses(void **state)
{
    static const struct {
        const char *text;
        size_t length;
        int err;
        const char *says;
    } cases[] = {
        {TEXT(""), ERR_INVALID_RESPONSE, "no status line"},
        {TEXT("HTTP/1.1 200 OK"), ERR_INVALID_RESPONSE, "no status line"},
        {TEXT("\r\n\r\n"), ERR_INVALID_RESPONSE, "status line is ''"},
        {TEXT("HTTP/2.0 200 OK\r\n\r\n"), ERR_INVALID_RESPONSE, "status line is 'HTTP/2.0 200 OK'"},
        {TEXT("HTTP/1.10 200 OK\r\n\r\n"), ERR_INVALID_RESPONSE, "status line"},
        {TEXT("HTTP/1. 200 OK\r\n\r\n"), ERR_INVALID_RESPONSE, "status line"},
        {TEXT("HTTP/1.x 200 OK\r\n\r\n"), ERR_INVALID_RESPONSE, "status line"},
        {TEXT("http/1.1 200 OK\r\n\r\n"), ERR_INVALID_RESPONSE, "status line"},
        {TEXT("ICY 200 OK\r\n\r\n"), ERR_INVALID_RESPONSE, "status line"},
        {TEXT("HTTP/1.1  200 OK\r\n\r\n"), ERR_INVALID_RESPONSE, "status line"},
        {TEXT("HTTP/1.1\t200 OK\r\n\r\n"), ERR_INVALID_RESPONSE, "status line"},
        {TEXT("HTTP/1.1 20 OK\r\n\r\n"), ERR_INVALID_RESPONSE, "status line"},
        {TEXT("HTTP/1.1 2000 OK\r\n\r\n"), ERR_INVALID_RESPONSE, "status line"},
        {TEXT("HTTP/1.1 099 OK\r\n\r\n"), ERR_INVALID_RESPONSE, "status line"},
        {TEXT("HTTP/1.1 -20 OK\r\n\r\n"), ERR_INVALID_RESPONSE, "status line"},
        {TEXT("HTTP/1.1 20x OK\r\n\r\n"), ERR_INVALID_RESPONSE, "status line"},
        {TEXT("HTTP/1.1 200OK\r\n\r\n"), ERR_INVALID_RESPONSE, "status line"},
        {TEXT("HTTP/1.1 200 O\0K\r\n\r\n"), ERR_INVALID_RESPONSE, "0x00 in the status line"},
        {TEXT("HTTP/1.1 200 O\rK\r\n\r\n"), ERR_INVALID_RESPONSE, "0x0d in the status line"},
        {TEXT("HTTP/1.1 200 \x1b[m\r\n\r\n"), ERR_INVALID_RESPONSE, "0x1b in the status line"},
        {TEXT(OK " X: y\r\n\r\n"), ERR_INVALID_RESPONSE, "begins with white space"},
        {TEXT(OK "X : y\r\n\r\n"), ERR_INVALID_RESPONSE, "white space before the colon"},
        {TEXT(OK "Content-Length : 5\r\n\r\n"), ERR_INVALID_RESPONSE, "white space before the colon"},
        {TEXT(OK "X: y\r\n"), ERR_INVALID_RESPONSE, "no end"},
        {TEXT(OK "Xy\r\n\r\n"), ERR_INVALID_RESPONSE, "no colon"},
        {TEXT(OK "X: \0\r\n\r\n"), ERR_INVALID_RESPONSE, "control byte"},
        {TEXT(OK "Content-Length: 5\r\nContent-Length: 5\r\n\r\n"), ERR_INVALID_RESPONSE,
         "two headers Content-Length"},
        {TEXT(OK "Content-Length: 5\r\nX: y\r\ncontent-length: 6\r\n\r\n"), ERR_INVALID_RESPONSE,
         "two headers"},
        {TEXT(OK "Content-Length: 5, 5\r\n\r\n"), ERR_INVALID_RESPONSE, "Content-Length '5, 5'"},
        {TEXT(OK "Content-Length: 5\r\n 6\r\n\r\n"), ERR_INVALID_RESPONSE, "Content-Length '5   6'"},
        {TEXT(OK "Content-Length:\r\n\r\n"), ERR_INVALID_RESPONSE, "Content-Length ''"},
        {TEXT(OK "Content-Length: -1\r\n\r\n"), ERR_INVALID_RESPONSE, "Content-Length '-1'"},
        {TEXT(OK "Content-Length: +5\r\n\r\n"), ERR_INVALID_RESPONSE, "Content-Length '+5'"},
        {TEXT(OK "Content-Length: 0x5\r\n\r\n"), ERR_INVALID_RESPONSE, "Content-Length"},
        {TEXT(OK "Content-Length: 9223372036854775808\r\n\r\n"), ERR_INVALID_RESPONSE, "below 2^63"},
        {TEXT(OK "Content-Length: 18446744073709551621\r\n\r\n"), ERR_INVALID_RESPONSE, "below 2^63"},
        {TEXT(OK "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"), ERR_INVALID_RESPONSE,
         "has both"},
        {TEXT(OK "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n"), ERR_INVALID_RESPONSE,
         "has both"},
        {TEXT(OK "Transfer-Encoding: gzip\r\n\r\n"), ERR_UNSUPPORTED, "'gzip', only chunked"},
        {TEXT(OK "Transfer-Encoding: gzip, chunked\r\n\r\n"), ERR_UNSUPPORTED, "only chunked"},
        {TEXT(OK "Transfer-Encoding: identity\r\n\r\n"), ERR_UNSUPPORTED, "only chunked"},
        {TEXT(OK "Transfer-Encoding: xchunked\r\n\r\n"), ERR_UNSUPPORTED, "only chunked"},
        {TEXT(OK "Transfer-Encoding:\r\n\r\n"), ERR_UNSUPPORTED, "only chunked"},
        {TEXT(OK "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"), ERR_INVALID_RESPONSE,
         "two headers"},
        {TEXT("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), ERR_INVALID_RESPONSE, "HTTP/1.0"},
        {TEXT(OK "Location: /a\r\nLocation: /b\r\n\r\n"), ERR_INVALID_RESPONSE, "two headers Location"},
        {TEXT(OK "Content-Range: x\r\nContent-Range: x\r\n\r\n"), ERR_INVALID_RESPONSE,
         "two headers Content-Range"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct http_response r;
        char *copy;
        int err = parse(&r, cases[i].text, cases[i].length, &copy);
        if (err != cases[i].err || !strstr(fail_detail(), cases[i].says))
            fail_msg("'%s': %d '%s', wanted %d '%s'", cases[i].text, err, fail_detail(), cases[i].err,
                     cases[i].says);
        free(copy);
    }
}

static void keeps_fields(void **state)
{
    static const char text[] =
        OK "Location: /a b\r\nETag: \"x\"\r\nLast-Modified: lm\r\nDate: d\r\nSERVER: s\r\n"
           "Accept-Ranges: bytes\r\nContent-Encoding: gzip\r\nContent-Range: cr\r\n\r\n";
    static const struct {
        enum http_field field;
        const char *value;
    } wanted[] = {{HTTP_LOCATION, "/a b"},    {HTTP_ETAG, "\"x\""},
                  {HTTP_LAST_MODIFIED, "lm"}, {HTTP_DATE, "d"},
                  {HTTP_SERVER, "s"},         {HTTP_ACCEPT_RANGES, "bytes"},
                  {HTTP_CONTENT_RANGE, "cr"}, {HTTP_CONTENT_ENCODING, "gzip"}};
    struct http_response r;
    char *copy;
    (void)state;
    assert_int_equal(parse(&r, TEXT(text), &copy), 0);
    for (size_t i = 0; i < COUNT(wanted); i++) {
        assert_int_equal(r.field[wanted[i].field].length, strlen(wanted[i].value));
        assert_memory_equal(r.field[wanted[i].field].at, wanted[i].value, strlen(wanted[i].value));
    }
    assert_null(r.field[HTTP_CONTENT_LENGTH].at);
    free(copy);
    // Two validators are none.
    assert_int_equal(parse(&r, TEXT(OK "ETag: \"x\"\r\nETag: \"y\"\r\nServer:\r\n\r\n"), &copy), 0);
    assert_null(r.field[HTTP_ETAG].at);
    assert_non_null(r.field[HTTP_SERVER].at);
    assert_int_equal(r.field[HTTP_SERVER].length, 0);
    free(copy);
}

static void bounds_headers(void **state)
{
    static char text[HTTP_HEAD_MAX];
    (void)state;
    for (unsigned count = HTTP_HEADERS_MAX - 1; count <= HTTP_HEADERS_MAX + 1; count++) {
        struct http_response r;
        size_t at = (size_t)sprintf(text, OK);
        for (unsigned i = 0; i < count; i++)
            at += (size_t)sprintf(text + at, "X-%u: y\r\n", i);
        at += (size_t)sprintf(text + at, "\r\n");
        assert_int_equal(http_response_parse(&r, text, at),
                         count <= HTTP_HEADERS_MAX ? 0 : ERR_INVALID_RESPONSE);
    }
}

static void collects_at_every_split(void **state)
{
    static const char *const heads[] = {OK "A: b\r\n c\r\n\r\n", "HTTP/1.1 200 OK\nA: b\n\n",
                                        OK "A:\r\n \r\nB: \r\n\n", "HTTP/1.0 200\r\n\r\n",
                                        "HTTP/1.1 200 \n\r\n"};
    static struct http_head head;
    (void)state;
    for (size_t i = 0; i < COUNT(heads); i++) {
        size_t length = strlen(heads[i]), used;
        char text[128];
        snprintf(text, sizeof text, "%s\r\nbody", heads[i]);
        for (size_t split = 0; split < strlen(text); split++) {
            head.length = head.line = 0;
            int done = http_head_take(&head, (const uint8_t *)text, split, &used);
            assert_int_equal(done, split >= length);
            assert_int_equal(used, split < length ? split : length);
            if (done)
                continue;
            assert_int_equal(http_head_take(&head, (const uint8_t *)text + used, strlen(text) - used, &used),
                             1);
            assert_int_equal(split + used, length);
            assert_int_equal(head.length, length);
            assert_memory_equal(head.bytes, heads[i], length);
        }
    }
}

static void notices_other_protocols(void **state)
{
    static const char *const others[] = {"SSH-2.0-OpenSSH", "\x15\x03\x01", "<html>", "\r\nHTTP/1.1",
                                         "HTTP/2",          "HTTQ",         "H\n"};
    static struct http_head head;
    (void)state;
    for (size_t i = 0; i < COUNT(others); i++) {
        size_t used;
        head.length = head.line = 0;
        assert_int_equal(http_head_take(&head, (const uint8_t *)others[i], strlen(others[i]), &used),
                         ERR_INVALID_RESPONSE);
        assert_non_null(strstr(fail_detail(), "the answer begins with '"));
    }
}

static void bounds_head(void **state)
{
    static uint8_t text[HTTP_HEAD_MAX + 64] = OK "X: ";
    static struct http_head head;
    size_t used, start = strlen((char *)text);
    (void)state;
    memset(text + start, 'x', sizeof text - start);
    memcpy(text + HTTP_HEAD_MAX - 4, "\r\n\r\n", 4);
    head.length = head.line = 0;
    assert_int_equal(http_head_take(&head, text, sizeof text, &used), 1);
    assert_int_equal(used, HTTP_HEAD_MAX);
    memcpy(text + HTTP_HEAD_MAX - 4, "x\r\n\r\n", 5);
    head.length = head.line = 0;
    assert_int_equal(http_head_take(&head, text, sizeof text, &used), ERR_INVALID_RESPONSE);
    assert_non_null(strstr(fail_detail(), "longer than 16384 bytes"));
}

static void names_statuses(void **state)
{
    (void)state;
    assert_string_equal(http_status_name(200), "OK");
    assert_string_equal(http_status_name(404), "Not Found");
    assert_string_equal(http_status_name(299), "Success");
    assert_string_equal(http_status_name(499), "Client Error");
    assert_string_equal(http_status_name(599), "Server Error");
    assert_string_equal(http_status_name(0), "Unknown");
    assert_string_equal(http_status_name(999), "Unknown");
    for (unsigned code = 0; code < 1000; code++) {
        bool redirect = code == 301 || code == 302 || code == 303 || code == 307 || code == 308;
        bool temporary = code == 408 || code == 425 || code == 429 || code == 500 || code == 502 ||
                         code == 503 || code == 504;
        assert_int_equal(http_status_is_redirect(code), redirect);
        assert_int_equal(http_status_is_temporary(code), temporary);
        assert_int_equal(http_status_is_interim(code), code >= 100 && code <= 199);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts),
        cmocka_unit_test(refuses),
        cmocka_unit_test(keeps_fields),
        cmocka_unit_test(bounds_headers),
        cmocka_unit_test(collects_at_every_split),
        cmocka_unit_test(notices_other_protocols),
        cmocka_unit_test(bounds_head),
        cmocka_unit_test(names_statuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
