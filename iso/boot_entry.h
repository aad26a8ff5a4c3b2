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
#define ENTRY_POSITION_MAX 24
#define ENTRIES_MAX 64
#define ENTRIES_WORK (256u << 10)

struct boot_entry {
    char title[ENTRY_TITLE_MAX];
    char position[ENTRY_POSITION_MAX];             // in the ISO's own menu: "2", in a submenu "1>0"
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
    char refused[ISO_PATH_MAX + 64];               // the last kernel that was named but did not do, and why
    _Alignas(16) unsigned char work[ENTRIES_WORK]; // for the parsers, meaningless afterwards
};

// Fills *out (about 1 MiB: on the heap, never on the stack) from the first finder that yields an entry
// whose kernel is there and is a 64-bit Linux; memory tests, 32-bit kernels and other systems drop out.
// Initrds are taken as they are named: iso_find() tells when one is missing. 0; ERR_NO_BOOT_ENTRY with
// what was found instead in fail(); ERR_ISO_INVALID.
//
// Example:
//     struct boot_entries *entries = kmalloc(sizeof(*entries));
//     rc = boot_entries_find(&iso, entries);
//     if (rc == 0 && opt->entry)
//         rc = boot_entries_choose(entries, opt->entry);
//     entry = &entries->entry[entries->chosen];
int boot_entries_find(const struct iso *iso, struct boot_entries *out);

// Chooses by `wanted`: a number from 0 (place in the list of bootable entries, submenus flattened), "1>2"
// (place in the ISO's own menu), or a title: equal, else a unique case-insensitive part. 0 and
// out->chosen set, or ERR_NO_BOOT_ENTRY with the titles there are in fail().
int boot_entries_choose(struct boot_entries *out, const char *wanted);

#endif
