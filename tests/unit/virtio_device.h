// The device's side of a split virtqueue, for tests: takes chains the driver offered and returns what the
// test says, true or not. Works on the queue's memory only, never on the driver's notes.
#ifndef URLBOOT_TESTS_UNIT_VIRTIO_DEVICE_H
#define URLBOOT_TESTS_UNIT_VIRTIO_DEVICE_H

#include <stdint.h>
#include <string.h>

#include "drivers/virtio/virtio_pci_regs.h"  // virtq_desc
#include "drivers/virtio/virtqueue.h"        // virtq

struct device_queue {
    struct virtq_desc *desc;
    uint8_t *avail, *used;
    uint16_t size, avail_next, used_next;
};

static inline uint16_t device_get(const uint8_t *at)
{
    uint16_t value;

    memcpy(&value, at, sizeof(value));
    return value;
}

static inline void device_set(uint8_t *at, uint16_t value)
{
    memcpy(at, &value, sizeof(value));
}

static inline struct device_queue device_open(const struct virtq *queue)
{
    return (struct device_queue){
        .desc = queue->desc, .avail = queue->avail, .used = queue->used, .size = queue->size};
}

// The head of the next offered chain, -1 when the driver has published no more.
static inline int device_take(struct device_queue *d)
{
    if (d->avail_next == device_get(d->avail + 2))
        return -1;
    uint16_t slot = d->avail_next++ & (d->size - 1);
    return device_get(d->avail + 4 + 2 * slot);
}

// Returns any id with any length.
static inline void device_return(struct device_queue *d, uint32_t id, uint32_t length)
{
    struct virtq_used_elem entry = {.id = id, .len = length};

    memcpy(d->used + 4 + sizeof(entry) * (d->used_next & (d->size - 1)), &entry, sizeof(entry));
    device_set(d->used + 2, ++d->used_next);
}

// Copies `length` bytes into or out of a chain; returns how many fitted.
static inline uint32_t device_copy(const struct device_queue *d, uint16_t head, uint8_t *data,
                                   uint32_t length, int write)
{
    uint32_t done = 0;

    for (unsigned at = head, n = 0; n < d->size; n++) {
        const struct virtq_desc *desc = &d->desc[at];
        uint32_t part = length - done < desc->len ? length - done : desc->len;
        if (!!(desc->flags & VIRTQ_DESC_F_WRITE) == write) {
            uint8_t *memory = (uint8_t *)(uintptr_t)desc->addr;
            memcpy(write ? memory : data + done, write ? data + done : memory, part);
            done += part;
        }
        if (!(desc->flags & VIRTQ_DESC_F_NEXT))
            break;
        at = desc->next;
    }
    return done;
}

#endif
