// One of Intel's gigabit controllers in memory, see intel_fake.h.

#include "tests/unit/intel_fake.h"  // fake_chip

#include "drivers/intel/driver.h"  // intel_driver
#include "drivers/mmio.h"          // mmio_read32
#include "drivers/pci/pci.h"       // pci_dev
#include "lib/clock.h"             // now_us
#include "lib/log.h"               // klog

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define IMS 0x00d0     // interrupts on: never
#define PROMISCUOUS 0x18u

struct fake_chip chip;
char last_error[200];
uint64_t clock_us;
struct nic nic;
struct pbuf *frames[FRAMES_MAX];
unsigned frame_count;
static volatile uint8_t window[INTEL_REGS_SIZE];
static struct pci_dev pci;

void klog(enum log_level level, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    if (level == LOG_ERROR)
        vsnprintf(last_error, sizeof(last_error), format, args);
    va_end(args);
}

uint64_t now_us(void)
{
    return clock_us += 10;
}

void pci_set_bus_master(const struct pci_dev *which, bool on)
{
    assert_ptr_equal(which, &pci);
    assert_true(on || chip.gone || clock_us - chip.off_at >= SILENCE_US);
    chip.bus_master = on;
}

void pci_disable_aspm(const struct pci_dev *which)
{
    assert_ptr_equal(which, &pci);
    chip.aspm_off++;
}

volatile void *pci_map_bar(const struct pci_dev *dev, unsigned index)
{
    assert_int_equal(index, 0);
    return dev->bars[0].size ? window : NULL;
}

// ---- registers --------------------------------------------------------------------------------------

uint32_t *reg(uint32_t at)
{
    assert_true(at < INTEL_REGS_SIZE && at % 4 == 0);
    return &chip.regs[at / 4];
}

static uint32_t offset_of(const volatile void *address)
{
    // Answers come when the reset is over (82574 10.2.2.1).
    assert_true(chip.reset_at == 0 || clock_us - chip.reset_at >= RESET_DELAY_US);
    chip.accesses++;
    return (uint32_t)((const volatile uint8_t *)address - window);
}

// The chip itself uses EEPROM and PHY after a reset where firmware shares the bus between them.
static void check_phy_is_set_up(void)
{
    if (chip.flags & INTEL_SHARED_MDIO)
        assert_true(chip.reset_at != 0 && clock_us - chip.reset_at >= PHY_CONFIG_US);
}

static bool owns_phy(void)
{
    if (chip.flags & INTEL_ES2)
        return *reg(SW_FW_SYNC) & (*reg(STATUS) & STATUS_FUNC_MASK ? SW_FW_SYNC_PHY1 : SW_FW_SYNC_PHY0);
    return !(chip.flags & INTEL_SHARED_MDIO) || (*reg(EXTCNF_CTRL) & EXTCNF_CTRL_MDIO_SW_OWNERSHIP);
}

static uint32_t read_eerd(void)
{
    uint32_t eerd = *reg(EERD);
    unsigned word = eerd >> (chip.eerd_early ? EERD_ADDR_SHIFT_EARLY : EERD_ADDR_SHIFT) & 63;

    if (!(eerd & EERD_START) || chip.eerd_dead || word > 2)
        return eerd;
    return (eerd & 0xffff) | (chip.eerd_early ? EERD_DONE_EARLY : EERD_DONE) |
           (uint32_t)(chip.mac[2 * word] | chip.mac[2 * word + 1] << 8) << EERD_DATA_SHIFT;
}

uint32_t mmio_read32(const volatile void *address)
{
    uint32_t at = offset_of(address), before = *reg(at);

    if (chip.gone)
        return UINT32_MAX;
    switch (at) {
    case STATUS:
        return (*reg(STATUS) & ~(STATUS_LU | STATUS_GIO_MASTER_ENABLE)) |
               (chip.link && (*reg(CTRL) & CTRL_SLU) ? STATUS_LU : 0) |
               (chip.express && (chip.stuck_dma || !(*reg(CTRL) & CTRL_GIO_MASTER_DISABLE))
                    ? STATUS_GIO_MASTER_ENABLE : 0);
    case EECD:
        return before | (chip.express && !chip.stuck_eeprom ? EECD_AUTO_RD : 0) | (chip.flash ? EECD_FLASH : 0);
    case EERD:
        return read_eerd();
    case SWSM:
        *reg(SWSM) |= SWSM_SMBI;
        return before;
    case SW_FW_SYNC:
        return *reg(SW_FW_SYNC) |
               (chip.firmware_has_phy ? (SW_FW_SYNC_PHY0 | SW_FW_SYNC_PHY1) << SW_FW_SYNC_FIRMWARE_SHIFT : 0);
    default:
        return *reg(at);
    }
}

static void load_address(const uint8_t mac[6], uint32_t valid)
{
    memcpy(reg(RAL0), mac, 4);
    *reg(RAH0) = (uint32_t)(mac[4] | mac[5] << 8) | valid;
}

