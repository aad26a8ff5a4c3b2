// Constants and structures of the virtio network device.
// Spec: Virtual I/O Device 1.2 section 5.1 (5.1.3 features, 5.1.4 configuration, 5.1.6 frame header).
#ifndef URLBOOT_DRIVERS_VIRTIO_VIRTIO_NET_REGS_H
#define URLBOOT_DRIVERS_VIRTIO_VIRTIO_NET_REGS_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#define VIRTIO_PCI_DEVICE_NET_LEGACY 0x1000
#define VIRTIO_PCI_DEVICE_NET 0x1041

#define VIRTIO_NET_QUEUE_RX 0
#define VIRTIO_NET_QUEUE_TX 1

#define VIRTIO_NET_F_GUEST_CSUM (1ull << 1)
#define VIRTIO_NET_F_MTU (1ull << 3)
#define VIRTIO_NET_F_MAC (1ull << 5)
#define VIRTIO_NET_F_GUEST_TSO4 (1ull << 7)  // needs GUEST_CSUM
#define VIRTIO_NET_F_GUEST_TSO6 (1ull << 8)  // needs GUEST_CSUM
#define VIRTIO_NET_F_MRG_RXBUF (1ull << 15)
#define VIRTIO_NET_F_STATUS (1ull << 16)
#define VIRTIO_NET_F_SPEED_DUPLEX (1ull << 63)

// The host hands segments of one TCP connection over joined, up to 64 KiB.
#define VIRTIO_NET_LARGE_FRAMES (VIRTIO_NET_F_GUEST_TSO4 | VIRTIO_NET_F_GUEST_TSO6)

// Device configuration, offsets
#define VIRTIO_NET_CONFIG_MAC 0
#define VIRTIO_NET_CONFIG_STATUS 6
#define     VIRTIO_NET_S_LINK_UP 1u
#define VIRTIO_NET_CONFIG_MTU 10
#define VIRTIO_NET_CONFIG_SPEED 12    // Mb/s
#define     VIRTIO_NET_SPEED_MAX 0x7fffffffu  // above: unknown
#define VIRTIO_NET_CONFIG_DUPLEX 16
#define     VIRTIO_NET_DUPLEX_FULL 1

// In front of every frame, in both directions. num_buffers is there with MRG_RXBUF or VERSION_1 only.
struct virtio_net_hdr {
    uint8_t flags;         // receive: written by the device, transmit: by the driver; so all fields
    uint8_t gso_type;
    uint16_t hdr_len;
    uint16_t gso_size;
    uint16_t csum_start;
    uint16_t csum_offset;
    uint16_t num_buffers;  // receive: how many buffers the frame fills
};
static_assert(sizeof(struct virtio_net_hdr) == 12, "5.1.6");
#define VIRTIO_NET_HDR_LEGACY_SIZE offsetof(struct virtio_net_hdr, num_buffers)
#define VIRTIO_NET_HDR_F_NEEDS_CSUM 1u  // from another guest of the host: checksum not filled in, data good
#define VIRTIO_NET_HDR_F_DATA_VALID 2u  // the host has verified the checksum

#endif
