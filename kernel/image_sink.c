// Where the ISO lies and how that place is claimed (layout: kernel/memory.h). Linux gets it as a device or
// as /proc/vmcore, both of which want it contiguous, aligned and zero-padded.

#include "kernel/image_sink.h"  // struct image_sink

#include <string.h>

#include "lib/err.h"  // fail
#include "lib/log.h"  // log_info

#define IMAGE_MIN MEM_LOW_END
#define IMAGE_MAX UINT64_MAX
#define OWNER MEM_OWNER_ISO
#define DMA32_END GIB(4)  // devices with 32-bit addresses and the kernel itself want memory below
#define FIRMWARE_CODE MIB(32)  // below the end of that: where a BIOS puts what it runs while it starts

static uint64_t round_up(uint64_t n)
{
    return (n + IMAGE_ALIGN - 1) & ~(IMAGE_ALIGN - 1);
}

static uint64_t mib_up(uint64_t n)
{
    return (n + MIB(1) - 1) / MIB(1);
}

void image_sink_release(struct image_sink *image)
{
    // Cannot fail: it is what was claimed.
    if (image->base != 0)
        memmap_release(image->base, image->claimed);
    image->base = image->claimed = image->room = image->length = 0;
    image->known = false;
}

// End of the RAM below 4 GiB, whoever has it; 0: there is none.
static uint64_t low_ram_end(void)
{
    unsigned count;
    const struct mem_range *r = memmap_ranges(&count);
    uint64_t end = 0;

    for (unsigned i = 0; i < count; i++)
        if (r[i].type == MEM_RAM && r[i].base + r[i].length <= DMA32_END)
            end = r[i].base + r[i].length;
    return end;
}

// As high as possible, but beside what code the BIOS has left (SeaBIOS: 80 KiB, 16 MiB below the end of
// RAM) as long as Linux has its margin in one piece. Nobody needs that code any more; an emulator, however,
// keeps what it has translated, and a store into such a page takes it microseconds: 40 ms for all of it.
static int claim_place(uint64_t need, uint64_t *base)
{
    uint64_t end = low_ram_end(), at;
    uint64_t calm = end > FIRMWARE_CODE ? end - FIRMWARE_CODE : 0;

    if (memmap_claim(need, IMAGE_ALIGN, DMA32_END, IMAGE_MAX, OWNER, base) == 0)
        return 0;
    if (memmap_largest_free(IMAGE_ALIGN, IMAGE_MIN, calm, &at) >= need + IMAGE_LINUX_MARGIN &&
        memmap_claim(need, IMAGE_ALIGN, IMAGE_MIN, calm, OWNER, base) == 0)
        return 0;
    return memmap_claim(need, IMAGE_ALIGN, IMAGE_MIN, IMAGE_MAX, OWNER, base);
}

// Claims the place for an ISO of `length` bytes.
static int claim_known(struct image_sink *image, uint64_t length)
{
    uint64_t free = memmap_free_ram(), largest, need, base;

    if (length > free)
        return fail(ERR_NOT_ENOUGH_MEMORY, "the ISO has %lu MiB, but only %lu MiB of %lu MiB RAM are free",
                    mib_up(length), free / MIB(1), memmap_total_ram() / MIB(1));
    need = IMAGE_HEADER_SIZE + round_up(length);
    if (need + IMAGE_LINUX_MARGIN > free)
        return fail(ERR_NOT_ENOUGH_MEMORY,
                    "the ISO has %lu MiB and Linux needs %lu MiB, but only %lu MiB of %lu MiB RAM are free",
                    mib_up(length), IMAGE_LINUX_MARGIN / MIB(1), free / MIB(1),
                    memmap_total_ram() / MIB(1));
    largest = memmap_largest_free(IMAGE_ALIGN, IMAGE_MIN, IMAGE_MAX, &base);
    if (need > largest)
        return fail(ERR_NOT_ENOUGH_MEMORY,
                    "the ISO needs %lu MiB in one piece, the largest free piece of RAM has %lu MiB",
                    need / MIB(1), largest / MIB(1));
    if (claim_place(need, &image->base) < 0)
        return fail(ERR_NOT_ENOUGH_MEMORY, "no free piece of RAM with %lu MiB", need / MIB(1));
    image->claimed = need;
    image->room = length;
    return 0;
}

