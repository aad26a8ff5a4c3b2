// Split virtqueues: offering chains, one doorbell for a batch, taking used chains back with every number
// checked. Indices run freely over 16 bits and are masked only at the access.
// Spec: Virtual I/O Device 1.2 sections 2.7.5 (descriptors), 2.7.6 (available), 2.7.8 (used), 2.7.10
// (notification suppression), 2.7.13 (barriers). Tested: QEMU 7.2, unit tests with a hostile device.
// Not handled: packed rings, indirect descriptors, interrupts (they are suppressed, not taken).
#include "drivers/virtio/virtqueue.h"  // virtq

#include <string.h>

#include "drivers/dma.h"                     // dma_alloc
#include "drivers/virtio/virtio_pci_regs.h"  // virtq_desc
#include "kernel/cpu.h"                      // mb
#include "kernel/memory.h"                   // kcalloc
#include "kernel/profile.h"                  // profile_count
#include "lib/err.h"                         // fail

// Both rings: flags, index, entries, and at the end the other side's event index.
#define RING_FLAGS 0u
#define RING_INDEX 2u
#define RING_ENTRIES 4u
#define EVENT_SIZE 2u

static size_t avail_offset(uint16_t size)
{
    return size * sizeof(struct virtq_desc);
}

static size_t used_offset(uint16_t size)
{
    size_t end = avail_offset(size) + RING_ENTRIES + size * sizeof(uint16_t) + EVENT_SIZE;

    return (end + VIRTIO_LEGACY_QUEUE_ALIGN - 1) & ~(size_t)(VIRTIO_LEGACY_QUEUE_ALIGN - 1);
}

size_t virtq_bytes(uint16_t size)
{
    return used_offset(size) + RING_ENTRIES + size * sizeof(struct virtq_used_elem) + EVENT_SIZE;
}

// SAFETY (the five below): `at` stays inside the queue's DMA memory because indices are masked with
// size - 1; volatile because the device reads and writes it too, aligned because ring offsets are.
static uint16_t ring_read16(const uint8_t *ring, size_t at)
{
    return *(const volatile uint16_t *)(const void *)(ring + at);
}

static void ring_write16(uint8_t *ring, size_t at, uint16_t value)
{
    *(volatile uint16_t *)(void *)(ring + at) = value;
}

static struct virtq_used_elem used_entry(const struct virtq *queue, uint16_t index)
{
    size_t at = RING_ENTRIES + (index & (queue->size - 1u)) * sizeof(struct virtq_used_elem);
    const volatile struct virtq_used_elem *entry = (const volatile void *)(queue->used + at);

    return (struct virtq_used_elem){.id = entry->id, .len = entry->len};
}

// The index at which the device wants the next doorbell; behind its own ring, 2.7.10.
static uint16_t avail_event(const struct virtq *queue)
{
    return ring_read16(queue->used, RING_ENTRIES + queue->size * sizeof(struct virtq_used_elem));
}

// The index at which the device shall interrupt. One behind what was taken is never reached.
static void suppress_interrupts(const struct virtq *queue)
{
    size_t at = RING_ENTRIES + queue->size * sizeof(uint16_t);

    ring_write16(queue->avail, at, (uint16_t)(queue->used_next - 1));
}

int virtq_create(struct virtq *queue, uint16_t index, uint16_t size)
{
    if (size == 0 || size > VIRTQ_SIZE_LIMIT || (size & (size - 1)) != 0)
        return fail(ERR_NIC_INIT_FAILED, "queue %u has the impossible size %u", index, size);
    uint8_t *memory = dma_alloc(virtq_bytes(size), VIRTIO_LEGACY_QUEUE_ALIGN);
    if (!memory)
        return fail(ERR_NOT_ENOUGH_MEMORY, "no DMA memory for a queue of %u", size);
    struct virtq_slot *slots = kcalloc(size, sizeof(*slots));
    if (!slots)
        goto err_kcalloc;

    *queue = (struct virtq){
        .index = index,
        .size = size,
        .desc = (struct virtq_desc *)(void *)memory,
        .avail = memory + avail_offset(size),
        .used = memory + used_offset(size),
        .slots = slots,
        .free_count = size,
    };
    for (unsigned i = 0; i < size; i++)
        slots[i].next = (uint16_t)(i + 1);
    ring_write16(queue->avail, RING_FLAGS, VIRTQ_AVAIL_F_NO_INTERRUPT);
    suppress_interrupts(queue);
    return 0;

err_kcalloc:
    dma_free(memory, virtq_bytes(size));
    return fail(ERR_NOT_ENOUGH_MEMORY, "no heap for a queue of %u", size);
}

void virtq_destroy(struct virtq *queue)
{
    if (!queue->desc)
        return;
    dma_free(queue->desc, virtq_bytes(queue->size));
    kfree(queue->slots);
    *queue = (struct virtq){0};
}

