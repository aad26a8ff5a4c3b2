// UEFI boot services: console, framebuffer, RSDP, and leaving them.
// Spec: UEFI 2.10 sections 4.3 (system table), 7.2.3 (GetMemoryMap), 7.4.6 (ExitBootServices), 12.3, 12.4,
// 12.9.
// Tested: OVMF 2022.11 under GRUB 2.06. Buffers handed to firmware lie on the (identity-mapped) stack or heap
// or are named by their physical address: firmware drivers may pass pointers on to devices.

#include "kernel/firmware/efi.h"        // efi_open
#include "boot/image.h"                 // image_phys
#include "kernel/console.h"             // CONSOLE_KEY_LEFT
#include "kernel/cpu.h"                 // interrupts_off
#include "kernel/firmware/efi_paging.h" // efi_map_everything
#include "kernel/firmware/efi_state.h"  // efi_st
#include "lib/err.h"                    // fail
#include "lib/log.h"                    // log_warn
#include "lib/plain.h"                  // is_plain

#include <stdio.h>
#include <string.h>

#define EXIT_ATTEMPTS 8
#define OUTPUT_CHUNK 120

EFI_SYSTEM_TABLE *efi_st;
EFI_HANDLE efi_loader;
static const struct boot_info *image;
static bool leaving;                    // ExitBootServices has been called: only it and the map may be now
static bool complete;                   // our own page tables are in force
static uint8_t map_buffer[EFI_MAP_MAX] __attribute__((aligned(16)));

static const struct {
    UINT16 scan_code;
    int key;
} scan_keys[] = {
    {SCAN_LEFT, CONSOLE_KEY_LEFT}, {SCAN_RIGHT, CONSOLE_KEY_RIGHT},   {SCAN_HOME, CONSOLE_KEY_HOME},
    {SCAN_END, CONSOLE_KEY_END},   {SCAN_DELETE, CONSOLE_KEY_DELETE}, {SCAN_ESC, 27},
};

int efi_open(const struct boot_info *info)
{
    EFI_SYSTEM_TABLE *table = (EFI_SYSTEM_TABLE *)info->efi.system_table;

    if (table == NULL || table->Hdr.Signature != EFI_SYSTEM_TABLE_SIGNATURE || table->BootServices == NULL)
        return fail(ERR_UEFI_OPERATION_FAILED, "no EFI system table at 0x%llx",
                    (unsigned long long)info->efi.system_table);
    efi_st = table;
    efi_loader = (EFI_HANDLE)info->efi.image_handle;
    image = info;
    EFI_STATUS status = efi_map_everything(table->BootServices);
    complete = !EFI_ERROR(status);
    if (!complete)
        log_warn("UEFI: no memory for page tables (%s); the loader's stay", efi_status_name(status));
    // SAFETY: firmware's GDT and IDT are still in place; its timer drives its events and key presses.
    __asm__ volatile("sti" : : : "memory");
    table->BootServices->SetWatchdogTimer(0, 0, 0, NULL);
    return 0;
}

bool efi_maps_everything(void)
{
    return complete;
}

void *efi_address(const void *object)
{
    return (void *)image_phys(image, object);
}

