// IPv6 addresses as text and back. Pure: builds on the host.
#ifndef URLBOOT_LIB_IP6_H
#define URLBOOT_LIB_IP6_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IP6_BYTES 16
#define IP6_TEXT_MAX 40  // bytes, with NUL: eight groups of four digits

// Reads an address of `length` bytes as RFC 4291 section 2.2 has it: groups, one "::", the last two groups
// perhaps as an IPv4 address; no brackets, no zone. False, and nothing written, when it is none.
bool ip6_parse(const char *text, size_t length, uint8_t out[IP6_BYTES]);

// Writes the address in the form of RFC 5952 section 4, its last groups always in hexadecimal; returns `out`.
// Example: char text[IP6_TEXT_MAX]; log_info("from %s", ip6_text(address, text));
const char *ip6_text(const uint8_t address[IP6_BYTES], char out[IP6_TEXT_MAX]);

// Whether it is an address of one link only (RFC 4291 section 2.5.6).
bool ip6_is_link_local(const uint8_t address[IP6_BYTES]);

// Whether a machine may have it to speak to others: not unspecified, not loopback, not multicast.
bool ip6_is_unicast(const uint8_t address[IP6_BYTES]);

// How many bits both begin with, 0 to 128.
unsigned ip6_common_bits(const uint8_t a[IP6_BYTES], const uint8_t b[IP6_BYTES]);

// Reads an IPv4 address of `length` bytes, four decimal numbers with dots between. False when it is none.
bool ip4_parse(const char *text, size_t length, uint8_t out[4]);

#endif
