// Registers in mapped memory BARs. Functions instead of plain pointers, so that the tests of a driver can put
// a device of their own behind every access; next to the access itself a call costs nothing.
#ifndef URLBOOT_DRIVERS_MMIO_H
#define URLBOOT_DRIVERS_MMIO_H

#include <stdint.h>

// Read the register of 8, 16 or 32 bits at `address`, which pci_map_bar() mapped and which is aligned to that
// width; all ones when the device is gone.
uint8_t mmio_read8(const volatile void *address);
uint16_t mmio_read16(const volatile void *address);
uint32_t mmio_read32(const volatile void *address);

// Write it. The write is posted: a read of the same device brings it there.
void mmio_write8(volatile void *address, uint8_t value);
void mmio_write16(volatile void *address, uint16_t value);
void mmio_write32(volatile void *address, uint32_t value);

#endif
