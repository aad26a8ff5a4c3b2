// Configuration space access: the memory window that MCFG names (ECAM), one megabyte a bus, mapped when a
// bus is first touched; else ports 0xCF8/0xCFC, which reach segment 0 and the first 256 bytes.
// Spec: PCI Local Bus 3.0 section 3.2.2.3.2 (ports), PCI Express Base 5.0 section 7.2.2 (ECAM).
// Tested: QEMU i440fx (ports), q35 with SeaBIOS and OVMF (ECAM). Not handled: ECAM windows that only AML
// names (_CBA, hot-added host bridges).
#include "drivers/pci/config.h"  // pci_access

#include <stddef.h>

#include "drivers/pci/pci.h"       // pci_dev
#include "drivers/pci/pci_regs.h"  // PCI_CONFIG_SIZE
#include "kernel/acpi.h"           // acpi_ecam
#include "kernel/cpu.h"            // outl
#include "kernel/memory.h"         // paging_map_mmio
#include "lib/log.h"               // log_warn

#define PORT_ADDRESS 0xcf8
#define PORT_DATA 0xcfc
#define PORT_ENABLE (1u << 31)
#define BUSES 256u
#define DEVICES_PER_BUS 32u

// ---- ports ------------------------------------------------------------------------------------------

static bool ports_reach(uint16_t segment, uint8_t bus, uint16_t offset)
{
    (void)bus;
    return segment == 0 && offset < PCI_CONFIG_SIZE;
}

static uint16_t port_select(const struct pci_address *at)
{
    outl(PORT_ADDRESS, PORT_ENABLE | (uint32_t)at->bus << 16 | (uint32_t)at->device << 11 |
                           (uint32_t)at->function << 8 | (at->offset & 0xfcu));
    return (uint16_t)(PORT_DATA + (at->offset & 3));
}

// The pair of ports is one resource: while boot services live, firmware uses it, too, from its timer.
static uint32_t ports_read(const struct pci_address *at, unsigned width)
{
    uint64_t flags = interrupts_save();
    uint16_t port = port_select(at);
    uint32_t value = width == 1 ? inb(port) : width == 2 ? inw(port) : inl(port);

    interrupts_restore(flags);
    return value;
}

static void ports_write(const struct pci_address *at, unsigned width, uint32_t value)
{
    uint64_t flags = interrupts_save();
    uint16_t port = port_select(at);

    if (width == 1)
        outb(port, (uint8_t)value);
    else if (width == 2)
        outw(port, (uint16_t)value);
    else
        outl(port, value);
    interrupts_restore(flags);
}

static const struct pci_access ports = {
    .name = "ports 0xCF8", .reaches = ports_reach, .read = ports_read, .write = ports_write};

// ---- ECAM -------------------------------------------------------------------------------------------

static struct ecam_window {
    struct acpi_ecam where;
    bool disbelieved;             // did not show what the ports show
    uint8_t mapped[BUSES / 8];    // a bit for each bus
} windows[ACPI_ECAM_MAX];
static unsigned window_count;

static struct ecam_window *window_of(uint16_t segment, uint8_t bus)
{
    for (unsigned i = 0; i < window_count; i++) {
        struct ecam_window *w = &windows[i];
        if (w->where.segment == segment && bus >= w->where.first_bus && bus <= w->where.last_bus)
            return w->disbelieved ? NULL : w;
    }
    return NULL;
}

static bool ecam_reaches(uint16_t segment, uint8_t bus, uint16_t offset)
{
    struct ecam_window *w = window_of(segment, bus);

    if (!w || offset >= PCI_CONFIG_SIZE_EXPRESS)
        return false;
    if (w->mapped[bus / 8] & 1u << bus % 8)
        return true;
    if (!paging_map_mmio(w->where.base + ((uint64_t)bus << 20), MIB(1)))
        return false;
    w->mapped[bus / 8] |= (uint8_t)(1u << bus % 8);
    return true;
}

static volatile void *ecam_register(const struct pci_address *at)
{
    const struct ecam_window *w = window_of(at->segment, at->bus);

    // SAFETY: ecam_reaches() came first: the window exists and this bus's megabyte of it is mapped.
    return (volatile void *)(uintptr_t)(w->where.base + ((uint64_t)at->bus << 20) +
                                        ((uint32_t)at->device << 15) + ((uint32_t)at->function << 12) +
                                        at->offset);
}

// AMD family 10h answers ECAM accesses only when they go through the accumulator (BKDG 2.11, "MMIO
// configuration coding requirements"), hence the instructions by hand.
static uint32_t ecam_read(const struct pci_address *at, unsigned width)
{
    volatile void *reg = ecam_register(at);
    uint32_t value = 0;

    // SAFETY: a naturally aligned read of the mapped register, see ecam_register().
    if (width == 1)
        __asm__ volatile("movb (%1), %b0" : "+a"(value) : "r"(reg) : "memory");
    else if (width == 2)
        __asm__ volatile("movw (%1), %w0" : "+a"(value) : "r"(reg) : "memory");
    else
        __asm__ volatile("movl (%1), %0" : "=a"(value) : "r"(reg) : "memory");
    return value;
}

