// DMA memory: whole pages from memmap_claim_own() for what is large, shared pages cut into power-of-two
// pieces for what is small (rings of a few hundred bytes). Pieces are aligned to their own size, so none
// crosses a page. Pages once cut stay cut: a boot allocates a handful of them.
// Not handled: IOMMUs (the firmware's identity mapping is relied on), machines without memory below 2 GiB.
#include "drivers/dma.h"  // dma_alloc

#include <string.h>

#include "kernel/memory.h"  // memmap_claim_own

#define PIECE_MIN_SHIFT 6   // 64 bytes, a cache line: no two pieces share one
#define PIECE_MAX_SHIFT 11  // 2 KiB; larger requests get pages of their own
#define PIECE_CLASSES (PIECE_MAX_SHIFT - PIECE_MIN_SHIFT + 1)

struct piece {
    struct piece *next;
};

static struct piece *free_pieces[PIECE_CLASSES];

static size_t to_pages(size_t size)
{
    return (size + PAGE_SIZE - 1) & ~(size_t)(PAGE_SIZE - 1);
}

// The class whose pieces hold `size` bytes; PIECE_CLASSES when none does.
static unsigned class_of(size_t size)
{
    unsigned class = 0;

    while (class < PIECE_CLASSES && ((size_t)1 << (PIECE_MIN_SHIFT + class)) < size)
        class++;
    return class;
}

static void *claim(size_t size, size_t align)
{
    uint64_t base;

    if (memmap_claim_own(size, align, "DMA", &base) < 0)
        return NULL;
    // SAFETY: memmap_claim_own gave us this RAM alone, and RAM is identity-mapped.
    return (void *)(uintptr_t)base;
}

static void *piece_alloc(unsigned class)
{
    size_t size = (size_t)1 << (PIECE_MIN_SHIFT + class);

    if (!free_pieces[class]) {
        uint8_t *page = claim(PAGE_SIZE, PAGE_SIZE);
        if (!page)
            return NULL;
        for (size_t at = 0; at < PAGE_SIZE; at += size) {
            struct piece *piece = (struct piece *)(void *)(page + at);
            piece->next = free_pieces[class];
            free_pieces[class] = piece;
        }
    }
    struct piece *piece = free_pieces[class];
    free_pieces[class] = piece->next;
    return piece;
}

void *dma_alloc(size_t size, size_t align)
{
    void *memory;

    if (size == 0 || size > MEM_DMA_END)
        return NULL;
    // With align > size the piece comes from a larger class than dma_free() will put it into: what is lost
    // is its tail, never its alignment.
    unsigned class = class_of(size > align ? size : align);
    if (class < PIECE_CLASSES)
        memory = piece_alloc(class);
    else
        memory = claim(to_pages(size), align > PAGE_SIZE ? align : PAGE_SIZE);
    if (memory)
        memset(memory, 0, size);
    return memory;
}

void dma_free(void *pointer, size_t size)
{
    unsigned class = class_of(size);

    if (!pointer)
        return;
    if (class == PIECE_CLASSES) {
        memmap_release(dma_addr(pointer), to_pages(size));
        return;
    }
    struct piece *piece = pointer;
    piece->next = free_pieces[class];
    free_pieces[class] = piece;
}
