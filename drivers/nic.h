// The device interface: what a NIC driver offers and what it may rely on. Read this before writing one.
//
// Life of a driver: nic_table.c lists it; probe() finds the chip and its MAC address but moves no frame;
// start() programs rings and turns the receiver on; poll() is called from one loop, never from an
// interrupt; stop() leaves the chip silent (no DMA, no interrupt) for Linux or for the next start().
//
// Receive buffers: struct nic_buf is a DMA buffer that carries its own lwIP custom pbuf. The driver takes
// buffers from its pool with nic_buf_get(), gives their address to the chip, and hands a filled one up
// with nic_buf_to_pbuf() and nic->input(): no copy, no allocation per frame. When the stack frees the pbuf,
// the buffer is back in the pool and the driver's next poll() puts it into the ring again. A pool that has
// run dry is normal (the stack holds the rest): the ring runs short and the peer is told by TCP's window.
//
// What befalls chips of registers and rings is the same for all: nic_life.h restarts and silences them,
// tx_slots.h keeps what is being sent.
//
// Transmit: the pbuf (a single one, LWIP_NETIF_TX_SINGLE_PBUF) is referenced by the driver with pbuf_ref()
// until the chip has sent it, or copied; the caller keeps its own reference.
//
// Rules: no waiting without a deadline; errors are returned with fail(), never panic; what the chip writes
// (lengths, indices) is checked before use; rings use free-running indices; bus mastering is on only
// between start() and stop().
#ifndef URLBOOT_DRIVERS_NIC_H
#define URLBOOT_DRIVERS_NIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lwip/pbuf.h"  // pbuf_custom

struct nic;
struct pci_dev;

// ---- receive buffers --------------------------------------------------------------------------------

struct nic_buf_pool;

struct nic_buf {
    struct pbuf_custom pbuf;     // must be first: lwIP hands us back its address
    struct nic_buf_pool *pool;
    struct nic_buf *next;        // free list; NULL while in use
    uint8_t *data;               // start of the DMA buffer; its address is also the bus address
};

struct nic_buf_pool {
    struct nic_buf *free_list;
    struct nic_buf *buffers;     // `count` of them
    unsigned count, free_count;
    uint32_t buffer_size;        // bytes the chip may write
};

// Makes a pool of `count` buffers of `buffer_size` bytes (rounded up to 64), each inside DMA memory and
// none across a 64-KiB boundary unless larger. 0 or ERR_NOT_ENOUGH_MEMORY.
int nic_buf_pool_create(struct nic_buf_pool *pool, unsigned count, uint32_t buffer_size);

// Frees the pool's memory; only when every buffer is back, else ERR_DMA and nothing is freed.
int nic_buf_pool_destroy(struct nic_buf_pool *pool);

// Takes a buffer, or NULL when all are in use.
struct nic_buf *nic_buf_get(struct nic_buf_pool *pool);

// Gives an unused buffer back (one that came from nic_buf_get and was not delivered).
void nic_buf_put(struct nic_buf *buf);

// Makes the pbuf of `buf` describe bytes [offset, offset + length) of it. NULL (and `buf` is put back)
// when that does not lie inside the buffer or length is over 65535: chips lie.
struct pbuf *nic_buf_to_pbuf(struct nic_buf *buf, uint32_t offset, uint32_t length);

// ---- the device -------------------------------------------------------------------------------------

enum nic_feature {
    NIC_RX_CSUM = 1 << 0,     // the chip checks TCP and UDP checksums and marks frames NIC_PBUF_CSUM_OK
    NIC_TX_CSUM = 1 << 1,     // it fills IPv4, TCP and UDP checksums in
};

// Bit in pbuf->flags of a received frame's first pbuf (lwIP uses 0x01 to 0x20): the TCP or UDP checksum is
// known to be good, or the frame never crossed a wire and its checksum field was never filled in. The stack
// must not check it then, and must check every frame without the bit: chips look at some frames only
// (no fragments, no tunnels). The IPv4 header checksum is always the stack's business.
// In the stack, before ethernet_input():
//     NETIF_SET_CHECKSUM_CTRL(netif, p->flags & NIC_PBUF_CSUM_OK ? all but CHECK_TCP and CHECK_UDP : all)
#define NIC_PBUF_CSUM_OK 0x80u

