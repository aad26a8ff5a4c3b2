// How configuration space is reached, inside drivers/pci. Tests put a fake bus here.
#ifndef URLBOOT_DRIVERS_PCI_CONFIG_H
#define URLBOOT_DRIVERS_PCI_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

struct acpi_info;

// Where a register is. `offset` is naturally aligned for the access.
struct pci_address {
    uint16_t segment;
    uint8_t bus, device, function;
    uint16_t offset;
};

// One way to reach configuration space. `width` is 1, 2 or 4 bytes.
struct pci_access {
    const char *name;                                              // "ECAM", for the log
    bool (*reaches)(uint16_t segment, uint8_t bus, uint16_t offset);  // false: another way must serve
    uint32_t (*read)(const struct pci_address *at, unsigned width);
    void (*write)(const struct pci_address *at, unsigned width, uint32_t value);
};

// Chooses ECAM where `acpi` names it (and it agrees with ports 0xCF8/0xCFC), the ports for the rest.
// `acpi` must stay valid.
void pci_config_init(const struct acpi_info *acpi);

// Replaces both by `access`: for tests.
void pci_config_use(const struct pci_access *access);

// The ports alone, which need neither ACPI nor page tables; what pci_config_use() put in their place.
const struct pci_access *pci_config_ports(void);

// Reads `width` bytes; all ones when nothing reaches `at`.
uint32_t pci_config_read(const struct pci_address *at, unsigned width);

// Writes `width` bytes; nothing happens when nothing reaches `at`.
void pci_config_write(const struct pci_address *at, unsigned width, uint32_t value);

// True when some way reaches the first register of `bus`.
bool pci_config_reaches(uint16_t segment, uint8_t bus);

#endif
