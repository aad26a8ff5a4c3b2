// The heap (contract in kernel/memory.h): physically adjacent blocks with boundary tags, free ones also in
// lists by size class, four classes to each power of two, found through a bitmap; both directions take a
// few steps whatever the heap holds. Every header is stamped with a number made of its address and state,
// so freeing twice and freeing what was never allocated are noticed. Not for interrupt handlers.
#include "kernel/memory.h"  // kmalloc

#include <assert.h>
#include <string.h>

#include "kernel/panic.h"  // panic

#define ALIGN 16ull
#define HEADER sizeof(struct block)
#define BLOCK_MIN sizeof(struct free_block)
#define SUB_BITS 2  // log2 of the classes to a power of two
#define SUBS (1u << SUB_BITS)
#define CLASSES (64 * SUBS)
#define JUNK 0x6b

#define STAMP_USED 0x5ed0cc00a110c8edull
#define STAMP_FREE 0x1d1e0f4ee0b10c45ull

// In front of every allocation. Sizes count the header and are multiples of ALIGN.
struct block {
    uint32_t stamp;
    uint32_t prev_units;  // size of the block before, in ALIGN bytes; 0 for the first
    uint64_t size;        // 0: the end mark
};

struct free_block {
    struct block block;
    struct free_block *next, *prev;
};

static_assert(sizeof(struct block) == ALIGN, "memory behind a header must be aligned");

bool heap_junk;

static struct free_block *lists[CLASSES];
static uint64_t list_bits[CLASSES / 64];
static struct block *first, *end_mark;
static size_t used_bytes, peak_bytes;
static unsigned used_blocks;

static uint32_t stamp_of(const struct block *b, uint64_t state)
{
    return (uint32_t)(((uintptr_t)b / ALIGN * 0x9e3779b97f4a7c15ull ^ state) >> 32);
}

static bool is_used(const struct block *b)
{
    return b->stamp == stamp_of(b, STAMP_USED);
}

static bool is_freed(const struct block *b)
{
    return b->stamp == stamp_of(b, STAMP_FREE);
}

// SAFETY (the four below): a block that is part of the heap has its neighbours where its sizes say; kfree()
// and heap_check() test stamps and sizes against each other before they rely on it.
static struct block *next_of(const struct block *b)
{
    return (struct block *)((uintptr_t)b + b->size);
}

static struct block *prev_of(const struct block *b)
{
    return (struct block *)((uintptr_t)b - b->prev_units * ALIGN);
}

static void *memory_of(struct block *b)
{
    return (char *)b + HEADER;
}

static struct block *block_of(void *memory)
{
    return (struct block *)((char *)memory - HEADER);
}

// ---- lists of free blocks ---------------------------------------------------------------------------

// The class whose blocks are all at least as large as its lower bound, which is at most `size`.
static unsigned class_of(uint64_t size)
{
    unsigned log = 63 - (unsigned)__builtin_clzll(size);

    return log * SUBS + (unsigned)(size >> (log - SUB_BITS) & (SUBS - 1));
}

static void list_add(struct free_block *f)
{
    unsigned class = class_of(f->block.size);

    f->prev = NULL;
    f->next = lists[class];
    if (f->next)
        f->next->prev = f;
    lists[class] = f;
    list_bits[class / 64] |= 1ull << class % 64;
}

static void list_remove(struct free_block *f)
{
    unsigned class = class_of(f->block.size);
    bool linked = f->prev ? f->prev->next == f : lists[class] == f;

    if (!linked || (f->next && f->next->prev != f))
        panic("heap: the free block at %p was written to", (void *)f);
    if (f->prev)
        f->prev->next = f->next;
    else
        lists[class] = f->next;
    if (f->next)
        f->next->prev = f->prev;
    if (!lists[class])
        list_bits[class / 64] &= ~(1ull << class % 64);
}

