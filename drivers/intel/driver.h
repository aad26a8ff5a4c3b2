// The driver of Intel's gigabit controllers, for the table of drivers.
#ifndef URLBOOT_DRIVERS_INTEL_DRIVER_H
#define URLBOOT_DRIVERS_INTEL_DRIVER_H

struct nic_driver;

extern const struct nic_driver intel_driver;

#endif
