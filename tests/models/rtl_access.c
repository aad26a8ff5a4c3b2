// Accesses to the registers of a modelled Realtek chip: which there are, who may do what, and what it causes.
// What lies in a register's storage between accesses is what a plain register would hold.
// Tested: tests/unit/test_rtl_model.c, and by every driver that the models are given to.
#include "tests/models/rtl.h"  // rtl_read

#include <string.h>

#include "lib/clock.h"                // now_us
#include "tests/models/complaints.h"  // complain
#include "tests/models/rtl_regs.h"    // CR
#include "tests/models/trace.h"       // trace

#define IO_BAR 0u
#define IO_SIZE 0x100u
#define READ_BACK 0xffffffffu

enum kind { PLAIN, READ_ONLY, LOCKED };

// Access sizes are sums: 1 + 4 allows bytes and double words. A row counts for chips that have all traits of `needs`
// and none of `lacks`.
static const struct row {
    uint16_t offset, length;
    uint8_t reads, writes;
    enum kind kind;
    unsigned needs, lacks;
    const char *name;
} rows[] = {
    {IDR0, 8, 7, 4, LOCKED, 0, 0, "IDR"},
    {MAR0, 8, 7, 4, PLAIN, 0, 0, "MAR"},
    {DTCCR, 8, 4, 4, PLAIN, 0, 0, "DTCCR"},
    {0x18, 2, 3, 3, PLAIN, RTL_PCIE, 0, "LEDSEL"},
    {LED_FREQ, 2, 1, 1, PLAIN, RTL_PCIE, 0, "EEE_LED"},
    {TNPDS, 8, 4, 4, PLAIN, 0, 0, "TNPDS"},
    {THPDS, 8, 4, 4, PLAIN, 0, 0, "THPDS"},
    {0x34, 1, 1, 1, PLAIN, RTL_8125_LAYOUT, 0, "INT_CFG0"},
    {0x7a, 2, 3, 3, PLAIN, RTL_8125_LAYOUT, 0, "INT_CFG1"},
    {0x36, 1, 1, 0, READ_ONLY, 0, 0, "ERSR"},
    {CR, 1, 1, 1, PLAIN, 0, 0, "CR"},
    {TPPOLL, 1, 1, 1, PLAIN, 0, RTL_8125_LAYOUT, "TPPoll"},
    {IMR_8125, 4, 4, 4, PLAIN, RTL_8125_LAYOUT, 0, "IMR"},
    {ISR_8125, 4, 4, 4, PLAIN, RTL_8125_LAYOUT, 0, "ISR"},
    {IMR, 2, 2, 2, PLAIN, 0, RTL_8125_LAYOUT, "IMR"},
    {ISR, 2, 2, 2, PLAIN, 0, RTL_8125_LAYOUT, "ISR"},
    {TCR, 4, 4, 4, PLAIN, 0, 0, "TCR"},
    {RCR, 4, 4, 4, PLAIN, 0, 0, "RCR"},
    {0x48, 4, 4, 4, PLAIN, 0, 0, "TCTR"},
    {0x4c, 4, 4, 4, PLAIN, 0, 0, "MPC"},
    {CR9346, 1, 1, 1, PLAIN, 0, 0, "9346CR"},
    {CONFIG0, 1, 1, 0, READ_ONLY, 0, 0, "CONFIG0"},
    {CONFIG1, 1, 1, 1, LOCKED, 0, 0, "CONFIG1"},
    {CONFIG2, 1, 1, 1, LOCKED, 0, 0, "CONFIG2"},
    {CONFIG3, 1, 1, 1, LOCKED, 0, 0, "CONFIG3"},
    {CONFIG4, 1, 1, 1, LOCKED, 0, 0, "CONFIG4"},
    {CONFIG5, 1, 1, 1, LOCKED, 0, 0, "CONFIG5"},
    {0x58, 4, 4, 4, PLAIN, 0, 0, "TimerInt"},
    {PHYAR, 4, 4, 4, PLAIN, 0, RTL_8125_LAYOUT, "PHYAR"},
    {CSIDR, 4, 4, 4, PLAIN, RTL_PCIE, 0, "CSIDR"},
    {CSIAR, 4, 4, 4, PLAIN, RTL_PCIE, 0, "CSIAR"},
    {PHYSTATUS, 2, 3, 0, READ_ONLY, 0, 0, "PHYstatus"},
    {PMCH, 1, 1, 1, PLAIN, RTL_PCIE, 0, "PMCH"},
    {ERIDR, 4, 4, 4, PLAIN, RTL_ERI, 0, "ERIDR"},
    {ERIAR, 4, 4, 4, PLAIN, RTL_ERI, 0, "ERIAR"},
    {0x7c, 4, 5, 5, PLAIN, 0, RTL_8125_LAYOUT, "0x7c"},
    {EPHYAR, 4, 4, 4, PLAIN, RTL_PCIE, 0, "EPHYAR"},
    {0x82, 1, 1, 1, PLAIN, 0, RTL_PCIE, "0x82"},
    {TPPOLL_8125, 2, 2, 2, PLAIN, RTL_8125_LAYOUT, 0, "TxPoll"},
    {OCPDR, 4, 4, 4, PLAIN, RTL_OCP, 0, "OCPDR"},
    {OCPAR, 4, 4, 4, PLAIN, RTL_OCP, 0, "OCPAR"},
    {GPHY_OCP, 4, 4, 4, PLAIN, RTL_OCP, 0, "GPHY_OCP"},
    {DLLPR, 3, 1, 1, PLAIN, RTL_PCIE, 0, "DLLPR"},
    {MCU, 1, 1, 1, PLAIN, RTL_PCIE, 0, "MCU"},
    {RMS, 2, 2, 2, PLAIN, 0, 0, "RMS"},
    {0xdc, 4, 4, 4, PLAIN, RTL_PCIE, 0, "EFUSEAR"},
    {CPCR, 2, 2, 2, PLAIN, 0, 0, "C+CR"},
    {INT_MITI, 2, 2, 2, PLAIN, 0, 0, "IntrMitigate"},
    {RDSAR, 8, 4, 4, PLAIN, 0, 0, "RDSAR"},
    {MTPS, 1, 1, 1, PLAIN, 0, 0, "MTPS"},
    {MISC, 4, 5, 5, PLAIN, 0, 0, "MISC"},
    {0xf4, 4, 4, 4, PLAIN, 0, 0, "FEMR"},
    {0xf8, 4, 5, 5, PLAIN, 0, 0, "0xf8"},
    {0xfc, 4, 4, 4, PLAIN, 0, 0, "0xfc"},
    {0x382, 2, 2, 2, PLAIN, RTL_8125_LAYOUT, 0, "0x382"},
    {0xa00, 0x100, 4, 4, PLAIN, RTL_8125_LAYOUT, 0, "INT_MITI"},
    {0x1880, 2, 2, 2, PLAIN, RTL_8125_LAYOUT, 0, "0x1880"},
    {MAC_BACKUP, 8, 7, 0, READ_ONLY, RTL_8125_LAYOUT, 0, "MAC0_BKP"},
    {0x4500, 4, 5, 5, PLAIN, RTL_8125_LAYOUT, 0, "RSS_CTRL"},
    {0x4800, 2, 2, 2, PLAIN, RTL_8125_LAYOUT, 0, "Q_NUM_CTRL"},
    {0x6048, 2, 2, 2, PLAIN, RTL_8125_LAYOUT, 0, "EEE_TXIDLE"},
};