// The first block of a class from `class` on that has one.
static struct free_block *list_from(unsigned class)
{
    for (unsigned word = class / 64; word < CLASSES / 64; word++) {
        uint64_t bits = list_bits[word];
        if (word == class / 64)
            bits &= ~0ull << class % 64;
        if (bits)
            return lists[word * 64 + (unsigned)__builtin_ctzll(bits)];
    }
    return NULL;
}

// A free block of at least `size` bytes. Any block of the next class will do; its own class may hold one
// too, which is looked for only when there is nothing larger, as it means to walk a list.
static struct free_block *find(uint64_t size)
{
    unsigned class = class_of(size);
    struct free_block *f = list_from(class + 1);

    if (f)
        return f;
    for (f = lists[class]; f && f->block.size < size; f = f->next)
        ;
    return f;
}

// ---- blocks -----------------------------------------------------------------------------------------

static void set_block(struct block *b, uint64_t size, uint64_t state)
{
    b->size = size;
    b->stamp = stamp_of(b, state);
    next_of(b)->prev_units = (uint32_t)(size / ALIGN);
}

static void make_free(struct block *b, uint64_t size)
{
    set_block(b, size, STAMP_FREE);
    list_add((struct free_block *)b);
}

// Gives what `b` has beyond `size` back, when it is enough for a block.
static void trim(struct block *b, uint64_t size)
{
    uint64_t rest = b->size - size;

    if (rest < BLOCK_MIN)
        return;
    struct block *tail = (struct block *)((char *)b + size);
    set_block(b, size, STAMP_USED);
    make_free(tail, rest);
}

// Bytes of the block that holds `size` bytes, 0 when no heap can be as large.
static uint64_t block_size(size_t size)
{
    if (size > GIB(32))
        return 0;
    uint64_t whole = (size + HEADER + ALIGN - 1) & ~(ALIGN - 1);
    return whole < BLOCK_MIN ? BLOCK_MIN : whole;
}

static void count_in(const struct block *b)
{
    used_blocks++;
    used_bytes += b->size;
    if (used_bytes > peak_bytes)
        peak_bytes = used_bytes;
}

void heap_init(void *base, size_t length)
{
    uintptr_t start = ((uintptr_t)base + ALIGN - 1) & ~(uintptr_t)(ALIGN - 1);
    uintptr_t end = ((uintptr_t)base + length) & ~(uintptr_t)(ALIGN - 1);

    memset(lists, 0, sizeof(lists));
    memset(list_bits, 0, sizeof(list_bits));
    used_bytes = peak_bytes = 0;
    used_blocks = 0;
    first = end_mark = NULL;
    if (end < start + BLOCK_MIN + HEADER)
        return;
    if (end - start > GIB(32))  // prev_units has 32 bits
        end = start + GIB(32);
    // SAFETY: the caller hands [base, base + length) over; both blocks lie inside.
    first = (struct block *)start;
    end_mark = (struct block *)(end - HEADER);
    first->prev_units = 0;
    make_free(first, (uint64_t)((char *)end_mark - (char *)first));
    end_mark->size = 0;
    end_mark->stamp = stamp_of(end_mark, STAMP_USED);
}

void *kmalloc(size_t size)
{
    return kmemalign(ALIGN, size);
}

void *kcalloc(size_t count, size_t size)
{
    size_t bytes;

    if (__builtin_mul_overflow(count, size, &bytes))
        return NULL;
    void *memory = kmalloc(bytes);
    return memory ? memset(memory, 0, bytes) : NULL;
}

