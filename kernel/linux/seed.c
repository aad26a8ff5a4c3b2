// A seed for Linux's random pool (setup_data type SETUP_RNG_SEED).
// Spec: Intel SDM volume 1, section 7.3.17 (RDRAND may fail for a moment; ten tries are the advice).

#include "kernel/linux/seed.h"  // seed_from_cpu
#include "kernel/cpu.h"         // cpuid

#include <stdbool.h>
#include <string.h>

#define LEAF_FEATURES 1
#define ECX_RDRAND (1u << 30)
#define RDRAND_TRIES 10

static bool rdrand(uint64_t *value)
{
    for (int i = 0; i < RDRAND_TRIES; i++) {
        bool good;
        // SAFETY: only after CPUID has shown the instruction.
        __asm__ volatile("rdrand %0" : "=r"(*value), "=@ccc"(good));
        // Some AMD processors return all ones for ever after a suspend, and call that success.
        if (good && *value != UINT64_MAX)
            return true;
    }
    return false;
}

uint32_t seed_from_cpu(uint8_t *out, uint32_t size)
{
    if (!(cpuid(LEAF_FEATURES, 0).ecx & ECX_RDRAND))
        return 0;
    for (uint32_t at = 0; at + 8 <= size; at += 8) {
        uint64_t value;
        if (!rdrand(&value))
            return 0;
        memcpy(out + at, &value, sizeof(value));
    }
    return size;
}
