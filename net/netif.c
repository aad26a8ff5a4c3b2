// A NIC under lwIP: received frames go up without a copy, frames to send go down as one piece, link changes
// are passed on. Spec: IEEE 802.3 (frame sizes), RFC 894. Not handled: VLAN tags, jumbo frames, multicast.

#include "net/netif.h"  // struct iface

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "drivers/nic.h"    // nic_start
#include "hooks.h"          // tcp_admits
#include "kernel/profile.h" // profile_enter
#include "lib/clock.h"      // deadline_ms
#include "lib/err.h"        // fail
#include "lib/log.h"        // log_info
#include "lwip/dhcp.h"      // dhcp_release_and_stop
#include "lwip/etharp.h"    // etharp_output
#include "lwip/ip.h"        // ip_current_input_netif
#include "lwip/pbuf.h"      // pbuf_clone
#include "lwip/priv/tcp_priv.h" // tcp_active_pcbs
#include "netif/ethernet.h" // ethernet_input

#define RELEASE_TIME_MS 3     // for the answer of the server by ARP; frames leave before the NIC is stopped
#define FRAMES_PER_POLL 16
#define OOSEQ_PBUFS_MAX 3000  // TCP_WND / TCP_MSS and some

static_assert(OOSEQ_PBUFS_MAX + 2 * TCP_SND_QUEUELEN <= MEMP_NUM_TCP_SEG, "a segment for each");

static struct iface ifaces[NICS_MAX];
static unsigned iface_count;

struct iface *iface_at(unsigned index)
{
    return index < iface_count ? &ifaces[index] : NULL;
}

struct iface *iface_of(struct netif *netif)
{
    return netif->state;
}

bool iface_link_up(struct iface *iface)
{
    return iface->running && netif_is_link_up(&iface->netif);
}

static int transmit(struct nic *nic, struct pbuf *frame)
{
    profile_enter(PROFILE_SEND);
    int err = nic->ops->transmit(nic, frame);
    profile_leave();
    return err;
}

// lwIP's linkoutput. The driver takes its own reference or a copy.
static err_t send_frame(struct netif *netif, struct pbuf *frame)
{
    struct nic *nic = iface_of(netif)->nic;
    struct pbuf *single;
    int err;

    // nic_stop_all() knows nothing of us.
    if (!nic->started)
        return ERR_IF;
    // Nothing but a fault of ours would make one, and chips differ in what they do with it.
    if (frame->tot_len > nic->mtu + SIZEOF_ETH_HDR)
        return ERR_BUF;
    if (frame->next == NULL)
        return transmit(nic, frame) == 0 ? ERR_OK : ERR_MEM;

    single = pbuf_clone(PBUF_RAW, PBUF_RAM, frame);
    if (single == NULL)
        return ERR_MEM;
    err = transmit(nic, single);
    pbuf_free(single);
    return err == 0 ? ERR_OK : ERR_MEM;
}

// What join.c has made of the frames. lwIP knows checksum offload as a property of the interface, chips as
// one of the frame. ethernet_input() takes the frame in any case but an error.
static void deliver_frame(void *ctx, struct pbuf *frame)
{
    struct iface *iface = ctx;
    uint16_t unchecked = 0;

    if (frame->flags & NIC_PBUF_CSUM_OK)
        unchecked = NETIF_CHECKSUM_CHECK_UDP | NETIF_CHECKSUM_CHECK_TCP;
    NETIF_SET_CHECKSUM_CTRL(&iface->netif, iface->checksums & ~unchecked);
    if (iface->netif.input(frame, &iface->netif) != ERR_OK)
        pbuf_free(frame);
}

// nic->input.
static void receive_frame(struct nic *nic, struct pbuf *frame)
{
    struct iface *iface = nic->stack;

    if (iface == NULL || !iface->running) {
        pbuf_free(frame);
        return;
    }
    profile_count(PROFILE_BYTES, frame->tot_len);
    profile_enter(PROFILE_INPUT);
    join_input(&iface->join, frame);
    profile_leave();
}

unsigned iface_poll(struct iface *iface, unsigned budget)
{
    if (!iface->nic->started)
        return 0;
    profile_enter(PROFILE_DRIVER);
    unsigned frames = iface->nic->ops->poll(iface->nic, budget);
    profile_enter(PROFILE_INPUT);
    join_flush(&iface->join);
    profile_leave();
    profile_leave();
    return frames;
}

// A hole is filled by a frame that needs a buffer too: segments behind it may take three quarters of the
// pool, or the connection would wait for its server's time-out with a ring that has run dry.
static unsigned ooseq_limit(const struct nic *nic)
{
    return nic->rx_held != 0 ? LWIP_MIN(nic->rx_held / 4 * 3, OOSEQ_PBUFS_MAX) : OOSEQ_PBUFS_MAX;
}