const char *efi_status_name(EFI_STATUS status)
{
    static const struct {
        EFI_STATUS status;
        const char *name;
    } names[] = {
        {EFI_INVALID_PARAMETER, "invalid parameter"}, {EFI_UNSUPPORTED, "unsupported"},
        {EFI_NOT_READY, "not ready"}, {EFI_DEVICE_ERROR, "device error"},
        {EFI_OUT_OF_RESOURCES, "out of resources"}, {EFI_NOT_FOUND, "not found"},
        {EFI_ACCESS_DENIED, "access denied"}, {EFI_NO_MEDIA, "no media"},
        {EFI_NO_RESPONSE, "no response"}, {EFI_NO_MAPPING, "no mapping"}, {EFI_TIMEOUT, "timeout"},
        {EFI_NOT_STARTED, "not started"}, {EFI_ALREADY_STARTED, "already started"},
        {EFI_ABORTED, "aborted"}, {EFI_ICMP_ERROR, "ICMP error"}, {EFI_TFTP_ERROR, "TFTP error"},
        {EFI_PROTOCOL_ERROR, "protocol error"}, {EFI_SECURITY_VIOLATION, "security violation"},
        {EFI_CONNECTION_FIN, "connection closed"}, {EFI_CONNECTION_RESET, "connection reset"},
        {EFI_CONNECTION_REFUSED, "connection refused"}, {EFI_NETWORK_UNREACHABLE, "network unreachable"},
        {EFI_HOST_UNREACHABLE, "host unreachable"}, {EFI_PORT_UNREACHABLE, "port unreachable"},
        {EFI_HTTP_ERROR, "HTTP error"},
    };
    static char number[24];

    for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (names[i].status == status)
            return names[i].name;
    snprintf(number, sizeof(number), "status 0x%llx", (unsigned long long)status);
    return number;
}

bool efi_console(const struct boot_info *info)
{
    if (!info->efi.boot_services || leaving)
        return false;
    return efi_st != NULL || efi_open(info) == 0;
}

bool efi_is_alive(void)
{
    return efi_st != NULL && !leaving;
}

int efi_key(void)
{
    EFI_INPUT_KEY key = {0};

    if (efi_st->ConIn == NULL || EFI_ERROR(efi_st->ConIn->ReadKeyStroke(efi_st->ConIn, &key)))
        return -1;
    for (unsigned i = 0; i < sizeof(scan_keys) / sizeof(scan_keys[0]); i++) {
        if (key.UnicodeChar == 0 && key.ScanCode == scan_keys[i].scan_code)
            return scan_keys[i].key;
    }
    return key.UnicodeChar > 0 && key.UnicodeChar < 127 ? key.UnicodeChar : -1;
}

static CHAR16 printable(char c)
{
    bool plain = is_plain(c) || (c != '\0' && strchr("\n\r\b\t", c) != NULL);

    return plain ? (CHAR16)c : '?';
}

void efi_clear(void)
{
    if (efi_st->ConOut != NULL)
        efi_st->ConOut->ClearScreen(efi_st->ConOut);
}

void efi_write(const char *text)
{
    while (efi_st->ConOut != NULL && *text != '\0') {
        CHAR16 out[OUTPUT_CHUNK + 3];
        unsigned n = 0;
        for (; *text != '\0' && n < OUTPUT_CHUNK; text++) {
            if (*text == '\n')
                out[n++] = '\r';
            out[n++] = printable(*text);
        }
        out[n] = 0;
        efi_st->ConOut->OutputString(efi_st->ConOut, out);
    }
}

static void find_rsdp(struct boot_info *info)
{
    EFI_GUID newer = EFI_ACPI_20_TABLE_GUID;
    EFI_GUID older = ACPI_10_TABLE_GUID;

    for (UINTN i = 0; i < efi_st->NumberOfTableEntries; i++) {
        const EFI_CONFIGURATION_TABLE *entry = &efi_st->ConfigurationTable[i];
        if (memcmp(&entry->VendorGuid, &newer, sizeof(newer)) == 0) {
            info->rsdp = (uint64_t)entry->VendorTable;
            return;
        }
        if (memcmp(&entry->VendorGuid, &older, sizeof(older)) == 0)
            info->rsdp = (uint64_t)entry->VendorTable;
    }
}

// Position and width of the run of bits in `mask`.
static void mask_field(UINT32 mask, uint8_t *pos, uint8_t *size)
{
    *pos = mask == 0 ? 0 : (uint8_t)__builtin_ctz(mask);
    *size = mask == 0 ? 0 : (uint8_t)(32 - __builtin_clz(mask) - *pos);
}

