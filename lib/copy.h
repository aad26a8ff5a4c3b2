// Two ways to copy a block, and which of them memcpy() takes. Processors run the string instruction at the
// width of their caches; an emulator (QEMU's TCG) runs it word by word, with a look at the world after each,
// and is faster through a loop. Nothing the processor says of itself tells the two apart, so kernel/tune.c
// measures both:
//     copy_by_string = cycles_of(copy_string) < cycles_of(copy_words);
#ifndef URLBOOT_LIB_COPY_H
#define URLBOOT_LIB_COPY_H

#include <stdbool.h>
#include <stddef.h>

#define COPY_WORDS_MIN 16u    // what both need at least
#define COPY_BLOCK_MIN 128u   // below, starting the string instruction costs more than it saves

// Whether memcpy() copies blocks from COPY_BLOCK_MIN bytes on by copy_string(). False at first.
extern bool copy_by_string;

// Copies n >= COPY_WORDS_MIN bytes, eight at a time; the areas must not overlap.
void copy_words(void *restrict dst, const void *restrict src, size_t n);

// The same by `rep movsq`.
void copy_string(void *restrict dst, const void *restrict src, size_t n);

#endif
