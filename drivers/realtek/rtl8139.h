// The driver of Realtek's RTL8139 family, for the table of drivers.
#ifndef URLBOOT_DRIVERS_REALTEK_RTL8139_H
#define URLBOOT_DRIVERS_REALTEK_RTL8139_H

struct nic_driver;

extern const struct nic_driver rtl8139_driver;

#endif
