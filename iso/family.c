// How live systems look for their medium, and the words that point them to ours. Sources, by row:
// live-boot 9990-misc-helpers.sh; casper scripts/casper; dracut dmsquash-live; anaconda-lib.sh; archiso
// hooks/archiso; miso; Alpine nlplug-findfs; NixOS stage-1-init.sh; cdrom-detect.
// What is not in the ISO's words or files is not guessed: the last row adds nothing.
#include "iso/family.h"  // struct family

#include "iso/finder.h"  // iso_has
#include "lib/err.h"     // fail
#include "lib/log.h"     // log_info

#include <string.h>

#define MARKS_MAX 4
#define ALPINE_MODULES "modules=loop,squashfs,sd-mod,usb-storage,nd_e820,nd_pmem"

static const struct row {
    struct family family;
    const char *words[MARKS_MAX];   // any of these at the start of a word of the entry
    const char *kernels;            // or the kernel's path starts so
    const char *files[MARKS_MAX];   // or any of these files is in the ISO
} rows[] = {
    {   // find_livefs leaves loop devices out unless live-media= names one; it mounts a file ending in .iso
        .family = {.name = "Debian live-boot", .loop_words = "live-media=/dev/loop0",
                   .pmem_words = "live-media=/dev/pmem0", .file_words = "live-media=/live.iso"},
        .words = {"boot=live"},
        .kernels = "/live/",
    },
    {   // as live-boot; a persistent partition would be looked for on our "disk"
        .family = {.name = "casper", .loop_words = "live-media=/dev/loop0 nopersistent",
                   .pmem_words = "live-media=/dev/pmem0 nopersistent",
                   .file_words = "live-media=/live.iso nopersistent"},
        .words = {"boot=casper"},
        .kernels = "/casper",
        .files = {"/casper/filesystem.squashfs", "/casper/install-sources.yaml"},
    },
    {   // udev makes the by-label links for loop and pmem devices alike
        .family = {.name = "dracut live", .loop_words = "", .pmem_words = "",
                   .file_words = "root=live:/live.iso"},
        .words = {"root=live:", "rd.live.image"},
        .files = {"/LiveOS/squashfs.img", "/LiveOS/rootfs.img"},
    },
    {
        .family = {.name = "anaconda", .loop_words = "", .pmem_words = ""},
        .words = {"inst.stage2=", "inst.repo="},
        .files = {"/images/install.img"},
    },
    {   // the medium is found by label or UUID; copytoram=auto would copy it to RAM a second time
        .family = {.name = "archiso", .loop_words = "copytoram=n", .pmem_words = "copytoram=n",
                   .pmem_in_initrd = true},
        .words = {"archisosearchuuid=", "archisolabel=", "archisodevice="},
    },
    {   // its loopback.cfg names a file on a disk instead, which family_words drops
        .family = {.name = "archiso", .loop_words = "archisodevice=/dev/loop0 copytoram=n",
                   .pmem_words = "archisodevice=/dev/pmem0 copytoram=n", .pmem_in_initrd = true},
        .words = {"archisobasedir="},
    },
    {
        .family = {.name = "miso", .loop_words = "", .pmem_words = ""},
        .words = {"misolabel=", "misobasedir=", "misodevice="},
    },
    {   // every block device is tried, but the drivers have to be there by then
        .family = {.name = "Alpine", .loop_words = ALPINE_MODULES, .pmem_words = ALPINE_MODULES,
                   .pmem_in_initrd = true},
        .words = {"alpine_dev=", "alpine_repo="},
        .files = {"/.alpine-release", "/apks/.boot_repository"},
    },
    {
        .family = {.name = "NixOS", .loop_words = "", .pmem_words = ""},
        .words = {"init=/nix/store/"},
    },
    {   // cdrom-detect lists drives by kind; neither loop nor pmem is among them
        .family = {.name = "Debian installer", .loop_words = "", .pmem_words = "",
                   .caveat = "the Debian installer looks for its packages on CD-ROM and USB drives only: "
                             "it will not find this ISO"},
        .words = {"file=/cdrom/"},
        .kernels = "/install",
        .files = {"/.disk/cd_type"},
    },
    {   // lives in its initrd
        .family = {.name = "TinyCore", .loop_words = "", .pmem_words = "", .file_words = ""},
        .files = {"/boot/corepure64.gz"},
    },
    {
        .family = {.name = "unknown", .loop_words = "", .pmem_words = "", .file_words = "",
                   .caveat = "how this system looks for its medium is not known: it may have to be told "
                             "with append="},
    },
};

// Words that would make a system look for the ISO as a file on a disk, or copy it once more.
static const char *const dropped[] = {
    "findiso", "iso-scan/filename", "fromiso", "toram", "copytoram", "rd.live.ram", "img_dev", "img_loop",
    "img_flags", "isoboot", "isofrom", "isofrom_device", "isofrom_system", "iso_filename",
};

