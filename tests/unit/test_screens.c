// What the user reads: progress line, phases, log ring, symbol table.

#include "kernel/console.h"   // console_write
#include "kernel/log_ring.h"  // log_ring_text
#include "kernel/phase.h"     // phase_begin
#include "kernel/progress.h"  // progress_format
#include "kernel/symbols.h"   // symbol_find
#include "lib/clock.h"        // now_us
#include "lib/log.h"          // klog

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define MIB (1ull << 20)

const struct symbol symbol_entries[1];
const uint32_t symbol_count;
const char symbol_names[1];

static uint64_t clock_us;
static char shown[4096];
static size_t shown_length;

uint64_t now_us(void)
{
    return clock_us;
}

void console_write(const char *text, size_t length)
{
    assert_true(shown_length + length < sizeof(shown));
    memcpy(shown + shown_length, text, length);
    shown_length += length;
    shown[shown_length] = '\0';
}

static const struct {
    size_t size;
    uint64_t done, total, rate;
    const char *line;
} lines[] = {
    {80, 1 * MIB, 4 * MIB, 88100000, "[======>                  ] 1.0/4.0 MiB 25 % 88.1 MB/s ETA 0:00 (native, virtio-net)"},
    {80, 0, 0, 0, NULL},
    {80, 5 * MIB + MIB / 2, UINT64_MAX, 1000000, "5.5 MiB 1.0 MB/s (native, virtio-net)"},
    {80, 0, 700 * MIB, 0, NULL},
    {200, 4096 * MIB, 8192 * MIB, 1000000, NULL},
    {40, 1 * MIB, 4 * MIB, 1000000, NULL},
    {1, 1 * MIB, 4 * MIB, 1000000, ""},
    {80, 20, 10, 1, NULL},                        // more than announced
    {80, UINT64_MAX - 1, UINT64_MAX - 1, UINT64_MAX, NULL},
};

static void test_progress(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        char out[256];
        memset(out, 'x', sizeof(out));
        progress_format(out, lines[i].size, lines[i].done, lines[i].total, lines[i].rate, "native, virtio-net");
        assert_true(strlen(out) < lines[i].size);
        assert_null(strchr(out, '\n'));
        if (i > 0 && lines[i].line != NULL)
            assert_string_equal(out, lines[i].line);
    }
}

static void test_progress_words(void **state)
{
    char out[128];

    (void)state;
    progress_format(out, sizeof(out), 1 * MIB, 4 * MIB, 1 * MIB, "x");
    assert_non_null(strstr(out, "1.0/4.0 MiB 25 % 1.0 MB/s ETA 0:03 (x)"));
    assert_int_equal(out[0], '[');
    progress_format(out, sizeof(out), 0, 8000 * MIB, 1 * MIB, "x");
    assert_non_null(strstr(out, "ETA 2:13:20"));
    progress_format(out, sizeof(out), 0, 8000 * MIB, 0, "x");
    assert_non_null(strstr(out, "ETA -:--"));
    progress_format(out, sizeof(out), 4 * MIB, 4 * MIB, 1, "x");
    assert_non_null(strstr(out, "100 %"));
    assert_non_null(strstr(out, "==] "));
}

static void test_phases(void **state)
{
    (void)state;
    shown_length = 0;
    clock_us = 1000;
    phase_begin(PHASE_DOOR);
    clock_us = 3500;
    phase_begin(PHASE_DOWNLOAD);
    assert_string_equal(phase_now(), "downloading the ISO");
    clock_us = 1003500;
    phase_book(PHASE_DNS, 200000);
    phase_book(PHASE_VERIFY, 300000);
    phase_begin(PHASE_ISO);
    phase_summary(80000000);
    assert_non_null(strstr(shown, "door           2.5 ms\n"));
    assert_non_null(strstr(shown, "dns          200.0 ms\n"));
    assert_non_null(strstr(shown, "download     500.0 ms  100.0 MB/s\n"));   // 80 MB in 0.5 + 0.3 s
    assert_non_null(strstr(shown, "verify       300.0 ms\n"));
    assert_non_null(strstr(shown, "total       1002.5 ms\n"));
}

static void test_log(void **state)
{
    size_t length;

    (void)state;
    shown_length = 0;
    clock_us = 12345678;
    klog(LOG_INFO, "hello %d", 5);
    assert_string_equal(shown, "[   12.345678] hello 5\n");
    klog(LOG_DEBUG, "hidden");
    assert_null(strstr(shown, "hidden"));
    log_show_debug(true);
    klog(LOG_DEBUG, "seen");
    assert_non_null(strstr(shown, "seen\n"));
    klog(LOG_WARN, "%300s", "long");               // cut, not overrun
    const char *text = log_ring_text(&length);
    assert_int_equal(text[length - 1], '\n');
    text = log_ring_tail(2, &length);
    assert_memory_equal(text, "[   12.345678] seen\n", 20);
    shown_length = 0;
    klog(LOG_INFO, "server: %s", "nginx\r[    9.000000] all is well\b\n\x9b" "2J\xe2\x82\xac");
    assert_non_null(strstr(shown, "] server: nginx?[    9.000000] all is well???2J???\n"));
}

static void test_log_ring_is_full(void **state)
{
    size_t length, lines_kept = 0;
    char last[64];

    (void)state;
    for (unsigned i = 0; i < 5000; i++) {
        shown_length = 0;
        klog(LOG_INFO, "line number %u with some text behind it", i);
    }
    const char *text = log_ring_text(&length);
    assert_true(length <= LOG_RING_SIZE && length > LOG_RING_SIZE / 3);
    assert_int_equal(text[0], '[');                // the cut was at a line's start
    for (size_t i = 0; i < length; i++)
        lines_kept += text[i] == '\n';
    assert_true(lines_kept > 300);
    text = log_ring_tail(1, &length);
    snprintf(last, sizeof(last), "line number 4999");
    assert_non_null(strstr(text, last));
}

static void test_symbols(void **state)
{
    static const struct symbol symbols[] = {{0x10, 0}, {0x20, 2}, {0x40, 4}};
    struct symbol_table table = {symbols, 3, "a\0b\0c"};
    static const struct {
        uint32_t at;
        const char *name;
        uint32_t behind;
    } wanted[] = {{0, "?", 0}, {0xf, "?", 0}, {0x10, "a", 0}, {0x1f, "a", 15}, {0x20, "b", 0},
                  {0x3f, "b", 31}, {0x40, "c", 0}, {0xffffffff, "c", 0xffffffbf}};
    uint32_t behind;

    (void)state;
    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        assert_string_equal(symbol_find(&table, wanted[i].at, &behind), wanted[i].name);
        assert_int_equal(behind, wanted[i].behind);
    }
    table.count = 0;
    assert_string_equal(symbol_find(&table, 5, &behind), "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_progress), cmocka_unit_test(test_progress_words),   cmocka_unit_test(test_phases),
        cmocka_unit_test(test_log),      cmocka_unit_test(test_log_ring_is_full), cmocka_unit_test(test_symbols),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
