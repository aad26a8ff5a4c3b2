// Finding the ISO in /proc/vmcore.
#ifndef URLBOOT_MEDIUM_INIT_VMCORE_H
#define URLBOOT_MEDIUM_INIT_VMCORE_H

#include "iso/medium-init/loop.h"  // struct medium

// Opens /proc/vmcore and finds the run of bytes that its PT_LOAD segments describe. 0 and *medium filled,
// or a negative errno: -ENOENT when Linux has no vmcore, -EINVAL when it is not ours.
long vmcore_open(struct medium *medium);

#endif
