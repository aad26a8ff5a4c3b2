// A model of one Realtek network chip: registers, PHY, rings. It knows no QEMU; tests drive it by its registers.
#ifndef URLBOOT_TESTS_MODELS_RTL_H
#define URLBOOT_TESTS_MODELS_RTL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "tests/models/interrupts.h"  // struct interrupts
#include "tests/models/pci_config.h"  // struct pci_config

#define RTL_REGISTERS 0x10000u
#define RTL_NEVER UINT64_MAX

// What tells the chips apart.
enum rtl_trait {
    RTL_PCIE = 1 << 0,          // multicast registers are swapped; locked clocks, ASPM, CSI and EPHY windows
    RTL_GIGABIT = 1 << 1,
    RTL_2500 = 1 << 2,
    RTL_8125_LAYOUT = 1 << 3,   // wide interrupt registers, TxPoll elsewhere, no PHYAR
    RTL_ERI = 1 << 4,           // the ERI window
    RTL_ERI_MAC = 1 << 5,       // the MAC address is behind it
    RTL_OOB = 1 << 6,           // MCU's bit 7 keeps the receiver from us
    RTL_OCP = 1 << 7,           // 8168G and later: OCP windows, RXDV gate
    RTL_CHECKSUM_V2 = 1 << 8,   // checksum commands in opts2
    RTL_BAD_RUNTS = 1 << 9,     // corrupts frames that are sent shorter than 60 bytes
    RTL_DMA64 = 1 << 10,        // addresses above 4 GiB
    RTL_TX_EMPTY = 1 << 11,     // TCR's bit 11
    RTL_OCP_PHY = 1 << 12,      // the PHY's pages are parts of an OCP space, however they are reached
};

struct rtl_chip {
    const char *name;
    uint32_t xid;               // TCR from bit 20 on
    uint32_t phy_id;
    unsigned traits;            // enum rtl_trait
    unsigned bar;               // of the registers in memory; those in I/O space are BAR 0
    struct pci_identity pci;
};

// The chip called `name`, or NULL.
const struct rtl_chip *rtl_chip_find(const char *name);

// Their names, separated by blanks.
const char *rtl_chip_names(void);

// What firmware left behind.
enum rtl_state { RTL_OFF, RTL_RUNNING, RTL_GATED, RTL_ASLEEP };

struct rtl_options {
    uint8_t mac[6];
    unsigned link_ms;           // from a reason for a link to the link
    bool unplugged;             // at the start
    bool intx_only;             // no MSI capability
    bool drop;                  // frames for which there is no descriptor, instead of keeping the first
    bool deaf_after_link_loss;  // no frame is received after the link was lost, until a reset
    unsigned error_every;       // every so many frames arrive broken, 0: none
    unsigned lose_doorbell;     // every so many doorbells are lost, 0: none
    enum rtl_state state;
};

struct rtl_counters {
    uint64_t rx_frames, rx_bytes, rx_errors, rx_filtered, rx_no_descriptor, rx_while_off, rx_without_master;
    uint64_t rx_multicast, rx_broadcast;
    uint64_t tx_frames, tx_bytes, tx_refused, doorbells, doorbells_idle, doorbells_lost;
    uint64_t old_frames;        // written into the memory that firmware's rings point to
    uint64_t soft_resets, link_ups, link_downs;
};

struct rtl_phy {
    bool cable;
    bool up;
    unsigned speed;             // Mbit/s while up
    uint64_t up_at;             // when the link comes, RTL_NEVER: not by itself
    bool was_down;              // BMSR's latch
    uint64_t reset_until;
    uint16_t page;              // of PHYAR
    uint16_t mmd_control, mmd_address[32];
    uint16_t words[0x8000];     // by OCP address / 2
};

struct rtl {
    const struct rtl_chip *chip;
    struct rtl_options options;
    struct pci_config config;
    struct interrupts interrupts;
    struct rtl_counters counters;
    // Takes a frame that is sent, without checksum. Returns whether it could be sent.
    bool (*send)(void *port, const uint8_t *frame, unsigned length);
    void *port;
    bool in_access;             // a processor waits

