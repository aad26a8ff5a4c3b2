// kernel/linux/cpio.c: what it writes is read back field by field, for every alignment of names and contents.
#include "kernel/linux/cpio.h"  // cpio_file

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct entry {
    unsigned long inode, mode, links, size, name_size;
    const char *name;
    const uint8_t *data;
};

static unsigned long field(const uint8_t *header, unsigned index)
{
    char text[9] = { 0 };

    memcpy(text, header + 6 + 8 * index, 8);
    assert_int_equal(strspn(text, "0123456789ABCDEF"), 8);
    return strtoul(text, NULL, 16);
}

// Reads the entry at *at by the rules of buffer-format.rst and moves behind it.
static struct entry read_entry(const uint8_t *archive, uint64_t length, uint64_t *at)
{
    const uint8_t *header = archive + *at;
    struct entry e;

    assert_int_equal(*at % 4, 0);
    assert_true(*at + 110 <= length);
    assert_memory_equal(header, "070701", 6);
    e.inode = field(header, 0);
    e.mode = field(header, 1);
    e.links = field(header, 4);
    e.size = field(header, 6);
    e.name_size = field(header, 11);
    for (unsigned i = 0; i < 13; i++)
        if (i != 0 && i != 1 && i != 4 && i != 6 && i != 11)
            assert_int_equal(field(header, i), 0);
    e.name = (const char *)header + 110;
    assert_int_equal(e.name[e.name_size - 1], 0);
    assert_int_equal(strlen(e.name) + 1, e.name_size);
    uint64_t data = (*at + 110 + e.name_size + 3) / 4 * 4;
    for (uint64_t i = *at + 110 + e.name_size; i < data; i++)
        assert_int_equal(archive[i], 0);
    e.data = archive + data;
    *at = (data + e.size + 3) / 4 * 4;
    assert_true(*at <= length);
    for (uint64_t i = data + e.size; i < *at; i++)
        assert_int_equal(archive[i], 0);
    return e;
}

static void write_all(struct cpio *cpio, const char *name, const uint8_t *data, uint64_t size)
{
    cpio_file(cpio, name, 0755, data, size);
    cpio_file(cpio, "second", 0644, "x", 1);
    cpio_trailer(cpio);
}

static void reads_back(void **state)
{
    static const char *const names[] = { "a", "ab", "abc", "abcd", "urlboot-init" };
    uint8_t data[9] = { 1, 2, 3, 4, 5, 6, 7, 8, 9 };

    (void)state;
    for (unsigned n = 0; n < sizeof(names) / sizeof(names[0]); n++)
        for (uint64_t size = 0; size <= sizeof(data); size++) {
            struct cpio count = { .out = NULL };
            write_all(&count, names[n], data, size);
            uint8_t *buffer = malloc(count.used);
            memset(buffer, 0xee, count.used);
            struct cpio archive = { .out = buffer };
            write_all(&archive, names[n], data, size);
            assert_int_equal(archive.used, count.used);

            uint64_t at = 0;
            struct entry first = read_entry(buffer, archive.used, &at);
            assert_string_equal(first.name, names[n]);
            assert_int_equal(first.mode, 0100755);
            assert_int_equal(first.links, 1);
            assert_int_equal(first.size, size);
            assert_memory_equal(first.data, data, size);
            struct entry second = read_entry(buffer, archive.used, &at);
            assert_int_equal(second.mode, 0100644);
            assert_int_not_equal(second.inode, first.inode);
            struct entry last = read_entry(buffer, archive.used, &at);
            assert_string_equal(last.name, "TRAILER!!!");
            assert_int_equal(last.size, 0);
            assert_int_equal(at, archive.used);
            free(buffer);
        }
}

static void header_alone_ends_where_contents_begin(void **state)
{
    uint8_t buffer[256];
    struct cpio cpio = { .out = buffer };

    (void)state;
    cpio_header(&cpio, "live.iso", 0644, CPIO_FILE_MAX);
    assert_int_equal(cpio.used, (110 + 9 + 3) / 4 * 4);
    assert_memory_equal(buffer + 6 + 8 * 6, "FFFFFFFF", 8);
}

static void padding(void **state)
{
    (void)state;
    assert_int_equal(cpio_padding(0), 0);
    assert_int_equal(cpio_padding(1), 3);
    assert_int_equal(cpio_padding(5), 3);
    assert_int_equal(cpio_padding(6), 2);
    assert_int_equal(cpio_padding(8), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_back),
        cmocka_unit_test(header_alone_ends_where_contents_begin),
        cmocka_unit_test(padding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
