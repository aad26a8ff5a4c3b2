// The descriptor format of the C+ chips: 16 bytes for each buffer, the same for both directions.
// Spec: RTL8169 Registers data sheet section 9 (receive and transmit descriptors).
#ifndef URLBOOT_DRIVERS_REALTEK_DESC_H
#define URLBOOT_DRIVERS_REALTEK_DESC_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include "drivers/realtek/realtek_regs.h"  // RTL_OWN
#include "kernel/cpu.h"                    // wmb

// Written by the driver: all. Written by the chip: `opts1` and, on receive, `opts2`, with RTL_OWN cleared
// last.
struct rtl_desc {
    uint32_t opts1;
    uint32_t opts2;      // VLAN tags and send offloads, which are not used
    uint64_t buffer;     // bus address; receive: multiple of 8
};
static_assert(sizeof(struct rtl_desc) == 16, "RTL8169 section 9");

// SAFETY (both): `desc` lies in a ring of DMA memory that lives as long as the chip is on; fields are
// accessed whole, so that what the chip writes meanwhile is seen before or after, never in parts.

// Gives the buffer of `length` bytes at bus address `buffer` to the chip. `flags`: RTL_EOR in the last
// descriptor of a ring, to send RTL_FS | RTL_LS.
static inline void rtl_desc_give(volatile struct rtl_desc *desc, uint64_t buffer, uint32_t length,
                                 uint32_t flags)
{
    desc->buffer = buffer;
    desc->opts2 = 0;
    wmb();  // all of it before the bit that makes it the chip's
    desc->opts1 = RTL_OWN | flags | length;
}

// What the chip says about a received buffer; with RTL_OWN it still has it.
static inline uint32_t rtl_desc_result(const volatile struct rtl_desc *desc)
{
    return desc->opts1;
}

// True when the chip has looked at the frame's TCP or UDP checksum and found it right.
static inline bool rtl_rx_csum_ok(uint32_t result)
{
    uint32_t seen = result & (RTL_RX_PID_MASK | RTL_RX_CSUM_FAILED);

    return seen == RTL_RX_PID_TCP || seen == RTL_RX_PID_UDP;
}

#endif
