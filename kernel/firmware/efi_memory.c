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

#define EFI_PAGE_BYTES 4096ull
#define PAGES_MAX (UINT64_MAX / EFI_PAGE_BYTES)

static bool is_free(const EFI_MEMORY_DESCRIPTOR *d)
{
    return d->Type == EfiConventionalMemory && !(d->Attribute & (EFI_MEMORY_RUNTIME | EFI_MEMORY_SP));
}

static void refresh(void)
{
    struct efi_map map;

    if (EFI_ERROR(efi_read_map(&map)))
        return;
    for (UINTN at = 0; at + map.descriptor_size <= map.size; at += map.descriptor_size) {
        EFI_MEMORY_DESCRIPTOR d;
        memcpy(&d, (const uint8_t *)map.at + at, sizeof(d));
        if (d.NumberOfPages <= PAGES_MAX)
            memmap_firmware_uses(d.PhysicalStart, d.NumberOfPages * EFI_PAGE_BYTES, !is_free(&d));
    }
}

static int take(uint64_t base, uint64_t length, const char *owner)
{
    EFI_MEMORY_TYPE type = strcmp(owner, MEM_OWNER_ISO) == 0 ? EfiReservedMemoryType : EfiLoaderData;
    EFI_PHYSICAL_ADDRESS at = base;
    EFI_STATUS status =
        efi_st->BootServices->AllocatePages(AllocateAddress, type, length / EFI_PAGE_BYTES, &at);

    if (!EFI_ERROR(status))
        return 0;
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
