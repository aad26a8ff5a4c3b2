// Memory of the descriptor rings, where the chip finds them, and the two doorbells.
// Spec: 317453 sections 3.2.6 (receive ring), 3.4 (transmit ring), 13.4.25 to 13.4.33; 82546 Specification
// Update erratum 23 (64-KiB boundaries). Tested: QEMU 7.2 e1000, e1000e; unit tests.
// Not handled: a second queue.
#include "drivers/intel/intel.h"  // intel

#include <assert.h>

#include "drivers/dma.h"               // dma_alloc
#include "drivers/intel/intel_regs.h"  // RDT
#include "kernel/cpu.h"                // wmb
#include "kernel/memory.h"             // kcalloc
#include "kernel/profile.h"            // profile_count
#include "lib/err.h"                   // fail

#define RX_ENTRIES 1024u   // 12 ms of gigabit: what may pass while the stack is busy elsewhere
#define TX_ENTRIES 256u

static_assert(RX_ENTRIES * sizeof(struct legacy_rx_desc) <= BOUNDARY, "aligned to its size, it crosses none");
static_assert(RX_ENTRIES * sizeof(struct legacy_rx_desc) % RING_ALIGN == 0, "RDLEN");
static_assert(TX_ENTRIES * sizeof(struct legacy_tx_desc) % RING_ALIGN == 0, "TDLEN");
static_assert(BOUNDARY % TX_SLOT_SIZE == 0, "a slot crosses no boundary");

#define TX_BYTES (TX_ENTRIES * sizeof(struct legacy_tx_desc))

static size_t rx_bytes(const struct intel *dev)
{
    return dev->rx.size * sizeof(struct legacy_rx_desc);
}

int intel_rings_create(struct intel *dev)
{
    bool small = dev->flags & INTEL_SMALL_RINGS;
    struct intel_rx_ring *rx = &dev->rx;
    struct intel_tx_ring *tx = &dev->tx;

    *rx = (struct intel_rx_ring){.size = small ? RING_ENTRIES_MAX_EARLY : RX_ENTRIES};
    *tx = (struct intel_tx_ring){0};
    rx->desc = dma_alloc(rx_bytes(dev), rx_bytes(dev));
    rx->bufs = kcalloc(rx->size, sizeof(*rx->bufs));
    tx->desc = dma_alloc(TX_BYTES, TX_BYTES);
    if (rx->desc && rx->bufs && tx->desc && tx_slots_create(&tx->slots, TX_ENTRIES, TX_ENTRIES - 1) == 0)
        return 0;
    intel_rings_destroy(dev);
    return fail(ERR_NOT_ENOUGH_MEMORY, "no memory for its rings");
}

void intel_rings_destroy(struct intel *dev)
{
    struct intel_rx_ring *rx = &dev->rx;
    struct intel_tx_ring *tx = &dev->tx;

    for (unsigned i = 0; rx->bufs && i < rx->size; i++)
        if (rx->bufs[i])
            nic_buf_put(rx->bufs[i]);
    if (rx->desc)
        dma_free((void *)(uintptr_t)rx->desc, rx_bytes(dev));
    kfree(rx->bufs);
    if (tx->desc)
        dma_free((void *)(uintptr_t)tx->desc, TX_BYTES);
    tx_slots_destroy(&tx->slots);
    *rx = (struct intel_rx_ring){0};
    *tx = (struct intel_tx_ring){0};
}

void intel_rings_program(struct intel *dev)
{
    uint64_t rx = dma_addr((const void *)(uintptr_t)dev->rx.desc);
    uint64_t tx = dma_addr((const void *)(uintptr_t)dev->tx.desc);

    wr32(dev, RDBAL, (uint32_t)rx);
    wr32(dev, RDBAH, (uint32_t)(rx >> 32));
    wr32(dev, RDLEN, (uint32_t)rx_bytes(dev));
    wr32(dev, RDH, 0);
    wr32(dev, RDT, 0);
    wr32(dev, TDBAL, (uint32_t)tx);
    wr32(dev, TDBAH, (uint32_t)(tx >> 32));
    wr32(dev, TDLEN, (uint32_t)TX_BYTES);
    wr32(dev, TDH, 0);
    wr32(dev, TDT, 0);
    // Written back at once, not when an interrupt would be due.
    wr32(dev, RDTR, 0);
    wr32(dev, RADV, 0);
    wr32(dev, TIDV, 0);
}

void intel_rx_doorbell(struct intel *dev)
{
    struct intel_rx_ring *rx = &dev->rx;

    if (rx->prod == rx->rung)
        return;
    wmb();  // descriptors before the tail that makes them the chip's
    wr32(dev, RDT, rx->prod & (rx->size - 1));
    profile_count(PROFILE_DOORBELLS, 1);
    rx->rung = rx->prod;
}

void intel_tx_doorbell(struct intel *dev)
{
    struct intel_tx_ring *tx = &dev->tx;

    if (tx->slots.prod == tx->rung)
        return;
    wmb();  // frames and descriptors before the tail
    wr32(dev, TDT, tx_slots_index(&tx->slots));
    profile_count(PROFILE_DOORBELLS, 1);
    tx->rung = tx->slots.prod;
}
