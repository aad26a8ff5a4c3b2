// The finders of boot entries in the order in which they are tried, and the choice among what they found.
// A new kind of configuration is one line here and one file.
#include "iso/boot_entry.h"  // boot_entries_find

#include "iso/finder.h"  // find_grub
#include "lib/err.h"     // fail

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct finder {
    int (*find)(const struct iso *iso, const char *path, struct boot_entries *out);
    const char *path;
} finders[] = {
    {find_grub, "/boot/grub/loopback.cfg"},  // written for booting the ISO as a file: knows most of it
    {find_grub, "/boot/grub2/loopback.cfg"},
    {find_grub, "/boot/grub/grub.cfg"},
    {find_grub, "/boot/grub2/grub.cfg"},
    {find_grub, "/EFI/BOOT/grub.cfg"},
    {find_grub, "/boot/grub/x86_64-efi/grub.cfg"},
    {find_grub, "/boot/grub/kernels.cfg"},
    {find_grub, "/grub/grub.cfg"},
    {find_grub, "/grub.cfg"},
    {find_bls, "/loader/entries"},
    {find_isolinux, "/boot/isolinux/isolinux.cfg"},
    {find_isolinux, "/isolinux/isolinux.cfg"},
    {find_isolinux, "/isolinux.cfg"},
    {find_isolinux, "/boot/syslinux/isolinux.cfg"},
    {find_isolinux, "/syslinux/isolinux.cfg"},
    {find_isolinux, "/boot/syslinux/syslinux.cfg"},
    {find_isolinux, "/syslinux/syslinux.cfg"},
    {find_isolinux, "/syslinux.cfg"},
    {find_isolinux, "/boot/x86_64/loader/isolinux.cfg"},
    {find_isolinux, "/boot/syslinux/archiso_sys-linux.cfg"},
    {find_isolinux, "/arch/boot/syslinux/archiso_sys.cfg"},
    {find_isolinux, "/isolinux/live.cfg"},
    {find_isolinux, "/isolinux/txt.cfg"},
    {find_isolinux, "/isolinux/menu.cfg"},
    {find_isolinux, "/isolinux/adtxt.cfg"},
    {find_treeinfo, "/.treeinfo"},
    {find_known, NULL},
};

int boot_entries_find(const struct iso *iso, struct boot_entries *out)
{
    unsigned seen = 0;

    out->count = out->chosen = 0;
    out->source[0] = out->refused[0] = '\0';
    for (size_t i = 0; i < sizeof(finders) / sizeof(finders[0]); i++) {
        const struct finder *f = &finders[i];

        if (f->path && !iso_has(iso, f->path, f->find == find_bls))
            continue;
        seen += f->path != NULL;
        int rc = f->find(iso, f->path, out);
        if (rc)
            return rc;
        if (out->count == 0)
            continue;
        if (!out->source[0])
            snprintf(out->source, sizeof(out->source), "%s", f->path);
        return 0;
    }
    if (out->refused[0])
        return fail(ERR_NO_BOOT_ENTRY, "%u boot configurations without a 64-bit Linux; the last one: %s",
                    seen, out->refused);
    return fail(ERR_NO_BOOT_ENTRY, "%u boot configurations, and none names a Linux", seen);
}

static bool contains(const char *text, const char *part)
{
    size_t length = strlen(part);

    for (; strlen(text) >= length; text++)
        if (strncasecmp(text, part, length) == 0)
            return true;
    return false;
}

// The one entry for which `fits` holds: its index, count when there is none, count + 1 when several.
static unsigned only_one(const struct boot_entries *out, const char *wanted,
                         bool (*fits)(const struct boot_entry *entry, const char *wanted))
{
    unsigned found = out->count;

    for (unsigned i = 0; i < out->count; i++) {
        if (!fits(&out->entry[i], wanted))
            continue;
        if (found != out->count)
            return out->count + 1;
        found = i;
    }
    return found;
}

static bool same_title(const struct boot_entry *entry, const char *wanted)
{
    return strcmp(entry->title, wanted) == 0;
}

static bool same_position(const struct boot_entry *entry, const char *wanted)
{
    return strcmp(entry->position, wanted) == 0;
}

static bool part_of_title(const struct boot_entry *entry, const char *wanted)
{
    return contains(entry->title, wanted);
}

static int no_such_entry(const struct boot_entries *out, const char *wanted, const char *why)
{
    char titles[160];
    size_t used = 0;

    titles[0] = '\0';
    for (unsigned i = 0; i < out->count && used < sizeof(titles); i++)
        used += (size_t)snprintf(titles + used, sizeof(titles) - used, "%s%u %s", i ? ", " : "", i,
                                 out->entry[i].title);
    return fail(ERR_NO_BOOT_ENTRY, "%s \"%.40s\" among: %s", why, wanted, titles);
}

int boot_entries_choose(struct boot_entries *out, const char *wanted)
{
    char *end;
    unsigned long number = strtoul(wanted, &end, 10);
    unsigned found;

    if (isdigit((unsigned char)*wanted) && *end == '\0') {
        if (number >= out->count)
            return no_such_entry(out, wanted, "there is no entry");
        out->chosen = (unsigned)number;
        return 0;
    }
    found = only_one(out, wanted, same_title);
    if (found >= out->count)
        found = only_one(out, wanted, same_position);
    if (found >= out->count && *wanted)
        found = only_one(out, wanted, part_of_title);
    if (found > out->count)
        return no_such_entry(out, wanted, "several titles have");
    if (found == out->count)
        return no_such_entry(out, wanted, "there is no title with");
    out->chosen = found;
    return 0;
}
