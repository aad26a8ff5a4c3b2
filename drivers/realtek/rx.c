// Receiving: the chip writes frames into buffers of our pool, which go up as they are; nothing is copied.
// Descriptors are looked at in memory; no register is read for a frame.
// Spec: RTL8169 Registers data sheet section 9.2. Tested: models of 8168C to 8125B, 8106E and 8169SC; unit
// tests with a lying chip.
// Not handled: frames larger than a buffer (they are longer than RMS lets in, and dropped whole).
#include "drivers/realtek/realtek.h"  // rtl

#include "drivers/dma.h"                   // dma_addr
#include "drivers/realtek/realtek_regs.h"  // RTL_OWN
#include "kernel/cpu.h"                    // rmb
#include "lib/clock.h"                     // deadline_ms
#include "lib/log.h"                       // log_warn

#define ETHERNET_HEADER 14u
#define FCS 4u
#define STALL_MS 1000u   // longer than a busy network is ever silent

void rtl_rx_refill(struct rtl *dev)
{
    struct rtl_rx_ring *rx = &dev->rx;

    while (rx->prod - rx->cons < RTL_RX_ENTRIES) {
        struct nic_buf *buf = nic_buf_get(&dev->pool);
        if (!buf)
            break;
        unsigned at = rx->prod & (RTL_RX_ENTRIES - 1);
        rx->bufs[at] = buf;
        rtl_desc_give(&rx->desc[at], dma_addr(buf->data), RTL_BUFFER_SIZE,
                      at == RTL_RX_ENTRIES - 1 ? RTL_EOR : 0);
        rx->prod++;
    }
    if (rx->prod == rx->cons)
        dev->nic->stats.rx_no_buffer++;
}

static uint32_t take_events(const struct rtl *dev)
{
    uint32_t events = rtl_has(dev, RTL_8125) ? rd32(dev, ISR_8125) : rd16(dev, ISR);

    if (rtl_has(dev, RTL_8125))
        wr32(dev, ISR_8125, events);
    else
        wr16(dev, ISR, events);
    return events;
}

// 8168B to 8168D and 8169 may receive nothing any more once their FIFO ran over, and still send.
void rtl_rx_watch(struct rtl *dev)
{
    struct rtl_rx_ring *rx = &dev->rx;
    uint32_t events = take_events(dev);

    if ((uint16_t)events == UINT16_MAX)
        return;  // it has gone, which the next look at the link tells
    if (rx->prod == rx->cons)
        rx->stalled = 0;  // the stack has all buffers: nothing can come
    if (rx->watched != dev->nic->stats.rx_frames)
        rx->stalled = 0;
    rx->watched = dev->nic->stats.rx_frames;
    if ((events & (ISR_RDU | ISR_FOVW)) && rx->stalled == 0 && rx->prod != rx->cons)
        rx->stalled = deadline_ms(STALL_MS);
    if (rtl_has(dev, RTL_PCI) && (events & ISR_SERR)) {
        log_warn("%s: an error on its bus, restarting it", dev->nic->chip);
        dev->life.restart = true;
    }
    if (rx->stalled != 0 && deadline_passed(rx->stalled)) {
        log_warn("%s: it ran over and receives nothing since, restarting it", dev->nic->chip);
        dev->nic->stats.rx_errors++;
        dev->life.restart = true;
        rx->stalled = 0;
    }
}

// Takes one buffer from the ring. Returns the frame, NULL when it was none.
static struct pbuf *take(struct rtl *dev, struct nic_buf *buf, uint32_t result)
{
    uint32_t length = result & RTL_RX_LENGTH_MASK;
    bool whole = (result & (RTL_FS | RTL_LS)) == (RTL_FS | RTL_LS);

    if (!whole || (result & RTL_RX_RES) || length < ETHERNET_HEADER + FCS) {
        dev->nic->stats.rx_errors += (result & RTL_LS) != 0;  // once a frame
        nic_buf_put(buf);
        return NULL;
    }
    struct pbuf *frame = nic_buf_to_pbuf(buf, 0, length - FCS);
    if (!frame) {
        dev->nic->stats.rx_errors++;
        dev->life.lies++;
        return NULL;
    }
    if (rtl_rx_csum_ok(result))
        frame->flags |= NIC_PBUF_CSUM_OK;
    return frame;
}

unsigned rtl_rx(struct rtl *dev, unsigned budget)
{
    struct rtl_rx_ring *rx = &dev->rx;
    struct nic *nic = dev->nic;
    unsigned delivered = 0;

    while (delivered < budget && rx->cons != rx->prod) {
        unsigned at = rx->cons & (RTL_RX_ENTRIES - 1);
        uint32_t result = rtl_desc_result(&rx->desc[at]);
        if (result & RTL_OWN)
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
