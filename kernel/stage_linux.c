// The last stages: from an ISO in RAM to Linux.

#include "kernel/stages.h"         // stage_linux
#include "drivers/nic.h"           // nic_stop_all
#include "iso/boot_entry.h"        // boot_entries_find
#include "iso/family.h"            // family_detect
#include "iso/iso9660.h"           // iso_open
#include "kernel/linux/linux.h"    // linux_prepare
#include "kernel/log_ring.h"       // log_ring_text
#include "kernel/memory.h"         // kmalloc
#include "kernel/phase.h"          // phase_begin
#include "kernel/timer.h"          // timer_stop
#include "lib/err.h"               // fail
#include "lib/log.h"               // log_info
#include "net/stack.h"             // stack_down

#include <stdio.h>
#include <string.h>

static struct linux_request request;
static struct linux_image image;

// Replaces what was found by what the command line insists on.
static int override_entry(const struct options *opt, struct boot_entry *entry)
{
    if (opt->kernel != NULL)
        snprintf(entry->kernel, sizeof(entry->kernel), "%s", opt->kernel);
    if (opt->initrd_count > 0) {
        for (unsigned i = 0; i < opt->initrd_count; i++)
            snprintf(entry->initrds[i], sizeof(entry->initrds[i]), "%s", opt->initrds[i]);
        entry->initrd_count = opt->initrd_count;
    }
    if (opt->append != NULL && snprintf(entry->words, sizeof(entry->words), "%s", opt->append) >=
                                   (int)sizeof(entry->words))
        return fail(ERR_OPTION_INVALID, "append= is longer than %u bytes", ENTRY_WORDS_MAX - 1);
    return 0;
}

static int choose_entry(const struct options *opt, const struct iso *iso, struct boot_entries *entries)
{
    int err = boot_entries_find(iso, entries);

    if (err == ERR_NO_BOOT_ENTRY && opt->kernel != NULL) {
        memset(entries, 0, sizeof(*entries));
        entries->count = 1;
        snprintf(entries->source, sizeof(entries->source), "the command line");
        err = 0;
    }
    if (!err && opt->entry != NULL)
        err = boot_entries_choose(entries, opt->entry);
    if (!err)
        err = override_entry(opt, &entries->entry[entries->chosen]);
    return err;
}

// Appends the extents of `file` to a list of pieces.
static int add_pieces(const struct iso_file *file, struct linux_piece *pieces, unsigned *count)
{
    for (unsigned i = 0; i < file->extent_count; i++) {
        if (*count == LINUX_PIECES_MAX)
            return fail(ERR_ISO_INVALID, "%s lies in too many pieces", file->path);
        pieces[(*count)++] = (struct linux_piece){
            .data = file->extents[i].data,
            .length = file->extents[i].length,
            .file_end = i + 1 == file->extent_count,
        };
    }
    return 0;
}

static int collect_files(const struct iso *iso, const struct boot_entry *entry, uint64_t *initrd_size)
{
    static struct iso_file file;
    int err = iso_find(iso, entry->kernel, &file);

    *initrd_size = 0;
    if (!err)
        err = add_pieces(&file, request.kernel, &request.kernel_count);
    for (unsigned i = 0; !err && i < entry->initrd_count; i++) {
        err = iso_find(iso, entry->initrds[i], &file);
        if (!err)
            err = add_pieces(&file, request.initrd, &request.initrd_count);
        *initrd_size += file.size;
    }
    return err;
}

static int choose_medium(struct boot *b, const struct family *family, uint64_t initrd_size)
{
    struct linux_kernel_info kernel;
    int err = linux_kernel_info(request.kernel, request.kernel_count, &kernel);

    if (err)
        return err;
    log_info("kernel: Linux %s", kernel.version);
    if (b->options.medium == OPT_MEDIUM_NONE) {
        log_info("medium: none, as asked");
        return 0;
    }
    request.medium = (struct linux_medium){
        .base = b->image.base + IMAGE_HEADER_SIZE,
        .length = b->image.length,
        .claimed = b->image.claimed - IMAGE_HEADER_SIZE,
        .header = b->image.base,
    };
    struct linux_medium_query query = {
        .wanted = b->options.medium,
        .kernel = &kernel,
        .have_initrd = request.initrd_count > 0,
        .file_works = family->file_words != NULL,
        .has_pmem_driver = family->pmem_in_initrd,
        .initrd_size = initrd_size,
        .ram = memmap_total_ram(),
    };
    err = linux_medium_choose(&query, &request.medium);
    if (!err)
        log_info("medium: %s", request.medium.why);
    return err;
}

