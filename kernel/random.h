// Random numbers for protocol identifiers: DHCP and DNS transactions, source ports, TCP sequence numbers,
// the stack protector's canary. Unpredictable from outside with RDRAND, hard to guess without. Not for keys.
#ifndef URLBOOT_KERNEL_RANDOM_H
#define URLBOOT_KERNEL_RANDOM_H

#include <stdint.h>

// 32 random bits. Never fails, needs no preparation, takes well under a microsecond.
// Example: uint16_t port = 49152 + random_u32() % 16384;
uint32_t random_u32(void);

#endif
