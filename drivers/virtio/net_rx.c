// Receiving with virtio-net: the device writes header and frame into the buffers of our pool; a frame that
// needs several (MRG_RXBUF) becomes a pbuf chain. Nothing is copied as a rule, see shrink().
// Spec: Virtual I/O Device 1.2 sections 5.1.6.3 and 5.1.6.4. Tested: QEMU 7.2, unit tests with a hostile
// device. Not handled: receive segment coalescing and hash reports (not negotiated).
#include "drivers/virtio/net.h"  // virtio_net

#include <string.h>

#include "drivers/virtio/virtio_net_regs.h"  // virtio_net_hdr
#include "lib/err.h"                         // fail
#include "lib/log.h"                         // log_warn

#define ETHERNET_HEADER 14u
#define RX_POSTED_MAX 1024u   // some hosts offer rings of many thousands: more memory, nothing gained
#define RX_POSTED_LARGE 512u  // ... of large buffers
#define SCARCE 64u            // free large buffers below which frames are moved out of them
#define SHRINK_MAX 16384u     // larger frames need so few buffers for a window that they may stay

unsigned virtio_net_rx_target(const struct virtio_net *vn)
{
    unsigned chains = vn->split_header ? vn->rx.size / 2 : vn->rx.size;
    unsigned most = vn->dev.features & VIRTIO_NET_LARGE_FRAMES ? RX_POSTED_LARGE : RX_POSTED_MAX;

    return chains < most ? chains : most;
}

static bool post(struct virtio_net *vn, struct nic_buf *buf)
{
    struct virtq_segment segments[2] = {
        {.data = buf->data, .length = vn->pool.buffer_size, .device_writes = true},
    };
    unsigned count = 1;

    if (vn->split_header) {
        segments[0].length = vn->header_size;
        segments[1] = (struct virtq_segment){
            .data = buf->data + vn->header_size,
            .length = vn->pool.buffer_size - vn->header_size,
            .device_writes = true,
        };
        count = 2;
    }
    return virtq_add(&vn->rx, segments, count, buf);
}

void virtio_net_rx_refill(struct virtio_net *vn)
{
    while (vn->rx_posted < virtio_net_rx_target(vn)) {
        struct nic_buf *buf = nic_buf_get(&vn->pool);
        if (!buf) {
            if (vn->rx_posted == 0)
                vn->nic->stats.rx_no_buffer++;
            return;
        }
        if (!post(vn, buf)) {
            nic_buf_put(buf);
            return;
        }
        vn->rx_posted++;
    }
}

// Gives up the frame that is being put together; its remaining buffers will be dropped as they come.
static void drop_partial(struct virtio_net *vn)
{
    vn->nic->stats.rx_errors++;
    if (vn->partial)
        pbuf_free(vn->partial);
    vn->partial = NULL;
}

// 65535 bytes of IP packet and the Ethernet header are more than lwIP can count. Hosts make such frames
// rarely, but would repeat this one for ever: the device is asked to leave frames as they were on the wire.
static void refuse_large(struct virtio_net *vn)
{
    if (!(vn->wanted & VIRTIO_NET_LARGE_FRAMES))
        return;
    log_warn("%s: a frame of over 65535 bytes came; restarting without joined frames", vn->nic->chip);
    vn->wanted &= ~VIRTIO_NET_LARGE_FRAMES;
    vn->restart = true;
}

// Frames come up in the buffers they arrived in, but when large buffers run low, because the stack holds many
// frames behind a hole, a small frame moves into small ones: a buffer of 64 KiB for each of them would be 200
// MiB. The frame itself when there is no reason or no room.
static struct pbuf *shrink(struct virtio_net *vn, struct pbuf *frame)
{
    struct pbuf *copy = NULL;

    if (vn->small.count == 0 || vn->pool.free_count >= SCARCE || frame->tot_len > SHRINK_MAX)
        return frame;
    for (unsigned at = 0; at < frame->tot_len;) {
        unsigned left = frame->tot_len - at;
        unsigned part = left < vn->small.buffer_size ? left : vn->small.buffer_size;
        struct nic_buf *buf = nic_buf_get(&vn->small);
        struct pbuf *piece = buf ? nic_buf_to_pbuf(buf, 0, part) : NULL;
        if (!piece) {
            if (copy)
                pbuf_free(copy);
            return frame;
        }
        at += pbuf_copy_partial(frame, piece->payload, (u16_t)part, (u16_t)at);
        if (copy)
            pbuf_cat(copy, piece);
        else
            copy = piece;
    }
    copy->flags |= frame->flags & NIC_PBUF_CSUM_OK;
    pbuf_free(frame);
    return copy;
}