// Pbufs that wait behind the holes of all connections.
static unsigned behind_holes(void)
{
    unsigned pbufs = 0;

    for (const struct tcp_pcb *pcb = tcp_active_pcbs; pcb != NULL; pcb = pcb->next)
        for (const struct tcp_seg *seg = pcb->ooseq; seg != NULL; seg = seg->next)
            pbufs += pbuf_clen(seg->p);
    return pbufs;
}

// All connections together may not take more, or nothing would be left to receive what fills their holes. The
// newcomer is refused: what is queued was promised to the server by SACK.
bool tcp_admits(const struct tcp_pcb *pcb, uint32_t seqno, const struct pbuf *data)
{
    if (pcb->state < ESTABLISHED || !TCP_SEQ_GT(seqno, pcb->rcv_nxt) || data->tot_len == 0)
        return true;
    return behind_holes() + pbuf_clen(data) <= ooseq_limit(iface_of(ip_current_input_netif())->nic);
}

uint32_t iface_window(struct netif *netif)
{
    unsigned limit = ooseq_limit(iface_of(netif)->nic);

    // With the full number of buffers the window may exceed them: the stack is faster than the wire.
    return limit == OOSEQ_PBUFS_MAX ? TCP_WND : limit * TCP_MSS;
}

static err_t init_netif(struct netif *netif)
{
    struct iface *iface = iface_of(netif);
    struct nic *nic = iface->nic;

    netif->name[0] = 'e';
    netif->name[1] = 't';
    netif->output = etharp_output;
    netif->linkoutput = send_frame;
    netif->mtu = nic->mtu;
    netif->hwaddr_len = sizeof(nic->mac);
    memcpy(netif->hwaddr, nic->mac, sizeof(nic->mac));
    netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET;

    iface->checksums = NETIF_CHECKSUM_ENABLE_ALL;
    if (nic->features & NIC_TX_CSUM)
        iface->checksums &= ~(NETIF_CHECKSUM_GEN_IP | NETIF_CHECKSUM_GEN_UDP | NETIF_CHECKSUM_GEN_TCP);
    NETIF_SET_CHECKSUM_CTRL(netif, iface->checksums);
    return ERR_OK;
}

int iface_add(struct nic *nic)
{
    struct iface *iface = &ifaces[iface_count];

    for (unsigned i = 0; i < iface_count; i++)
        if (ifaces[i].nic == nic)
            return 0;
    if (iface_count == NICS_MAX)
        return fail(ERR_OUT_OF_HEAP, "more than %d network controllers", NICS_MAX);
    memset(iface, 0, sizeof(*iface));
    iface->nic = nic;
    snprintf(iface->name, sizeof(iface->name), "eth%u", iface_count);
    iface_count++;
    return 0;
}

void iface_forget_all(void)
{
    iface_count = 0;
}

int iface_start(struct iface *iface)
{
    struct nic *nic = iface->nic;
    int err;

    if (iface->running)
        return 0;
    err = nic_start(nic);
    if (err < 0)
        return err;

    // Constant arguments and an init function that cannot fail: neither can netif_add().
    netif_add(&iface->netif, NULL, NULL, NULL, iface, init_netif, ethernet_input);
    iface->join = (struct join){.deliver = deliver_frame, .ctx = iface};
    nic->stack = iface;
    nic->input = receive_frame;
    iface->running = true;
    iface->leased = false;
    netif_set_up(&iface->netif);
    iface_check_link(iface);
    return 0;
}

// Gives back the address, if DHCP gave one, and lets the message out before the NIC is silenced.
static void end_dhcp(struct iface *iface)
{
    bool bound = dhcp_supplied_address(&iface->netif);
    uint64_t deadline = deadline_ms(RELEASE_TIME_MS);

    netif_set_status_callback(&iface->netif, NULL);
    dhcp_release_and_stop(&iface->netif);
    dhcp_cleanup(&iface->netif);
    while (bound && !deadline_passed(deadline))
        iface_poll(iface, FRAMES_PER_POLL);
}

void iface_stop(struct iface *iface)
{
    if (!iface->running)
        return;
    iface->leased = false;
    end_dhcp(iface);
    join_drop(&iface->join);
    netif_remove(&iface->netif);  // breaks connections off, which sends
    nic_stop(iface->nic);
    iface->running = false;
    iface->nic->stack = NULL;
}

void iface_check_link(struct iface *iface)
{
    struct nic_link link = iface->nic->ops->link(iface->nic);

    if (link.up == (netif_is_link_up(&iface->netif) != 0))
        return;
    if (!link.up) {
        log_warn("%s: link down", iface->name);
        netif_set_link_down(&iface->netif);
        return;
    }
    if (link.mbps != 0)
        log_info("%s: link up, %u Mb/s %s duplex", iface->name, link.mbps,
                 link.full_duplex ? "full" : "half");
    else
        log_info("%s: link up", iface->name);
    netif_set_link_up(&iface->netif);
}
