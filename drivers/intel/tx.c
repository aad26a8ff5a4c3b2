// Sending: frames are copied into slots, one for each descriptor.
// Spec: 317453 section 3.3. Tested: QEMU 7.2 e1000, e1000e; unit tests.
// Not handled: checksum and segmentation offload; 82547 at half duplex, whose send FIFO may hang, and 82544
// on PCI-X, which may hang on buffers of some lengths: the watchdog restarts them.
#include "drivers/intel/intel.h"  // intel

#include "drivers/dma.h"               // dma_addr
#include "drivers/intel/intel_regs.h"  // TDFPC
#include "lib/err.h"                   // fail

bool intel_tx_reclaim(struct intel *dev)
{
    struct intel_tx_ring *tx = &dev->tx;
    unsigned before = tx->slots.cons;

    while (tx->slots.cons != tx->rung && legacy_tx_done(&tx->desc[tx->slots.cons & (tx->slots.count - 1)]))
        tx->slots.cons++;
    if (tx->slots.cons != before) {
        tx_slots_touch(&tx->slots);
        dev->life.restarts = 0;
    }
    return tx_slots_late(&tx->slots);
}

int intel_transmit(struct nic *nic, struct pbuf *frame)
{
    struct intel *dev = nic->priv;
    struct intel_tx_ring *tx = &dev->tx;
    uint32_t length;
    uint8_t *slot;

    if (dev->life.dead)
        return fail(ERR_NO_LINK, "%s was stopped", nic->chip);
    if (tx_slots_full(&tx->slots))
        intel_tx_reclaim(dev);
    int err = tx_slots_fill(&tx->slots, nic, frame, &slot, &length);
    if (err < 0)
        return err;
    legacy_tx_give(&tx->desc[tx_slots_index(&tx->slots)], dma_addr(slot), (uint16_t)length);
    tx->slots.prod++;
    if (!dev->polling)
        intel_tx_doorbell(dev);
    return 0;
}

bool intel_sending(struct nic *nic)
{
    struct intel *dev = nic->priv;

    if (dev->life.dead || dev->life.gone)
        return false;
    intel_tx_reclaim(dev);
    if (!tx_slots_empty(&dev->tx.slots))
        return true;
    uint32_t in_fifo = rd32(dev, TDFPC);
    return in_fifo != 0 && in_fifo != UINT32_MAX;  // one that is gone sends nothing
}
