// Inside kernel/linux: the assembler part of linux_start().
#ifndef URLBOOT_KERNEL_LINUX_JUMP_H
#define URLBOOT_KERNEL_LINUX_JUMP_H

#include <stdint.h>

// Loads the page tables (physical address of the root), sets the processor up as boot.rst asks, and jumps
// to `entry` with RSI = boot_params. The tables' last root entry must be the current one's. Never returns.
__attribute__((noreturn)) void linux_jump(uint64_t entry, uint64_t boot_params, uint64_t page_tables);

#endif
