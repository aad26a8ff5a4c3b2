// Virtio over PCI: one interface over the modern (1.x) and the legacy transport.
// Spec: Virtual I/O Device 1.2 sections 2.1, 3.1 (initialisation), 4.1 (PCI).
#ifndef URLBOOT_DRIVERS_VIRTIO_TRANSPORT_H
#define URLBOOT_DRIVERS_VIRTIO_TRANSPORT_H

#include <stdbool.h>
#include <stdint.h>

struct pci_dev;
struct virtio_dev;
struct virtq;

struct virtio_transport {
    const char *name;                                         // "virtio 1.0" or "virtio legacy", for the log
    uint8_t (*read_status)(struct virtio_dev *dev);
    void (*write_status)(struct virtio_dev *dev, uint8_t status);
    uint64_t (*read_features)(struct virtio_dev *dev);
    void (*write_features)(struct virtio_dev *dev, uint64_t features);
    uint16_t (*queue_size)(struct virtio_dev *dev, uint16_t index);    // the largest; 0: no such queue
    bool queue_size_fixed;                                    // that size is the size
    int (*queue_start)(struct virtio_dev *dev, struct virtq *queue);   // 0 or ERR_NIC_INIT_FAILED
    uint8_t (*config_generation)(struct virtio_dev *dev);     // changes when the configuration does
    // One configuration field of `width` 1, 2 or 4 bytes, inside dev->config_length.
    uint32_t (*config_read)(struct virtio_dev *dev, uint32_t offset, unsigned width);
};

struct virtio_dev {
    struct pci_dev *pci;
    const struct virtio_transport *transport;
    uint64_t features;                   // negotiated by virtio_accept()
    uint32_t config_length;              // bytes of device configuration
    // Modern: the structures the capabilities name, mapped and bounds-checked.
    volatile uint8_t *common, *notify, *config;
    uint32_t notify_length, notify_multiplier;
    // Legacy: I/O ports.
    uint16_t ports;
};

// Finds a transport for `pci`: modern when its capabilities are sound, else legacy when it has I/O BAR 0.
// Fills `dev`. 0, or ERR_NIC_INIT_FAILED and why.
int virtio_open(struct virtio_dev *dev, struct pci_dev *pci);

// The two that virtio_open() tries; each fills `dev` or returns ERR_NIC_INIT_FAILED.
int virtio_open_modern(struct virtio_dev *dev, struct pci_dev *pci);
int virtio_open_legacy(struct virtio_dev *dev, struct pci_dev *pci);

// Resets the device and waits until it says so, a second at most. 0, ERR_TIMEOUT, or ERR_NIC_INIT_FAILED
// without a wait when the device has gone.
int virtio_reset(struct virtio_dev *dev);

// Begins the initialisation of 3.1.1: reset, ACKNOWLEDGE, DRIVER; *offered is what the device can do.
// 0, or what virtio_reset() returns.
int virtio_begin(struct virtio_dev *dev, uint64_t *offered);

// Goes on with it: accepts `features`, which must be offered and not lack one that another of them needs.
// 0 with dev->features set, or ERR_NIC_INIT_FAILED when the device does not agree.
int virtio_accept(struct virtio_dev *dev, uint64_t features);

// Creates queue `index` with at most `size_max` descriptors (legacy: with what the device says) and tells
// the device. 0, or ERR_NIC_INIT_FAILED, ERR_NOT_ENOUGH_MEMORY.
int virtio_queue_create(struct virtio_dev *dev, struct virtq *queue, uint16_t index, uint16_t size_max);

// Sets DRIVER_OK: the device may use its queues.
void virtio_driver_ok(struct virtio_dev *dev);

// True when nothing answers any more: the device was taken out.
bool virtio_gone(struct virtio_dev *dev);

// True when the device asks for a reset (2.1.2), or has gone.
bool virtio_needs_reset(struct virtio_dev *dev);

// Reads `count` configuration fields of `width` bytes (1, 2, 4) each, from `offset` on, into values[]; all
// of one moment where the device has a generation counter. 0, or ERR_NIC_INIT_FAILED when the configuration
// is not that long or never stands still.
int virtio_config_read(struct virtio_dev *dev, uint32_t offset, unsigned width, unsigned count,
                       uint32_t *values);

#endif
