// The network stack: lwIP on every NIC, one poll loop, address and names. Spec: RFC 2131 (DHCP), RFC 1035
// (DNS), RFC 9293 (TCP) by lwIP 2.2.1, NO_SYS raw API.
//
// Example: bring up, resolve, connect
//     err = stack_up(&ip, deadline_ms(60000));
//     err = dns_lookup("example.org", &addr, deadline_ms(10000));
//     err = tcp_open(&stream, addr, 80, deadline_ms(10000));
#ifndef URLBOOT_NET_STACK_H
#define URLBOOT_NET_STACK_H

#include <stdbool.h>
#include <stdint.h>

#include "net/stream.h"  // struct stream

struct nic;

struct stack_ip {              // an IPv4 set-up; addresses in network byte order, 0 = not given
    bool dhcp;
    uint32_t client, gateway, netmask, dns[2];
};

struct stack_lease {           // what was got
    struct nic *nic;
    uint32_t address, netmask, gateway, server, dns[4];
    char boot_file[256];       // DHCP option 67 or 114 or BOOTP file field when it is a URL, else ""
};

// Puts `nic` under the stack (netif, input hook). Before stack_up(). 0 or ERR_OUT_OF_HEAP.
int stack_add(struct nic *nic);

// Starts all added NICs and configures them: statically, or by DHCP on all at once; the first NIC with a
// lease becomes the default and the others are stopped. Waits for link and lease until `deadline`; says
// what each NIC does while it waits. 0 or ERR_NO_NIC_FOUND, ERR_NO_LINK, ERR_DHCP_TIMEOUT,
// ERR_NO_IP_ADDRESS, ERR_NIC_INIT_FAILED.
int stack_up(const struct stack_ip *ip, uint64_t deadline);

// The lease in use, NULL before stack_up() succeeded.
const struct stack_lease *stack_lease(void);

// One turn of the loop: NICs, lwIP timers, link changes. Everything that waits calls it. Halts the CPU
// until the next timer tick when nothing has come for two milliseconds. Returns frames received.
unsigned stack_poll(void);

// True when the user pressed the cancel key (Esc or Ctrl-C); set by a hook of the console.
extern bool (*stack_cancelled)(void);

// Releases the lease, stops all NICs, frees everything. The stack may be brought up again.
void stack_down(void);

// The same, and the NICs that were added are forgotten.
void stack_forget(void);

// Resolves `host` (a name or a dotted address) to an IPv4 address in network byte order. Asks the DHCP
// servers, then 8.8.8.8 and 1.1.1.1; answers are cached for their TTL. 0 or ERR_DNS_LOOKUP_FAILED,
// ERR_CANCELLED.
int dns_lookup(const char *host, uint32_t *address, uint64_t deadline);

// Connects to address:port (address in network byte order, port in host order). 0 and *stream, or
// ERR_CONNECTION_REFUSED, ERR_CONNECTION_TIMEOUT, ERR_CANCELLED, ERR_OUT_OF_HEAP.
int tcp_open(struct stream **stream, uint32_t address, uint16_t port, uint64_t deadline);

// As tcp_open(), but does not wait: what is sent leaves when the connection stands, and peek() tells when it
// was refused (ERR_CONNECTION_RESET). 0, ERR_CONNECTION_TIMEOUT when there is no route, ERR_OUT_OF_HEAP.
int tcp_start(struct stream **stream, uint32_t address, uint16_t port);

#endif
