// An ISO 9660 image with folders, made in memory, in each of the ways in which names are written: for tests of
// what tests/unit/tiny_iso.h is too plain for.
#ifndef URLBOOT_TESTS_TINY_TREE_H
#define URLBOOT_TESTS_TINY_TREE_H

#include <stddef.h>
#include <stdint.h>

#define TINY_TREE_FOLDERS_MAX 24
#define TINY_KERNEL_SIZE 2048

enum tiny_names { TINY_PLAIN, TINY_ROCK_RIDGE, TINY_JOLIET };

struct tree_file {
    const char *path;     // "/folder/file": folders are made as they are named; UTF-8, one sector of records each
    const void *data;     // with size 0: an empty file
    size_t size;
    const char *link;     // Rock Ridge: a symbolic link to this instead of data
    unsigned pieces;      // more than 1: an extent for each piece, a sector apart; size must reach for them
};

// An image of the label "A LABEL" with `count` files, from malloc() and exactly *size bytes long.
uint8_t *tiny_tree(enum tiny_names names, const struct tree_file *files, unsigned count, size_t *size);

// TINY_KERNEL_SIZE bytes that pass for a 64-bit bzImage.
const uint8_t *tiny_kernel(void);

#endif
