// The time base: the time stamp counter, calibrated against a clock of known rate and checked against a
// second one; and the local APIC timer, whose tick lets an idle loop halt. now_us() is in lib/clock.h.
#ifndef URLBOOT_KERNEL_TIMER_H
#define URLBOOT_KERNEL_TIMER_H

#include <stdint.h>

// Starts the clock at 0 and calibrates it, against the PIT or by CPUID; takes 10 to 20 ms. Until then
// now_us() assumes 1 GHz. Needs no memory.
void timer_init(void);

// Measures the calibrated clock against the ACPI power management timer at I/O port `pm_port` (0: there is
// none) for 5 ms; takes the PM timer's word when they differ by more than 2 %, and says so.
void timer_check(uint16_t pm_port);

// Starts the local APIC timer for cpu_idle(). Needs idt_init() and paging_init().
void timer_start_idle_tick(void);

// Called by the interrupt entry for every vector but exceptions and the spurious one: acknowledges.
void timer_interrupt(void);

// Masks and stops the timer for good, before Linux starts.
void timer_stop(void);

#endif
