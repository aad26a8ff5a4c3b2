// The drivers of Realtek's controllers, for the table of drivers.
#ifndef URLBOOT_DRIVERS_REALTEK_DRIVER_H
#define URLBOOT_DRIVERS_REALTEK_DRIVER_H

struct nic_driver;

// RTL8169, 8168, 8136, 8125, 8126 and their relatives.
extern const struct nic_driver realtek_driver;

#endif
