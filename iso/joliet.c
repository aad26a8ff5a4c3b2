// Joliet names (Joliet Specification 1995, "ECMA-119 Character Sets"): UTF-16 big-endian in a
// supplementary volume's records, given out as UTF-8.
#include "iso/directory.h"  // joliet_name

#include "lib/endian.h"  // be16_load

#define REPLACEMENT 0xfffdu  // Unicode's own sign for what cannot be read

// The character at *at; moves behind it. A surrogate without its partner becomes the replacement sign.
static uint32_t utf16_next(const uint8_t *name, uint32_t length, uint32_t *at)
{
    uint32_t c = be16_load(name + *at);

    *at += 2;
    if (c < 0xd800 || c > 0xdfff)
        return c;
    if (c > 0xdbff || length - *at < 2)
        return REPLACEMENT;
    uint32_t low = be16_load(name + *at);
    if (low < 0xdc00 || low > 0xdfff)
        return REPLACEMENT;
    *at += 2;
    return 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
}

static uint32_t utf8_put(uint32_t c, char out[4])
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xc0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xe0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3f));
        out[2] = (char)(0x80 | (c & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3f));
    out[2] = (char)(0x80 | (c >> 6 & 0x3f));
    out[3] = (char)(0x80 | (c & 0x3f));
    return 4;
}

void joliet_name(const uint8_t *name, uint32_t length, char *out, uint32_t size)
{
    uint32_t used = 0, at = 0;

    length &= ~1u;
    while (at < length) {
        char bytes[4];
        uint32_t c = utf16_next(name, length, &at);
        uint32_t n = utf8_put(c == '/' ? '_' : c, bytes);

        if (c == 0 || c == ';' || used + n >= size)
            break;
        for (uint32_t i = 0; i < n; i++)
            out[used++] = bytes[i];
    }
    out[used] = '\0';
}
