// lwIP's view of the platform: x86-64, our small libc headers (or the host's), memory and random numbers
// by the functions of net/lwip/port.c. Included by every file of lwIP and everything that includes it.
#ifndef URLBOOT_NET_LWIP_ARCH_CC_H
#define URLBOOT_NET_LWIP_ARCH_CC_H

#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define LWIP_NO_UNISTD_H 1    // ssize_t comes from sys/types.h
#define LWIP_NO_CTYPE_H 1     // lwIP's own, without locale tables
#define LWIP_NO_INTTYPES_H 1  // only debug output wants it; the formats it would give:
#define X8_F "02x"
#define U16_F "u"
#define S16_F "d"
#define X16_F "x"
#define U32_F "u"
#define S32_F "d"
#define X32_F "x"
#define SZT_F "zu"

// Without SSIZE_MAX lwIP makes its own ssize_t, an int.
#ifndef SSIZE_MAX
#define SSIZE_MAX LONG_MAX
#endif

// A broken invariant inside lwIP: says where and stops the machine. Never returns.
__attribute__((noreturn, cold)) void lwip_port_assert(const char *what, const char *file, int line);

// 32 random bits: DHCP and DNS transaction ids, source ports, TCP sequence numbers.
uint32_t lwip_port_rand(void);

// kmalloc(), kcalloc() and kfree() for lwIP.
void *lwip_port_malloc(size_t size);
void *lwip_port_calloc(size_t count, size_t size);
void lwip_port_free(void *pointer);

// The Internet checksum (RFC 1071) over `length` bytes, not inverted, in memory byte order.
uint16_t lwip_port_chksum(const void *data, int length);

// One instruction each; lwIP's own are functions.
#define lwip_htons(value) __builtin_bswap16(value)
#define lwip_htonl(value) __builtin_bswap32(value)

#define LWIP_PLATFORM_ASSERT(what) lwip_port_assert(what, __FILE__, __LINE__)
#define LWIP_PLATFORM_DIAG(message) ((void)0)  // LWIP_DEBUG is never defined
#define LWIP_RAND() lwip_port_rand()

#endif
