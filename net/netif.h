// One network interface: a NIC under lwIP. Shared by the files that make up net/stack.h; nobody else
// includes it.
#ifndef URLBOOT_NET_NETIF_H
#define URLBOOT_NET_NETIF_H

#include <stdbool.h>
#include <stdint.h>

#include "lwip/netif.h"  // struct netif
#include "net/join.h"    // struct join
#include "net/stack.h"   // struct stack_lease

struct nic;

struct iface {
    struct netif netif;      // lwIP's
    struct nic *nic;
    char name[8];            // "eth0", for the log
    struct join join;        // segments of one poll become one
    uint16_t checksums;      // NETIF_CHECKSUM_*: what lwIP has to do; frames the chip checked need less
    bool running;            // NIC started and netif in lwIP's list
    bool leased;             // `lease` is filled
    struct stack_lease lease;
    char boot_url[256];      // URL in the options of the last DHCP answer, "" when none
    uint8_t boot_url_option; // which option it came from, 0 when none
};

// Interface number `index` of those added, NULL past the last one.
struct iface *iface_at(unsigned index);

// The interface lwIP knows as `netif`.
struct iface *iface_of(struct netif *netif);

// Puts `nic` at the end of the list. 0, or ERR_OUT_OF_HEAP when there are NICS_MAX already.
int iface_add(struct nic *nic);

// Empties the list; none of them may be running.
void iface_forget_all(void);

// Starts the NIC and puts it under lwIP, without an address. 0 or what nic_start() returned.
int iface_start(struct iface *iface);

// Ends DHCP, takes it from lwIP and silences the NIC. Does nothing when it is not running.
void iface_stop(struct iface *iface);

// Tells lwIP and the log when the link has changed since the last call.
void iface_check_link(struct iface *iface);

// Polls the NIC for at most `budget` frames and hands them to lwIP; returns how many.
unsigned iface_poll(struct iface *iface, unsigned budget);

// Acknowledges what came and could wait for more (net/tcp.c): when nothing more came for a moment (`pause`),
// or when the first of it is a millisecond old. Called once a turn, at time `now`.
void tcp_send_acks(uint64_t now, bool pause);

// How many bytes a TCP peer may send ahead: what the NIC's buffers can hold behind one lost frame.
uint32_t iface_window(struct netif *netif);

// True while the NIC runs and its cable is live.
bool iface_link_up(struct iface *iface);

#endif
