// Inside kernel/linux: the initrd that Linux gets.
#ifndef URLBOOT_KERNEL_LINUX_INITRD_H
#define URLBOOT_KERNEL_LINUX_INITRD_H

#include <stdint.h>

#include "kernel/linux/linux.h"  // struct linux_request

struct claims;

// Puts the request's initrd pieces into one run of RAM, each file padded to 4 bytes, and our own cpio
// behind them (urlboot-init, the log; with medium.initrd the ISO as live.iso). With medium.initrd the run
// is built in front of and behind the ISO where it lies, when the RAM in front is free and the kernel
// accepts the place; else everything is copied to another run.
// *base and *size receive the run; size 0 when there is nothing to hand over.
// 0, ERR_NOT_ENOUGH_MEMORY, or ERR_MEDIUM_IMPOSSIBLE when it is the ISO that does not fit.
int initrd_build(const struct linux_request *request, const struct linux_kernel_info *kernel,
                 struct claims *claims, uint64_t *base, uint64_t *size);

#endif
