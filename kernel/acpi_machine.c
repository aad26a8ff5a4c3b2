// ACPI on the running machine: reaches the tables through page tables, keeps what was found, resets.
// Spec: ACPI 6.4 section 4.8.3.6 (reset register). Tested: QEMU i440fx and q35 (SeaBIOS, OVMF).
// Not handled: a reset register in PCI configuration space beyond offset 255.
#include "kernel/acpi.h"  // acpi_parse

#include <stddef.h>

#include "kernel/cpu.h"     // outb
#include "kernel/memory.h"  // paging_map_mmio
#include "lib/clock.h"      // delay_us
#include "lib/err.h"        // fail_detail
#include "lib/log.h"        // log_warn

#define PCI_CONFIG_ADDRESS 0xcf8
#define PCI_CONFIG_DATA 0xcfc
#define PCI_CONFIG_ENABLE (1u << 31)
#define RESET_WAIT_US 100000u  // chipsets take milliseconds

static struct acpi_info machine;
static bool machine_read;

// Maps what is not mapped yet. Page by page, because a broken table may begin in one kind of memory and end
// in another, and paging_map_mmio() judges a range by its first page: RAM stays as it is.
static const void *map_physical(uint64_t address, uint32_t length)
{
    if (length == 0 || address + length < address)
        return NULL;
    for (uint64_t page = address & ~(PAGE_SIZE - 1); page < address + length; page += PAGE_SIZE)
        if (!paging_map_mmio(page, PAGE_SIZE))
            return NULL;
    // SAFETY: every page of it is mapped at its own address now.
    return (const void *)(uintptr_t)address;
}

const struct acpi_info *acpi_read(uint64_t rsdp)
{
    if (machine_read)
        return &machine;
    machine_read = true;
    if (acpi_parse(&machine, rsdp, map_physical) < 0)
        log_warn("ACPI: %s", fail_detail());
    // Mapped now: after a panic no page table can be made.
    if (machine.has_reset && machine.reset_space == ACPI_SPACE_MEMORY &&
        !map_physical(machine.reset_address, sizeof(machine.reset_value)))
        machine.has_reset = false;
    for (unsigned i = 0; i < machine.ecam_count; i++)
        log_debug("ACPI: PCI segment %u buses %u-%u at 0x%llx", machine.ecam[i].segment,
                  machine.ecam[i].first_bus, machine.ecam[i].last_bus,
                  (unsigned long long)machine.ecam[i].base);
    return &machine;
}

void acpi_reset(void)
{
    if (!machine.has_reset)
        return;
    uint64_t address = machine.reset_address;
    switch (machine.reset_space) {
    case ACPI_SPACE_MEMORY:
        // SAFETY: acpi_read() mapped the register; firmware's table says that writing it resets.
        *(volatile uint8_t *)(uintptr_t)address = machine.reset_value;
        break;
    case ACPI_SPACE_IO:
        outb((uint16_t)address, machine.reset_value);
        break;
    case ACPI_SPACE_PCI_CONFIG:
        outl(PCI_CONFIG_ADDRESS, PCI_CONFIG_ENABLE | (uint32_t)(address >> 32 & 31) << 11 |
                                     (uint32_t)(address >> 16 & 7) << 8 | (uint32_t)(address & 0xfc));
        outb((uint16_t)(PCI_CONFIG_DATA + (address & 3)), machine.reset_value);
        break;
    }
    delay_us(RESET_WAIT_US);
}
