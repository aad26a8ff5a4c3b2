// /proc/vmcore is an ELF file that Linux made from the core header in RAM; its PT_LOADs are the ISO.
// Spec: System V ABI, "ELF Header" and "Program Header"; Linux's fs/proc/vmcore.c.

#include "iso/medium-init/vmcore.h"  // vmcore_open
#include "iso/medium-init/sys.h"     // sys_pread

#include <linux/elf.h>
#include <linux/fcntl.h>

#define EINVAL 22
#define SEGMENTS_MAX 64

static int is_core(const Elf64_Ehdr *ehdr)
{
    return ehdr->e_ident[0] == ELFMAG0 && ehdr->e_ident[1] == ELFMAG1 && ehdr->e_ident[2] == ELFMAG2 &&
           ehdr->e_ident[3] == ELFMAG3 && ehdr->e_type == ET_CORE &&
           ehdr->e_phentsize == sizeof(Elf64_Phdr) && ehdr->e_phnum <= SEGMENTS_MAX;
}

// The segments follow each other in the file in the order of the ISO's bytes, so its first and last byte
// are all there is to know.
static long find_iso(struct medium *medium, const Elf64_Ehdr *ehdr)
{
    __u64 end = 0;

    for (unsigned i = 0; i < ehdr->e_phnum; i++) {
        Elf64_Phdr phdr;
        if (sys_pread(medium->fd, &phdr, sizeof(phdr), ehdr->e_phoff + i * sizeof(phdr)) != sizeof(phdr))
            return -EINVAL;
        if (phdr.p_type != PT_LOAD)
            continue;
        if (end == 0)
            medium->offset = phdr.p_offset;
        end = phdr.p_offset + phdr.p_filesz;
    }
    if (end <= medium->offset)
        return -EINVAL;
    medium->length = end - medium->offset;
    return 0;
}

long vmcore_open(struct medium *medium)
{
    Elf64_Ehdr ehdr;

    medium->fd = sys_open("/proc/vmcore", O_RDONLY | O_CLOEXEC);
    if (medium->fd < 0)
        return medium->fd;
    long rc = -EINVAL;
    if (sys_pread(medium->fd, &ehdr, sizeof(ehdr), 0) == sizeof(ehdr) && is_core(&ehdr))
        rc = find_iso(medium, &ehdr);
    if (rc < 0)
        sys_close(medium->fd);
    return rc;
}
