// The last resort: where known distributions keep kernel and initrd, for ISOs whose configuration could
// not be found or understood. A '*' at the end of a name stands for a version, the same in both files;
// %L is the volume's label as one word, %U its UUID. Paths: the distributions' own build scripts (live-build,
// casper, lorax, kiwi, archiso, mkimg.base.sh, iso-image.nix).
#include "iso/finder.h"  // find_known

#include <stdio.h>
#include <string.h>

struct known {
    const char *name;
    const char *kernel, *initrd;
    const char *words;
    const char *marker;        // a file or folder that must be there as well, NULL: none
};

static const struct known table[] = {
    {"Debian live", "/live/vmlinuz*", "/live/initrd.img*", "boot=live components", NULL},
    {"Debian live", "/live/vmlinuz*", "/live/initrd*", "boot=live components", NULL},
    {"casper", "/casper/vmlinuz", "/casper/initrd", "boot=casper", NULL},
    {"casper", "/casper/vmlinuz", "/casper/initrd.lz", "boot=casper", NULL},
    {"casper", "/casper/vmlinuz", "/casper/initrd.gz", "boot=casper", NULL},
    {"casper", "/casper/vmlinuz.efi", "/casper/initrd.lz", "boot=casper", NULL},
    {"Fedora live", "/boot/x86_64/loader/linux", "/boot/x86_64/loader/initrd",
     "root=live:CDLABEL=%L rd.live.image", "/LiveOS/squashfs.img"},
    {"Fedora live", "/images/pxeboot/vmlinuz", "/images/pxeboot/initrd.img",
     "root=live:CDLABEL=%L rd.live.image", "/LiveOS/squashfs.img"},
    {"anaconda", "/images/pxeboot/vmlinuz", "/images/pxeboot/initrd.img", "inst.stage2=hd:LABEL=%L", NULL},
    {"anaconda", "/isolinux/vmlinuz", "/isolinux/initrd.img", "inst.stage2=hd:LABEL=%L",
     "/images/install.img"},
    {"SUSE live", "/boot/x86_64/loader/linux", "/boot/x86_64/loader/initrd",
     "root=live:CDLABEL=%L rd.live.image", "/LiveOS"},
    {"Arch", "/arch/boot/x86_64/vmlinuz-linux", "/arch/boot/x86_64/initramfs-linux.img",
     "archisobasedir=arch archisosearchuuid=%U", NULL},
    {"Arch", "/arch/boot/x86_64/vmlinuz", "/arch/boot/x86_64/archiso.img",
     "archisobasedir=arch archisolabel=%L", NULL},
    {"Manjaro", "/boot/vmlinuz-x86_64", "/boot/initramfs-x86_64.img",
     "misobasedir=manjaro misolabel=%L", NULL},
    {"Alpine", "/boot/vmlinuz-*", "/boot/initramfs-*",
     "modules=loop,squashfs,sd-mod,usb-storage quiet", "/apks"},
    {"TinyCore", "/boot/vmlinuz64", "/boot/corepure64.gz", "quiet", NULL},
    {"Debian installer", "/install.amd/vmlinuz", "/install.amd/initrd.gz", "--- quiet", NULL},
};

struct search {                // for the file that a '*' stands for
    const char *stem;          // its name up to the '*'
    size_t length;
    char found[ISO_NAME_MAX];  // what follows the stem; the last in the directory's order wins
    bool any;
};

static int visit(void *ctx, const char *name, const struct iso_file *entry)
{
    struct search *s = ctx;

    if (!entry->directory && strncmp(name, s->stem, s->length) == 0) {
        snprintf(s->found, sizeof(s->found), "%s", name + s->length);
        s->any = true;
    }
    return 0;
}

// What the '*' of `pattern` stands for, in *s. False when no file fits. Not inlined: frames add up.
__attribute__((noinline))
static bool find_version(const struct iso *iso, const char *pattern, struct search *s)
{
    const char *slash = strrchr(pattern, '/');
    struct iso_file folder;
    char path[64];

    s->any = false;
    s->found[0] = '\0';
    s->stem = slash + 1;
    s->length = strlen(slash + 1) - 1;
    snprintf(path, sizeof(path), "%.*s", (int)(slash - pattern), pattern);
    return iso_find(iso, path, &folder) == 0 && folder.directory && iso_list(iso, &folder, visit, s) == 0
           && s->any;
}

static void fill_path(char *out, const char *pattern, const char *version)
{
    size_t length = strlen(pattern);
    bool star = pattern[length - 1] == '*';

    snprintf(out, ISO_PATH_MAX, "%.*s%s", (int)(length - star), pattern, star ? version : "");
}

static void fill_words(const struct iso *iso, struct boot_entry *entry, const char *words)
{
    char label[LABEL_WORD_MAX];
    size_t used = 0;

    label_word(iso, label);
    for (; *words && used + sizeof(label) < sizeof(entry->words); words++) {
        if (*words == '%')
            used += (size_t)snprintf(entry->words + used, sizeof(entry->words) - used, "%s",
                                     *++words == 'L' ? label : iso->uuid);
        else
            entry->words[used++] = *words;
    }
    entry->words[used] = '\0';
}

static bool take(const struct iso *iso, const struct known *known, struct boot_entries *out)
{
    struct boot_entry *entry = entry_begin(out);
    struct search s = {.found = ""};

    if (strchr(known->kernel, '*') && !find_version(iso, known->kernel, &s))
        return false;
    if (known->marker && !iso_has(iso, known->marker, false) && !iso_has(iso, known->marker, true))
        return false;
    fill_path(entry->kernel, known->kernel, s.found);
    fill_path(entry->initrds[0], known->initrd, s.found);
    entry->initrd_count = 1;
    if (!iso_has(iso, entry->kernel, false) || !iso_has(iso, entry->initrds[0], false))
        return false;
    fill_words(iso, entry, known->words);
    snprintf(entry->title, sizeof(entry->title), "%s", known->name);
    strcpy(entry->position, "0");
    return entry_commit(iso, out);
}

int find_known(const struct iso *iso, const char *path, struct boot_entries *out)
{
    (void)path;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (take(iso, &table[i], out)) {
            snprintf(out->source, sizeof(out->source), "table: %s", table[i].name);
            return 0;
        }
    return 0;
}
