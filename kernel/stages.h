// The stages of a boot, in the order of main.c, and what they hand to each other. Each returns 0 or the error
// that ends the boot; each logs what it found.
#ifndef URLBOOT_KERNEL_STAGES_H
#define URLBOOT_KERNEL_STAGES_H

#include <stdint.h>

#include "boot/boot_info.h"     // struct boot_info
#include "kernel/image_sink.h"  // struct image_sink
#include "kernel/options.h"     // struct options
#include "net/backend.h"        // struct backends
#include "net/download.h"       // struct download
#include "net/stack.h"          // struct stack_ip

struct boot {                   // one boot, from entry to Linux
    struct boot_info *info;     // from the loader
    struct options options;     // from the command line
    char typed_url[URL_MAX];    // from DHCP or the prompt, when the command line names none
    struct image_sink image;    // where the ISO lies
    struct backends backends;   // the ways to the network, and which one is in use
    char through[48];           // that one and its device, for the progress line
    struct download download;   // how it came
};

// Exceptions (while boot services live they are the firmware's), consoles that need no memory, the clock, and
// a first line that says which door it was.
void stage_begin(struct boot *b, struct boot_info *info);

// The command line. ERR_BOOT_INFO_INVALID, ERR_OPTION_UNKNOWN, ERR_OPTION_INVALID.
int stage_options(struct boot *b);

// UEFI boot services, when they are alive: completes their page tables and asks for the URL on the firmware's
// console when it is to be asked for. With backend=native it leaves them at once; else they may be needed.
// ERR_UEFI_OPERATION_FAILED.
int stage_firmware(struct boot *b);

// 0 while UEFI's boot services live, else ERR_UEFI_PROTOCOL_NOT_FOUND with the reason.
int stage_need_boot_services(const struct boot *b);

// Memory map, heap, the remaining consoles. Without boot services all of RAM is ours: bus mastering is off on
// every network function first, before what firmware lets them write into is used again, and page tables
// and the idle tick follow. While they live, RAM is shared with them.
int stage_memory(struct boot *b);

// The first backend that comes up, with an address (stage_backends.c). Errors: net/backend.h.
int stage_network(struct boot *b);

// Leaves boot services when they are still alive: RAM and exceptions are ours from there on. Also called by a
// backend that wants the hardware. ERR_UEFI_OPERATION_FAILED, ERR_BOOT_INFO_INVALID and what
// memory_take_over() and stage_pci() return.
int stage_take_over(struct boot *b);

// start=efi: makes the ISO a RAM disk of the firmware and starts its own boot loader. Returns 0 when that is
// not asked for, else only to say why it did not work.
int stage_start_efi(struct boot *b);

// Compares the clock with ACPI's timers and corrects it, before anything is timed by it. Needs memory.
void stage_clock(struct boot *b);

// Our own way to the network, one after the other: every function on PCI, where network controllers are taken
// over from firmware; drivers for them; an address, by DHCP on all of them at once or from ip=.
// ERR_NO_NIC_FOUND and what stack_up() returns.
int stage_pci(struct boot *b);
int stage_nics(struct boot *b);

// Puts the NICs of the list that nic= does not exclude under the stack. ERR_NO_NIC_FOUND.
int stage_use_nics(struct boot *b);
int stage_address(struct boot *b);

// What ip= says, in the stack's form.
struct stack_ip stage_ip(const struct options *opt);

// How long an address may take, in milliseconds.
uint64_t stage_address_ms(const struct options *opt);

// True when Esc or Ctrl-C was pressed: they stop a wait for the network.
bool stage_key_cancels(void);

// The URL, when the command line names none: DHCP's, else a prompt. ERR_NO_URL.
int stage_url(struct boot *b);

// The download into b->image, verified when sha256= was given.
int stage_download(struct boot *b);

// Opens the ISO, finds the boot entry, prepares Linux. ERR_NOT_AN_ISO and what kernel/linux returns.
int stage_linux(struct boot *b);

// Summary, silence on the wire, and off. Does not return.
__attribute__((noreturn)) void stage_leave(struct boot *b);

#endif
