// The end of the road for broken invariants of our own (never for input or devices, those return errors).
#ifndef URLBOOT_KERNEL_PANIC_H
#define URLBOOT_KERNEL_PANIC_H

// Prints the sentence (printf format, one line), registers, backtrace and the last log lines, then does what
// on-error= says. Never returns. Needs no heap; may be called at any time after the first console exists.
__attribute__((noreturn, cold, format(printf, 1, 2))) void panic(const char *format, ...);

#endif
