// What is on the display: fonts, glyphs in pixels of every size, and the grid of characters.
#include "boot/boot_info.h"      // boot_framebuffer
#include "kernel/framebuffer.h"  // framebuffer_draw
#include "kernel/psf.h"          // psf_parse
#include "kernel/screen.h"       // screen_write

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define CODES 128

// ---- fonts ------------------------------------------------------------------------------------------

// A PSF2 font of 12x2 pixels whose glyph rows are the code and its complement, cut to 12 bits.
static size_t make_psf2(uint8_t *out)
{
    static const uint32_t header[] = {0x864ab572, 0, 32, 1, CODES, 4, 2, 12};

    memcpy(out, header, sizeof(header));
    for (unsigned code = 0; code < CODES; code++) {
        const uint8_t rows[] = {(uint8_t)code, 0x50, (uint8_t)~code, 0xa0};
        memcpy(out + sizeof(header) + 4 * code, rows, 4);
    }
    return sizeof(header) + 4 * CODES;
}

static size_t make_psf1(uint8_t *out, unsigned height)
{
    const uint8_t header[] = {0x36, 0x04, 0, (uint8_t)height};

    memcpy(out, header, 4);
    for (unsigned code = 0; code < 256; code++)
        memset(out + 4 + height * code, (int)code, height);
    return 4 + height * 256;
}

static void parses_fonts(void **state)
{
    static uint8_t data[8192];
    struct psf_font font;

    (void)state;
    size_t size = make_psf1(data, 3);
    assert_true(psf_parse(&font, data, size));
    assert_int_equal(font.count, 256);
    assert_int_equal(font.width, 8);
    assert_int_equal(font.height, 3);
    assert_int_equal(psf_glyph(&font, 'A')[2], 'A');
    assert_int_equal(psf_glyph(&font, '\xff')[0], 0xff);
    size = make_psf2(data);
    assert_true(psf_parse(&font, data, size));
    assert_int_equal(font.width, 12);
    assert_int_equal(font.row_bytes, 2);
    assert_int_equal(psf_glyph(&font, 'A')[0], 'A');
    assert_int_equal(psf_glyph(&font, '\xe4')[0], '?');   // it has 128 glyphs only
}

// Every header field set to what does not fit the data; in memory of just the size, so that ASan sees a step out.
static void refuses_fonts(void **state)
{
    static const struct {
        unsigned field;
        uint32_t value;
    } cases[] = {
        {0, 0x864ab573}, {2, 0},    {2, 3},          {2, 33},         {2, 0xffffffff}, {4, 127},
        {4, CODES + 1},  {4, 0},    {4, 0x80000000}, {5, 0},          {5, 3},          {5, 5},
        {5, 0xffffffff}, {6, 0},    {6, 3},          {6, 65},         {6, 0xffffffff}, {7, 0},
        {7, 17},         {7, 65},   {7, 0xffffffff},
    };
    static uint8_t data[8192];
    struct psf_font font;

    (void)state;
    size_t size = make_psf2(data);
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint8_t *copy = malloc(size);
        memcpy(copy, data, size);
        memcpy(copy + 4 * cases[i].field, &cases[i].value, 4);
        if (psf_parse(&font, copy, size))
            fail_msg("header word %u = %u is taken", cases[i].field, cases[i].value);
        free(copy);
    }
    for (size_t cut = 0; cut < size; cut++) {
        uint8_t *copy = malloc(cut + 1);
        memcpy(copy, data, cut);
        assert_false(psf_parse(&font, copy, cut));
        free(copy);
    }
    size = make_psf1(data, 3);
    assert_false(psf_parse(&font, data, size - 1));
    data[3] = 0;
    assert_false(psf_parse(&font, data, size));
}

// ---- pixels -----------------------------------------------------------------------------------------

static struct boot_framebuffer describe(unsigned bpp, uint32_t pitch)
{
    struct boot_framebuffer fb = {
        .kind = BOOT_FB_RGB, .address = 0x80000000, .pitch = pitch, .width = 25, .height = 5, .bpp = (uint8_t)bpp,
        .red_pos = 16, .red_size = 8, .green_pos = 8, .green_size = 8, .blue_pos = 0, .blue_size = 8,
    };

