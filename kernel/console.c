// The console: the same text to every serial port and display in use, keys from all of them, and a status
// line that never mixes with what is logged. Knows no hardware itself. Not handled: more than one display.
#include "kernel/console.h"   // console_write
#include "boot/boot_info.h"   // boot_info
#include "kernel/display.h"   // display_write
#include "kernel/escape.h"    // escape_key
#include "kernel/keyboard.h"  // keyboard_key
#include "kernel/options.h"   // opt_console
#include "kernel/serial.h"    // serial_write
#include "lib/clock.h"        // now_us
#include "lib/log.h"          // log_warn
#include "lib/plain.h"        // is_plain

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define PRINTF_MAX 512        // bytes, console.h
#define TERMINAL_COLUMNS 80   // what a serial terminal has at least
#define DEFAULT_BAUD 115200

static bool serial_used[SERIAL_PORTS];
static bool display_used;
static bool keyboard_used;
static struct escape escapes[SERIAL_PORTS];

static bool at_line_start = true;
static size_t status_length;  // columns the status line has taken since it began; 0: there is none

// ---- output -----------------------------------------------------------------------------------------

static void send(const char *text, size_t length)
{
    for (unsigned port = 0; port < SERIAL_PORTS; port++)
        if (serial_used[port])
            serial_write(port, text, length);
    if (display_used)
        display_write(text, length);
}

// What could steer a terminal is made harmless; the four that stay are our own: log lines and errors, where
// foreign text comes in, have none of them (lib/plain.h).
static char harmless(char c)
{
    return is_plain(c) || (c != '\0' && strchr("\n\r\b\t", c) != NULL) ? c : '?';
}

static void send_clean(const char *text, size_t length)
{
    char out[128];
    size_t used = 0;

    for (size_t i = 0; i < length; i++) {
        if (text[i] == '\n')
            out[used++] = '\r';
        out[used++] = harmless(text[i]);
        if (used + 2 > sizeof(out)) {
            send(out, used);
            used = 0;
        }
    }
    send(out, used);
}

void console_write(const char *text, size_t length)
{
    if (length == 0)
        return;
    if (status_length > 0)
        send("\r\n", 2);
    status_length = 0;
    send_clean(text, length);
    at_line_start = text[length - 1] == '\n';
}

void console_printf(const char *format, ...)
{
    char text[PRINTF_MAX + 1];
    va_list args;

    va_start(args, format);
    int length = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (length > 0)
        console_write(text, (size_t)length < sizeof(text) ? (size_t)length : sizeof(text) - 1);
}

// ---- the status line --------------------------------------------------------------------------------

// The last column stays free: a terminal that wraps early would make two lines of it.
static size_t status_room(void)
{
    size_t columns = TERMINAL_COLUMNS;

    if (display_used && display_columns() > 0 && display_columns() < columns)
        columns = display_columns();
    return columns - 1;
}

// Blanks over the old line, in `line`, which has room for two of them.
static size_t compose_erased(char *line)
{
    line[0] = '\r';
    memset(line + 1, ' ', status_length);
    line[1 + status_length] = '\r';
    return status_length + 2;
}

// `text` over the old line, with blanks as far as any line since the first has reached: one in between may
// not have been sent.
static size_t compose_status(char *line, const char *text)
{
    size_t length = strnlen(text, status_room());

    line[0] = '\r';
    for (size_t i = 0; i < length; i++)
        line[1 + i] = is_plain(text[i]) ? text[i] : '?';
    if (status_length < length)
        status_length = length;
    memset(line + 1 + length, ' ', status_length - length);
    return 1 + status_length;
}

void console_status(const char *text)
{
    char line[2 + TERMINAL_COLUMNS];

    if (text[0] == '\0') {
        if (status_length > 0)
            send(line, compose_erased(line));
        status_length = 0;
        return;
    }
    if (status_length == 0 && !at_line_start) {
        send("\r\n", 2);
        at_line_start = true;
    }
    size_t length = compose_status(line, text);
    // Waiting 7 ms for the wire would cost packets: the NIC's ring runs over meanwhile.
    for (unsigned port = 0; port < SERIAL_PORTS; port++)
        if (serial_used[port])
            serial_queue(port, line, length);
    if (display_used)
        display_write(line, length);
}

// ---- input ------------------------------------------------------------------------------------------

static int serial_key(unsigned port)
{
    for (;;) {
        int byte = serial_read(port);
        int key = escape_key(&escapes[port], byte, now_us());
        if (key >= 0 || byte < 0)
            return key;
    }
}

int console_key(void)
{
    int key = -1;

    for (unsigned port = 0; key < 0 && port < SERIAL_PORTS; port++)
        if (serial_used[port])
            key = serial_key(port);
    if (key < 0 && keyboard_used)
        key = keyboard_key();
    return key;
}

// ---- set-up -----------------------------------------------------------------------------------------

void console_early_init(const struct boot_info *info)
{
    serial_used[0] = serial_open(0, DEFAULT_BAUD);
    display_used = display_open(info);
}

// What console= names instead of the defaults, as far as it is there.
static void apply_options(const struct options *opt, bool have_display)
{
    bool wanted[SERIAL_PORTS] = {false};
    bool display_wanted = false, any = false;

    for (unsigned i = 0; i < opt->console_count; i++) {
        const struct opt_console *c = &opt->consoles[i];
        if (!c->serial)
            any |= display_wanted = have_display;
        else if (c->port < SERIAL_PORTS && serial_open(c->port, c->baud))
            any |= wanted[c->port] = true;
    }
    if (any) {   // else better where nobody asked for it than nowhere
        memcpy(serial_used, wanted, sizeof(wanted));
        display_used = display_wanted;
    }
    for (unsigned i = 0; i < opt->console_count; i++) {
        const struct opt_console *c = &opt->consoles[i];
        if (c->serial && (c->port >= SERIAL_PORTS || !wanted[c->port]))
            log_warn("console: there is no ttyS%u that can do %u baud", c->port, c->baud);
    }
}

void console_take_keyboard(void)
{
    keyboard_used = keyboard_open();
}

void console_init(const struct boot_info *info, const struct options *opt)
{
    display_used = display_open(info);
    keyboard_used = false;
    if (opt->console_count > 0)
        apply_options(opt, display_used);
}