uint32_t rtl_get(const struct rtl *r, unsigned offset, unsigned size)
{
    uint32_t value = 0;

    memcpy(&value, r->registers + offset, size);
    return value;
}

void rtl_put(struct rtl *r, unsigned offset, uint32_t value, unsigned size)
{
    memcpy(r->registers + offset, &value, size);
}

static const struct row *find(const struct rtl *r, unsigned offset)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct row *row = &rows[i];
        if (offset >= row->offset && offset < row->offset + row->length &&
            (r->chip->traits & row->needs) == row->needs && !(r->chip->traits & row->lacks))
            return row;
    }
    return NULL;
}

// Whether there are registers at all, and the driver may touch one now.
static bool is_ready(struct rtl *r, unsigned bar, uint32_t offset, unsigned size)
{
    uint32_t length = bar == IO_BAR ? IO_SIZE : r->chip->pci.bars[bar].size;

    if (bar != IO_BAR && bar != r->chip->bar) {
        complain("BAR %u is accessed, where there are no registers", bar);
        return false;
    }
    if (size > 4 || offset + size > length) {
        complain("an access of %u bytes at 0x%x: registers have at most 4", size, offset);
        return false;
    }
    if (pci_config_power(&r->config) != 0) {
        complain("registers are touched in power state D%u", pci_config_power(&r->config));
        return false;
    }
    // Only the bit that tells the end may be looked at.
    if (now_us() < r->reset_until && offset != CR)
        complain("register 0x%02x is touched while the chip resets", offset);
    return true;
}

