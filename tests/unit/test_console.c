// The console over made-up ports, display and keyboard: who gets which bytes, the status line, keys.
#include "boot/boot_info.h"   // boot_info
#include "kernel/console.h"   // console_write
#include "kernel/display.h"   // display_write
#include "kernel/keyboard.h"  // keyboard_key
#include "kernel/options.h"   // opt_console
#include "kernel/serial.h"    // serial_write
#include "lib/clock.h"        // now_us

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define OUT_MAX 8192

// ---- the hardware -----------------------------------------------------------------------------------

static struct fake_port {
    bool exists;
    unsigned baud;          // 0: never opened
    char out[OUT_MAX];
    char queued[OUT_MAX];   // part of out that came by serial_queue()
    const char *in;
} ports[SERIAL_PORTS];

static struct fake_display {
    bool exists, late;      // late: console_early_init() does not find it
    unsigned columns;
    char out[OUT_MAX];
} display;

static const int *keyboard;
static uint64_t clock_us;
static unsigned display_opens;

static void append(char *out, const char *text, size_t length)
{
    size_t used = strlen(out);

    assert_true(used + length < OUT_MAX);
    memcpy(out + used, text, length);
    out[used + length] = '\0';
}

uint64_t now_us(void)
{
    return clock_us;
}

bool serial_open(unsigned port, unsigned baud)
{
    assert_true(port < SERIAL_PORTS);
    if (!ports[port].exists)
        return false;
    ports[port].baud = baud;
    return true;
}

void serial_write(unsigned port, const char *bytes, size_t length)
{
    append(ports[port].out, bytes, length);
}

void serial_queue(unsigned port, const char *bytes, size_t length)
{
    append(ports[port].out, bytes, length);
    append(ports[port].queued, bytes, length);
}

int serial_read(unsigned port)
{
    struct fake_port *p = &ports[port];

    return p->in == NULL || *p->in == '\0' ? -1 : (unsigned char)*p->in++;
}

bool display_open(const struct boot_info *info)
{
    (void)info;
    return display.exists && (display_opens++ > 0 || !display.late);
}

void display_write(const char *text, size_t length)
{
    append(display.out, text, length);
}

unsigned display_columns(void)
{
    return display.columns;
}

bool keyboard_open(void)
{
    return keyboard != NULL;
}

int keyboard_key(void)
{
    return *keyboard == 0 ? -1 : *keyboard++;
}

// ---- a console for each test ------------------------------------------------------------------------

static const struct boot_info info;

static void clear_output(void)
{
    for (unsigned i = 0; i < SERIAL_PORTS; i++)
        ports[i].out[0] = ports[i].queued[0] = '\0';
    display.out[0] = '\0';
}

static void init_with(const struct opt_console *consoles, unsigned count)
{
    static struct options opt;

    memset(&opt, 0, sizeof(opt));
    for (unsigned i = 0; i < count; i++)
        opt.consoles[i] = consoles[i];
    opt.console_count = count;
    console_init(&info, &opt);
    clear_output();
}

// ttyS0 and an 80-column display; no keys. The console's own state outlives a test and is put back.
static int set_up(void **state)
{
    static const int no_keys[] = {0};

    (void)state;
    memset(ports, 0, sizeof(ports));
    memset(&display, 0, sizeof(display));
    ports[0].exists = display.exists = true;
    display.columns = 80;
    keyboard = no_keys;
    clock_us = 1000000;
    init_with((struct opt_console[]){{true, 0, 115200}}, 1);
    display_opens = 0;
    console_early_init(&info);
    console_status("");
    console_write("\n", 1);
    clear_output();
    return 0;
}

static void expect_both(const char *want)
{
    assert_string_equal(ports[0].out, want);
    assert_string_equal(display.out, want);
}

// ---- output -----------------------------------------------------------------------------------------

