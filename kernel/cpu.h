// The processor's own instructions as inline functions: port I/O, barriers, CPUID, MSRs, time stamp counter.
// Spec: Intel SDM volume 2 (instructions), volume 3A chapters 2 and 8.
#ifndef URLBOOT_KERNEL_CPU_H
#define URLBOOT_KERNEL_CPU_H

#include <stdbool.h>
#include <stdint.h>

// SAFETY (all of this file): each function is one instruction with its operands and clobbers declared;
// what a port or MSR access does is the caller's responsibility.

// Writes `value` to I/O port `port`.
static inline void outb(uint16_t port, uint8_t value)
{
    __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static inline void outw(uint16_t port, uint16_t value)
{
    __asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static inline void outl(uint16_t port, uint32_t value)
{
    __asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

// Reads I/O port `port`; all ones when nothing is there.
static inline uint8_t inb(uint16_t port)
{
    uint8_t value;
    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port) : "memory");
    return value;
}

static inline uint16_t inw(uint16_t port)
{
    uint16_t value;
    __asm__ volatile("inw %1, %0" : "=a"(value) : "Nd"(port) : "memory");
    return value;
}

static inline uint32_t inl(uint16_t port)
{
    uint32_t value;
    __asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port) : "memory");
    return value;
}

// Barriers between memory that a device also uses (write-back) and device registers.
static inline void mb(void)
{
    __asm__ volatile("mfence" : : : "memory");
}

static inline void rmb(void)
{
    __asm__ volatile("lfence" : : : "memory");
}

static inline void wmb(void)
{
    __asm__ volatile("sfence" : : : "memory");
}

// For the inside of a waiting loop.
static inline void cpu_relax(void)
{
    __asm__ volatile("pause" : : : "memory");
}

// The time stamp counter, not ordered against other instructions.
static inline uint64_t rdtsc(void)
{
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

struct cpuid {
    uint32_t eax, ebx, ecx, edx;
};

// CPUID leaf `leaf`, subleaf `subleaf`. The caller checks that the leaf exists (leaf 0 / 0x80000000).
static inline struct cpuid cpuid(uint32_t leaf, uint32_t subleaf)
{
    struct cpuid r;
    __asm__ volatile("cpuid" : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx) : "a"(leaf), "c"(subleaf));
    return r;
}

static inline uint64_t rdmsr(uint32_t msr)
{
    uint32_t low, high;
    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
    return (uint64_t)high << 32 | low;
}

static inline void wrmsr(uint32_t msr, uint64_t value)
{
    __asm__ volatile("wrmsr" : : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)) : "memory");
}

static inline uint64_t read_cr2(void)
{
    uint64_t value;
    __asm__ volatile("mov %%cr2, %0" : "=r"(value));
    return value;
}

static inline uint64_t read_cr3(void)
{
    uint64_t value;
    __asm__ volatile("mov %%cr3, %0" : "=r"(value));
    return value;
}

// Loads page tables and flushes all non-global translations.
static inline void write_cr3(uint64_t value)
{
    __asm__ volatile("mov %0, %%cr3" : : "r"(value) : "memory");
}

static inline uint64_t read_cr4(void)
{
    uint64_t value;
    __asm__ volatile("mov %%cr4, %0" : "=r"(value));
    return value;
}

static inline void interrupts_off(void)
{
    __asm__ volatile("cli" : : : "memory");
}

// Turns interrupts off and returns what interrupts_restore() wants: they are on while firmware lives.
static inline uint64_t interrupts_save(void)
{
    uint64_t flags;
    __asm__ volatile("pushfq; popq %0; cli" : "=r"(flags) : : "memory");
    return flags;
}

static inline void interrupts_restore(uint64_t flags)
{
    __asm__ volatile("pushq %0; popfq" : : "r"(flags) : "memory", "cc");
}

// Stops the processor for good.
__attribute__((noreturn)) static inline void cpu_halt_forever(void)
{
    for (;;)
        __asm__ volatile("cli; hlt");
}

// Sleeps until the next timer tick (about a millisecond) or another interrupt; kernel/timer.c.
// Does nothing before timer_init().
void cpu_idle(void);

#endif