bool virtq_add(struct virtq *queue, const struct virtq_segment *segments, unsigned count, void *cookie)
{
    uint16_t head = queue->free_head, at = head;
    uint32_t writable = 0;

    if (count == 0 || count > queue->free_count)
        return false;
    for (unsigned i = 0; i < count; i++) {
        const struct virtq_segment *segment = &segments[i];
        uint16_t next = queue->slots[at].next;
        bool last = i + 1 == count;
        // SAFETY: `at` comes from the free list, which only the driver writes: below size.
        queue->desc[at] = (struct virtq_desc){
            .addr = dma_addr(segment->data),
            .len = segment->length,
            .flags = (uint16_t)((segment->device_writes ? VIRTQ_DESC_F_WRITE : 0) |
                                (last ? 0 : VIRTQ_DESC_F_NEXT)),
            .next = last ? 0 : next,
        };
        if (segment->device_writes)
            writable += segment->length;
        if (last)
            queue->free_head = next;
        else
            at = next;
    }
    queue->free_count = (uint16_t)(queue->free_count - count);
    queue->slots[head].cookie = cookie;
    queue->slots[head].writable = writable;
    queue->slots[head].count = (uint16_t)count;
    size_t slot = queue->avail_next & (queue->size - 1u);
    ring_write16(queue->avail, RING_ENTRIES + slot * sizeof(uint16_t), head);
    queue->avail_next++;
    return true;
}

// Does the device want to hear of the chains between `seen` and avail_next? 2.7.10.1
static bool wants_doorbell(const struct virtq *queue, uint16_t seen)
{
    if (!queue->event_idx)
        return !(ring_read16(queue->used, RING_FLAGS) & VIRTQ_USED_F_NO_NOTIFY);
    return (uint16_t)(queue->avail_next - avail_event(queue) - 1) < (uint16_t)(queue->avail_next - seen);
}

void virtq_kick(struct virtq *queue)
{
    uint16_t seen = queue->avail_seen;

    if (queue->avail_next == seen)
        return;
    wmb();  // descriptors and entries before the index that makes them visible
    ring_write16(queue->avail, RING_INDEX, queue->avail_next);
    queue->avail_seen = queue->avail_next;
    mb();   // the index before reading whether the device sleeps, or both sides wait for each other
    if (!wants_doorbell(queue, seen))
        return;
    queue->doorbells++;
    profile_count(PROFILE_DOORBELLS, 1);
    queue->notify(queue);
}

unsigned virtq_in_flight(const struct virtq *queue)
{
    return (uint16_t)(queue->avail_next - queue->used_next);
}

// Puts the chain that starts at `head` back on the free list.
static void free_chain(struct virtq *queue, uint16_t head)
{
    struct virtq_slot *slot = &queue->slots[head];
    uint16_t last = head;

    for (unsigned i = 1; i < slot->count; i++)
        last = queue->slots[last].next;
    queue->slots[last].next = queue->free_head;
    queue->free_head = head;
    queue->free_count = (uint16_t)(queue->free_count + slot->count);
    *slot = (struct virtq_slot){.next = slot->next};
}

// Learns how many chains the device has returned. The index is read only when all known ones are taken: the
// device writes that cache line. 0 or ERR_DMA.
static int refresh_used(struct virtq *queue)
{
    uint16_t index = ring_read16(queue->used, RING_INDEX);
    uint16_t ready = (uint16_t)(index - queue->used_next);

    if (ready > (uint16_t)(queue->avail_seen - queue->used_next)) {
        queue->lies++;
        return fail(ERR_DMA, "queue %u: the device returned %u chains and had fewer", queue->index, ready);
    }
    queue->used_seen = index;
    if (ready == 0)
        suppress_interrupts(queue);
    rmb();  // the index before the entries it makes visible
    return 0;
}

int virtq_take(struct virtq *queue, void **cookie, uint32_t *written)
{
    *cookie = NULL;
    *written = 0;
    if (queue->used_next == queue->used_seen && refresh_used(queue) < 0)
        return ERR_DMA;
    if (queue->used_next == queue->used_seen)
        return 0;
    struct virtq_used_elem entry = used_entry(queue, queue->used_next);
    queue->used_next++;

    if (entry.id >= queue->size || !queue->slots[entry.id].cookie) {
        queue->lies++;
        return fail(ERR_DMA, "queue %u: the device returned chain %u, which it did not have", queue->index,
                    entry.id);
    }
    uint32_t writable = queue->slots[entry.id].writable;
    *cookie = queue->slots[entry.id].cookie;
    free_chain(queue, (uint16_t)entry.id);
    if (writable == 0)
        return 1;  // old hosts leave any length in what was sent
    if (entry.len > writable) {
        queue->lies++;
        return fail(ERR_DMA, "queue %u: the device wrote %u bytes into %u", queue->index, entry.len,
                    writable);
    }
    *written = entry.len;
    return 1;
}

void *virtq_reclaim(struct virtq *queue)
{
    for (; queue->reclaim_at < queue->size; queue->reclaim_at++) {
        void *cookie = queue->slots[queue->reclaim_at].cookie;
        if (cookie) {
            free_chain(queue, queue->reclaim_at);
            return cookie;
        }
    }
    return NULL;
}