static void writes(void **state)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"plain", "plain"},
        {"one\ntwo\n", "one\r\ntwo\r\n"},
        {"a\rb\bc\td", "a\rb\bc\td"},
        {"\033]0;title\a\x7f", "?]0;title??"},          // what servers send does not steer terminals
        {"\x9b" "2J\x85" "\xc3\x9b" "2J", "?2J???2J"},     // the same with eight bits, and hidden in UTF-8
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        clear_output();
        console_write(cases[i].text, strlen(cases[i].text));
        expect_both(cases[i].want);
    }
    clear_output();
    console_write("a\0b", 3);
    expect_both("a?b");
    clear_output();
    console_write("", 0);
    expect_both("");
}

static void writes_long_texts(void **state)
{
    static char text[1001], want[2001];

    (void)state;
    for (unsigned shift = 0; shift < 3; shift++) {
        size_t used = 0;
        for (unsigned i = 0; i < 1000; i++) {
            text[i] = (i + shift) % 3 == 0 ? '\n' : (char)('a' + i % 26);
            if (text[i] == '\n')
                want[used++] = '\r';
            want[used++] = text[i];
        }
        want[used] = '\0';
        clear_output();
        console_write(text, 1000);
        expect_both(want);
    }
}

static void prints(void **state)
{
    char text[701], want[513];

    (void)state;
    console_printf("%s: %d\n", "x", 42);
    expect_both("x: 42\r\n");
    clear_output();
    memset(text, 'y', 700);
    text[700] = '\0';
    console_printf("%s", text);
    memset(want, 'y', 512);
    want[512] = '\0';
    expect_both(want);
}

// ---- status -----------------------------------------------------------------------------------------

static void rewrites_status(void **state)
{
    (void)state;
    console_status("10 % of it");
    console_status("20 %");
    console_status("");
    console_status("");
    expect_both("\r10 % of it" "\r20 %      " "\r          \r");
    assert_string_equal(ports[0].queued, "\r10 % of it" "\r20 %      ");
}

static void status_keeps_its_length(void **state)
{
    (void)state;
    // "abcd" may never have been sent, if the queue was full: each later one blanks what the longest left.
    console_status("abcd");
    console_status("ab");
    console_status("a");
    expect_both("\rabcd" "\rab  " "\ra   ");
}

static void log_lines_leave_status(void **state)
{
    (void)state;
    console_status("10 %");
    console_write("warning\n", 8);
    console_status("20 %");
    console_write("done\n", 5);
    console_write("more\n", 5);
    expect_both("\r10 %" "\r\nwarning\r\n" "\r20 %" "\r\ndone\r\n" "more\r\n");
}

static void status_leaves_an_open_line(void **state)
{
    (void)state;
    console_write("question: ", 10);
    console_status("10 %");
    console_status("");
    console_status("20 %");
    expect_both("question: " "\r\n\r10 %" "\r    \r" "\r20 %");
}

static void cuts_status(void **state)
{
    char text[201], want[81];

    (void)state;
    memset(text, 'x', 200);
    text[200] = '\0';
    console_status(text);
    memset(want, 'x', 80);
    want[0] = '\r';
    want[80] = '\0';
    expect_both(want);
    console_status("");
    clear_output();
    display.columns = 40;
    console_status(text);
    want[40] = '\0';
    expect_both(want);
    console_status("");
    clear_output();
    display.columns = 132;
    console_status("a\nb\033c\xff");
    expect_both("\ra?b?c?");
}

// ---- which consoles ---------------------------------------------------------------------------------

