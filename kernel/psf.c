// PSF1 and PSF2 fonts. Spec: psf.h of Debian's kbd and "The PSF font file format" that comes with it. Not
// handled: the Unicode table, as ASCII lies at its codes in every font whose lower half is of the IBM PC.
#include "kernel/psf.h"  // psf_parse
#include "lib/endian.h"  // le32_load

#include <string.h>

#define PSF1_HEADER 4
#define PSF1_MODE 2
#define PSF1_CHARSIZE 3
#define PSF1_MODE_512 0x01
#define PSF2_HEADER 32
#define PSF2_HEADERSIZE 8
#define PSF2_LENGTH 16
#define PSF2_CHARSIZE 20
#define PSF2_HEIGHT 24
#define PSF2_WIDTH 28
#define SIDE_MAX 64
#define COUNT_MIN 128

static const uint8_t psf1_magic[] = {0x36, 0x04};
static const uint8_t psf2_magic[] = {0x72, 0xb5, 0x4a, 0x86};

bool psf_parse(struct psf_font *font, const void *data, size_t size)
{
    const uint8_t *p = data;
    uint32_t header;

    if (size >= PSF1_HEADER && memcmp(p, psf1_magic, sizeof(psf1_magic)) == 0) {
        header = PSF1_HEADER;
        font->count = p[PSF1_MODE] & PSF1_MODE_512 ? 512 : 256;
        font->width = 8;
        font->height = font->glyph_bytes = p[PSF1_CHARSIZE];
    } else if (size >= PSF2_HEADER && memcmp(p, psf2_magic, sizeof(psf2_magic)) == 0) {
        header = le32_load(p + PSF2_HEADERSIZE);
        font->count = le32_load(p + PSF2_LENGTH);
        font->glyph_bytes = le32_load(p + PSF2_CHARSIZE);
        font->height = le32_load(p + PSF2_HEIGHT);
        font->width = le32_load(p + PSF2_WIDTH);
    } else {
        return false;
    }
    if (header < PSF1_HEADER || header > size || font->width - 1 >= SIDE_MAX || font->height - 1 >= SIDE_MAX)
        return false;
    font->row_bytes = (font->width + 7) / 8;
    font->glyphs = p + header;
    return font->count >= COUNT_MIN && font->glyph_bytes >= font->row_bytes * font->height &&
           font->count <= (size - header) / font->glyph_bytes;
}

const uint8_t *psf_glyph(const struct psf_font *font, char c)
{
    unsigned index = (unsigned char)c;

    return font->glyphs + (index < font->count ? index : '?') * (size_t)font->glyph_bytes;
}