static uint32_t read_command(const struct rtl *r)
{
    uint8_t value = r->registers[CR];

    return now_us() < r->reset_until ? value | CR_RST : value;
}

static uint32_t read_mcu(const struct rtl *r)
{
    uint32_t value = rtl_get(r, MCU, 1) & ~(uint32_t)(MCU_EMPTY | MCU_READY);

    if (!rtl_receives(r) || (rtl_get(r, MISC, 4) & MISC_GATE))
        value |= MCU_EMPTY;
    return value | (r->list_ready ? MCU_READY : 0);
}

// What a register shows that is more than its storage.
static uint32_t read_register(struct rtl *r, unsigned offset, unsigned size)
{
    bool wide = rtl_is(r, RTL_8125_LAYOUT);

    switch (offset) {
    case CR:
        return read_command(r);
    case TPPOLL:
        return wide ? rtl_get(r, offset, size) : 0;
    case TPPOLL_8125:
        return 0;
    case ISR_8125:
        return wide ? r->events : rtl_get(r, offset, size);
    case ISR:
        return r->events;
    case TCR:
        return (rtl_get(r, TCR, 4) & ~TCR_XID & ~TCR_EMPTY) | r->chip->xid << 20 |
               (rtl_is(r, RTL_TX_EMPTY) ? TCR_EMPTY : 0);
    case PHYSTATUS:
        return rtl_phy_status(r);
    case MCU:
        return rtl_is(r, RTL_PCIE) ? read_mcu(r) : rtl_get(r, offset, size);
    case INT_MITI:
        return wide && !rtl_receives(r) ? EMPTY_8125B : rtl_get(r, offset, size);
    default:
        return rtl_get(r, offset, size);
    }
}

uint64_t rtl_read(void *rtl, unsigned bar, uint32_t offset, unsigned size)
{
    struct rtl *r = rtl;
    const struct row *row = find(r, offset);
    uint32_t value;

    if (!is_ready(r, bar, offset, size))
        return READ_BACK >> (size < 4 ? 32 - 8 * size : 0);
    if (row != NULL && (!(row->reads & size) || offset + size > row->offset + row->length))
        complain("%s is read by %u bytes", row->name, size);
    value = read_register(r, offset, size);
    if (size < 4)
        value &= (1u << 8 * size) - 1;
    trace("r %04x/%u %08x", offset, size, value);
    return value;
}

static void write_command(struct rtl *r, uint32_t value, uint32_t before)
{
    uint32_t now;

    if (value & CR_RST) {
        rtl_soft_reset(r);
        return;
    }
    now = value & (CR_STOP | CR_RE | CR_TE);
    rtl_put(r, CR, now, 1);
    if (!(now & CR_RE))
        r->firmware = false;
    if ((now & CR_RE) && !(before & CR_RE)) {
        r->master_since_start = pci_config_bus_master(&r->config);
        if (!r->rx_ring_known)
            complain("the receiver is turned on before RDSAR was written");
    }
}

static void write_ring(struct rtl *r, unsigned base, unsigned offset, uint32_t value, uint32_t running, const char *name)
{
    if (offset == base && value % RING_ALIGN != 0)
        complain("%s is not aligned to 256 bytes", name);
    // No value is harmless, 0 neither: the engine takes its next descriptors from there.
    if (rtl_get(r, CR, 1) & running)
        complain("%s is written while its engine runs", name);
    if (base == TNPDS) {
        r->tx_index = 0;
        r->tx_ring_known = true;
    } else {
        r->rx_index = 0;
        r->rx_ring_known = true;
    }
}

