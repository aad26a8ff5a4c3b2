// Random numbers: RDRAND where the processor has it, stirred with the time stamp counter, whose low bits
// nobody outside can know, through a mixing function (SplitMix64, Steele et al. 2014).
// Spec: Intel SDM volume 1, 7.3.17 (RDRAND). Not handled: cryptographic quality without RDRAND.

#include "kernel/random.h"  // random_u32

#include <stdbool.h>

#include "kernel/cpu.h"  // cpuid, rdtsc

#define CPUID_FEATURES 1
#define CPUID_FEATURES_ECX_RDRAND (1u << 30)
#define RDRAND_ATTEMPTS 10  // the SDM's advice: ten failures in a row mean that the unit is broken

static bool have_rdrand(void)
{
    static enum { UNKNOWN, YES, NO } answer;

    // CPUID is slow in a virtual machine (it leaves it), so it is asked once.
    if (answer == UNKNOWN)
        answer = cpuid(CPUID_FEATURES, 0).ecx & CPUID_FEATURES_ECX_RDRAND ? YES : NO;
    return answer == YES;
}

static uint64_t rdrand(void)
{
    uint64_t value;
    uint8_t valid;

    for (unsigned i = 0; i < RDRAND_ATTEMPTS; i++) {
        // SAFETY: RDRAND writes a register and the flags; its presence was checked.
        __asm__ volatile("rdrand %0; setc %1" : "=r"(value), "=qm"(valid) : : "cc");
        if (valid)
            return value;
    }
    return 0;
}

uint32_t random_u32(void)
{
    static uint64_t state;
    uint64_t z;

    // Stirred in, not returned: a unit that answers with a constant (it happened) then costs only quality.
    if (have_rdrand())
        state ^= rdrand();
    state += rdtsc() * 2 + 0x9e3779b97f4a7c15;
    z = (state ^ state >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return (uint32_t)((z ^ z >> 31) >> 32);
}
