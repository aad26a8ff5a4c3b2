// kernel/image_sink.c over the real memory map, with memory mapped where the map says RAM is.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "kernel/image_sink.h"  // image_sink_init
#include "kernel/memory.h"      // memmap_add
#include "lib/err.h"            // ERR_NOT_ENOUGH_MEMORY

#include <cmocka.h>  // last: its macro fail() would hide ours

// Where a host program has room under AddressSanitizer, whose own memory takes 2 GiB to 16 TiB.
#define LOW_BASE GIB(1)
#define HIGH_BASE GIB(32 * 1024)
#define AREA MIB(1000)    // mapped at both; untouched pages cost nothing

static void *map_at(uint64_t base)
{
    return mmap((void *)(uintptr_t)base, AREA, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
}

static int map_memory(void **state)
{
    (void)state;
    return map_at(LOW_BASE) == (void *)(uintptr_t)LOW_BASE &&
           map_at(HIGH_BASE) == (void *)(uintptr_t)HIGH_BASE ? 0 : -1;
}

static void make_machine(uint64_t low, uint64_t high)
{
    memmap_init();
    if (low > 0)
        assert_int_equal(memmap_add(LOW_BASE, low, MEM_RAM), 0);
    if (high > 0)
        assert_int_equal(memmap_add(HIGH_BASE, high, MEM_RAM), 0);
}

static void put(struct image_sink *image, uint64_t length, uint8_t value)
{
    static uint8_t block[4096];
    uint64_t at = 0;

    memset(block, value, sizeof(block));
    for (; at < length; at += sizeof(block)) {
        size_t part = length - at < sizeof(block) ? length - at : sizeof(block);
        assert_int_equal(image->sink.write(&image->sink, at, block, part), 0);
    }
}

// The last 2 MiB are filled with zeros, the header is zero, the place is aligned and ends where RAM ends.
static void test_known_length(void **state)
{
    const uint64_t length = MIB(20) + 12345;
    struct image_sink image;
    uint64_t free_before;

    (void)state;
    make_machine(MIB(512), MIB(512));
    free_before = memmap_free_ram();
    memset((void *)(uintptr_t)(HIGH_BASE + MIB(512) - MIB(24)), 0xaa, MIB(24));
    image_sink_init(&image);
    assert_int_equal(image.sink.begin(&image.sink, length), 0);
    assert_int_equal(image.base, HIGH_BASE + MIB(512) - MIB(24));
    assert_int_equal(memmap_free_ram(), free_before - MIB(24));
    put(&image, length, 0x5a);
    assert_int_equal(image.sink.finish(&image.sink, length), 0);
    assert_int_equal(image.length, length);
    assert_int_equal(image_sink_iso(&image)[0], 0x5a);
    assert_int_equal(image_sink_iso(&image)[length - 1], 0x5a);
    for (uint64_t i = length; i < MIB(22); i++)
        assert_int_equal(image_sink_iso(&image)[i], 0);
    for (uint64_t i = 0; i < IMAGE_HEADER_SIZE; i += 4096)
        assert_int_equal(*(uint8_t *)(uintptr_t)(image.base + i), 0);
    image_sink_release(&image);
    assert_int_equal(memmap_free_ram(), free_before);
}

// Below 4 GiB the last 32 MiB, where a BIOS has left code, stay free; not where Linux would have too little then.
static void test_beside_firmware_code(void **state)
{
    const uint64_t end = LOW_BASE + MIB(512), length = MIB(100);
    struct image_sink image;

    (void)state;
    make_machine(MIB(512), 0);
    image_sink_init(&image);
    assert_int_equal(image.sink.begin(&image.sink, length), 0);
    assert_int_equal(image.base, end - MIB(32) - MIB(2) - length);
    // 512 - 32 - 300 MiB and the header's 2
    assert_int_equal(image.sink.begin(&image.sink, MIB(178)), 0);
    assert_int_equal(image.base, LOW_BASE + IMAGE_LINUX_MARGIN);
    assert_int_equal(image.sink.begin(&image.sink, MIB(178) + 1), 0);
    assert_int_equal(image.base, end - MIB(182));
    // What is claimed below the end does not move it.
    make_machine(MIB(512), 0);
    image_sink_init(&image);
    assert_int_equal(memmap_claim_at(end - MIB(16), MIB(16), "firmware"), 0);
    assert_int_equal(image.sink.begin(&image.sink, length), 0);
    assert_int_equal(image.base, end - MIB(32) - MIB(2) - length);
    make_machine(MIB(16), 0);
    image_sink_init(&image);
    assert_int_equal(image.sink.begin(&image.sink, length), ERR_NOT_ENOUGH_MEMORY);
}

// Bytes before their turn: put where room() says, handed on from there, not touched again.
static void test_room(void **state)
{
    struct image_sink image;

    (void)state;
    make_machine(MIB(512), MIB(512));
    image_sink_init(&image);
    assert_int_equal(image.sink.begin(&image.sink, MIB(8)), 0);
    uint8_t *room = image.sink.room(&image.sink, MIB(6), MIB(2));
    assert_ptr_equal(room, image_sink_iso(&image) + MIB(6));
    memset(room, 0x77, MIB(2));
    assert_null(image.sink.room(&image.sink, MIB(6), MIB(2) + 1));
    assert_null(image.sink.room(&image.sink, MIB(8) + 1, 0));
    assert_null(image.sink.room(&image.sink, UINT64_MAX, 1));
    put(&image, MIB(6), 0x11);
    assert_int_equal(image.sink.write(&image.sink, MIB(6), room, MIB(2)), 0);
    assert_int_equal(image.sink.finish(&image.sink, MIB(8)), 0);
    assert_int_equal(image_sink_iso(&image)[MIB(6) - 1], 0x11);
    assert_int_equal(image_sink_iso(&image)[MIB(6)], 0x77);
    assert_int_equal(image_sink_iso(&image)[MIB(8) - 1], 0x77);
    // The length of this one is not known: what is claimed may move.
    assert_int_equal(image.sink.begin(&image.sink, SINK_LENGTH_UNKNOWN), 0);
    assert_null(image.sink.room(&image.sink, 0, 1));
    image_sink_release(&image);
}

static void test_does_not_fit(void **state)
{
    static const struct {
        uint64_t low, high, length;
        const char *words;
    } cases[] = {
        { MIB(512), 0, MIB(513), "513 MiB, but only 512 MiB of 512 MiB" },
        { MIB(512), 0, MIB(220), "220 MiB and Linux needs 300 MiB, but only 512 MiB" },
        { MIB(512), 0, UINT64_MAX - 1, "but only 512 MiB of 512 MiB" },
        { MIB(600), MIB(600), MIB(650), "652 MiB in one piece, the largest free piece of RAM has 600 MiB" },
        { 0, 0, MIB(1), "only 0 MiB of 0 MiB" },
    };
    struct image_sink image;

    (void)state;
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        make_machine(cases[i].low, cases[i].high);
        image_sink_init(&image);
        assert_int_equal(image.sink.begin(&image.sink, cases[i].length), ERR_NOT_ENOUGH_MEMORY);
        if (strstr(fail_detail(), cases[i].words) == NULL)
            fail_msg("case %u: %s", i, fail_detail());
        assert_int_equal(image.base, 0);
        assert_int_equal(memmap_free_ram(), cases[i].low + cases[i].high);
    }
}

