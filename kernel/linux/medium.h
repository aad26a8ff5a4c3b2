// Inside kernel/linux: what makes the ISO visible to Linux, apart from the initrd.
#ifndef URLBOOT_KERNEL_LINUX_MEDIUM_H
#define URLBOOT_KERNEL_LINUX_MEDIUM_H

#include <stddef.h>
#include <stdint.h>

#include "kernel/linux/linux.h"  // struct linux_medium

// Writes the ELF core header into medium->header (for vmcore) and tells memmap what Linux is to see: the
// ISO as type 12 with pmem, reserved with vmcore only, RAM otherwise; the header reserved with vmcore.
// 0, ERR_MEDIUM_IMPOSSIBLE when the layout is not what struct linux_medium promises, or memmap's error.
int medium_offer(const struct linux_medium *medium);

// Makes the ISO and its header ordinary RAM for Linux again.
void medium_withdraw(const struct linux_medium *medium);

// Builds the final command line in out[size]: our own words, then `cmdline`. Ours come first, since Linux
// stops reading at "--". An rdinit= in `cmdline` becomes urlboot_rdinit=, which Linux hands to our init as
// an environment variable. `limit` is the kernel's cmdline_size, `ram` the machine's bytes.
// 0 or ERR_OPTION_INVALID when it is too long.
int medium_cmdline(const struct linux_medium *medium, const char *cmdline, uint32_t limit, uint64_t ram,
                   char *out, size_t size);

#endif
