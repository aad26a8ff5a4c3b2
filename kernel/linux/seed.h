// Inside kernel/linux: random bytes that are good enough to be credited as entropy.
#ifndef URLBOOT_KERNEL_LINUX_SEED_H
#define URLBOOT_KERNEL_LINUX_SEED_H

#include <stdint.h>

// Fills out[size] from RDRAND; `size` is a multiple of 8. Returns size, or 0 when the processor has no
// RDRAND or it fails: never anything weaker, because Linux trusts SETUP_RNG_SEED.
uint32_t seed_from_cpu(uint8_t *out, uint32_t size);

#endif
