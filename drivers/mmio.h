// Registers in mapped memory BARs. Functions instead of plain pointers, so that the tests of a driver can put
// a device of their own behind every access; next to the access itself a call costs nothing.
#ifndef URLBOOT_DRIVERS_MMIO_H
#define URLBOOT_DRIVERS_MMIO_H

#include <stdint.h>

// Reads the 32-bit register at `address`, which pci_map_bar() mapped; all ones when the device is gone.
uint32_t mmio_read32(const volatile void *address);

// Writes it. The write is posted: a read of the same device brings it there.
void mmio_write32(volatile void *address, uint32_t value);

#endif
