// An RTL8139 in memory, see rtl8139_fake.h: registers and EEPROM.

#include "tests/unit/rtl8139_fake.h"  // chip

#include "drivers/mmio.h"     // mmio_read32
#include "drivers/pci/pci.h"  // pci_dev

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

bool written;
static volatile uint8_t window[256];
static unsigned eeprom_clocks;        // since it was selected
static uint32_t eeprom_in, eeprom_out;

void pci_set_bus_master(const struct pci_dev *which, bool on)
{
    assert_ptr_equal(which, &pci);
    assert_true(on || chip.gone || clock_us - chip.off_at >= SILENCE_US);
    chip.bus_master = on;
}

volatile void *pci_map_bar(const struct pci_dev *dev, unsigned index)
{
    assert_int_equal(index, 1);
    return dev->bars[1].size ? window : NULL;
}

uint16_t reg16(uint32_t at)
{
    uint16_t value;

    memcpy(&value, &chip.regs[at], sizeof(value));
    return value;
}

uint32_t reg32(uint32_t at)
{
    uint32_t value;

    memcpy(&value, &chip.regs[at], sizeof(value));
    return value;
}

void set16(uint32_t at, uint16_t value)
{
    memcpy(&chip.regs[at], &value, sizeof(value));
}

void set32(uint32_t at, uint32_t value)
{
    memcpy(&chip.regs[at], &value, sizeof(value));
}

static bool receiver_on(void)
{
    return chip.regs[CR] & CR_RE;
}

uint32_t read_offset(void)
{
    return (reg16(CAPR) + CAPR_BIAS) % RX_RING;
}

// The width at which a register may be accessed, in bytes.
static unsigned width_of(uint32_t at, bool write)
{
    if (at < MAR0)
        return write ? 4 : 1;
    if (at == CR || at == EECR || at == CONFIG1 || at == MSR || at == HLTCLK)
        return 1;
    if ((at >= CAPR && at <= ISR) || at == MULINT || (at >= BMCR && at <= ANLPAR) || at == CPCR)
        return 2;
    return 4;
}

static uint32_t offset_of(const volatile void *address, unsigned width, bool write)
{
    uint32_t at = (uint32_t)((const volatile uint8_t *)address - window);

    assert_true(at < pci.bars[1].size && at % width == 0);
    // What is written is read back at the same width.
    assert_true(width == width_of(at, write) || (!write && written && width == 4 && at < MAR0));
    assert_false(write && written);
    written = write;
    chip.accesses++;
    return at;
}

static void clock_eeprom(unsigned bit)
{
    unsigned command = 3 + chip.eeprom_bits;

    eeprom_clocks++;
    if (eeprom_clocks <= command)
        eeprom_in = eeprom_in << 1 | bit;
    if (eeprom_clocks == command) {
        assert_true(eeprom_in >> chip.eeprom_bits == EE_READ || chip.eeprom_bits == 6);
        eeprom_out = chip.eeprom[eeprom_in & ((1u << chip.eeprom_bits) - 1)];
        chip.eeprom_reads++;
    } else if (eeprom_clocks > command) {
        eeprom_out <<= 1;
    }
}

static void write_eecr(uint8_t before, uint8_t value)
{
    if ((value & EECR_CONFIG) != EECR_PROGRAM)
        return;
    if (!(value & EECR_EECS)) {
        eeprom_clocks = eeprom_in = eeprom_out = 0;
        return;
    }
    if (chip.eeprom_bits && (value & EECR_EESK) && !(before & EECR_EESK))
        clock_eeprom(!!(value & EECR_EEDI));
}

static void start_receiver(void)
{
    assert_true(chip.bus_master && reg32(RBSTART) % 4 == 0);
    assert_int_equal(reg16(CPCR) & (CPCR_CPTX | CPCR_CPRX), 0);
    memory_at(reg32(RBSTART));
    set16(CBR, 0);
    chip.receiver_starts++;
    chip.regs[CR] |= CR_RE;
}

