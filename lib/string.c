// Memory and string functions of lib/include/string.h (C17 7.24, POSIX strcasecmp, GNU memmem) for x86-64,
// without vector registers. Short blocks go by overlapping loads, because string instructions take some 30
// cycles to start; how large ones are copied best depends on the machine (lib/copy.h).
// STOP_IDIOM() keeps gcc from recognising a loop as the very function it implements.
#include <stdint.h>
#include <string.h>

#include "lib/copy.h"  // copy_words

#define STOP_IDIOM() __asm__ volatile("" ::: "memory")
#define SHORT_MAX 16  // bytes handled by two overlapping accesses

// Unaligned words that may be part of anything.
typedef uint64_t __attribute__((may_alias, aligned(1))) word64;
typedef uint32_t __attribute__((may_alias, aligned(1))) word32;
typedef uint16_t __attribute__((may_alias, aligned(1))) word16;

// Moves 0 to 16 bytes; everything is read before anything is written, so overlap does not matter.
static inline void move_short(uint8_t *d, const uint8_t *s, size_t n)
{
    if (n >= 8) {
        uint64_t first = *(const word64 *)s, last = *(const word64 *)(s + n - 8);
        *(word64 *)d = first;
        *(word64 *)(d + n - 8) = last;
    } else if (n >= 4) {
        uint32_t first = *(const word32 *)s, last = *(const word32 *)(s + n - 4);
        *(word32 *)d = first;
        *(word32 *)(d + n - 4) = last;
    } else if (n >= 2) {
        uint16_t first = *(const word16 *)s, last = *(const word16 *)(s + n - 2);
        *(word16 *)d = first;
        *(word16 *)(d + n - 2) = last;
    } else if (n == 1) {
        *d = *s;
    }
}

// In parentheses: the header has a macro of that name.
void *(memcpy)(void *restrict dst, const void *restrict src, size_t n)
{
    if (n <= SHORT_MAX)
        move_short(dst, src, n);
    else if (n < COPY_BLOCK_MIN || !copy_by_string)
        copy_words(dst, src, n);
    else
        copy_string(dst, src, n);
    return dst;
}

// Moves n > 16 bytes from the end down: for a destination that begins inside the source. Not by the string
// instructions: with DF set an interrupt would run C code against its ABI, and they are slow downward.
static void move_down(uint8_t *d, const uint8_t *s, size_t n)
{
    uint64_t first = *(const word64 *)s, second = *(const word64 *)(s + 8);
    size_t left = n;
    while (left >= 16) {
        left -= 16;
        uint64_t low = *(const word64 *)(s + left), high = *(const word64 *)(s + left + 8);
        *(word64 *)(d + left + 8) = high;
        *(word64 *)(d + left) = low;
        STOP_IDIOM();
    }
    *(word64 *)d = first;
    *(word64 *)(d + 8) = second;
}

// Moves n > 16 bytes upward by 8 where source and destination overlap and the destination is lower. The
// last word is read first, as the loop may overwrite it.
static void move_up(uint8_t *d, const uint8_t *s, size_t n)
{
    uint64_t last = *(const word64 *)(s + n - 8);
    const void *from = s;
    void *to = d;
    size_t words = n / 8;
    // SAFETY: moves words * 8 <= n bytes upward; the string instruction is defined to act one word after the
    // other, so a lower destination may overlap.
    __asm__ volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(words) : : "memory");
    *(word64 *)(d + n - 8) = last;
}

void *memmove(void *dst, const void *src, size_t n)
{
    if (n <= SHORT_MAX)
        move_short(dst, src, n);
    else if ((uintptr_t)dst - (uintptr_t)src < n)
        move_down(dst, src, n);
    else
        move_up(dst, src, n);
    return dst;
}

