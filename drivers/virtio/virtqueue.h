// One split virtqueue. The driver owns all descriptors and lends them to the device in chains; the device
// gives chains back in any order. What the device writes (indices, ids, lengths) is checked against the
// driver's own notes; nothing the driver relies on lies in memory that the device can write.
// Spec: Virtual I/O Device 1.2 section 2.7.
#ifndef URLBOOT_DRIVERS_VIRTIO_VIRTQUEUE_H
#define URLBOOT_DRIVERS_VIRTIO_VIRTQUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct virtq_desc;

struct virtq_segment {
    const void *data;         // in DMA memory
    uint32_t length;          // bytes
    bool device_writes;       // read by the device otherwise; all written ones come last
};

struct virtq_slot {           // the driver's notes on a descriptor
    void *cookie;             // of the chain that starts here, while the device has it; else NULL
    uint32_t writable;        // bytes the device may write into that chain
    uint16_t next;            // the next descriptor of the chain or of the free list
    uint16_t count;           // descriptors in the chain
};

struct virtq {
    uint16_t index;           // queue number in the device
    uint16_t size;            // descriptors, a power of two
    bool event_idx;           // VIRTIO_F_EVENT_IDX was negotiated
    struct virtq_desc *desc;  // written by the driver
    uint8_t *avail, *used;    // written by the driver, written by the device
    struct virtq_slot *slots;
    uint16_t free_head, free_count;
    uint16_t avail_next;      // free-running: chains offered so far
    uint16_t avail_seen;      // of these, published to the device at the last doorbell
    uint16_t used_next;       // free-running: chains taken back so far
    uint16_t used_seen;       // free-running: chains the device is known to have returned
    uint16_t reclaim_at;      // where virtq_reclaim() goes on
    unsigned lies;            // impossible things the device wrote
    unsigned doorbells;       // how often notify was called
    void (*notify)(struct virtq *queue);  // tells the device; set by the transport
    volatile void *doorbell;  // the transport's own
    uint16_t doorbell_port;   // the transport's own
};

// Bytes of DMA memory for a queue of `size` descriptors: descriptors, available ring, used ring at the next
// multiple of 4096 (the legacy interface knows only this layout).
size_t virtq_bytes(uint16_t size);

// Makes queue number `index` with `size` descriptors. 0 or ERR_NIC_INIT_FAILED (not a power of two, or
// above 32768), ERR_NOT_ENOUGH_MEMORY.
int virtq_create(struct virtq *queue, uint16_t index, uint16_t size);

// Frees the queue's memory. The device must have been reset; chains it still had are forgotten, so the
// caller collects their cookies first with virtq_reclaim(). Nothing happens to a queue of zeros.
void virtq_destroy(struct virtq *queue);

// Lends a chain of `count` segments to the device; `cookie` (not NULL) comes back from virtq_take().
// The device sees it at the next virtq_kick(). False when there are too few descriptors.
bool virtq_add(struct virtq *queue, const struct virtq_segment *segments, unsigned count, void *cookie);

// Publishes what was added since the last call and rings the doorbell if the device wants to hear it.
void virtq_kick(struct virtq *queue);

// Takes one finished chain back: 1 and its cookie and how many bytes the device wrote; 0 when there is none;
// ERR_DMA when the device wrote something impossible (queue->lies counts it). If the chain is known in spite
// of that, *cookie is set and the chain is the caller's again, else NULL.
int virtq_take(struct virtq *queue, void **cookie, uint32_t *written);

// After the device's reset, before virtq_destroy(): gives the cookie of a chain that the device had, NULL
// when there is none left.
void *virtq_reclaim(struct virtq *queue);

// Chains the device has now.
unsigned virtq_in_flight(const struct virtq *queue);

#endif
