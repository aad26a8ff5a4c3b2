// Inside iso/: the finders of boot entries, and what they share. Each looks for its own kind of
// configuration, appends usable entries to out->entry[], sets out->chosen and out->source.
#ifndef URLBOOT_ISO_FINDER_H
#define URLBOOT_ISO_FINDER_H

#include <stdbool.h>
#include <stddef.h>

#include "iso/boot_entry.h"  // struct boot_entries

#define CONFIG_BYTES_MAX (1u << 20)  // a longer configuration is nonsense
#define LABEL_WORD_MAX 132           // 32 characters, four each, and the end

struct text {                  // bytes of a configuration, in the ISO
    const char *at, *end;
};

// Each appends what `path` (absolute, exists) yields; out->count stays when there is nothing.
// `path` may be NULL for finders that know their own files. 0 or ERR_ISO_INVALID.
int find_grub(const struct iso *iso, const char *path, struct boot_entries *out);
int find_bls(const struct iso *iso, const char *path, struct boot_entries *out);
int find_isolinux(const struct iso *iso, const char *path, struct boot_entries *out);
int find_treeinfo(const struct iso *iso, const char *path, struct boot_entries *out);
int find_known(const struct iso *iso, const char *path, struct boot_entries *out);

// The volume's label as one word in out[LABEL_WORD_MAX], as udev writes it in /dev/disk/by-label: blanks
// become \x20.
void label_word(const struct iso *iso, char *out);

// The entry to fill next, emptied; NULL when the table is full.
struct boot_entry *entry_begin(struct boot_entries *out);

// Takes the entry being filled into the list when its kernel is a 64-bit Linux in the ISO; its title is
// cleaned. True when it was taken.
bool entry_commit(const struct iso *iso, struct boot_entries *out);

// Appends `length` bytes of `word` to the entry's words, after a blank when there are some already.
// False when they do not fit: the entry must not be used then.
bool entry_add_words(struct boot_entry *entry, const char *word, size_t length);

// Adds an initrd path. False when there are too many or it is too long.
bool entry_add_initrd(struct boot_entry *entry, const char *path);

// The text of configuration `path`. False when it is not there, not in one piece or too long.
bool config_text(const struct iso *iso, const char *path, struct text *text);

// Whether the ISO has a file (or, with `directory`, a directory) at `path`.
bool iso_has(const struct iso *iso, const char *path, bool directory);

// Takes the next line, without its end, blanks on both sides trimmed. False when there is none.
bool text_line(struct text *text, struct text *line);

// Takes the next blank-separated word of a line. False when there is none.
bool text_word(struct text *line, struct text *word);

// Whether the text is `s`, without regard to case.
bool text_is(const struct text *text, const char *s);

// Copies the text as a string; false (and an empty string) when it does not fit.
bool text_copy(const struct text *text, char *out, size_t size);

#endif
