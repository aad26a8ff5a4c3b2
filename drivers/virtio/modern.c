// The virtio 1.x PCI transport: four structures somewhere in memory BARs, named by vendor capabilities.
// Spec: Virtual I/O Device 1.2 sections 4.1.3 (access widths), 4.1.4 (capabilities), 4.1.5.1 (queues).
// Tested: QEMU 7.2 with disable-legacy=on and transitional. Not handled: structures in I/O BARs (QEMU's
// modern-pio-notify offers them beside memory ones), the PCI configuration access capability.
#include "drivers/virtio/transport.h"  // virtio_dev

#include <stddef.h>

#include "drivers/dma.h"                     // dma_addr
#include "drivers/pci/pci.h"                 // pci_map_bar
#include "drivers/pci/pci_regs.h"            // PCI_CAP_ID_VENDOR
#include "drivers/virtio/virtio_pci_regs.h"  // VIRTIO_COMMON_DEVICE_STATUS
#include "drivers/virtio/virtqueue.h"        // virtq
#include "lib/err.h"                         // fail

#define VENDOR_CAPS_MAX 32u       // more would not fit into configuration space
#define STRUCTURE_LENGTH_MAX (16u << 20)
#define NOTIFY_WIDTH 2u           // bytes of a doorbell, VIRTIO_F_NOTIFICATION_DATA is not negotiated

// SAFETY (accessors below): the structure was mapped uncached, found to lie inside its BAR and to be at
// least VIRTIO_COMMON_SIZE long; offsets are the constants of that structure, naturally aligned.
static uint8_t rd8(volatile uint8_t *base, uint32_t reg)
{
    return base[reg];
}

static uint16_t rd16(volatile uint8_t *base, uint32_t reg)
{
    return *(volatile uint16_t *)(volatile void *)(base + reg);
}

static uint32_t rd32(volatile uint8_t *base, uint32_t reg)
{
    return *(volatile uint32_t *)(volatile void *)(base + reg);
}

static void wr8(volatile uint8_t *base, uint32_t reg, uint8_t value)
{
    base[reg] = value;
}

static void wr16(volatile uint8_t *base, uint32_t reg, uint16_t value)
{
    *(volatile uint16_t *)(volatile void *)(base + reg) = value;
}

static void wr32(volatile uint8_t *base, uint32_t reg, uint32_t value)
{
    *(volatile uint32_t *)(volatile void *)(base + reg) = value;
}

// 64-bit registers are two 32-bit ones, 4.1.3.1.
static void wr64(volatile uint8_t *base, uint32_t reg, uint64_t value)
{
    wr32(base, reg, (uint32_t)value);
    wr32(base, reg + (uint32_t)sizeof(uint32_t), (uint32_t)(value >> 32));
}

static uint8_t modern_read_status(struct virtio_dev *dev)
{
    return rd8(dev->common, VIRTIO_COMMON_DEVICE_STATUS);
}

static void modern_write_status(struct virtio_dev *dev, uint8_t status)
{
    wr8(dev->common, VIRTIO_COMMON_DEVICE_STATUS, status);
}

static uint64_t modern_read_features(struct virtio_dev *dev)
{
    uint64_t features;

    wr32(dev->common, VIRTIO_COMMON_DEVICE_FEATURE_SELECT, 1);
    features = (uint64_t)rd32(dev->common, VIRTIO_COMMON_DEVICE_FEATURE) << 32;
    wr32(dev->common, VIRTIO_COMMON_DEVICE_FEATURE_SELECT, 0);
    return features | rd32(dev->common, VIRTIO_COMMON_DEVICE_FEATURE);
}

static void modern_write_features(struct virtio_dev *dev, uint64_t features)
{
    wr32(dev->common, VIRTIO_COMMON_DRIVER_FEATURE_SELECT, 0);
    wr32(dev->common, VIRTIO_COMMON_DRIVER_FEATURE, (uint32_t)features);
    wr32(dev->common, VIRTIO_COMMON_DRIVER_FEATURE_SELECT, 1);
    wr32(dev->common, VIRTIO_COMMON_DRIVER_FEATURE, (uint32_t)(features >> 32));
}

static uint16_t modern_queue_size(struct virtio_dev *dev, uint16_t index)
{
    if (index >= rd16(dev->common, VIRTIO_COMMON_NUM_QUEUES))
        return 0;
    wr16(dev->common, VIRTIO_COMMON_QUEUE_SELECT, index);
    return rd16(dev->common, VIRTIO_COMMON_QUEUE_SIZE);
}

static void modern_notify(struct virtq *queue)
{
    // SAFETY: queue_start() checked that these two bytes lie inside the notification structure.
    *(volatile uint16_t *)queue->doorbell = queue->index;
}

