// bzImage: checks the header of the kernel file, reads what it says of itself, puts it into RAM.
// Spec: Documentation/arch/x86/boot.rst, "The Real-Mode Kernel Header", protocol 2.12 and newer.
// Not handled: 32-bit kernels, plain vmlinux ELF files, unpacking (the kernel does that itself).

#include "kernel/linux/image.h"  // image_place
#include "kernel/linux/claims.h" // claims_take_at
#include "kernel/memory.h"       // memmap_ranges
#include "lib/err.h"             // fail

#include <asm/bootparam.h>
#include <assert.h>
#include <string.h>

#define HEADER_MAGIC 0x53726448u    // "HdrS"
#define BOOT_FLAG 0xaa55
#define PROTOCOL_MIN 0x020c         // 2.12, Linux 3.8: xloadflags, 64-bit entry
#define SECTOR 512u
#define SETUP_SECTS_DEFAULT 4u      // when the field is 0, for reasons of history
#define HEADER_LENGTH_AT 0x201      // the jump's displacement: where the header ends, from 0x202
#define HEADER_END_BASE 0x202
#define VERSION_BASE 0x200          // kernel_version counts from here
#define ALIGNMENT_MAX GIB(1)
#define PARAGRAPH 16u               // unit of syssize

static_assert(sizeof(struct boot_params) == 4096, "boot_params is one page");
static_assert(offsetof(struct boot_params, hdr) == SETUP_HEADER_OFFSET, "header offset");
static_assert(sizeof(struct setup_header) <= SETUP_HEADER_ROOM, "header fits");

uint64_t pieces_length(const struct linux_piece *piece, unsigned count)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < count; i++)
        if (__builtin_add_overflow(sum, piece[i].length, &sum))
            return UINT64_MAX;
    return sum;
}

uint64_t pieces_copy(const struct linux_piece *piece, unsigned count, uint64_t offset, void *out,
                     uint64_t length)
{
    uint64_t done = 0;

    for (unsigned i = 0; i < count && done < length; i++) {
        if (offset >= piece[i].length) {
            offset -= piece[i].length;
            continue;
        }
        uint64_t part = piece[i].length - offset;
        if (part > length - done)
            part = length - done;
        memcpy((uint8_t *)out + done, (const uint8_t *)piece[i].data + offset, part);
        done += part;
        offset = 0;
    }
    return done;
}

int image_setup_header(const struct linux_piece *kernel, unsigned count, uint8_t *out)
{
    uint8_t displacement;

    memset(out, 0, SETUP_HEADER_ROOM);
    if (pieces_copy(kernel, count, HEADER_LENGTH_AT, &displacement, 1) != 1)
        return fail(ERR_KERNEL_INVALID, "the kernel file ends inside its header");
    uint64_t length = HEADER_END_BASE + displacement - SETUP_HEADER_OFFSET;
    if (length > SETUP_HEADER_ROOM)
        length = SETUP_HEADER_ROOM;
    if (pieces_copy(kernel, count, SETUP_HEADER_OFFSET, out, length) != length)
        return fail(ERR_KERNEL_INVALID, "the kernel file ends inside its header");
    return 0;
}

// The decimal number at *text, which is moved behind it. Stops before it could overflow.
static unsigned read_number(const char **text)
{
    unsigned value = 0;

    while (**text >= '0' && **text <= '9' && value < 100000)
        value = value * 10 + (unsigned)(*(*text)++ - '0');
    return value;
}

// "6.1.0-25-amd64 (debian-kernel@...) #1 SMP ...": the whole for people, the first two numbers for us.
static void read_version(const struct linux_piece *kernel, unsigned count, uint16_t at,
                         struct linux_kernel_info *out)
{
    if (at == 0)
        return;
    pieces_copy(kernel, count, VERSION_BASE + (uint64_t)at, out->version, sizeof(out->version) - 1);
    for (char *c = out->version; *c; c++)
        if (*c < ' ' || *c > '~')
            *c = '?';
    const char *text = out->version;
    unsigned major = read_number(&text);
    if (major == 0 || *text++ != '.')
        return;
    out->major = major;
    out->minor = read_number(&text);
}

static int check_header(const struct setup_header *hdr)
{
    if (hdr->boot_flag != BOOT_FLAG || hdr->header != HEADER_MAGIC)
        return fail(ERR_KERNEL_INVALID, "the kernel file is not a bzImage (no HdrS header)");
    if (hdr->version < PROTOCOL_MIN)
        return fail(ERR_KERNEL_INVALID, "its boot protocol is %u.%02u, 2.12 (Linux 3.8) is needed",
                    hdr->version >> 8, hdr->version & 0xff);
    if (!(hdr->xloadflags & XLF_KERNEL_64))
        return fail(ERR_KERNEL_INVALID, "it is a 32-bit kernel");
    if (!(hdr->loadflags & LOADED_HIGH))
        return fail(ERR_KERNEL_INVALID, "it is a zImage");
    if (hdr->init_size == 0 || hdr->cmdline_size == 0)
        return fail(ERR_KERNEL_INVALID, "its header has no init_size or cmdline_size");
    uint32_t align = hdr->kernel_alignment;
    if (align < PAGE_SIZE || align > ALIGNMENT_MAX || (align & (align - 1)) != 0)
        return fail(ERR_KERNEL_INVALID, "its kernel_alignment is 0x%x", align);
    if (hdr->pref_address % align != 0)
        return fail(ERR_KERNEL_INVALID, "its pref_address is 0x%llx", (unsigned long long)hdr->pref_address);
    return 0;
}

