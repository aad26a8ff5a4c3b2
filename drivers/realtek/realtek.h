// The Realtek driver's own state, shared by its files: net.c (life cycle), chips.c (which chip it is),
// fixups.c (what each wants written), mac.c (stop, reset, set-up), access.c (registers behind registers),
// phy.c, address.c (MAC address), dash.c (management firmware), rings.c, rx.c, tx.c.
#ifndef URLBOOT_DRIVERS_REALTEK_REALTEK_H
#define URLBOOT_DRIVERS_REALTEK_REALTEK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "drivers/mmio.h"          // mmio_read32
#include "drivers/nic.h"           // nic_buf_pool
#include "drivers/nic_life.h"      // nic_life
#include "drivers/realtek/desc.h"  // rtl_desc
#include "drivers/tx_slots.h"      // tx_slots

struct pci_dev;

// What a chip is like (struct rtl_chip's flags).
enum rtl_flag {
    RTL_PCI = 1 << 0,          // 8169 and 8110: conventional PCI
    RTL_FAST = 1 << 1,         // 10 and 100 Mb/s only
    RTL_CONFIG_ASPM = 1 << 2,  // its own switches for link power saving, beside PCI Express's (8168E on)
    RTL_STOP_POLL = 1 << 3,    // 8168DP: stopping ends when TPPOLL's bit does
    RTL_STOP_SENT = 1 << 4,    // 8168E-VL to F, 8402, 8411: when all is sent
    RTL_GATE = 1 << 5,         // 8168G on: RXDV gate, management firmware's FIFOs, PHY by OCP
    RTL_STOP_REST = 1 << 6,    // 8125B on: a second look whether all is at rest
    RTL_8125 = 1 << 7,         // 8125 on: registers moved
    RTL_AUTO_FIFO = 1 << 8,    // 8168E-VL to 8117, 8402
    RTL_ERI_MAC = 1 << 9,      // 8168F on: the MAC address is in the extended registers
    RTL_MAC_COPY = 1 << 10,    // 8168E-VL: it must be written there, too
    RTL_PLL = 1 << 11,         // its PLL can be off
    RTL_DASH_DP = 1 << 12,     // management firmware as in the 8168DP; it shares the PHY's bus
    RTL_DASH_EP = 1 << 13,     // as in the 8168EP and 8117: has a MAC of its own
    RTL_DASH_BP = 1 << 14,     // as in the 8125BP
    RTL_8117 = 1 << 15,        // and its registers lie elsewhere
    RTL_8126 = 1 << 16,        // 5 Gb/s
    RTL_SPEEDS_EVL = 1 << 17,  // settings by the link's speed (rtl_fix_speed()): 8168E-VL, 8411
    RTL_FIRST_8169 = 1 << 18,  // wants its analogue PLL on
    RTL_SPEEDS_8168F = 1 << 19,
    RTL_SPEEDS_8402 = 1 << 20,
    RTL_CPLUS_ENB = 1 << 21,   // 8101E: switches of the C+ mode, as on PCI
    RTL_PCI_CLOCK = 1 << 22,   // 8169SC: is told of the bus's clock
    RTL_INT_CFG1 = 1 << 23,    // 8125B, 8126: half as many interrupt delays, and a switch for them
    RTL_8411B = 1 << 24,       // may stay deaf when its PHY was switched off
};

// Where a fix-up is written.
enum rtl_space { RTL_SPACE_END, RTL_REG8, RTL_REG16, RTL_REG32, RTL_ERI, RTL_OCP };

// Clears and sets bits of one register.
struct rtl_fixup {
    enum rtl_space space;
    uint16_t reg;
    uint32_t clear, set;
};

// A version of the chip.
struct rtl_chip {
    uint16_t mask, xid;              // of TCR's version
    uint32_t flags;                  // enum rtl_flag
    uint32_t rcr;                    // what RCR gets beside what to accept
    const struct rtl_fixup *fixups;  // ends with RTL_SPACE_END; NULL: none
    const char *name;
};

// Rings have free-running indices and a power of two of entries.
struct rtl_rx_ring {
    volatile struct rtl_desc *desc;
    struct nic_buf **bufs;        // what each descriptor points at; NULL when it is the driver's
    unsigned prod, cons;          // the chip has [cons, prod)
    uint64_t watched;             // frames received when last looked at
    uint64_t stalled;             // when it counts as stalled: it ran over, and nothing has come since; 0: no
};

struct rtl_tx_ring {
    volatile struct rtl_desc *desc;
    struct tx_slots slots;        // one for each descriptor
    unsigned rung;                // slots.prod when the doorbell rang last
    uint64_t again;               // when it is rung again: chips miss some
};

