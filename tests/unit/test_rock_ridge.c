// Rock Ridge names whose fields go on elsewhere in the image.
#include "iso/iso9660.h"         // struct iso
#include "iso/iso9660_layout.h"  // CE_BLOCK
#include "iso/rock_ridge.h"      // rock_ridge_read
#include "lib/err.h"             // ERR_ISO_INVALID

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define AREA_BLOCK 1

static uint8_t image[4 * ISO_SECTOR];
static char name[64];

// A record whose only field sends the reader to `size` bytes at `offset` of AREA_BLOCK.
static int read_continued(uint32_t offset, uint32_t size)
{
    const struct iso iso = {.base = image, .size = sizeof(image), .block_size = ISO_SECTOR, .rock_ridge = true};
    uint8_t *field = image + DR_NAME + 1;
    uint32_t block = AREA_BLOCK;
    struct rock_ridge rr;

    image[DR_LENGTH] = DR_NAME + 1 + CE_LENGTH;
    image[DR_NAME_LENGTH] = 1;
    memcpy(field, "CE\x1c\1", 4);
    memcpy(field + CE_BLOCK, &block, sizeof(block));
    memcpy(field + CE_OFFSET, &offset, sizeof(offset));
    memcpy(field + CE_SIZE, &size, sizeof(size));
    return rock_ridge_read(&iso, image, &rr, name, sizeof(name));
}

static void test_continued_name(void **state)
{
    (void)state;
    memcpy(image + AREA_BLOCK * ISO_SECTOR + 100, "NM\x08\1\0abc", 8);
    assert_int_equal(read_continued(100, 8), 0);
    assert_string_equal(name, "abc");
    memcpy(image + 2 * ISO_SECTOR - 8, "NM\x08\1\0end", 8);
    assert_int_equal(read_continued(ISO_SECTOR - 8, 8), 0);
    assert_string_equal(name, "end");
}

// More would lie inside the image, but then each of a million records could cost a walk over all of it.
static void test_continuation_keeps_to_its_sector(void **state)
{
    (void)state;
    assert_int_equal(read_continued(0, ISO_SECTOR), 0);
    assert_int_equal(read_continued(0, ISO_SECTOR + 1), ERR_ISO_INVALID);
    assert_int_equal(read_continued(ISO_SECTOR, 8), ERR_ISO_INVALID);
    assert_int_equal(read_continued(UINT32_MAX, UINT32_MAX), ERR_ISO_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_continued_name),
        cmocka_unit_test(test_continuation_keeps_to_its_sector),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
