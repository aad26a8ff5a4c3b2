// The loop device over /proc/vmcore.
#ifndef URLBOOT_MEDIUM_INIT_LOOP_H
#define URLBOOT_MEDIUM_INIT_LOOP_H

#include <linux/types.h>

struct medium {
    long fd;              // /proc/vmcore, open
    __u64 offset, length; // of the ISO in it
};

// Loads the loop driver if it is not there, by the kernel's own autoload or by a modprobe program of the
// initramfs, which gets `envp`. Returns /dev/loop-control, open, or a negative errno.
long loop_control(char *const *envp);

// Makes the first free loop device (/dev/loop0 when nobody was faster) a read-only view of the medium and
// closes `control`. Returns its number or a negative errno.
long loop_attach(long control, const struct medium *medium);

// For initramfs that load drivers only later: waits up to a minute for /dev/loop-control, then attaches.
// Call in a child process; does not return.
__attribute__((noreturn)) void loop_attach_later(const struct medium *medium);

#endif