struct rtl {
    struct nic_life life;         // must be first
    struct nic *nic;
    struct pci_dev *pci;
    volatile uint8_t *regs;
    const struct rtl_chip *chip;
    uint32_t flags;               // the chip's, and what its PCI id adds
    struct nic_buf_pool pool;     // survives stop() while the stack holds frames
    struct rtl_rx_ring rx;
    struct rtl_tx_ring tx;
    bool dash;                    // management firmware is at work
    bool polling;                 // inside poll(): doorbells wait for its end
};

#define RTL_BUFFER_SIZE 2048u     // of a receive buffer

// Registers of realtek_regs.h, by width.
static inline uint8_t rd8(const struct rtl *dev, uint32_t reg)
{
    return mmio_read8(dev->regs + reg);
}

static inline uint16_t rd16(const struct rtl *dev, uint32_t reg)
{
    return mmio_read16(dev->regs + reg);
}

static inline uint32_t rd32(const struct rtl *dev, uint32_t reg)
{
    return mmio_read32(dev->regs + reg);
}

static inline void wr8(const struct rtl *dev, uint32_t reg, uint32_t value)
{
    mmio_write8(dev->regs + reg, (uint8_t)value);
}

static inline void wr16(const struct rtl *dev, uint32_t reg, uint32_t value)
{
    mmio_write16(dev->regs + reg, (uint16_t)value);
}

static inline void wr32(const struct rtl *dev, uint32_t reg, uint32_t value)
{
    mmio_write32(dev->regs + reg, value);
}

// True when the chip has one of these flags.
static inline bool rtl_has(const struct rtl *dev, uint32_t flags)
{
    return dev->flags & flags;
}

// ---- chips.c, fixups.c ------------------------------------------------------------------------------

// The table of PCI ids; ends with vendor 0. Their flags are RTL_PCI, RTL_FAST, RTL_8125, RTL_8126.
extern const struct nic_id rtl_ids[];

// The row of version `xid` (TCR's) among the chips of a PCI id with flags `id_flags`. Never NULL: a version
// that is not known is taken for the first of its kind in the table, and *known is false.
const struct rtl_chip *rtl_find_chip(uint16_t xid, uint32_t id_flags, bool *known);

// What the chips of these names want written; each ends with RTL_SPACE_END.
extern const struct rtl_fixup rtl_fix_8169[], rtl_fix_8169sc_5[], rtl_fix_8169sc_6[], rtl_fix_8168b[],
    rtl_fix_8168c[], rtl_fix_8168c_1[], rtl_fix_8168cp[], rtl_fix_8168cp_2[], rtl_fix_8168d[],
    rtl_fix_8168dp[], rtl_fix_8168dp_2[], rtl_fix_8168e[], rtl_fix_8168evl[], rtl_fix_8168f[],
    rtl_fix_8411[], rtl_fix_8168g_1[], rtl_fix_8168g[], rtl_fix_8168h[], rtl_fix_8168ep[], rtl_fix_8117[],
    rtl_fix_8101[], rtl_fix_8102e[], rtl_fix_8105e[], rtl_fix_8402[], rtl_fix_8106e[], rtl_fix_8125a[],
    rtl_fix_8125b[], rtl_fix_8125d[], rtl_fix_8126a[];

// What this chip wants written when its link comes up with `mbps`; NULL: nothing. No configuration register.
const struct rtl_fixup *rtl_fix_speed(const struct rtl *dev, unsigned mbps);

// ---- access.c ---------------------------------------------------------------------------------------

// Wait until the bits `mask` of `reg` are `value`, at most `ms` milliseconds. False when they never were.
bool rtl_wait8(const struct rtl *dev, uint32_t reg, uint8_t mask, uint8_t value, unsigned ms);
bool rtl_wait16(const struct rtl *dev, uint32_t reg, uint16_t mask, uint16_t value, unsigned ms);
bool rtl_wait32(const struct rtl *dev, uint32_t reg, uint32_t mask, uint32_t value, unsigned ms);

// Clear bits of a register, then set others.
void rtl_change8(const struct rtl *dev, uint32_t reg, uint8_t clear, uint8_t set);
void rtl_change32(const struct rtl *dev, uint32_t reg, uint32_t clear, uint32_t set);

// An extended register (8168E-VL on; the 8168DP has one), `address` a multiple of 4; all ones when the chip
// does not answer. write8: its lowest byte alone.
uint32_t rtl_eri_read(const struct rtl *dev, uint32_t address);
void rtl_eri_write8(const struct rtl *dev, uint32_t address, uint8_t value);
void rtl_eri_write(const struct rtl *dev, uint32_t address, uint32_t value);

// The same in management firmware's registers (8168EP, 8117, 8125BP); writes the lowest byte.
uint32_t rtl_oob_read(const struct rtl *dev, uint32_t address);
void rtl_oob_write8(const struct rtl *dev, uint32_t address, uint8_t value);

