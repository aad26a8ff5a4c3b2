// Sending with virtio-net: frames are copied behind a header into slots of DMA memory. What a downloader
// sends is acknowledgements and requests, so the copy costs less than looking after references would.
// Spec: Virtual I/O Device 1.2 section 5.1.6.2. Tested: QEMU 7.2. Not handled: offloads (not negotiated).
#include "drivers/virtio/net.h"  // virtio_net

#include <assert.h>
#include <string.h>

#include "drivers/dma.h"     // dma_alloc
#include "kernel/memory.h"   // kcalloc
#include "lib/clock.h"       // deadline_ms
#include "lib/err.h"         // fail

#define TX_SLOTS_MAX 256u
#define TX_WATCHDOG_MS 2000u  // hosts answer within microseconds unless they are overloaded
#define TX_SLOT_ALIGN 64u

static_assert(VIRTIO_NET_BUFFER_SIZE % TX_SLOT_ALIGN == 0, "no two slots share a cache line");

int virtio_net_tx_create(struct virtio_net *vn)
{
    unsigned chains = vn->split_header ? vn->tx.size / 2 : vn->tx.size;

    vn->tx_count = chains < TX_SLOTS_MAX ? chains : TX_SLOTS_MAX;
    vn->tx_slots = kcalloc(vn->tx_count, sizeof(*vn->tx_slots));
    vn->tx_memory = dma_alloc((size_t)vn->tx_count * VIRTIO_NET_BUFFER_SIZE, TX_SLOT_ALIGN);
    if (!vn->tx_slots || !vn->tx_memory) {
        virtio_net_tx_destroy(vn);
        return fail(ERR_NOT_ENOUGH_MEMORY, "no memory for %u send buffers", chains);
    }
    vn->tx_free = NULL;
    for (unsigned i = 0; i < vn->tx_count; i++) {
        struct tx_slot *slot = &vn->tx_slots[i];
        slot->data = vn->tx_memory + (size_t)i * VIRTIO_NET_BUFFER_SIZE;
        slot->next = vn->tx_free;
        vn->tx_free = slot;
    }
    return 0;
}

void virtio_net_tx_destroy(struct virtio_net *vn)
{
    if (vn->tx_memory)
        dma_free(vn->tx_memory, (size_t)vn->tx_count * VIRTIO_NET_BUFFER_SIZE);
    kfree(vn->tx_slots);
    vn->tx_memory = NULL;
    vn->tx_slots = vn->tx_free = NULL;
    vn->tx_count = 0;
}

void virtio_net_tx_touch(struct virtio_net *vn)
{
    vn->tx_deadline = deadline_ms(TX_WATCHDOG_MS);
}

bool virtio_net_tx_reclaim(struct virtio_net *vn)
{
    void *cookie;
    uint32_t written;
    int err;

    while ((err = virtq_take(&vn->tx, &cookie, &written)) != 0) {
        struct tx_slot *slot = cookie;
        if (slot) {
            slot->next = vn->tx_free;
            vn->tx_free = slot;
            virtio_net_tx_touch(vn);
        }
        if (err > 0)
            continue;
        virtio_net_note_lie(vn);
        vn->nic->stats.tx_errors++;
        if (virtio_net_distrusted(vn))
            return false;
    }
    return virtq_in_flight(&vn->tx) > 0 && deadline_passed(vn->tx_deadline);
}

bool virtio_net_sending(struct nic *nic)
{
    struct virtio_net *vn = nic->priv;

    if (vn->dead || vn->gone)
        return false;
    virtio_net_tx_reclaim(vn);
    return virtq_in_flight(&vn->tx) > 0 && !virtio_net_distrusted(vn);
}

// The chain for `slot` holding a frame of `length` bytes.
static bool post(struct virtio_net *vn, struct tx_slot *slot, uint32_t length)
{
    struct virtq_segment segments[2] = {{.data = slot->data, .length = vn->header_size + length}};
    unsigned count = 1;

    if (vn->split_header) {
        segments[0].length = vn->header_size;
        segments[1] = (struct virtq_segment){.data = slot->data + vn->header_size, .length = length};
        count = 2;
    }
    return virtq_add(&vn->tx, segments, count, slot);
}

int virtio_net_transmit(struct nic *nic, struct pbuf *frame)
{
    struct virtio_net *vn = nic->priv;
    uint32_t length = frame->tot_len;

    if (vn->dead)
        return fail(ERR_NO_LINK, "%s was stopped", nic->chip);
    if (length == 0 || length > VIRTIO_NET_BUFFER_SIZE - vn->header_size) {
        nic->stats.tx_errors++;
        return fail(ERR_UNSUPPORTED, "a frame of %u bytes cannot be sent", length);
    }
    if (!vn->tx_free)
        virtio_net_tx_reclaim(vn);
    struct tx_slot *slot = vn->tx_free;
    if (!slot)
        return fail(ERR_NIC_INIT_FAILED, "the send ring is full");

    memset(slot->data, 0, vn->header_size);
    pbuf_copy_partial(frame, slot->data + vn->header_size, (u16_t)length, 0);
    if (virtq_in_flight(&vn->tx) == 0)
        virtio_net_tx_touch(vn);
    if (!post(vn, slot, length))
        return fail(ERR_NIC_INIT_FAILED, "the send ring is full");
    vn->tx_free = slot->next;
    slot->next = NULL;
    nic->stats.tx_frames++;
    nic->stats.tx_bytes += length;
    if (!vn->polling)
        virtq_kick(&vn->tx);
    return 0;
}
