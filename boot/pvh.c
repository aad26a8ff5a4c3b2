// PVH: direct boot by Xen, QEMU, Cloud Hypervisor, Firecracker.
// Spec: xen/include/public/arch-x86/hvm/start_info.h. Tested with QEMU 7.2 (Multiboot1 header blanked).

#include "boot/pvh.h"         // pvh_start_info
#include "boot/doors.h"       // pvh_parse
#include "boot/multiboot1.h"  // PVH_BOOT_MAGIC
#include "lib/err.h"          // fail

static int read_memory_map(const struct phys_view *view, const struct pvh_start_info *start,
                           struct boot_info *info)
{
    uint64_t bytes = (uint64_t)start->memory_map_entries * sizeof(struct pvh_memory_entry);

    if (phys_at(view, start->memory_map, bytes) == NULL)
        return fail(ERR_BOOT_INFO_INVALID, "the PVH memory map lies outside memory");
    for (uint32_t i = 0; i < start->memory_map_entries; i++) {
        struct pvh_memory_entry entry;
        phys_read(view, start->memory_map + i * sizeof(entry), &entry, sizeof(entry));
        int err = boot_add_range(info, entry.address, entry.size, entry.type);
        if (err)
            return err;
    }
    return 0;
}

int pvh_parse(const struct phys_view *view, uint64_t address, struct boot_info *info)
{
    struct pvh_start_info start;

    info->door = "pvh";
    if (!phys_read(view, address, &start, sizeof(start)) || start.magic != PVH_BOOT_MAGIC ||
        start.version < 1)
        return fail(ERR_BOOT_INFO_INVALID, "no PVH start information at 0x%llx", (unsigned long long)address);
    boot_set_loader(info, "PVH", 4);
    info->rsdp = start.rsdp;
    for (uint32_t i = 0; i < start.module_count && i < BOOT_MODULES_MAX; i++) {
        uint64_t at = start.module_list + (uint64_t)i * sizeof(struct pvh_module);
        struct pvh_module module;
        if (!phys_read(view, at, &module, sizeof(module)))
            return fail(ERR_BOOT_INFO_INVALID, "the module list lies outside memory");
        boot_add_module(info, module.address, module.address + module.size, "", 0);
    }
    if (start.cmdline != 0) {
        uint64_t room;
        const char *text = phys_text(view, start.cmdline, &room);
        int err = boot_set_cmdline(info, text, room, false);
        if (err)
            return err;
    }
    return read_memory_map(view, &start, info);
}
