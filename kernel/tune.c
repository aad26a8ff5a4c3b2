// The choice of lib/copy.h by stop-watch (contract: kernel/tune.h).
// Tested: unit tests with a clock of their own; QEMU TCG, which is faster by words. Not measured by this file
// on any processor itself.
#include "kernel/tune.h"  // tune_copy

#include <stddef.h>
#include <stdint.h>

#include "kernel/cpu.h"     // rdtsc
#include "kernel/memory.h"  // kmalloc
#include "lib/copy.h"       // copy_words
#include "lib/log.h"        // log_debug

#define PIECE 1460u       // a full segment's data
#define PIECES 48u        // together larger than a first-level cache, as the frames of a poll are
#define ROUNDS 4u         // the fastest counts: whatever disturbs makes it slower

// Cycles for all pieces.
static uint64_t cycles_of(void (*copy)(void *restrict dst, const void *restrict src, size_t n), uint8_t *dst,
                          const uint8_t *src, uint64_t (*clock)(void))
{
    uint64_t best = UINT64_MAX;

    for (unsigned round = 0; round < ROUNDS; round++) {
        uint64_t start = clock();
        for (unsigned i = 0; i < PIECES; i++)
            copy(dst + i * PIECE, src + i * PIECE, PIECE);
        uint64_t spent = clock() - start;
        best = spent < best ? spent : best;
    }
    return best;
}

void tune_copy_by(uint64_t (*clock)(void))
{
    uint8_t *memory = kmalloc(2 * PIECES * PIECE);

    if (memory == NULL)
        return;
    uint64_t words = cycles_of(copy_words, memory, memory + PIECES * PIECE, clock);
    uint64_t string = cycles_of(copy_string, memory, memory + PIECES * PIECE, clock);
    kfree(memory);
    copy_by_string = string < words;
    log_debug("memcpy: %llu cycles per KiB by words, %llu by rep movs",
              (unsigned long long)(words * 1024 / (PIECES * PIECE)),
              (unsigned long long)(string * 1024 / (PIECES * PIECE)));
}

void tune_copy(void)
{
    tune_copy_by(rdtsc);
}
