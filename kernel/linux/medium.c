// The ISO in RAM as a medium for Linux: which ways are offered, the ELF core header, the words.
// Spec: System V ABI, "ELF Header" and "Program Header"; Linux's fs/proc/vmcore.c and nvdimm/namespace_devs.c
// for what they accept. Pure: builds on the host.
// Not handled: an ISO in several pieces of RAM (vmcore could do it, with one PT_LOAD each).

#include "kernel/linux/medium.h"  // medium_offer
#include "kernel/linux/cpio.h"    // CPIO_FILE_MAX
#include "kernel/memory.h"        // memmap_set_linux_type
#include "lib/err.h"              // fail

#include <assert.h>
#include <linux/elf.h>
#include <stdio.h>
#include <string.h>

#define NOTE_NAME "CORE"
#define NOTE_PAGE PAGE_SIZE              // the note lies in the page behind the headers
#define SUBSECTION_MAJOR 5               // Linux 5.3: pmem may begin anywhere at 2 MiB ...
#define SUBSECTION_MINOR 3
#define SECTION_SIZE MIB(128)            // ... before, at whole memory sections only
#define VMCORE_MAJOR 5                   // Linux 5.19: /proc/vmcore has read_iter, which loop needs
#define VMCORE_MINOR 19
#define FILE_SPARE MIB(600)              // kernel, unpacked initrd and first programs beside two ISOs
#define TMPFS_PERCENT 40                 // of RAM; the initramfs is a tmpfs that takes 50 % at most
#define OUR_WORDS_MAX 512

struct core_note {                       // one note, and an empty one: Linux reads on until it finds that
    Elf64_Nhdr header;
    char name[8];
    uint32_t desc;
    Elf64_Nhdr end;
};

struct core_header {                     // written by us, read once by Linux while it boots
    Elf64_Ehdr ehdr;
    Elf64_Phdr note, load;
};

static_assert(sizeof(struct core_header) <= NOTE_PAGE, "headers fit into the first page");
static_assert(sizeof(struct core_note) == 36, "ELF note: 12 + 8 + 4, then 12 zeros");

static bool at_least(const struct linux_kernel_info *kernel, unsigned major, unsigned minor)
{
    if (kernel->major == 0)
        return true;  // a version nobody can read is more likely new and home-made than old
    return kernel->major > major || (kernel->major == major && kernel->minor >= minor);
}

// Two ISOs at once: the initrd image is freed only when all of it is unpacked.
static bool file_fits(const struct linux_medium_query *query, uint64_t iso)
{
    return iso <= CPIO_FILE_MAX && 2 * iso + 2 * query->initrd_size + FILE_SPARE <= query->ram;
}

static bool pmem_works(const struct linux_medium_query *query, const struct linux_medium *medium)
{
    bool sections = !at_least(query->kernel, SUBSECTION_MAJOR, SUBSECTION_MINOR);
    uint64_t align = sections ? SECTION_SIZE : MEDIUM_ALIGN;

    return medium->base % align == 0 && medium->claimed % align == 0;
}

static int refuse_file(const struct linux_medium_query *query, uint64_t iso)
{
    if (!query->file_works)
        return fail(ERR_MEDIUM_IMPOSSIBLE, "this system cannot use an ISO file in its initramfs");
    if (iso > CPIO_FILE_MAX)
        return fail(ERR_MEDIUM_IMPOSSIBLE, "the ISO has %llu MiB, a file in an initramfs at most 4095",
                    (unsigned long long)(iso / MIB(1)));
    return fail(ERR_MEDIUM_IMPOSSIBLE,
                "as a file in the initramfs the ISO is in RAM twice: %llu MiB needed, %llu MiB there",
                (unsigned long long)((2 * iso + 2 * query->initrd_size + FILE_SPARE) / MIB(1)),
                (unsigned long long)(query->ram / MIB(1)));
}

static int choose(struct linux_medium *medium, bool pmem, bool vmcore, bool initrd, const char *why)
{
    medium->pmem = pmem;
    medium->vmcore = vmcore;
    medium->initrd = initrd;
    snprintf(medium->why, sizeof(medium->why), "%s", why);
    return 0;
}

