// What is measured once, because the processor does not say it.
#ifndef URLBOOT_KERNEL_TUNE_H
#define URLBOOT_KERNEL_TUNE_H

#include <stdint.h>

// Times both ways of lib/copy.h on frames as the network brings them and lets memcpy() take the faster one.
// Under a millisecond. Needs the heap; without room in it all stays as it is.
void tune_copy(void);

// The same by `clock`, which counts upward in any unit.
void tune_copy_by(uint64_t (*clock)(void));

#endif