    if (bpp <= 16) {
        fb.red_size = fb.blue_size = 5;
        fb.green_pos = 5;
        fb.green_size = bpp == 15 ? 5 : 6;
        fb.red_pos = bpp == 15 ? 10 : 11;
    }
    return fb;
}

static uint32_t pixel_at(const uint8_t *memory, const struct framebuffer *fb, unsigned x, unsigned y)
{
    uint32_t pixel = 0;

    memcpy(&pixel, memory + y * fb->pitch + x * fb->pixel_bytes, fb->pixel_bytes);
    return pixel;
}

static void expect_glyph(const uint8_t *memory, const struct framebuffer *fb, unsigned column, unsigned row,
                         char c, bool inverse)
{
    const uint8_t *bits = psf_glyph(&fb->font, c);

    for (unsigned y = 0; y < 2; y++)
        for (unsigned x = 0; x < 12; x++) {
            bool lit = ((bits[2 * y + x / 8] << x % 8 & 0x80) != 0) != inverse;
            if (pixel_at(memory, fb, column * 12 + x, row * 2 + y) != (lit ? fb->ink : 0))
                fail_msg("'%c' at %u,%u: pixel %u,%u, %u bytes a pixel", c, column, row, x, y, fb->pixel_bytes);
        }
}

static void draws_pixels(void **state)
{
    static const struct {
        unsigned bpp;
        uint32_t pitch, ink;
    } cases[] = {
        {15, 64, 0x56b5}, {16, 50, 0xad55}, {24, 77, 0xaaaaaa}, {32, 100, 0xaaaaaa}, {32, 128, 0xaaaaaa},
    };
    static uint8_t data[8192];
    struct psf_font font;
    struct framebuffer fb;

    (void)state;
    assert_true(psf_parse(&font, data, make_psf2(data)));
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct boot_framebuffer info = describe(cases[i].bpp, cases[i].pitch);
        assert_true(framebuffer_init(&fb, &info, &font));
        assert_int_equal(fb.columns, 2);
        assert_int_equal(fb.rows, 2);
        assert_int_equal(fb.ink, cases[i].ink);
        size_t size = framebuffer_size(&fb);
        assert_int_equal(size, 4 * cases[i].pitch + 25 * fb.pixel_bytes);
        uint8_t *memory = malloc(size);   // no byte more: ASan watches both ends
        fb.base = memory;
        memset(memory, 0x77, size);
        framebuffer_clear(&fb);
        for (size_t b = 0; b < size; b++)
            assert_int_equal(memory[b], 0);
        framebuffer_draw(&fb, 1, 1, 'Z', false);
        framebuffer_draw(&fb, 0, 0, 'a', true);
        framebuffer_draw(&fb, 1, 0, 'W', true);
        framebuffer_draw(&fb, 1, 0, 'b', false);
        expect_glyph(memory, &fb, 1, 1, 'Z', false);
        expect_glyph(memory, &fb, 0, 0, 'a', true);
        expect_glyph(memory, &fb, 1, 0, 'b', false);
        for (unsigned y = 0; y < 5; y++)
            assert_int_equal(pixel_at(memory, &fb, 24, y), 0);
        for (unsigned x = 0; x < 25; x++)
            assert_int_equal(pixel_at(memory, &fb, x, 4), 0);
        free(memory);
    }
}

static void scales_colours(void **state)
{
    static uint8_t data[8192];
    struct psf_font font;
    struct framebuffer fb;
    struct boot_framebuffer info = describe(32, 100);

    (void)state;
    assert_true(psf_parse(&font, data, make_psf2(data)));
    info.red_pos = 20, info.green_pos = 10, info.blue_pos = 0;
    info.red_size = info.green_size = info.blue_size = 10;
    assert_true(framebuffer_init(&fb, &info, &font));
    assert_int_equal(fb.ink, 0x2a8u << 20 | 0x2a8u << 10 | 0x2a8u);
    info.red_pos = 0, info.green_pos = 8, info.blue_pos = 24;
    info.red_size = info.green_size = 8, info.blue_size = 1;
    assert_true(framebuffer_init(&fb, &info, &font));
    assert_int_equal(fb.ink, 0x100aaaau);
}

