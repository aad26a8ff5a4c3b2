// Inside kernel/linux: pieces of files, and the place of the kernel.
#ifndef URLBOOT_KERNEL_LINUX_IMAGE_H
#define URLBOOT_KERNEL_LINUX_IMAGE_H

#include <stdint.h>

#include "kernel/linux/linux.h"  // struct linux_piece

struct claims;

#define SETUP_HEADER_OFFSET 0x1f1  // in the bzImage and in boot_params (boot.rst)
#define SETUP_HEADER_ROOM (0x290 - SETUP_HEADER_OFFSET)  // boot_params has other things from 0x290 on
#define ENTRY_64 0x200             // of the 64-bit entry point in the protected-mode part

// Bytes of all pieces together, UINT64_MAX when the sum overflows.
uint64_t pieces_length(const struct linux_piece *piece, unsigned count);

// Copies bytes [offset, offset + length) of the pieces, taken as one run, to `out`. Returns the bytes
// copied, fewer when the pieces end before.
uint64_t pieces_copy(const struct linux_piece *piece, unsigned count, uint64_t offset, void *out,
                     uint64_t length);

// Copies the setup header (SETUP_HEADER_ROOM bytes at most, the rest zero) to `out`, whose size is
// SETUP_HEADER_ROOM. boot.rst: from 0x1f1 to 0x202 + the byte at 0x201; never more, because the sentinel in
// front and what lies behind would make the kernel distrust boot_params. 0 or ERR_KERNEL_INVALID.
int image_setup_header(const struct linux_piece *kernel, unsigned count, uint8_t *out);

// Claims info->init_size bytes for the kernel and copies its protected-mode part there; *base is the
// place. The lowest place at or above pref_address is taken: it leaves the longest run of RAM above it, in
// which KASLR chooses, and starts where the kernel does not move itself. Above 4 GiB only when the kernel
// allows it. 0 or ERR_NOT_ENOUGH_MEMORY.
int image_place(const struct linux_piece *kernel, unsigned count, const struct linux_kernel_info *info,
                struct claims *claims, uint64_t *base);

#endif
