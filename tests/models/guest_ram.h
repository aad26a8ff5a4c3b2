// The machine's memory as the device sees it: regions of guest-physical addresses that are mapped here, too.
#ifndef URLBOOT_TESTS_MODELS_GUEST_RAM_H
#define URLBOOT_TESTS_MODELS_GUEST_RAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GUEST_REGIONS 8u        // as many as one message of QEMU can bear

// What QEMU tells about its memory: region i are size[i] bytes at gpa[i], which lie at offset[i] of the i-th file.
// An entry of size 0 ends the list.
struct guest_ram_map {
    uint64_t gpa[GUEST_REGIONS];
    uint64_t size[GUEST_REGIONS];
    int64_t offset[GUEST_REGIONS];
};

// Takes a new map over and maps its files (`fds`, `count` of them), which are closed. A map like the last one costs
// nothing. Returns false when a file cannot be mapped: errno says why.
bool guest_ram_sync(const struct guest_ram_map *map, const int *fds, unsigned count);

// Adds a region that is plain memory of this process; for tests without a machine.
void guest_ram_add(uint64_t gpa, void *memory, uint64_t size);

// Forgets all regions.
void guest_ram_forget(void);

// Where `length` bytes at guest-physical address `gpa` are here, or NULL unless all of them are memory of one region.
void *guest_ram_at(uint64_t gpa, uint64_t length);

#endif
