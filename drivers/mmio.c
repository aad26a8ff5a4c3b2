// One load or store of the width the device was promised (contract: drivers/mmio.h).
// Not handled: widths other than 32 bits, which no driver that comes through here uses.
#include "drivers/mmio.h"  // mmio_read32

// SAFETY (both): the address lies inside a BAR that pci_map_bar() mapped uncached and is aligned to the
// width; the caller has compared its offset with the BAR's size.
uint32_t mmio_read32(const volatile void *address)
{
    return *(const volatile uint32_t *)address;
}

void mmio_write32(volatile void *address, uint32_t value)
{
    *(volatile uint32_t *)address = value;
}
