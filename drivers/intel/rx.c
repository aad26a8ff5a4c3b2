// Receiving: the chip writes frames into buffers of our pool, which go up as they are; nothing is copied.
// Descriptors are looked at in memory; no register is read.
// Spec: 317453 section 3.2. Tested: QEMU 7.2 e1000, e1000e; unit tests with a lying chip.
// Not handled: frames larger than a buffer (they are longer than RCTL lets in, and dropped whole).
#include "drivers/intel/intel.h"  // intel

#include "kernel/cpu.h"  // rmb

#define ETHERNET_HEADER 14u
#define REFILL_BATCH 32u   // descriptors given to the chip at once: a doorbell costs more than they do

void intel_rx_refill(struct intel *dev)
{
    struct intel_rx_ring *rx = &dev->rx;
    unsigned room = rx->size - 1 - (rx->prod - rx->cons);

    if (room < REFILL_BATCH)
        return;
    for (; room > 0; room--) {
        struct nic_buf *buf = nic_buf_get(&dev->pool);
        if (!buf)
            break;
        unsigned at = rx->prod & (rx->size - 1);
        rx->bufs[at] = buf;
        legacy_rx_give(&rx->desc[at], (uint64_t)(uintptr_t)buf->data);
        rx->prod++;
    }
    if (rx->prod == rx->cons)
        dev->nic->stats.rx_no_buffer++;
}

// Takes one buffer from the ring. Returns the frame, NULL when it was none.
static struct pbuf *take(struct intel *dev, struct nic_buf *buf, uint64_t result)
{
    struct intel_rx_ring *rx = &dev->rx;
    uint32_t length = result & LEGACY_RX_LENGTH_MASK;
    bool last = result & LEGACY_RX_EOP;
    bool skip = rx->skipping;

    rx->skipping = !last;
    if (!last || skip) {
        dev->nic->stats.rx_errors += last;  // once a frame
        nic_buf_put(buf);
        return NULL;
    }
    if ((result & LEGACY_RX_ERRORS) || length < ETHERNET_HEADER) {
        dev->nic->stats.rx_errors++;
        nic_buf_put(buf);
        return NULL;
    }
    struct pbuf *frame = nic_buf_to_pbuf(buf, 0, length);
    if (!frame) {
        dev->nic->stats.rx_errors++;
        dev->life.lies++;
        return NULL;
    }
    if (legacy_rx_csum_ok(result))
        frame->flags |= NIC_PBUF_CSUM_OK;
    return frame;
}

unsigned intel_rx(struct intel *dev, unsigned budget)
{
    struct intel_rx_ring *rx = &dev->rx;
    struct nic *nic = dev->nic;
    unsigned delivered = 0;

    while (delivered < budget && rx->cons != rx->prod) {
        unsigned at = rx->cons & (rx->size - 1);
        uint64_t result = legacy_rx_result(&rx->desc[at]);
        if (!(result & LEGACY_RX_DD))
            break;
        rmb();  // the descriptor before the frame
        struct nic_buf *buf = rx->bufs[at];
        rx->bufs[at] = NULL;
        rx->cons++;
        struct pbuf *frame = take(dev, buf, result);
        if (!frame)
            continue;
        delivered++;
        dev->life.lies = 0;
        nic->stats.rx_frames++;
        nic->stats.rx_bytes += frame->tot_len;
        nic->input(nic, frame);
    }
    return delivered;
}
