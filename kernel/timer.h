// The time base: the time stamp counter, calibrated against a clock of known rate and checked against a
// second one; and the local APIC timer, whose tick lets an idle loop halt. now_us() is in lib/clock.h.
#ifndef URLBOOT_KERNEL_TIMER_H
#define URLBOOT_KERNEL_TIMER_H

#include <stdint.h>

// Starts the clock at 0 and calibrates it, against the PIT or by what CPUID and hypervisor declare; takes 10
// to 20 ms. Until then, and when nobody says, now_us() assumes 1 GHz. Needs no memory.
void timer_init(void);

// Measures the calibrated clock for 5 ms against the ACPI power management timer at I/O port `pm_port`, where
// that does not tick against the HPET at `hpet_base` (0: there is none); takes their word when they differ by
// more than 2 %, and says so. Warns when the clock stays a guess. Needs paging_init().
void timer_check(uint16_t pm_port, uint64_t hpet_base);

// Starts the local APIC timer for cpu_idle(). Needs idt_init() and paging_init().
void timer_start_idle_tick(void);

// Called by the interrupt entry for every vector but exceptions and the spurious one: acknowledges.
void timer_interrupt(void);

// Masks and stops the timer for good, before Linux starts.
void timer_stop(void);

#endif
