// Characters on a linear framebuffer. Pure: the caller maps the memory and chooses the font.
#ifndef URLBOOT_KERNEL_FRAMEBUFFER_H
#define URLBOOT_KERNEL_FRAMEBUFFER_H

#include <stdbool.h>
#include <stdint.h>

#include "kernel/psf.h"          // psf_font

struct boot_framebuffer;

struct framebuffer {
    volatile uint8_t *base;      // set by the caller, before anything is drawn
    struct psf_font font;
    uint32_t pitch;              // bytes from one line of pixels to the next
    uint32_t width, height;      // pixels
    unsigned pixel_bytes;        // 2, 3 or 4
    uint32_t ink;                // pixel of the characters' colour
    unsigned columns, rows;      // characters, at least 1
};

// Prepares *fb for the framebuffer that `info` describes; base stays NULL. False when the description makes
// no sense or is not supported: not RGB, not 15, 16, 24 or 32 bits a pixel, colours outside the pixel, lines
// longer than the pitch, pixels across their own alignment, smaller than one character.
// Example: if (framebuffer_init(&fb, &info->fb, &font)) fb.base = paging_map_framebuffer(...);
bool framebuffer_init(struct framebuffer *fb, const struct boot_framebuffer *info,
                      const struct psf_font *font);

// Bytes from `base` to behind the last pixel.
uint64_t framebuffer_size(const struct framebuffer *fb);

// Makes all of it dark.
void framebuffer_clear(const struct framebuffer *fb);

// Shows `c` (ASCII) at a place inside columns x rows, light on dark or, with `inverse`, dark on light. Never
// reads the framebuffer.
void framebuffer_draw(const struct framebuffer *fb, unsigned column, unsigned row, char c, bool inverse);

#endif