void *kmemalign(size_t align, size_t size)
{
    // What lies before the aligned address becomes a block of its own, so it is 0 or at least BLOCK_MIN.
    uint64_t wanted = block_size(size), slack = align > ALIGN ? align + BLOCK_MIN : 0;

    if (!wanted || slack > GIB(32))
        return NULL;
    struct free_block *f = find(wanted + slack);
    if (!f)
        return NULL;
    list_remove(f);
    struct block *b = &f->block;
    uint64_t whole = b->size;
    uintptr_t memory = (uintptr_t)memory_of(b);
    uintptr_t aligned = slack ? (memory + align - 1) & ~(uintptr_t)(align - 1) : memory;
    if (aligned != memory && aligned - memory < BLOCK_MIN)
        aligned += align;
    uint64_t gap = aligned - memory;
    if (gap) {
        struct block *front = b;
        b = block_of((void *)aligned);
        make_free(front, gap);
    }
    set_block(b, whole - gap, STAMP_USED);
    trim(b, wanted);
    count_in(b);
    return memory_of(b);
}

// Panics unless `pointer` is a live allocation.
static void check_live(void *pointer)
{
    struct block *b = block_of(pointer);

    if (!first || (uintptr_t)pointer % ALIGN || b < first || b >= end_mark)
        panic("heap: %p was freed but is not from the heap", pointer);
    if (is_freed(b))
        panic("heap: %p was freed twice", pointer);
    if (!is_used(b))
        panic("heap: %p was freed but is no allocation, or was overwritten", pointer);
    if (b->size < BLOCK_MIN || b->size % ALIGN || b->size > (uint64_t)((char *)end_mark - (char *)b) ||
        next_of(b)->prev_units * ALIGN != b->size ||
        b->prev_units * ALIGN > (uint64_t)((char *)b - (char *)first) ||
        (b->prev_units && prev_of(b)->size != b->prev_units * ALIGN))
        panic("heap: the memory around %p was overwritten", pointer);
}

void kfree(void *pointer)
{
    if (!pointer)
        return;
    check_live(pointer);
    struct block *b = block_of(pointer), *next = next_of(b);
    uint64_t size = b->size;

    used_blocks--;
    used_bytes -= size;
    if (heap_junk)
        memset(pointer, JUNK, size - HEADER);
    // The stamp stays in memory when the block is merged below: it tells a second kfree() what happened.
    b->stamp = stamp_of(b, STAMP_FREE);
    if (is_freed(next)) {
        list_remove((struct free_block *)next);
        size += next->size;
    }
    if (b->prev_units && is_freed(prev_of(b))) {
        b = prev_of(b);
        list_remove((struct free_block *)b);
        size += b->size;
    }
    make_free(b, size);
}

// ---- check ------------------------------------------------------------------------------------------

static unsigned check_lists(void)
{
    unsigned count = 0;

    for (unsigned class = 0; class < CLASSES; class++) {
        const struct free_block *before = NULL;
        if (!lists[class] != !(list_bits[class / 64] >> class % 64 & 1))
            panic("heap: the bitmap is wrong about size class %u", class);
        for (const struct free_block *f = lists[class]; f; before = f, f = f->next) {
            if (!is_freed(&f->block) || class_of(f->block.size) != class || f->prev != before)
                panic("heap: the list of size class %u is broken at %p", class, (const void *)f);
            count++;
        }
    }
    return count;
}

struct heap_stats heap_check(void)
{
    struct heap_stats stats = {.peak = peak_bytes};
    uint64_t before = 0;
    unsigned free_blocks = 0;
    bool before_free = false;

    for (const struct block *b = first; b && b != end_mark; b = next_of(b)) {
        bool freed = is_freed(b);
        if ((!freed && !is_used(b)) || b->size < BLOCK_MIN || b->size % ALIGN ||
            b->size > (uint64_t)((char *)end_mark - (char *)b) || b->prev_units * ALIGN != before)
            panic("heap: the block at %p is broken", (const void *)b);
        if (freed && before_free)
            panic("heap: two free blocks meet at %p", (const void *)b);
        stats.total += b->size;
        stats.used += freed ? 0 : b->size;
        stats.blocks += !freed;
        free_blocks += freed;
        before = b->size;
        before_free = freed;
    }
    if (check_lists() != free_blocks || stats.used != used_bytes || stats.blocks != used_blocks)
        panic("heap: lists and blocks disagree");
    return stats;
}
