// PCI: enumeration and configuration space. ECAM (MCFG) where ACPI has it, else ports 0xCF8/0xCFC.
// Spec: PCI Local Bus 3.0, PCI-to-PCI Bridge 1.2, PCI Express Base 5.0 (ECAM 7.2.2), PCI Firmware 3.2 (MCFG).
#ifndef URLBOOT_DRIVERS_PCI_PCI_H
#define URLBOOT_DRIVERS_PCI_PCI_H

#include <stdbool.h>
#include <stdint.h>

#define PCI_DEVICES_MAX 256
#define PCI_BARS 6

struct pci_bar {
    uint64_t base;      // address, 0 when not assigned or absent
    uint64_t size;      // bytes, 0 when absent
    bool io;            // I/O port instead of memory
    bool is_64;         // this BAR and the next make one address; the next one's entry is empty
    bool prefetchable;
};

struct pci_dev {
    uint16_t segment;
    uint8_t bus, device, function;
    uint16_t vendor_id, device_id;
    uint32_t class_code;   // class << 16 | subclass << 8 | programming interface
    uint8_t revision;
    struct pci_bar bars[PCI_BARS];
};

// Bus mastering off on every network function (class 02) that ports 0xCF8/0xCFC reach, whatever its header
// type: what firmware left receiving cannot write into memory any more. Needs nothing: no memory map, no
// page tables, no ACPI, no heap. Returns how many functions were still bus masters.
unsigned pci_silence_early(void);

// True when `wanted` says so of a network function's ids. Reads only, and needs nothing either: a look from
// beside firmware's running drivers.
bool pci_early_any(bool (*wanted)(uint16_t vendor, uint16_t device));

// Finds every function on every bus of every segment. `rsdp` is the ACPI root pointer's address or 0.
// Puts network functions (class 02) into D0 with memory decode on and bus master off, MSI and INTx off:
// whatever firmware left running cannot write into memory any more. Returns how many functions there are.
unsigned pci_scan(uint64_t rsdp);

// Number `index` of the bridges and network functions that the scan found, the first PCI_DEVICES_MAX of them;
// NULL past the end.
struct pci_dev *pci_device(unsigned index);

// Configuration space access; `offset` is naturally aligned, below 256 (4096 with ECAM). Reads beyond what
// the machine can address give all ones, writes there do nothing.
uint8_t pci_read8(const struct pci_dev *dev, unsigned offset);
uint16_t pci_read16(const struct pci_dev *dev, unsigned offset);
uint32_t pci_read32(const struct pci_dev *dev, unsigned offset);
void pci_write16(const struct pci_dev *dev, unsigned offset, uint16_t value);
void pci_write32(const struct pci_dev *dev, unsigned offset, uint32_t value);

// Offset of the first capability with id `cap` after offset `after` (0 = from the start), 0 when there is
// none. A looping list ends the search.
unsigned pci_find_capability(const struct pci_dev *dev, uint8_t cap, unsigned after);

// Turns bus mastering on or off and reads back, so that the write has arrived.
void pci_set_bus_master(const struct pci_dev *dev, bool on);

// Switches power saving off on the link between a PCI Express function and the port above it: the link's own
// states (ASPM) and the stopping of its clock (CLKREQ#). Nothing happens to functions that are not PCI
// Express.
void pci_disable_aspm(const struct pci_dev *dev);

// Maps memory BAR `index` uncached; NULL when it is absent, not assigned, an I/O BAR or cannot be mapped.
volatile void *pci_map_bar(const struct pci_dev *dev, unsigned index);

// Bus mastering off on every network-class function.
void pci_silence_network(void);

#endif
