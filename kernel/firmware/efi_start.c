// RAM disk and chain loading. Spec: UEFI 2.10 sections 13.17 (RAM disk), 10.3 (device paths), 7.4.1
// (LoadImage), 3.5.1.1 (the loader's name). Tested: OVMF 2022.11.
// Not handled: a firmware without the RAM disk protocol, which we do not replace.
#include "kernel/firmware/efi_start.h"  // efi_ram_disk
#include "kernel/firmware/efi_state.h"  // efi_st
#include "kernel/memory.h"              // kcalloc
#include "lib/err.h"                    // fail

#include <IndustryStandard/Acpi60.h>
#include <Protocol/DevicePath.h>
#include <Protocol/RamDisk.h>
#include <Protocol/SimpleFileSystem.h>

#include <string.h>

#define LOADER L"\\EFI\\BOOT\\BOOTX64.EFI"
#define PATH_MAX_BYTES 4096u

static EFI_DEVICE_PATH_PROTOCOL *disk;  // NULL until it is registered

int efi_ram_disk(uint64_t base, uint64_t length)
{
    EFI_GUID virtual_cd = EFI_VIRTUAL_CD_GUID;
    EFI_RAM_DISK_PROTOCOL *ram_disk;
    EFI_GUID protocol = EFI_RAM_DISK_PROTOCOL_GUID  // edk2's macro ends with a semicolon
    EFI_STATUS status = efi_st->BootServices->LocateProtocol(&protocol, NULL, (VOID **)&ram_disk);

    if (EFI_ERROR(status))
        return fail(ERR_UEFI_PROTOCOL_NOT_FOUND, "the firmware has no RAM disks (EFI_RAM_DISK_PROTOCOL)");
    status = ram_disk->Register(base, length, &virtual_cd, NULL, &disk);
    if (!EFI_ERROR(status))
        return 0;
    disk = NULL;
    return fail(ERR_UEFI_OPERATION_FAILED, "the firmware makes no RAM disk of the ISO (%s)",
                efi_status_name(status));
}

static UINTN node_length(const EFI_DEVICE_PATH_PROTOCOL *node)
{
    return node->Length[0] | (UINTN)node->Length[1] << 8;
}

// Bytes of a device path without its end node; 0 when it makes no sense.
static UINTN path_length(const EFI_DEVICE_PATH_PROTOCOL *path)
{
    UINTN length = 0;

    while (path->Type != END_DEVICE_PATH_TYPE) {
        UINTN step = node_length(path);
        if (step < sizeof(*path) || length + step > PATH_MAX_BYTES)
            return 0;
        length += step;
        path = (const EFI_DEVICE_PATH_PROTOCOL *)((const uint8_t *)path + step);
    }
    return length;
}

// The path of the handle when it lies on the RAM disk, else NULL.
static EFI_DEVICE_PATH_PROTOCOL *path_on_disk(EFI_HANDLE handle)
{
    EFI_GUID guid = EFI_DEVICE_PATH_PROTOCOL_GUID;
    EFI_DEVICE_PATH_PROTOCOL *path;
    UINTN length = path_length(disk);

    if (EFI_ERROR(efi_st->BootServices->HandleProtocol(handle, &guid, (VOID **)&path)) ||
        path_length(path) < length || memcmp(path, disk, length) != 0)
        return NULL;
    return path;
}

// Partitions and file systems on the RAM disk appear when drivers are connected to it.
static void connect_disk(void)
{
    EFI_GUID guid = EFI_DEVICE_PATH_PROTOCOL_GUID;
    EFI_DEVICE_PATH_PROTOCOL *rest = disk;
    EFI_HANDLE handle;

    if (!EFI_ERROR(efi_st->BootServices->LocateDevicePath(&guid, &rest, &handle)))
        efi_st->BootServices->ConnectController(handle, NULL, NULL, TRUE);
}

// Loads the loader from the file system with device path `path`.
static EFI_STATUS load(const EFI_DEVICE_PATH_PROTOCOL *path, EFI_HANDLE *image)
{
    UINTN length = path_length(path), name = sizeof(LOADER), node = SIZE_OF_FILEPATH_DEVICE_PATH + name;
    uint8_t *whole = kcalloc(1, length + node + sizeof(EFI_DEVICE_PATH_PROTOCOL));
    EFI_DEVICE_PATH_PROTOCOL *at;

    if (whole == NULL)
        return EFI_OUT_OF_RESOURCES;
    memcpy(whole, path, length);
    at = (EFI_DEVICE_PATH_PROTOCOL *)(whole + length);
    *at = (EFI_DEVICE_PATH_PROTOCOL){MEDIA_DEVICE_PATH, MEDIA_FILEPATH_DP, {(UINT8)node, (UINT8)(node >> 8)}};
    memcpy(at + 1, LOADER, name);
    at = (EFI_DEVICE_PATH_PROTOCOL *)(whole + length + node);
    *at = (EFI_DEVICE_PATH_PROTOCOL){END_DEVICE_PATH_TYPE, END_ENTIRE_DEVICE_PATH_SUBTYPE,
                                     {sizeof(EFI_DEVICE_PATH_PROTOCOL), 0}};
    EFI_STATUS status =
        efi_st->BootServices->LoadImage(FALSE, efi_loader, (EFI_DEVICE_PATH_PROTOCOL *)whole, NULL, 0, image);
    kfree(whole);
    return status;
}

static EFI_STATUS find_and_load(EFI_HANDLE *image)
{
    EFI_GUID guid = EFI_SIMPLE_FILE_SYSTEM_PROTOCOL_GUID;
    EFI_STATUS status = EFI_NOT_FOUND;
    EFI_HANDLE *handles;
    UINTN count = efi_handles(&guid, &handles);

    for (UINTN i = 0; i < count; i++) {
        const EFI_DEVICE_PATH_PROTOCOL *path = path_on_disk(handles[i]);
        if (path == NULL)
            continue;
        status = load(path, image);
        if (status != EFI_NOT_FOUND)
            break;
    }
    efi_free(handles);
    return status;
}

int efi_start_loader(void)
{
    EFI_HANDLE image = NULL;

    connect_disk();
    EFI_STATUS status = find_and_load(&image);
    if (status == EFI_NOT_FOUND)
        return fail(ERR_FILE_NOT_FOUND, "the ISO has no EFI/BOOT/BOOTX64.EFI that this firmware can read");
    if (EFI_ERROR(status))
        return fail(ERR_UEFI_OPERATION_FAILED, "the firmware does not load the ISO's boot loader (%s)",
                    efi_status_name(status));
    status = efi_st->BootServices->StartImage(image, NULL, NULL);
    return fail(ERR_UEFI_OPERATION_FAILED, "the ISO's boot loader came back (%s)", efi_status_name(status));
}
