// The EFI memory map as Linux gets it: descriptors split so that what must survive is not usable memory.
// Spec: UEFI 2.10 section 7.2.3 (GetMemoryMap). Pure: works on bytes, builds on the host.
// Not handled: descriptors that overlap each other are copied as they are, as far as the room lasts.

#include "kernel/linux/efi_map.h"  // efi_map_rewrite
#include "lib/err.h"               // fail

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#define EFI_PAGE_SIZE 4096ull
#define DESCRIPTOR_SIZE_MAX 1024u  // firmware has 40 or 48 today

static_assert(sizeof(struct efi_descriptor) == 40, "UEFI 2.10 section 7.2.3");

struct writer {
    uint8_t *out;
    uint64_t room, used;
};

static bool usable(uint32_t type)
{
    switch (type) {
    case EFI_MEM_LOADER_CODE:
    case EFI_MEM_LOADER_DATA:
    case EFI_MEM_BOOT_CODE:
    case EFI_MEM_BOOT_DATA:
    case EFI_MEM_CONVENTIONAL:
    case EFI_MEM_UNACCEPTED:
        return true;
    }
    return false;
}

// The kept range of pages that covers `at`, in *type what it becomes; else none, up to where none begins.
// Returns the first address for which that is no longer so.
static uint64_t run_end(const struct efi_keep *keep, unsigned count, uint64_t at, uint64_t end, bool *kept,
                        uint32_t *type)
{
    *kept = false;
    for (unsigned i = 0; i < count; i++) {
        uint64_t first = keep[i].base & ~(EFI_PAGE_SIZE - 1);
        uint64_t last = keep[i].base + (keep[i].length - 1);  // inclusive: the end may be 2^64
        if (keep[i].length == 0 || last < keep[i].base)
            continue;
        last |= EFI_PAGE_SIZE - 1;
        if (first > at) {
            if (first < end)
                end = first;
        } else if (last >= at && !*kept) {
            *kept = true;
            *type = keep[i].type;
            if (last < end)
                end = last + 1;
        }
    }
    return end;
}

// Appends one descriptor of `size` bytes: as `from`, but for [start, end) and of type `type`.
static int put(struct writer *w, const uint8_t *from, uint32_t size, uint64_t start, uint64_t end,
               uint32_t type)
{
    struct efi_descriptor d;

    if (w->room - w->used < size)
        return fail(ERR_BOOT_INFO_INVALID, "the EFI memory map has overlapping descriptors");
    memcpy(&d, from, sizeof(d));
    if (d.virtual != 0)
        d.virtual += start - d.physical;
    d.physical = start;
    d.pages = (end - start) / EFI_PAGE_SIZE;
    d.type = type;
    memcpy(w->out + w->used, from, size);
    memcpy(w->out + w->used, &d, sizeof(d));
    w->used += size;
    return 0;
}

static int put_as_is(struct writer *w, const uint8_t *from, uint32_t size)
{
    if (w->room - w->used < size)
        return fail(ERR_BOOT_INFO_INVALID, "the EFI memory map has overlapping descriptors");
    memcpy(w->out + w->used, from, size);
    w->used += size;
    return 0;
}

static int split(struct writer *w, const uint8_t *from, uint32_t size, const struct efi_keep *keep,
                 unsigned keep_count)
{
    struct efi_descriptor d;
    uint64_t length, end;

    memcpy(&d, from, sizeof(d));
    if (!usable(d.type) || d.pages == 0 || d.physical % EFI_PAGE_SIZE != 0 ||
        __builtin_mul_overflow(d.pages, EFI_PAGE_SIZE, &length) ||
        __builtin_add_overflow(d.physical, length, &end))
        return put_as_is(w, from, size);

    for (uint64_t at = d.physical; at < end;) {
        bool kept;
        uint32_t type = d.type;
        uint64_t next = run_end(keep, keep_count, at, end, &kept, &type);
        int rc = put(w, from, size, at, next, type);
        if (rc != 0)
            return rc;
        at = next;
    }
    return 0;
}

uint64_t efi_map_room(uint64_t size, uint32_t descriptor_size, unsigned keep_count)
{
    return size + 2ull * keep_count * descriptor_size;
}

int efi_map_rewrite(const void *map, uint64_t size, uint32_t descriptor_size, const struct efi_keep *keep,
                    unsigned keep_count, void *out, uint64_t room, uint64_t *out_size)
{
    struct writer w = { .out = out, .room = room };

    *out_size = 0;
    if (descriptor_size < sizeof(struct efi_descriptor) || descriptor_size > DESCRIPTOR_SIZE_MAX ||
        size % descriptor_size != 0)
        return fail(ERR_BOOT_INFO_INVALID, "the EFI memory map has %llu bytes in descriptors of %u",
                    (unsigned long long)size, descriptor_size);
    for (uint64_t at = 0; at < size; at += descriptor_size) {
        int rc = split(&w, (const uint8_t *)map + at, descriptor_size, keep, keep_count);
        if (rc != 0)
            return rc;
    }
    *out_size = w.used;
    return 0;
}
