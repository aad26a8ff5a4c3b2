// What the processor or the hypervisor says the time stamp counter's rate is, for machines that have no clock
// of known rate to measure it against. Pure: how CPUID and MSRs are asked is the caller's.
#ifndef URLBOOT_KERNEL_TSC_RATE_H
#define URLBOOT_KERNEL_TSC_RATE_H

#include <stdint.h>

#include "kernel/cpu.h"  // struct cpuid

struct tsc_teller {
    struct cpuid (*cpuid)(uint32_t leaf, uint32_t subleaf);
    uint64_t (*rdmsr)(uint32_t msr);   // called only for MSRs that CPUID declares readable
};

// Ticks per second as declared by CPUID leaf 0x15 or 0x16, by the hypervisor's leaf 0x40000010 (VMware, KVM)
// or by Hyper-V's frequency MSR; 0 when nobody says. `by` becomes the name of the source for the log.
uint64_t tsc_rate_declared(const struct tsc_teller *teller, const char **by);

// Ticks per second from `ticks` of a clock with `hz` while the counter advanced by `tsc`. hz below 2^32,
// ticks not 0. 0 when the result does not fit 64 bits.
uint64_t tsc_rate_measured(uint64_t tsc, uint64_t ticks, uint64_t hz);

#endif
