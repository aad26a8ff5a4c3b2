// Compiles lib/string.c, lib/number.c and lib/format.c for the host with a k_ in front of every name.
// The host's headers come first, so that the renaming below meets only our definitions and their callers.
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tests/unit/klibc.h"  // k_memcpy

#undef memmem
#define memcpy k_memcpy
#define memmove k_memmove
#define memset k_memset
#define memcmp k_memcmp
#define memchr k_memchr
#define memmem k_memmem
#define strlen k_strlen
#define strnlen k_strnlen
#define strcmp k_strcmp
#define strncmp k_strncmp
#define strcasecmp k_strcasecmp
#define strncasecmp k_strncasecmp
#define strcpy k_strcpy
#define strncpy k_strncpy
#define strchr k_strchr
#define strrchr k_strrchr
#define strstr k_strstr
#define strspn k_strspn
#define strcspn k_strcspn
#define strpbrk k_strpbrk
#define strtoul k_strtoul
#define strtoull k_strtoull
#define strtol k_strtol
#define atoi k_atoi
#define vsnprintf k_vsnprintf
#define snprintf k_snprintf

#include "lib/format.c"  // vsnprintf
#include "lib/number.c"  // strtoul
#include "lib/string.c"  // memcpy
