// What the parts of drivers/pci do for one function: base addresses, and taking it over from firmware.
#ifndef URLBOOT_DRIVERS_PCI_FUNCTION_H
#define URLBOOT_DRIVERS_PCI_FUNCTION_H

#include <stdbool.h>

struct pci_dev;

// True for network controllers (class 02, Ethernet and the rest).
bool pci_is_network(const struct pci_dev *dev);

// Reads base and size of every BAR into dev->bars. Decoding is off meanwhile and restored afterwards.
void pci_read_bars(struct pci_dev *dev);

// Takes a function from whoever drove it before: bus master off, power state D0 (BARs restored where the
// change loses them), INTx, MSI and MSI-X off, BARs read, decoding on for those that have an address. With a
// header other than type 0 only bus master goes off; it has no BARs then.
void pci_take_over(struct pci_dev *dev);

#endif