static void ecam_write(const struct pci_address *at, unsigned width, uint32_t value)
{
    volatile void *reg = ecam_register(at);

    // SAFETY: a naturally aligned write of the mapped register, see ecam_register().
    if (width == 1)
        __asm__ volatile("movb %b0, (%1)" : : "a"(value), "r"(reg) : "memory");
    else if (width == 2)
        __asm__ volatile("movw %w0, (%1)" : : "a"(value), "r"(reg) : "memory");
    else
        __asm__ volatile("movl %0, (%1)" : : "a"(value), "r"(reg) : "memory");
}

static const struct pci_access ecam = {
    .name = "ECAM", .reaches = ecam_reaches, .read = ecam_read, .write = ecam_write};

// BIOSes exist whose MCFG names a window that is not there. The first function that the ports show on the
// window's first bus must look the same through the window.
static bool ecam_agrees_with_ports(const struct ecam_window *w)
{
    struct pci_address at = {.bus = w->where.first_bus, .offset = PCI_VENDOR_ID};

    if (!ecam_reaches(w->where.segment, w->where.first_bus, 0))
        return false;
    for (unsigned device = 0; device < DEVICES_PER_BUS; device++) {
        at.device = (uint8_t)device;
        uint32_t id = ports_read(&at, 4);
        if ((id & 0xffff) != PCI_VENDOR_NONE)
            return ecam_read(&at, 4) == id;
    }
    return true;  // machines without the ports (microvm) show nothing there
}

// ---- choice -----------------------------------------------------------------------------------------

static const struct pci_access *access_order[] = {&ecam, &ports};
static const struct pci_access *access_override;

void pci_config_init(const struct acpi_info *acpi)
{
    window_count = acpi->ecam_count;
    for (unsigned i = 0; i < window_count; i++) {
        struct ecam_window *w = &windows[i];
        *w = (struct ecam_window){.where = acpi->ecam[i]};
        if (w->where.segment == 0 && !ecam_agrees_with_ports(w)) {
            w->disbelieved = true;
            log_warn("PCI: nothing at the ECAM window 0x%llx that ACPI names, using ports",
                     (unsigned long long)w->where.base);
        }
    }
}

void pci_config_use(const struct pci_access *access)
{
    access_override = access;
}

const struct pci_access *pci_config_ports(void)
{
    return access_override ? access_override : &ports;
}

static const struct pci_access *access_for(uint16_t segment, uint8_t bus, uint16_t offset)
{
    if (access_override)
        return access_override->reaches(segment, bus, offset) ? access_override : NULL;
    for (unsigned i = 0; i < sizeof(access_order) / sizeof(access_order[0]); i++)
        if (access_order[i]->reaches(segment, bus, offset))
            return access_order[i];
    return NULL;
}

uint32_t pci_config_read(const struct pci_address *at, unsigned width)
{
    const struct pci_access *access = access_for(at->segment, at->bus, at->offset);

    return access ? access->read(at, width) : UINT32_MAX >> (32 - 8 * width);
}

void pci_config_write(const struct pci_address *at, unsigned width, uint32_t value)
{
    const struct pci_access *access = access_for(at->segment, at->bus, at->offset);

    if (access)
        access->write(at, width, value);
}

bool pci_config_reaches(uint16_t segment, uint8_t bus)
{
    return access_for(segment, bus, PCI_VENDOR_ID) != NULL;
}

static struct pci_address address_of(const struct pci_dev *dev, unsigned offset)
{
    return (struct pci_address){
        .segment = dev->segment,
        .bus = dev->bus,
        .device = dev->device,
        .function = dev->function,
        .offset = (uint16_t)(offset < PCI_CONFIG_SIZE_EXPRESS ? offset : UINT16_MAX),
    };
}

uint8_t pci_read8(const struct pci_dev *dev, unsigned offset)
{
    struct pci_address at = address_of(dev, offset);

    return (uint8_t)pci_config_read(&at, 1);
}

uint16_t pci_read16(const struct pci_dev *dev, unsigned offset)
{
    struct pci_address at = address_of(dev, offset);

    return (uint16_t)pci_config_read(&at, 2);
}

uint32_t pci_read32(const struct pci_dev *dev, unsigned offset)
{
    struct pci_address at = address_of(dev, offset);

    return pci_config_read(&at, 4);
}

void pci_write16(const struct pci_dev *dev, unsigned offset, uint16_t value)
{
    struct pci_address at = address_of(dev, offset);

    pci_config_write(&at, 2, value);
}

void pci_write32(const struct pci_dev *dev, unsigned offset, uint32_t value)
{
    struct pci_address at = address_of(dev, offset);

    pci_config_write(&at, 4, value);
}
