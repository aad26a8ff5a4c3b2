// boot_params: what the kernel is told about the machine and where its initrd and words are.
// Spec: Documentation/arch/x86/zero-page.rst and boot.rst; structures from Linux's own asm/bootparam.h.
// Pure: fills memory it is given, builds on the host.
// Not handled: EDD, APM, EDID and option ROMs, which no live system needs.

#include "kernel/linux/params.h"  // params_build
#include "kernel/linux/efi_map.h" // efi_map_rewrite

#include <asm/bootparam.h>
#include <assert.h>
#include <stddef.h>
#include <string.h>

#define LOADER_UNDEFINED 0xff        // type_of_loader; 0 would make Linux ignore the initrd
#define SECURE_BOOT_DISABLED 2       // enum efi_secureboot_mode: with Secure Boot nobody had started us
#define EFI_SIGNATURE_64 0x34364c45u  // "EL64"
#define BLOCK_ALIGN 16ull
#define VLFB_UNIT 65536u             // of lfb_size for VIDEO_TYPE_VLFB
#define TEXT_MODE 3                  // VGA mode 3: 80x25 colour
#define TEXT_COLUMNS 80
#define TEXT_LINES 25
#define TEXT_POINTS 16               // scan lines of a character
#define TEXT_IS_VGA 1                // as Linux's own real-mode code sets orig_video_isVGA

static_assert(sizeof(struct boot_e820_entry) == 20, "zero-page.rst");
static_assert(sizeof(struct setup_data) == 16, "boot.rst, setup_data");
static_assert(offsetof(struct boot_params, efi_info) == 0x1c0, "zero-page.rst");

struct layout {              // offsets in the block
    uint64_t cmdline, e820_ext, seed, efi_map, efi_room, end;
    unsigned extra;          // e820 entries that do not fit into boot_params
    uint32_t seed_size;
};

static uint64_t aligned(uint64_t offset)
{
    return (offset + BLOCK_ALIGN - 1) & ~(BLOCK_ALIGN - 1);
}

static struct layout lay_out(const struct params_input *in)
{
    const struct boot_efi *efi = &in->info->efi;
    struct layout at = { .cmdline = sizeof(struct boot_params) };

    at.extra = in->range_count > E820_MAX_ENTRIES_ZEROPAGE ? in->range_count - E820_MAX_ENTRIES_ZEROPAGE : 0;
    at.seed_size = in->seed_size < PARAMS_SEED_MAX ? in->seed_size : PARAMS_SEED_MAX;
    at.e820_ext = aligned(at.cmdline + strlen(in->cmdline) + 1);
    uint64_t ext_size = sizeof(struct setup_data) + at.extra * sizeof(struct boot_e820_entry);
    at.seed = aligned(at.e820_ext + (at.extra ? ext_size : 0));
    at.efi_map = aligned(at.seed + (at.seed_size ? sizeof(struct setup_data) + at.seed_size : 0));
    if (efi->present && efi->memory_map != NULL)
        at.efi_room = efi_map_room(efi->memory_map_size, efi->descriptor_size, in->keep_count + 1);
    at.end = (at.efi_map + at.efi_room + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
    return at;
}

uint64_t params_size(const struct params_input *input)
{
    return lay_out(input).end;
}

// Types that Linux knows pass; whatever else firmware invented (GRUB passes EFI's 20 on) is reserved.
static uint32_t e820_type(enum mem_type type)
{
    switch (type) {
    case MEM_RAM:
    case MEM_RESERVED:
    case MEM_ACPI_RECLAIM:
    case MEM_ACPI_NVS:
    case MEM_UNUSABLE:
    case MEM_PMEM:
    case MEM_PRAM:
        return type;
    }
    return MEM_RESERVED;
}

static struct boot_e820_entry e820_entry(const struct mem_range *range)
{
    return (struct boot_e820_entry){ range->base, range->length, e820_type(range->type) };
}

// Puts a node with `length` bytes of data in front of the list of setup_data.
static struct setup_data *add_setup_data(struct boot_params *bp, void *at, uint32_t type, uint32_t length)
{
    struct setup_data *node = at;