static uint8_t read8(uint32_t at)
{
    switch (at) {
    case CR:
        chip.crs++;
        if (chip.receiver_coming > 0 && --chip.receiver_coming == 0)
            start_receiver();
        return chip.regs[CR] | (reg16(CBR) == read_offset() ? CR_BUFE : 0);
    case MSR:
        return (uint8_t)((chip.regs[MSR] & MSR_SPEED_10) | (chip.link ? 0 : MSR_LINKB));
    case EECR:
        return (uint8_t)((chip.regs[EECR] & ~EECR_EEDO) | (eeprom_out >> 16 & EECR_EEDO));
    default:
        return chip.regs[at];
    }
}

uint8_t mmio_read8(const volatile void *address)
{
    uint8_t value = read8(offset_of(address, 1, false));

    return chip.gone ? UINT8_MAX : value;
}

uint16_t mmio_read16(const volatile void *address)
{
    uint32_t at = offset_of(address, 2, false);

    chip.cbrs += at == CBR;
    if (at == CBR && chip.counts_bytes)
        return chip.gone ? UINT16_MAX : (uint16_t)((reg16(CBR) - chip.padding) % RX_RING);
    return chip.gone ? UINT16_MAX : reg16(at);
}

uint32_t mmio_read32(const volatile void *address)
{
    uint32_t at = offset_of(address, 4, false);

    if (chip.gone || (chip.halted && at == TCR))
        return UINT32_MAX;
    return at == TCR ? (reg32(TCR) & ~TCR_HWVERID_MASK) | chip.version : reg32(at);
}

// The addresses and what the PHY was told stay.
static void reset(void)
{
    uint8_t kept[16];  // IDR, MAR
    uint16_t bmcr = reg16(BMCR), anar = reg16(ANAR), anlpar = reg16(ANLPAR), cpcr = reg16(CPCR);
    uint8_t msr = chip.regs[MSR], config1 = chip.regs[CONFIG1];

    assert_true(chip.stuck_receiver || !(chip.regs[CR] & (CR_RE | CR_TE)));
    assert_false(chip.bus_master);
    if (chip.version == VERSION_A)
        assert_int_equal(chip.regs[CONFIG1] & (CONFIG1_SLEEP | CONFIG1_PWRDN), 0);
    chip.stuck_receiver = false;
    chip.resets++;
    if (chip.stuck_reset) {
        chip.regs[CR] |= CR_RST;
        return;
    }
    memcpy(kept, chip.regs, sizeof(kept));
    memset(chip.regs, 0, sizeof(chip.regs));
    memcpy(chip.regs, kept, sizeof(kept));
    set16(BMCR, bmcr);
    set16(ANAR, anar);
    set16(ANLPAR, anlpar);
    set16(CPCR, chip.keeps_descriptor_mode ? cpcr : 0);
    chip.regs[MSR] = msr;
    chip.regs[CONFIG1] = config1;
    set16(CAPR, (uint16_t)-CAPR_BIAS);
    for (unsigned i = 0; i < TX_SLOTS; i++)
        set32(TSD0 + 4 * i, TSD_OWN);
    chip.next_tsd = chip.next_sent = 0;
    chip.overflown = false;
    chip.receiver_coming = 0;
    if (chip.receiver_off == NOT_UNTIL_RESET)
        chip.receiver_off = ON_TIME;
}

static void write_cr(uint8_t value)
{
    uint8_t before = chip.regs[CR];

    if (value & CR_RST) {
        assert_int_equal(value, CR_RST);
        reset();
        return;
    }
    if ((before & (CR_RE | CR_TE)) && !(value & (CR_RE | CR_TE)))
        chip.off_at = clock_us;
    if (chip.stuck_off)
        value &= (uint8_t)~(CR_RE | CR_TE);
    if (chip.stuck_receiver)
        value |= before & CR_RE;
    bool on = (value & CR_RE) && !(before & CR_RE);
    chip.regs[CR] = on ? value & (uint8_t)~CR_RE : value;
    chip.receiver_coming = 0;
    if (on && chip.receiver_off == ON_TIME && chip.receiver_delay > 0)
        chip.receiver_coming = chip.receiver_delay;
    else if (on && chip.receiver_off == ON_TIME)
        start_receiver();
}

