// Numbers in other byte orders: loads and stores at any address, of foreign bytes, and conversion of
// values. No alignment is needed. The host is little-endian (x86-64).
//
// Example:
//     uint32_t size = le32_load(record + 10);  // ISO 9660 section 7.3.1
#ifndef URLBOOT_LIB_ENDIAN_H
#define URLBOOT_LIB_ENDIAN_H

#include <stdint.h>

// The 16-bit little-endian number at `p`.
static inline uint16_t le16_load(const void *p)
{
    const uint8_t *b = p;
    return (uint16_t)(b[0] | b[1] << 8);
}

// The 32-bit little-endian number at `p`.
static inline uint32_t le32_load(const void *p)
{
    const uint8_t *b = p;
    return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

// The 64-bit little-endian number at `p`.
static inline uint64_t le64_load(const void *p)
{
    const uint8_t *b = p;
    return le32_load(b) | (uint64_t)le32_load(b + 4) << 32;
}

// The 16-bit big-endian number at `p`.
static inline uint16_t be16_load(const void *p)
{
    const uint8_t *b = p;
    return (uint16_t)(b[0] << 8 | b[1]);
}

// The 32-bit big-endian number at `p`.
static inline uint32_t be32_load(const void *p)
{
    const uint8_t *b = p;
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

// The 64-bit big-endian number at `p`.
static inline uint64_t be64_load(const void *p)
{
    const uint8_t *b = p;
    return (uint64_t)be32_load(b) << 32 | be32_load(b + 4);
}

// Stores `value` at `p`, little-endian.
static inline void le16_store(void *p, uint16_t value)
{
    uint8_t *b = p;
    b[0] = (uint8_t)value;
    b[1] = (uint8_t)(value >> 8);
}

// Stores `value` at `p`, little-endian.
static inline void le32_store(void *p, uint32_t value)
{
    uint8_t *b = p;
    le16_store(b, (uint16_t)value);
    le16_store(b + 2, (uint16_t)(value >> 16));
}

// Stores `value` at `p`, little-endian.
static inline void le64_store(void *p, uint64_t value)
{
    uint8_t *b = p;
    le32_store(b, (uint32_t)value);
    le32_store(b + 4, (uint32_t)(value >> 32));
}

// Stores `value` at `p`, big-endian.
static inline void be16_store(void *p, uint16_t value)
{
    uint8_t *b = p;
    b[0] = (uint8_t)(value >> 8);
    b[1] = (uint8_t)value;
}

// Stores `value` at `p`, big-endian.
static inline void be32_store(void *p, uint32_t value)
{
    uint8_t *b = p;
    be16_store(b, (uint16_t)(value >> 16));
    be16_store(b + 2, (uint16_t)value);
}

// Stores `value` at `p`, big-endian.
static inline void be64_store(void *p, uint64_t value)
{
    uint8_t *b = p;
    be32_store(b, (uint32_t)(value >> 32));
    be32_store(b + 4, (uint32_t)value);
}

// A value to or from network (big-endian) byte order; the same function serves both ways.
static inline uint16_t net16(uint16_t value)
{
    return __builtin_bswap16(value);
}

// As net16, for 32 bits.
static inline uint32_t net32(uint32_t value)
{
    return __builtin_bswap32(value);
}

#endif
