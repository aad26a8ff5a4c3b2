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
    const struct pvh_memory_entry *entry = phys_at(view, start->memory_map, bytes);

    if (entry == NULL)
        return fail(ERR_BOOT_INFO_INVALID, "the PVH memory map lies outside memory");
    for (uint32_t i = 0; i < start->memory_map_entries; i++) {
        int err = boot_add_range(info, entry[i].address, entry[i].size, entry[i].type);
        if (err)
            return err;
    }
    return 0;
}

int pvh_parse(const struct phys_view *view, uint64_t address, struct boot_info *info)
{
    const struct pvh_start_info *start = phys_at(view, address, sizeof(*start));

    info->door = "pvh";
    if (start == NULL || start->magic != PVH_BOOT_MAGIC || start->version < 1)
        return fail(ERR_BOOT_INFO_INVALID, "no PVH start information at 0x%llx", (unsigned long long)address);
    boot_set_loader(info, "PVH", 4);
    info->rsdp = start->rsdp;
    for (uint32_t i = 0; i < start->module_count && i < BOOT_MODULES_MAX; i++) {
        uint64_t at = start->module_list + (uint64_t)i * sizeof(struct pvh_module);
        const struct pvh_module *module = phys_at(view, at, sizeof(*module));
        if (module == NULL)
            return fail(ERR_BOOT_INFO_INVALID, "the module list lies outside memory");
        boot_add_module(info, module->address, module->address + module->size, "", 0);
    }
    if (start->cmdline != 0) {
        uint64_t room;
        const char *text = phys_text(view, start->cmdline, &room);
        int err = boot_set_cmdline(info, text, room, false);
        if (err)
            return err;
    }
    return read_memory_map(view, start, info);
}
