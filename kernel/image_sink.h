// The sink that puts an ISO where it will stay: [2 MiB for an ELF core header][ISO][zeros to 2 MiB], in one
// piece of free RAM, 2 MiB aligned, as high as possible (but see claim_place). One copy from the network's
// buffers to there.
#ifndef URLBOOT_KERNEL_IMAGE_SINK_H
#define URLBOOT_KERNEL_IMAGE_SINK_H

#include <stdbool.h>
#include <stdint.h>

#include "kernel/memory.h"  // MIB
#include "net/sink.h"       // struct sink

#define IMAGE_HEADER_SIZE MIB(2)
#define IMAGE_ALIGN LARGE_PAGE_SIZE

// What stays free for Linux besides the ISO. A Debian live system needs, from its start to its first user
// process: 64 MiB kernel image while it unpacks, 2 x 45 MiB for an initrd packed and unpacked, 64 MiB for
// swiotlb, page structures (1.6 % of RAM) and the first processes. Below this the boot ends in a panic
// that says nothing of memory; so it is refused before the download.
#define IMAGE_LINUX_MARGIN MIB(300)

struct image_sink {
    struct sink sink;      // must be first
    uint64_t base;         // start of the header, 0 when nothing is claimed
    uint64_t claimed;      // bytes claimed from `base`
    uint64_t room;         // bytes the ISO may have
    uint64_t length;       // bytes of the ISO, after finish()
    bool known;            // begin() was told the length
};

// Prepares `image`; nothing is claimed before begin(). begin() of a known length claims what it needs or
// says in MiB why not (ERR_NOT_ENOUGH_MEMORY); of an unknown one it claims the largest free region but
// IMAGE_LINUX_MARGIN, and finish() gives the rest back. A second begin() starts anew.
// Example: image_sink_init(&image); download.place = &image.sink;
void image_sink_init(struct image_sink *image);

// Gives the memory back.
void image_sink_release(struct image_sink *image);

// First byte of the ISO; it has image->length of them.
static inline uint8_t *image_sink_iso(const struct image_sink *image)
{
    return (uint8_t *)(uintptr_t)(image->base + IMAGE_HEADER_SIZE);
}

#endif
