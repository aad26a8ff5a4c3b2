// Glyphs into a linear framebuffer of 2, 3 or 4 bytes a pixel. Spec: Multiboot2 §3.6.12 (direct RGB colour),
// UEFI 2.10 §12.9 (GOP). Not handled: palettes. Tested: QEMU's std VGA by GRUB and by OVMF.
#include "kernel/framebuffer.h"  // framebuffer_init
#include "boot/boot_info.h"      // boot_framebuffer

#define BLACK 0
#define GREY 0xaa                // of 255, like VGA's light grey
#define SIDE_MAX 32768           // pixels; no display is wider or higher, and products stay in 32 bits

static bool field_fits(unsigned position, unsigned size, unsigned pixel_bits)
{
    return size > 0 && size <= 16 && position + size <= pixel_bits;
}

// An 8-bit intensity as a field of `size` bits at `position`.
static uint32_t field(uint32_t intensity, unsigned position, unsigned size)
{
    return (size >= 8 ? intensity << (size - 8) : intensity >> (8 - size)) << position;
}

static bool makes_sense(const struct boot_framebuffer *info, unsigned bytes)
{
    unsigned bits = bytes * 8;

    return info->kind == BOOT_FB_RGB && bytes >= 2 && bytes <= 4 && (info->bpp == 15 || info->bpp == bits) &&
           info->width <= SIDE_MAX && info->height <= SIDE_MAX && info->pitch >= info->width * bytes &&
           (bytes == 3 || (info->pitch % bytes == 0 && info->address % bytes == 0)) &&
           field_fits(info->red_pos, info->red_size, bits) &&
           field_fits(info->green_pos, info->green_size, bits) &&
           field_fits(info->blue_pos, info->blue_size, bits);
}

bool framebuffer_init(struct framebuffer *fb, const struct boot_framebuffer *info,
                      const struct psf_font *font)
{
    unsigned bytes = (info->bpp + 7u) / 8;

    if (!makes_sense(info, bytes))
        return false;
    *fb = (struct framebuffer){
        .font = *font,
        .pitch = info->pitch,
        .width = info->width,
        .height = info->height,
        .pixel_bytes = bytes,
        .ink = field(GREY, info->red_pos, info->red_size) | field(GREY, info->green_pos, info->green_size) |
               field(GREY, info->blue_pos, info->blue_size),
        .columns = info->width / font->width,
        .rows = info->height / font->height,
    };
    return fb->columns > 0 && fb->rows > 0;
}

uint64_t framebuffer_size(const struct framebuffer *fb)
{
    return (uint64_t)fb->pitch * (fb->height - 1) + fb->width * fb->pixel_bytes;
}

static volatile uint8_t *put_pixel(const struct framebuffer *fb, volatile uint8_t *at, uint32_t pixel)
{
    // SAFETY: callers keep to width and height, and the caller of framebuffer_init() mapped
    // framebuffer_size().
    // One access a pixel, where there is such an access: uncached writes are slow one by one.
    if (fb->pixel_bytes == 4) {
        *(volatile uint32_t *)at = pixel;
    } else if (fb->pixel_bytes == 2) {
        *(volatile uint16_t *)at = (uint16_t)pixel;
    } else {
        at[0] = (uint8_t)pixel;
        at[1] = (uint8_t)(pixel >> 8);
        at[2] = (uint8_t)(pixel >> 16);
    }
    return at + fb->pixel_bytes;
}

void framebuffer_clear(const struct framebuffer *fb)
{
    uint64_t size = framebuffer_size(fb), done = 0;

    // SAFETY: as in put_pixel(). Black is 0 in every format, so it can be written in the largest pieces: one
    // by one, the pixels of an uncached 1920x1080 take a third of a second.
    for (; (uintptr_t)(fb->base + done) % 8 != 0 && done < size; done++)
        fb->base[done] = 0;
    for (; size - done >= 8; done += 8)
        *(volatile uint64_t *)(fb->base + done) = 0;
    for (; done < size; done++)
        fb->base[done] = 0;
}

void framebuffer_draw(const struct framebuffer *fb, unsigned column, unsigned row, char c, bool inverse)
{
    const struct psf_font *font = &fb->font;
    const uint8_t *bits = psf_glyph(font, c);
    volatile uint8_t *line = fb->base + (uint64_t)row * font->height * fb->pitch +
                             (uint64_t)column * font->width * fb->pixel_bytes;

    for (unsigned y = 0; y < font->height; y++) {
        volatile uint8_t *at = line;
        for (unsigned x = 0; x < font->width; x++) {
            bool lit = (bits[x / 8] >> (7 - x % 8) & 1) != 0;
            at = put_pixel(fb, at, lit != inverse ? fb->ink : BLACK);
        }
        bits += font->row_bytes;
        line += fb->pitch;
    }
}
