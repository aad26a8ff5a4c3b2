// What the doors' parsers share: bounded access to physical memory, ranges, modules, strings. Pure.

#include "boot/doors.h"  // phys_at
#include "lib/err.h"     // fail

#include <string.h>

#define TEXT_MAX (2ull * BOOT_CMDLINE_MAX)  // bytes looked at for the end of a loader's string

const void *phys_at(const struct phys_view *view, uint64_t address, uint64_t length)
{
    if (address == 0 || address > view->length || length > view->length - address)
        return NULL;
    return view->base + address;
}

bool phys_read(const struct phys_view *view, uint64_t address, void *out, size_t length)
{
    const void *at = phys_at(view, address, length);

    if (at == NULL)
        return false;
    memcpy(out, at, length);
    return true;
}

const char *phys_text(const struct phys_view *view, uint64_t address, uint64_t *max)
{
    const char *text = phys_at(view, address, 1);

    if (text == NULL) {
        *max = 1;
        return "";
    }
    *max = view->length - address;
    if (*max > TEXT_MAX)
        *max = TEXT_MAX;
    return text;
}

int boot_add_range(struct boot_info *info, uint64_t base, uint64_t length, uint32_t type)
{
    bool known = (type >= BOOT_MEM_RAM && type <= BOOT_MEM_UNUSABLE) || type == BOOT_MEM_PMEM;

    if (length == 0 || base + length < base)
        return 0;
    if (!known)
        type = BOOT_MEM_RESERVED;
    if (info->range_count > 0) {
        struct boot_range *last = &info->ranges[info->range_count - 1];
        if (last->type == type && last->base + last->length == base) {
            last->length += length;
            return 0;
        }
    }
    if (info->range_count == BOOT_RANGES_MAX)
        return fail(ERR_BOOT_INFO_INVALID, "the memory map has more than %d ranges", BOOT_RANGES_MAX);
    info->ranges[info->range_count++] = (struct boot_range){.base = base, .length = length, .type = type};
    return 0;
}

void boot_add_module(struct boot_info *info, uint64_t start, uint64_t end, const char *name, size_t name_max)
{
    if (info->module_count == BOOT_MODULES_MAX || end < start)
        return;
    struct boot_module *module = &info->modules[info->module_count++];
    size_t length = strnlen(name, name_max);
    if (length > sizeof(module->name) - 1)
        length = sizeof(module->name) - 1;
    module->base = start;
    module->length = end - start;
    memcpy(module->name, name, length);
    module->name[length] = '\0';
}

int boot_set_cmdline(struct boot_info *info, const char *text, uint64_t max, bool skip_program)
{
    size_t length = strnlen(text, max);
    size_t start = 0;

    if (length == max)
        return fail(ERR_BOOT_INFO_INVALID, "the command line has no end");
    if (skip_program) {
        while (start < length && text[start] != ' ')
            start++;
        while (start < length && text[start] == ' ')
            start++;
    }
    if (length - start >= BOOT_CMDLINE_MAX)
        return fail(ERR_BOOT_INFO_INVALID, "the command line is longer than %d bytes", BOOT_CMDLINE_MAX - 1);
    memcpy(info->cmdline, text + start, length - start);
    info->cmdline[length - start] = '\0';
    return 0;
}

void boot_set_loader(struct boot_info *info, const char *text, uint64_t max)
{
    size_t length = strnlen(text, max);

    if (length > sizeof(info->loader) - 1)
        length = sizeof(info->loader) - 1;
    memcpy(info->loader, text, length);
    info->loader[length] = '\0';
}
