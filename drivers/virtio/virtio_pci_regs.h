// Registers and constants of virtio over PCI, and the split ring in memory.
// Spec: Virtual I/O Device 1.2 sections 2.1 (status), 2.7 (split virtqueues), 4.1.4 (PCI capabilities),
// 4.1.4.10 (legacy interface), 6 (reserved feature bits).
#ifndef URLBOOT_DRIVERS_VIRTIO_VIRTIO_PCI_REGS_H
#define URLBOOT_DRIVERS_VIRTIO_VIRTIO_PCI_REGS_H

#include <assert.h>
#include <stdint.h>

#define VIRTIO_PCI_VENDOR 0x1af4
#define VIRTIO_PCI_DEVICE_LEGACY_LAST 0x103f  // up to here transitional or legacy, from 0x1040 modern only

// Device status, 2.1
#define VIRTIO_STATUS_ACKNOWLEDGE 0x01u
#define VIRTIO_STATUS_DRIVER 0x02u
#define VIRTIO_STATUS_DRIVER_OK 0x04u
#define VIRTIO_STATUS_FEATURES_OK 0x08u
#define VIRTIO_STATUS_NEEDS_RESET 0x40u
#define VIRTIO_STATUS_GONE 0xffu         // not the device's: what is read where none answers

// Features of every device, 6 and 6.3
#define VIRTIO_F_ANY_LAYOUT (1ull << 27)  // legacy: header and data may share a descriptor
#define VIRTIO_F_EVENT_IDX (1ull << 29)
#define VIRTIO_F_VERSION_1 (1ull << 32)
#define VIRTIO_F_ACCESS_PLATFORM (1ull << 33)
#define VIRTIO_F_ORDER_PLATFORM (1ull << 36)

// Vendor capability, 4.1.4: offsets in configuration space from the capability
#define VIRTIO_PCI_CAP_LEN 2
#define VIRTIO_PCI_CAP_CFG_TYPE 3
#define     VIRTIO_PCI_CAP_COMMON_CFG 1
#define     VIRTIO_PCI_CAP_NOTIFY_CFG 2
#define     VIRTIO_PCI_CAP_DEVICE_CFG 4
#define VIRTIO_PCI_CAP_BAR 4
#define VIRTIO_PCI_CAP_OFFSET 8
#define VIRTIO_PCI_CAP_LENGTH 12
#define VIRTIO_PCI_CAP_SIZE 16
#define VIRTIO_PCI_NOTIFY_CAP_MULTIPLIER 16
#define VIRTIO_PCI_NOTIFY_CAP_SIZE 20

// Common configuration, 4.1.4.3
#define VIRTIO_COMMON_DEVICE_FEATURE_SELECT 0x00
#define VIRTIO_COMMON_DEVICE_FEATURE 0x04
#define VIRTIO_COMMON_DRIVER_FEATURE_SELECT 0x08
#define VIRTIO_COMMON_DRIVER_FEATURE 0x0c
#define VIRTIO_COMMON_NUM_QUEUES 0x12
#define VIRTIO_COMMON_DEVICE_STATUS 0x14
#define VIRTIO_COMMON_CONFIG_GENERATION 0x15
#define VIRTIO_COMMON_QUEUE_SELECT 0x16
#define VIRTIO_COMMON_QUEUE_SIZE 0x18
#define VIRTIO_COMMON_QUEUE_ENABLE 0x1c
#define VIRTIO_COMMON_QUEUE_NOTIFY_OFF 0x1e
#define VIRTIO_COMMON_QUEUE_DESC 0x20    // 64 bits, written as two halves
#define VIRTIO_COMMON_QUEUE_DRIVER 0x28
#define VIRTIO_COMMON_QUEUE_DEVICE 0x30
#define VIRTIO_COMMON_SIZE 0x38          // what version 1.0 devices have

// Legacy interface in I/O BAR 0, 4.1.4.10
#define VIRTIO_LEGACY_DEVICE_FEATURES 0x00
#define VIRTIO_LEGACY_DRIVER_FEATURES 0x04
#define VIRTIO_LEGACY_QUEUE_ADDRESS 0x08
#define     VIRTIO_LEGACY_QUEUE_ADDRESS_SHIFT 12
#define VIRTIO_LEGACY_QUEUE_SIZE 0x0c
#define VIRTIO_LEGACY_QUEUE_SELECT 0x0e
#define VIRTIO_LEGACY_QUEUE_NOTIFY 0x10
#define VIRTIO_LEGACY_DEVICE_STATUS 0x12
#define VIRTIO_LEGACY_DEVICE_CONFIG 0x14  // without MSI-X
#define VIRTIO_LEGACY_QUEUE_ALIGN 4096u

// Split ring in memory, 2.7
struct virtq_desc {
    uint64_t addr;
    uint32_t len;
    uint16_t flags;
    uint16_t next;
};
static_assert(sizeof(struct virtq_desc) == 16, "2.7.5");
#define VIRTQ_DESC_F_NEXT 1u
#define VIRTQ_DESC_F_WRITE 2u

struct virtq_used_elem {
    uint32_t id;
    uint32_t len;
};
static_assert(sizeof(struct virtq_used_elem) == 8, "2.7.8");

#define VIRTQ_AVAIL_F_NO_INTERRUPT 1u
#define VIRTQ_USED_F_NO_NOTIFY 1u
#define VIRTQ_SIZE_LIMIT 32768u

#endif