static int choose_auto(const struct linux_medium_query *query, struct linux_medium *medium)
{
    bool pmem = pmem_works(query, medium);
    bool file = query->have_initrd && query->file_works && file_fits(query, medium->length);

    if (query->have_initrd && at_least(query->kernel, VMCORE_MAJOR, VMCORE_MINOR))
        return choose(medium, pmem, true, false, "left where it is: loop device on /proc/vmcore, and pmem");
    if (pmem && (query->has_pmem_driver || !query->have_initrd))
        return choose(medium, true, false, false, "left where it is, as pmem: older than Linux 5.19");
    if (file)
        return choose(medium, false, false, true, "copied into the initramfs: older than Linux 5.19");
    if (!query->have_initrd)
        return fail(ERR_MEDIUM_IMPOSSIBLE, "there is no initrd; pmem needs 128 MiB steps before Linux 5.3");
    return refuse_file(query, medium->length);
}

static int choose_vmcore(const struct linux_medium_query *query, struct linux_medium *medium)
{
    if (!query->have_initrd)
        return fail(ERR_MEDIUM_IMPOSSIBLE, "medium=vmcore needs an initrd, this system has none");
    if (!at_least(query->kernel, VMCORE_MAJOR, VMCORE_MINOR))
        return fail(ERR_MEDIUM_IMPOSSIBLE, "medium=vmcore needs Linux 5.19, this is %u.%u",
                    query->kernel->major, query->kernel->minor);
    return choose(medium, false, true, false, "loop device on /proc/vmcore, as asked");
}

int linux_medium_choose(const struct linux_medium_query *query, struct linux_medium *medium)
{
    choose(medium, false, false, false, "");
    switch (query->wanted) {
    case OPT_MEDIUM_AUTO:
        return choose_auto(query, medium);
    case OPT_MEDIUM_VMCORE:
        return choose_vmcore(query, medium);
    case OPT_MEDIUM_PMEM:
        if (!pmem_works(query, medium))
            return fail(ERR_MEDIUM_IMPOSSIBLE, "pmem needs 128 MiB steps before Linux 5.3, this is %u.%u",
                        query->kernel->major, query->kernel->minor);
        return choose(medium, true, false, false, "pmem, as asked");
    case OPT_MEDIUM_INITRD:
        if (!query->have_initrd)
            return fail(ERR_MEDIUM_IMPOSSIBLE, "medium=initrd needs an initrd, this system has none");
        if (!query->file_works || !file_fits(query, medium->length))
            return refuse_file(query, medium->length);
        return choose(medium, false, false, true, "a file in the initramfs, as asked");
    case OPT_MEDIUM_NONE:
        return choose(medium, false, false, false, "none, as asked");
    }
    return fail(ERR_OPTION_INVALID, "medium= has no such way");
}

// One PT_NOTE, because vmcore fails without a note, and one PT_LOAD whose bytes are the ISO. In
// /proc/vmcore the ISO begins at 8192: headers and notes take one page each there.
static void write_core_header(const struct linux_medium *medium)
{
    const struct core_header header = {
        .ehdr = {
            .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
            .e_type = ET_CORE,
            .e_machine = EM_X86_64,
            .e_version = EV_CURRENT,
            .e_phoff = offsetof(struct core_header, note),
            .e_ehsize = sizeof(Elf64_Ehdr),
            .e_phentsize = sizeof(Elf64_Phdr),
            .e_phnum = 2,
        },
        .note = {
            .p_type = PT_NOTE,
            .p_offset = medium->header + NOTE_PAGE,
            .p_paddr = medium->header + NOTE_PAGE,
            .p_filesz = sizeof(struct core_note),
            .p_memsz = sizeof(struct core_note),
        },
        .load = {
            .p_type = PT_LOAD,
            .p_flags = PF_R,
            .p_offset = medium->base,
            .p_paddr = medium->base,
            .p_filesz = medium->length,
            .p_memsz = medium->length,
        },
    };
    const struct core_note note = {
        .header = { .n_namesz = sizeof(NOTE_NAME), .n_descsz = sizeof(uint32_t), .n_type = 0 },
        .name = NOTE_NAME,
    };

    // SAFETY: MEDIUM_HEADER_SIZE bytes at header are claimed, identity-mapped RAM (struct linux_medium).
    uint8_t *page = (uint8_t *)(uintptr_t)medium->header;
    memset(page, 0, 2 * NOTE_PAGE);
    memcpy(page, &header, sizeof(header));
    memcpy(page + NOTE_PAGE, &note, sizeof(note));
}

