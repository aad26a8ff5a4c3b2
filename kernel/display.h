// The machine's display, whichever it is: VGA text or the boot loader's framebuffer, as a screen of
// characters.
#ifndef URLBOOT_KERNEL_DISPLAY_H
#define URLBOOT_KERNEL_DISPLAY_H

#include <stdbool.h>
#include <stddef.h>

struct boot_info;

// Opens what can be opened before memory is set up: VGA text, or a framebuffer below 4 GiB. A display that is
// open already stays, with what it shows; after paging_init() its memory is mapped write-combining, and any
// framebuffer can be opened. True when there is a display.
bool display_open(const struct boot_info *info);

// Writes text as screen_write(); nothing without a display.
void display_write(const char *text, size_t length);

// Columns of the display, 0 without one.
unsigned display_columns(void);

#endif
