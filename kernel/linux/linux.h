// Starting Linux by its 64-bit boot protocol (Documentation/arch/x86/boot.rst) with the ISO left in RAM.
// image.c checks and places a bzImage, params.c fills boot_params, efi_map.c rewrites the EFI memory map,
// medium.c makes the ISO visible (e820 type 12, ELF core header for /proc/vmcore), initrd.c appends our
// cpio, prepare.c composes them, jump.S goes. Nothing here uses the heap.
#ifndef URLBOOT_KERNEL_LINUX_LINUX_H
#define URLBOOT_KERNEL_LINUX_LINUX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "boot/boot_info.h"  // struct boot_info
#include "kernel/options.h"  // enum opt_medium

#define LINUX_PIECES_MAX 64
#define LINUX_CMDLINE_MAX 4096           // our own limit; the kernel's is in its header (2047)
#define MEDIUM_HEADER_SIZE (2ull << 20)  // in front of the ISO, for the ELF core header
#define MEDIUM_ALIGN (2ull << 20)        // of the ISO's base and claimed length (Linux: SUBSECTION_SIZE)

struct linux_piece {            // a run of bytes; kernel and initrd are lists of them
    const void *data;
    uint64_t length;
    bool file_end;              // initrd: pad to 4 bytes behind this piece, a new archive follows
};

// What the kernel file says of itself, without placing it.
struct linux_kernel_info {
    char version[64];           // "6.1.0-25-amd64 (...)", "" when there is none
    unsigned major, minor;      // 0.0 when the version string cannot be read
    uint16_t protocol;          // 0x020f
    uint32_t cmdline_size;      // longest command line, without the NUL
    uint32_t init_size;         // bytes the kernel needs from where it is put, until it parses the e820 map
    uint32_t alignment;         // of the place
    uint32_t setup_size;        // bytes in front of the protected-mode part
    uint64_t image_size;        // bytes of the protected-mode part
    uint64_t pref_address;      // lowest place from which it does not have to move itself
    uint64_t initrd_max;        // last byte an initrd may have; only a wish when above_4g
    bool relocatable;           // false: only pref_address will do
    bool above_4g;              // XLF_CAN_BE_LOADED_ABOVE_4G
};

struct linux_medium {           // the ISO in RAM
    uint64_t base, length;      // 2 MiB aligned; length as downloaded
    uint64_t claimed;           // bytes claimed from base, a multiple of 2 MiB, the tail zeroed
    uint64_t header;            // MEDIUM_HEADER_SIZE claimed bytes right in front, for the ELF core header
    bool pmem, vmcore, initrd;  // which ways are offered; linux_medium_choose() decides
    char why[128];              // and says why, for the log
};

struct linux_medium_query {
    enum opt_medium wanted;     // medium=
    const struct linux_kernel_info *kernel;
    bool have_initrd;           // the ISO's system has an initrd we can append to
    bool file_works;            // its family can mount /live.iso (family->file_words is not NULL)
    bool has_pmem_driver;       // its initrd is known to carry nd_pmem (Arch, Alpine)
    uint64_t initrd_size;       // bytes, as they are in the ISO
    uint64_t ram;               // memmap_total_ram()
};

struct linux_request {
    const struct boot_info *info;
    struct linux_piece kernel[LINUX_PIECES_MAX];  // the bzImage: its extents in order
    unsigned kernel_count;
    struct linux_piece initrd[LINUX_PIECES_MAX];  // in order; urlboot's own cpio is added by linux_prepare
    unsigned initrd_count;
    const char *cmdline;                   // everything but what the medium adds
    const char *log;                       // becomes /urlboot.log in the initramfs and then part of dmesg;
    size_t log_size;                       // 0: none
    struct linux_medium medium;            // length 0: no medium at all
};

struct linux_image {            // ready to go
    uint64_t entry;             // 64-bit entry point, physical
    uint64_t boot_params;       // physical
    uint64_t page_tables;       // physical: identity map of all RAM without no-execute bits, 4 levels
    uint64_t page_tables_la57;  // the same with 5 levels
    char version[64];           // "6.1.0-25-amd64 (...)" from the kernel's header
    uint64_t kernel_base, init_size, initrd_base, initrd_size;
    char cmdline[LINUX_CMDLINE_MAX];  // final
};

// Reads and checks the header of a bzImage that lies in `count` pieces. Fills *out whatever it holds.
// 0, or ERR_KERNEL_INVALID with fail() saying what is wrong (boot.rst, "The Real-Mode Kernel Header").
int linux_kernel_info(const struct linux_piece *kernel, unsigned count, struct linux_kernel_info *out);

// Decides how the ISO (medium->base, length, claimed are set) is handed over; sets pmem, vmcore, initrd
// and why. The ladder for medium=auto: kernel 5.19 or newer: vmcore and pmem together, whichever the
// initrd can use comes up; older: pmem when the initrd has the driver, else the ISO as a file in the
// initramfs when RAM allows. 0; ERR_MEDIUM_IMPOSSIBLE when what was asked for, or everything, cannot work.
//
// Example:
//     struct linux_medium_query query = { .wanted = opt->medium, .kernel = &info, .have_initrd = true,
//                                         .file_works = family->file_words, .ram = memmap_total_ram() };
//     rc = linux_medium_choose(&query, &request.medium);
//     log_info("medium: %s", request.medium.why);
int linux_medium_choose(const struct linux_medium_query *query, struct linux_medium *medium);

// Places kernel, initrd, command line and boot_params; builds what the medium needs. Memory comes from
// memmap; on failure all of it is given back. The request and the pieces are not needed afterwards, the
// ISO is where it was. With medium.initrd the initrd is built around the ISO in place where the memory in
// front of it is free, so nothing is copied twice.
// 0 or ERR_KERNEL_INVALID, ERR_NOT_ENOUGH_MEMORY, ERR_MEDIUM_IMPOSSIBLE, ERR_OPTION_INVALID (command line
// too long), ERR_BOOT_INFO_INVALID (EFI memory map).
//
// Example:
//     static struct linux_request request;
//     static struct linux_image image;
//     if (linux_prepare(&request, &image) == 0) {
//         nic_stop_all();
//         linux_start(&image);
//     }
int linux_prepare(const struct linux_request *request, struct linux_image *image);

// Leaves for Linux. Devices are silent already. Does not return.
__attribute__((noreturn)) void linux_start(const struct linux_image *image);

#endif
