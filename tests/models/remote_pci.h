// Makes this process a PCI device of an unmodified QEMU (`-device x-pci-proxy-dev`): its half of the protocol.
// A device brings its configuration space and functions that answer accesses to its BARs.
#ifndef URLBOOT_TESTS_MODELS_REMOTE_PCI_H
#define URLBOOT_TESTS_MODELS_REMOTE_PCI_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "tests/models/interrupts.h"  // struct interrupts
#include "tests/models/pci_config.h"  // struct pci_config

// What the device does. `size` is 1, 2, 4 or 8; accesses are aligned and may run over the BAR's end.
struct remote_device_ops {
    uint64_t (*read)(void *device, unsigned bar, uint32_t offset, unsigned size);
    void (*write)(void *device, unsigned bar, uint32_t offset, unsigned size, uint64_t value);
    // The configuration space was written: bus mastering, interrupts.
    void (*configured)(void *device);
    // The machine was reset; the configuration space already is.
    void (*reset)(void *device);
};

struct remote_pci {
    int fd;                             // the protocol's connection
    pid_t qemu;
    const struct remote_device_ops *ops;
    void *device;
    struct pci_config *config;
    struct interrupts *interrupts;
    bool in_access;                     // a processor waits for our answer
    uint64_t reads, writes, config_accesses, maps, resets;
};

// Starts QEMU with the words `argv` (NULL ends them) and the options that make this process its device, on slot 4 of
// q35's root bus. QEMU dies with this process. Returns false with the reason in errno.
bool remote_pci_start(struct remote_pci *remote, char *const *argv);

// Takes in one message and answers it. Returns false when QEMU is gone, or speaks another protocol.
bool remote_pci_serve(struct remote_pci *remote);

#endif
