// kernel/linux/efi_map.c: any bytes as an EFI memory map. Whatever comes out: nothing that is kept lies in
// memory that Linux would use, and no descriptor that was given is lost or made longer.
#include "kernel/linux/efi_map.h"  // efi_map_rewrite

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define KEEPS 3
#define PAGE 4096ull

static struct efi_descriptor descriptor(const uint8_t *map, uint64_t at)
{
    struct efi_descriptor d;

    memcpy(&d, map + at, sizeof(d));
    return d;
}

// Descriptors whose range makes no sense are copied as they are and say nothing about memory.
static int sound(const struct efi_descriptor *d)
{
    return d->physical % PAGE == 0 && d->pages != 0 && d->pages <= (UINT64_MAX - d->physical) / PAGE;
}

static void check(const uint8_t *out, uint64_t size, uint32_t step, const struct efi_keep *keep)
{
    for (uint64_t at = 0; at < size; at += step) {
        struct efi_descriptor d = descriptor(out, at);
        if (d.type != EFI_MEM_CONVENTIONAL || !sound(&d))
            continue;
        uint64_t last = d.physical + d.pages * PAGE - 1;
        for (unsigned i = 0; i < KEEPS; i++) {
            uint64_t keep_last = keep[i].base + keep[i].length - 1;
            if (keep[i].length != 0 && keep_last >= keep[i].base && keep[i].base <= last &&
                keep_last >= d.physical)
                abort();
        }
    }
}

static uint64_t pages_of(const uint8_t *map, uint64_t size, uint32_t step)
{
    uint64_t sum = 0;  // modulo 2^64, which is enough to compare

    for (uint64_t at = 0; at < size; at += step)
        sum += descriptor(map, at).pages;
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct efi_keep keep[KEEPS];
    uint64_t out_size;
    uint32_t step;

    if (size < sizeof(step) + KEEPS * 16)
        return 0;
    memcpy(&step, data, sizeof(step));
    data += sizeof(step);
    for (unsigned i = 0; i < KEEPS; i++, data += 16) {
        memcpy(&keep[i].base, data, 8);
        memcpy(&keep[i].length, data + 8, 8);
        keep[i].type = i == 0 ? EFI_MEM_LOADER_DATA : EFI_MEM_RESERVED;
    }
    size -= sizeof(step) + KEEPS * 16;
    uint64_t room = efi_map_room(size, step < 4096 ? step : 0, KEEPS);
    uint8_t *out = malloc(room ? room : 1);
    if (efi_map_rewrite(data, size, step, keep, KEEPS, out, room, &out_size) == 0) {
        if (out_size < size || out_size > room || out_size % step != 0)
            abort();
        check(out, out_size, step, keep);
        if (pages_of(out, out_size, step) != pages_of(data, size, step))
            abort();
    }
    free(out);
    return 0;
}