static void chooses_consoles(void **state)
{
    static const struct opt_console tty0 = {false, 0, 0}, s0 = {true, 0, 9600}, s1 = {true, 1, 115200},
                                    s3 = {true, 3, 57600};
    const struct {
        const char *name;
        struct opt_console consoles[3];
        unsigned count;
        bool have_display;
        const char *used;   // digits of ports, d for the display
    } cases[] = {
        {"default", {tty0}, 0, true, "0d"},
        {"default without display", {tty0}, 0, false, "0"},
        {"ttyS0 only", {s0}, 1, true, "0"},
        {"tty0 only", {tty0}, 1, true, "d"},
        {"tty0 that is not there", {tty0}, 1, false, "0"},
        {"ttyS1 only", {s1}, 1, true, "1"},
        {"ttyS3 that is not there", {s3}, 1, true, "0d"},
        {"ttyS3 that is not there, and ttyS1", {s3, s1}, 2, true, "1"},
        {"all", {s0, tty0, s1}, 3, true, "01d"},
        {"tty0 that is not there, and ttyS1", {tty0, s1}, 2, false, "1"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char used[8] = "";
        set_up(state);
        ports[1].exists = true;
        display.exists = cases[i].have_display;
        init_with(cases[i].consoles, cases[i].count);
        console_write("x", 1);
        for (unsigned port = 0; port < SERIAL_PORTS; port++)
            if (ports[port].out[0] != '\0')
                used[strlen(used)] = (char)('0' + port);
        if (display.out[0] != '\0')
            used[strlen(used)] = 'd';
        if (strcmp(used, cases[i].used) != 0)
            fail_msg("%s: used are %s", cases[i].name, used);
    }
    set_up(state);
    init_with(&s0, 1);
    assert_int_equal(ports[0].baud, 9600);
}

static void finds_a_late_display(void **state)
{
    (void)state;
    memset(&display, 0, sizeof(display));
    display.exists = display.late = true;
    display_opens = 0;
    console_early_init(&info);
    console_write("a", 1);
    assert_string_equal(display.out, "");
    init_with(NULL, 0);
    console_write("b", 1);
    assert_string_equal(display.out, "b");
}

// ---- keys -------------------------------------------------------------------------------------------

static void delivers_keys(void **state)
{
    static const int typed[] = {'k', CONSOLE_KEY_END, 0};
    static const int want[] = {'a', CONSOLE_KEY_LEFT, '\b', '\r', 'z', 'k', CONSOLE_KEY_END, -1, -1};

    (void)state;
    ports[1].exists = true;
    keyboard = typed;
    init_with((struct opt_console[]){{true, 0, 115200}, {true, 1, 115200}}, 2);
    console_take_keyboard();
    ports[0].in = "a\033[D\x7f\r\n";
    ports[1].in = "z\033[A";
    for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++)
        assert_int_equal(console_key(), want[i]);
}

static void tells_escape_by_silence(void **state)
{
    (void)state;
    init_with(NULL, 0);
    ports[0].in = "\033";
    assert_int_equal(console_key(), -1);
    clock_us += 10000;
    assert_int_equal(console_key(), -1);
    clock_us += 1000000;
    assert_int_equal(console_key(), 27);
    assert_int_equal(console_key(), -1);
}

// Another port's bytes do not end up inside a sequence.
static void keeps_ports_apart(void **state)
{
    (void)state;
    ports[1].exists = true;
    init_with((struct opt_console[]){{true, 0, 115200}, {true, 1, 115200}}, 2);
    ports[0].in = "\033[";
    ports[1].in = "D";
    assert_int_equal(console_key(), 'D');
    ports[0].in = "D";
    assert_int_equal(console_key(), CONSOLE_KEY_LEFT);
}

static void works_without_keyboard(void **state)
{
    (void)state;
    keyboard = NULL;
    init_with(NULL, 0);
    assert_int_equal(console_key(), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(writes, set_up),
        cmocka_unit_test_setup(writes_long_texts, set_up),
        cmocka_unit_test_setup(prints, set_up),
        cmocka_unit_test_setup(rewrites_status, set_up),
        cmocka_unit_test_setup(status_keeps_its_length, set_up),
        cmocka_unit_test_setup(log_lines_leave_status, set_up),
        cmocka_unit_test_setup(status_leaves_an_open_line, set_up),
        cmocka_unit_test_setup(cuts_status, set_up),
        cmocka_unit_test_setup(chooses_consoles, set_up),
        cmocka_unit_test_setup(finds_a_late_display, set_up),
        cmocka_unit_test_setup(delivers_keys, set_up),
        cmocka_unit_test_setup(tells_escape_by_silence, set_up),
        cmocka_unit_test_setup(keeps_ports_apart, set_up),
        cmocka_unit_test_setup(works_without_keyboard, set_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
