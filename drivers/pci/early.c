// The first look at PCI, before any memory is ours: network functions that firmware, a PXE ROM or a loader
// left receiving lose their bus master bit. pci_scan() does the rest later.
// Spec: PCI Local Bus 3.0 sections 3.2.2.3.2 (ports), 6.1 (multi-function), 6.2.2 (command register).
// Tested: QEMU i440fx and q35, OVMF with its own driver on the card. Not handled: segments other than 0,
// which ports do not reach (pci_scan() silences those), ARI functions above 7.
#include "drivers/pci/pci.h"  // pci_silence_early

#include <limits.h>
#include <stddef.h>

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

static bool is_network(struct pci_address at)
{
    return get(at, PCI_REVISION_ID, 4) >> 24 == PCI_CLASS_NETWORK;
}

// True when the function was a network function and bus master.
static bool silence(struct pci_address at, void *ctx)
{
    (void)ctx;
    if (!is_network(at))
        return false;
    uint32_t command = get(at, PCI_COMMAND, 2);
    if (!(command & PCI_COMMAND_MASTER))
        return false;
    at.offset = PCI_COMMAND;
    pci_config_ports()->write(&at, 2, command & ~PCI_COMMAND_MASTER);
    get(at, PCI_COMMAND, 2);  // the read cannot pass the write: it has arrived
    return true;
}

struct question {
    bool (*wanted)(uint16_t vendor, uint16_t device);
};

static bool ask(struct pci_address at, void *ctx)
{
    const struct question *question = ctx;
    uint32_t id = get(at, PCI_VENDOR_ID, 4);

    return is_network(at) && question->wanted((uint16_t)id, (uint16_t)(id >> 16));
}

// Calls `look` for every function of a device; how many times it said true, at most `enough`.
static unsigned visit_device(uint8_t bus, uint8_t device, bool (*look)(struct pci_address at, void *ctx),
                             void *ctx, unsigned enough)
{
    struct pci_address at = {.bus = bus, .device = device};
    unsigned hits = 0;

    if (!is_there(at))
        return 0;
    bool multi = get(at, PCI_HEADER_TYPE, 1) & PCI_HEADER_MULTI_FUNCTION;
    for (unsigned function = 0; hits < enough && function < (multi ? FUNCTIONS_PER_DEVICE : 1); function++) {
        at.function = (uint8_t)function;
        hits += is_there(at) && look(at, ctx);
    }
    return hits;
}

static unsigned visit_all(bool (*look)(struct pci_address at, void *ctx), void *ctx, unsigned enough)
{
    struct pci_address host = {0};
    unsigned hits = 0;

    // A host bridge is device 0 of bus 0. Machines without PCI (Hyper-V generation 2, microvm) have none.
    if (get(host, PCI_VENDOR_ID, 4) == UINT32_MAX)
        return 0;
    // Every bus, not only those that bridges lead to: servers have one host bridge a socket.
    for (unsigned bus = 0; bus < BUSES; bus++)
        for (unsigned device = 0; hits < enough && device < DEVICES_PER_BUS; device++)
            hits += visit_device((uint8_t)bus, (uint8_t)device, look, ctx, enough - hits);
    return hits;
}

unsigned pci_silence_early(void)
{
    return visit_all(silence, NULL, UINT_MAX);
}

bool pci_early_any(bool (*wanted)(uint16_t vendor, uint16_t device))
{
    struct question question = {wanted};

    return visit_all(ask, &question, 1) > 0;
}
