// One screen that says it all; its wording is what users paste into bug reports.

#include "kernel/failure.h"  // failure_screen
#include "drivers/nic.h"     // nic_stop_all
#include "kernel/console.h"  // console_printf
#include "kernel/cpu.h"      // cpu_halt_forever
#include "kernel/phase.h"    // phase_now
#include "kernel/reboot.h"   // reboot_after_key
#include "lib/clock.h"       // delay_us
#include "lib/err.h"         // err_name

#define WAIT_S 60
#define READ_S 3                 // on-error=reboot: time to read the screen
#define MICROSECONDS 1000000ull

static void act(enum opt_on_error on_error)
{
    if (on_error == OPT_ON_ERROR_WAIT)
        reboot_after_key(WAIT_S);
    if (on_error == OPT_ON_ERROR_REBOOT) {
        console_printf("Restarting in %d s (on-error=reboot).\n", READ_S);
        delay_us(READ_S * MICROSECONDS);
        reboot_now();
    }
    console_printf("Halted (on-error=halt). Switch the machine off or reset it.\n");
}

void failure_screen(int err, const struct options *opt)
{
    nic_stop_all();
    console_status("");
    console_printf("\nurlboot failed: %s", err_name(err));
    if (err == ERR_HTTP_STATUS)
        console_printf("(%u)", fail_http_code());
    console_printf("\n  while:  %s\n  what:   %s\n", phase_now(), err_meaning(err));
    if (fail_detail()[0] != '\0')
        console_printf("  why:    %s\n", fail_detail());
    console_printf("  try:    %s\n\n", err_advice(err));
    act(opt->on_error);
    cpu_halt_forever();
}
