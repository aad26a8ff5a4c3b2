// Where all doors meet: picks the parser for the loader's magic number and completes struct boot_info.
// Runs before anything else; identity map of the first 4 GiB.

#include "boot/doors.h"       // mb2_parse
#include "boot/image.h"       // image_start
#include "boot/multiboot1.h"  // MB1_BOOT_MAGIC

#define FOUR_GIB (1ull << 32)

static struct boot_info the_info;

struct boot_info *boot_main(uint32_t magic, uint64_t address, uint64_t load_base)
{
    // SAFETY: the first 4 GiB are identity-mapped (entry.S, or the firmware's tables); loaders put their
    // information there, and every access through the view is checked against its end.
    struct phys_view view = {.base = NULL, .length = FOUR_GIB};

    the_info.load_base = load_base;
    the_info.load_end = load_base + (uint64_t)(image_end - image_start);
    if (magic == MB1_BOOT_MAGIC)
        the_info.error = mb1_parse(&view, address, &the_info);
    else if (magic == PVH_BOOT_MAGIC)
        the_info.error = pvh_parse(&view, address, &the_info);
    else
        the_info.error = mb2_parse(&view, address, &the_info);
    return &the_info;
}
