// What the parts of the chip in memory (realtek_fake.h) know of each other.
#ifndef URLBOOT_TESTS_UNIT_REALTEK_INSIDE_H
#define URLBOOT_TESTS_UNIT_REALTEK_INSIDE_H

#include "tests/unit/realtek_fake.h"  // chip

extern volatile uint8_t window[FAKE_REGS];  // where the registers seem to be

// True when the chip's model has one of these traits.
static inline bool has(uint32_t traits)
{
    return chip.model->traits & traits;
}

// What PHYSTATUS says.
uint32_t phy_status(void);

// Reads `before`, which was written to a register with a flag: the flag changes when the access is done.
uint32_t behind_answer(uint32_t before, bool dead);

// An access through one of ERIAR, OCPDR, OCPAR, PHYAR, GPHY_OCP begins.
void behind_write(uint32_t at, uint32_t value);

#endif
