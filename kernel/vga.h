// VGA text memory: characters in the adapter's own fonts.
#ifndef URLBOOT_KERNEL_VGA_H
#define URLBOOT_KERNEL_VGA_H

#include <stdbool.h>

struct boot_framebuffer;

// Looks whether the adapter is in text mode, clears it and turns its own cursor off. `fb` says where the text
// is; when it says nothing (BOOT_FB_NONE) it is 80x25 at the usual place. Stores the size. False when there
// is no VGA, it shows graphics, or `fb` makes no sense. Needs the first MiB mapped, nothing else.
bool vga_open(const struct boot_framebuffer *fb, unsigned *columns, unsigned *rows);

// Shows `c` (ASCII) at a place inside the size, light on dark or, with `inverse`, dark on light.
void vga_draw(unsigned column, unsigned row, char c, bool inverse);

#endif