// The file must hold all of the protected-mode part: syssize paragraphs of it, which the build rounds up.
static int check_sizes(const struct setup_header *hdr, uint64_t length, struct linux_kernel_info *out)
{
    unsigned sectors = hdr->setup_sects ? hdr->setup_sects : SETUP_SECTS_DEFAULT;

    out->setup_size = (sectors + 1) * SECTOR;
    if (length <= out->setup_size + ENTRY_64)
        return fail(ERR_KERNEL_INVALID, "the kernel file ends inside its setup code");
    out->image_size = length - out->setup_size;
    uint64_t announced = (uint64_t)hdr->syssize * PARAGRAPH;
    uint64_t payload_end = (uint64_t)hdr->payload_offset + hdr->payload_length;
    if (out->image_size + PARAGRAPH <= announced || out->image_size < payload_end)
        return fail(ERR_KERNEL_INVALID, "the kernel file is cut off: %llu bytes of %llu",
                    (unsigned long long)out->image_size,
                    (unsigned long long)(announced > payload_end ? announced : payload_end));
    return 0;
}

int linux_kernel_info(const struct linux_piece *kernel, unsigned count, struct linux_kernel_info *out)
{
    union {
        uint8_t bytes[SETUP_HEADER_ROOM];
        struct setup_header hdr;
    } header;

    memset(out, 0, sizeof(*out));
    int rc = image_setup_header(kernel, count, header.bytes);
    if (rc != 0)
        return rc;
    const struct setup_header *hdr = &header.hdr;
    rc = check_header(hdr);
    if (rc == 0)
        rc = check_sizes(hdr, pieces_length(kernel, count), out);
    if (rc != 0)
        return rc;

    out->protocol = hdr->version;
    out->cmdline_size = hdr->cmdline_size;
    out->init_size = hdr->init_size;
    out->alignment = hdr->kernel_alignment;
    out->pref_address = hdr->pref_address;
    out->relocatable = hdr->relocatable_kernel != 0;
    out->above_4g = (hdr->xloadflags & XLF_CAN_BE_LOADED_ABOVE_4G) != 0;
    out->initrd_max = hdr->initrd_addr_max;
    read_version(kernel, count, hdr->kernel_version, out);
    return 0;
}

// The lowest aligned start >= min in free RAM with `length` bytes before max; 0 when there is none.
static uint64_t lowest_free(uint64_t length, uint64_t align, uint64_t min, uint64_t max)
{
    unsigned count;
    const struct mem_range *range = memmap_ranges(&count);

    for (unsigned i = 0; i < count; i++) {
        if (range[i].type != MEM_RAM || range[i].owner != NULL)
            continue;
        uint64_t start = range[i].base > min ? range[i].base : min;
        uint64_t end = range[i].base + range[i].length;
        start = (start + align - 1) & ~(align - 1);
        if (end > max)
            end = max;
        if (start < end && end - start >= length)
            return start;
    }
    return 0;
}

int image_place(const struct linux_piece *kernel, unsigned count, const struct linux_kernel_info *info,
                struct claims *claims, uint64_t *base)
{
    uint64_t need = info->init_size > info->image_size ? info->init_size : info->image_size;
    uint64_t min = info->pref_address > MEM_LOW_END ? info->pref_address : MEM_LOW_END;

    need = (need + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
    uint64_t max = info->relocatable ? GIB(4) : info->pref_address + need;
    uint64_t place = lowest_free(need, info->alignment, min, max);
    if (place == 0 && info->relocatable && info->above_4g)
        place = lowest_free(need, info->alignment, min, UINT64_MAX);
    if (place == 0)
        return fail(ERR_NOT_ENOUGH_MEMORY, "the kernel needs %llu MiB in one run, %s",
                    (unsigned long long)(need / MIB(1)),
                    info->relocatable ? "no free run of RAM is that long" : "at a place that is not free");
    int rc = claims_take_at(claims, place, need, "Linux kernel");
    if (rc != 0)
        return rc;
    // SAFETY: [place, place + need) is RAM, identity-mapped and ours by the claim; need >= image_size.
    pieces_copy(kernel, count, info->setup_size, (void *)(uintptr_t)place, info->image_size);
    *base = place;
    return 0;
}
