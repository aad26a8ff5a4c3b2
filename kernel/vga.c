// VGA text mode. Spec: IBM PS/2 Hardware Interface Technical Reference, Video Subsystem.
// Not handled: monochrome adapters, setting a mode. Tested: QEMU's std VGA under SeaBIOS.
#include "kernel/vga.h"        // vga_open
#include "boot/boot_info.h"    // boot_framebuffer
#include "kernel/cpu.h"        // inb
#include "kernel/vga_regs.h"   // VGA_TEXT

#include <stdint.h>

static volatile uint16_t *cells;
static unsigned cells_per_row;

// With nothing at the ports all bits read as ones; a register that keeps a byte is an adapter.
static bool shows_text(void)
{
    outb(VGA_CRTC_INDEX, CRTC_CURSOR_LOW);
    uint8_t was = inb(VGA_CRTC_DATA);
    outb(VGA_CRTC_DATA, CURSOR_PATTERN);
    bool keeps = inb(VGA_CRTC_DATA) == CURSOR_PATTERN;
    outb(VGA_CRTC_DATA, was);
    outb(VGA_GRAPHICS_INDEX, GRAPHICS_MISC);
    return keeps && !(inb(VGA_GRAPHICS_DATA) & MISC_GRAPHICS_MODE);
}

static void cursor_off(void)
{
    outb(VGA_CRTC_INDEX, CRTC_CURSOR_START);
    outb(VGA_CRTC_DATA, CURSOR_OFF);
}

static bool is_in_window(const struct boot_framebuffer *fb)
{
    return fb->width > 0 && fb->height > 0 && fb->width <= fb->pitch / sizeof(*cells) &&
           fb->address >= VGA_WINDOW && fb->address < VGA_WINDOW_END &&
           fb->height <= (VGA_WINDOW_END - fb->address) / fb->pitch;
}

bool vga_open(const struct boot_framebuffer *fb, unsigned *columns, unsigned *rows)
{
    const struct boot_framebuffer usual = {.address = VGA_TEXT, .pitch = 160, .width = 80, .height = 25};

    if (fb->kind == BOOT_FB_NONE)
        fb = &usual;
    if (!is_in_window(fb) || !shows_text())
        return false;
    // SAFETY: inside the adapter's window by the check above; all of it is mapped from the first instruction
    // on.
    cells = (volatile uint16_t *)fb->address;
    cells_per_row = fb->pitch / sizeof(*cells);
    *columns = fb->width;
    *rows = fb->height;
    cursor_off();
    for (unsigned row = 0; row < fb->height; row++)
        for (unsigned column = 0; column < fb->width; column++)
            vga_draw(column, row, ' ', false);
    return true;
}

void vga_draw(unsigned column, unsigned row, char c, bool inverse)
{
    uint16_t attribute = inverse ? VGA_INVERSE : VGA_NORMAL;

    // SAFETY: vga_open() checked that its size, which column and row keep to, lies in the window.
    cells[row * cells_per_row + column] = (uint16_t)(attribute << 8 | (uint8_t)c);
}
