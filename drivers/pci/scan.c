// Enumeration: every bus of every segment, through bridges and through root buses that no bridge leads to
// (servers have one host bridge a socket). Firmware numbered the buses; nothing is renumbered.
// Spec: PCI-to-PCI Bridge 1.2 section 3.2.5, PCI Firmware 3.2 section 4.1. Tested: QEMU with pcie-root-port,
// pci-bridge, pxb and pxb-pcie. Not handled: ARI functions above 7, CardBus bridges, hot-plug later on.
#include "drivers/pci/pci.h"  // pci_scan

#include <stddef.h>
#include <string.h>

#include "drivers/pci/config.h"    // pci_config_init
#include "drivers/pci/function.h"  // pci_take_over
#include "drivers/pci/pci_regs.h"  // PCI_VENDOR_ID
#include "kernel/acpi.h"           // acpi_read
#include "lib/log.h"               // log_warn

#define BUSES 256u
#define DEVICES_PER_BUS 32u
#define FUNCTIONS_PER_DEVICE 8u

enum bus_kind {
    BUS_UNKNOWN,    // no bridge leads here: perhaps another root
    BUS_RESERVED,   // inside a bridge's range, but no bridge's own: empty
    BUS_SECONDARY,  // behind a bridge
    BUS_ONE_CHILD,  // behind a PCI Express port: only device 0 can be there, and some answer for all 32
};

static struct pci_dev devices[PCI_DEVICES_MAX];
static unsigned device_count, function_count;
static unsigned dropped;

static bool is_bridge(const struct pci_dev *dev)
{
    return dev->class_code >> 8 == PCI_CLASS_BRIDGE_PCI;
}

// Adds a function to the table; gives `dev` itself back when there is no room.
static struct pci_dev *keep(struct pci_dev *dev)
{
    if (device_count == PCI_DEVICES_MAX) {
        dropped++;
        return dev;
    }
    devices[device_count] = *dev;
    return &devices[device_count++];
}

// Notes which buses a bridge leads to. Numbers that lead backwards are firmware's mistake or an attack on
// the loop in scan_segment(): they are not followed.
static void follow_bridge(const struct pci_dev *bridge, uint8_t *kinds)
{
    unsigned first = pci_read8(bridge, PCI_SECONDARY_BUS);
    unsigned last = pci_read8(bridge, PCI_SUBORDINATE_BUS);
    unsigned express = pci_find_capability(bridge, PCI_CAP_ID_EXPRESS, 0);
    enum bus_kind kind = BUS_SECONDARY;

    if (first <= bridge->bus || last < first)
        return;  // not set up
    if (express) {
        unsigned type = pci_read16(bridge, express + PCI_EXP_FLAGS) & PCI_EXP_FLAGS_TYPE_MASK;
        if (type == PCI_EXP_FLAGS_TYPE_ROOT_PORT || type == PCI_EXP_FLAGS_TYPE_DOWNSTREAM)
            kind = BUS_ONE_CHILD;
    }
    for (unsigned bus = first; bus <= last; bus++)
        if (kinds[bus] == BUS_UNKNOWN)
            kinds[bus] = BUS_RESERVED;
    kinds[first] = (uint8_t)kind;
}

// Looks at one function. Returns its header type register, PCI_HEADER_TYPE_MASK when nothing is there.
static uint8_t scan_function(struct pci_dev *dev, uint8_t *kinds)
{
    uint32_t id = pci_read32(dev, PCI_VENDOR_ID);

    dev->vendor_id = (uint16_t)id;
    dev->device_id = (uint16_t)(id >> 16);
    if (dev->vendor_id == PCI_VENDOR_NONE || dev->vendor_id == 0)
        return PCI_HEADER_TYPE_MASK;
    uint32_t class_revision = pci_read32(dev, PCI_REVISION_ID);
    uint8_t header = pci_read8(dev, PCI_HEADER_TYPE);
    dev->class_code = class_revision >> 8;
    dev->revision = (uint8_t)class_revision;
    function_count++;
    // Without a place in the table a network function has no driver, but it is silenced all the same.
    if (pci_is_network(dev)) {
        pci_take_over(keep(dev));
    } else if (is_bridge(dev)) {
        keep(dev);
        if ((header & PCI_HEADER_TYPE_MASK) == PCI_HEADER_TYPE_BRIDGE)
            follow_bridge(dev, kinds);
    }
    return header;
}

static void scan_device(uint16_t segment, uint8_t bus, uint8_t device, uint8_t *kinds)
{
    for (unsigned function = 0; function < FUNCTIONS_PER_DEVICE; function++) {
        struct pci_dev dev = {
            .segment = segment, .bus = bus, .device = device, .function = (uint8_t)function};
        uint8_t header = scan_function(&dev, kinds);
        if (function == 0 && (header == PCI_HEADER_TYPE_MASK || !(header & PCI_HEADER_MULTI_FUNCTION)))
            return;
    }
}

// Buses are visited in ascending order, each once. A bridge's secondary bus has a higher number than its
// primary, so it is known to be one before it is visited.
static void scan_segment(uint16_t segment, unsigned first_bus, unsigned last_bus)
{
    uint8_t kinds[BUSES] = {0};

    for (unsigned bus = first_bus; bus <= last_bus; bus++) {
        if (kinds[bus] == BUS_RESERVED || !pci_config_reaches(segment, (uint8_t)bus))
            continue;
        unsigned end = kinds[bus] == BUS_ONE_CHILD ? 1 : DEVICES_PER_BUS;
        for (unsigned device = 0; device < end; device++)
            scan_device(segment, (uint8_t)bus, (uint8_t)device, kinds);
    }
}

unsigned pci_scan(uint64_t rsdp)
{
    const struct acpi_info *acpi = acpi_read(rsdp);

    device_count = function_count = dropped = 0;
    pci_config_init(acpi);
    // Segment 0 is always reachable by ports, whatever part of it MCFG declares.
    scan_segment(0, 0, BUSES - 1);
    for (unsigned i = 0; i < acpi->ecam_count; i++)
        if (acpi->ecam[i].segment != 0)
            scan_segment(acpi->ecam[i].segment, acpi->ecam[i].first_bus, acpi->ecam[i].last_bus);
    if (dropped)
        log_warn("PCI: %u bridges and network functions more than the table holds", dropped);
    return function_count;
}

struct pci_dev *pci_device(unsigned index)
{
    return index < device_count ? &devices[index] : NULL;
}