// Hands the finished frame up. Returns how many frames that were: 0 when it had been dropped.
static unsigned deliver(struct virtio_net *vn)
{
    struct nic *nic = vn->nic;
    struct pbuf *frame = vn->partial;

    vn->partial = NULL;
    if (!frame)
        return 0;
    if (frame->tot_len < ETHERNET_HEADER) {
        nic->stats.rx_errors++;
        pbuf_free(frame);
        return 0;
    }
    nic->stats.rx_frames++;
    nic->stats.rx_bytes += frame->tot_len;
    vn->restarts = 0;
    nic->input(nic, shrink(vn, frame));
    return 1;
}

// Gives up a frame whose header cannot be true, as fail() has recorded.
static void refuse_header(struct virtio_net *vn, struct nic_buf *buf)
{
    vn->rx.lies++;
    virtio_net_note_lie(vn);
    drop_partial(vn);
    nic_buf_put(buf);
}

// The first buffer of a frame: the header says how many there are.
static void begin_frame(struct virtio_net *vn, struct nic_buf *buf, uint32_t written)
{
    struct virtio_net_hdr header = {0};

    vn->partial_left = 1;
    if (written < vn->header_size) {
        fail(ERR_DMA, "the device received %u bytes, less than a header", written);
        refuse_header(vn, buf);
        return;
    }
    memcpy(&header, buf->data, vn->header_size);
    if (vn->mergeable) {
        if (header.num_buffers == 0 || header.num_buffers > vn->rx.size) {
            fail(ERR_DMA, "the device received a frame of %u buffers", header.num_buffers);
            refuse_header(vn, buf);
            return;
        }
        vn->partial_left = header.num_buffers;
    }
    vn->partial = nic_buf_to_pbuf(buf, vn->header_size, written - vn->header_size);
    if (!vn->partial)
        drop_partial(vn);
    else if ((vn->dev.features & VIRTIO_NET_F_GUEST_CSUM) &&
             (header.flags & (VIRTIO_NET_HDR_F_NEEDS_CSUM | VIRTIO_NET_HDR_F_DATA_VALID)))
        vn->partial->flags |= NIC_PBUF_CSUM_OK;
}

// A further buffer of a frame: data from its first byte on.
static void continue_frame(struct virtio_net *vn, struct nic_buf *buf, uint32_t written)
{
    if (!vn->partial) {
        nic_buf_put(buf);
        return;
    }
    if (written == 0 || vn->partial->tot_len + written > UINT16_MAX) {
        if (written > 0)
            refuse_large(vn);
        nic_buf_put(buf);
        drop_partial(vn);
        return;
    }
    struct pbuf *more = nic_buf_to_pbuf(buf, 0, written);
    if (more)
        pbuf_cat(vn->partial, more);
    else
        drop_partial(vn);
}

static unsigned take_buffer(struct virtio_net *vn, struct nic_buf *buf, uint32_t written)
{
    if (vn->partial_left == 0)
        begin_frame(vn, buf, written);
    else
        continue_frame(vn, buf, written);
    return --vn->partial_left == 0 ? deliver(vn) : 0;
}

unsigned virtio_net_rx(struct virtio_net *vn, unsigned budget)
{
    unsigned delivered = 0;

    while (delivered < budget) {
        void *cookie;
        uint32_t written;
        int err = virtq_take(&vn->rx, &cookie, &written);
        if (err == 0)
            break;
        if (cookie)
            vn->rx_posted--;
        if (err > 0) {
            delivered += take_buffer(vn, cookie, written);
            continue;
        }
        virtio_net_note_lie(vn);
        // The frame this belonged to has a hole now.
        drop_partial(vn);
        if (vn->partial_left > 0)
            vn->partial_left--;
        if (cookie)
            nic_buf_put(cookie);
        if (virtio_net_distrusted(vn))
            break;
    }
    return delivered;
}

void virtio_net_rx_reclaim(struct virtio_net *vn)
{
    struct nic_buf *buf;

    while (vn->rx.desc && (buf = virtq_reclaim(&vn->rx)) != NULL)
        nic_buf_put(buf);
    vn->rx_posted = 0;
    if (vn->partial)
        pbuf_free(vn->partial);
    vn->partial = NULL;
    vn->partial_left = 0;
}
