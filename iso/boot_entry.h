// Finds what to boot in an ISO: kernel, initrds and words, from the ISO's own configuration. Finders are
// tried in the order of one table: loopback.cfg, grub.cfg, BLS entries, isolinux/syslinux, .treeinfo, and
// a fixed table of known paths as the last resort. Pure: builds on the host.
#ifndef URLBOOT_ISO_BOOT_ENTRY_H
#define URLBOOT_ISO_BOOT_ENTRY_H

#include <stdbool.h>
#include <stdint.h>

#include "iso/iso9660.h"  // struct iso

#define ENTRY_INITRDS_MAX 8
#define ENTRY_WORDS_MAX 2048
#define ENTRY_TITLE_MAX 128
#define ENTRIES_MAX 64

struct boot_entry {
    char title[ENTRY_TITLE_MAX];
    char kernel[ISO_PATH_MAX];                     // absolute path in the ISO
    char initrds[ENTRY_INITRDS_MAX][ISO_PATH_MAX];
    unsigned initrd_count;
    char words[ENTRY_WORDS_MAX];                   // arguments as the configuration has them, expanded
};

struct boot_entries {
    struct boot_entry entry[ENTRIES_MAX];          // those whose kernel exists in the ISO, in menu order
    unsigned count;
    unsigned chosen;                               // the configuration's default
    char source[ISO_PATH_MAX + 32];                // "/boot/grub/grub.cfg", "table: Fedora live", ...
};

// Fills *out (about 800 KiB: on the heap, never on the stack) from the first finder that yields an entry
// whose kernel file exists. 0, ERR_NO_BOOT_ENTRY, ERR_ISO_INVALID.
int boot_entries_find(const struct iso *iso, struct boot_entries *out);

// Chooses by `wanted`: a number (menu position from 0, "1>2" through submenus is the flattened position),
// or a title: equal, else a unique case-insensitive part. 0 and out->chosen set, or ERR_NO_BOOT_ENTRY with
// the titles there are in fail().
int boot_entries_choose(struct boot_entries *out, const char *wanted);

#endif
