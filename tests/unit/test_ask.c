// The question for a URL, with a clock turned by hand: what is typed, and what happens when nobody is there.
#include "kernel/ask.h"           // ask_url
#include "kernel/console.h"       // console_key
#include "kernel/firmware/efi.h"  // efi_key
#include "lib/clock.h"            // now_us
#include "lib/err.h"              // ERR_NO_URL

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define SECOND 1000000ull

static uint64_t clock_us, gap_us;     // gap: between two keys
static const char *keys;
static uint64_t next_key_us;
static char shown[1 << 16];
static char url[256];

uint64_t now_us(void)
{
    return clock_us += SECOND / 100;
}

int console_key(void)
{
    if (*keys == '\0' || now_us() < next_key_us)
        return -1;
    next_key_us = clock_us + gap_us;
    return *keys++;
}

int efi_key(void)
{
    return console_key();
}

void console_write(const char *text, size_t length)
{
    (void)text, (void)length;
}

void efi_write(const char *text)
{
    if (strlen(shown) + strlen(text) < sizeof(shown))
        strcat(shown, text);
}

static void type(const char *text, uint64_t first_us, uint64_t then_us)
{
    clock_us = 0;
    keys = text;
    next_key_us = first_us;
    gap_us = then_us;
    shown[0] = url[0] = '\0';
}

static void test_typed(void **state)
{
    (void)state;
    type("http://h/x.isp\bo\r", 0, 0);
    assert_int_equal(ask_url(url, sizeof(url)), 0);
    assert_string_equal(url, "http://h/x.iso");
    type("ftp://h/x\r\x15http://h/y\r", 0, 0);                  // asked again after nonsense
    assert_int_equal(ask_url(url, sizeof(url)), 0);
    assert_string_equal(url, "http://h/y");
    type("http\x1b", 0, 0);
    assert_int_equal(ask_url(url, sizeof(url)), ERR_NO_URL);
    type("http://h/slowly.iso\r", 200 * SECOND, 200 * SECOND);  // each key starts the five minutes anew
    assert_int_equal(ask_url(url, sizeof(url)), 0);
}

static void test_nobody_is_there(void **state)
{
    (void)state;
    type("", 0, 0);
    assert_int_equal(ask_url(url, sizeof(url)), ERR_NO_URL);
    assert_in_range(clock_us, 300 * SECOND, 301 * SECOND);
    assert_non_null(strstr(fail_detail(), "five minutes"));
    type("htt", 0, 0);                                         // went away in the middle
    assert_int_equal(ask_url(url, sizeof(url)), ERR_NO_URL);
    assert_string_equal(url, "");
    assert_in_range(clock_us, 300 * SECOND, 301 * SECOND);
    type("ftp://x/\r", 0, 0);                                  // after an answer that will not do
    assert_int_equal(ask_url(url, sizeof(url)), ERR_NO_URL);
    assert_in_range(clock_us, 300 * SECOND, 302 * SECOND);
    type("", 0, 0);
    assert_int_equal(ask_url_on_firmware(url, sizeof(url), false), ERR_NO_URL);
    assert_in_range(clock_us, 300 * SECOND, 301 * SECOND);
}

// DHCP may name one: the question is short.
static void test_optional(void **state)
{
    (void)state;
    type("", 0, 0);
    assert_int_equal(ask_url_on_firmware(url, sizeof(url), true), 0);
    assert_string_equal(url, "");
    assert_in_range(clock_us, 3 * SECOND, 4 * SECOND);
    assert_non_null(strstr(shown, "wait 3 s"));
    type("http://h/z\r", 2 * SECOND, 10 * SECOND);             // begun in time: there is time to end it
    assert_int_equal(ask_url_on_firmware(url, sizeof(url), true), 0);
    assert_string_equal(url, "http://h/z");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_typed), cmocka_unit_test(test_nobody_is_there), cmocka_unit_test(test_optional),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