static void refuses_framebuffers(void **state)
{
#define WRONG(field, value) {#field " = " #value, offsetof(struct boot_framebuffer, field), \
                             sizeof(((struct boot_framebuffer *)0)->field), (value)}
    static const struct {
        const char *name;
        size_t offset, size;
        uint64_t value;
    } cases[] = {
        WRONG(kind, BOOT_FB_NONE), WRONG(kind, BOOT_FB_TEXT), WRONG(bpp, 0), WRONG(bpp, 8), WRONG(bpp, 17),
        WRONG(bpp, 30), WRONG(bpp, 33), WRONG(bpp, 64), WRONG(bpp, 255), WRONG(width, 0), WRONG(width, 11),
        WRONG(width, 26), WRONG(width, 0x40000001), WRONG(width, 0xffffffff), WRONG(height, 0), WRONG(height, 1),
        WRONG(height, 0xffffffff), WRONG(pitch, 0), WRONG(pitch, 99), WRONG(pitch, 101), WRONG(address, 0x1001),
        WRONG(red_pos, 25), WRONG(red_pos, 255), WRONG(green_size, 0), WRONG(green_size, 25),
        WRONG(blue_size, 255), WRONG(blue_pos, 32),
    };
    static uint8_t data[8192];
    struct psf_font font;
    struct framebuffer fb;

    (void)state;
    assert_true(psf_parse(&font, data, make_psf2(data)));
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct boot_framebuffer info = describe(32, 100);
        assert_true(framebuffer_init(&fb, &info, &font));
        memcpy((char *)&info + cases[i].offset, &cases[i].value, cases[i].size);
        if (framebuffer_init(&fb, &info, &font))
            fail_msg("%s is taken", cases[i].name);
    }
}

// ---- the grid ---------------------------------------------------------------------------------------

#define COLUMNS 10
#define ROWS 3

static struct screen screen;
static char shown[ROWS][COLUMNS + 1];
static bool marked[ROWS][COLUMNS];
static unsigned drawn;

static void draw(unsigned column, unsigned row, char c, bool inverse)
{
    assert_true(column < COLUMNS && row < ROWS && c >= ' ' && c <= '~');
    shown[row][column] = c;
    marked[row][column] = inverse;
    drawn++;
}

static void start(void)
{
    for (unsigned row = 0; row < ROWS; row++)
        memset(shown[row], ' ', COLUMNS);
    memset(marked, 0, sizeof(marked));
    screen_init(&screen, COLUMNS, ROWS, draw);
}

static void expect(const char *text, const char *row0, const char *row1, const char *row2, unsigned column,
                   unsigned row)
{
    const char *const rows[] = {row0, row1, row2};
    unsigned marks = 0;

    for (unsigned r = 0; r < ROWS; r++) {
        char want[COLUMNS + 1];
        snprintf(want, sizeof(want), "%-*s", COLUMNS, rows[r]);
        if (strcmp(shown[r], want) != 0)
            fail_msg("%s: row %u is \"%s\"", text, r, shown[r]);
        for (unsigned c = 0; c < COLUMNS; c++)
            marks += marked[r][c];
    }
    if (marks != 1 || !marked[row][column])
        fail_msg("%s: %u cursors, none at %u,%u", text, marks, column, row);
}