static void reset(void)
{
    assert_false(*reg(RCTL) & RCTL_EN);
    assert_false(*reg(TCTL) & TCTL_EN);
    assert_false(chip.bus_master);
    if (chip.express)
        assert_true(*reg(CTRL) & CTRL_GIO_MASTER_DISABLE);
    assert_true(owns_phy() || chip.firmware_has_phy);
    if (chip.flags & INTEL_PHY_FIRST)
        assert_true(chip.phy_reset_at > chip.reset_at && clock_us - chip.phy_reset_at >= PHY_FIRST_US);
    chip.resets++;
    chip.reset_at = clock_us;
    if (chip.stuck_reset)
        return;
    if (chip.keeps_registers) {
        *reg(CTRL) &= ~CTRL_RST;
        return;
    }
    uint32_t function = *reg(STATUS) & STATUS_FUNC_MASK;
    memset(chip.regs, 0, sizeof(chip.regs));
    chip.rdh = chip.tdh = 0;
    *reg(STATUS) = STATUS_FD | 2u << 6 | function;
    // What an EEPROM may have loaded.
    *reg(TXDCTL) = chip.express ? TXDCTL_WTHRESH_MASK : 0;
    *reg(TARC0) = *reg(TARC1) = chip.express ? TARC_BITS_27_TO_30 : 0;
    *reg(EECD) = chip.flags & INTEL_FIX_82571 ? EECD_REQ | EECD_GNT : 0;
    *reg(CTRL) = chip.flags & INTEL_SHARED_MDIO ? CTRL_BIT29 : 0;
    *reg(TCTL) = chip.express && !chip.no_mulr ? TCTL_MULR : 0;
    if (chip.loads_address)
        load_address(chip.mac, RAH_AV);
}

static void reset_phy(void)
{
    check_phy_is_set_up();
    assert_true(owns_phy());
    chip.phy_resets++;
    chip.phy_reset_at = clock_us;
}

static void check_tail(uint32_t at, uint32_t value, uint32_t entries)
{
    bool on = at == RDT ? *reg(RCTL) & RCTL_EN : *reg(TCTL) & TCTL_EN;

    if (!on && value == 0)
        return;  // being set up
    assert_true(on && chip.bus_master);
    assert_true(value < entries);
    (*(at == RDT ? &chip.rdt_writes : &chip.tdt_writes))++;
}

void mmio_write32(volatile void *address, uint32_t value)
{
    uint32_t at = offset_of(address), before = *reg(at);

    if (chip.gone)
        return;
    *reg(at) = value;
    if ((at == RCTL && !(value & RCTL_EN)) || (at == TCTL && !(value & TCTL_EN)))
        chip.off_at = clock_us;
    switch (at) {
    case IMS:
        fail_msg("an interrupt is switched on");
        break;
    case CTRL:
        if ((value & CTRL_PHY_RST) && !(before & CTRL_PHY_RST))
            reset_phy();
        if (value & CTRL_RST)
            reset();
        break;
    case EXTCNF_CTRL:
        if (chip.firmware_has_phy)
            *reg(at) &= ~EXTCNF_CTRL_MDIO_SW_OWNERSHIP;
        break;
    case CTRL_EXT:
        chip.reloads += !!(value & CTRL_EXT_EE_RST);
        *reg(at) &= ~CTRL_EXT_EE_RST;
        break;
    case EERD:
        check_phy_is_set_up();
        break;
    case SW_FW_SYNC:
        assert_true(*reg(SWSM) & SWSM_SWESMBI);
        *reg(at) &= UINT16_MAX;
        break;
    case TCTL:
        if ((value & TCTL_EN) && (chip.flags & (INTEL_ES2 | INTEL_FIX_82571)))
            assert_true(!(value & TCTL_MULR) == !!(*reg(TARC1) & TARC1_BIT28));
        break;
    case RCTL:
        assert_true(!(value & RCTL_EN) || (chip.bus_master && *reg(RDLEN) && *reg(RDT) == *reg(RDH)));
        assert_false(value & PROMISCUOUS);
        break;
    case RDH:
        chip.rdh = value;
        break;
    case TDH:
        chip.tdh = value;
        break;
    case RDT:
        check_tail(RDT, value, *reg(RDLEN) / 16);
        break;
    case TDT:
        check_tail(TDT, value, *reg(TDLEN) / 16);
        break;
    default:
        break;
    }
}

// ---- frames -----------------------------------------------------------------------------------------

static void *ring(uint32_t low, uint32_t high)
{
    uint64_t base = (uint64_t)*reg(high) << 32 | *reg(low);

    assert_int_equal(base % RING_ALIGN, 0);
    return (void *)(uintptr_t)base;
}