// The largest region is claimed but what Linux needs; afterwards only what the ISO took is.
static void test_unknown_length(void **state)
{
    const uint64_t length = MIB(5) + 1;
    struct image_sink image;

    (void)state;
    make_machine(MIB(700), 0);
    image_sink_init(&image);
    assert_int_equal(image.sink.begin(&image.sink, SINK_LENGTH_UNKNOWN), 0);
    assert_int_equal(image.base, LOW_BASE + IMAGE_LINUX_MARGIN);
    assert_int_equal(image.room, MIB(700) - IMAGE_LINUX_MARGIN - IMAGE_HEADER_SIZE);
    put(&image, length, 0x77);
    assert_int_equal(image.sink.finish(&image.sink, length), 0);
    assert_int_equal(memmap_free_ram(), MIB(700) - MIB(8));
    assert_int_equal(image_sink_iso(&image)[length - 1], 0x77);
    assert_int_equal(image_sink_iso(&image)[length], 0);
}

static void test_unknown_margin(void **state)
{
    struct image_sink image;

    (void)state;
    // Above 4 GiB with enough below: all of the region.
    make_machine(MIB(400), MIB(800));
    image_sink_init(&image);
    assert_int_equal(image.sink.begin(&image.sink, SINK_LENGTH_UNKNOWN), 0);
    assert_int_equal(image.base, HIGH_BASE);
    image_sink_release(&image);
    // Above 4 GiB with 100 MiB below: 200 MiB stay.
    make_machine(MIB(100), MIB(800));
    assert_int_equal(image.sink.begin(&image.sink, SINK_LENGTH_UNKNOWN), 0);
    assert_int_equal(image.base, HIGH_BASE + MIB(200));
    image_sink_release(&image);
    // All below 4 GiB and in two pieces, as the heap cuts it: what the smaller one has need not stay in the other.
    make_machine(MIB(450), 0);
    assert_int_equal(memmap_claim_at(LOW_BASE + MIB(200), MIB(4), "heap"), 0);
    assert_int_equal(image.sink.begin(&image.sink, SINK_LENGTH_UNKNOWN), 0);
    assert_int_equal(image.base, LOW_BASE + MIB(204) + MIB(100));
    image_sink_release(&image);
    // Nothing left for the ISO.
    make_machine(MIB(301), 0);
    assert_int_equal(image.sink.begin(&image.sink, SINK_LENGTH_UNKNOWN), ERR_NOT_ENOUGH_MEMORY);
}

