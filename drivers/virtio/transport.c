// What both transports share: choosing one, reset, feature negotiation, queues, consistent configuration.
// Spec: Virtual I/O Device 1.2 sections 2.1, 2.2, 2.5.3 (generation), 3.1.1 (order of initialisation).
// Tested: QEMU 7.2, modern only, transitional and legacy only. Not handled: virtio over MMIO or CCW.
#include "drivers/virtio/transport.h"  // virtio_dev

#include "drivers/pci/pci.h"                 // pci_dev
#include "drivers/virtio/virtio_pci_regs.h"  // VIRTIO_STATUS_DRIVER
#include "drivers/virtio/virtqueue.h"        // virtq_create
#include "kernel/cpu.h"                      // cpu_relax
#include "lib/clock.h"                       // deadline_ms
#include "lib/err.h"                         // fail

#define VIRTIO_RESET_TIMEOUT_MS 1000u    // hardware virtio (DPUs) needs tens of milliseconds
#define CONFIG_ATTEMPTS 16u              // a configuration that changes as often as it is read is broken

int virtio_open(struct virtio_dev *dev, struct pci_dev *pci)
{
    int err = virtio_open_modern(dev, pci);

    // A transitional device whose modern half cannot be used still has its legacy one.
    if (err < 0 && pci->device_id <= VIRTIO_PCI_DEVICE_LEGACY_LAST)
        err = virtio_open_legacy(dev, pci);
    return err;
}

int virtio_reset(struct virtio_dev *dev)
{
    uint64_t deadline = deadline_ms(VIRTIO_RESET_TIMEOUT_MS);

    if (virtio_gone(dev))
        return fail(ERR_NIC_INIT_FAILED, "the device does not answer");
    dev->transport->write_status(dev, 0);
    while (dev->transport->read_status(dev) != 0) {
        if (deadline_passed(deadline))
            return fail(ERR_TIMEOUT, "the device does not finish its reset");
        cpu_relax();
    }
    return 0;
}

static void add_status(struct virtio_dev *dev, uint8_t bits)
{
    dev->transport->write_status(dev, dev->transport->read_status(dev) | bits);
}

int virtio_begin(struct virtio_dev *dev, uint64_t *offered)
{
    int err = virtio_reset(dev);

    if (err < 0)
        return err;
    add_status(dev, VIRTIO_STATUS_ACKNOWLEDGE);
    add_status(dev, VIRTIO_STATUS_DRIVER);
    *offered = dev->transport->read_features(dev);
    return 0;
}

int virtio_accept(struct virtio_dev *dev, uint64_t features)
{
    dev->features = features;
    dev->transport->write_features(dev, features);
    if (!(features & VIRTIO_F_VERSION_1))
        return 0;  // legacy devices have no FEATURES_OK
    add_status(dev, VIRTIO_STATUS_FEATURES_OK);
    if (!(dev->transport->read_status(dev) & VIRTIO_STATUS_FEATURES_OK))
        return fail(ERR_NIC_INIT_FAILED, "the device refused features 0x%llx", (unsigned long long)features);
    return 0;
}

int virtio_queue_create(struct virtio_dev *dev, struct virtq *queue, uint16_t index, uint16_t size_max)
{
    uint16_t size = dev->transport->queue_size(dev, index);

    if (size == 0)
        return fail(ERR_NIC_INIT_FAILED, "the device has no queue %u", index);
    if (size > size_max && !dev->transport->queue_size_fixed)
        size = size_max;
    int err = virtq_create(queue, index, size);
    if (err < 0)
        return err;
    queue->event_idx = dev->features & VIRTIO_F_EVENT_IDX;
    err = dev->transport->queue_start(dev, queue);
    if (err < 0)
        goto err_queue_start;
    return 0;

err_queue_start:
    // The device knows the queue's address perhaps, but touches no queue before DRIVER_OK.
    virtq_destroy(queue);
    return err;
}

void virtio_driver_ok(struct virtio_dev *dev)
{
    add_status(dev, VIRTIO_STATUS_DRIVER_OK);
}

bool virtio_gone(struct virtio_dev *dev)
{
    return dev->transport->read_status(dev) == VIRTIO_STATUS_GONE;
}

bool virtio_needs_reset(struct virtio_dev *dev)
{
    return dev->transport->read_status(dev) & VIRTIO_STATUS_NEEDS_RESET;
}

int virtio_config_read(struct virtio_dev *dev, uint32_t offset, unsigned width, unsigned count,
                       uint32_t *values)
{
    if (width * count > dev->config_length || offset > dev->config_length - width * count)
        return fail(ERR_NIC_INIT_FAILED, "the device's configuration ends at %u", dev->config_length);
    for (unsigned attempt = 0; attempt < CONFIG_ATTEMPTS; attempt++) {
        uint8_t before = dev->transport->config_generation(dev);
        for (unsigned i = 0; i < count; i++)
            values[i] = dev->transport->config_read(dev, offset + i * width, width);
        if (dev->transport->config_generation(dev) == before)
            return 0;
    }
    return fail(ERR_NIC_INIT_FAILED, "the device's configuration never stands still");
}
