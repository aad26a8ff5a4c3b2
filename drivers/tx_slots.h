// The memory behind a send ring, for drivers that copy what they send: a slot of DMA memory for each
// descriptor, used in turn, and the watchdog's clock. What a downloader sends is acknowledgements and
// requests, so the copy costs less than looking after references would.
//
// Example, in a driver's transmit():
//     uint8_t *slot;
//     int err = tx_slots_fill(&dev->slots, nic, frame, &slot, &length);
//     if (err < 0)
//         return err;
//     give(&dev->desc[tx_slots_index(&dev->slots)], dma_addr(slot), length);
//     dev->slots.prod++;
#ifndef URLBOOT_DRIVERS_TX_SLOTS_H
#define URLBOOT_DRIVERS_TX_SLOTS_H

#include <stdbool.h>
#include <stdint.h>

struct nic;
struct pbuf;

// Bytes of a slot, which crosses no boundary of 2 KiB. The longest frame has a VLAN tag; shorter ones than
// Ethernet's least are filled up with zeros.
#define TX_SLOT_SIZE 2048u
#define TX_FRAME_MAX 1518u
#define TX_FRAME_MIN 60u

struct tx_slots {
    uint8_t *memory;          // `count` times TX_SLOT_SIZE, NULL while there is none
    unsigned count;           // power of two
    unsigned usable;          // so many at a time
    unsigned prod, cons;      // free-running; the chip has [cons, prod)
    uint64_t deadline;        // when the watchdog barks while frames are in flight
};

// Makes `count` slots, a power of two, of which `usable` may be in flight. 0 or ERR_NOT_ENOUGH_MEMORY.
int tx_slots_create(struct tx_slots *s, unsigned count, unsigned usable);

// Frees them. Nothing happens when there are none.
void tx_slots_destroy(struct tx_slots *s);

// Copies a frame into the slot at s->prod, which the caller then gives to the chip and counts. *length: what
// is to be sent. Books the frame in nic->stats. 0; ERR_UNSUPPORTED for a frame that no Ethernet takes;
// ERR_NIC_INIT_FAILED when all are in flight.
int tx_slots_fill(struct tx_slots *s, struct nic *nic, const struct pbuf *frame, uint8_t **slot,
                 uint32_t *length);

// The slot, and so the descriptor, that comes next.
static inline unsigned tx_slots_index(const struct tx_slots *s)
{
    return s->prod & (s->count - 1);
}

static inline bool tx_slots_empty(const struct tx_slots *s)
{
    return s->prod == s->cons;
}

static inline bool tx_slots_full(const struct tx_slots *s)
{
    return s->prod - s->cons == s->usable;
}

// Starts the watchdog's time anew: something was sent, or there is a reason why not.
void tx_slots_touch(struct tx_slots *s);

// True when frames are in flight and none was sent for two seconds.
bool tx_slots_late(const struct tx_slots *s);

#endif
