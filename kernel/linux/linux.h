// Starting Linux by its 64-bit boot protocol (Documentation/arch/x86/boot.rst) with the ISO left in RAM.
// image.c checks and places a bzImage, params.c fills boot_params, efi_map.c rewrites the EFI memory map,
// medium.c makes the ISO visible (e820 type 12, ELF core header for /proc/vmcore, cpio), jump.S goes.
#ifndef URLBOOT_KERNEL_LINUX_LINUX_H
#define URLBOOT_KERNEL_LINUX_LINUX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "boot/boot_info.h"  // struct boot_info

#define LINUX_INITRDS_MAX 16
#define MEDIUM_HEADER_SIZE (2ull << 20)  // in front of the ISO, for the ELF core header

struct linux_piece {            // a run of bytes; an initrd is a list of them
    const void *data;
    uint64_t length;
    bool file_end;              // pad to 4 bytes behind this piece: a new archive follows
};

struct linux_medium {           // the ISO in RAM
    uint64_t base, length;      // 2 MiB aligned; length as downloaded
    uint64_t claimed;           // bytes claimed from base, a multiple of 2 MiB, the tail zeroed
    uint64_t header;            // MEDIUM_HEADER_SIZE bytes right in front for the ELF core header
    bool pmem, vmcore, initrd;  // which ways are to be offered
};

struct linux_request {
    const struct boot_info *info;
    const struct iso_file *kernel;         // the bzImage, in the ISO
    struct linux_piece initrd[64];         // in order; urlboot's own cpio is added by linux_prepare
    unsigned initrd_count;
    const char *cmdline;                   // everything but what the medium adds
    struct linux_medium medium;
};

struct linux_image {            // ready to go
    uint64_t entry;             // 64-bit entry point, physical
    uint64_t boot_params;       // physical
    char version[64];           // "6.1.0-25-amd64 (...)" from the kernel's header
    uint64_t kernel_base, init_size, initrd_base, initrd_size;
    char cmdline[4096];         // final
};

// What the kernel file says of itself, without placing it.
struct linux_kernel_info {
    char version[64];
    unsigned major, minor;      // 0.0 when the version string cannot be read
    uint16_t protocol;          // 0x020f
    uint32_t cmdline_size, init_size, alignment;
    bool above_4g;              // XLF_CAN_BE_LOADED_ABOVE_4G
};

// Reads and checks the header of a bzImage of `length` bytes at `data`. 0 or ERR_KERNEL_INVALID.
int linux_kernel_info(const void *data, uint64_t length, struct linux_kernel_info *out);

// Places kernel, initrd, command line and boot_params; builds what the medium needs. After this no heap is
// needed any more. 0 or ERR_KERNEL_INVALID, ERR_NOT_ENOUGH_MEMORY, ERR_MEDIUM_IMPOSSIBLE,
// ERR_OPTION_INVALID (command line too long).
int linux_prepare(const struct linux_request *request, struct linux_image *image);

// Leaves for Linux. Devices are silent already. Does not return.
__attribute__((noreturn)) void linux_start(const struct linux_image *image);

#endif
