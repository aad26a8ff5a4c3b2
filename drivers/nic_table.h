// The drivers there are, in the order in which they are asked.
#ifndef URLBOOT_DRIVERS_NIC_TABLE_H
#define URLBOOT_DRIVERS_NIC_TABLE_H

struct nic_driver;

// Ends with NULL. Adding a driver is its file(s), one line in nic_table.c and its objects in the Makefile.
extern const struct nic_driver *const nic_table[];

#endif
