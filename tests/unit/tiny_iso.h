// A small ISO 9660 image made in memory: files in the root directory by their plain names, and a kernel. For
// tests and fuzzers of iso/.
#ifndef URLBOOT_TESTS_TINY_ISO_H
#define URLBOOT_TESTS_TINY_ISO_H

#include <stddef.h>
#include <stdint.h>

#define TINY_ISO_KERNEL "/k"  // in every image: a header that passes for a 64-bit bzImage
#define TINY_ISO_INITRD "/i"
#define TINY_ISO_FILES_MAX 16

struct tiny_file {
    const char *name;         // in capitals, without folder: "GRUB.CFG" is found as /grub.cfg
    const void *data;
    size_t size;
};

// An image of the label "A LABEL" with `count` files, from malloc() and exactly *size bytes long, so that a
// read behind it is noticed. Files with the same data share it.
uint8_t *tiny_iso(const struct tiny_file *files, unsigned count, size_t *size);

#endif
