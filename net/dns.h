// The name servers behind dns_lookup().
#ifndef URLBOOT_NET_DNS_H
#define URLBOOT_NET_DNS_H

#include <stddef.h>
#include <stdint.h>

// Sets the servers asked, in order: `servers` (up to 4, network byte order, 0 = none), then the public
// 8.8.8.8 and 1.1.1.1, each once.
void dns_use(const uint32_t servers[4]);

// Forgets servers and ends outstanding questions.
void dns_shutdown(void);

#endif
