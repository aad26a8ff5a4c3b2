// The failure screen: where every boot that cannot go on ends.
#ifndef URLBOOT_KERNEL_FAILURE_H
#define URLBOOT_KERNEL_FAILURE_H

#include "boot/boot_info.h"  // struct boot_info
#include "kernel/options.h"  // struct options

// Silences the network and shows: what failed, in which phase, why, what to try, the stable name of `err`
// (lib/err.h) as "urlboot failed: Name"; while boot services live on the firmware's console, too. Then does
// what on-error= says. Does not return.
__attribute__((noreturn)) void failure_screen(int err, const struct boot_info *info,
                                              const struct options *opt);

#endif