// Takes the next word as Linux splits them: blanks inside double quotes do not end one.
static bool next_word(struct text *words, struct text *word)
{
    bool quoted = false;

    while (words->at < words->end && *words->at == ' ')
        words->at++;
    word->at = words->at;
    for (; words->at < words->end && (quoted || *words->at != ' '); words->at++)
        quoted ^= *words->at == '"';
    word->end = words->at;
    return word->at < word->end;
}

// The key of "key=value", a quote in front left out.
static struct text key_of(const struct text *word)
{
    struct text key = *word;
    const char *equals;

    if (key.at < key.end && *key.at == '"')
        key.at++;
    equals = memchr(key.at, '=', (size_t)(key.end - key.at));
    if (equals)
        key.end = equals;
    while (key.end > key.at && key.end[-1] == '"')
        key.end--;
    return key;
}

static struct text text_of(const char *s)
{
    return (struct text){s, s + strlen(s)};
}

static bool starts_with(const struct text *word, const char *start)
{
    size_t length = strlen(start);

    return (size_t)(word->end - word->at) >= length && memcmp(word->at, start, length) == 0;
}

static bool has_word(const struct boot_entry *entry, const char *start)
{
    struct text words = text_of(entry->words), word;

    while (next_word(&words, &word))
        if (starts_with(&word, start))
            return true;
    return false;
}

static bool words_match(const struct row *row, const struct boot_entry *entry)
{
    for (unsigned i = 0; i < MARKS_MAX && row->words[i]; i++)
        if (has_word(entry, row->words[i]))
            return true;
    return false;
}

static bool files_match(const struct row *row, const struct iso *iso, const struct boot_entry *entry)
{
    if (row->kernels && strncmp(entry->kernel, row->kernels, strlen(row->kernels)) == 0)
        return true;
    for (unsigned i = 0; i < MARKS_MAX && row->files[i]; i++)
        if (iso_has(iso, row->files[i], false))
            return true;
    return false;
}

const struct family *family_detect(const struct iso *iso, const struct boot_entry *entry)
{
    const size_t last = sizeof(rows) / sizeof(rows[0]) - 1;

    for (size_t i = 0; i < last; i++)  // words first: an ISO may hold files of several families
        if (words_match(&rows[i], entry))
            return &rows[i].family;
    for (size_t i = 0; i < last; i++)
        if (files_match(&rows[i], iso, entry))
            return &rows[i].family;
    return &rows[last].family;
}

static bool same_text(const struct text *a, const struct text *b)
{
    size_t length = (size_t)(a->end - a->at);

    return length == (size_t)(b->end - b->at) && memcmp(a->at, b->at, length) == 0;
}

// Why a word of the entry does not get to Linux; NULL: it does.
static const char *why_dropped(const struct text *word, const char *medium_words)
{
    struct text key = key_of(word), ours = text_of(medium_words), our_word;

    for (size_t i = 0; i < sizeof(dropped) / sizeof(dropped[0]); i++) {
        struct text name = text_of(dropped[i]);

        if (same_text(&key, &name))
            return "it would hide the ISO in memory or copy it once more";
    }
    while (next_word(&ours, &our_word)) {
        struct text our_key = key_of(&our_word);

        if (same_text(&key, &our_key))
            return "urlboot's own word for the medium replaces it";
    }
    return NULL;
}

struct line {                  // the command line as it grows
    char *out;
    size_t size, used;
    bool full;
};

static void line_add(struct line *line, const struct text *word)
{
    size_t length = (size_t)(word->end - word->at);
    size_t blank = line->used > 0 && length > 0;

    if (line->used + blank + length >= line->size) {
        line->full = true;
        return;
    }
    if (blank)
        line->out[line->used++] = ' ';
    memcpy(line->out + line->used, word->at, length);
    line->used += length;
}

int family_words(const struct family *family, const struct boot_entry *entry, const char *medium_words,
                 char *out, size_t size)
{
    struct text words = text_of(entry->words), ours = text_of(medium_words), word;
    struct line line = {.out = out, .size = size};
    bool behind = false;  // "---" or "--": what follows is for the installed system or for init

    while (next_word(&words, &word)) {
        struct text dashes = text_of("---"), init = text_of("--");

        if (!behind && (same_text(&word, &dashes) || same_text(&word, &init))) {
            line_add(&line, &ours);
            behind = true;
        }
        const char *why = why_dropped(&word, medium_words);
        if (why)
            log_info("words: %.*s is left out: %s", (int)(word.end - word.at), word.at, why);
        else
            line_add(&line, &word);
    }
    if (!behind)
        line_add(&line, &ours);
    if (line.full || size == 0)
        return fail(ERR_OPTION_INVALID, "the command line of %s is longer than %llu bytes", family->name,
                    (unsigned long long)size);
    out[line.used] = '\0';
    return 0;
}
