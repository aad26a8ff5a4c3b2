// NICs without hardware and the network behind them, for tests and fuzzers of the stack: time is turned by
// hand; a DHCP server, ARP, DNS and a port 80 that accepts answer in C. TCP and UDP checksums count as
// checked by the NIC. lwIP and net/*.c are the product's.
#ifndef URLBOOT_TESTS_UNIT_NET_PEER_H
#define URLBOOT_TESTS_UNIT_NET_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "drivers/nic.h"  // struct nic

#define PEER_NICS 3
#define PEER_BUFFERS 256

struct peer_wire {               // what is behind one NIC
    struct nic nic;
    struct nic_buf_pool pool;
    bool link, broken;           // cable live; start() fails
    uint64_t link_at_us;         // link comes up then
    // DHCP server: 0 = none here
    uint32_t offers, server, router, dns[3];  // host byte order
    uint64_t answer_after_us;    // delay of each answer
    unsigned ignore;             // so many messages are not answered
    bool nak;                    // the first request is refused
    const char *option67, *option114, *file;
    bool type_last;              // message type behind all other options
    unsigned lease_s;
    // seen
    bool dns_silent;             // questions are only counted
    unsigned sent;               // frames
    unsigned delivered;          // since the last poll
    unsigned discovers, requests, releases, arps, queries;
    uint64_t first_discover_us;
    bool said_urlboot;           // vendor class
    uint16_t query_port, query_id;  // of the last DNS question
    uint32_t query_server;
};

extern struct peer_wire peer[PEER_NICS];
extern uint64_t peer_clock_us;

// Fresh wires without anything behind them; NICs are in the stack, buffers full.
void peer_reset(void);

// One received frame on wire `index`. False when no buffer was free.
bool peer_deliver(unsigned index, const void *frame, size_t length);

// How many receive buffers of all wires are missing.
unsigned peer_missing(void);

// DNS on every wire: the answer (host byte order) for "known.test"; other names do not exist.
extern uint32_t peer_known_address, peer_known_ttl;

#endif
