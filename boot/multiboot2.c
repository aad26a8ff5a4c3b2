// Multiboot2: walks the information tags once into struct boot_info.
// Spec: Multiboot2 2.0 section 3.6. Tested with GRUB 2.06 and 2.12, BIOS and UEFI, boot services kept and
// exited. Not used: ELF sections, APM, VBE, SMBIOS; indexed-colour framebuffers are treated as none.

#include "boot/multiboot2.h"  // mb2_tag
#include "boot/doors.h"       // mb2_parse
#include "lib/err.h"          // fail

#include <string.h>

#define EFI_MAP_MAX 32768     // bytes of EFI memory map kept; OVMF has 5 KiB, servers up to 20

#define FB_TYPE_RGB 1
#define FB_TYPE_TEXT 2

static uint8_t efi_map_copy[EFI_MAP_MAX] __attribute__((aligned(16)));

static int read_mmap(const struct mb2_mmap *mmap, struct boot_info *info)
{
    const uint8_t *entry = (const uint8_t *)(mmap + 1);
    uint32_t left = mmap->tag.size - sizeof(*mmap);

    if (mmap->entry_size < sizeof(struct mb2_mmap_entry))
        return fail(ERR_BOOT_INFO_INVALID, "memory map entries of %u bytes", mmap->entry_size);
    for (; left >= mmap->entry_size; left -= mmap->entry_size, entry += mmap->entry_size) {
        struct mb2_mmap_entry e;
        memcpy(&e, entry, sizeof(e));
        int err = boot_add_range(info, e.base, e.length, e.type);
        if (err)
            return err;
    }
    return 0;
}

static int read_framebuffer(const void *tag, uint32_t size, struct boot_info *info)
{
    struct mb2_framebuffer fb = {0};

    memcpy(&fb, tag, size < sizeof(fb) ? size : sizeof(fb));
    info->fb = (struct boot_framebuffer){
        .address = fb.address, .pitch = fb.pitch, .width = fb.width, .height = fb.height, .bpp = fb.bpp,
    };
    if (fb.type == FB_TYPE_TEXT) {
        info->fb.kind = BOOT_FB_TEXT;
    } else if (fb.type == FB_TYPE_RGB && size >= offsetof(struct mb2_framebuffer, blue_size) + 1) {
        info->fb.kind = BOOT_FB_RGB;
        info->fb.red_pos = fb.red_pos;
        info->fb.red_size = fb.red_size;
        info->fb.green_pos = fb.green_pos;
        info->fb.green_size = fb.green_size;
        info->fb.blue_pos = fb.blue_pos;
        info->fb.blue_size = fb.blue_size;
    }
    return 0;
}

static int read_rsdp(const void *tag, uint32_t size, struct boot_info *info)
{
    uint32_t length = size - sizeof(struct mb2_tag);

    // The newer copy (tag 15, 36 bytes) wins over the older one (tag 14, 20 bytes), in any order.
    if (length > sizeof(info->rsdp_copy))
        length = sizeof(info->rsdp_copy);
    if (length <= info->rsdp_copy_size)
        return 0;
    memcpy(info->rsdp_copy, (const uint8_t *)tag + sizeof(struct mb2_tag), length);
    info->rsdp_copy_size = length;
    return 0;
}

static int read_efi_map(const struct mb2_efi_mmap *map, struct boot_info *info)
{
    uint32_t length = map->tag.size - sizeof(*map);

    if (length > EFI_MAP_MAX)
        return fail(ERR_BOOT_INFO_INVALID, "the EFI memory map has %u bytes, %d can be kept", length,
                    EFI_MAP_MAX);
    memcpy(efi_map_copy, map + 1, length);
    info->efi.memory_map = efi_map_copy;
    info->efi.memory_map_size = length;
    info->efi.descriptor_size = map->descriptor_size;
    info->efi.descriptor_version = map->descriptor_version;
    return 0;
}

