// The log ring: what klog() (lib/log.h) has written, for the panic screen and for Linux.
#ifndef URLBOOT_KERNEL_LOG_RING_H
#define URLBOOT_KERNEL_LOG_RING_H

#include <stdbool.h>
#include <stddef.h>

#define LOG_RING_SIZE 65536  // bytes; older lines fall out at the front

// Shows LOG_DEBUG lines on the consoles from now on, or not. They are always kept.
void log_show_debug(bool show);

// All that is kept, oldest line first, as text of *length bytes (no NUL). Valid until the next klog().
const char *log_ring_text(size_t *length);

// The last `lines` lines of it.
const char *log_ring_tail(unsigned lines, size_t *length);

#endif