struct nic_link {
    bool up;
    unsigned mbps;            // 0 when unknown
    bool full_duplex;
};

struct nic_stats {
    uint64_t rx_frames, rx_bytes, rx_errors, rx_no_buffer;
    uint64_t tx_frames, tx_bytes, tx_errors, tx_timeouts;
};

struct nic_ops {
    // Starts the chip: reset, rings, receiver on, bus master on. 0 or ERR_NIC_INIT_FAILED, ERR_DMA,
    // ERR_TIMEOUT, ERR_NOT_ENOUGH_MEMORY. May be called again after stop().
    int (*start)(struct nic *nic);
    // Silences the chip: no DMA and no interrupt afterwards, whatever state it was in. Cannot fail.
    void (*stop)(struct nic *nic);
    // Sends one frame (Ethernet header first, no FCS, single pbuf). 0; ERR_NIC_INIT_FAILED when the ring
    // is full (the stack retries); ERR_NO_LINK; ERR_UNSUPPORTED for a frame that no Ethernet takes.
    int (*transmit)(struct nic *nic, struct pbuf *frame);
    // A device that can no longer be trusted (ERR_DMA) is silenced here, once logged; its link is then down.
    // Reclaims sent frames, delivers at most `budget` received ones through nic->input, refills the ring,
    // rings at most one doorbell per ring. Returns how many were delivered.
    unsigned (*poll)(struct nic *nic, unsigned budget);
    // True while a frame that transmit() took has not left, as far as the chip tells; reclaims those that
    // have. False of a chip that is dead or gone. NULL: all have left. Not called from inside poll().
    bool (*sending)(struct nic *nic);
    // The link as the chip sees it now. Cheap enough to call ten times a second.
    struct nic_link (*link)(struct nic *nic);
};

struct nic {
    const struct nic_ops *ops;
    const char *driver;          // name of the driver, "virtio-net"
    char chip[48];               // what the driver found, "virtio 1.0", "82540EM rev 3"
    struct pci_dev *pci;         // NULL for devices that are not on PCI
    uint8_t mac[6];
    uint16_t mtu;                // bytes of IP payload, 1500
    uint32_t features;           // enum nic_feature
    unsigned rx_held;            // received frames the stack may hold at once, set by start(); 0: any number
    struct nic_stats stats;
    bool started;                // maintained by nic_start() and nic_stop()
    void (*input)(struct nic *nic, struct pbuf *frame);  // set by the stack; takes the reference
    void *stack;                 // the stack's own (its netif)
    void *priv;                  // the driver's own
};

struct nic_id {
    uint16_t vendor, device;
    uint32_t flags;              // the driver's own
    const char *name;            // chip name for the log
};

struct nic_driver {
    const char *name;
    const struct nic_id *ids;    // ends with vendor 0
    // Takes the device (already in D0, bus master off, memory decode on) and fills nic->ops, chip, mac, mtu,
    // features, priv. 0 or an error: then nothing of the driver's is left, and the device is silent.
    int (*probe)(struct nic *nic, struct pci_dev *pci, const struct nic_id *id);
};

#define NICS_MAX 16

// Probes every PCI network function against the table of drivers. Devices without a driver, and drivers
// that fail, are logged with vendor:device and the reason. Returns the number of NICs found.
unsigned nic_probe_all(void);

// Adds a copy of a NIC that is not found on PCI, with ops, chip, mac, mtu and priv filled in. 0, or
// ERR_OUT_OF_HEAP when the list is full.
int nic_add(const struct nic *nic);

// True when a driver of the table takes this PCI device, as far as its ids tell.
bool nic_has_driver(uint16_t vendor, uint16_t device);

// The NICs found: pointer and count.
struct nic *nic_list(unsigned *count);

// ops->start and ops->stop with bookkeeping: starting twice or stopping a stopped NIC does nothing. What was
// given to transmit() leaves before the stop, or 100 ms pass: the last word of each connection, without which
// its server would send on for minutes. A NIC must not be stopped from inside its own nic->input(): its
// poll() is still at work then.
int nic_start(struct nic *nic);
void nic_stop(struct nic *nic);

// Stops every started NIC and empties the list.
void nic_forget_all(void);

// Stops every started NIC and takes bus mastering from every network function, driver or not. Called
// before memory changes hands: before Linux starts, before the failure screen waits.
void nic_stop_all(void);

#endif