static void shows_text(void **state)
{
    static const struct {
        const char *text, *rows[ROWS];
        unsigned column, row;
    } cases[] = {
        {"", {"", "", ""}, 0, 0},
        {"ab", {"ab", "", ""}, 2, 0},
        {"ab\ncd", {"ab", "cd", ""}, 2, 1},
        {"ab\r\ncd\r\n", {"ab", "cd", ""}, 0, 2},
        {"0123456789", {"0123456789", "", ""}, 9, 0},           // full: it wraps when more comes
        {"0123456789\nx", {"0123456789", "x", ""}, 1, 1},        // without an empty row between
        {"0123456789x", {"0123456789", "x", ""}, 1, 1},
        {"0123456789\rx", {"x123456789", "", ""}, 1, 0},
        {"a\nb\nc\nd", {"b", "c", "d"}, 1, 2},
        {"a\nb\nc\n\n", {"c", "", ""}, 0, 2},
        {"0123456789\n0123456789\n0123456789\nx", {"0123456789", "0123456789", "x"}, 1, 2},
        {"12 %\r100 %", {"100 %", "", ""}, 5, 0},
        {"abc\b\bX", {"aXc", "", ""}, 2, 0},
        {"a\b\b\bX", {"X", "", ""}, 1, 0},
        {"\tx", {"        x", "", ""}, 9, 0},
        {"abc\tx", {"abc     x", "", ""}, 9, 0},
        {"12345678\tx", {"12345678", "x", ""}, 1, 1},
        {"\033[2J\a\x7f", {"?[2J??", "", ""}, 6, 0},
        {"f\xc3\xbcr \xe2\x82\xac", {"f?r ?", "", ""}, 5, 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        size_t length = strlen(cases[i].text);
        start();
        screen_write(&screen, cases[i].text, length);
        expect(cases[i].text, cases[i].rows[0], cases[i].rows[1], cases[i].rows[2], cases[i].column, cases[i].row);
        start();
        for (size_t b = 0; b < length; b++)   // the same in single bytes
            screen_write(&screen, cases[i].text + b, 1);
        screen_write(&screen, "", 0);
        expect(cases[i].text, cases[i].rows[0], cases[i].rows[1], cases[i].rows[2], cases[i].column, cases[i].row);
    }
}

// Video memory is slow: what stays is not drawn.
static void draws_changes_only(void **state)
{
    (void)state;
    start();
    screen_write(&screen, "same\nsame\nsame", 14);
    drawn = 0;
    screen_write(&screen, "\r", 1);
    assert_int_equal(drawn, 2);               // the cursor
    drawn = 0;
    screen_write(&screen, "\n", 1);
    assert_int_equal(drawn, 2 + 4);           // the last row, now empty
    expect("scrolled", "same", "same", "", 0, 2);
}

static void redraws(void **state)
{
    (void)state;
    start();
    screen_write(&screen, "ab\ncd", 5);
    memset(shown, '#', sizeof(shown) - 1);
    for (unsigned row = 0; row < ROWS; row++)
        shown[row][COLUMNS] = '\0';
    screen_redraw(&screen);
    expect("redrawn", "ab", "cd", "", 2, 1);
}

static void ignore(unsigned column, unsigned row, char c, bool inverse)
{
    assert_true(column < SCREEN_COLUMNS_MAX && row < SCREEN_ROWS_MAX && c != '\0');
    (void)inverse;
}

static void bounds_size(void **state)
{
    (void)state;
    screen_init(&screen, 100000, 100000, ignore);
    assert_int_equal(screen.columns, SCREEN_COLUMNS_MAX);
    assert_int_equal(screen.rows, SCREEN_ROWS_MAX);
    for (unsigned i = 0; i < SCREEN_COLUMNS_MAX * (SCREEN_ROWS_MAX + 2); i++)
        screen_write(&screen, "x", 1);
    screen_init(&screen, 1, 1, ignore);
    screen_write(&screen, "ab\n\tc\b\b", 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parses_fonts),
        cmocka_unit_test(refuses_fonts),
        cmocka_unit_test(draws_pixels),
        cmocka_unit_test(scales_colours),
        cmocka_unit_test(refuses_framebuffers),
        cmocka_unit_test(shows_text),
        cmocka_unit_test(draws_changes_only),
        cmocka_unit_test(redraws),
        cmocka_unit_test(bounds_size),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
