// Memory claimed for one Linux. A list of a few entries, because memmap knows owners but no transactions.
// Not handled: giving single claims back.

#include "kernel/linux/claims.h"  // claims_take
#include "kernel/memory.h"        // memmap_claim
#include "lib/err.h"              // fail

static uint64_t whole_pages(uint64_t length)
{
    return (length + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
}

static int remember(struct claims *claims, uint64_t base, uint64_t length)
{
    if (claims->count == CLAIMS_MAX) {
        memmap_release(base, length);
        return fail(ERR_NOT_ENOUGH_MEMORY, "more than %u claims for one Linux", CLAIMS_MAX);
    }
    claims->claim[claims->count].base = base;
    claims->claim[claims->count].length = length;
    claims->count++;
    return 0;
}

int claims_take_at(struct claims *claims, uint64_t base, uint64_t length, const char *owner)
{
    int rc = memmap_claim_at(base, length, owner);

    return rc != 0 ? rc : remember(claims, base, length);
}

int claims_take(struct claims *claims, uint64_t length, uint64_t max, const char *owner, uint64_t *base)
{
    length = whole_pages(length);
    int rc = memmap_claim(length, PAGE_SIZE, MEM_LOW_END, max, owner, base);

    return rc != 0 ? rc : remember(claims, *base, length);
}

void claims_release(struct claims *claims)
{
    while (claims->count > 0) {
        claims->count--;
        memmap_release(claims->claim[claims->count].base, claims->claim[claims->count].length);
    }
}
