// Interrupts into a QEMU without KVM: INTx as the level of an I/O APIC's pin, MSI as a write to the APIC's address,
// both through a second connection that speaks QEMU's qtest protocol.
#ifndef URLBOOT_TESTS_MODELS_INTERRUPTS_H
#define URLBOOT_TESTS_MODELS_INTERRUPTS_H

#include <stdbool.h>
#include <stdint.h>

struct interrupts {
    int fd;                     // the connection, -1: interrupts are only counted
    unsigned pin;               // of the I/O APIC
    bool wanted;                // the device's own line
    bool raised;                // what was last told for the pin
    unsigned unanswered;        // commands whose OK has not come
    uint64_t edges, msis;
};

struct pci_config;

// The device's line is `wanted` now: raises or lowers the pin or sends an MSI, as `config` says. `awaited`: the
// processor is waiting for us and must find the pin low, so a lowered pin is waited for.
void interrupts_set(struct interrupts *i, const struct pci_config *config, bool wanted, bool awaited);

// Takes in answers. Returns false when the other end is gone.
bool interrupts_drain(struct interrupts *i);

#endif
