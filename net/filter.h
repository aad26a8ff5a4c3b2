// Which received packets lwIP gets to see. A machine that boots offers no service; what nobody asked for is
// let through in small numbers only, because each makes lwIP answer, and each answer to a new neighbour costs
// a place in the ARP table: a flood would push our own server out of it.
#ifndef URLBOOT_NET_FILTER_H
#define URLBOOT_NET_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FILTER_STRANGERS_PER_S 100  // pings, probes of closed ports, fragments
#define FILTER_STRANGERS_BURST 32

// True when the IPv4 packet packet[length] is one we wait for: TCP of an open connection, UDP from a DHCP or
// DNS server's port. Reads nothing behind `length`; what it cannot read is not expected.
bool filter_expects(const uint8_t *packet, size_t length);

// True when one more stranger may pass at the time `now` (microseconds).
bool filter_admits_stranger(uint64_t now);

#endif
