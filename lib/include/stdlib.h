// Numbers from text, as C17 7.22 has them (no locale). Implemented in lib/number.c; host tests use the
// host's header instead. There is no malloc(): our code says kmalloc() (kernel/memory.h).
#ifndef URLBOOT_LIBC_STDLIB_H
#define URLBOOT_LIBC_STDLIB_H

#include <stddef.h>

// Reads a number in `base` (2..36, or 0: 0x hexadecimal, 0 octal, else decimal) after blanks and a sign.
// *end, when `end` is not NULL, receives the first byte not read, or `s` when there is no number.
// Too large: ULONG_MAX. errno is not touched: there is none.
unsigned long strtoul(const char *restrict s, char **restrict end, int base);

// As strtoul; both are 64 bits wide.
unsigned long long strtoull(const char *restrict s, char **restrict end, int base);

// As strtoul with sign; out of range: LONG_MAX or LONG_MIN.
long strtol(const char *restrict s, char **restrict end, int base);

// The decimal number at the start of `s`, 0 when there is none.
int atoi(const char *s);

// The number without its sign; INT_MIN has none and must not be given.
static inline int abs(int n)
{
    return n < 0 ? -n : n;
}

// Declared for gcc's <mm_malloc.h> (which 7-Zip's SHA-NI code pulls in) and defined nowhere: a call does
// not link.
void *malloc(size_t size);
void free(void *pointer);

#endif
