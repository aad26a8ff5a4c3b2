// The legacy descriptor format: 16 bytes for each buffer, understood by all chips up to those of the PCH.
// Spec: 317453 sections 3.2.3 (receive) and 3.3.3 (transmit).
#ifndef URLBOOT_DRIVERS_INTEL_LEGACY_H
#define URLBOOT_DRIVERS_INTEL_LEGACY_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

// Written by the driver: `buffer`, and `result` to zero. Written by the chip: `result`, and at its pleasure
// `buffer`. The fields of `result` are read at once, so that they are of one moment.
struct legacy_rx_desc {
    uint64_t buffer;
    uint64_t result;
};
static_assert(sizeof(struct legacy_rx_desc) == 16, "3.2.3");
#define LEGACY_RX_LENGTH_MASK 0xffffull
#define LEGACY_RX_DD (1ull << 32)         // descriptor done
#define LEGACY_RX_EOP (1ull << 33)        // end of packet
#define LEGACY_RX_IXSM (1ull << 34)       // ignore checksum indication
#define LEGACY_RX_TCPCS (1ull << 37)      // TCP or UDP checksum was calculated
#define LEGACY_RX_CE (1ull << 40)         // CRC or alignment
#define LEGACY_RX_SE (1ull << 41)         // symbol
#define LEGACY_RX_SEQ (1ull << 42)        // sequence
#define LEGACY_RX_CXE (1ull << 44)        // carrier extension
#define LEGACY_RX_TCPE (1ull << 45)       // TCP or UDP checksum is wrong
#define LEGACY_RX_RXE (1ull << 47)        // data
#define LEGACY_RX_ERRORS \
    (LEGACY_RX_CE | LEGACY_RX_SE | LEGACY_RX_SEQ | LEGACY_RX_CXE | LEGACY_RX_RXE)

// Written by the driver: all. Written by the chip: LEGACY_TX_DD.
struct legacy_tx_desc {
    uint64_t buffer;
    uint64_t command;
};
static_assert(sizeof(struct legacy_tx_desc) == 16, "3.3.3");
#define LEGACY_TX_EOP (1ull << 24)        // end of packet
#define LEGACY_TX_IFCS (1ull << 25)       // append the FCS
#define LEGACY_TX_RS (1ull << 27)         // report status: set DD
#define LEGACY_TX_DD (1ull << 32)

// Gives the buffer at bus address `buffer` to the chip, once the tail has moved.
static inline void legacy_rx_give(volatile struct legacy_rx_desc *desc, uint64_t buffer)
{
    desc->buffer = buffer;
    desc->result = 0;
}

// What the chip says about a received buffer; without LEGACY_RX_DD it still has it.
static inline uint64_t legacy_rx_result(const volatile struct legacy_rx_desc *desc)
{
    return desc->result;
}

// True when the chip has looked at the frame's TCP or UDP checksum and found it right.
static inline bool legacy_rx_csum_ok(uint64_t result)
{
    return (result & (LEGACY_RX_IXSM | LEGACY_RX_TCPCS | LEGACY_RX_TCPE)) == LEGACY_RX_TCPCS;
}

// Gives a frame of `length` bytes at bus address `buffer` to the chip, once the tail has moved.
static inline void legacy_tx_give(volatile struct legacy_tx_desc *desc, uint64_t buffer, uint16_t length)
{
    desc->buffer = buffer;
    desc->command = LEGACY_TX_EOP | LEGACY_TX_IFCS | LEGACY_TX_RS | length;
}

// True when the chip has fetched it and the slot is ours again; it may still be in the chip's FIFO (TDFPC).
static inline bool legacy_tx_done(const volatile struct legacy_tx_desc *desc)
{
    return desc->command & LEGACY_TX_DD;
}

#endif
