// One load or store of the width the device was promised (contract: drivers/mmio.h).
// Not handled: 64 bits, which no driver that comes through here uses.
#include "drivers/mmio.h"  // mmio_read32

// SAFETY (all): the address lies inside a BAR that pci_map_bar() mapped uncached and is aligned to the
// width; the caller has compared its offset with the BAR's size.
uint8_t mmio_read8(const volatile void *address)
{
    return *(const volatile uint8_t *)address;
}

uint16_t mmio_read16(const volatile void *address)
{
    return *(const volatile uint16_t *)address;
}

uint32_t mmio_read32(const volatile void *address)
{
    return *(const volatile uint32_t *)address;
}

void mmio_write8(volatile void *address, uint8_t value)
{
    *(volatile uint8_t *)address = value;
}

void mmio_write16(volatile void *address, uint16_t value)
{
    *(volatile uint16_t *)address = value;
}

void mmio_write32(volatile void *address, uint32_t value)
{
    *(volatile uint32_t *)address = value;
}
