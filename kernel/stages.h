// The stages of a boot, in the order of main.c, and what they hand to each other. Each returns 0 or the error
// that ends the boot; each logs what it found.
#ifndef URLBOOT_KERNEL_STAGES_H
#define URLBOOT_KERNEL_STAGES_H

#include <stdint.h>

#include "boot/boot_info.h"     // struct boot_info
#include "kernel/image_sink.h"  // struct image_sink
#include "kernel/options.h"     // struct options
#include "net/download.h"       // struct download

struct boot {                   // one boot, from entry to Linux
    struct boot_info *info;     // from the loader
    struct options options;     // from the command line
    char typed_url[URL_MAX];    // from DHCP or the prompt, when the command line names none
    struct image_sink image;    // where the ISO lies
    struct download download;   // how it came
};

// Exceptions (while boot services live they are the firmware's), consoles that need no memory, the clock, and
// a first line that says which door it was.
void stage_begin(struct boot *b, struct boot_info *info);

// The command line. ERR_BOOT_INFO_INVALID, ERR_OPTION_UNKNOWN, ERR_OPTION_INVALID.
int stage_options(struct boot *b);

// UEFI boot services, when they are alive: asks for the URL on the firmware's console when it is to be
// asked for, takes memory map, RSDP and framebuffer, and leaves; exceptions are ours from there on.
// ERR_UEFI_OPERATION_FAILED.
int stage_firmware(struct boot *b);

// Bus mastering off on every network function, before what firmware lets them write into is used again.
void stage_silence(void);

// Memory map, page tables, heap, the remaining consoles, the idle tick.
int stage_memory(struct boot *b);

// Every function on PCI; network controllers are taken over from firmware.
int stage_pci(struct boot *b);

// Drivers for the network controllers. ERR_NO_NIC_FOUND.
int stage_nics(struct boot *b);

// An address, by DHCP on all of them at once or from ip=.
int stage_address(struct boot *b);

// The URL, when the command line names none: DHCP's, else a prompt. ERR_NO_URL.
int stage_url(struct boot *b);

// The download into b->image, verified when sha256= was given.
int stage_download(struct boot *b);

// Opens the ISO, finds the boot entry, prepares Linux. ERR_NOT_AN_ISO and what kernel/linux returns.
int stage_linux(struct boot *b);

// Summary, silence on the wire, and off. Does not return.
__attribute__((noreturn)) void stage_leave(struct boot *b);

#endif
