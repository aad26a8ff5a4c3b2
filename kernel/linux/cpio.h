// Inside kernel/linux: writing a cpio archive in the "newc" format that the Linux initramfs reads.
#ifndef URLBOOT_KERNEL_LINUX_CPIO_H
#define URLBOOT_KERNEL_LINUX_CPIO_H

#include <stdint.h>

#define CPIO_FILE_MAX 0xffffffffull  // the length field has eight hex digits
#define CPIO_ALIGN 4ull              // headers and contents start at multiples of it

struct cpio {
    uint8_t *out;      // NULL: nothing is written, only `used` is counted
    uint64_t used;     // bytes written so far
    unsigned inode;    // last number given out
};

// Bytes to add to `length` to reach the next multiple of 4.
static inline uint64_t cpio_padding(uint64_t length)
{
    return -length & (CPIO_ALIGN - 1);
}

// Appends the header of a regular file `name` (without leading slash) with permissions `mode` (0755) and
// `size` bytes of contents, which the caller puts at out + used, followed by cpio_padding(size) zeros.
// The room at `out` is the caller's concern: count first.
void cpio_header(struct cpio *cpio, const char *name, unsigned mode, uint64_t size);

// Appends a whole file.
void cpio_file(struct cpio *cpio, const char *name, unsigned mode, const void *data, uint64_t size);

// Appends the entry that ends an archive.
//
// Example:
//     struct cpio count = { 0 }, archive = { .out = buffer };
//     write_all(&count);                      // write_all() calls cpio_file() and cpio_trailer()
//     if (count.used <= sizeof(buffer))
//         write_all(&archive);
void cpio_trailer(struct cpio *cpio);

#endif
