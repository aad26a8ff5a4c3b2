// A NIC without hardware and the web server behind it, for tests/profile: one body over one connection, as fast as
// the receiver's window lets it. Time passes as on a wire of 1 Gb/s, by what was sent and not by what it cost, so
// every run is the same.
#ifndef URLBOOT_TESTS_PROFILE_SERVER_H
#define URLBOOT_TESTS_PROFILE_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "drivers/nic.h"  // struct nic

#define SERVER_ADDRESS 0x0a000001u  // 10.0.0.1, host byte order; answers ARP and TCP port 80

struct server_plan {
    uint64_t length;         // bytes of the body
    unsigned segment;        // bytes of a segment: up to 1460, or more as a NIC that joins them delivers
    unsigned buffers, buffer_size;  // of the NIC's pool; a frame takes as many as it needs
    unsigned burst;          // frames that have arrived when the NIC is polled
    unsigned lose_every;     // every so many data frames one is lost; 0 = never
    bool vouched;            // the NIC vouches for TCP checksums
};

// Makes the NIC for `plan`, which stays in use. NULL: no memory.
struct nic *server_nic(const struct server_plan *plan);

// Bytes [offset, offset + length) of the body; length is at most 65535. Valid for ever.
const uint8_t *server_body(uint64_t offset, size_t length);

// How many receive buffers the stack has not given back, and how many frames were lost on purpose.
unsigned server_missing(void);
uint64_t server_lost(void);

#endif
