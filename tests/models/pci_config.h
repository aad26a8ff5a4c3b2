// The configuration space of a modelled PCI function: identity, BARs, and the capabilities PM, MSI and PCI Express.
#ifndef URLBOOT_TESTS_MODELS_PCI_CONFIG_H
#define URLBOOT_TESTS_MODELS_PCI_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#define PCI_CONFIG_SIZE 256u
#define PCI_BARS 6u

// `size` is a power of two, 0 for a BAR that is not there; `wide` takes the next BAR's place for its high half.
struct pci_bar {
    uint32_t size;
    bool io, wide, prefetchable;
};

struct pci_identity {
    uint16_t vendor, device, subsystem_vendor, subsystem;
    uint32_t class_and_revision;        // as the register at 0x08
    bool express;                       // a PCI Express endpoint, else conventional PCI
    bool msi;
    struct pci_bar bars[PCI_BARS];
};

struct pci_config {
    uint8_t bytes[PCI_CONFIG_SIZE];
    uint8_t writable[PCI_CONFIG_SIZE];  // bits that a write changes
    struct pci_bar bars[PCI_BARS];
    // QEMU sizes BARs when it makes the device, and knows no wide ones: what it asks of a high half until its first
    // reset is answered as for a BAR that is not there.
    bool sized;
    bool bus_master_at_reset, asleep_at_reset;      // what firmware left behind
    uint8_t pm_at, msi_at, express_at;  // capabilities, 0: not there
};

// The state at power-on.
void pci_config_open(struct pci_config *config, const struct pci_identity *identity);

// A reset of the machine: what was written is gone.
void pci_config_reset(struct pci_config *config);

// Reads `size` (1, 2 or 4) bytes at `offset`; what lies outside reads as ones.
uint32_t pci_config_read(const struct pci_config *config, uint32_t offset, unsigned size);

// Writes them; bits that hardware does not let change stay.
void pci_config_write(struct pci_config *config, uint32_t offset, uint32_t value, unsigned size);

// Which BAR holds `address` (of memory or of a port): its number, and where in it. False when none does.
bool pci_config_find(const struct pci_config *config, uint64_t address, bool memory, unsigned *bar, uint32_t *offset);

// Whether the function may be bus master.
bool pci_config_bus_master(const struct pci_config *config);

// The power state, 0 to 3: BARs answer in state 0 only.
unsigned pci_config_power(const struct pci_config *config);

// Whether INTx is allowed.
bool pci_config_intx(const struct pci_config *config);

// Whether MSI is on, and then where to write what.
bool pci_config_msi(const struct pci_config *config, uint64_t *address, uint16_t *data);

#endif
