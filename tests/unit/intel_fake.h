// One of Intel's gigabit controllers in memory and a stack that collects frames, for the tests of the driver.
// The chip checks what the driver must keep to: everything off and at rest before a reset, no access right after
// it, PHY and EEPROM left alone until the PHY is set up, the PHY reset by its owner only, no interrupt ever, tails
// only while receiver, transmitter and bus mastering are on.
#ifndef URLBOOT_TESTS_UNIT_INTEL_FAKE_H
#define URLBOOT_TESTS_UNIT_INTEL_FAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "drivers/intel/intel.h"       // intel
#include "drivers/intel/intel_regs.h"  // INTEL_REGS_SIZE
#include "drivers/nic.h"               // nic

#define FRAMES_MAX 4200
#define ID_82540EM 0x100e
#define ID_82543GC 0x1004
#define ID_82574L 0x10d3
#define ID_82541EI 0x1013
#define ID_82541GI 0x1076
#define ID_82571EB 0x105e
#define ID_82573V 0x108b
#define ID_ES2 0x1096
#define GOOD_FRAME (LEGACY_RX_DD | LEGACY_RX_EOP)

struct fake_chip {
    uint32_t regs[INTEL_REGS_SIZE / 4];
    uint8_t mac[6];              // in the EEPROM
    uint32_t flags;              // what the table says of it
    bool express;
    bool keeps_registers;        // a reset clears nothing, as with QEMU's e1000
    bool loads_address;          // a reset loads the MAC address
    bool eerd_early, eerd_dead;
    bool link, gone;
    bool flash;                  // its EEPROM is in one
    bool no_mulr;                // the EEPROM does not let it send several requests at once
    bool stuck_reset, stuck_dma, stuck_eeprom;
    bool firmware_has_phy;       // and does not let go of it
    bool bus_master;
    unsigned reloads;            // of the EEPROM, on demand
    unsigned accesses;           // to registers
    unsigned resets, phy_resets, rdt_writes, tdt_writes, aspm_off;
    uint64_t reset_at;           // no access for RESET_DELAY_US after that
    uint64_t off_at;             // receiver or transmitter went off then
    uint64_t phy_reset_at;
    unsigned rdh, tdh;           // where the chip is in its rings
};

extern struct fake_chip chip;
extern char last_error[200];      // what was logged as an error last
extern uint64_t clock_us;        // what now_us() gives, 10 more at each look
extern struct nic nic;
extern struct pbuf *frames[FRAMES_MAX];
extern unsigned frame_count;

// A fresh 82540EM with a link; a set-up function of cmocka.
int reset_chip(void **state);

// Makes the chip one with PCI id `device`.
void become(uint16_t device);

// Register `reg`, as the chip has it.
uint32_t *reg(uint32_t at);

// Runs the driver's probe.
int probe(void);

// Probe and start, both of which must succeed.
void start(void);

// Stops, and checks that the chip is silent and every buffer is back.
void finish(void);

// The driver's state behind `nic`.
struct intel *driver(void);

// The chip receives a frame of `length` bytes and reports `result` (LEGACY_RX_*) and length `said`. False
// when it has no descriptor.
bool receive_as(uint64_t result, uint32_t length, uint32_t said);
bool receive(uint32_t length);

// The stack got that frame, whole, as number `index`.
void check_frame(unsigned index, uint32_t length);

// Frees what the stack got.
void drop_frames(void);

// The chip sends the next frame; returns its length after copying it to `to`, 0 when there is none.
uint32_t send_one(uint8_t *to);

// A frame to send.
struct pbuf *make_frame(uint16_t length);

#endif
