// Sending: frames are copied into slots, one for each descriptor.
// Spec: RTL8169 Registers data sheet section 9.1. Tested: models of 8168C to 8125B, 8106E and 8169SC; unit
// tests.
// Not handled: checksum and segmentation offload; short frames to the ports of PTP (319, 320), which 8125 and
// 8125B spoil.
#include "drivers/realtek/realtek.h"  // rtl

#include "drivers/dma.h"                   // dma_addr
#include "drivers/realtek/realtek_regs.h"  // RTL_FS
#include "lib/err.h"                       // fail

bool rtl_tx_reclaim(struct rtl *dev)
{
    struct rtl_tx_ring *tx = &dev->tx;
    struct tx_slots *slots = &tx->slots;
    unsigned before = slots->cons;

    while (slots->cons != tx->rung &&
           !(rtl_desc_result(&tx->desc[slots->cons & (RTL_TX_ENTRIES - 1)]) & RTL_OWN))
        slots->cons++;
    if (slots->cons != before) {
        tx_slots_touch(slots);
        dev->life.restarts = 0;
    }
    return tx_slots_late(slots);
}

int rtl_transmit(struct nic *nic, struct pbuf *frame)
{
    struct rtl *dev = nic->priv;
    struct rtl_tx_ring *tx = &dev->tx;
    uint32_t length;
    uint8_t *slot;

    if (dev->life.dead)
        return fail(ERR_NO_LINK, "%s was stopped", nic->chip);
    if (tx_slots_full(&tx->slots))
        rtl_tx_reclaim(dev);
    // Never shorter than Ethernet's least: 8168E-VL and 8125 spoil such frames.
    int err = tx_slots_fill(&tx->slots, nic, frame, &slot, &length);
    if (err < 0)
        return err;
    unsigned at = tx_slots_index(&tx->slots);
    rtl_desc_give(&tx->desc[at], dma_addr(slot), length,
                  RTL_FS | RTL_LS | (at == RTL_TX_ENTRIES - 1 ? RTL_EOR : 0));
    tx->slots.prod++;
    if (!dev->polling)
        rtl_tx_doorbell(dev);
    return 0;
}

bool rtl_sending(struct nic *nic)
{
    struct rtl *dev = nic->priv;

    if (dev->life.dead || dev->life.gone)
        return false;
    rtl_tx_reclaim(dev);
    rtl_tx_doorbell(dev);  // again, if the last one was lost
    return !tx_slots_empty(&dev->tx.slots);
}