static int check_layout(const struct linux_medium *medium)
{
    if (medium->base % MEDIUM_ALIGN != 0 || medium->claimed % MEDIUM_ALIGN != 0 ||
        medium->length > medium->claimed)
        return fail(ERR_MEDIUM_IMPOSSIBLE, "the ISO at 0x%llx does not lie at steps of 2 MiB",
                    (unsigned long long)medium->base);
    if (medium->vmcore && medium->header + MEDIUM_HEADER_SIZE != medium->base)
        return fail(ERR_MEDIUM_IMPOSSIBLE, "there is no room for the ELF core header in front of the ISO");
    return 0;
}

int medium_offer(const struct linux_medium *medium)
{
    if (medium->length == 0 || !(medium->pmem || medium->vmcore))
        return 0;
    int rc = check_layout(medium);
    if (rc != 0)
        return rc;
    rc = memmap_set_linux_type(medium->base, medium->claimed, medium->pmem ? MEM_PRAM : MEM_RESERVED);
    if (rc == 0 && medium->vmcore) {
        write_core_header(medium);
        rc = memmap_set_linux_type(medium->header, MEDIUM_HEADER_SIZE, MEM_RESERVED);
    }
    if (rc != 0)
        medium_withdraw(medium);
    return rc;
}

void medium_withdraw(const struct linux_medium *medium)
{
    if (medium->length == 0)
        return;
    memmap_set_linux_type(medium->base, medium->claimed, MEM_RAM);
    if (medium->header != 0)
        memmap_set_linux_type(medium->header, MEDIUM_HEADER_SIZE, MEM_RAM);
}

// kdump-tools would "save" the ISO as a crash dump and reboot, where the live system has it enabled.
static void our_words(const struct linux_medium *medium, uint64_t ram, char *out, size_t size)
{
    out[0] = '\0';
    if (medium->vmcore)
        snprintf(out, size,
                 "rdinit=/urlboot-init elfcorehdr=0x%llx systemd.mask=kdump-tools.service "
                 "systemd.mask=kdump-tools-dump.service systemd.mask=kdump.service ",
                 (unsigned long long)medium->header);
    else if (medium->initrd)
        snprintf(out, size, "rdinit=/urlboot-init %s",
                 medium->length / TMPFS_PERCENT > ram / 100 ? "rootfstype=ramfs " : "");
}

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

// Copies `from` to out[size] and renames words that begin with rdinit=, up to the word "--", behind which
// words are the init program's. Returns the length it needs.
static size_t copy_words(const char *from, bool rename, char *out, size_t size)
{
    static const char prefix[] = "urlboot_";
    size_t length = 0;
    bool quoted = false;

    for (const char *c = from; *c != '\0'; c++) {
        bool word = !quoted && (c == from || c[-1] == ' ');
        if (word && begins(c, "--") && (c[2] == ' ' || c[2] == '\0'))
            rename = false;
        if (word && rename && begins(c, "rdinit="))
            for (const char *p = prefix; *p != '\0'; p++, length++)
                if (length + 1 < size)
                    out[length] = *p;
        if (*c == '"')
            quoted = !quoted;
        if (length + 1 < size)
            out[length] = *c;
        length++;
    }
    out[length < size ? length : size - 1] = '\0';
    return length;
}

int medium_cmdline(const struct linux_medium *medium, const char *cmdline, uint32_t limit, uint64_t ram,
                   char *out, size_t size)
{
    char words[OUR_WORDS_MAX];

    our_words(medium, ram, words, sizeof(words));
    size_t first = strlen(words);
    if (first >= size)
        return fail(ERR_OPTION_INVALID, "there is no room for the command line");
    memcpy(out, words, first + 1);
    size_t total = first + copy_words(cmdline, first != 0, out + first, size - first);
    if (total >= size || total > limit)
        return fail(ERR_OPTION_INVALID, "the Linux command line has %zu bytes, this kernel takes %u", total,
                    limit);
    return 0;
}
