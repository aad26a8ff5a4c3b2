// vsnprintf and snprintf (C17 7.21.6.5) for integers, characters, strings and pointers. Not handled, because
// nothing here needs them: floating point, wide characters, %n, positional arguments ("%1$s").
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define DIGITS_MAX 22  // 2^64 in octal

struct out {
    char *buffer;
    size_t size;
    size_t length;  // of the full text, may exceed size
};

enum size { SIZE_CHAR, SIZE_SHORT, SIZE_INT, SIZE_LONG };  // every 64-bit type is a long on x86-64

struct spec {
    bool left, zero, plus, space, alternate;
    int width;
    int precision;  // -1: none given
    enum size size;
    char conversion;
};

static void put(struct out *out, const char *text, size_t n)
{
    if (out->length < out->size) {
        size_t room = out->size - out->length;
        memcpy(out->buffer + out->length, text, n < room ? n : room);
    }
    out->length += n;
}

static void pad(struct out *out, char c, int count)
{
    size_t n = count > 0 ? (size_t)count : 0;

    if (out->length < out->size) {
        size_t room = out->size - out->length;
        memset(out->buffer + out->length, c, n < room ? n : room);
    }
    out->length += n;
}

// Reads a decimal number or `*`. Numbers that do not fit an int are cut to INT_MAX.
static const char *read_count(const char *p, int *count, va_list *args)
{
    if (*p == '*') {
        *count = va_arg(*args, int);
        return p + 1;
    }
    for (*count = 0; *p >= '0' && *p <= '9'; p++)
        *count = *count > (INT_MAX - 9) / 10 ? INT_MAX : *count * 10 + (*p - '0');
    return p;
}

static const char *read_flags(const char *p, struct spec *spec)
{
    for (;; p++) {
        switch (*p) {
        case '-': spec->left = true; break;
        case '0': spec->zero = true; break;
        case '+': spec->plus = true; break;
        case ' ': spec->space = true; break;
        case '#': spec->alternate = true; break;
        default: return p;
        }
    }
}

static const char *read_size(const char *p, struct spec *spec)
{
    spec->size = SIZE_INT;
    if (p[0] == 'h' && p[1] == 'h') {
        spec->size = SIZE_CHAR;
        return p + 2;
    }
    if (*p == 'h') {
        spec->size = SIZE_SHORT;
        return p + 1;
    }
    while (*p && strchr("lzjt", *p)) {
        spec->size = SIZE_LONG;
        p++;
    }
    return p;
}

// Reads what stands between % and the conversion letter, and that; returns the byte behind.
static const char *read_spec(const char *p, struct spec *spec, va_list *args)
{
    *spec = (struct spec){.precision = -1};
    p = read_flags(p, spec);
    p = read_count(p, &spec->width, args);
    if (spec->width < 0) {
        spec->left = true;
        spec->width = spec->width == INT_MIN ? INT_MAX : -spec->width;
    }
    if (*p == '.') {
        p = read_count(p + 1, &spec->precision, args);
        if (spec->precision < 0)
            spec->precision = -1;
    }
    p = read_size(p, spec);
    spec->conversion = *p;
    return *p ? p + 1 : p;
}

// One padded field: prefix (sign, 0x), `zeros` zeros, text.
static void put_field(struct out *out, const struct spec *spec, const char *prefix, int zeros,
                      const char *text, size_t n)
{
    size_t length = strlen(prefix) + (size_t)zeros + n;
    int fill = (size_t)spec->width > length ? spec->width - (int)length : 0;

    if (!spec->left)
        pad(out, ' ', fill);
    put(out, prefix, strlen(prefix));
    pad(out, '0', zeros);
    put(out, text, n);
    if (spec->left)
        pad(out, ' ', fill);
}

// The digits of `value`, written towards the front of a buffer that ends at `end`; returns their start.
static char *write_digits(char *end, uint64_t value, unsigned base, bool capital)
{
    const char *digits = capital ? "0123456789ABCDEF" : "0123456789abcdef";

    for (; value; value /= base)
        *--end = digits[value % base];
    return end;
}

