// Reading an EFI memory map. Pure: builds on the host. Spec: UEFI 2.10 section 7.2.3, table 7.10; which types
// are RAM afterwards: ACPI 6.4 table 15.6.

#include "kernel/firmware/efi.h"       // efi_map_to_ranges
#include "boot/doors.h"                // boot_add_range
#include "kernel/firmware/efi_map.h"   // struct efi_map
#include "lib/err.h"                   // fail

#include <string.h>

#define PAGES_MAX (UINT64_MAX / EFI_PAGE_BYTES)

bool efi_map_next(struct efi_map *map, EFI_MEMORY_DESCRIPTOR *d)
{
    while (map->descriptor_size >= sizeof(*d) && map->size >= map->descriptor_size) {
        memcpy(d, map->at, sizeof(*d));
        map->at += map->descriptor_size;
        map->size -= map->descriptor_size;
        if (d->NumberOfPages <= PAGES_MAX)
            return true;
    }
    return false;
}

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
    struct efi_map left = {.at = map, .size = size, .descriptor_size = descriptor_size};
    EFI_MEMORY_DESCRIPTOR d;

    if (descriptor_size < sizeof(EFI_MEMORY_DESCRIPTOR))
        return fail(ERR_BOOT_INFO_INVALID, "EFI memory descriptors of %u bytes", descriptor_size);
    while (efi_map_next(&left, &d)) {
        int err = boot_add_range(info, d.PhysicalStart, d.NumberOfPages * EFI_PAGE_BYTES, boot_type(&d));
        if (err)
            return err;
    }
    return 0;
}

int efi_visit_boot_services(const struct boot_info *info,
                            int (*visit)(uint64_t base, uint64_t length, const char *owner))
{
    struct efi_map left = {
        .at = info->efi.memory_map,
        .size = info->efi.memory_map == NULL ? 0 : info->efi.memory_map_size,
        .descriptor_size = info->efi.descriptor_size,
    };
    EFI_MEMORY_DESCRIPTOR d;

    while (efi_map_next(&left, &d)) {
        bool wanted = d.Type == EfiBootServicesCode || d.Type == EfiBootServicesData;
        if (!wanted || boot_type(&d) != BOOT_MEM_RAM)
            continue;
        int err = visit(d.PhysicalStart, d.NumberOfPages * EFI_PAGE_BYTES, "EFI boot services");
        if (err)
            return err;
    }
    return 0;
}
