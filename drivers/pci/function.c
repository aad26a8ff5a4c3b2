// One PCI function: capabilities, power, and taking it over from firmware so that it can neither write into
// memory nor interrupt until its driver says so.
// Spec: PCI Local Bus 3.0 sections 6.2.2 (command), 6.7 (capabilities), 6.8 (MSI, MSI-X); PCI Bus Power
// Management 1.2 section 5.4; PCI Express Base 5.0 section 7.5.3.7 (link control). Tested: QEMU.
// Not handled: D3cold (such a function does not answer at all).
#include "drivers/pci/function.h"  // pci_take_over

#include <stddef.h>

#include "drivers/pci/pci.h"       // pci_dev
#include "drivers/pci/pci_regs.h"  // PCI_COMMAND
#include "lib/clock.h"             // delay_us
#include "lib/log.h"               // log_warn

// A list cannot have more entries than fit behind the header; a longer one is a loop.
#define CAPABILITIES_MAX ((PCI_CONFIG_SIZE - PCI_CAP_FIRST) / 4)

bool pci_is_network(const struct pci_dev *dev)
{
    return dev->class_code >> 16 == PCI_CLASS_NETWORK;
}

unsigned pci_find_capability(const struct pci_dev *dev, uint8_t cap, unsigned after)
{
    unsigned at;

    if (!(pci_read16(dev, PCI_STATUS) & PCI_STATUS_CAP_LIST))
        return 0;
    at = pci_read8(dev, after ? after + 1 : PCI_CAPABILITIES) & PCI_CAP_POINTER_MASK;
    for (unsigned i = 0; i < CAPABILITIES_MAX && at >= PCI_CAP_FIRST; i++) {
        uint8_t id = pci_read8(dev, at);
        if (id == UINT8_MAX)
            return 0;  // the function has gone
        if (id == cap)
            return at;
        at = pci_read8(dev, at + 1) & PCI_CAP_POINTER_MASK;
    }
    return 0;
}

// Bridges forward a device's writes to memory only while their own bus master bit is set, and firmware that
// guards against rogue DMA clears it when it hands over. So it is set on the whole path.
static void enable_bridges_to(const struct pci_dev *dev)
{
    struct pci_dev *bridge;

    for (unsigned i = 0; (bridge = pci_device(i)) != NULL; i++) {
        if (bridge->class_code >> 8 != PCI_CLASS_BRIDGE_PCI || bridge->segment != dev->segment)
            continue;
        uint8_t secondary = pci_read8(bridge, PCI_SECONDARY_BUS);
        if (secondary == 0 || dev->bus < secondary || dev->bus > pci_read8(bridge, PCI_SUBORDINATE_BUS))
            continue;
        uint16_t command = pci_read16(bridge, PCI_COMMAND);
        if (!(command & PCI_COMMAND_MASTER))
            pci_write16(bridge, PCI_COMMAND, command | PCI_COMMAND_MASTER);
    }
}

void pci_set_bus_master(const struct pci_dev *dev, bool on)
{
    uint16_t command = pci_read16(dev, PCI_COMMAND);

    if (on)
        enable_bridges_to(dev);
    if (on != !!(command & PCI_COMMAND_MASTER))
        pci_write16(dev, PCI_COMMAND, command ^ PCI_COMMAND_MASTER);
    pci_read16(dev, PCI_COMMAND);  // the read cannot pass the write: it has arrived
}

static void clear_aspm(const struct pci_dev *dev)
{
    const uint16_t saving = PCI_EXP_LNKCTL_ASPM_MASK | PCI_EXP_LNKCTL_CLKREQ_EN;
    unsigned express = pci_find_capability(dev, PCI_CAP_ID_EXPRESS, 0);

    if (!express)
        return;
    uint16_t control = pci_read16(dev, express + PCI_EXP_LNKCTL);
    if (control & saving)
        pci_write16(dev, express + PCI_EXP_LNKCTL, control & (uint16_t)~saving);
}

// The lower end first: the upper one must not enter a state that the lower one does not know of any more
// (PCI Express Base 5.0 section 5.4.1.3).
void pci_disable_aspm(const struct pci_dev *dev)
{
    struct pci_dev *bridge;

    if (!pci_find_capability(dev, PCI_CAP_ID_EXPRESS, 0))
        return;
    clear_aspm(dev);
    for (unsigned i = 0; (bridge = pci_device(i)) != NULL; i++)
        if (bridge->class_code >> 8 == PCI_CLASS_BRIDGE_PCI && bridge->segment == dev->segment &&
            dev->bus != 0 && pci_read8(bridge, PCI_SECONDARY_BUS) == dev->bus)
            clear_aspm(bridge);
}