static void write_tally(struct rtl *r, uint32_t value)
{
    uint64_t address = (value & ~63u) | (uint64_t)rtl_get(r, DTCCR + 4, 4) << 32;
    uint64_t tally[8] = {r->counters.tx_frames, r->counters.rx_frames};

    tally[3] = (uint64_t)(r->counters.rx_errors & 0xffffffff) | (r->counters.rx_no_descriptor & 0xffff) << 32;
    tally[5] = r->counters.rx_frames - r->counters.rx_broadcast - r->counters.rx_multicast;
    tally[6] = r->counters.rx_broadcast;
    tally[7] = r->counters.rx_multicast & 0xffffffff;
    if (value & DTCCR_DUMP)
        rtl_dma(r, true, address, tally, sizeof(tally), "the tally counters");
    rtl_put(r, DTCCR, value & ~(DTCCR_DUMP | DTCCR_RESET), 4);
}

static void write_mcu(struct rtl *r, uint32_t value)
{
    rtl_put(r, MCU, value & ~(uint32_t)(MCU_EMPTY | MCU_READY), 1);
}

// What a write causes beyond what is stored; `before` is what was.
static void written(struct rtl *r, unsigned offset, uint32_t value, uint32_t before)
{
    bool wide = rtl_is(r, RTL_8125_LAYOUT);

    switch (offset) {
    case CR:
        write_command(r, value, before);
        break;
    case TPPOLL:
        if (!wide && (value & TPPOLL_HPQ))
            complain("the ring of high priority is polled, which was not set up");
        if (!wide && (value & TPPOLL_NPQ))
            rtl_doorbell(r);
        break;
    case TPPOLL_8125:
        if (value & TPPOLL_8125_POLL)
            rtl_doorbell(r);
        break;
    case TNPDS:
    case TNPDS + 4:
        write_ring(r, TNPDS, offset, value, CR_TE, "TNPDS");
        break;
    case RDSAR:
    case RDSAR + 4:
        write_ring(r, RDSAR, offset, value, CR_RE, "RDSAR");
        break;
    case DTCCR:
        write_tally(r, value);
        break;
    case MCU:
        write_mcu(r, value);
        break;
    default:
        break;
    }
}

// Interrupt registers. Returns whether it was one.
static bool write_interrupts(struct rtl *r, unsigned offset, unsigned size, uint32_t value)
{
    unsigned mask = rtl_is(r, RTL_8125_LAYOUT) ? IMR_8125 : IMR, status = rtl_is(r, RTL_8125_LAYOUT) ? ISR_8125 : ISR;

    if (offset == mask)
        rtl_put(r, mask, value, size);
    else if (offset == status)
        r->events &= ~value;
    else
        return false;
    rtl_interrupt(r);
    return true;
}

// Chips before the 8168G take no settings of an engine that is off, and say nothing.
static bool is_ignored(const struct rtl *r, uint32_t offset)
{
    uint32_t command = rtl_get(r, CR, 1);

    if (rtl_is(r, RTL_OCP))
        return false;
    return (offset == RCR && !(command & CR_RE)) || (offset == TCR && !(command & CR_TE));
}

static bool is_allowed(const struct rtl *r, const struct row *row, uint32_t offset, unsigned size)
{
    if (row == NULL)
        complain("register 0x%02x is written, which is not defined", offset);
    else if (row->kind == READ_ONLY)
        complain("%s is written, which can only be read", row->name);
    else if (!(row->writes & size) || offset + size > row->offset + row->length)
        complain("%s is written by %u bytes", row->name, size);
    else if (row->kind == LOCKED && (rtl_get(r, CR9346, 1) & CR9346_UNLOCK) != CR9346_UNLOCK)
        complain("%s is written while it is locked", row->name);
    else
        return true;
    return false;
}

void rtl_write(void *rtl, unsigned bar, uint32_t offset, unsigned size, uint64_t value64)
{
    struct rtl *r = rtl;
    const struct row *row = find(r, offset);
    uint32_t value = (uint32_t)value64, before;

    if (size < 4)
        value &= (1u << 8 * size) - 1;
    trace("w %04x/%u %08x", offset, size, value);
    if (!is_ready(r, bar, offset, size) || !is_allowed(r, row, offset, size) || is_ignored(r, offset))
        return;
    r->in_access = true;
    if (!write_interrupts(r, offset, size, value)) {
        before = rtl_get(r, offset, size);
        rtl_put(r, offset, value, size);
        if (!rtl_window(r, offset, value))
            written(r, offset, value, before);
    }
    r->in_access = false;
}
