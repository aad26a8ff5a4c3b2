// Families of live systems: how each finds its medium, and the words that make it find ours. A table; the
// facts behind each row are in its comment. Pure: builds on the host.
#ifndef URLBOOT_ISO_FAMILY_H
#define URLBOOT_ISO_FAMILY_H

#include <stdbool.h>
#include <stddef.h>

#include "iso/boot_entry.h"  // struct boot_entry
#include "iso/iso9660.h"     // struct iso

struct family {
    const char *name;           // "Debian live-boot", "casper", ...
    const char *loop_words;     // added when urlboot-init makes a loop device ("" = finds it itself)
    const char *pmem_words;     // added when only /dev/pmem0 will be there
    const char *file_words;     // added when the ISO is /live.iso in the initramfs; NULL: cannot work
    const char *caveat;         // NULL, or what the user should know before it starts: one sentence
    bool pmem_in_initrd;        // its initrd is known to carry nd_pmem
};

// Recognises the family by the entry's words and the files in the ISO; never NULL (the last row is
// "unknown", which adds nothing).
const struct family *family_detect(const struct iso *iso, const struct boot_entry *entry);

// Builds the ISO system's own part of the command line: entry->words minus what would hide our medium or
// copy it once more (findiso=, iso-scan/filename=, fromiso=, toram, copytoram, rd.live.ram, ...: a table
// in family.c) and minus words whose key is among `medium_words`, plus `medium_words` (one of the family's
// three strings) in front of "---" or "--", behind which words are not for this boot. What is left out is
// logged.
// 0 or ERR_OPTION_INVALID when it does not fit into out[size].
//
// Example:
//     family = family_detect(&iso, entry);
//     rc = family_words(family, entry, family->loop_words, cmdline, sizeof(cmdline));
int family_words(const struct family *family, const struct boot_entry *entry, const char *medium_words,
                 char *out, size_t size);

#endif
