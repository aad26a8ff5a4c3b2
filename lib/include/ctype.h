// Character classes of ASCII, as C17 7.4 in the "C" locale. Unlike the standard's, these take any int.
// Host tests use the host's header instead: give those an unsigned char.
#ifndef URLBOOT_LIBC_CTYPE_H
#define URLBOOT_LIBC_CTYPE_H

// 0 to 9.
static inline int isdigit(int c)
{
    return c >= '0' && c <= '9';
}

// A to Z.
static inline int isupper(int c)
{
    return c >= 'A' && c <= 'Z';
}

// a to z.
static inline int islower(int c)
{
    return c >= 'a' && c <= 'z';
}

// A letter.
static inline int isalpha(int c)
{
    return isupper(c) || islower(c);
}

// A letter or digit.
static inline int isalnum(int c)
{
    return isalpha(c) || isdigit(c);
}

// A hexadecimal digit.
static inline int isxdigit(int c)
{
    return isdigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

// Space, tab, line feed, vertical tab, form feed or carriage return.
static inline int isspace(int c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

// Something that can be seen, or a space.
static inline int isprint(int c)
{
    return c >= ' ' && c <= '~';
}

// Something that can be seen.
static inline int isgraph(int c)
{
    return c > ' ' && c <= '~';
}

// Something that can be seen, but no letter or digit.
static inline int ispunct(int c)
{
    return isgraph(c) && !isalnum(c);
}

// 0 to 31 and 127.
static inline int iscntrl(int c)
{
    return (c >= 0 && c < ' ') || c == 127;
}

// The small letter for a capital one, else `c`.
static inline int tolower(int c)
{
    return isupper(c) ? c + ('a' - 'A') : c;
}

// The capital letter for a small one, else `c`.
static inline int toupper(int c)
{
    return islower(c) ? c - ('a' - 'A') : c;
}

#endif
