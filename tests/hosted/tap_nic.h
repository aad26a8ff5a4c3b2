// A NIC for the host: struct nic on a Linux TAP device, with a wire that loses, repeats, delays and corrupts
// frames as told, from a seed. It uses the product's buffer pool, so lost buffers are found.
#ifndef URLBOOT_TESTS_HOSTED_TAP_NIC_H
#define URLBOOT_TESTS_HOSTED_TAP_NIC_H

#include <stdint.h>

#include "drivers/nic.h"  // struct nic

struct wire {                 // chances out of 100000 for each frame in each direction
    unsigned lose, repeat, delay, corrupt;
    uint64_t seed;            // same seed, same fate of the n-th frame
};

struct tap_options {
    const char *name;         // of the TAP device, which exists
    unsigned buffers;         // in the receive pool
    struct wire wire;
    unsigned link_after_ms;   // the link comes up so long after start
    unsigned flap_at_ms, flap_ms;  // and goes down once for flap_ms, that long after start; 0 = never
};

struct tap_figures {
    unsigned lost, repeated, delayed, corrupted;
};

// Opens the TAP device and prepares `nic` on it. 0, or -1 with a message on stderr. One at a time.
int tap_nic_open(struct nic *nic, const struct tap_options *options);

// Waits until a frame may have come, at most a millisecond: what cpu_idle() does here.
void tap_nic_idle(void);

// What the wire has done.
struct tap_figures tap_nic_figures(void);

// Stops and frees everything. Returns how many receive buffers were missing: 0 when all is well.
unsigned tap_nic_close(struct nic *nic);

#endif
