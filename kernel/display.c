// Chooses the display and keeps it mapped. A framebuffer below 4 GiB serves from the first line on, so that a
// wrong option can be read on machines without text mode and serial port.
#include "kernel/display.h"      // display_open
#include "boot/boot_info.h"      // boot_framebuffer
#include "kernel/cpu.h"          // read_cr3
#include "kernel/font.h"         // font_8x16
#include "kernel/framebuffer.h"  // framebuffer_init
#include "kernel/memory.h"       // paging_map_framebuffer
#include "kernel/psf.h"          // psf_parse
#include "kernel/screen.h"       // screen_write, screen_redraw
#include "kernel/vga.h"          // vga_open

#define LARGE_FONT_WIDTH 1920    // pixels from which the 16x32 font is the readable one

static struct screen screen;
static struct framebuffer fb;
static uint64_t fb_address;
static uint64_t mapped_in;       // page tables that map the framebuffer
static bool is_open;

// Between paging_init() and display_open() the tables are new and lack the framebuffer; what is logged there
// must not fault.
static bool map_framebuffer(void)
{
    if (fb.base != NULL && mapped_in == read_cr3())
        return true;
    fb.base = paging_map_framebuffer(fb_address, framebuffer_size(&fb));
    mapped_in = read_cr3();
    return fb.base != NULL;
}

static void draw_on_framebuffer(unsigned column, unsigned row, char c, bool inverse)
{
    framebuffer_draw(&fb, column, row, c, inverse);
}

static bool open_framebuffer(const struct boot_framebuffer *info)
{
    struct psf_font font;
    bool large = info->width >= LARGE_FONT_WIDTH;
    const uint8_t *data = large ? font_16x32 : font_8x16;
    const uint8_t *end = large ? font_16x32_end : font_8x16_end;

    if (!psf_parse(&font, data, (size_t)(end - data)) || !framebuffer_init(&fb, info, &font))
        return false;
    fb_address = info->address;
    if (!map_framebuffer())
        return false;
    framebuffer_clear(&fb);
    screen_init(&screen, fb.columns, fb.rows, draw_on_framebuffer);
    return true;
}

static bool open_text(const struct boot_framebuffer *info)
{
    unsigned columns, rows;

    if (!vga_open(info, &columns, &rows))
        return false;
    screen_init(&screen, columns, rows, vga_draw);
    return true;
}

// The firmware's questions may have been over it.
static bool refresh(void)
{
    if (fb_address == 0 || !map_framebuffer())
        return fb_address == 0;
    framebuffer_clear(&fb);
    screen_redraw(&screen);
    return true;
}

bool display_open(const struct boot_info *info)
{
    if (is_open)
        return refresh();
    if (info->fb.kind == BOOT_FB_RGB)
        is_open = open_framebuffer(&info->fb);
    // A machine with UEFI may have no VGA at all, or one that shows the firmware's graphics.
    else if (info->fb.kind == BOOT_FB_TEXT || !info->efi.present)
        is_open = open_text(&info->fb);
    return is_open;
}

void display_write(const char *text, size_t length)
{
    if (!is_open || (fb_address != 0 && !map_framebuffer()))
        return;
    screen_write(&screen, text, length);
}

unsigned display_columns(void)
{
    return is_open ? screen.columns : 0;
}
