// ssize_t and off_t, as POSIX has them, for lwIP (without ssize_t it makes its own, an int) and for us.
#ifndef URLBOOT_LIBC_SYS_TYPES_H
#define URLBOOT_LIBC_SYS_TYPES_H

#include <stddef.h>

typedef long ssize_t;
typedef long off_t;

#endif
