// Numbers from text: strtoul and its relations of lib/include/stdlib.h (C17 7.22.1). ASCII, no locale, no
// errno: a number that does not fit comes back as the largest one.
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'Z')
        return c - 'A' + 10;
    return INT_MAX;
}

// Skips 0x, or finds out the base when it is 0. "0x" without a digit behind it is the number 0.
static const char *skip_prefix(const char *s, int *base)
{
    bool hex = s[0] == '0' && (s[1] == 'x' || s[1] == 'X') && digit_of(s[2]) < 16;

    if (hex && (*base == 0 || *base == 16)) {
        *base = 16;
        return s + 2;
    }
    if (*base == 0)
        *base = s[0] == '0' ? 8 : 10;
    return s;
}

// Reads blanks, sign and digits; the magnitude is the result, ULONG_MAX with *over set when it does not fit.
static unsigned long read_number(const char *s, const char **end, int base, bool *negative, bool *over)
{
    unsigned long value = 0;
    const char *p = s;

    *over = false;
    while (*p == ' ' || (*p >= '\t' && *p <= '\r'))
        p++;
    *negative = *p == '-';
    if (*p == '-' || *p == '+')
        p++;
    p = skip_prefix(p, &base);
    *end = s;
    for (; digit_of(*p) < base; p++) {
        unsigned long next;
        if (__builtin_mul_overflow(value, (unsigned long)base, &next) ||
            __builtin_add_overflow(next, (unsigned long)digit_of(*p), &next))
            *over = true;
        value = next;
        *end = p + 1;
    }
    return *over ? ULONG_MAX : value;
}

unsigned long strtoul(const char *restrict s, char **restrict end, int base)
{
    bool negative, over;
    const char *stop;
    unsigned long value = read_number(s, &stop, base, &negative, &over);

    if (end)
        *end = (char *)stop;
    return negative && !over ? -value : value;
}

unsigned long long strtoull(const char *restrict s, char **restrict end, int base)
{
    return strtoul(s, end, base);
}

long strtol(const char *restrict s, char **restrict end, int base)
{
    bool negative, over;
    const char *stop;
    unsigned long value = read_number(s, &stop, base, &negative, &over);

    if (end)
        *end = (char *)stop;
    if (negative)
        return value > (unsigned long)LONG_MAX ? LONG_MIN : -(long)value;
    return value > (unsigned long)LONG_MAX ? LONG_MAX : (long)value;
}

int atoi(const char *s)
{
    return (int)strtol(s, NULL, 10);
}
