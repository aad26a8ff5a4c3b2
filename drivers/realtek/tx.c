// Sending: each descriptor has a slot of DMA memory, into which the frame is copied. What a downloader sends
// is acknowledgements and requests, so the copy costs less than looking after references would.
// Spec: RTL8169 Registers data sheet section 9.1. Tested: models of 8168C to 8125B; unit tests.
// Not handled: checksum and segmentation offload; short frames to the ports of PTP (319, 320), which 8125 and
// 8125B spoil.
#include "drivers/realtek/realtek.h"  // rtl

#include <string.h>

#include "drivers/dma.h"                   // dma_addr
#include "drivers/realtek/realtek_regs.h"  // RTL_FS
#include "lib/clock.h"                     // deadline_ms
#include "lib/err.h"                       // fail

#define WATCHDOG_MS 2000u
#define FRAME_MIN 60u     // without FCS; 8168E-VL and 8125 spoil shorter ones
#define FRAME_MAX 1518u   // with a VLAN tag

void rtl_tx_touch(struct rtl *dev)
{
    dev->tx.deadline = deadline_ms(WATCHDOG_MS);
}

bool rtl_tx_reclaim(struct rtl *dev)
{
    struct rtl_tx_ring *tx = &dev->tx;
    unsigned before = tx->cons;

    while (tx->cons != tx->rung && !(rtl_desc_result(&tx->desc[tx->cons & (RTL_TX_ENTRIES - 1)]) & RTL_OWN))
        tx->cons++;
    if (tx->cons == tx->prod)
        return false;
    if (tx->cons != before)
        rtl_tx_touch(dev);
    return deadline_passed(tx->deadline);
}

int rtl_transmit(struct nic *nic, struct pbuf *frame)
{
    struct rtl *dev = nic->priv;
    struct rtl_tx_ring *tx = &dev->tx;
    uint32_t length = frame->tot_len;

    if (dev->dead)
        return fail(ERR_NO_LINK, "%s was stopped", nic->chip);
    if (length == 0 || length > FRAME_MAX) {
        nic->stats.tx_errors++;
        return fail(ERR_UNSUPPORTED, "a frame of %u bytes cannot be sent", length);
    }
    if (tx->prod - tx->cons == RTL_TX_ENTRIES)
        rtl_tx_reclaim(dev);
    if (tx->prod - tx->cons == RTL_TX_ENTRIES)
        return fail(ERR_NIC_INIT_FAILED, "the send ring is full");

    unsigned at = tx->prod & (RTL_TX_ENTRIES - 1);
    uint8_t *slot = tx->slots + (size_t)at * RTL_SLOT_SIZE;
    pbuf_copy_partial(frame, slot, (u16_t)length, 0);
    nic->stats.tx_frames++;
    nic->stats.tx_bytes += length;
    if (length < FRAME_MIN) {
        memset(slot + length, 0, FRAME_MIN - length);  // not with what was sent before
        length = FRAME_MIN;
    }
    if (tx->prod == tx->cons)
        rtl_tx_touch(dev);
    rtl_desc_give(&tx->desc[at], dma_addr(slot), length,
                  RTL_FS | RTL_LS | (at == RTL_TX_ENTRIES - 1 ? RTL_EOR : 0));
    tx->prod++;
    if (!dev->polling)
        rtl_tx_doorbell(dev);
    return 0;
}
