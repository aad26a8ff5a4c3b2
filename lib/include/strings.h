// Comparison without regard to case, as POSIX has it; ASCII only. Implemented in lib/string.c.
// Host tests use the host's header instead.
#ifndef URLBOOT_LIBC_STRINGS_H
#define URLBOOT_LIBC_STRINGS_H

#include <stddef.h>

// Compares two strings, A-Z equal to a-z: below, equal to or above 0.
int strcasecmp(const char *a, const char *b);

// As strcasecmp, over at most `n` bytes.
int strncasecmp(const char *a, const char *b, size_t n);

#endif
