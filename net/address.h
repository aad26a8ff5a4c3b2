// Static set-up: what is checked and derived before an address is used.
#ifndef URLBOOT_NET_ADDRESS_H
#define URLBOOT_NET_ADDRESS_H

#include <stdint.h>

#include "net/stack.h"  // struct stack_ip

// The mask of the class `address` belongs to, as the kernel's ip= takes it when none is given: 255.0.0.0,
// 255.255.0.0, else 255.255.255.0. Both in network byte order.
uint32_t address_class_mask(uint32_t address);

// Checks a static set-up: the client is a usable host address, the mask is one, the gateway is not the
// client. Fills the lease's address, netmask, gateway and DNS servers. 0 or ERR_NO_IP_ADDRESS.
int address_static(struct stack_lease *lease, const struct stack_ip *ip);

#endif