static void put_number(struct out *out, const struct spec *spec, const char *prefix, uint64_t value,
                       unsigned base)
{
    char buffer[DIGITS_MAX], *end = buffer + sizeof(buffer);
    char *start = write_digits(end, value, base, spec->conversion == 'X');
    int count = (int)(end - start), wanted = spec->precision;

    if (wanted < 0) {
        int room = spec->width - (int)strlen(prefix);
        wanted = spec->zero && !spec->left && room > 1 ? room : 1;
    }
    if (base == 8 && spec->alternate && wanted <= count)
        wanted = count + 1;
    put_field(out, spec, prefix, wanted > count ? wanted - count : 0, start, (size_t)count);
}

static int64_t signed_argument(enum size size, va_list *args)
{
    switch (size) {
    case SIZE_CHAR: return (signed char)va_arg(*args, int);
    case SIZE_SHORT: return (short)va_arg(*args, int);
    case SIZE_INT: return va_arg(*args, int);
    default: return va_arg(*args, long);
    }
}

static uint64_t unsigned_argument(enum size size, va_list *args)
{
    switch (size) {
    case SIZE_CHAR: return (unsigned char)va_arg(*args, unsigned);
    case SIZE_SHORT: return (unsigned short)va_arg(*args, unsigned);
    case SIZE_INT: return va_arg(*args, unsigned);
    default: return va_arg(*args, unsigned long);
    }
}

static void put_signed(struct out *out, const struct spec *spec, va_list *args)
{
    int64_t value = signed_argument(spec->size, args);
    const char *prefix = value < 0 ? "-" : spec->plus ? "+" : spec->space ? " " : "";

    put_number(out, spec, prefix, value < 0 ? -(uint64_t)value : (uint64_t)value, 10);
}

static void put_hex(struct out *out, const struct spec *spec, va_list *args)
{
    uint64_t value = unsigned_argument(spec->size, args);
    const char *prefix = !spec->alternate || value == 0 ? "" : spec->conversion == 'X' ? "0X" : "0x";

    put_number(out, spec, prefix, value, 16);
}

static void put_pointer(struct out *out, const struct spec *spec, va_list *args)
{
    put_number(out, spec, "0x", (uintptr_t)va_arg(*args, void *), 16);
}

static void put_string(struct out *out, const struct spec *spec, va_list *args)
{
    const char *text = va_arg(*args, const char *);

    if (!text)
        text = "(null)";
    size_t n = spec->precision < 0 ? strlen(text) : strnlen(text, (size_t)spec->precision);
    put_field(out, spec, "", 0, text, n);
}

static void put_conversion(struct out *out, const struct spec *spec, const char *whole, size_t length,
                           va_list *args)
{
    switch (spec->conversion) {
    case 'd':
    case 'i': put_signed(out, spec, args); break;
    case 'u': put_number(out, spec, "", unsigned_argument(spec->size, args), 10); break;
    case 'o': put_number(out, spec, "", unsigned_argument(spec->size, args), 8); break;
    case 'x':
    case 'X': put_hex(out, spec, args); break;
    case 'p': put_pointer(out, spec, args); break;
    case 's': put_string(out, spec, args); break;
    case '%': put(out, "%", 1); break;
    case 'c': {
        char c = (char)va_arg(*args, int);
        put_field(out, spec, "", 0, &c, 1);
        break;
    }
    default: put(out, whole, length);  // unknown: shown as it stands
    }
}

int vsnprintf(char *restrict buffer, size_t size, const char *restrict format, va_list args)
{
    struct out out = {.buffer = buffer, .size = size};
    va_list list;

    va_copy(list, args);
    while (*format) {
        size_t plain = strcspn(format, "%");
        put(&out, format, plain);
        format += plain;
        if (*format) {
            struct spec spec;
            const char *start = format;
            format = read_spec(format + 1, &spec, &list);
            put_conversion(&out, &spec, start, (size_t)(format - start), &list);
        }
    }
    va_end(list);
    if (size > 0)
        buffer[out.length < size ? out.length : size - 1] = '\0';
    return out.length > INT_MAX ? INT_MAX : (int)out.length;
}

int snprintf(char *restrict buffer, size_t size, const char *restrict format, ...)
{
    va_list args;

    va_start(args, format);
    int length = vsnprintf(buffer, size, format, args);
    va_end(args);
    return length;
}
