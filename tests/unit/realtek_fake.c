// One of Realtek's controllers in memory, see realtek_fake.h: its registers.

#include "tests/unit/realtek_fake.h"  // fake_chip

#include "drivers/mmio.h"     // mmio_read32
#include "tests/unit/realtek_inside.h"  // window

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define GATE_QUIET_US 2000u
#define GATE_REST_US 2500u
#define STOP_QUIET_US 100u
#define STOP_REST_US 300u
#define BIT_24 (1u << 24)
#define JUNK 0xdeadbeefu   // in the rings' addresses after a reset
#define ACCEPT_OK (RCR_APM | RCR_AM | RCR_AB)

struct fake_chip chip;

uint32_t get(uint32_t at, unsigned width)
{
    uint32_t value = 0;

    assert_true(at + width / 8 <= FAKE_REGS);
    memcpy(&value, &chip.regs[at], width / 8);
    return value;
}

void put(uint32_t at, unsigned width, uint32_t value)
{
    assert_true(at + width / 8 <= FAKE_REGS);
    memcpy(&chip.regs[at], &value, width / 8);
}

static uint32_t offset_of(const volatile void *address, unsigned width)
{
    uint32_t at = (uint32_t)((const volatile uint8_t *)address - window);

    assert_true(at < FAKE_REGS && at % (width / 8) == 0);
    if (!model_has(chip.model->traits, at, width))
        fail_msg("version %03x has no register of %u bits at %x", chip.model->xid, width, at);
    assert_true(chip.reset_at == 0 || clock_us - chip.reset_at >= RESET_QUIET_US);
    chip.accesses++;
    chip.int_cfg0s += at == INT_CFG0;
    if (chip.vanish_in > 0 && --chip.vanish_in == 0)
        chip.gone = true;
    return at;
}

// ---- reading ----------------------------------------------------------------------------------------

static bool gate_closed(void)
{
    return has(M_GATE) && (get(MISC, 32) & MISC_RXDV_GATED_EN);
}

// The FIFOs take a while to run empty.
static bool at_rest_with(uint32_t cr)
{
    bool gate = gate_closed() && clock_us - chip.gate_at >= GATE_REST_US;
    bool stop = (cr & CR_STOP_REQ) && clock_us - chip.stop_at >= STOP_REST_US;

    return !chip.stuck_fifo && (gate || stop);
}

static bool at_rest(void)
{
    return at_rest_with(get(CR, 8));
}

static uint32_t read_mcu(void)
{
    bool list = !chip.stuck_list && chip.list_state > 0 && clock_us >= chip.list_at;

    return (get(MCU, 8) & ~(MCU_NOW_IS_OOB | MCU_TX_EMPTY | MCU_RX_EMPTY | MCU_LINK_LIST_RDY)) |
           (chip.oob ? MCU_NOW_IS_OOB : 0) | (at_rest() ? MCU_TX_EMPTY | MCU_RX_EMPTY : 0) |
           (list ? MCU_LINK_LIST_RDY : 0);
}

// What happens later than the read is not in it.
static uint32_t read_events(uint32_t at, unsigned width)
{
    uint32_t events = get(at, width);

    chip.isrs++;
    put(at, width, events | chip.next_events);
    chip.next_events = 0;
    return events;
}

static uint32_t answer(uint32_t at, unsigned width)
{
    if (at == (has(M_8125) ? ISR_8125 : ISR))
        return read_events(at, width);
    switch (at) {
    case TCR:
        return (get(TCR, 32) & ~TCR_EMPTY) | (uint32_t)chip.model->xid << TCR_XID_SHIFT | (at_rest() ? TCR_EMPTY : 0);
    case MCU:
        return read_mcu();
    case INT_MITIGATE:
        return has(M_REST) && at_rest() && (get(CR, 8) & CR_STOP_REQ) ? FIFO_STATE_8125 : get(at, width);
    case TPPOLL:
        return chip.stuck_fifo ? TPPOLL_NPQ : 0;
    case PHYAR:
    case GPHY_OCP:
        return behind_answer(get(at, 32), chip.dead_phy);
    case ERIAR:
        return behind_answer(get(at, 32), chip.dead_eri || (chip.unreadable_eri && !(get(at, 32) & ERIAR_FLAG)));
    case OCPAR:
        return behind_answer(get(at, 32), chip.dead_ocpar);
    case PHYSTATUS:
        return phy_status();
    case IBISR0:
        return get(IBISR0, 8) | (chip.stuck_cmac ? 0 : IBISR0_TX_DONE);
    default:
        return get(at, width);
    }
}

static uint32_t read_register(const volatile void *address, unsigned width)
{
    uint32_t at = offset_of(address, width);

    return chip.gone ? UINT32_MAX : answer(at, width);
}

uint8_t mmio_read8(const volatile void *address)
{
    return (uint8_t)read_register(address, 8);
}

uint16_t mmio_read16(const volatile void *address)
{
    return (uint16_t)read_register(address, 16);
}

uint32_t mmio_read32(const volatile void *address)
{
    return read_register(address, 32);
}

// ---- writing ----------------------------------------------------------------------------------------

// Garbage received by bit 24 is the least; nothing is received that was not asked for.
static void check_receiver(void)
{
    uint32_t rcr = get(RCR, 32);

    if (chip.resets == 0 || !(get(CR, 8) & CR_RE) || !(rcr & RCR_ACCEPT_MASK))
        return;
    assert_false(rcr & BIT_24);
    assert_int_equal(rcr & RCR_ACCEPT_MASK & ~ACCEPT_OK, 0);
}