static int read_module(const struct mb2_module *module, struct boot_info *info)
{
    boot_add_module(info, module->start, module->end, (const char *)(module + 1),
                    module->tag.size - sizeof(*module));
    return 0;
}

static const uint32_t smallest_tag[MB2_INFO_LOAD_BASE + 1] = {
    [MB2_INFO_MODULE] = sizeof(struct mb2_module),
    [MB2_INFO_MMAP] = sizeof(struct mb2_mmap),
    [MB2_INFO_FRAMEBUFFER] = offsetof(struct mb2_framebuffer, reserved),
    [MB2_INFO_EFI64] = sizeof(struct mb2_efi64),
    [MB2_INFO_EFI64_IH] = sizeof(struct mb2_efi64),
    [MB2_INFO_EFI_MMAP] = sizeof(struct mb2_efi_mmap),
};

static int read_tag(const struct mb2_tag *tag, struct boot_info *info)
{
    const char *text = (const char *)(tag + 1);
    uint32_t text_max = tag->size - sizeof(*tag);

    if (tag->type <= MB2_INFO_LOAD_BASE && tag->size < smallest_tag[tag->type])
        return fail(ERR_BOOT_INFO_INVALID, "information tag %u has only %u bytes", tag->type, tag->size);
    switch (tag->type) {
    case MB2_INFO_CMDLINE:
        return boot_set_cmdline(info, text, text_max, false);
    case MB2_INFO_LOADER_NAME:
        boot_set_loader(info, text, text_max);
        return 0;
    case MB2_INFO_MODULE:
        return read_module((const struct mb2_module *)tag, info);
    case MB2_INFO_MMAP:
        return read_mmap((const struct mb2_mmap *)tag, info);
    case MB2_INFO_FRAMEBUFFER:
        return read_framebuffer(tag, tag->size, info);
    case MB2_INFO_EFI64:
        info->efi.present = true;
        info->efi.system_table = ((const struct mb2_efi64 *)tag)->pointer;
        return 0;
    case MB2_INFO_EFI64_IH:
        info->efi.image_handle = ((const struct mb2_efi64 *)tag)->pointer;
        return 0;
    case MB2_INFO_EFI_BS:
        info->efi.boot_services = true;
        return 0;
    case MB2_INFO_EFI_MMAP:
        return read_efi_map((const struct mb2_efi_mmap *)tag, info);
    case MB2_INFO_ACPI_OLD:
    case MB2_INFO_ACPI_NEW:
        return read_rsdp(tag, tag->size, info);
    default:
        return 0;
    }
}

int mb2_parse(const struct phys_view *view, uint64_t address, struct boot_info *info)
{
    const struct mb2_info *head = phys_at(view, address, sizeof(*head));
    int first_error = 0;

    info->door = "multiboot2";
    if (head == NULL || address % 8 != 0 || phys_at(view, address, head->total_size) == NULL)
        return fail(ERR_BOOT_INFO_INVALID, "no Multiboot2 information at 0x%llx",
                    (unsigned long long)address);

    // A bad tag does not hide the ones behind it: the console may be among them.
    for (uint64_t at = sizeof(*head); at + sizeof(struct mb2_tag) <= head->total_size;) {
        const struct mb2_tag *tag = (const struct mb2_tag *)((const uint8_t *)head + at);
        if (tag->type == MB2_INFO_END)
            break;
        if (tag->size < sizeof(*tag) || tag->size > head->total_size - at)
            return fail(ERR_BOOT_INFO_INVALID, "information tag %u claims %u bytes", tag->type, tag->size);
        int err = read_tag(tag, info);
        if (first_error == 0)
            first_error = err;
        at += ((uint64_t)tag->size + 7) & ~7ull;
    }
    info->efi.boot_services = info->efi.boot_services && info->efi.present;
    if (info->efi.boot_services)
        info->door = "multiboot2, UEFI boot services";
    else if (info->efi.present)
        info->door = "multiboot2, UEFI";
    return first_error;
}