// Free RAM that ends below 4 GiB.
static uint64_t free_below_4_gib(void)
{
    unsigned count;
    const struct mem_range *r = memmap_ranges(&count);
    uint64_t sum = 0;

    for (unsigned i = 0; i < count; i++)
        if (r[i].type == MEM_RAM && r[i].owner == NULL && r[i].base + r[i].length <= DMA32_END)
            sum += r[i].length;
    return sum;
}

// Claims the largest free region, its top; what Linux needs stays free at its bottom, unless there is enough
// elsewhere: below 4 GiB for a region there, which memory above does not replace.
static int claim_unknown(struct image_sink *image)
{
    uint64_t base = 0, length = memmap_largest_free(IMAGE_ALIGN, IMAGE_MIN, IMAGE_MAX, &base);
    uint64_t free = base < DMA32_END ? free_below_4_gib() : memmap_free_ram();
    uint64_t elsewhere = free > length ? free - length : 0, leave = 0;

    if (elsewhere < IMAGE_LINUX_MARGIN)
        leave = IMAGE_LINUX_MARGIN - elsewhere;
    leave = round_up(leave);
    if (length <= leave + IMAGE_HEADER_SIZE)
        return fail(ERR_NOT_ENOUGH_MEMORY, "the largest free piece of RAM has %lu MiB, Linux needs %lu MiB",
                    length / MIB(1), IMAGE_LINUX_MARGIN / MIB(1));
    if (memmap_claim_at(base + leave, length - leave, OWNER) < 0)
        return fail(ERR_NOT_ENOUGH_MEMORY, "no free piece of RAM");
    image->base = base + leave;
    image->claimed = length - leave;
    image->room = image->claimed - IMAGE_HEADER_SIZE;
    return 0;
}

static int image_begin(struct sink *sink, uint64_t length)
{
    struct image_sink *image = (struct image_sink *)sink;
    int err;

    image_sink_release(image);
    image->known = length != SINK_LENGTH_UNKNOWN;
    err = image->known ? claim_known(image, length) : claim_unknown(image);
    if (err < 0)
        return err;
    if (image->known)
        log_info("ISO of %lu MiB goes to %#lx, %lu of %lu MiB RAM stay free", mib_up(length),
                 image->base + IMAGE_HEADER_SIZE, memmap_free_ram() / MIB(1), memmap_total_ram() / MIB(1));
    else
        log_info("ISO of unknown length goes to %#lx, at most %lu MiB", image->base + IMAGE_HEADER_SIZE,
                 image->room / MIB(1));
    return 0;
}

static int image_write(struct sink *sink, uint64_t offset, const void *data, size_t length)
{
    struct image_sink *image = (struct image_sink *)sink;

    if (offset > image->room || length > image->room - offset) {
        if (image->known)
            return fail(ERR_INVALID_RESPONSE, "more came than the %lu bytes announced", image->room);
        return fail(ERR_NOT_ENOUGH_MEMORY, "the ISO has more than the %lu MiB there is room for",
                    image->room / MIB(1));
    }
    // SAFETY: [base + header, base + header + room) was claimed from free RAM, and the lines above keep the
    // bytes inside it. What room() has given away is there already.
    if (data != image_sink_iso(image) + offset)
        memcpy(image_sink_iso(image) + offset, data, length);
    return 0;
}

static void *image_room(struct sink *sink, uint64_t offset, size_t length)
{
    struct image_sink *image = (struct image_sink *)sink;

    if (!image->known || offset > image->room || length > image->room - offset)
        return NULL;
    return image_sink_iso(image) + offset;
}

static int image_finish(struct sink *sink, uint64_t length)
{
    struct image_sink *image = (struct image_sink *)sink;
    uint64_t keep;

    if (length > image->room)
        return fail(ERR_INVALID_RESPONSE, "%lu bytes do not fit into %lu", length, image->room);
    keep = IMAGE_HEADER_SIZE + round_up(length);
    if (keep < image->claimed) {
        memmap_release(image->base + keep, image->claimed - keep);
        image->claimed = keep;
    }
    // SAFETY: both pieces lie inside what is claimed: the header in front, the rest of the last 2 MiB behind.
    memset((void *)(uintptr_t)image->base, 0, IMAGE_HEADER_SIZE);
    memset(image_sink_iso(image) + length, 0, keep - IMAGE_HEADER_SIZE - length);
    image->length = image->room = length;
    return 0;
}

void image_sink_init(struct image_sink *image)
{
    memset(image, 0, sizeof(*image));
    image->sink = (struct sink){ image_begin, image_write, image_finish, image_room };
}
