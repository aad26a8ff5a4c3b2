// Receiving: the chip writes frames one behind the other into a ring, from which they are copied into buffers
// of our pool. How far it has come is a register, CBR: reading CR and CBR once is what all frames of a turn
// share. Memory alone does not tell: the next header's place holds bytes of an older frame until it is
// written, and erasing all of what has been read costs as much as copying it does.
// Spec: RTL8139D(L) Data Sheet sections 5.1 and 5.5, RTL8139 Programming Guide (receive). Tested: QEMU 7.2
// rtl8139; unit tests with a lying chip.
// Not handled: a ring of 64 KiB, at which some chips are known to stop.
#include "drivers/realtek/rtl8139_chip.h"  // rtl8139

#include <assert.h>
#include <string.h>

#include "kernel/cpu.h"      // rmb
#include "kernel/profile.h"  // profile_count
#include "lib/clock.h"       // deadline_ms

#define ETHERNET_HEADER 14u
#define LOST_EVERY 4u   // lies after which the whole chip is reset, not its receiver alone

static_assert(RX_RING + RX_HEADER + TX_FRAME_MAX <= RX_RING_BYTES, "a frame at the end lies inside");
static_assert(TX_FRAME_MAX <= RTL8139_BUFFER_SIZE, "a frame fits into a buffer");

enum verdict { FRAME, UNFINISHED, LIE };

// Looks at the frame in front, of which the chip says that `left` bytes are there, with what follows it.
static enum verdict judge(const struct rtl8139_rx *rx, uint32_t left, uint32_t *length)
{
    // SAFETY: `read` is below RX_RING and a multiple of 4 (aligned()). One access: status and length are of
    // one moment.
    uint32_t header = *(const volatile uint32_t *)(const void *)(rx->ring + rx->read);

    *length = header >> RX_LENGTH_SHIFT;
    if (*length == RX_UNFINISHED)
        return UNFINISHED;
    if (!(header & RX_ROK) || (header & RX_ERRORS))
        return LIE;  // frames with errors are not accepted, so this is no header
    if (*length < ETHERNET_HEADER + FCS || *length > TX_FRAME_MAX + FCS)
        return LIE;
    return RX_HEADER + *length > left ? UNFINISHED : FRAME;
}

// Where the header behind a frame that ends at `end` is.
static uint32_t aligned(uint32_t end)
{
    return (end + RX_ALIGN - 1) & ~(RX_ALIGN - 1) & (RX_RING - 1);
}

// The place in the ring is lost: begins anew, now and then with the whole chip.
static void lose(struct rtl8139 *dev)
{
    dev->nic->stats.rx_errors++;
    if (++dev->life.lies % LOST_EVERY == 0)
        dev->life.renew = true;
    else
        rtl8139_restart_receiver(dev);
}

// Waits for a frame that is not whole yet, some turns, not for ever.
static void await(struct rtl8139 *dev)
{
    struct rtl8139_rx *rx = &dev->rx;

    if (!rx->deadline)
        rx->deadline = deadline_ms(UNFINISHED_MS);
    else if (deadline_passed(rx->deadline))
        lose(dev);
}

// Copies the frame in front, which judge() found to be one, out of the ring. False when there is no buffer
// for it: it stays.
static bool take(struct rtl8139 *dev, uint32_t length)
{
    struct rtl8139_rx *rx = &dev->rx;
    struct nic *nic = dev->nic;
    struct nic_buf *buf = nic_buf_get(&dev->pool);

    if (!buf) {
        nic->stats.rx_no_buffer++;
        return false;
    }
    // SAFETY: judge() has bounded length by what the asserts above leave behind the ring, and by the buffer.
    memcpy(buf->data, rx->ring + rx->read + RX_HEADER, length - FCS);
    rx->read = aligned(rx->read + RX_HEADER + length);
    rx->deadline = 0;
    struct pbuf *frame = nic_buf_to_pbuf(buf, 0, length - FCS);
    if (!frame)
        return true;
    nic->stats.rx_frames++;
    nic->stats.rx_bytes += length - FCS;
    nic->input(nic, frame);
    return true;
}

// Tells the chip how far the ring has been read.
static void give_back(struct rtl8139 *dev)
{
    mmio_write16(dev->regs + CAPR, (uint16_t)(dev->rx.read - CAPR_BIAS));
    profile_count(PROFILE_DOORBELLS, 1);
    rtl8139_acknowledge(dev);
    dev->life.lies = 0;
}

unsigned rtl8139_rx(struct rtl8139 *dev, unsigned budget)
{
    struct rtl8139_rx *rx = &dev->rx;
    uint8_t cr = rd8(dev, CR);
    unsigned delivered = 0;
    uint32_t length;

    if (cr == CR_GONE)
        dev->life.gone = true;
    if (cr & CR_BUFE)
        dev->rx.deadline = 0;
    if (dev->life.gone || (cr & CR_BUFE))
        return 0;
    uint32_t end = aligned(rd16(dev, CBR));
    enum verdict verdict = FRAME;
    rmb();  // the register before what it speaks of
    while (delivered < budget) {
        uint32_t left = (end - rx->read) & (RX_RING - 1);
        if (left == 0)
            break;
        verdict = judge(rx, left, &length);
        if (verdict != FRAME || !take(dev, length))
            break;
        delivered++;
    }
    if (delivered)
        give_back(dev);
    if (verdict == LIE)
        lose(dev);
    else if (verdict == UNFINISHED || (delivered == 0 && end == rx->read))
        await(dev);
    return delivered;
}
