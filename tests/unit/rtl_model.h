// A modelled chip without a machine, for its unit tests: memory, a clock that is turned by hand, registers, rings of four
// descriptors that are set up as a driver does it.
#ifndef URLBOOT_TESTS_UNIT_RTL_MODEL_H
#define URLBOOT_TESTS_UNIT_RTL_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/models/rtl.h"  // struct rtl

#define RAM_AT 0x100000u
#define RAM_SIZE 0x100000u
#define TX_RING (RAM_AT + 0x1000u)
#define RX_RING (RAM_AT + 0x2000u)
#define TX_BUFFER (RAM_AT + 0x10000u)
#define RX_BUFFER (RAM_AT + 0x20000u)
#define BUFFER_SIZE 0x800u
#define RING 4u
#define ANY_MS 1000u

extern struct rtl chip;
extern uint64_t clock_us;
extern uint8_t ram[RAM_SIZE];
// What was sent last, and how many frames.
extern uint8_t sent[2048];
extern unsigned sent_length, sent_count;

// Makes the chip called `name` with `options` (its address is 02:00:00:00:00:01), bus master, with a link, no complaints.
void make_chip(const char *name, struct rtl_options options);

// Turns the clock on, and lets the chip do what is due.
void pass_ms(unsigned ms);

// Writes a register of `size` bytes.
void wr(unsigned offset, unsigned size, uint32_t value);

// Reads one.
uint32_t rd(unsigned offset, unsigned size);

// Sets bits of PCI's command register, or clears them.
void pci_command(uint16_t value);

// Sets the rings up, with all receive descriptors the card's, and turns both engines on.
void start_rings(void);

// The descriptor `index` of the ring at `ring`.
uint32_t *descriptor(uint32_t ring, unsigned index);

// Fills transmit descriptor `index`: `length` bytes of TX_BUFFER, opts1 with `flags` (OWN, FS, LS and EOR as they are).
void put_tx(unsigned index, unsigned length, uint32_t flags, uint32_t opts2);

// Rings the doorbell.
void doorbell(void);

// A frame of `length` bytes to `to` arrives. Returns what rtl_frame() does.
bool arrives(const char *to, unsigned length);

// The frame that the last arrives() made; it may be filled in before.
extern uint8_t arriving[4096];

#endif
