// RAM shared with boot services: firmware's map tells what is free, AllocatePages what is ours.
// Spec: UEFI 2.10 sections 7.2.1 (AllocatePages), 7.2.2 (FreePages), 7.2.3 (GetMemoryMap).
// Tested: OVMF 2022.11, which takes back a part of what was allocated in one piece, as the end of the ISO's
// place is.
#include "kernel/firmware/efi.h"        // efi_memory

#include "kernel/firmware/efi_state.h"  // efi_read_map
#include "kernel/memory.h"              // memmap_firmware_uses
#include "lib/err.h"                    // fail
#include "lib/log.h"                    // log_debug

#include <string.h>

static bool is_free(const EFI_MEMORY_DESCRIPTOR *d)
{
    return d->Type == EfiConventionalMemory && !(d->Attribute & (EFI_MEMORY_RUNTIME | EFI_MEMORY_SP));
}

static void refresh(void)
{
    struct efi_map map;
    EFI_MEMORY_DESCRIPTOR d;

    if (EFI_ERROR(efi_read_map(&map)))
        return;
    while (efi_map_next(&map, &d))
        memmap_firmware_uses(d.PhysicalStart, d.NumberOfPages * EFI_PAGE_BYTES, !is_free(&d));
}

static EFI_STATUS allocate(uint64_t base, uint64_t length, EFI_MEMORY_TYPE type)
{
    EFI_PHYSICAL_ADDRESS at = base;

    return efi_st->BootServices->AllocatePages(AllocateAddress, type, length / EFI_PAGE_BYTES, &at);
}

// Where the descriptor that holds `at` ends, at most `end`.
static uint64_t border(struct efi_map map, uint64_t at, uint64_t end)
{
    EFI_MEMORY_DESCRIPTOR d;

    while (efi_map_next(&map, &d)) {
        uint64_t last = d.PhysicalStart + d.NumberOfPages * EFI_PAGE_BYTES;
        if (d.PhysicalStart <= at && at < last)
            return last < end ? last : end;
    }
    return end;
}

// Firmware gives out of one descriptor at a time, and neighbours may differ in attributes that do not matter
// here: each gives its part, or none.
static EFI_STATUS allocate_parts(uint64_t base, uint64_t length, EFI_MEMORY_TYPE type)
{
    uint64_t at = base, end = base + length;
    struct efi_map map;
    EFI_STATUS status = efi_read_map(&map);

    while (!EFI_ERROR(status) && at < end) {
        // The map was read before the first part was taken: borders behind `at` are still the same.
        uint64_t next = border(map, at, end);
        status = allocate(at, next - at, type);
        if (!EFI_ERROR(status))
            at = next;
    }
    if (EFI_ERROR(status) && at > base)
        efi_st->BootServices->FreePages(base, (at - base) / EFI_PAGE_BYTES);
    return status;
}

static int take(uint64_t base, uint64_t length, const char *owner)
{
    EFI_MEMORY_TYPE type = strcmp(owner, MEM_OWNER_ISO) == 0 ? EfiReservedMemoryType : EfiLoaderData;
    EFI_STATUS status = allocate(base, length, type);

    if (status == EFI_NOT_FOUND)
        status = allocate_parts(base, length, type);
    if (!EFI_ERROR(status))
        return 0;
    // Whatever the map says of it: the next search looks elsewhere.
    memmap_firmware_uses(base, length, true);
    return fail(ERR_NOT_ENOUGH_MEMORY, "%s: firmware does not give 0x%llx bytes at 0x%llx (%s)", owner,
                (unsigned long long)length, (unsigned long long)base, efi_status_name(status));
}

static void give(uint64_t base, uint64_t length)
{
    EFI_STATUS status = efi_st->BootServices->FreePages(base, length / EFI_PAGE_BYTES);

    if (EFI_ERROR(status))
        log_debug("UEFI: 0x%llx bytes at 0x%llx were not taken back (%s)", (unsigned long long)length,
                  (unsigned long long)base, efi_status_name(status));
}

const struct memmap_partner efi_memory = {refresh, take, give};

int efi_take_ranges(struct boot_info *info)
{
    struct efi_map map;
    EFI_STATUS status = efi_read_map(&map);

    if (EFI_ERROR(status))
        return fail(ERR_UEFI_OPERATION_FAILED, "GetMemoryMap failed (%s)", efi_status_name(status));
    info->range_count = 0;
    return efi_map_to_ranges(map.at, map.size, (uint32_t)map.descriptor_size, info);
}