static void reset(uint32_t cr)
{
    assert_false(chip.bus_master);
    assert_false(get(RCR, 32) & RCR_ACCEPT_MASK);
    assert_int_equal(has(M_8125) ? get(IMR_8125, 32) : get(IMR, 16), 0);
    if (has(M_GATE))
        assert_true(gate_closed() && clock_us - chip.gate_at >= GATE_QUIET_US);
    if (!has(M_GATE | M_DP) || has(M_REST))
        assert_true((cr & CR_STOP_REQ) && (has(M_GATE) || clock_us - chip.stop_at >= STOP_QUIET_US));
    if (has(M_GATE | M_SENT))
        assert_true(chip.stuck_fifo || at_rest_with(cr));
    chip.resets++;
    chip.reset_at = clock_us;
    chip.rdsar = chip.tnpds = chip.rx_at = chip.tx_at = 0;
    chip.kicked = chip.deaf = false;
    put(CR, 8, chip.stuck_reset ? CR_RST : 0);
    if (chip.keeps_registers)
        return;
    for (uint32_t at = RDSAR; at <= RDSAR_HIGH; at += 4)
        put(at, 32, JUNK);
    for (uint32_t at = TNPDS; at <= TNPDS_HIGH; at += 4)
        put(at, 32, JUNK);
    put(TCR, 32, 0);
    put(RCR, 32, 0);
    put(RMS, 16, 0);
    if (!has(M_8125))
        put(MTPS, 8, 0x5a);
    put(CPCR, 16, CPCR_NORMAL_MODE | 0x00d7);
}

static void command(uint32_t before, uint32_t value)
{
    uint32_t on = value & ~before & (CR_RE | CR_TE);

    if (value & CR_RST) {
        if (!(before & CR_RST))  // that has not ended
            reset(before);
        return;
    }
    if ((value & CR_STOP_REQ) && !(before & CR_STOP_REQ))
        chip.stop_at = clock_us;
    if (!on)
        return;
    assert_true(chip.bus_master && chip.rdsar == 3 && chip.tnpds == 3);
    assert_int_equal(get(RDSAR, 32) % RTL_RING_ALIGN, 0);
    assert_int_equal(get(TNPDS, 32) % RTL_RING_ALIGN, 0);
    assert_false(value & CR_STOP_REQ);
    assert_int_equal(get(RMS, 16), RTL_BUFFER_SIZE);
    if (has(M_GATE) && !chip.stuck_list) {
        assert_false(chip.oob || gate_closed());
        assert_true(clock_us >= chip.list_at);
        if (!chip.dead_ocp)
            assert_true(chip.list_state >= (has(M_8125) ? 1 : 2));
    }
}

static void doorbell(bool rung)
{
    assert_true(rung && (get(CR, 8) & CR_TE) && chip.bus_master);
    chip.doorbells++;
    if (chip.lose_doorbells > 0)
        chip.lose_doorbells--;
    else
        chip.kicked = true;
}

static void check_unlocked(uint32_t at)
{
    bool locked = at < 6 || (at > CR9346 && at <= CONFIG5);

    if (locked && get(CR9346, 8) != CR9346_UNLOCK)
        fail_msg("%x is written while it is locked", at);
}

static void misc(uint32_t before, uint32_t value)
{
    if ((value & MISC_RXDV_GATED_EN) && !(before & MISC_RXDV_GATED_EN))
        chip.gate_at = clock_us;
    chip.txpla_pulses += (before & MISC_TXPLA_RST) && !(value & MISC_TXPLA_RST);
}

// What a write does beside being kept.
static void effect(uint32_t at, uint32_t before, uint32_t value)
{
    switch (at) {
    case CR:
        command(before, value);
        break;
    case INT_CFG0:
        assert_false(value & 1);  // interrupts of the new kind
        break;
    case IMR:  // and ISR_8125
        assert_true(value == 0 || has(M_8125));
        if (has(M_8125))
            put(ISR_8125, 32, before & ~value);
        break;
    case ISR:
        put(ISR, 16, before & ~value);
        break;
    case TPPOLL:  // and IMR_8125
        if (has(M_8125))
            assert_int_equal(value, 0);
        else
            doorbell(value == TPPOLL_NPQ);
        break;
    case TPPOLL_8125:
        doorbell(value == TPPOLL_8125_Q0);
        break;
    case MCU:
        if (has(M_GATE) && !(value & MCU_NOW_IS_OOB))
            assert_false(get(CR, 8) & (CR_RE | CR_TE));
        chip.oob = value & MCU_NOW_IS_OOB;
        break;
    case IDR4:
        chip.mac_high_written = true;
        break;
    case IDR0:
        assert_true(chip.mac_high_written);
        chip.mac_high_written = false;
        break;
    case RDSAR:
    case RDSAR_HIGH:
        chip.rdsar |= at == RDSAR ? 1 : 2;
        break;
    case TNPDS:
    case TNPDS_HIGH:
        chip.tnpds |= at == TNPDS ? 1 : 2;
        break;
    case MISC:
        misc(before, value);
        break;
    default:
        behind_write(at, value);
        break;
    }
    check_receiver();
}

static void write_register(volatile void *address, unsigned width, uint32_t value)
{
    uint32_t at = offset_of(address, width), before = get(at, width);

    if (chip.gone)
        return;
    check_unlocked(at);
    // Before the 8168G they are not to be had while all is off.
    if ((at == RCR || at == TCR) && !has(M_GATE) && !(get(CR, 8) & (CR_RE | CR_TE)))
        return;
    put(at, width, value);
    effect(at, before, value);
}

void mmio_write8(volatile void *address, uint8_t value)
{
    write_register(address, 8, value);
}

void mmio_write16(volatile void *address, uint16_t value)
{
    write_register(address, 16, value);
}

void mmio_write32(volatile void *address, uint32_t value)
{
    write_register(address, 32, value);
}
