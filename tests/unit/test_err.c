// lib/err.c: the table is complete and unambiguous, the newest reason is kept, cut at its size.
#include "lib/err.h"  // fail

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#undef fail  // cmocka has one, too

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define NUMBER(constant, value, name, meaning, advice) constant,
static const int numbers[] = {ERR_TABLE(NUMBER)};

static void test_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(numbers); i++) {
        assert_true(numbers[i] < 0);
        assert_true(strlen(err_meaning(numbers[i])) > 5 && strlen(err_advice(numbers[i])) > 5);
        assert_string_not_equal(err_name(numbers[i]), "UnknownError");
        for (size_t j = 0; j < i; j++) {
            assert_int_not_equal(numbers[i], numbers[j]);
            assert_string_not_equal(err_name(numbers[i]), err_name(numbers[j]));
        }
    }
    assert_string_equal(err_name(ERR_DHCP_TIMEOUT), "DhcpTimeout");
    assert_string_equal(err_name(0), "UnknownError");
    assert_string_equal(err_name(-9999), "UnknownError");
    assert_true(strlen(err_advice(7)) > 5);
}

static void test_newest_reason(void **state)
{
    (void)state;
    fail_clear();
    assert_string_equal(fail_detail(), "");
    assert_int_equal(fail(ERR_TIMEOUT, "reset took %u ms", 12), ERR_TIMEOUT);
    assert_string_equal(fail_detail(), "reset took 12 ms");
    assert_int_equal(fail(ERR_NIC_INIT_FAILED, "eth0: %s", fail_detail()), ERR_NIC_INIT_FAILED);
    assert_string_equal(fail_detail(), "eth0: reset took 12 ms");
}

// A server's words can neither start a line of their own nor steer a terminal.
static void test_foreign_reason(void **state)
{
    (void)state;
    fail(ERR_NOT_AN_ISO, "label '%s'", "a\rb\nc\bd\te\x1b[2J\x9b" "2J\x7f\xc3\x9b");
    assert_string_equal(fail_detail(), "label 'a?b?c?d?e?[2J?2J??" "?'");
}

static void test_long_reason(void **state)
{
    char text[400];

    (void)state;
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    fail(ERR_DMA, "%s", text);
    assert_int_equal(strlen(fail_detail()), 200);
}

static void test_advice_by_cause(void **state)
{
    (void)state;
    fail_clear();
    assert_string_equal(fail_advice(ERR_DMA), err_advice(ERR_DMA));
    assert_int_equal(fail_try(fail(ERR_NO_NIC_FOUND, "PCI has none"), "plug one in"), ERR_NO_NIC_FOUND);
    assert_string_equal(fail_advice(ERR_NO_NIC_FOUND), "plug one in");
    assert_string_equal(fail_detail(), "PCI has none");
    fail(ERR_NO_LINK, "eth0");
    assert_string_equal(fail_advice(ERR_NO_LINK), err_advice(ERR_NO_LINK));
    fail_try(fail(ERR_NO_NIC_FOUND, "PCI has none"), "plug one in");
    fail_clear();
    assert_string_equal(fail_advice(ERR_NO_NIC_FOUND), err_advice(ERR_NO_NIC_FOUND));
}

static void test_http_status(void **state)
{
    (void)state;
    fail_clear();
    assert_int_equal(fail_http_code(), 0);
    assert_int_equal(fail_http_status(404, "host/a.iso"), ERR_HTTP_STATUS);
    assert_int_equal(fail_http_code(), 404);
    assert_non_null(strstr(fail_detail(), "host/a.iso"));
    assert_non_null(strstr(fail_detail(), "404"));
    fail(ERR_HTTP_STATUS, "attempt 3: %s", fail_detail());
    assert_int_equal(fail_http_code(), 404);
    fail(ERR_STALLED, "nothing for 20 s");
    assert_int_equal(fail_http_code(), 0);
    fail_http_status(500, "h");
    fail_clear();
    assert_int_equal(fail_http_code(), 0);
    assert_string_equal(fail_detail(), "");
}

static void test_kept(void **state)
{
    struct fail_record kept;

    (void)state;
    fail_keep(&kept, fail_try(fail_http_status(503, "h"), "wait"));
    fail(ERR_CONNECTION_REFUSED, "closed");
    assert_int_equal(fail_again(&kept), ERR_HTTP_STATUS);
    assert_int_equal(fail_http_code(), 503);
    assert_string_equal(fail_detail(), "h: HTTP status 503");
    assert_string_equal(fail_advice(ERR_HTTP_STATUS), "wait");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_newest_reason),
        cmocka_unit_test(test_foreign_reason),
        cmocka_unit_test(test_long_reason),
        cmocka_unit_test(test_advice_by_cause),
        cmocka_unit_test(test_http_status),
        cmocka_unit_test(test_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
