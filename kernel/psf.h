// PC screen fonts, the format of Linux's console fonts. Pure.
#ifndef URLBOOT_KERNEL_PSF_H
#define URLBOOT_KERNEL_PSF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct psf_font {
    const uint8_t *glyphs;     // inside the data that was parsed
    unsigned count;            // glyphs, at least 128: those of ASCII lie at their codes
    unsigned width, height;    // pixels, 1..64
    unsigned row_bytes;        // bytes of one row of pixels, the leftmost in the highest bit
    unsigned glyph_bytes;      // from one glyph to the next
};

// Finds the glyphs of the PSF1 or PSF2 font in `data`, which must stay. False when it is neither, or what
// its header promises is not there.
// Example: if (psf_parse(&font, data, size)) row = psf_glyph(&font, 'A');
bool psf_parse(struct psf_font *font, const void *data, size_t size);

// The rows of pixels of character `c`, of '?' when the font lacks it.
const uint8_t *psf_glyph(const struct psf_font *font, char c);

#endif
