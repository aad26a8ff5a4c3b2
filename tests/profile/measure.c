// The count itself, and the functions of the payload that are counted by bytes instead of instructions:
// callgrind takes each round of `rep movs` for an instruction, however many bytes it moves, so a faster memcpy()
// could look slower; and SHA-256 has other code on every processor. Not handled: copies that the compiler has put
// in line (a few words each).

#include "tests/profile/measure.h"  // measure_pause

#include <stddef.h>
#include <x86intrin.h>   // __rdtsc

#include <valgrind/callgrind.h>

#include "lib/sha256.h"  // struct sha256

struct measure_counts measure_counts;
uint64_t measure_ticks;

static unsigned paused, uncounted;
static bool window, counting, timing;
static uint64_t timed_since;

// callgrind is started with --collect-atstart=no.
static void update(void)
{
    bool wanted = window && paused == 0, counts = wanted && uncounted == 0;

    if (counts != counting)
        CALLGRIND_TOGGLE_COLLECT;
    counting = counts;
    if (wanted && !timing)
        timed_since = __rdtsc();
    else if (!wanted && timing)
        measure_ticks += __rdtsc() - timed_since;
    timing = wanted;
}

void measure_window(bool open)
{
    window = open;
    update();
}

void measure_pause(void)
{
    paused++;
    update();
}

void measure_resume(void)
{
    paused--;
    update();
}

bool measure_is_paused(void)
{
    return paused > 0;
}

// ---- bytes instead of instructions ------------------------------------------------------------------

static void count(uint64_t *bytes, uint64_t *calls, size_t n)
{
    if (paused > 0)
        return;
    *bytes += n;
    *calls += 1;
}

// The product's work, but no instructions: it takes its time.
static void uncount(bool begin)
{
    uncounted += begin ? 1 : -1u;
    update();
}

void *memcpy(void *restrict to, const void *restrict from, size_t n)
{
    void *d = to;
    size_t words = n / 8, rest = n % 8;

    count(&measure_counts.copied, &measure_counts.copies, n);
    uncount(true);
    __asm__ volatile("rep movsq" : "+D"(d), "+S"(from), "+c"(words) : : "memory");
    __asm__ volatile("rep movsb" : "+D"(d), "+S"(from), "+c"(rest) : : "memory");
    uncount(false);
    return to;
}

void *memmove(void *to, const void *from, size_t n)
{
    const uint8_t *s = from;
    uint8_t *d = to;

    if ((uintptr_t)d - (uintptr_t)s >= n)
        return memcpy(to, from, n);
    count(&measure_counts.copied, &measure_counts.copies, n);
    uncount(true);
    while (n-- > 0) {
        d[n] = s[n];
        __asm__ volatile("" : : : "memory");  // or the compiler makes a call of memmove() of it
    }
    uncount(false);
    return to;
}

void *memset(void *to, int byte, size_t n)
{
    void *d = to;
    uint64_t calls = 0;

    count(&measure_counts.cleared, &calls, n);
    uncount(true);
    __asm__ volatile("rep stosb" : "+D"(d), "+c"(n) : "a"(byte) : "memory");
    uncount(false);
    return to;
}

// The linker sends the product's calls here (--wrap).
void __real_sha256_update(struct sha256 *hash, const void *data, size_t length);
void __wrap_sha256_update(struct sha256 *hash, const void *data, size_t length);

void __wrap_sha256_update(struct sha256 *hash, const void *data, size_t length)
{
    measure_counts.hashed += length;
    uncount(true);
    __real_sha256_update(hash, data, length);
    uncount(false);
}
