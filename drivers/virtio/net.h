// The virtio network driver's own state, shared by net.c (life cycle), net_rx.c and net_tx.c.
#ifndef URLBOOT_DRIVERS_VIRTIO_NET_H
#define URLBOOT_DRIVERS_VIRTIO_NET_H

#include <stdbool.h>
#include <stdint.h>

#include "drivers/nic.h"               // nic_buf_pool
#include "drivers/virtio/transport.h"  // virtio_dev
#include "drivers/virtio/virtqueue.h"  // virtq

struct tx_slot {
    struct tx_slot *next;         // free list; NULL while the device has it
    uint8_t *data;                // room for header and frame in DMA memory
};

struct virtio_net {
    struct nic *nic;
    struct virtio_dev dev;
    struct virtq rx, tx;
    uint64_t wanted;              // features asked for
    uint32_t header_size;         // bytes in front of a frame: 10 or 12
    bool mergeable;               // a received frame may fill several buffers
    bool split_header;            // legacy hosts without ANY_LAYOUT: header in a descriptor of its own

    // Both survive stop() while the stack holds frames.
    struct nic_buf_pool pool;     // what the device writes into
    struct nic_buf_pool small;    // for frames held while `pool` runs low; empty without large frames
    unsigned rx_posted;           // buffers the device has
    struct pbuf *partial;         // the frame whose buffers are arriving; NULL with partial_left > 0: dropped
    unsigned partial_left;        // buffers it still needs

    struct tx_slot *tx_slots, *tx_free;
    uint8_t *tx_memory;
    unsigned tx_count;            // slots
    uint64_t tx_deadline;         // when the watchdog barks while frames are in flight
    bool polling;                 // inside poll(): doorbells wait for its end

    char lie[96];                 // what the device's last one was
    bool restart;                 // the device must be reset and set up again
    bool gone;                    // it answers all ones
    bool dead;                    // it is not used any more until the next start()
    unsigned restarts;            // in a row, without a frame received in between
};

// Bytes of a receive buffer: the largest header, Ethernet with a VLAN tag, 1500 bytes; and of a TX slot.
#define VIRTIO_NET_BUFFER_SIZE (12u + 18u + 1500u + 6u)

// How many buffers the device is to have at a time.
unsigned virtio_net_rx_target(const struct virtio_net *vn);

// Fills the receive ring from the pool without ringing the doorbell.
void virtio_net_rx_refill(struct virtio_net *vn);

// Takes at most `budget` frames and hands them to the stack; returns how many.
unsigned virtio_net_rx(struct virtio_net *vn, unsigned budget);

// After the device's reset: all receive buffers go back into the pool.
void virtio_net_rx_reclaim(struct virtio_net *vn);

// Makes the send slots for the queue's size. 0 or ERR_NOT_ENOUGH_MEMORY.
int virtio_net_tx_create(struct virtio_net *vn);

// Frees them. Nothing happens when there are none.
void virtio_net_tx_destroy(struct virtio_net *vn);

// nic_ops.transmit.
int virtio_net_transmit(struct nic *nic, struct pbuf *frame);

// Takes sent frames back. True when the watchdog barked: frames in flight, none sent for two seconds.
bool virtio_net_tx_reclaim(struct virtio_net *vn);

// nic_ops.sending.
bool virtio_net_sending(struct nic *nic);

// Keeps what fail() has recorded of a lie: when the device is given up, somebody else may have failed since.
void virtio_net_note_lie(struct virtio_net *vn);

// Starts the watchdog's time anew.
void virtio_net_tx_touch(struct virtio_net *vn);

// True when the device has lied so often that it cannot be trusted.
bool virtio_net_distrusted(const struct virtio_net *vn);

#endif