static const char *medium_words(const struct family *family, const struct linux_medium *medium)
{
    if (medium->initrd)
        return family->file_words;
    if (medium->vmcore)
        return family->loop_words;
    return medium->pmem ? family->pmem_words : NULL;
}

static int compose_cmdline(const struct boot *b, const struct family *family, const struct boot_entry *entry)
{
    static char cmdline[LINUX_CMDLINE_MAX];
    const char *words = medium_words(family, &request.medium);
    const char *user = b->options.linux_words;
    int err = 0;

    if (words != NULL)
        err = family_words(family, entry, words, cmdline, sizeof(cmdline));
    else
        snprintf(cmdline, sizeof(cmdline), "%s", entry->words);
    if (err)
        return err;
    size_t used = strlen(cmdline);
    int more = snprintf(cmdline + used, sizeof(cmdline) - used, "%s%s", user[0] ? " " : "", user);
    if (used + (size_t)more >= sizeof(cmdline))
        return fail(ERR_OPTION_INVALID, "the Linux command line is longer than %u bytes",
                    LINUX_CMDLINE_MAX - 1);
    request.cmdline = cmdline;
    return 0;
}

static int prepare(struct boot *b, const struct iso *iso, const struct boot_entry *entry)
{
    const struct family *family = family_detect(iso, entry);
    uint64_t initrd_size;
    int err = collect_files(iso, entry, &initrd_size);

    log_info("family: %s", family->name);
    if (family->caveat != NULL && b->options.medium != OPT_MEDIUM_NONE)
        log_warn("%s", family->caveat);
    if (!err)
        err = choose_medium(b, family, initrd_size);
    if (!err)
        err = compose_cmdline(b, family, entry);
    if (err)
        return err;
    phase_begin(PHASE_LINUX);
    request.info = b->info;
    request.log = log_ring_text(&request.log_size);
    err = linux_prepare(&request, &image);
    if (err)
        return err;
    log_info("linux: kernel at 0x%llx, initrd at 0x%llx (%llu KiB)", (unsigned long long)image.kernel_base,
             (unsigned long long)image.initrd_base, (unsigned long long)(image.initrd_size / KIB(1)));
    log_info("linux: %s", image.cmdline);
    return 0;
}

int stage_linux(struct boot *b)
{
    static struct iso iso;

    phase_begin(PHASE_ISO);
    struct boot_entries *entries = kmalloc(sizeof(*entries));
    if (entries == NULL)
        return fail(ERR_OUT_OF_HEAP, "no room for the list of boot entries");
    int err = iso_open(&iso, image_sink_iso(&b->image), b->image.length);
    if (!err)
        log_info("iso: '%s'%s%s, %llu MiB", iso.label, iso.rock_ridge ? ", Rock Ridge" : "",
                 iso.joliet ? ", Joliet" : "", (unsigned long long)(b->image.length / MIB(1)));
    if (!err)
        err = choose_entry(&b->options, &iso, entries);
    if (!err) {
        const struct boot_entry *entry = &entries->entry[entries->chosen];
        log_info("entry: '%s' from %s (entry=%u of 0 to %u)", entry->title, entries->source, entries->chosen,
                 entries->count - 1);
        log_info("entry: %s, %u initrd%s", entry->kernel, entry->initrd_count,
                 entry->initrd_count == 1 ? "" : "s");
        err = prepare(b, &iso, entry);
    }
    kfree(entries);
    return err;
}

void stage_leave(struct boot *b)
{
    phase_summary(b->image.length);
    log_info("starting Linux %s", image.version);
    stack_down();
    nic_stop_all();
    timer_stop();
    linux_start(&image);
}
