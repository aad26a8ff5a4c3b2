// Sending: each descriptor has a slot of DMA memory, into which the frame is copied. What a downloader sends
// is acknowledgements and requests, so the copy costs less than looking after references would.
// Spec: 317453 section 3.3. Tested: QEMU 7.2 e1000, e1000e; unit tests.
// Not handled: checksum and segmentation offload; 82547 at half duplex, whose send FIFO may hang, and 82544
// on PCI-X, which may hang on buffers of some lengths: the watchdog restarts them.
#include "drivers/intel/intel.h"  // intel

#include <string.h>

#include "drivers/dma.h"  // dma_addr
#include "lib/clock.h"    // deadline_ms
#include "lib/err.h"      // fail

#define WATCHDOG_MS 2000u
#define FRAME_MIN 60u     // without FCS
#define FRAME_MAX 1518u   // with a VLAN tag

void intel_tx_touch(struct intel *dev)
{
    dev->tx.deadline = deadline_ms(WATCHDOG_MS);
}

bool intel_tx_reclaim(struct intel *dev)
{
    struct intel_tx_ring *tx = &dev->tx;
    unsigned before = tx->cons;

    while (tx->cons != tx->rung && legacy_tx_done(&tx->desc[tx->cons & (tx->size - 1)]))
        tx->cons++;
    if (tx->cons == tx->prod)
        return false;
    if (tx->cons != before)
        intel_tx_touch(dev);
    return deadline_passed(tx->deadline);
}

int intel_transmit(struct nic *nic, struct pbuf *frame)
{
    struct intel *dev = nic->priv;
    struct intel_tx_ring *tx = &dev->tx;
    uint32_t length = frame->tot_len;

    if (dev->dead)
        return fail(ERR_NO_LINK, "%s was stopped", nic->chip);
    if (length == 0 || length > FRAME_MAX) {
        nic->stats.tx_errors++;
        return fail(ERR_UNSUPPORTED, "a frame of %u bytes cannot be sent", length);
    }
    if (tx->prod - tx->cons == tx->size - 1)
        intel_tx_reclaim(dev);
    if (tx->prod - tx->cons == tx->size - 1)
        return fail(ERR_NIC_INIT_FAILED, "the send ring is full");

    unsigned at = tx->prod & (tx->size - 1);
    uint8_t *slot = tx->slots + (size_t)at * INTEL_SLOT_SIZE;
    pbuf_copy_partial(frame, slot, (u16_t)length, 0);
    nic->stats.tx_frames++;
    nic->stats.tx_bytes += length;
    if (length < FRAME_MIN) {
        memset(slot + length, 0, FRAME_MIN - length);  // not with what was sent before
        length = FRAME_MIN;
    }
    if (tx->prod == tx->cons)
        intel_tx_touch(dev);
    legacy_tx_give(&tx->desc[at], dma_addr(slot), (uint16_t)length);
    tx->prod++;
    if (!dev->polling)
        intel_tx_doorbell(dev);
    return 0;
}
