// The virtio 0.9.5 PCI transport: registers in I/O BAR 0. Queue sizes are the device's, addresses are page
// numbers, features are 32 bits, there is no FEATURES_OK.
// Spec: Virtual I/O Device 1.2 section 4.1.4.10 and the "Legacy Interface" parts of section 2.
// Tested: QEMU 7.2 with disable-modern=on. Not handled: legacy registers in a memory BAR.
#include "drivers/virtio/transport.h"  // virtio_dev

#include "drivers/dma.h"                     // dma_addr
#include "drivers/pci/pci.h"                 // pci_dev
#include "drivers/virtio/virtio_pci_regs.h"  // VIRTIO_LEGACY_QUEUE_SIZE
#include "drivers/virtio/virtqueue.h"        // virtq
#include "kernel/cpu.h"                      // inb
#include "lib/err.h"                         // fail

#define PORTS_END 0x10000u

// SAFETY (all port accesses below): virtio_open_legacy() checked that the ports lie inside BAR 0, and the
// BAR inside the 64 KiB of ports.
static uint16_t port(const struct virtio_dev *dev, uint32_t reg)
{
    return (uint16_t)(dev->ports + reg);
}

static uint8_t legacy_read_status(struct virtio_dev *dev)
{
    return inb(port(dev, VIRTIO_LEGACY_DEVICE_STATUS));
}

static void legacy_write_status(struct virtio_dev *dev, uint8_t status)
{
    outb(port(dev, VIRTIO_LEGACY_DEVICE_STATUS), status);
}

static uint64_t legacy_read_features(struct virtio_dev *dev)
{
    return inl(port(dev, VIRTIO_LEGACY_DEVICE_FEATURES));
}

static void legacy_write_features(struct virtio_dev *dev, uint64_t features)
{
    outl(port(dev, VIRTIO_LEGACY_DRIVER_FEATURES), (uint32_t)features);
}

static uint16_t legacy_queue_size(struct virtio_dev *dev, uint16_t index)
{
    outw(port(dev, VIRTIO_LEGACY_QUEUE_SELECT), index);
    return inw(port(dev, VIRTIO_LEGACY_QUEUE_SIZE));
}

static void legacy_notify(struct virtq *queue)
{
    outw(queue->doorbell_port, queue->index);
}

static int legacy_queue_start(struct virtio_dev *dev, struct virtq *queue)
{
    uint32_t page = (uint32_t)(dma_addr(queue->desc) >> VIRTIO_LEGACY_QUEUE_ADDRESS_SHIFT);

    outw(port(dev, VIRTIO_LEGACY_QUEUE_SELECT), queue->index);
    outl(port(dev, VIRTIO_LEGACY_QUEUE_ADDRESS), page);
    if (inl(port(dev, VIRTIO_LEGACY_QUEUE_ADDRESS)) != page)
        return fail(ERR_NIC_INIT_FAILED, "the device does not take the address of queue %u", queue->index);
    queue->doorbell_port = port(dev, VIRTIO_LEGACY_QUEUE_NOTIFY);
    queue->notify = legacy_notify;
    return 0;
}

static uint8_t legacy_config_generation(struct virtio_dev *dev)
{
    (void)dev;
    return 0;  // legacy devices do not count
}

static uint32_t legacy_config_read(struct virtio_dev *dev, uint32_t offset, unsigned width)
{
    uint16_t at = port(dev, VIRTIO_LEGACY_DEVICE_CONFIG + offset);

    return width == 1 ? inb(at) : width == 2 ? inw(at) : inl(at);
}

static const struct virtio_transport legacy = {
    .name = "virtio legacy",
    .read_status = legacy_read_status,
    .write_status = legacy_write_status,
    .read_features = legacy_read_features,
    .write_features = legacy_write_features,
    .queue_size = legacy_queue_size,
    .queue_size_fixed = true,
    .queue_start = legacy_queue_start,
    .config_generation = legacy_config_generation,
    .config_read = legacy_config_read,
};

int virtio_open_legacy(struct virtio_dev *dev, struct pci_dev *pci)
{
    const struct pci_bar *bar = &pci->bars[0];

    if (!bar->io || bar->size < VIRTIO_LEGACY_DEVICE_CONFIG)
        return fail(ERR_NIC_INIT_FAILED, "it has no legacy virtio ports");
    if (bar->base == 0 || bar->base + bar->size > PORTS_END)
        return fail(ERR_NIC_INIT_FAILED, "firmware gave its ports no address (turn fast boot off)");
    *dev = (struct virtio_dev){
        .pci = pci,
        .transport = &legacy,
        .ports = (uint16_t)bar->base,
        .config_length = (uint32_t)bar->size - VIRTIO_LEGACY_DEVICE_CONFIG,
    };
    return 0;
}
