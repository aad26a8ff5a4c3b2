// The end of the road for broken invariants of our own (never for input or devices, those return errors),
// and for processor exceptions.
#ifndef URLBOOT_KERNEL_PANIC_H
#define URLBOOT_KERNEL_PANIC_H

#include <stdint.h>

struct boot_info;

// What isr.S pushes, lowest address first, and what the processor pushed before.
struct trap_frame {
    uint64_t r15, r14, r13, r12, r11, r10, r9, r8;
    uint64_t rbp, rdi, rsi, rdx, rcx, rbx, rax;
    uint64_t vector, error;
    uint64_t rip, cs, rflags, rsp, ss;
};

// Prints the sentence (printf format, one line), a symbolised backtrace and the last log lines, then waits
// for a key and restarts the machine, at the latest after a minute. Never returns. Needs no heap; may be
// called at any time after the first console exists. A panic inside a panic halts.
__attribute__((noreturn, cold, format(printf, 1, 2))) void panic(const char *format, ...);

// The same for an exception, with its registers.
__attribute__((noreturn, cold)) void panic_exception(const struct trap_frame *frame);

// Called first by a panic, when set: silences devices, which would write into memory for ever. It must not
// rely on anything that can be broken, the heap least of all: a panic inside it leaves the screen empty.
extern void (*panic_silence)(void);

// Tells the backtrace where the stack lies. Until then there is none.
void panic_set_image(const struct boot_info *info);

#endif
