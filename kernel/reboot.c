// Restart by every means there is. Spec: ACPI 6.4 section 4.8.3.6, Intel PCH data sheets (port 0xCF9),
// IBM PC AT keyboard controller (0x64), Intel SDM volume 3A 6.15 (triple fault).

#include "kernel/reboot.h"   // reboot_now
#include "kernel/acpi.h"     // acpi_reset
#include "kernel/console.h"  // console_status
#include "kernel/cpu.h"      // outb
#include "lib/clock.h"       // delay_us

#include <stdint.h>
#include <stdio.h>

#define RESET_PORT 0xcf9
#define RESET_SYSTEM 0x02
#define RESET_HARD 0x06
#define KEYBOARD_COMMAND 0x64
#define KEYBOARD_PULSE_RESET 0xfe
#define SETTLE_US 100000
#define KEY_ESCAPE 27
#define KEYS_WAITING_MAX 2048     // more than all buffers hold: somebody leans on the keyboard

void reboot_now(void)
{
    static const struct {
        uint16_t limit;
        uint64_t base;
    } __attribute__((packed)) no_idt = {0, 0};

    interrupts_off();
    acpi_reset();
    delay_us(SETTLE_US);
    outb(RESET_PORT, RESET_SYSTEM);
    outb(RESET_PORT, RESET_HARD);
    delay_us(SETTLE_US);
    outb(KEYBOARD_COMMAND, KEYBOARD_PULSE_RESET);
    delay_us(SETTLE_US);
    // SAFETY: an exception without a table to handle it is a triple fault, which resets the processor.
    __asm__ volatile("lidt %0; int3" : : "m"(no_idt));
    cpu_halt_forever();
}

void reboot_after_key(unsigned seconds, int (*key)(void))
{
    char line[80];

    for (unsigned left = KEYS_WAITING_MAX; left > 0 && key() >= 0; left--)
        ;  // keys from before do not count
    for (; seconds > 0; seconds--) {
        snprintf(line, sizeof(line), "Press a key to restart, Esc to stay here; restarting in %u s", seconds);
        console_status(line);
        uint64_t deadline = deadline_ms(1000);
        while (!deadline_passed(deadline)) {
            int pressed = key();
            if (pressed == KEY_ESCAPE) {
                console_status("Halted. Switch the machine off or reset it.");
                cpu_halt_forever();
            }
            if (pressed >= 0)
                reboot_now();
            cpu_relax();
        }
    }
    reboot_now();
}
