// The console's fonts: PSF files inside the image. kernel/font.mk says where they come from.
#ifndef URLBOOT_KERNEL_FONT_H
#define URLBOOT_KERNEL_FONT_H

#include <stdint.h>

// First byte, and one past the last, of a font of 8x16 pixels and of one of 16x32, for psf_parse().
extern const uint8_t font_8x16[], font_8x16_end[];
extern const uint8_t font_16x32[], font_16x32_end[];

#endif
