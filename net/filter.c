// The filter in front of lwIP's IPv4 input. Spec: RFC 791 3.1 (header), RFC 9293 3.1 and RFC 768 (ports come
// first in both). Not handled: IPv6; ARP, whose table is only touched by requests for our own address.

#include "net/filter.h"  // filter_expects

#include "hooks.h"               // filter_ip4
#include "lib/clock.h"           // now_us
#include "lib/endian.h"          // be16_load
#include "lwip/pbuf.h"           // pbuf_free
#include "lwip/priv/tcp_priv.h"  // tcp_active_pcbs
#include "lwip/prot/iana.h"      // LWIP_IANA_PORT_DHCP_SERVER
#include "lwip/prot/ip.h"        // IP_PROTO_TCP

#define IP_HEADER_MIN 20
#define IP_FRAGMENT 6            // where flags and fragment offset are
#define IP_FRAGMENT_MASK 0x3fff  // "more fragments" and the offset: not 0 in every fragment
#define IP_PROTOCOL 9
#define IP_SOURCE 12
#define PORTS_SIZE 4
#define DNS_PORT 53

// Packets of an open connection; or, when the ports are 0 because a fragment does not show them, of its peer.
static bool is_connection(const struct tcp_pcb *list, uint32_t peer, uint16_t peer_port,
                          uint16_t our_port)
{
    for (; list != NULL; list = list->next)
        if (ip4_addr_get_u32(ip_2_ip4(&list->remote_ip)) == peer &&
            ((peer_port == 0 && our_port == 0) ||
             (list->remote_port == peer_port && list->local_port == our_port)))
            return true;
    return false;
}

bool filter_expects(const uint8_t *packet, size_t length)
{
    uint16_t source = 0, target = 0;
    uint32_t peer;
    size_t header;

    if (length < IP_HEADER_MIN)
        return false;
    header = (packet[0] & 0xfu) * 4;
    if (header < IP_HEADER_MIN || length < header + PORTS_SIZE)
        return false;
    if ((be16_load(packet + IP_FRAGMENT) & IP_FRAGMENT_MASK) == 0) {
        source = be16_load(packet + header);
        target = be16_load(packet + header + 2);
    }
    if (packet[IP_PROTOCOL] == IP_PROTO_UDP)
        return source == LWIP_IANA_PORT_DHCP_SERVER || source == DNS_PORT;
    if (packet[IP_PROTOCOL] != IP_PROTO_TCP)
        return false;
    peer = lwip_htonl(be32_load(packet + IP_SOURCE));
    return is_connection(tcp_active_pcbs, peer, source, target) ||
           is_connection(tcp_tw_pcbs, peer, source, target);
}

// A bucket that gets a token every 1/FILTER_STRANGERS_PER_S seconds and holds FILTER_STRANGERS_BURST.
bool filter_admits_stranger(uint64_t now)
{
    static const uint64_t token_us = 1000000 / FILTER_STRANGERS_PER_S;
    static uint64_t full_at;  // when the bucket will be full again
    uint64_t empty = token_us * FILTER_STRANGERS_BURST;

    if (full_at < now)
        full_at = now;
    if (full_at - now + token_us > empty)
        return false;
    full_at += token_us;
    return true;
}

int filter_ip4(struct pbuf *packet)
{
    if (filter_expects(packet->payload, packet->len) || filter_admits_stranger(now_us()))
        return 0;
    pbuf_free(packet);
    return 1;
}