    node->next = bp->hdr.setup_data;
    node->type = type;
    node->len = length;
    bp->hdr.setup_data = (uint64_t)(uintptr_t)node;
    return node;
}

static void fill_e820(struct boot_params *bp, const struct params_input *in, const struct layout *at,
                      uint8_t *block)
{
    unsigned first = in->range_count - at->extra;

    for (unsigned i = 0; i < first; i++)
        bp->e820_table[i] = e820_entry(&in->ranges[i]);
    bp->e820_entries = (uint8_t)first;
    if (at->extra == 0)
        return;
    struct setup_data *node = add_setup_data(bp, block + at->e820_ext, SETUP_E820_EXT,
                                             at->extra * (uint32_t)sizeof(struct boot_e820_entry));
    for (unsigned i = 0; i < at->extra; i++) {
        struct boot_e820_entry entry = e820_entry(&in->ranges[first + i]);
        memcpy(node->data + i * sizeof(entry), &entry, sizeof(entry));
    }
}

// VGA text. vgacon looks at the hardware before it believes this, so it is safe where no VGA is.
static void fill_text(struct screen_info *screen, const struct boot_framebuffer *fb)
{
    bool known = fb->kind == BOOT_FB_TEXT && fb->width > 0 && fb->width <= 255 && fb->height > 0 &&
                 fb->height <= 255;

    screen->orig_video_isVGA = TEXT_IS_VGA;
    screen->orig_video_mode = TEXT_MODE;
    screen->orig_video_cols = known ? (uint8_t)fb->width : TEXT_COLUMNS;
    screen->orig_video_lines = known ? (uint8_t)fb->height : TEXT_LINES;
    screen->orig_video_points = TEXT_POINTS;
    screen->orig_y = screen->orig_video_lines - 1;  // go on below what is on the screen
}

static void fill_framebuffer(struct screen_info *screen, const struct boot_framebuffer *fb, bool efi)
{
    uint64_t bytes = (uint64_t)fb->pitch * fb->height;
    uint64_t units = efi ? bytes : (bytes + VLFB_UNIT - 1) / VLFB_UNIT;

    // The fields are narrower than ours; a screen that does not fit is left to Linux's real drivers.
    if (fb->width > UINT16_MAX || fb->height > UINT16_MAX || fb->pitch > UINT16_MAX || units > UINT32_MAX)
        return;
    screen->orig_video_isVGA = efi ? VIDEO_TYPE_EFI : VIDEO_TYPE_VLFB;
    screen->lfb_base = (uint32_t)fb->address;
    screen->ext_lfb_base = (uint32_t)(fb->address >> 32);
    if (screen->ext_lfb_base != 0)
        screen->capabilities |= VIDEO_CAPABILITY_64BIT_BASE;
    screen->lfb_size = (uint32_t)units;
    screen->lfb_width = (uint16_t)fb->width;
    screen->lfb_height = (uint16_t)fb->height;
    screen->lfb_depth = fb->bpp;
    screen->lfb_linelength = (uint16_t)fb->pitch;
    screen->red_size = fb->red_size;
    screen->red_pos = fb->red_pos;
    screen->green_size = fb->green_size;
    screen->green_pos = fb->green_pos;
    screen->blue_size = fb->blue_size;
    screen->blue_pos = fb->blue_pos;
    unsigned colour = fb->red_size + fb->green_size + fb->blue_size;
    if (fb->bpp > colour) {  // the unused bits lie on top in every mode that firmware sets
        screen->rsvd_size = (uint8_t)(fb->bpp - colour);
        screen->rsvd_pos = (uint8_t)colour;
    }
    screen->pages = 1;
}

static void fill_screen(struct boot_params *bp, const struct boot_info *info)
{
    bool efi = bp->efi_info.efi_loader_signature != 0;

    if (info->fb.kind == BOOT_FB_RGB)
        fill_framebuffer(&bp->screen_info, &info->fb, efi);
    else if (!info->efi.present)
        fill_text(&bp->screen_info, &info->fb);
}

static int fill_efi(struct boot_params *bp, const struct params_input *in, const struct layout *at,
                    uint8_t *block)
{
    const struct boot_efi *efi = &in->info->efi;
    struct efi_keep keep[PARAMS_KEEP_MAX];
    uint64_t map = (uint64_t)(uintptr_t)(block + at->efi_map);
    uint64_t size;

    if (at->efi_room == 0)
        return 0;
    memcpy(keep, in->keep, in->keep_count * sizeof(keep[0]));
    keep[in->keep_count] = (struct efi_keep){ (uint64_t)(uintptr_t)block, at->end, EFI_MEM_LOADER_DATA };
    int rc = efi_map_rewrite(efi->memory_map, efi->memory_map_size, efi->descriptor_size, keep,
                             in->keep_count + 1, block + at->efi_map, at->efi_room, &size);
    if (rc != 0)
        return rc;
    bp->efi_info.efi_loader_signature = EFI_SIGNATURE_64;
    bp->efi_info.efi_systab = (uint32_t)efi->system_table;
    bp->efi_info.efi_systab_hi = (uint32_t)(efi->system_table >> 32);
    bp->efi_info.efi_memdesc_size = efi->descriptor_size;
    bp->efi_info.efi_memdesc_version = efi->descriptor_version;
    bp->efi_info.efi_memmap = (uint32_t)map;
    bp->efi_info.efi_memmap_hi = (uint32_t)(map >> 32);
    bp->efi_info.efi_memmap_size = (uint32_t)size;
    bp->secure_boot = SECURE_BOOT_DISABLED;
    return 0;
}

static void fill_header(struct boot_params *bp, const struct params_input *in, uint64_t cmdline)
{
    memcpy((uint8_t *)bp + SETUP_HEADER_OFFSET, in->setup_header, SETUP_HEADER_ROOM);
    bp->hdr.type_of_loader = LOADER_UNDEFINED;
    bp->hdr.loadflags = (bp->hdr.loadflags | LOADED_HIGH) & (uint8_t)~CAN_USE_HEAP;
    bp->hdr.setup_data = 0;
    bp->hdr.cmd_line_ptr = (uint32_t)cmdline;
    bp->ext_cmd_line_ptr = (uint32_t)(cmdline >> 32);
    if (in->initrd_size != 0) {
        bp->hdr.ramdisk_image = (uint32_t)in->initrd_base;
        bp->ext_ramdisk_image = (uint32_t)(in->initrd_base >> 32);
        bp->hdr.ramdisk_size = (uint32_t)in->initrd_size;
        bp->ext_ramdisk_size = (uint32_t)(in->initrd_size >> 32);
    }
    bp->acpi_rsdp_addr = in->info->rsdp;  // 0: Linux searches, on UEFI in the system table
}

int params_build(const struct params_input *input, void *block)
{
    struct layout at = lay_out(input);
    struct boot_params *bp = block;
    uint8_t *bytes = block;

    memset(block, 0, at.end);
    memcpy(bytes + at.cmdline, input->cmdline, strlen(input->cmdline) + 1);
    fill_header(bp, input, (uint64_t)(uintptr_t)(bytes + at.cmdline));
    fill_e820(bp, input, &at, bytes);
    if (at.seed_size != 0) {
        struct setup_data *node = add_setup_data(bp, bytes + at.seed, SETUP_RNG_SEED, at.seed_size);
        memcpy(node->data, input->seed, at.seed_size);
    }
    int rc = fill_efi(bp, input, &at, bytes);
    if (rc != 0)
        return rc;
    fill_screen(bp, input->info);
    return 0;
}
