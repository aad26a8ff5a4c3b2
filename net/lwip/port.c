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

#define LINE 64u

// Unaligned words that may be part of anything.
typedef uint64_t __attribute__((may_alias, aligned(1))) word64;

static inline void count(uint64_t *sum, uint64_t *carries, uint64_t word)
{
    *sum += word;
    *carries += *sum < word;
}

// One's complement addition: the carry comes back in at the bottom.
static uint64_t add_carry(uint64_t a, uint64_t b)
{
    uint64_t sum = a + b;
    return sum + (sum < b);
}

// Sums `lines` times 64 bytes. Carries are counted apart: no addition waits for the carry of the one before.
static uint64_t sum_lines(const uint8_t *at, size_t lines)
{
    uint64_t sum = 0, carries = 0;

    for (; lines > 0; lines--, at += LINE) {
        const word64 *word = (const word64 *)at;
        count(&sum, &carries, word[0]);
        count(&sum, &carries, word[1]);
        count(&sum, &carries, word[2]);
        count(&sum, &carries, word[3]);
        count(&sum, &carries, word[4]);
        count(&sum, &carries, word[5]);
        count(&sum, &carries, word[6]);
        count(&sum, &carries, word[7]);
    }
    return add_carry(sum, carries);
}

uint16_t lwip_port_chksum(const void *data, int length)
{
    size_t left = length > 0 ? (size_t)length : 0;
    uint64_t sum = sum_lines(data, left / LINE), word;
    const uint8_t *at = (const uint8_t *)data + left / LINE * LINE;

    for (left %= LINE; left >= sizeof(word); at += sizeof(word), left -= sizeof(word)) {
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
