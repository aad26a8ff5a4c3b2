// What the files of kernel/firmware share while boot services live. Nobody else includes it.
#ifndef URLBOOT_KERNEL_FIRMWARE_EFI_STATE_H
#define URLBOOT_KERNEL_FIRMWARE_EFI_STATE_H

#include "kernel/firmware/efi_map.h"    // struct efi_map
#include "kernel/firmware/efi_types.h"  // EFI_SYSTEM_TABLE

#include <stdbool.h>
#include <stddef.h>

#define EFI_MAP_MAX 65536               // bytes; GetMemoryMap says so when it needs more

// The system table, NULL before efi_open() and after efi_exit().
extern EFI_SYSTEM_TABLE *efi_st;

// The loader's image handle, NULL when it is not known.
extern EFI_HANDLE efi_loader;

// Reads the memory map of this moment into the one buffer for it; valid until the next call.
EFI_STATUS efi_read_map(struct efi_map *map);

// What a firmware call returned, for sentences: "not found", or its number.
const char *efi_status_name(EFI_STATUS status);

// All handles with a protocol, or with NULL all there are: how many, and *handles, which efi_free() takes.
UINTN efi_handles(EFI_GUID *protocol, EFI_HANDLE **handles);

// Gives memory back that firmware has allocated for us; NULL is allowed.
void efi_free(void *memory);

// `object`, a static one, at the address where firmware and its devices see it. Objects on the stack and on
// the heap are there already.
void *efi_address(const void *object);

#endif
