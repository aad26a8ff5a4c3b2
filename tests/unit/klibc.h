// The payload's own string and format functions under other names, so that tests can compare them with the
// host's. tests/unit/klibc.c compiles them.
#ifndef URLBOOT_TESTS_UNIT_KLIBC_H
#define URLBOOT_TESTS_UNIT_KLIBC_H

#include <stdarg.h>
#include <stddef.h>

// Each is documented in lib/include/string.h, strings.h, stdlib.h or stdio.h without the k_.
void *k_memcpy(void *restrict dst, const void *restrict src, size_t n);
void *k_memmove(void *dst, const void *src, size_t n);
void *k_memset(void *dst, int c, size_t n);
int k_memcmp(const void *a, const void *b, size_t n);
void *k_memchr(const void *s, int c, size_t n);
void *k_memmem(const void *hay, size_t hn, const void *needle, size_t nn);
size_t k_strlen(const char *s);
size_t k_strnlen(const char *s, size_t max);
int k_strcmp(const char *a, const char *b);
int k_strncmp(const char *a, const char *b, size_t n);
int k_strcasecmp(const char *a, const char *b);
int k_strncasecmp(const char *a, const char *b, size_t n);
char *k_strcpy(char *restrict dst, const char *restrict src);
char *k_strncpy(char *restrict dst, const char *restrict src, size_t n);
char *k_strchr(const char *s, int c);
char *k_strrchr(const char *s, int c);
char *k_strstr(const char *hay, const char *needle);
size_t k_strspn(const char *s, const char *accept);
size_t k_strcspn(const char *s, const char *reject);
char *k_strpbrk(const char *s, const char *accept);
unsigned long k_strtoul(const char *restrict s, char **restrict end, int base);
unsigned long long k_strtoull(const char *restrict s, char **restrict end, int base);
long k_strtol(const char *restrict s, char **restrict end, int base);
int k_atoi(const char *s);
int k_vsnprintf(char *restrict buffer, size_t size, const char *restrict format, va_list args);
int k_snprintf(char *restrict buffer, size_t size, const char *restrict format, ...);

#endif
