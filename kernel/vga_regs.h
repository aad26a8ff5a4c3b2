// The few VGA registers a text console needs. Spec: IBM PS/2 Hardware Interface Technical Reference, Video
// Subsystem; index and data ports in pairs, colour addresses.
#ifndef URLBOOT_KERNEL_VGA_REGS_H
#define URLBOOT_KERNEL_VGA_REGS_H

#define VGA_WINDOW 0xa0000ull          // what the adapter decodes: two 64 KiB segments
#define VGA_WINDOW_END 0xc0000ull
#define VGA_TEXT 0xb8000ull            // characters and attributes of the colour text modes

enum vga_port {
    VGA_GRAPHICS_INDEX = 0x3ce,
    VGA_GRAPHICS_DATA = 0x3cf,
        GRAPHICS_MISC = 6,
            MISC_GRAPHICS_MODE = 0x01, // not text
    VGA_CRTC_INDEX = 0x3d4,
    VGA_CRTC_DATA = 0x3d5,
        CRTC_CURSOR_START = 0x0a,
            CURSOR_OFF = 0x20,
        CRTC_CURSOR_LOW = 0x0f,        // holds any byte
            CURSOR_PATTERN = 0x55,
};

enum vga_attribute {
    VGA_NORMAL = 0x07,                 // light grey on black
    VGA_INVERSE = 0x70,
};

#endif
