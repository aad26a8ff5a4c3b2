// Base address registers: where they are, how large, and mapping them. A size is found by writing all ones
// and reading which bits stuck, with decoding off so that the probe address never answers on the bus.
// Spec: PCI Local Bus 3.0 section 6.2.5.1. Tested: QEMU's virtio-net (I/O, 32-bit and 64-bit BARs).
// Not handled: assigning addresses that firmware left out (reported), resizable BARs (taken as they are).
#include "drivers/pci/function.h"  // pci_read_bars

#include <stddef.h>

#include "drivers/pci/pci.h"       // pci_bar
#include "drivers/pci/pci_regs.h"  // PCI_BAR0
#include "kernel/memory.h"         // paging_map_mmio
#include "lib/err.h"               // fail

#define BAR_OFFSET(index) (PCI_BAR0 + 4 * (index))
#define BAR_SIZE_MAX GIB(64)  // no NIC has larger ones; a size beyond is a broken device

// The bits of BAR `index` that can be written; the BAR keeps its value.
static uint32_t writable_bits(const struct pci_dev *dev, unsigned index)
{
    uint32_t old = pci_read32(dev, BAR_OFFSET(index));

    pci_write32(dev, BAR_OFFSET(index), UINT32_MAX);
    uint32_t bits = pci_read32(dev, BAR_OFFSET(index));
    pci_write32(dev, BAR_OFFSET(index), old);
    return bits;
}

static void read_io_bar(const struct pci_dev *dev, unsigned index, uint32_t value, struct pci_bar *bar)
{
    uint32_t bits = writable_bits(dev, index) & PCI_BAR_IO_MASK;

    bar->io = true;
    bar->base = value & PCI_BAR_IO_MASK;
    // x86 has 16 bits of ports; devices may leave the upper half of the register unwritable.
    bar->size = bits ? (uint16_t)(~bits + 1) : 0;
}

static void read_memory_bar(const struct pci_dev *dev, unsigned index, uint32_t value, struct pci_bar *bar)
{
    uint64_t base = value & PCI_BAR_MEM_MASK;
    uint64_t bits = writable_bits(dev, index) & PCI_BAR_MEM_MASK;

    bar->prefetchable = value & PCI_BAR_MEM_PREFETCH;
    if (bar->is_64) {
        base |= (uint64_t)pci_read32(dev, BAR_OFFSET(index + 1)) << 32;
        bits |= (uint64_t)writable_bits(dev, index + 1) << 32;
    } else if (bits) {
        bits |= (uint64_t)UINT32_MAX << 32;
    }
    bar->base = base;
    bar->size = bits ? ~bits + 1 : 0;
    if (bar->size > BAR_SIZE_MAX)
        *bar = (struct pci_bar){.is_64 = bar->is_64};
}

void pci_read_bars(struct pci_dev *dev)
{
    uint16_t command = pci_read16(dev, PCI_COMMAND);

    pci_write16(dev, PCI_COMMAND, (uint16_t)(command & ~(PCI_COMMAND_IO | PCI_COMMAND_MEMORY)));
    for (unsigned i = 0; i < PCI_BARS; i++) {
        uint32_t value = pci_read32(dev, BAR_OFFSET(i));
        struct pci_bar *bar = &dev->bars[i];
        *bar = (struct pci_bar){0};
        if (value & PCI_BAR_IO) {
            read_io_bar(dev, i, value, bar);
            continue;
        }
        bar->is_64 = (value & PCI_BAR_MEM_TYPE_MASK) == PCI_BAR_MEM_TYPE_64 && i + 1 < PCI_BARS;
        read_memory_bar(dev, i, value, bar);
        if (bar->is_64 && ++i < PCI_BARS)
            dev->bars[i] = (struct pci_bar){0};
    }
    pci_write16(dev, PCI_COMMAND, command);
}

volatile void *pci_map_bar(const struct pci_dev *dev, unsigned index)
{
    const struct pci_bar *bar = &dev->bars[index < PCI_BARS ? index : 0];

    if (index >= PCI_BARS || bar->size == 0 || bar->io) {
        fail(ERR_NIC_INIT_FAILED, "it has no memory BAR %u", index);
        return NULL;
    }
    if (bar->base == 0) {
        fail(ERR_NIC_INIT_FAILED, "firmware gave its BAR %u no address (turn fast boot off)", index);
        return NULL;
    }
    volatile void *registers = paging_map_mmio(bar->base, bar->size);
    if (!registers)
        fail(ERR_NOT_ENOUGH_MEMORY, "BAR %u at 0x%llx cannot be mapped", index,
             (unsigned long long)bar->base);
    return registers;
}
