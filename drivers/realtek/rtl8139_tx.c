// Sending: four slots, each with a register that says when its frame is out. Frames are copied into them:
// what a downloader sends is acknowledgements and requests.
// Spec: RTL8139D(L) Data Sheet section 5.2, RTL8139 Programming Guide (transmit). Tested: QEMU 7.2 rtl8139,
// which sends at once; unit tests.
// Not handled: more than four frames at a time (the stack tries again).
#include "drivers/realtek/rtl8139_chip.h"  // rtl8139

#include <assert.h>

#include "kernel/cpu.h"  // wmb
#include "lib/err.h"     // fail

#define BEGIN_AT 1536u      // bytes in the FIFO: a whole frame, so that it never runs empty on the way

#define ABORTS_MAX 64u      // for one frame; each is after sixteen collisions

#define TSD_BEGIN (BEGIN_AT / TSD_ERTXTH_UNIT << TSD_ERTXTH_SHIFT)

static_assert(BEGIN_AT >= TX_FRAME_MAX && BEGIN_AT < 2048, "the FIFO has 2 KiB");

static uint32_t tsd(unsigned index)
{
    return TSD0 + (index & (TX_SLOTS - 1)) * (uint32_t)sizeof(uint32_t);
}

// True when the frame at `cons` is out. One that was given up after too many collisions is sent again by the
// chip itself, when told to; what follows waits for it. A medium that never gets better is the watchdog's.
static bool sent(struct rtl8139 *dev)
{
    struct rtl8139_tx *tx = &dev->tx;
    uint32_t status = rd32(dev, tsd(tx->slots.cons));

    if (status == UINT32_MAX) {
        dev->life.gone = true;
        return false;
    }
    if (status & TSD_TOK)
        return true;
    if ((status & TSD_TABT) && tx->aborts < ABORTS_MAX) {
        tx->aborts++;
        dev->nic->stats.tx_errors++;
        wr32(dev, TCR, rd32(dev, TCR) | TCR_CLRABT);
    }
    return !(status & TSD_TABT) && (status & TSD_OWN) && (status & TSD_TUN);
}

bool rtl8139_tx_reclaim(struct rtl8139 *dev)
{
    struct rtl8139_tx *tx = &dev->tx;

    while (!tx_slots_empty(&tx->slots) && sent(dev)) {
        tx->slots.cons++;
        tx->aborts = 0;
        dev->life.restarts = 0;
        tx_slots_touch(&tx->slots);
    }
    return tx_slots_late(&tx->slots);
}

int rtl8139_transmit(struct nic *nic, struct pbuf *frame)
{
    struct rtl8139 *dev = nic->priv;
    struct tx_slots *slots = &dev->tx.slots;
    uint32_t length;
    uint8_t *slot;

    if (dev->life.dead)
        return fail(ERR_NO_LINK, "%s was stopped", nic->chip);
    if (tx_slots_full(slots))
        rtl8139_tx_reclaim(dev);
    int err = tx_slots_fill(slots, nic, frame, &slot, &length);
    if (err < 0)
        return err;
    wmb();  // the frame before the register that gives it to the chip
    wr32(dev, tsd(slots->prod), TSD_BEGIN | length);
    slots->prod++;
    return 0;
}

bool rtl8139_sending(struct nic *nic)
{
    struct rtl8139 *dev = nic->priv;

    if (dev->life.dead)
        return false;
    rtl8139_tx_reclaim(dev);
    return !dev->life.gone && !tx_slots_empty(&dev->tx.slots);
}
