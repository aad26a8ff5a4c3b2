// Memory and string functions for the payload, as C17 7.24 and POSIX have them. Only what is declared here
// exists; host tests use the host's header instead. Implemented in lib/string.c.
#ifndef URLBOOT_LIBC_STRING_H
#define URLBOOT_LIBC_STRING_H

#include <stddef.h>
#include <strings.h>

// Copies `n` bytes; the areas must not overlap. Returns `dst`. The macro tells the compiler that this is the
// memcpy() it knows: a freestanding build would call it for eight bytes, too, and the stack moves many.
void *memcpy(void *restrict dst, const void *restrict src, size_t n);
#define memcpy(dst, src, n) __builtin_memcpy(dst, src, n)

// Copies `n` bytes; the areas may overlap. Returns `dst`.
void *memmove(void *dst, const void *src, size_t n);

// Fills `n` bytes with the low byte of `c`. Returns `dst`.
void *memset(void *dst, int c, size_t n);

// Compares `n` bytes as unsigned numbers: below, equal to or above 0.
int memcmp(const void *a, const void *b, size_t n);
#define memcmp(a, b, n) __builtin_memcmp(a, b, n)

// The first byte `c` in `n` bytes, or NULL.
void *memchr(const void *s, int c, size_t n);

// The first place of the `nn` bytes at `needle` in the `hn` bytes at `hay`, or NULL. GNU: on the host it
// needs _GNU_SOURCE.
void *memmem(const void *hay, size_t hn, const void *needle, size_t nn);

// Bytes before the terminating NUL.
size_t strlen(const char *s);

// As strlen, but looks at no more than `max` bytes.
size_t strnlen(const char *s, size_t max);

// Compares two strings: below, equal to or above 0.
int strcmp(const char *a, const char *b);

// As strcmp, over at most `n` bytes.
int strncmp(const char *a, const char *b, size_t n);

// Copies a string with its NUL; `dst` must have room. Returns `dst`. Prefer snprintf.
char *strcpy(char *restrict dst, const char *restrict src);

// Copies at most `n` bytes and fills the rest with NUL; without one when `src` is longer. Returns `dst`.
char *strncpy(char *restrict dst, const char *restrict src, size_t n);

// The first `c` (NUL counts) in a string, or NULL.
char *strchr(const char *s, int c);

// The last `c` (NUL counts) in a string, or NULL.
char *strrchr(const char *s, int c);

// The first place of `needle` in `hay`, or NULL; an empty needle is found at once.
char *strstr(const char *hay, const char *needle);

// How many bytes at the start of `s` are all in `accept`.
size_t strspn(const char *s, const char *accept);

// How many bytes at the start of `s` are none of `reject`.
size_t strcspn(const char *s, const char *reject);

// The first byte of `s` that is in `accept`, or NULL.
char *strpbrk(const char *s, const char *accept);

#endif
