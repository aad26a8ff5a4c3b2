// Where lwIP calls us in the middle of its work (LWIP_HOOK_FILENAME).
#ifndef URLBOOT_NET_LWIP_HOOKS_H
#define URLBOOT_NET_LWIP_HOOKS_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/cc.h"  // lwip_port_rand

struct netif;
struct pbuf;

// One option of a DHCP message lwIP has no use for (net/dhcp_options.c): value of `length` bytes at `offset`
// of the chain `pbuf`. `message_type` is option 53 of the message, 0 when it has not come yet.
void dhcp_option_seen(struct netif *netif, uint8_t message_type, uint8_t option, uint8_t length,
                      struct pbuf *pbuf, uint16_t offset);

struct tcp_pcb;

// False when a segment of connection `pcb` whose bytes `data` begin at `seqno` shall be as good as lost: it
// would wait behind a hole, and there are no buffers for that (net/netif.c).
bool tcp_admits(const struct tcp_pcb *pcb, uint32_t seqno, const struct pbuf *data);

#define LWIP_HOOK_TCP_INPACKET_PCB(pcb, header, optlen, opt1len, opt2, data) \
    (tcp_admits(pcb, (header)->seqno, data) ? ERR_OK : ERR_MEM)

// How many consumed bytes are worth an acknowledgement of their own, to open the window (net/tcp.c).
uint32_t tcp_window_step(const struct tcp_pcb *pcb);

// Appends our options to a DHCP message: *used of the `options` bytes (DHCP_OPTIONS_LEN) are taken.
void dhcp_options_append(uint8_t *options, uint16_t *used);

// Looks at every IPv4 packet before lwIP does (net/filter.c). 0: lwIP takes it; 1: it was freed.
int filter_ip4(struct pbuf *packet);

#define LWIP_HOOK_IP4_INPUT(packet, netif) filter_ip4(packet)

#define LWIP_HOOK_DHCP_PARSE_OPTION(netif, dhcp, state, msg, msg_type, option, len, pbuf, offset) \
    dhcp_option_seen(netif, msg_type, option, len, pbuf, offset)

#define LWIP_HOOK_DHCP_APPEND_OPTIONS(netif, dhcp, state, msg, msg_type, options_len) \
    dhcp_options_append((msg)->options, options_len)

// A machine that reboots within minutes meets the server's memory of its last connections: sequence numbers
// that start anywhere are not taken for old ones (RFC 9293 3.4.1).
#define LWIP_HOOK_TCP_ISN(local_ip, local_port, remote_ip, remote_port) lwip_port_rand()

#endif