void mmio_write8(volatile void *address, uint8_t value)
{
    uint32_t at = offset_of(address, 1, true);
    uint8_t before = chip.regs[at];

    if (chip.gone)
        return;
    if (at == CR) {
        write_cr(value);
        return;
    }
    if (at == CONFIG1)
        assert_int_equal(chip.regs[EECR], EECR_CONFIG);
    chip.regs[at] = value;
    chip.halted = chip.halted && (at != HLTCLK || value != HLTCLK_RUN);
    if (at == EECR)
        write_eecr(before, value);
}

static void write_capr(uint16_t value)
{
    uint32_t used = (reg16(CBR) - read_offset()) % RX_RING;
    uint32_t given = ((uint16_t)(value + CAPR_BIAS) - read_offset()) % RX_RING;

    assert_true(value % 4 == 0 && given <= used);
    set16(CAPR, value);
    chip.capr_writes++;
    chip.capr_moved = true;
}

void mmio_write16(volatile void *address, uint16_t value)
{
    uint32_t at = offset_of(address, 2, true);

    if (chip.gone)
        return;
    switch (at) {
    case IMR:
        assert_int_equal(value, 0);
        break;
    case CAPR:
        write_capr(value);
        return;
    case CBR:
        fail_msg("CBR is the chip's");
        return;
    case ISR:
        if ((value & ISR_RXOVW) && chip.capr_moved)
            chip.overflown = false;
        set16(ISR, reg16(ISR) & (uint16_t)~value);
        return;
    case BMCR:
        assert_int_equal(chip.regs[EECR], EECR_CONFIG);
        chip.negotiations += !!(value & BMCR_RESTART);
        value &= (uint16_t)~BMCR_RESTART;
        break;
    case CPCR:
        // Only an 8139C+ has it, and it is left alone unless it is on.
        assert_true(chip.version == VERSION_CPLUS && (reg16(CPCR) & (CPCR_CPTX | CPCR_CPRX)));
        break;
    default:
        break;
    }
    set16(at, value);
}

static void write_tsd(uint32_t at, uint32_t value)
{
    assert_int_equal(at, TSD0 + 4 * (chip.next_tsd % TX_SLOTS));
    assert_true((chip.regs[CR] & CR_TE) && chip.bus_master);
    assert_true(reg32(at) & TSD_OWN);
    assert_false(value & TSD_OWN);
    assert_in_range(value & TSD_SIZE_MASK, 60, 1518);
    assert_in_range(value >> TSD_ERTXTH_SHIFT, 1, 63);
    assert_int_equal(reg32(TSAD0 + 4 * (chip.next_tsd % TX_SLOTS)) % 4, 0);
    set32(at, value);
    chip.next_tsd++;
    chip.tsd_writes++;
    if (chip.sends)
        send_one(NULL);
}

// The frame that was given up is sent again.
static void retry(void)
{
    uint32_t at = TSD0 + 4 * (chip.next_sent % TX_SLOTS);

    assert_true(reg32(at) & TSD_TABT);
    set32(at, reg32(at) & ~(uint32_t)(TSD_TABT | TSD_OWN));
    chip.retries++;
}

void mmio_write32(volatile void *address, uint32_t value)
{
    uint32_t at = offset_of(address, 4, true);

    if (chip.gone)
        return;
    switch (at) {
    case IDR0:
    case IDR4:
        assert_int_equal(chip.regs[EECR], EECR_CONFIG);
        break;
    case RCR:
        assert_true(value == 0 || receiver_on());
        assert_int_equal(value & ~(uint32_t)(RCR_APM | RCR_AB) & 0x7f, 0);  // no errors, runts, everything
        break;
    case TCR:
        if (!(chip.regs[CR] & CR_TE))
            return;
        if (value & TCR_CLRABT)
            retry();
        value &= ~TCR_CLRABT;
        break;
    case MPC:
        value = 0;
        break;
    default:
        break;
    }
    if (at >= TSD0 && at < TSAD0)
        write_tsd(at, value);
    else
        set32(at, value);
}
