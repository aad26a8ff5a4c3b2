// One screen that says it all; its wording is what users paste into bug reports.

#include "kernel/failure.h"      // failure_screen
#include "drivers/nic.h"         // nic_stop_all
#include "kernel/console.h"      // console_write
#include "kernel/cpu.h"          // cpu_halt_forever
#include "kernel/display.h"      // display_columns
#include "kernel/firmware/efi.h" // efi_console
#include "kernel/firmware/efi_network.h" // efi_network_down
#include "kernel/phase.h"        // phase_now
#include "kernel/reboot.h"       // reboot_after_key
#include "lib/clock.h"           // delay_us
#include "lib/err.h"             // fail_advice
#include "net/stack.h"           // stack_down

#include <stdio.h>
#include <string.h>

#define WAIT_S 60
#define READ_S 3                 // on-error=reboot: time to read the screen
#define MICROSECONDS 1000000ull
#define SCREEN_MAX 1000          // bytes; the detail has at most 200

static bool firmware_too;        // boot services live: their console may be the only one there is

static void say(const char *text)
{
    console_write(text, strlen(text));
    if (firmware_too)
        efi_write(text);
}

static int any_key(void)
{
    int key = console_key();

    return key < 0 && firmware_too ? efi_key() : key;
}

static void act(enum opt_on_error on_error)
{
    char line[80];

    if (on_error == OPT_ON_ERROR_WAIT) {
        if (firmware_too)        // the countdown is on our own consoles only
            efi_write("Press a key to restart, Esc to stay here; restarting in a minute.\n");
        reboot_after_key(WAIT_S, any_key);
    }
    if (on_error == OPT_ON_ERROR_REBOOT) {
        snprintf(line, sizeof(line), "Restarting in %d s (on-error=reboot).\n", READ_S);
        say(line);
        delay_us(READ_S * MICROSECONDS);
        reboot_now();
    }
    say("Halted (on-error=halt). Switch the machine off or reset it.\n");
}

static void compose(char *text, size_t size, int err)
{
    char status[16] = "";
    const char *why = fail_detail();

    if (err == ERR_HTTP_STATUS)
        snprintf(status, sizeof(status), "(%u)", fail_http_code());
    snprintf(text, size,
             "\nurlboot failed: %s%s\n  while:  %s\n  what:   %s\n%s%s%s  try:    %s\n\n", err_name(err),
             status, phase_now(), err_meaning(err), why[0] != '\0' ? "  why:    " : "", why,
             why[0] != '\0' ? "\n" : "", fail_advice(err));
}

void failure_screen(int err, const struct boot_info *info, const struct options *opt)
{
    char text[SCREEN_MAX];
    struct fail_record reason;

    // Servers are told; how that went is not what the user is about to read.
    fail_keep(&reason, err);
    stack_down();
    fail_again(&reason);
    nic_stop_all();
    console_status("");
    // First: opening the firmware's console may fail with words of its own.
    compose(text, sizeof(text), err);
    firmware_too = efi_console(info);
    if (firmware_too)
        efi_network_down();      // what firmware stores is to be as it was
    // The firmware may draw where our own text is.
    if (firmware_too && display_columns() > 0)
        efi_clear();
    say(text);
    act(opt->on_error);
    cpu_halt_forever();
}