void *memset(void *dst, int c, size_t n)
{
    uint8_t *d = dst;
    uint64_t pattern = (uint8_t)c * 0x0101010101010101ull;

    if (n >= 8) {
        void *to = dst;
        size_t words = n / 8;
        *(word64 *)(d + n - 8) = pattern;
        if (n > SHORT_MAX) {
            // SAFETY: stores words * 8 <= n bytes upward; DF is clear by the ABI.
            __asm__ volatile("rep stosq" : "+D"(to), "+c"(words) : "a"(pattern) : "memory");
        } else {
            *(word64 *)d = pattern;
        }
    } else if (n >= 4) {
        *(word32 *)d = (uint32_t)pattern;
        *(word32 *)(d + n - 4) = (uint32_t)pattern;
    } else if (n > 0) {
        d[0] = (uint8_t)c;
        d[n / 2] = (uint8_t)c;
        d[n - 1] = (uint8_t)c;
    }
    return dst;
}

int (memcmp)(const void *a, const void *b, size_t n)
{
    const uint8_t *x = a, *y = b;

    while (n >= 8 && *(const word64 *)x == *(const word64 *)y) {
        x += 8;
        y += 8;
        n -= 8;
    }
    for (; n > 0; n--, x++, y++) {
        STOP_IDIOM();
        if (*x != *y)
            return *x - *y;
    }
    return 0;
}

void *memchr(const void *s, int c, size_t n)
{
    for (const uint8_t *p = s; n > 0; n--, p++) {
        STOP_IDIOM();
        if (*p == (uint8_t)c)
            return (void *)p;
    }
    return NULL;
}

void *memmem(const void *hay, size_t hn, const void *needle, size_t nn)
{
    const uint8_t *p = hay;

    if (nn == 0)
        return (void *)p;
    while (hn >= nn) {
        const uint8_t *hit = memchr(p, *(const uint8_t *)needle, hn - nn + 1);
        if (!hit)
            return NULL;
        if (memcmp(hit, needle, nn) == 0)
            return (void *)hit;
        hn -= (size_t)(hit + 1 - p);
        p = hit + 1;
    }
    return NULL;
}

size_t strnlen(const char *s, size_t max)
{
    size_t n = 0;

    while (n < max && s[n]) {
        STOP_IDIOM();
        n++;
    }
    return n;
}

size_t strlen(const char *s)
{
    return strnlen(s, SIZE_MAX);
}

int strncmp(const char *a, const char *b, size_t n)
{
    for (; n > 0; n--, a++, b++) {
        if (*a != *b || !*a)
            return (uint8_t)*a - (uint8_t)*b;
    }
    return 0;
}

int strcmp(const char *a, const char *b)
{
    return strncmp(a, b, SIZE_MAX);
}

static int fold(char c)
{
    return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : (uint8_t)c;
}

int strncasecmp(const char *a, const char *b, size_t n)
{
    for (; n > 0; n--, a++, b++) {
        if (fold(*a) != fold(*b) || !*a)
            return fold(*a) - fold(*b);
    }
    return 0;
}

int strcasecmp(const char *a, const char *b)
{
    return strncasecmp(a, b, SIZE_MAX);
}

char *strcpy(char *restrict dst, const char *restrict src)
{
    return memcpy(dst, src, strlen(src) + 1);
}

char *strncpy(char *restrict dst, const char *restrict src, size_t n)
{
    size_t length = strnlen(src, n);

    memcpy(dst, src, length);
    memset(dst + length, 0, n - length);
    return dst;
}

char *strchr(const char *s, int c)
{
    for (;; s++) {
        STOP_IDIOM();
        if (*s == (char)c)
            return (char *)s;
        if (!*s)
            return NULL;
    }
}

char *strrchr(const char *s, int c)
{
    const char *last = NULL;

    for (;; s++) {
        if (*s == (char)c)
            last = s;
        if (!*s)
            return (char *)last;
    }
}

char *strstr(const char *hay, const char *needle)
{
    return memmem(hay, strlen(hay), needle, strlen(needle));
}

size_t strspn(const char *s, const char *accept)
{
    size_t n = 0;

    while (s[n] && strchr(accept, s[n]))
        n++;
    return n;
}

size_t strcspn(const char *s, const char *reject)
{
    size_t n = 0;

    while (s[n] && !strchr(reject, s[n]))
        n++;
    return n;
}

char *strpbrk(const char *s, const char *accept)
{
    s += strcspn(s, accept);
    return *s ? (char *)s : NULL;
}
