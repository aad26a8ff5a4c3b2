// What may stand behind the = of one option: one function for each form. Pure. All take a NUL-terminated
// value and return 0, or ERR_OPTION_INVALID with fail() saying what is wrong. Results are written on 0 only.
#ifndef URLBOOT_KERNEL_OPTION_VALUES_H
#define URLBOOT_KERNEL_OPTION_VALUES_H

#include <stdint.h>

#include "kernel/options.h"  // opt_ip

// 64 hexadecimal digits, as sha256sum prints them.
int option_digest(const char *value, uint8_t digest[32]);

// dhcp (or on, any, both), an address alone, or client:server:gateway:netmask:host:device:autoconf:dns0:dns1
// with any field left empty: Linux Documentation/admin-guide/nfs/nfsroot.rst. Server, host, device and what
// follows dns1 are accepted and not used. Without netmask it is that of the address's class, as in Linux.
// Example: option_ip("192.0.2.5::192.0.2.1:255.255.255.0::eth0:off:192.0.2.1", &ip)
int option_ip(const char *value, struct opt_ip *ip);

// ttyS0 to ttyS3, with ",baud" and after that "n8" when wanted; or tty, tty0 to tty63 for the screen.
int option_console(const char *value, struct opt_console *console);

// A MAC address with colons, or a PCI address as lspci prints it: [segment:]bus:device.function.
int option_nic(const char *value);

// A decimal number from `min` to `max`; `name` is for the sentence.
int option_number(const char *name, const char *value, unsigned min, unsigned max, unsigned *number);

#endif
