// The UEFI headers (edk2, MdePkg) for this folder. They need 16-bit wchar_t and Microsoft's calling
// convention; kernel/firmware is compiled with -fshort-wchar for that (Makefile), EFIAPI is set here.
#ifndef URLBOOT_KERNEL_FIRMWARE_EFI_TYPES_H
#define URLBOOT_KERNEL_FIRMWARE_EFI_TYPES_H

#define EFIAPI __attribute__((ms_abi))

#include <Uefi.h>

#include <Guid/Acpi.h>
#include <Protocol/GraphicsOutput.h>

// edk2 leaves hidden visibility in force for whatever is declared next, memcpy() included.
#pragma GCC visibility push(default)

#include <assert.h>

static_assert(sizeof(L'x') == 2, "UEFI strings are UCS-2: compile with -fshort-wchar");
static_assert(sizeof(EFI_MEMORY_DESCRIPTOR) == 40, "fixed by the specification");

#endif
