// Formatted text, as C17 7.21.6.5 has it, without floating point, wide characters and %n. Implemented in
// lib/format.c; host tests use the host's header instead.
#ifndef URLBOOT_LIBC_STDIO_H
#define URLBOOT_LIBC_STDIO_H

#include <stdarg.h>
#include <stddef.h>

// Writes at most `size` bytes, the terminating NUL among them (nothing when `size` is 0). Knows the flags
// - 0 + space #, width and precision (also *), hh h l ll z j t, and d i u o x X c s p %. A NULL string
// prints "(null)". Returns the length the full text has; the text was cut when that is `size` or more.
__attribute__((format(printf, 3, 4)))
int snprintf(char *restrict buffer, size_t size, const char *restrict format, ...);

// As snprintf, with the arguments in a list.
__attribute__((format(printf, 3, 0)))
int vsnprintf(char *restrict buffer, size_t size, const char *restrict format, va_list args);

#endif