    uint8_t registers[RTL_REGISTERS];
    uint32_t events;            // ISR
    uint32_t eri[4][0x400], csi[0x400];
    uint16_t ephy[0x80], mac_ocp[0x8000];
    struct rtl_phy phy;
    uint64_t reset_until;
    bool list_ready;            // MCU's bit 1
    bool firmware;              // nobody has taken the chip over from firmware
    bool master;                // bus mastering, as of the last look
    bool master_since_start;    // it was on since the receiver is
    bool deaf;
    bool tx_ring_known, rx_ring_known;
    unsigned tx_index, rx_index;
    unsigned errors_due, doorbells_due;
    uint64_t old_frame_at;
    unsigned old_index;
};

// ---- the whole (rtl.c) ----

// Makes the chip, as it is at power-on. The caller sets `send` and `port` afterwards, and interrupts.fd if there is one.
void rtl_open(struct rtl *r, const struct rtl_chip *chip, const struct rtl_options *options);

// A reset of the machine.
void rtl_power_on(struct rtl *r);

// What the driver asks for by CR's reset bit.
void rtl_soft_reset(struct rtl *r);

// The configuration space was written.
void rtl_configured(struct rtl *r);

// When rtl_run() must be called next, by now_us(); RTL_NEVER: not by itself.
uint64_t rtl_next(const struct rtl *r);

// Does what is due.
void rtl_run(struct rtl *r);

// Raises or lowers the interrupt as ISR and IMR say.
void rtl_interrupt(struct rtl *r);

// Sets bits of ISR.
void rtl_event(struct rtl *r, uint32_t bits);

// Prints the counters, one "name value" a line.
void rtl_print(const struct rtl *r, FILE *out);

// ---- registers (rtl_access.c) ----

// An access to a BAR; `size` bytes at `offset`.
uint64_t rtl_read(void *rtl, unsigned bar, uint32_t offset, unsigned size);

// The same for a write.
void rtl_write(void *rtl, unsigned bar, uint32_t offset, unsigned size, uint64_t value);

// A register's value as it is stored.
uint32_t rtl_get(const struct rtl *r, unsigned offset, unsigned size);

// Stores it.
void rtl_put(struct rtl *r, unsigned offset, uint32_t value, unsigned size);

static inline bool rtl_is(const struct rtl *r, enum rtl_trait trait)
{
    return r->chip->traits & trait;
}

// ---- windows (rtl_windows.c) ----

// Whether `offset` is the command register of a window, which was just written; does what it asks for.
bool rtl_window(struct rtl *r, unsigned offset, uint32_t value);

// ---- PHY (rtl_phy.c) ----

// The state at power-on.
void rtl_phy_power_on(struct rtl *r);

// A word of the PHY by OCP address; 0xa400 is standard register 0.
uint16_t rtl_phy_read(struct rtl *r, unsigned address);

// Writes it.
void rtl_phy_write(struct rtl *r, unsigned address, uint16_t value);

// The cable is plugged in or pulled out.
void rtl_phy_cable(struct rtl *r, bool plugged);

// Brings the link up when it is time.
void rtl_phy_run(struct rtl *r);

// The register PHYSTATUS.
uint16_t rtl_phy_status(const struct rtl *r);

// ---- rings (rtl_tx.c, rtl_rx.c, rtl_dma.c) ----

// Moves bytes from or to guest memory for `what`, and complains unless that is allowed and memory. Returns whether it
// was done.
bool rtl_dma(struct rtl *r, bool to_guest, uint64_t gpa, void *data, unsigned length, const char *what);

// A doorbell: sends what the transmit ring holds.
void rtl_doorbell(struct rtl *r);

// A frame without checksum arrives (`frame` has room for 64 bytes more). Returns false when there is no descriptor for
// it, and the wire has to keep it until there is.
bool rtl_frame(struct rtl *r, uint8_t *frame, unsigned length);

// Whether frames that arrive are received at all.
bool rtl_receives(const struct rtl *r);

// ---- checksums (rtl_checksum.c) ----

// RX: bits of opts1 that tell the protocol and whether its checksums are wrong.
uint32_t rtl_checksum_verify(const uint8_t *frame, unsigned length);

// TX: fills in the checksums that the bits of version 2 in `opts1` ask for. Complains about offsets that are wrong.
void rtl_checksum_fill(const struct rtl *r, uint8_t *frame, unsigned length, uint32_t opts1, uint32_t opts2);

// The CRC-32 of Ethernet.
uint32_t rtl_crc(const uint8_t *data, unsigned length);

// ---- what firmware left (rtl_states.c) ----

// Sets the chip up as options.state says; called at power-on.
void rtl_state_apply(struct rtl *r);

// Lets firmware's receiver go on, if it is due.
void rtl_state_run(struct rtl *r);

#endif
