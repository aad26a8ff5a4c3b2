// Leaving for Linux.
// Spec: Documentation/arch/x86/boot.rst, "64-bit Boot Protocol"; Intel SDM volume 3A, section 4.5.

#include "kernel/cpu.h"          // read_cr3
#include "kernel/linux/jump.h"   // linux_jump
#include "kernel/linux/linux.h"  // linux_start

#define ROOT_LAST 511                       // root entry of the top of the address space
#define CR3_ADDRESS 0x000ffffffffff000ull
#define CR4_LA57 (1u << 12)

void linux_start(const struct linux_image *image)
{
    bool la57 = (read_cr4() & CR4_LA57) != 0;
    uint64_t tables = la57 ? image->page_tables_la57 : image->page_tables;
    // SAFETY: both roots are RAM, which is identity-mapped; the new one is ours (linux_prepare). Its last
    // entry makes this image, which runs at the top of the address space, stay where it is over the switch.
    const uint64_t *old_root = (const uint64_t *)(uintptr_t)(read_cr3() & CR3_ADDRESS);
    uint64_t *new_root = (uint64_t *)(uintptr_t)tables;

    new_root[ROOT_LAST] = old_root[ROOT_LAST];
    linux_jump(image->entry, image->boot_params, tables);
}
