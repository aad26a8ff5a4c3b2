// An RTL8139 in memory and a stack that collects frames, for the tests of the driver.
// The chip checks what the driver must keep to: every register at its width, a read after each write, protected
// ones only while they are unlocked, everything off and at rest before a reset, thresholds only while receiver and
// transmitter are on, send slots in turn and only when they are free, no interrupt ever, nothing read back that it
// has not written.
#ifndef URLBOOT_TESTS_UNIT_RTL8139_FAKE_H
#define URLBOOT_TESTS_UNIT_RTL8139_FAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "drivers/nic.h"                   // nic
#include "drivers/realtek/rtl8139_chip.h"  // rtl8139

#define FRAMES_MAX 4200
#define VERSION_CPLUS 0x74800000u
#define VERSION_A 0x70000000u
#define EEPROM_WORDS 256

struct fake_chip {
    uint8_t regs[256];
    uint32_t version;             // as TCR says
    uint16_t eeprom[EEPROM_WORDS];
    unsigned eeprom_bits;         // of address; 0: none is there
    unsigned eeprom_reads;        // words
    bool link, gone;
    bool halted;                  // its clock
    bool stuck_reset, stuck_receiver, stuck_off, keeps_descriptor_mode;
    unsigned receiver_delay;      // reads of CR until the receiver is on
    unsigned receiver_coming;     // that many are left
    enum { ON_TIME, NOT_UNTIL_RESET, NEVER } receiver_off;
    bool bus_master;
    bool sends;                   // by itself, at once, as QEMU's does
    bool overflown;               // receives nothing until that is acknowledged
    bool capr_moved;              // since the overflow
    unsigned resets, receiver_starts, capr_writes, tsd_writes, negotiations;
    bool counts_bytes;            // CBR is the last frame's end, not the next header's place
    unsigned padding;             // what the two differ by
    unsigned crs, cbrs;           // reads of CR and CBR
    unsigned accesses;            // to all registers
    unsigned retries;             // of aborted frames, when it was told to
    unsigned next_tsd, next_sent; // slots, free-running
    uint64_t off_at;
};

extern struct fake_chip chip;
extern char last_error[200], last_warning[200];  // what was logged last
extern uint64_t clock_us;         // what now_us() gives, 10 more at each look
extern unsigned dma_left;         // allocations that still succeed
extern unsigned dma_live;         // allocations not freed
extern struct nic nic;
extern struct pbuf *frames[FRAMES_MAX];
extern unsigned frame_count;

// Between the fake's own two files.
extern struct pci_dev pci;
extern bool written;              // the last access to a register was a write

// The offset at which the driver reads next, by CAPR.
uint32_t read_offset(void);

// Where `bus` is: the begin of a piece of DMA memory, or a send slot.
uint8_t *memory_at(uint32_t bus);

// A fresh RTL8139C+ with a link and an address; a set-up function of cmocka.
int reset_chip(void **state);

// The registers as the chip has them.
uint16_t reg16(uint32_t at);
uint32_t reg32(uint32_t at);
void set16(uint32_t at, uint16_t value);
void set32(uint32_t at, uint32_t value);

// Makes the card one with these PCI ids.
void become(uint16_t vendor, uint16_t device);

// Runs the driver's probe.
int probe(void);

// Probe and start, both of which must succeed.
void start(void);

// Stops, and checks that the chip is silent and all memory is back.
void finish(void);

// The driver's state behind `nic`.
struct rtl8139 *driver(void);

// The chip receives a frame of `length` bytes (without FCS) and says `status` and length `said` (with FCS). False
// when it has no room.
bool receive_as(uint16_t status, uint32_t length, uint32_t said);
bool receive(uint32_t length);

// The stack got that frame, whole, as number `index`.
void check_frame(unsigned index, uint32_t length);

// Frees what the stack got.
void drop_frames(void);

// The chip has sent the next frame and says `status` (TSD_TOK) of it; returns its length after copying it to `to`,
// 0 when there is none.
uint32_t send_as(uint32_t status, uint8_t *to);
uint32_t send_one(uint8_t *to);

// A frame to send.
struct pbuf *make_frame(uint16_t length);

#endif
