// What lwIP needs of the machine: milliseconds, random numbers, memory, checksum, assert.
// Spec: RFC 1071 (checksum). Builds for the payload and for the hosted tests alike.

#include "arch/cc.h"  // lwip_port_malloc

#include <string.h>

#include "kernel/memory.h"  // kmalloc
#include "kernel/panic.h"   // panic
#include "kernel/random.h"  // random_u32
#include "lib/clock.h"      // now_us
#include "lwip/sys.h"       // sys_now

u32_t sys_now(void)
{
    return (u32_t)(now_us() / 1000);
}

void lwip_port_assert(const char *what, const char *file, int line)
{
    panic("lwIP: %s (%s:%d)", what, file, line);
}

uint32_t lwip_port_rand(void)
{
    return random_u32();
}

void *lwip_port_malloc(size_t size)
{
    return kmalloc(size);
}

void *lwip_port_calloc(size_t count, size_t size)
{
    return kcalloc(count, size);
}

void lwip_port_free(void *pointer)
{
    kfree(pointer);
}

// One's complement addition: the carry comes back in at the bottom.
static uint64_t add_carry(uint64_t a, uint64_t b)
{
    uint64_t sum = a + b;
    return sum + (sum < b);
}

uint16_t lwip_port_chksum(const void *data, int length)
{
    const uint8_t *at = data;
    size_t left = length > 0 ? (size_t)length : 0;
    uint64_t sum = 0, word;

    for (; left >= sizeof(word); at += sizeof(word), left -= sizeof(word)) {
        // SAFETY: `left` says that many bytes are there; memcpy because they may lie at any address.
        memcpy(&word, at, sizeof(word));
        sum = add_carry(sum, word);
    }
    word = 0;
    memcpy(&word, at, left);
    sum = add_carry(sum, word);

    // Folding by halves keeps the sum's value modulo 65535; an odd last byte was padded with zero.
    sum = (sum & 0xffffffff) + (sum >> 32);
    sum = (sum & 0xffffffff) + (sum >> 32);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)((sum & 0xffff) + (sum >> 16));
}