static void find_framebuffer(struct boot_info *info)
{
    EFI_GUID guid = EFI_GRAPHICS_OUTPUT_PROTOCOL_GUID;
    EFI_GRAPHICS_OUTPUT_PROTOCOL *gop = NULL;

    if (EFI_ERROR(efi_st->BootServices->LocateProtocol(&guid, NULL, (VOID **)&gop)) || gop->Mode == NULL)
        return;
    const EFI_GRAPHICS_OUTPUT_MODE_INFORMATION *mode = gop->Mode->Info;
    EFI_PIXEL_BITMASK mask = mode->PixelInformation;
    if (mode->PixelFormat == PixelRedGreenBlueReserved8BitPerColor)
        mask = (EFI_PIXEL_BITMASK){0x000000ff, 0x0000ff00, 0x00ff0000, 0xff000000};
    else if (mode->PixelFormat == PixelBlueGreenRedReserved8BitPerColor)
        mask = (EFI_PIXEL_BITMASK){0x00ff0000, 0x0000ff00, 0x000000ff, 0xff000000};
    else if (mode->PixelFormat != PixelBitMask)
        return;
    struct boot_framebuffer *fb = &info->fb;
    *fb = (struct boot_framebuffer){
        .kind = BOOT_FB_RGB,
        .address = gop->Mode->FrameBufferBase,
        .pitch = mode->PixelsPerScanLine * 4,
        .width = mode->HorizontalResolution,
        .height = mode->VerticalResolution,
        .bpp = 32,
    };
    mask_field(mask.RedMask, &fb->red_pos, &fb->red_size);
    mask_field(mask.GreenMask, &fb->green_pos, &fb->green_size);
    mask_field(mask.BlueMask, &fb->blue_pos, &fb->blue_size);
}

EFI_STATUS efi_read_map(struct efi_map *map)
{
    EFI_MEMORY_DESCRIPTOR *buffer = efi_address(map_buffer);

    map->at = (const uint8_t *)buffer;
    map->size = EFI_MAP_MAX;
    return efi_st->BootServices->GetMemoryMap(&map->size, buffer, &map->key, &map->descriptor_size,
                                              &map->version);
}

UINTN efi_handles(EFI_GUID *protocol, EFI_HANDLE **handles)
{
    EFI_LOCATE_SEARCH_TYPE kind = protocol != NULL ? ByProtocol : AllHandles;
    UINTN count = 0;

    *handles = NULL;
    if (EFI_ERROR(efi_st->BootServices->LocateHandleBuffer(kind, protocol, NULL, &count, handles)))
        return 0;
    return count;
}

void efi_free(void *memory)
{
    if (memory != NULL)
        efi_st->BootServices->FreePool(memory);
}

// The key to ExitBootServices is the map of this very moment: a firmware event in between makes a new one.
static EFI_STATUS leave(struct boot_info *info)
{
    EFI_STATUS status = EFI_NOT_READY;

    for (unsigned i = 0; i < EXIT_ATTEMPTS; i++) {
        struct efi_map map;
        status = efi_read_map(&map);
        if (EFI_ERROR(status))
            return status;
        leaving = true;
        status = efi_st->BootServices->ExitBootServices(efi_loader, map.key);
        if (!EFI_ERROR(status)) {
            info->efi.memory_map = map_buffer;
            info->efi.memory_map_size = map.size;
            info->efi.descriptor_size = (uint32_t)map.descriptor_size;
            info->efi.descriptor_version = map.version;
            return EFI_SUCCESS;
        }
    }
    return status;
}

void efi_look_around(struct boot_info *info)
{
    find_rsdp(info);
    if (info->fb.kind != BOOT_FB_RGB)
        find_framebuffer(info);
}

int efi_exit(struct boot_info *info)
{
    efi_look_around(info);
    EFI_STATUS status = leave(info);
    if (EFI_ERROR(status))
        return fail(ERR_UEFI_OPERATION_FAILED, "ExitBootServices failed (%s)", efi_status_name(status));
    interrupts_off();
    efi_st = NULL;
    info->efi.boot_services = false;
    info->range_count = 0;
    return efi_map_to_ranges(map_buffer, info->efi.memory_map_size, info->efi.descriptor_size, info);
}
