// The virtio network driver, for the table of drivers.
#ifndef URLBOOT_DRIVERS_VIRTIO_DRIVER_H
#define URLBOOT_DRIVERS_VIRTIO_DRIVER_H

struct nic_driver;

extern const struct nic_driver virtio_net_driver;

#endif
