// One of Realtek's controllers in memory and a stack that collects frames, for the tests of the driver. The chip
// knows only what its model says (realtek_models.c, which owes nothing to the driver's own table) and checks what
// the driver must keep to: each register with its own width and only where the model has it, configuration unlocked
// while it is written, everything at rest before a reset and no access right after it, no interrupt ever, receiver
// and transmitter on only with aligned rings, bus mastering and FIFOs that are ours, doorbells only while it sends.
#ifndef URLBOOT_TESTS_UNIT_REALTEK_FAKE_H
#define URLBOOT_TESTS_UNIT_REALTEK_FAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "drivers/nic.h"                   // nic
#include "drivers/realtek/realtek.h"       // rtl
#include "drivers/realtek/realtek_regs.h"  // RTL_FS

#define FRAMES_MAX 4200
#define FAKE_REGS 0x4810u         // in bytes
#define ERI_SIZE 0x1000u
#define GOOD_FRAME (RTL_FS | RTL_LS)
#define FCS_SIZE 4u
#define RESET_QUIET_US 20u        // after a reset nobody asks

// What a model is like.
enum model_trait {
    M_PCI = 1 << 0,
    M_FAST = 1 << 1,       // no gigabit
    M_PLL = 1 << 2,        // PMCH
    M_MISC = 1 << 3,       // MISC, MCU, DLLPR
    M_ASPM = 1 << 4,       // CONFIG2 and CONFIG5 know of ASPM and CLKREQ
    M_ERI = 1 << 5,
    M_ERI_MAC = 1 << 6,    // the address in ERI e0
    M_MAC_COPY = 1 << 7,   // must be written there
    M_SENT = 1 << 8,       // TCR tells when all is sent
    M_AUTO = 1 << 9,       // sizes its FIFOs by itself
    M_GATE = 1 << 10,      // 8168G on
    M_8125 = 1 << 11,
    M_REST = 1 << 12,      // 8125B on
    M_8126 = 1 << 13,
    M_DP = 1 << 14,        // management firmware of each kind
    M_EP = 1 << 15,
    M_FP = 1 << 16,
    M_BP = 1 << 17,
    M_PLUS = 1 << 18,      // wants RX_ENB and TX_ENB in CPCR
    M_ANALOG = 1 << 19,    // and its analogue PLL on
    M_INT_CFG1 = 1 << 20,  // half as many interrupt delays, and a switch for them
};

struct model {
    uint16_t mask, xid;    // of r8169's table, whose order this is; mask 0: more versions of the row above
    uint16_t device;       // a PCI id it comes with
    uint32_t traits;
    uint32_t rcr;          // without what to accept
    const char *name;
};

extern const struct model models[];
extern const size_t model_count;

// The model of version `xid`.
const struct model *model_of(uint16_t xid);

// True when a chip with these traits has the register of `width` bits at `at`.
bool model_has(uint32_t traits, uint32_t at, unsigned width);

struct fake_chip {
    const struct model *model;
    uint8_t regs[FAKE_REGS];
    uint32_t eri[ERI_SIZE / 4], dash[ERI_SIZE / 4];  // extended registers, management firmware's
    uint16_t ocp[0x8000], gphy[0x8000];   // by half the address
    uint16_t phy[32], phy_elsewhere[32];  // page 0, and whatever other page
    uint8_t mac[6];               // in the efuse
    unsigned cable;               // Mb/s of the peer, 0: none
    bool half_duplex;
    uint64_t negotiated_at;       // when the link is there
    uint64_t negotiate_us;        // how long that takes
    bool keeps_registers;         // a reset clears nothing
    bool deaf;                    // a lost link left the receiver in a bad way
    bool oob;                     // management firmware has the FIFOs
    bool gone;
    unsigned vanish_in;           // accesses until it is gone, 0: never
    // What never ends.
    bool stuck_reset, stuck_fifo, stuck_list, stuck_phy_reset, stuck_phy_state, stuck_cmac, stuck_busy;
    bool dead_phy, dead_eri, dead_ocp, dead_ocpar;
    bool unreadable_eri;          // but it can be written
    unsigned lose_doorbells;
    bool kicked;                  // it looks at its send ring
    bool bus_master;
    bool mac_high_written;
    unsigned rdsar, tnpds;        // written since the reset: 1 the lower half, 2 the upper
    unsigned list_state;          // 1: stopped, 2: linked anew
    uint64_t list_at, reset_at, gate_at, stop_at, phy_at, phy_reset_at;
    uint64_t op_at, eri_at, ocp_at, phy_op_at;  // when an access behind a register began
    unsigned resets, phy_resets, restarts, doorbells, aspm_off, accesses;
    unsigned before_aspm_off;     // accesses until then
    unsigned int_cfg0s;           // accesses to INT_CFG0
    unsigned isrs;                // reads of ISR
    uint32_t next_events;         // come up right after ISR was read
    unsigned filter_resets, eb54_pulses, txpla_pulses, e63e_pulses;
    bool dash_told;               // management firmware knows of a driver
    unsigned rx_at, tx_at;        // where it is in its rings
};

extern struct fake_chip chip;
extern char last_error[200], last_warning[200];
extern uint64_t clock_us;         // what now_us() gives, 10 more at each look
extern struct nic nic;
extern struct pbuf *frames[FRAMES_MAX];
extern unsigned frame_count;
extern unsigned allocations_left;  // of memory; then there is none
extern uint16_t subsystem;         // its PCI subsystem id

// A fresh 8168H with a gigabit link; a set-up function of cmocka.
int reset_chip(void **state);

// Makes the chip version `xid` of a model that is known, or of that of `like` under another version.
void become(uint16_t xid);
void become_like(uint16_t like, uint16_t xid);

// Gives it another PCI id.
void become_device(uint16_t vendor, uint16_t device);

// A register as the chip has it.
uint32_t get(uint32_t at, unsigned width);
void put(uint32_t at, unsigned width, uint32_t value);

// What the driver's probe() returns.
int probe(void);

// Probe and start, both of which must succeed.
void start(void);

// Stops, and checks that the chip is silent and every buffer is back.
void finish(void);

// Bus mastering off, receiver and transmitter, too.
void check_silent(void);

// The driver's state behind `nic`.
struct rtl *driver(void);

// The chip receives: `length` bytes into the next buffer, reporting `result` with length `said`. False when it has
// no descriptor, or hears nothing.
bool receive_as(uint32_t result, uint32_t length, uint32_t said);

// A good frame of `length` bytes without FCS.
bool receive(uint32_t length);

// The stack got that frame, whole, as number `index`.
void check_frame(unsigned index, uint32_t length);

// Frees what the stack got.
void drop_frames(void);

// The chip sends the next frame; returns its length after copying it to `to`, 0 when there is none or when it was
// not told.
uint32_t send_one(uint8_t *to);

// A frame to send.
struct pbuf *make_frame(uint16_t length);

// Runs poll() once.
unsigned poll(unsigned budget);

#endif