// Bytes past what was claimed are refused, not written.
static void test_too_much(void **state)
{
    struct image_sink image;
    uint8_t byte = 1;

    (void)state;
    make_machine(MIB(512), 0);
    image_sink_init(&image);
    assert_int_equal(image.sink.begin(&image.sink, 10), 0);
    assert_int_equal(image.sink.write(&image.sink, 9, &byte, 1), 0);
    assert_int_equal(image.sink.write(&image.sink, 10, &byte, 1), ERR_INVALID_RESPONSE);
    assert_int_equal(image.sink.write(&image.sink, UINT64_MAX, &byte, 1), ERR_INVALID_RESPONSE);
    assert_int_equal(image.sink.write(&image.sink, 5, &byte, SIZE_MAX), ERR_INVALID_RESPONSE);
    assert_int_equal(image.sink.finish(&image.sink, 11), ERR_INVALID_RESPONSE);

    assert_int_equal(image.sink.begin(&image.sink, SINK_LENGTH_UNKNOWN), 0);
    assert_int_equal(image.sink.write(&image.sink, image.room - 1, &byte, 1), 0);
    assert_int_equal(image.sink.write(&image.sink, image.room, &byte, 1), ERR_NOT_ENOUGH_MEMORY);
}

// A second begin() starts anew, whatever the first one was; nothing is lost.
static void test_again(void **state)
{
    static const uint64_t lengths[] = { MIB(3), SINK_LENGTH_UNKNOWN, MIB(90), SINK_LENGTH_UNKNOWN, MIB(3) };
    struct image_sink image;
    uint64_t free_before;

    (void)state;
    make_machine(MIB(600), 0);
    free_before = memmap_free_ram();
    image_sink_init(&image);
    for (unsigned i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        assert_int_equal(image.sink.begin(&image.sink, lengths[i]), 0);
        put(&image, 1, 0x11);
    }
    assert_int_equal(image.sink.finish(&image.sink, 1), 0);
    assert_int_equal(memmap_free_ram(), free_before - MIB(4));
    image_sink_release(&image);
    image_sink_release(&image);
    assert_int_equal(memmap_free_ram(), free_before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_length),   cmocka_unit_test(test_beside_firmware_code),
        cmocka_unit_test(test_does_not_fit),   cmocka_unit_test(test_room),
        cmocka_unit_test(test_unknown_length), cmocka_unit_test(test_unknown_margin),
        cmocka_unit_test(test_too_much),       cmocka_unit_test(test_again),
    };

    return cmocka_run_group_tests(tests, map_memory, NULL);
}
