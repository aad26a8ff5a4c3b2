// Inside kernel/linux: memory claimed for one Linux, given back together when preparing it fails.
#ifndef URLBOOT_KERNEL_LINUX_CLAIMS_H
#define URLBOOT_KERNEL_LINUX_CLAIMS_H

#include <stdint.h>

#define CLAIMS_MAX 8

struct claims {
    struct {
        uint64_t base, length;
    } claim[CLAIMS_MAX];
    unsigned count;
};

// memmap_claim_at(), remembered. 0 or ERR_NOT_ENOUGH_MEMORY.
int claims_take_at(struct claims *claims, uint64_t base, uint64_t length, const char *owner);

// memmap_claim() of whole pages in [MEM_LOW_END, max), remembered. 0 or ERR_NOT_ENOUGH_MEMORY.
int claims_take(struct claims *claims, uint64_t length, uint64_t max, const char *owner, uint64_t *base);

// Gives everything back.
void claims_release(struct claims *claims);

#endif
