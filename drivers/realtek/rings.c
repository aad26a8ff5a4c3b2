// Memory of the descriptor rings, where the chip finds them, and the one doorbell: descriptors to receive
// need none, the chip looks at them when a frame arrives.
// Spec: RTL8169 Registers data sheet sections 6 (TNPDS, RDSAR, TPPoll) and 9. Tested: models of 8168C to
// 8125B; unit tests; no silicon.
// Not handled: the high priority queue, a second queue.
#include "drivers/realtek/realtek.h"  // rtl

#include <assert.h>

#include "drivers/dma.h"                   // dma_alloc
#include "drivers/realtek/realtek_regs.h"  // TNPDS
#include "kernel/cpu.h"                    // wmb
#include "kernel/memory.h"                 // kcalloc
#include "kernel/profile.h"                // profile_count
#include "lib/clock.h"                     // deadline_ms
#include "lib/err.h"                       // fail

#define AGAIN_MS 1u

static_assert(RTL_RX_ENTRIES <= RTL_RING_MAX && RTL_TX_ENTRIES <= RTL_RING_MAX, "RTL8169 section 9");

#define RX_BYTES (RTL_RX_ENTRIES * sizeof(struct rtl_desc))
#define TX_BYTES (RTL_TX_ENTRIES * sizeof(struct rtl_desc))

int rtl_rings_create(struct rtl *dev)
{
    struct rtl_rx_ring *rx = &dev->rx;
    struct rtl_tx_ring *tx = &dev->tx;

    rx->desc = dma_alloc(RX_BYTES, RTL_RING_ALIGN);
    rx->bufs = kcalloc(RTL_RX_ENTRIES, sizeof(struct nic_buf *));
    tx->desc = dma_alloc(TX_BYTES, RTL_RING_ALIGN);
    if (rx->desc && rx->bufs && tx->desc && tx_slots_create(&tx->slots, RTL_TX_ENTRIES, RTL_TX_ENTRIES) == 0)
        return 0;
    rtl_rings_destroy(dev);
    return fail(ERR_NOT_ENOUGH_MEMORY, "no memory for its rings");
}

void rtl_rings_destroy(struct rtl *dev)
{
    struct rtl_rx_ring *rx = &dev->rx;
    struct rtl_tx_ring *tx = &dev->tx;

    for (unsigned i = 0; rx->bufs && i < RTL_RX_ENTRIES; i++)
        if (rx->bufs[i])
            nic_buf_put(rx->bufs[i]);
    // SAFETY: the chip was reset, or its bus mastering is off at least: it writes into none of this any more.
    if (rx->desc)
        dma_free((void *)(uintptr_t)rx->desc, RX_BYTES);
    kfree(rx->bufs);
    if (tx->desc)
        dma_free((void *)(uintptr_t)tx->desc, TX_BYTES);
    tx_slots_destroy(&tx->slots);
    *rx = (struct rtl_rx_ring){0};
    *tx = (struct rtl_tx_ring){0};
}

void rtl_rings_program(struct rtl *dev)
{
    uint64_t rx = dma_addr((const void *)(uintptr_t)dev->rx.desc);
    uint64_t tx = dma_addr((const void *)(uintptr_t)dev->tx.desc);

    // The upper halves first, and always: they come up with anything.
    wr32(dev, TNPDS_HIGH, (uint32_t)(tx >> 32));
    wr32(dev, TNPDS, (uint32_t)tx);
    wr32(dev, RDSAR_HIGH, (uint32_t)(rx >> 32));
    wr32(dev, RDSAR, (uint32_t)rx);
}

void rtl_tx_doorbell(struct rtl *dev)
{
    struct rtl_tx_ring *tx = &dev->tx;

    // 8168: a doorbell while the chip ends its last round is lost.
    if (tx->slots.prod == tx->rung && (tx->rung == tx->slots.cons || !deadline_passed(tx->again)))
        return;
    wmb();  // frames and descriptors before the doorbell
    if (rtl_has(dev, RTL_8125))
        wr16(dev, TPPOLL_8125, TPPOLL_8125_Q0);
    else
        wr8(dev, TPPOLL, TPPOLL_NPQ);
    profile_count(PROFILE_DOORBELLS, 1);
    tx->rung = tx->slots.prod;
    tx->again = deadline_ms(AGAIN_MS);
}