// What firmware has assigned.
struct header {
    uint32_t bars[PCI_BARS], rom, cache_line, line;
};

static struct header save_header(const struct pci_dev *dev)
{
    struct header header = {
        .rom = pci_read32(dev, PCI_ROM_BASE),
        .cache_line = pci_read32(dev, PCI_CACHE_LINE_SIZE),
        .line = pci_read32(dev, PCI_INTERRUPT_LINE),
    };

    for (unsigned i = 0; i < PCI_BARS; i++)
        header.bars[i] = pci_read32(dev, PCI_BAR0 + 4 * i);
    return header;
}

// From D3hot most functions come back as after a reset.
static void restore_header(const struct pci_dev *dev, const struct header *header)
{
    for (unsigned i = 0; i < PCI_BARS; i++)
        pci_write32(dev, PCI_BAR0 + 4 * i, header->bars[i]);
    pci_write32(dev, PCI_ROM_BASE, header->rom);
    pci_write32(dev, PCI_CACHE_LINE_SIZE, header->cache_line);
    pci_write32(dev, PCI_INTERRUPT_LINE, header->line);
}

static void wake(const struct pci_dev *dev)
{
    unsigned pm = pci_find_capability(dev, PCI_CAP_ID_PM, 0);

    if (!pm)
        return;
    uint16_t csr = pci_read16(dev, pm + PCI_PM_CSR);
    unsigned state = csr & PCI_PM_CSR_STATE_MASK;
    if (state == PCI_PM_CSR_STATE_D0)
        return;

    struct header header = save_header(dev);
    // PME status is cleared by writing ones: leave it to the operating system.
    pci_write16(dev, pm + PCI_PM_CSR, (uint16_t)(csr & ~(PCI_PM_CSR_STATE_MASK | PCI_PM_CSR_PME_STATUS)));
    delay_us(state > PCI_PM_CSR_STATE_D2 ? PCI_PM_D3HOT_DELAY_US : PCI_PM_D2_DELAY_US);
    if ((pci_read16(dev, pm + PCI_PM_CSR) & PCI_PM_CSR_STATE_MASK) != PCI_PM_CSR_STATE_D0)
        log_warn("PCI %02x:%02x.%x stays in power state D%u", dev->bus, dev->device, dev->function, state);
    else if (!(csr & PCI_PM_CSR_NO_SOFT_RESET))
        restore_header(dev, &header);
}

static void disable_msi(const struct pci_dev *dev)
{
    unsigned msi = pci_find_capability(dev, PCI_CAP_ID_MSI, 0);
    unsigned msix = pci_find_capability(dev, PCI_CAP_ID_MSIX, 0);

    if (msi)
        pci_write16(dev, msi + PCI_MSI_CONTROL,
                    pci_read16(dev, msi + PCI_MSI_CONTROL) & (uint16_t)~PCI_MSI_CONTROL_ENABLE);
    if (msix)
        pci_write16(dev, msix + PCI_MSIX_CONTROL,
                    pci_read16(dev, msix + PCI_MSIX_CONTROL) & (uint16_t)~PCI_MSIX_CONTROL_ENABLE);
}

void pci_take_over(struct pci_dev *dev)
{
    uint16_t decode = 0;

    // DMA off comes first: each microsecond counts while firmware's driver may still be receiving.
    pci_set_bus_master(dev, false);
    // Bridges have bus numbers and windows where others have BARs: nothing more is written to a function that
    // calls itself a network controller and has such a header.
    if ((pci_read8(dev, PCI_HEADER_TYPE) & PCI_HEADER_TYPE_MASK) != PCI_HEADER_TYPE_NORMAL)
        return;
    wake(dev);
    disable_msi(dev);
    pci_read_bars(dev);
    for (unsigned i = 0; i < PCI_BARS; i++)
        if (dev->bars[i].size && dev->bars[i].base)
            decode |= dev->bars[i].io ? PCI_COMMAND_IO : PCI_COMMAND_MEMORY;
    uint16_t command = pci_read16(dev, PCI_COMMAND);
    command &= (uint16_t)~(PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
    pci_write16(dev, PCI_COMMAND, command | PCI_COMMAND_INTX_DISABLE | decode);
}

void pci_silence_network(void)
{
    struct pci_dev *dev;

    for (unsigned i = 0; (dev = pci_device(i)) != NULL; i++)
        if (pci_is_network(dev))
            pci_set_bus_master(dev, false);
}
