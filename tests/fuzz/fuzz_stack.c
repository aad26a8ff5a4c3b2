// Frames from a hostile wire into the whole stack: Ethernet, ARP, IPv4, ICMP, UDP, DHCP, DNS, TCP. The input
// is a list of (length, frame); a length with the top bit set lets time pass instead. Ports, sequence numbers
// and transaction ids are filled in where the input leaves them 0, or nothing would get past the first check.
// Every buffer must come back.
#include "lib/clock.h"            // deadline_ms
#include "lib/endian.h"           // be16_load
#include "lwip/dhcp.h"            // netif_dhcp_data
#include "lwip/priv/tcp_priv.h"   // tcp_active_pcbs
#include "net/netif.h"            // iface_at
#include "net/stack.h"            // stack_up
#include "tests/unit/net_peer.h"  // peer_reset

#include <stdlib.h>
#include <string.h>

#define FRAME_MAX 1514u
#define PROTOCOL 23
#define L4 34

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// Random numbers that are the same in every run.
uint32_t random_u32(void)
{
    static uint32_t state = 1;

    return state = state * 1664525 + 1013904223;
}

static void fill_in_tcp(uint8_t *frame)
{
    const struct tcp_pcb *pcb = tcp_active_pcbs;

    if (pcb == NULL)
        return;
    if (be32_load(frame + 26) == 0)
        be32_store(frame + 26, lwip_ntohl(ip4_addr_get_u32(ip_2_ip4(&pcb->remote_ip))));
    if (be16_load(frame + L4) == 0)
        be16_store(frame + L4, pcb->remote_port);
    if (be16_load(frame + L4 + 2) == 0)
        be16_store(frame + L4 + 2, pcb->local_port);
    // Distances, so that an input means the same in every run.
    be32_store(frame + L4 + 4, be32_load(frame + L4 + 4) + pcb->rcv_nxt);
    be32_store(frame + L4 + 8, be32_load(frame + L4 + 8) + pcb->snd_nxt);
}

static void fill_in(uint8_t *frame, size_t length)
{
    struct iface *iface = iface_at(0);
    struct dhcp *dhcp = netif_dhcp_data(&iface->netif);

    // The only address frames from outside can have.
    if (length >= 6 && be32_load(frame) == 0)
        memcpy(frame, peer[0].nic.mac, 6);
    if (length < 42 || be16_load(frame + 12) != 0x0800)
        return;
    if (be32_load(frame + 30) == 0)
        be32_store(frame + 30, lwip_ntohl(ip4_addr_get_u32(netif_ip4_addr(&iface->netif))));
    if (be16_load(frame + 16) == 0)
        be16_store(frame + 16, (uint16_t)(length - 14));
    if (frame[PROTOCOL] == 6 && length >= L4 + 20)
        fill_in_tcp(frame);
    if (frame[PROTOCOL] == 17 && length >= 42 + 240 && dhcp != NULL && be32_load(frame + 46) == 0) {
        be32_store(frame + 46, dhcp->xid);
        memcpy(frame + 70, peer[0].nic.mac, 6);
    }
    if (frame[PROTOCOL] == 17 && be16_load(frame + L4) == 53 && length >= 42 + 12) {
        be16_store(frame + L4 + 2, peer[0].query_port);
        if (be16_load(frame + 42) == 0)
            be16_store(frame + 42, peer[0].query_id);
    }
    be16_store(frame + 24, 0);
    be16_store(frame + 24, (uint16_t)~lwip_htons(lwip_port_chksum(frame + 14, 20)));
}

static void feed(const uint8_t *data, size_t size)
{
    uint8_t frame[FRAME_MAX];

    while (size >= 2) {
        unsigned word = be16_load(data), length = word & 0x7fff;

        data += 2;
        size -= 2;
        if (word & 0x8000) {
            peer_clock_us += length * 1000ull;
            stack_poll();
            continue;
        }
        length = length > FRAME_MAX ? FRAME_MAX : length;
        length = length > size ? (unsigned)size : length;
        memcpy(frame, data, length);
        fill_in(frame, length);
        peer_deliver(0, frame, length);
        stack_poll();
        data += length;
        size -= length;
    }
}

// Bit 0 of the first byte: DHCP answers; bit 1: a connection is under way; bit 2: a name is being asked for.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct stack_ip ip = { .dhcp = true };
    struct stream *stream = NULL;
    uint32_t address;
    const uint8_t *bytes;

    if (size < 1)
        return 0;
    peer_reset();
    peer[0].offers = data[0] & 1 ? 0x0a000032 : 0;
    peer[0].server = peer[0].router = peer[0].dns[0] = 0x0a000001;
    peer[0].dns_silent = true;
    peer[1].link = peer[2].link = false;
    if (stack_up(&ip, deadline_ms(50)) < 0) {
        ip = (struct stack_ip){ .client = lwip_htonl(0x0a000032), .netmask = lwip_htonl(0xffffff00) };
        if (stack_up(&ip, deadline_ms(50)) < 0)
            abort();
        // The lease never came; DHCP answers are fed to a client that still asks.
        dhcp_start(&iface_at(0)->netif);
    }
    if (data[0] & 2)
        tcp_open(&stream, lwip_htonl(0x0a000001), 80, deadline_ms(20));
    if (data[0] & 4)
        dns_lookup("fuzz.test", &address, deadline_ms(20));
    feed(data + 1, size - 1);
    if (stream != NULL) {
        for (long got; (got = stream->peek(stream, &bytes, deadline_ms(5))) > 0;)
            stream->consume(stream, (size_t)got);
        stream->close(stream);
    }
    stack_down();
    if (peer_missing() != 0)
        abort();
    return 0;
}
