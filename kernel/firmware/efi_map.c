// Reading an EFI memory map. Pure: builds on the host. Spec: UEFI 2.10 section 7.2.3, table 7.10; which types
// are RAM afterwards: ACPI 6.4 table 15.6.

#include "kernel/firmware/efi.h"       // efi_map_to_ranges
#include "boot/doors.h"                // boot_add_range
#include "kernel/firmware/efi_types.h" // EFI_MEMORY_DESCRIPTOR
#include "lib/err.h"                   // fail

#include <string.h>

#define EFI_PAGE_BYTES 4096ull
#define PAGES_MAX (UINT64_MAX / EFI_PAGE_BYTES)

static uint32_t boot_type(const EFI_MEMORY_DESCRIPTOR *d)
{
    switch (d->Type) {
    case EfiLoaderCode:
    case EfiLoaderData:
    case EfiBootServicesCode:
    case EfiBootServicesData:
    case EfiConventionalMemory:
        return d->Attribute & (EFI_MEMORY_RUNTIME | EFI_MEMORY_SP) ? BOOT_MEM_RESERVED : BOOT_MEM_RAM;
    case EfiACPIReclaimMemory:
        return BOOT_MEM_ACPI_RECLAIM;
    case EfiACPIMemoryNVS:
        return BOOT_MEM_ACPI_NVS;
    case EfiUnusableMemory:
        return BOOT_MEM_UNUSABLE;
    case EfiPersistentMemory:
        return BOOT_MEM_PMEM;
    default:
        return BOOT_MEM_RESERVED;
    }
}

int efi_map_to_ranges(const void *map, uint64_t size, uint32_t descriptor_size, struct boot_info *info)
{
    const uint8_t *at = map;

    if (descriptor_size < sizeof(EFI_MEMORY_DESCRIPTOR))
        return fail(ERR_BOOT_INFO_INVALID, "EFI memory descriptors of %u bytes", descriptor_size);
    for (; size >= descriptor_size; size -= descriptor_size, at += descriptor_size) {
        EFI_MEMORY_DESCRIPTOR d;
        memcpy(&d, at, sizeof(d));
        if (d.NumberOfPages > PAGES_MAX)
            continue;
        int err = boot_add_range(info, d.PhysicalStart, d.NumberOfPages * EFI_PAGE_BYTES, boot_type(&d));
        if (err)
            return err;
    }
    return 0;
}

int efi_visit_boot_services(const struct boot_info *info,
                            int (*visit)(uint64_t base, uint64_t length, const char *owner))
{
    const uint8_t *at = info->efi.memory_map;
    uint64_t size = at == NULL ? 0 : info->efi.memory_map_size;
    uint32_t step = info->efi.descriptor_size;

    if (step < sizeof(EFI_MEMORY_DESCRIPTOR))
        return 0;
    for (; size >= step; size -= step, at += step) {
        EFI_MEMORY_DESCRIPTOR d;
        memcpy(&d, at, sizeof(d));
        bool wanted = d.Type == EfiBootServicesCode || d.Type == EfiBootServicesData;
        if (!wanted || d.NumberOfPages > PAGES_MAX || boot_type(&d) != BOOT_MEM_RAM)
            continue;
        int err = visit(d.PhysicalStart, d.NumberOfPages * EFI_PAGE_BYTES, "EFI boot services");
        if (err)
            return err;
    }
    return 0;
}
