// Inside kernel/linux: the program iso/medium-init as bytes.
#ifndef URLBOOT_KERNEL_LINUX_INIT_BLOB_H
#define URLBOOT_KERNEL_LINUX_INIT_BLOB_H

#include <stdint.h>

// The static Linux program urlboot-init: an ELF file from the first to before the second address.
extern const uint8_t medium_init_start[], medium_init_end[];

#endif
