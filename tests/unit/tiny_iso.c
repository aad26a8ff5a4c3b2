// Makes small images for the tests of iso/. Spec: ECMA-119 8.4 (volume descriptor), 9.1 (directory records).
#include "tests/unit/tiny_iso.h"  // tiny_iso

#include "iso/iso9660_layout.h"  // DR_LENGTH

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define ROOT_SECTOR 18
#define KERNEL_SECTOR 19
#define FILES_SECTOR 20

static void put32(uint8_t *at, size_t value)
{
    uint32_t number = (uint32_t)value;

    memcpy(at, &number, sizeof(number));
}

// Appends a directory record; returns the byte behind it.
static uint8_t *add_record(uint8_t *at, const char *name, size_t name_length, size_t sector, size_t bytes,
                           uint8_t flags)
{
    at[DR_LENGTH] = (uint8_t)((DR_NAME + name_length + 1) & ~(size_t)1);
    put32(at + DR_EXTENT, sector);
    put32(at + DR_DATA_LENGTH, bytes);
    at[DR_FLAGS] = flags;
    at[DR_NAME_LENGTH] = (uint8_t)name_length;
    memcpy(at + DR_NAME, name, name_length);
    return at + at[DR_LENGTH];
}

static void make_frame(uint8_t *image)
{
    uint8_t *volume = image + ISO_FIRST_DESCRIPTOR * ISO_SECTOR, *kernel = image + KERNEL_SECTOR * ISO_SECTOR;

    volume[VD_TYPE] = VD_TYPE_PRIMARY;
    memcpy(volume + VD_MAGIC, "CD001", 5);
    memcpy(volume + VD_VOLUME_ID, "A LABEL                         ", VD_VOLUME_ID_LENGTH);
    volume[VD_BLOCK_SIZE + 1] = ISO_SECTOR >> 8;
    add_record(volume + VD_ROOT_RECORD, "", 1, ROOT_SECTOR, ISO_SECTOR, DR_FLAG_DIRECTORY);
    memcpy(kernel + 0x202, "HdrS\x0f\x02", 6);
    kernel[0x236] = 1;  // XLF_KERNEL_64
}

// The sector of file `i`: behind the others, or where an earlier file with the same data lies.
static size_t sector_of(const struct tiny_file *files, unsigned i)
{
    size_t sector = FILES_SECTOR;

    for (unsigned k = 0; k < i; k++) {
        if (files[k].data == files[i].data)
            return sector_of(files, k);
        sector += (files[k].size + ISO_SECTOR - 1) / ISO_SECTOR;
    }
    return sector;
}

uint8_t *tiny_iso(const struct tiny_file *files, unsigned count, size_t *size)
{
    *size = FILES_SECTOR * ISO_SECTOR;
    for (unsigned i = 0; i < count; i++)
        if (sector_of(files, i) * ISO_SECTOR + files[i].size > *size)
            *size = sector_of(files, i) * ISO_SECTOR + files[i].size;

    uint8_t *image = calloc(1, *size), *at = image + ROOT_SECTOR * ISO_SECTOR;
    assert(image && count <= TINY_ISO_FILES_MAX);
    make_frame(image);
    at = add_record(at, "", 1, ROOT_SECTOR, ISO_SECTOR, DR_FLAG_DIRECTORY);
    at = add_record(at, "\1", 1, ROOT_SECTOR, ISO_SECTOR, DR_FLAG_DIRECTORY);
    at = add_record(at, "K", 1, KERNEL_SECTOR, ISO_SECTOR, 0);
    at = add_record(at, "I", 1, KERNEL_SECTOR, ISO_SECTOR, 0);
    for (unsigned i = 0; i < count; i++) {
        at = add_record(at, files[i].name, strlen(files[i].name), sector_of(files, i), files[i].size, 0);
        if (files[i].size > 0)
            memcpy(image + sector_of(files, i) * ISO_SECTOR, files[i].data, files[i].size);
    }
    return image;
}
