// UEFI boot services: console, framebuffer, RSDP, and leaving them.
// Spec: UEFI 2.10 sections 4.3 (system table), 7.2.3 (GetMemoryMap), 7.4.6 (ExitBootServices), 12.3, 12.4,
// 12.9.
// Tested: OVMF 2022.11 under GRUB 2.06. Everything handed to firmware lies on the (identity-mapped) stack or
// is named by its physical address: firmware drivers may pass pointers on to devices.

#include "kernel/firmware/efi.h"        // efi_open
#include "boot/image.h"                 // image_phys
#include "kernel/console.h"             // CONSOLE_KEY_LEFT
#include "kernel/cpu.h"                 // interrupts_off
#include "kernel/firmware/efi_paging.h" // efi_map_everything
#include "kernel/firmware/efi_types.h"  // EFI_SYSTEM_TABLE
#include "lib/err.h"                    // fail
#include "lib/log.h"                    // log_warn
#include "lib/plain.h"                  // is_plain

#include <string.h>

#define MAP_MAX 65536                   // bytes; GetMemoryMap says so when it needs more
#define EXIT_ATTEMPTS 8
#define OUTPUT_CHUNK 120

static EFI_SYSTEM_TABLE *st;             // NULL before efi_open()
static bool leaving;                    // ExitBootServices has been called: only it and the map may be now
static uint8_t map_buffer[MAP_MAX] __attribute__((aligned(16)));

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
    st = table;
    EFI_STATUS status = efi_map_everything(st->BootServices);
    if (EFI_ERROR(status))
        log_warn("UEFI: no memory for page tables (0x%llx); the loader's stay", (unsigned long long)status);
    // SAFETY: firmware's GDT and IDT are still in place; its timer drives its events and key presses.
    __asm__ volatile("sti" : : : "memory");
    st->BootServices->SetWatchdogTimer(0, 0, 0, NULL);
    return 0;
}

bool efi_console(const struct boot_info *info)
{
    if (!info->efi.boot_services || leaving)
        return false;
    return st != NULL || efi_open(info) == 0;
}

int efi_key(void)
{
    EFI_INPUT_KEY key = {0};

    if (st->ConIn == NULL || EFI_ERROR(st->ConIn->ReadKeyStroke(st->ConIn, &key)))
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
    if (st->ConOut != NULL)
        st->ConOut->ClearScreen(st->ConOut);
}

void efi_write(const char *text)
{
    while (st->ConOut != NULL && *text != '\0') {
        CHAR16 out[OUTPUT_CHUNK + 3];
        unsigned n = 0;
        for (; *text != '\0' && n < OUTPUT_CHUNK; text++) {
            if (*text == '\n')
                out[n++] = '\r';
            out[n++] = printable(*text);
        }
        out[n] = 0;
        st->ConOut->OutputString(st->ConOut, out);
    }
}

static void find_rsdp(struct boot_info *info)
{
    EFI_GUID newer = EFI_ACPI_20_TABLE_GUID;
    EFI_GUID older = ACPI_10_TABLE_GUID;

    for (UINTN i = 0; i < st->NumberOfTableEntries; i++) {
        const EFI_CONFIGURATION_TABLE *entry = &st->ConfigurationTable[i];
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

    if (EFI_ERROR(st->BootServices->LocateProtocol(&guid, NULL, (VOID **)&gop)) || gop->Mode == NULL)
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

// The key to ExitBootServices is the map of this very moment: a firmware event in between makes a new one.
static EFI_STATUS leave(struct boot_info *info)
{
    // Named by physical address, see above.
    EFI_MEMORY_DESCRIPTOR *map = (EFI_MEMORY_DESCRIPTOR *)image_phys(info, map_buffer);
    EFI_STATUS status = EFI_NOT_READY;

    for (unsigned i = 0; i < EXIT_ATTEMPTS; i++) {
        UINTN size = MAP_MAX, key, descriptor_size;
        UINT32 version;
        status = st->BootServices->GetMemoryMap(&size, map, &key, &descriptor_size, &version);
        if (EFI_ERROR(status))
            return status;
        leaving = true;
        status = st->BootServices->ExitBootServices((EFI_HANDLE)info->efi.image_handle, key);
        if (!EFI_ERROR(status)) {
            info->efi.memory_map = map_buffer;
            info->efi.memory_map_size = size;
            info->efi.descriptor_size = (uint32_t)descriptor_size;
            info->efi.descriptor_version = version;
            return EFI_SUCCESS;
        }
    }
    return status;
}

int efi_exit(struct boot_info *info)
{
    find_rsdp(info);
    if (info->fb.kind != BOOT_FB_RGB)
        find_framebuffer(info);
    EFI_STATUS status = leave(info);
    if (EFI_ERROR(status))
        return fail(ERR_UEFI_OPERATION_FAILED, "ExitBootServices failed (0x%llx)",
                    (unsigned long long)status);
    interrupts_off();
    info->efi.boot_services = false;
    info->range_count = 0;
    return efi_map_to_ranges(map_buffer, info->efi.memory_map_size, info->efi.descriptor_size, info);
}