bool receive_as(uint64_t result, uint32_t length, uint32_t said)
{
    struct legacy_rx_desc *desc = ring(RDBAL, RDBAH);

    assert_true((*reg(RCTL) & RCTL_EN) && chip.bus_master);
    if (chip.rdh == *reg(RDT))
        return false;
    desc += chip.rdh;
    uint8_t *buffer = (uint8_t *)(uintptr_t)desc->buffer;
    assert_int_equal(desc->result, 0);
    assert_int_equal(desc->buffer / BOUNDARY, (desc->buffer + INTEL_BUFFER_SIZE - 1) / BOUNDARY);
    for (uint32_t i = 0; i < length; i++)
        buffer[i] = (uint8_t)(i * 7);
    desc->buffer = 0;  // write-back may overwrite all of it
    desc->result = result | said;
    chip.rdh = (chip.rdh + 1) % (*reg(RDLEN) / 16);
    return true;
}

bool receive(uint32_t length)
{
    return receive_as(GOOD_FRAME, length, length);
}

uint32_t send_one(uint8_t *to)
{
    struct legacy_tx_desc *desc = ring(TDBAL, TDBAH);

    assert_true((*reg(TCTL) & TCTL_EN) && chip.bus_master);
    if (chip.tdh == *reg(TDT))
        return 0;
    desc += chip.tdh;
    uint32_t length = desc->command & 0xffff;
    assert_int_equal(desc->command & ~0xffffull, LEGACY_TX_EOP | LEGACY_TX_IFCS | LEGACY_TX_RS);
    assert_int_equal(desc->buffer / BOUNDARY, (desc->buffer + length - 1) / BOUNDARY);
    if (to)
        memcpy(to, (void *)(uintptr_t)desc->buffer, length);
    desc->command |= LEGACY_TX_DD;
    chip.tdh = (chip.tdh + 1) % (*reg(TDLEN) / 16);
    return length;
}

// ---- helpers ----------------------------------------------------------------------------------------

static void input(struct nic *from, struct pbuf *frame)
{
    assert_ptr_equal(from, &nic);
    assert_true(frame_count < FRAMES_MAX);
    frames[frame_count++] = frame;
}

void drop_frames(void)
{
    while (frame_count > 0)
        pbuf_free(frames[--frame_count]);
}

struct intel *driver(void)
{
    return nic.priv;
}

void become(uint16_t device)
{
    pci = (struct pci_dev){.vendor_id = INTEL_VENDOR, .device_id = device, .revision = 3};
    pci.bars[0] = (struct pci_bar){.base = 0xfeb00000, .size = 0x20000};
    for (const struct nic_id *id = intel_ids; id->vendor; id++)
        if (id->device == device)
            chip.flags = id->flags;
    chip.express = chip.flags & INTEL_EXPRESS;
}

int reset_chip(void **state)
{
    static const uint8_t mac[6] = {0x52, 0x54, 0x00, 0x12, 0x34, 0x56};

    (void)state;
    memset(&chip, 0, sizeof(chip));
    memcpy(chip.mac, mac, sizeof(mac));
    chip.link = chip.loads_address = true;
    become(ID_82540EM);
    frame_count = 0;
    last_error[0] = '\0';
    return 0;
}

int probe(void)
{
    const struct nic_id *id = intel_driver.ids;

    while (id->device != pci.device_id)
        id++;
    nic = (struct nic){.driver = "intel", .pci = &pci, .input = input};
    return intel_driver.probe(&nic, &pci, id);
}

void start(void)
{
    assert_int_equal(probe(), 0);
    assert_false(chip.bus_master);
    assert_int_equal(nic.ops->start(&nic), 0);
    nic.started = true;
    assert_true(chip.bus_master && (*reg(RCTL) & RCTL_EN) && (*reg(TCTL) & TCTL_EN));
}

void finish(void)
{
    drop_frames();
    nic.ops->stop(&nic);
    assert_false(chip.bus_master);
    if (!chip.gone) {
        assert_false(*reg(RCTL) & RCTL_EN);
        assert_false(*reg(TCTL) & TCTL_EN);
        assert_int_equal(*reg(IMC), IMC_ALL);
        assert_false(*reg(CTRL) & CTRL_GIO_MASTER_DISABLE);  // the next driver wants to
    }
    assert_null(driver()->pool.buffers);  // destroyed, so every buffer was back
    free(nic.priv);
}

void check_frame(unsigned index, uint32_t length)
{
    assert_true(index < frame_count);
    assert_int_equal(frames[index]->tot_len, length);
    for (uint32_t i = 0; i < length; i += length / 50 + 1)
        assert_int_equal(pbuf_get_at(frames[index], (u16_t)i), (uint8_t)(i * 7));
}

struct pbuf *make_frame(uint16_t length)
{
    struct pbuf *frame = pbuf_alloc(PBUF_RAW, length, PBUF_RAM);

    for (uint16_t i = 0; i < length; i++)
        ((uint8_t *)frame->payload)[i] = (uint8_t)(i + 3);
    return frame;
}