static int modern_queue_start(struct virtio_dev *dev, struct virtq *queue)
{
    wr16(dev->common, VIRTIO_COMMON_QUEUE_SELECT, queue->index);
    uint64_t offset = (uint64_t)rd16(dev->common, VIRTIO_COMMON_QUEUE_NOTIFY_OFF) * dev->notify_multiplier;
    if (offset % NOTIFY_WIDTH != 0 || offset + NOTIFY_WIDTH > dev->notify_length)
        return fail(ERR_NIC_INIT_FAILED, "the doorbell of queue %u lies outside its BAR", queue->index);
    wr16(dev->common, VIRTIO_COMMON_QUEUE_SIZE, queue->size);
    wr64(dev->common, VIRTIO_COMMON_QUEUE_DESC, dma_addr(queue->desc));
    wr64(dev->common, VIRTIO_COMMON_QUEUE_DRIVER, dma_addr(queue->avail));
    wr64(dev->common, VIRTIO_COMMON_QUEUE_DEVICE, dma_addr(queue->used));
    wr16(dev->common, VIRTIO_COMMON_QUEUE_ENABLE, 1);
    queue->doorbell = dev->notify + offset;
    queue->notify = modern_notify;
    return 0;
}

static uint8_t modern_config_generation(struct virtio_dev *dev)
{
    return rd8(dev->common, VIRTIO_COMMON_CONFIG_GENERATION);
}

static uint32_t modern_config_read(struct virtio_dev *dev, uint32_t offset, unsigned width)
{
    return width == 1 ? rd8(dev->config, offset)
                      : width == 2 ? rd16(dev->config, offset) : rd32(dev->config, offset);
}

static const struct virtio_transport modern = {
    .name = "virtio 1.0",
    .read_status = modern_read_status,
    .write_status = modern_write_status,
    .read_features = modern_read_features,
    .write_features = modern_write_features,
    .queue_size = modern_queue_size,
    .queue_start = modern_queue_start,
    .config_generation = modern_config_generation,
    .config_read = modern_config_read,
};

// What the capability at `cap` names, mapped; NULL unless all of it lies inside a memory BAR.
static volatile uint8_t *map_structure(const struct pci_dev *pci, unsigned cap, uint32_t *length)
{
    unsigned index = pci_read8(pci, cap + VIRTIO_PCI_CAP_BAR);
    uint64_t offset = pci_read32(pci, cap + VIRTIO_PCI_CAP_OFFSET);

    *length = pci_read32(pci, cap + VIRTIO_PCI_CAP_LENGTH);
    if (index >= PCI_BARS)
        return NULL;  // reserved values are to be ignored, 4.1.4
    const struct pci_bar *bar = &pci->bars[index];
    if (bar->io || bar->size == 0 || *length == 0 || *length > STRUCTURE_LENGTH_MAX ||
        offset % sizeof(uint32_t) != 0 || offset + *length > bar->size) {
        fail(ERR_NIC_INIT_FAILED, "a virtio structure lies outside BAR %u", index);
        return NULL;
    }
    volatile uint8_t *base = pci_map_bar(pci, index);
    return base ? base + offset : NULL;
}

// Takes the structure at `cap` if it is the first usable one of its kind (4.1.4: the device lists them in
// its order of preference).
static void take_structure(struct virtio_dev *dev, unsigned cap)
{
    uint8_t size = pci_read8(dev->pci, cap + VIRTIO_PCI_CAP_LEN);
    uint8_t type = pci_read8(dev->pci, cap + VIRTIO_PCI_CAP_CFG_TYPE);
    uint8_t needed = type == VIRTIO_PCI_CAP_NOTIFY_CFG ? VIRTIO_PCI_NOTIFY_CAP_SIZE : VIRTIO_PCI_CAP_SIZE;
    uint32_t length;

    if (size < needed ||
        (type != VIRTIO_PCI_CAP_COMMON_CFG && type != VIRTIO_PCI_CAP_NOTIFY_CFG &&
         type != VIRTIO_PCI_CAP_DEVICE_CFG))
        return;
    volatile uint8_t *base = map_structure(dev->pci, cap, &length);
    if (!base)
        return;
    if (type == VIRTIO_PCI_CAP_COMMON_CFG && !dev->common && length >= VIRTIO_COMMON_SIZE) {
        dev->common = base;
    } else if (type == VIRTIO_PCI_CAP_NOTIFY_CFG && !dev->notify && length >= NOTIFY_WIDTH) {
        dev->notify = base;
        dev->notify_length = length;
        dev->notify_multiplier = pci_read32(dev->pci, cap + VIRTIO_PCI_NOTIFY_CAP_MULTIPLIER);
    } else if (type == VIRTIO_PCI_CAP_DEVICE_CFG && !dev->config) {
        dev->config = base;
        dev->config_length = length;
    }
}

int virtio_open_modern(struct virtio_dev *dev, struct pci_dev *pci)
{
    unsigned cap = 0;

    *dev = (struct virtio_dev){.pci = pci, .transport = &modern};
    fail_clear();
    for (unsigned i = 0; i < VENDOR_CAPS_MAX; i++) {
        cap = pci_find_capability(pci, PCI_CAP_ID_VENDOR, cap);
        if (!cap)
            break;
        take_structure(dev, cap);
    }
    if (dev->common && dev->notify)
        return 0;
    // The reason that map_structure() or pci_map_bar() gave is better than this one.
    if (fail_detail()[0] != '\0')
        return ERR_NIC_INIT_FAILED;
    return fail(ERR_NIC_INIT_FAILED, "it has no virtio 1.0 registers");
}
