// Joins what one look at a NIC brings of one TCP connection into one segment, as chips and hosts do that have
// receive offloads: what follows costs as much for forty segments as for one, and one acknowledgement answers
// them all. Nothing waits: join_flush() hands on what is held when the NIC has nothing more.
//
// Example:
//     join_input(&join, frame);           // for every frame, in order
//     join_flush(&join);                  // when the poll ends
#ifndef URLBOOT_NET_JOIN_H
#define URLBOOT_NET_JOIN_H

#include <stdbool.h>
#include <stdint.h>

struct pbuf;

struct join {
    void (*deliver)(void *ctx, struct pbuf *frame);  // takes the reference
    void *ctx;
    struct pbuf *held;      // the segment that is being put together, NULL: none
    struct pbuf *last;      // the end of its chain
    uint32_t next_seq;      // the sequence number that continues it
    unsigned segments;      // joined in it
    bool summed;            // its checksums were found good: a joined segment has none for TCP
};

// Takes one received Ethernet frame with its reference. A data segment of TCP over IPv4 without options is
// held or joined to the one held; everything else, and whatever does not continue it, is delivered at once
// and in order. Segments are joined only when their TCP checksum is known to be good: because the NIC says so
// (NIC_PBUF_CSUM_OK) or because it was computed here.
void join_input(struct join *join, struct pbuf *frame);

// Delivers what is held.
void join_flush(struct join *join);

// Frees what is held instead.
void join_drop(struct join *join);

#endif
