// Multiboot (1): QEMU -kernel, iPXE on BIOS, pxelinux's mboot.c32, GRUB's `multiboot`.
// Spec: Multiboot 0.6.96 section 3.3. Tested with QEMU 7.2, iPXE and mboot.c32 6.04.
// These loaders put their own file name in front of the command line; it is dropped.

#include "boot/multiboot1.h"  // mb1_info
#include "boot/doors.h"       // mb1_parse
#include "lib/err.h"          // fail

#define KIB_BYTES 1024ull
#define UPPER_MEMORY (1ull << 20)
#define FB_TYPE_RGB 1
#define FB_TYPE_TEXT 2

static int read_mmap(const struct phys_view *view, const struct mb1_info *mb, struct boot_info *info)
{
    uint64_t at = mb->mmap_addr;
    uint64_t end = at + mb->mmap_length;

    while (at + sizeof(struct mb1_mmap_entry) <= end) {
        struct mb1_mmap_entry e;
        if (!phys_read(view, at, &e, sizeof(e)) || e.size < sizeof(e) - sizeof(e.size))
            return fail(ERR_BOOT_INFO_INVALID, "broken memory map entry at 0x%llx", (unsigned long long)at);
        int err = boot_add_range(info, e.base, e.length, e.type);
        if (err)
            return err;
        at += (uint64_t)e.size + sizeof(e.size);
    }
    return 0;
}

static int read_modules(const struct phys_view *view, const struct mb1_info *mb, struct boot_info *info)
{
    for (uint32_t i = 0; i < mb->mods_count && i < BOOT_MODULES_MAX; i++) {
        uint64_t at = mb->mods_addr + (uint64_t)i * sizeof(struct mb1_module);
        struct mb1_module module;
        if (!phys_read(view, at, &module, sizeof(module)))
            return fail(ERR_BOOT_INFO_INVALID, "the module list lies outside memory");
        uint64_t room;
        const char *name = phys_text(view, module.string, &room);
        boot_add_module(info, module.start, module.end, name, room);
    }
    return 0;
}

static void read_framebuffer(const struct mb1_info *mb, struct boot_info *info)
{
    info->fb = (struct boot_framebuffer){
        .address = mb->framebuffer_addr,
        .pitch = mb->framebuffer_pitch,
        .width = mb->framebuffer_width,
        .height = mb->framebuffer_height,
        .bpp = mb->framebuffer_bpp,
        .red_pos = mb->red_pos,
        .red_size = mb->red_size,
        .green_pos = mb->green_pos,
        .green_size = mb->green_size,
        .blue_pos = mb->blue_pos,
        .blue_size = mb->blue_size,
    };
    if (mb->framebuffer_type == FB_TYPE_RGB)
        info->fb.kind = BOOT_FB_RGB;
    else if (mb->framebuffer_type == FB_TYPE_TEXT)
        info->fb.kind = BOOT_FB_TEXT;
}

int mb1_parse(const struct phys_view *view, uint64_t address, struct boot_info *info)
{
    struct mb1_info mb;
    const char *text;
    uint64_t room;
    int err;

    info->door = "multiboot1";
    if (!phys_read(view, address, &mb, sizeof(mb)))
        return fail(ERR_BOOT_INFO_INVALID, "no Multiboot information at 0x%llx", (unsigned long long)address);
    if (mb.flags & MB1_INFO_LOADER_NAME) {
        text = phys_text(view, mb.boot_loader_name, &room);
        boot_set_loader(info, text, room);
    }
    if (mb.flags & MB1_INFO_FRAMEBUFFER)
        read_framebuffer(&mb, info);
    if (mb.flags & MB1_INFO_CMDLINE) {
        text = phys_text(view, mb.cmdline, &room);
        err = boot_set_cmdline(info, text, room, true);
        if (err)
            return err;
    }
    if (mb.flags & MB1_INFO_MODULES) {
        err = read_modules(view, &mb, info);
        if (err)
            return err;
    }
    if (!(mb.flags & MB1_INFO_MMAP))
        return boot_add_range(info, UPPER_MEMORY, mb.mem_upper * KIB_BYTES, BOOT_MEM_RAM);
    return read_mmap(view, &mb, info);
}
