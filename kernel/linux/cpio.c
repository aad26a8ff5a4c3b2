// cpio "newc" archives, as the kernel's initramfs unpacker reads them.
// Spec: Documentation/driver-api/early-userspace/buffer-format.rst. Pure: builds on the host.
// Not handled: anything but regular files; every file has one link, so no two share an inode.

#include "kernel/linux/cpio.h"  // cpio_file

#include <string.h>

#define FIELDS 13          // of eight hex digits, behind the magic
#define HEADER_SIZE 110ull
#define MODE_REGULAR 0100000u

static void put(struct cpio *cpio, const void *data, uint64_t length)
{
    if (cpio->out != NULL)
        memcpy(cpio->out + cpio->used, data, length);
    cpio->used += length;
}

static void pad(struct cpio *cpio)
{
    static const uint8_t zeros[CPIO_ALIGN];

    put(cpio, zeros, cpio_padding(cpio->used));
}

static void entry(struct cpio *cpio, const char *name, unsigned mode, unsigned inode, uint64_t size)
{
    static const char digits[16] = { '0', '1', '2', '3', '4', '5', '6', '7',
                                     '8', '9', 'A', 'B', 'C', 'D', 'E', 'F' };
    uint64_t name_size = strlen(name) + 1;
    // inode, mode, uid, gid, links, mtime, size, 4 device numbers, name's size, checksum (unused)
    const uint64_t fields[FIELDS] = { inode, mode, 0, 0, 1, 0, size, 0, 0, 0, 0, name_size, 0 };
    char header[HEADER_SIZE] = { '0', '7', '0', '7', '0', '1' };
    char *to = header + 6;

    for (unsigned i = 0; i < FIELDS; i++)
        for (int shift = 28; shift >= 0; shift -= 4)
            *to++ = digits[fields[i] >> shift & 15];
    put(cpio, header, HEADER_SIZE);
    put(cpio, name, name_size);
    pad(cpio);
}

void cpio_header(struct cpio *cpio, const char *name, unsigned mode, uint64_t size)
{
    entry(cpio, name, MODE_REGULAR | mode, ++cpio->inode, size);
}

void cpio_file(struct cpio *cpio, const char *name, unsigned mode, const void *data, uint64_t size)
{
    cpio_header(cpio, name, mode, size);
    put(cpio, data, size);
    pad(cpio);
}

void cpio_trailer(struct cpio *cpio)
{
    entry(cpio, "TRAILER!!!", 0, 0, 0);
}
