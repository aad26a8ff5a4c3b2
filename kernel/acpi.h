// The little of ACPI that a boot loader needs: where PCI configuration space is mapped (MCFG), how the
// machine is reset and where its timers are (FADT, HPET). No AML is interpreted.
// Spec: ACPI 6.4 sections 5.2.5 (RSDP), 5.2.6 (header), 5.2.7/5.2.8 (RSDT, XSDT), 5.2.9 (FADT), 4.8.3.6
// (reset register); PCI Firmware 3.2 section 4.1.2 (MCFG); IA-PC HPET 1.0a section 3.2.4 (HPET).
#ifndef URLBOOT_KERNEL_ACPI_H
#define URLBOOT_KERNEL_ACPI_H

#include <stdbool.h>
#include <stdint.h>

#define ACPI_ECAM_MAX 64      // segments and bus ranges; the largest machines have some dozens

struct acpi_ecam {
    uint64_t base;            // address of bus 0's space, whether or not first_bus is 0
    uint16_t segment;
    uint8_t first_bus, last_bus;
};

enum acpi_space { ACPI_SPACE_MEMORY = 0, ACPI_SPACE_IO = 1, ACPI_SPACE_PCI_CONFIG = 2 };

struct acpi_info {
    unsigned ecam_count;
    struct acpi_ecam ecam[ACPI_ECAM_MAX];
    bool has_reset;           // the reset register below can be used
    enum acpi_space reset_space;
    uint64_t reset_address;   // PCI: device << 32 | function << 16 | offset, on bus 0 (ACPI 5.2.3.2)
    uint8_t reset_value;
    uint16_t pm_timer_port;   // I/O port of the 3.579545 MHz timer (4.8.3.3); 0: there is none
    uint64_t hpet_base;       // HPET's registers in memory; 0: there is none
};

// Gives `length` bytes of physical memory at `address` for reading, NULL when they cannot be reached.
// The parser asks for every byte before it looks at it.
typedef const void *acpi_map(uint64_t address, uint32_t length);

// Reads the tables that the RSDP at `rsdp` leads to into `info`. rsdp 0: the RSDP is searched where BIOSes
// keep it (EBDA and 0xE0000 to 0xFFFFF). Broken tables are skipped; what is missing stays zero in `info`.
// 0, or ERR_UNSUPPORTED when there is no RSDP or no root table with a good checksum.
int acpi_parse(struct acpi_info *info, uint64_t rsdp, acpi_map *map);

// The machine's tables, parsed once and kept; `rsdp` as for acpi_parse (from struct boot_info). Failure is
// logged and gives an empty answer, never NULL. Needs paging_init() and memmap.
// Example:
//     const struct acpi_info *acpi = acpi_read(info->rsdp);
const struct acpi_info *acpi_read(uint64_t rsdp);

// Resets the machine by the register that acpi_read() found. Returns when there is none or it did not work:
// the caller then tries port 0xCF9, the keyboard controller and a triple fault.
void acpi_reset(void);

#endif
