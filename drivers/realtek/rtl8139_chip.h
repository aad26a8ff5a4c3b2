// The RTL8139 driver's own state, shared by its files: rtl8139.c (life cycle), rtl8139_mac.c (reset, set-up,
// link), rtl8139_address.c (MAC address), rtl8139_rx.c, rtl8139_tx.c, rtl8139_ids.c.
#ifndef URLBOOT_DRIVERS_REALTEK_RTL8139_CHIP_H
#define URLBOOT_DRIVERS_REALTEK_RTL8139_CHIP_H

#include <stdbool.h>
#include <stdint.h>

#include "drivers/mmio.h"  // mmio_read32
#include "drivers/nic.h"   // nic_buf_pool
#include "drivers/nic_life.h"              // nic_life
#include "drivers/realtek/rtl8139_regs.h"  // TX_SLOTS
#include "drivers/tx_slots.h"              // tx_slots

struct pci_dev;

// What a chip is like.
enum rtl8139_flag {
    RTL8139_SLEEPS = 1 << 0,      // the first chips: CONFIG1 may have switched them off
    RTL8139_CPLUS = 1 << 1,       // 8139C+: has a descriptor mode, which must be off
};

struct rtl8139_version {
    uint32_t id;                  // TCR_HWVERID_MASK
    uint32_t flags;               // enum rtl8139_flag
    const char *name;
};

// The chip writes frames into the ring one after another, each behind a header of its own.
struct rtl8139_rx {
    uint8_t *ring;                // RX_RING_BYTES of DMA memory
    uint32_t read;                // offset of the next header, below RX_RING
    uint64_t deadline;            // for a frame that the chip does not finish; 0 when there is none
};

struct rtl8139_tx {
    struct tx_slots slots;        // TX_SLOTS, one for each pair of registers
    unsigned aborts;              // of the frame at slots.cons, which is sent again each time
};

struct rtl8139 {
    struct nic_life life;         // must be first; lies: impossible or unfinished frames in a row
    struct nic *nic;
    struct pci_dev *pci;
    volatile uint8_t *regs;
    uint32_t flags;               // enum rtl8139_flag
    struct nic_buf_pool pool;     // survives stop() while the stack holds frames
    struct rtl8139_rx rx;
    struct rtl8139_tx tx;
};

#define RTL8139_BUFFER_SIZE 1536u   // what a frame is copied into

// Register `reg` of rtl8139_regs.h, at the width that is given there.
static inline uint8_t rd8(const struct rtl8139 *dev, uint32_t reg)
{
    return mmio_read8(dev->regs + reg);
}

static inline uint16_t rd16(const struct rtl8139 *dev, uint32_t reg)
{
    return mmio_read16(dev->regs + reg);
}

static inline uint32_t rd32(const struct rtl8139 *dev, uint32_t reg)
{
    return mmio_read32(dev->regs + reg);
}

// Each write is read back: some of these chips lose one when another follows on its heels.
static inline void wr8(const struct rtl8139 *dev, uint32_t reg, uint8_t value)
{
    mmio_write8(dev->regs + reg, value);
    mmio_read8(dev->regs + reg);
}

static inline void wr16(const struct rtl8139 *dev, uint32_t reg, uint16_t value)
{
    mmio_write16(dev->regs + reg, value);
    mmio_read16(dev->regs + reg);
}

static inline void wr32(const struct rtl8139 *dev, uint32_t reg, uint32_t value)
{
    mmio_write32(dev->regs + reg, value);
    mmio_read32(dev->regs + reg);
}

// The table of PCI ids; ends with vendor 0.
extern const struct nic_id rtl8139_ids[];

// What is known of the chip that says `tcr` in TCR; NULL when nothing is.
const struct rtl8139_version *rtl8139_version(uint32_t tcr);

// ---- rtl8139_mac.c ----------------------------------------------------------------------------------

// Has the chip's clock run, which operating systems halt, and reads TCR; all ones when the chip has gone.
uint32_t rtl8139_tcr(const struct rtl8139 *dev);

// Ends all DMA and interrupts, bus mastering included, and resets the chip, whatever state it was in; the PHY
// and its link stay. 0, or ERR_NIC_INIT_FAILED when the chip has gone, ERR_TIMEOUT when its reset does not
// end: bus mastering is off all the same.
int rtl8139_reset(struct rtl8139 *dev);

// After a reset: MAC address, filters, link, ring and slots, which must be there; then receiver and
// transmitter on. Bus mastering must be on. ERR_NIC_INIT_FAILED when they do not go on.
int rtl8139_set_up(struct rtl8139 *dev);

// Has the receiver begin anew at the ring's begin: what is in the ring is lost, what is being sent is not.
void rtl8139_restart_receiver(struct rtl8139 *dev);

// Has the chip go on after an overflow, once CAPR has moved; sets life.restart after an error of its bus.
void rtl8139_acknowledge(struct rtl8139 *dev);

// The link now, with rtl8139_acknowledge(); sets life.gone when the chip answers all ones, counts frames that
// it had no room for.
struct nic_link rtl8139_link(struct rtl8139 *dev);

// ---- rtl8139_address.c ------------------------------------------------------------------------------

// Finds the MAC address: as the chip has loaded it, else the EEPROM's. 0, or ERR_NIC_INIT_FAILED when neither
// is one.
int rtl8139_read_address(struct rtl8139 *dev);

// ---- rtl8139_rx.c, rtl8139_tx.c ---------------------------------------------------------------------

// Takes at most `budget` frames and hands them to the stack; returns how many. Sets life.gone when the chip
// answers all ones.
unsigned rtl8139_rx(struct rtl8139 *dev, unsigned budget);

// nic_ops.transmit.
int rtl8139_transmit(struct nic *nic, struct pbuf *frame);

// Takes sent frames back. True when the watchdog barked: frames in flight, none sent for two seconds.
bool rtl8139_tx_reclaim(struct rtl8139 *dev);

// nic_ops.sending.
bool rtl8139_sending(struct nic *nic);

#endif
