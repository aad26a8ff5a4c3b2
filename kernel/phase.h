// Phases of a boot: what is being done now (for the failure screen) and how long each took (summary).
#ifndef URLBOOT_KERNEL_PHASE_H
#define URLBOOT_KERNEL_PHASE_H

#include <stdint.h>

enum phase { PHASE_DOOR, PHASE_MEMORY, PHASE_PCI, PHASE_NIC, PHASE_DHCP, PHASE_DNS, PHASE_CONNECT,
             PHASE_DOWNLOAD, PHASE_VERIFY, PHASE_ISO, PHASE_LINUX, PHASE_COUNT };

// Ends the phase that runs and begins `phase`.
void phase_begin(enum phase phase);

// Books `us` microseconds on `phase` that were measured elsewhere (DNS, connect inside the download) and
// takes them from the phase that runs.
void phase_book(enum phase phase, uint64_t us);

// The phase that runs, in words: "the network address (DHCP)".
const char *phase_now(void);

// Logs the table of phases and times; `bytes` is the download's size for its rate.
void phase_summary(uint64_t bytes);

#endif
