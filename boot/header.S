// The headers by which boot loaders recognise the image: Multiboot2, Multiboot1, PVH. They come first in
// the file: GRUB searches 32 KiB, Multiboot1 loaders only 8 KiB.
// Spec: Multiboot2 2.0 section 3.1; Multiboot 0.6.96 section 3.1; Xen docs/misc/pvh.pandoc and elfnote.h.
// Every Multiboot2 tag carries the optional flag: GRUB refuses an image over one required tag it does not
// know (32-bit UEFI builds know neither 7 nor 9), and urlboot copes without each of them.

#include "boot/multiboot2.h" // MB2_HEADER_MAGIC
#include "boot/multiboot1.h" // MB1_HEADER_MAGIC

    .section .boot.headers, "a"

    .balign 8
mb2_header:
    .long MB2_HEADER_MAGIC
    .long MB2_ARCH_I386
    .long mb2_header_end - mb2_header
    .long -(MB2_HEADER_MAGIC + MB2_ARCH_I386 + (mb2_header_end - mb2_header))

    .balign 8           // modules on page boundaries
    .short MB2_HEADER_MODULE_ALIGN, MB2_TAG_OPTIONAL
    .long 8

    .balign 8           // any framebuffer: console on machines without VGA text
    .short MB2_HEADER_FRAMEBUFFER, MB2_TAG_OPTIONAL
    .long 20
    .long 0, 0, 0

    .balign 8           // leave EFI boot services running
    .short MB2_HEADER_EFI_BS, MB2_TAG_OPTIONAL
    .long 8

    .balign 8           // and enter here then, in 64-bit mode (a link-time physical address)
    .short MB2_HEADER_ENTRY_EFI64, MB2_TAG_OPTIONAL
    .long 12
    .long entry_efi64_phys

    .balign 8           // load anywhere below 4 GiB: fixed addresses may be the firmware's
    .short MB2_HEADER_RELOCATABLE, MB2_TAG_OPTIONAL
    .long 24
    .long 0x200000, 0xffffffff, 0x200000, MB2_RELOC_PREFER_HIGH

    .balign 8
    .short MB2_HEADER_END, 0
    .long 8
mb2_header_end:

    .balign 4
mb1_header:
    .long MB1_HEADER_MAGIC
    .long MB1_HEADER_FLAGS
    .long -(MB1_HEADER_MAGIC + MB1_HEADER_FLAGS)
    // Explicit addresses: Multiboot1 loaders that know no 64-bit ELF load the file as one block by them.
    .long mb1_header_phys
    .long image_start_phys
    .long image_file_end_phys
    .long image_end_phys
    .long entry_multiboot_phys
    .global mb1_header

    .section .note.pvh, "a", @note
    .balign 4
    .long 4             // name size
    .long 4             // descriptor size
    .long 18            // XEN_ELFNOTE_PHYS32_ENTRY
    .asciz "Xen"
    .long entry_pvh_phys
