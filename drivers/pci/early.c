// The first look at PCI, before any memory is ours: network functions that firmware, a PXE ROM or a loader
// left receiving lose their bus master bit. pci_scan() does the rest later.
// Spec: PCI Local Bus 3.0 sections 3.2.2.3.2 (ports), 6.1 (multi-function), 6.2.2 (command register).
// Tested: QEMU i440fx and q35, OVMF with its own driver on the card. Not handled: segments other than 0,
// which ports do not reach (pci_scan() silences those), ARI functions above 7.
#include "drivers/pci/pci.h"  // pci_silence_early

#include "drivers/pci/config.h"    // pci_config_ports
#include "drivers/pci/pci_regs.h"  // PCI_COMMAND

#define BUSES 256u
#define DEVICES_PER_BUS 32u
#define FUNCTIONS_PER_DEVICE 8u

static uint32_t get(struct pci_address at, uint16_t offset, unsigned width)
{
    at.offset = offset;
    return pci_config_ports()->read(&at, width);
}

static bool is_there(struct pci_address at)
{
    uint16_t vendor = (uint16_t)get(at, PCI_VENDOR_ID, 4);

    return vendor != PCI_VENDOR_NONE && vendor != 0;
}

// True when the function was a network function and bus master.
static bool silence(struct pci_address at)
{
    if (get(at, PCI_REVISION_ID, 4) >> 24 != PCI_CLASS_NETWORK)
        return false;
    uint32_t command = get(at, PCI_COMMAND, 2);
    if (!(command & PCI_COMMAND_MASTER))
        return false;
    at.offset = PCI_COMMAND;
    pci_config_ports()->write(&at, 2, command & ~PCI_COMMAND_MASTER);
    get(at, PCI_COMMAND, 2);  // the read cannot pass the write: it has arrived
    return true;
}

static unsigned silence_device(uint8_t bus, uint8_t device)
{
    struct pci_address at = {.bus = bus, .device = device};
    unsigned silenced = 0;

    if (!is_there(at))
        return 0;
    bool multi = get(at, PCI_HEADER_TYPE, 1) & PCI_HEADER_MULTI_FUNCTION;
    for (unsigned function = 0; function < (multi ? FUNCTIONS_PER_DEVICE : 1); function++) {
        at.function = (uint8_t)function;
        silenced += is_there(at) && silence(at);
    }
    return silenced;
}

unsigned pci_silence_early(void)
{
    struct pci_address host = {0};
    unsigned silenced = 0;

    // A host bridge is device 0 of bus 0. Machines without PCI (Hyper-V generation 2, microvm) have none.
    if (get(host, PCI_VENDOR_ID, 4) == UINT32_MAX)
        return 0;
    // Every bus, not only those that bridges lead to: servers have one host bridge a socket.
    for (unsigned bus = 0; bus < BUSES; bus++)
        for (unsigned device = 0; device < DEVICES_PER_BUS; device++)
            silenced += silence_device((uint8_t)bus, (uint8_t)device);
    return silenced;
}
