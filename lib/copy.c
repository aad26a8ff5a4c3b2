// The two ways of lib/copy.h. Neither uses vector registers: interrupts save none.
#include "lib/copy.h"  // copy_words

#include <stdint.h>

#define STEP 64u  // bytes a turn of the loop: a cache line
#define STOP_IDIOM() __asm__ volatile("" ::: "memory")  // or gcc makes a call of memcpy() of the loop

// Unaligned words that may be part of anything.
typedef uint64_t __attribute__((may_alias, aligned(1))) word64;

bool copy_by_string;

// Four words: all are read before one is written, so that loads need not wait for stores.
static inline void copy_four(uint8_t *d, const uint8_t *s)
{
    const word64 *from = (const word64 *)s;
    word64 *to = (word64 *)d;
    uint64_t a = from[0], b = from[1], c = from[2], e = from[3];

    to[0] = a;
    to[1] = b;
    to[2] = c;
    to[3] = e;
}

void copy_words(void *restrict dst, const void *restrict src, size_t n)
{
    uint8_t *d = dst;
    const uint8_t *s = src;
    // The last 16 bytes go by themselves, overlapping what comes before: no loop for what is left.
    uint64_t tail_low = *(const word64 *)(s + n - 16), tail_high = *(const word64 *)(s + n - 8);
    uint8_t *tail = d + n - 16;

    for (; n > STEP; n -= STEP, d += STEP, s += STEP) {
        copy_four(d, s);
        copy_four(d + STEP / 2, s + STEP / 2);
        STOP_IDIOM();
    }
    for (; n > 16; n -= 16, d += 16, s += 16) {
        uint64_t low = *(const word64 *)s, high = *(const word64 *)(s + 8);
        *(word64 *)d = low;
        *(word64 *)(d + 8) = high;
        STOP_IDIOM();
    }
    *(word64 *)tail = tail_low;
    *(word64 *)(tail + 8) = tail_high;
}

void copy_string(void *restrict dst, const void *restrict src, size_t n)
{
    uint64_t last = *(const word64 *)((const uint8_t *)src + n - 8);
    uint8_t *end = (uint8_t *)dst + n;
    size_t words = n / 8;

    // SAFETY: moves words * 8 <= n bytes upward from src to dst; DF is clear by the ABI.
    __asm__ volatile("rep movsq" : "+D"(dst), "+S"(src), "+c"(words) : : "memory");
    *(word64 *)(end - 8) = last;
}
