// Sending: four slots, each with a register that says when its frame is out. Frames are copied into them:
// what a downloader sends is acknowledgements and requests.
// Spec: RTL8139D(L) Data Sheet section 5.2, RTL8139 Programming Guide (transmit). Tested: QEMU 7.2 rtl8139,
// which sends at once; unit tests.
// Not handled: more than four frames at a time (the stack tries again).
#include "drivers/realtek/rtl8139_chip.h"  // rtl8139

#include <assert.h>
#include <string.h>

#include "kernel/cpu.h"  // wmb
#include "lib/clock.h"   // deadline_ms
#include "lib/err.h"     // fail

#define WATCHDOG_MS 2000u
#define FRAME_MIN 60u       // without FCS; the chip pads nothing
#define BEGIN_AT 1536u      // bytes in the FIFO: a whole frame, so that it never runs empty on the way

#define TSD_BEGIN (BEGIN_AT / TSD_ERTXTH_UNIT << TSD_ERTXTH_SHIFT)

static_assert(BEGIN_AT >= RTL8139_FRAME_MAX && BEGIN_AT < 2048, "the FIFO has 2 KiB");
static_assert(RTL8139_FRAME_MAX <= TX_SLOT_SIZE, "a frame fits into a slot");

static uint32_t tsd(unsigned index)
{
    return TSD0 + (index & (TX_SLOTS - 1)) * (uint32_t)sizeof(uint32_t);
}

void rtl8139_tx_touch(struct rtl8139 *dev)
{
    dev->tx.deadline = deadline_ms(WATCHDOG_MS);
}

// True when the frame at `cons` is out. One that was given up after too many collisions is sent again by the
// chip itself, when told to: once is enough, what follows waits for it.
static bool sent(struct rtl8139 *dev)
{
    struct rtl8139_tx *tx = &dev->tx;
    uint32_t status = rd32(dev, tsd(tx->cons));

    if (status == UINT32_MAX) {
        dev->gone = true;
        return false;
    }
    if (status & TSD_TOK)
        return true;
    if ((status & TSD_TABT) && !tx->aborted) {
        tx->aborted = true;
        dev->nic->stats.tx_errors++;
        wr32(dev, TCR, rd32(dev, TCR) | TCR_CLRABT);
    }
    return !(status & TSD_TABT) && (status & TSD_OWN) && (status & TSD_TUN);
}

bool rtl8139_tx_reclaim(struct rtl8139 *dev)
{
    struct rtl8139_tx *tx = &dev->tx;

    while (tx->cons != tx->prod && sent(dev)) {
        tx->cons++;
        tx->aborted = false;
        rtl8139_tx_touch(dev);
    }
    return tx->cons != tx->prod && deadline_passed(tx->deadline);
}

int rtl8139_transmit(struct nic *nic, struct pbuf *frame)
{
    struct rtl8139 *dev = nic->priv;
    struct rtl8139_tx *tx = &dev->tx;
    uint32_t length = frame->tot_len;

    if (dev->dead)
        return fail(ERR_NO_LINK, "%s was stopped", nic->chip);
    if (length == 0 || length > RTL8139_FRAME_MAX) {
        nic->stats.tx_errors++;
        return fail(ERR_UNSUPPORTED, "a frame of %u bytes cannot be sent", length);
    }
    if (tx->prod - tx->cons == TX_SLOTS)
        rtl8139_tx_reclaim(dev);
    if (tx->prod - tx->cons == TX_SLOTS)
        return fail(ERR_NIC_INIT_FAILED, "all send slots are in use");

    uint8_t *slot = tx->slots + (size_t)(tx->prod & (TX_SLOTS - 1)) * TX_SLOT_SIZE;
    pbuf_copy_partial(frame, slot, (u16_t)length, 0);
    nic->stats.tx_frames++;
    nic->stats.tx_bytes += length;
    if (length < FRAME_MIN) {
        memset(slot + length, 0, FRAME_MIN - length);  // not with what was sent before
        length = FRAME_MIN;
    }
    if (tx->prod == tx->cons)
        rtl8139_tx_touch(dev);
    wmb();  // the frame before the register that gives it to the chip
    wr32(dev, tsd(tx->prod), TSD_BEGIN | length);
    tx->prod++;
    return 0;
}
