// static_assert for wire structures and settings, and assert() for broken invariants of our own (never for
// input): it executes an undefined instruction, so the panic screen names the place. C17 7.2.
#ifndef URLBOOT_LIBC_ASSERT_H
#define URLBOOT_LIBC_ASSERT_H

#define static_assert _Static_assert

#define assert(condition) ((condition) ? (void)0 : __builtin_trap())

#endif