// A register inside the MAC (8168G on), `address` even.
uint16_t rtl_ocp_read(const struct rtl *dev, uint32_t address);
void rtl_ocp_write(const struct rtl *dev, uint32_t address, uint16_t value);
void rtl_ocp_change(const struct rtl *dev, uint32_t address, uint16_t clear, uint16_t set);

// A register of the PHY by its number (clause 22); a negative value when the PHY does not answer.
int rtl_phy_read(const struct rtl *dev, unsigned reg);
void rtl_phy_write(const struct rtl *dev, unsigned reg, uint16_t value);

// A register of the PHY by its address (8168G on).
int rtl_phy_ocp_read(const struct rtl *dev, uint32_t address);
void rtl_phy_ocp_write(const struct rtl *dev, uint32_t address, uint16_t value);
void rtl_phy_ocp_change(const struct rtl *dev, uint32_t address, uint16_t clear, uint16_t set);

// Writes fix-ups; one is left out when its register cannot be read. Configuration registers must be unlocked.
void rtl_apply(const struct rtl *dev, const struct rtl_fixup *fixups);

// ---- mac.c ------------------------------------------------------------------------------------------

// Ends all DMA and interrupts, bus mastering included, and resets the MAC, whatever state the chip was in;
// the link stays. The receive path is open afterwards and nobody's but ours. 0, or ERR_NIC_INIT_FAILED when
// the chip has gone, ERR_TIMEOUT when its reset does not end: bus mastering is off all the same.
int rtl_reset(struct rtl *dev);

// After a reset: everything but the rings and the PHY.
void rtl_mac_setup(struct rtl *dev);

// Turns receiver and transmitter on. The rings must have been programmed and bus mastering be on.
void rtl_mac_enable(struct rtl *dev);

// ---- phy.c ------------------------------------------------------------------------------------------

// Wakes the PHY, whatever state it was left in, and has it offer all speeds. A link that is there and was
// negotiated from all of them stays; else it is negotiated anew.
void rtl_phy_setup(struct rtl *dev);

// The link now; sets life.gone when the chip answers all ones, life.renew when it must be restarted
// because the link went down.
struct nic_link rtl_link(struct rtl *dev);

// ---- address.c --------------------------------------------------------------------------------------

// Finds the MAC address: where this chip keeps what it loaded, else in the address registers. 0, or
// ERR_NIC_INIT_FAILED when neither holds one.
int rtl_read_address(struct rtl *dev);

// Writes it into the address registers, which other drivers leave empty. Unlocks and locks the chip.
void rtl_write_address(const struct rtl *dev);

// ---- dash.c -----------------------------------------------------------------------------------------

// Stops the management processor's use of the MAC (8168EP, 8117), before the chip is reset.
void rtl_dash_stop_mac(const struct rtl *dev);

// Looks whether management firmware is at work, into dev->dash.
void rtl_dash_detect(struct rtl *dev);

// Tells it whether a driver is there. Nothing happens when there is none.
void rtl_dash_announce(const struct rtl *dev, bool driver);

// ---- rings.c ----------------------------------------------------------------------------------------

#define RTL_RX_ENTRIES 1024u   // 12 ms of gigabit: what may pass while the stack is busy elsewhere
#define RTL_TX_ENTRIES 256u

// Makes both rings. 0 or ERR_NOT_ENOUGH_MEMORY (then there are none).
int rtl_rings_create(struct rtl *dev);

// Gives all receive buffers back to the pool and frees the rings. The chip must have been silenced. Nothing
// happens when there are none.
void rtl_rings_destroy(struct rtl *dev);

// Tells the chip where they are. Receiver and transmitter must be off.
void rtl_rings_program(struct rtl *dev);

// Tells the chip of frames given to it since the last time, and again of those it has not taken in a while.
void rtl_tx_doorbell(struct rtl *dev);

// ---- rx.c, tx.c -------------------------------------------------------------------------------------

// Fills the receive ring from the pool.
void rtl_rx_refill(struct rtl *dev);

// Looks whether the receiver ran over and has been still since, a few times a second; sets life.restart then,
// and after errors on the bus of PCI.
void rtl_rx_watch(struct rtl *dev);

// Takes at most `budget` frames and hands them to the stack; returns how many.
unsigned rtl_rx(struct rtl *dev, unsigned budget);

// nic_ops.transmit.
int rtl_transmit(struct nic *nic, struct pbuf *frame);

// Takes sent frames back. True when the watchdog barked: frames in flight, none sent for two seconds.
bool rtl_tx_reclaim(struct rtl *dev);

// nic_ops.sending.
bool rtl_sending(struct nic *nic);

#endif
