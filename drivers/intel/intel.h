// The Intel driver's own state, shared by its files: net.c (life cycle), mac.c (reset), express.c (what
// PCI Express chips need beside), address.c (MAC address), rings.c, rx.c, tx.c, ids.c.
#ifndef URLBOOT_DRIVERS_INTEL_INTEL_H
#define URLBOOT_DRIVERS_INTEL_INTEL_H

#include <stdbool.h>
#include <stdint.h>

#include "drivers/intel/legacy.h"  // legacy_rx_desc
#include "drivers/mmio.h"          // mmio_read32
#include "drivers/nic.h"           // nic_buf_pool
#include "drivers/nic_life.h"      // nic_life
#include "drivers/tx_slots.h"      // tx_slots

struct pci_dev;

// What a chip is like (struct nic_id's flags).
enum intel_flag {
    INTEL_REGS_ELSEWHERE = 1 << 0,   // 82542: receive and transmit registers at other offsets; refused
    INTEL_SMALL_RINGS = 1 << 1,      // 82543: at most RING_ENTRIES_MAX_EARLY descriptors
    INTEL_EE_RELOAD = 1 << 2,        // 82543, 82544: reads its EEPROM after a reset only when told
    INTEL_SLOW_RELOAD = 1 << 3,      // 82541, 82547: takes longer for it
    INTEL_PORT_XOR = 1 << 4,         // the second port's MAC address is not in the EEPROM
    INTEL_EXPRESS = 1 << 5,          // PCI Express: everything from 82571 on
    INTEL_SHARED_MDIO = 1 << 6,      // 82573, 82574, 82583: firmware uses the PHY's bus, too
    INTEL_ES2 = 1 << 7,              // 80003ES2LAN: PHY shared by semaphore, its reset is firmware's; errata
    INTEL_IPV6_HANG = 1 << 8,        // IPv6 extension headers may stop the receiver
    INTEL_CLOCK_HANG = 1 << 9,       // 82571, 82572: dynamic clock gating must be off
    INTEL_FIX_82571 = 1 << 10,       // 82571, 82572: errata of sending; software may hold its EEPROM
    INTEL_FIX_82574 = 1 << 11,       // 82574, 82583: errata of sending and of PCI Express
    INTEL_SWSM_LOAD = 1 << 12,       // 82573: "a driver is there" is said in SWSM
    INTEL_PHY_FIRST = 1 << 13,       // 82541EI, 82541ER, 82547EI: the PHY must be reset before the MAC
    INTEL_PBA_ECC = 1 << 14,         // 82571: the packet buffer's error correction is off
};

// Rings have free-running indices; a power of two of entries, one of which stays empty: to the chip,
// head == tail means that it has none.
struct intel_rx_ring {
    volatile struct legacy_rx_desc *desc;
    struct nic_buf **bufs;        // what each descriptor points at; NULL when it is the driver's
    unsigned size;
    unsigned prod, cons;          // the chip has [cons, prod)
    unsigned rung;                // prod as the chip was told last
    bool skipping;                // inside a frame of several buffers, which is dropped
};

struct intel_tx_ring {
    volatile struct legacy_tx_desc *desc;
    struct tx_slots slots;        // one for each descriptor
    unsigned rung;                // slots.prod as the chip was told last
};

struct intel {
    struct nic_life life;         // must be first
    struct nic *nic;
    struct pci_dev *pci;
    volatile uint8_t *regs;
    uint32_t flags;               // enum intel_flag
    struct nic_buf_pool pool;     // survives stop() while the stack holds frames
    struct intel_rx_ring rx;
    struct intel_tx_ring tx;
    bool polling;                 // inside poll(): doorbells wait for its end
};

// Bytes of a receive buffer (RCTL_BSIZE_2048).
#define INTEL_BUFFER_SIZE 2048u

// Register `reg` of intel_regs.h.
static inline uint32_t rd32(const struct intel *dev, uint32_t reg)
{
    return mmio_read32(dev->regs + reg);
}

static inline void wr32(const struct intel *dev, uint32_t reg, uint32_t value)
{
    mmio_write32(dev->regs + reg, value);
}

// Waits until the bits `mask` of `reg` are `value`, at most `ms` milliseconds. False when they never were.
bool intel_wait(const struct intel *dev, uint32_t reg, uint32_t mask, uint32_t value, unsigned ms);

// The table of chips; ends with vendor 0.
extern const struct nic_id intel_ids[];

// ---- mac.c ------------------------------------------------------------------------------------------

// Ends all DMA and interrupts, bus mastering included, and resets the MAC, whatever state the chip was in;
// the PHY and its link stay except with INTEL_PHY_FIRST. 0, or ERR_NIC_INIT_FAILED when the chip has gone,
// ERR_TIMEOUT when its reset does not end or it does not read its EEPROM: bus mastering is off all the same.
int intel_reset(struct intel *dev);

// After a reset: MAC address, filters, link. Without a link the PHY is reset, for it may have been left
// switched off.
void intel_mac_setup(struct intel *dev);

// Turns receiver and transmitter on. The rings must have been programmed and bus mastering be on.
void intel_mac_enable(struct intel *dev);

// The link now; sets life.gone when the chip answers all ones, life.renew when it must be restarted
// because the link went down.
struct nic_link intel_link(struct intel *dev);

// ---- express.c --------------------------------------------------------------------------------------

// Takes the PHY from firmware, which a reset of MAC or PHY needs. False when firmware does not let go. True
// without further ado on chips that do not share it.
bool intel_take_phy(struct intel *dev);

// Gives it back.
void intel_release_phy(struct intel *dev);

// Sets after a reset what errata ask for, and switches link power saving off. Nothing happens on chips that
// are not PCI Express; the same for the next one.
void intel_express_setup(struct intel *dev);

// Tells management firmware whether a driver is there.
void intel_announce(struct intel *dev, bool driver);

// ---- address.c --------------------------------------------------------------------------------------

// Finds the MAC address: as the chip has loaded it (after a reset), else `before`, what was in the same
// registers before the reset, else the EEPROM. 0, or ERR_NIC_INIT_FAILED when none of them is one.
int intel_read_address(struct intel *dev, const uint8_t before[6]);

// The address the chip filters by, right or wrong.
void intel_station_address(const struct intel *dev, uint8_t mac[6]);

// ---- rings.c ----------------------------------------------------------------------------------------

// Makes both rings. 0 or ERR_NOT_ENOUGH_MEMORY (then there are none).
int intel_rings_create(struct intel *dev);

// Gives all receive buffers back to the pool and frees the rings. The chip must have been silenced. Nothing
// happens when there are none.
void intel_rings_destroy(struct intel *dev);

// Tells the chip where they are: both empty. Receiver and transmitter must be off.
void intel_rings_program(struct intel *dev);

// Tell the chip of descriptors given to it since the last time, at the cost of one register write each.
void intel_rx_doorbell(struct intel *dev);
void intel_tx_doorbell(struct intel *dev);

// ---- rx.c, tx.c -------------------------------------------------------------------------------------

// Fills the receive ring from the pool, in batches; without the doorbell.
void intel_rx_refill(struct intel *dev);

// Takes at most `budget` frames and hands them to the stack; returns how many.
unsigned intel_rx(struct intel *dev, unsigned budget);

// nic_ops.transmit.
int intel_transmit(struct nic *nic, struct pbuf *frame);

// Takes sent frames back. True when the watchdog barked: frames in flight, none sent for two seconds.
bool intel_tx_reclaim(struct intel *dev);

// nic_ops.sending.
bool intel_sending(struct nic *nic);

#endif
