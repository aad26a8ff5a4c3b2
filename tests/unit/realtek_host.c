// The machine around the chip in memory of realtek_fake.h: clock, memory, PCI, the stack, and frames on the wire.

#include "tests/unit/realtek_inside.h"  // window

#include "drivers/dma.h"             // dma_alloc
#include "drivers/pci/pci.h"         // pci_dev
#include "drivers/pci/pci_regs.h"    // PCI_SUBSYSTEM_ID
#include "drivers/realtek/driver.h"  // realtek_driver
#include "kernel/memory.h"           // kcalloc
#include "lib/clock.h"               // now_us
#include "lib/log.h"                 // klog

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

char last_error[200], last_warning[200];
uint64_t clock_us;
struct nic nic;
struct pbuf *frames[FRAMES_MAX];
unsigned frame_count, allocations_left;
uint16_t subsystem;
volatile uint8_t window[FAKE_REGS];
static struct pci_dev pci;
static struct model other_version;
static _Alignas(65536) uint8_t large[8u << 20];
static bool large_used;

// ---- the kernel -------------------------------------------------------------------------------------

void klog(enum log_level level, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    if (level == LOG_ERROR)
        vsnprintf(last_error, sizeof(last_error), format, args);
    else if (level == LOG_WARN)
        vsnprintf(last_warning, sizeof(last_warning), format, args);
    va_end(args);
}

uint64_t now_us(void)
{
    return clock_us += 10;
}

static bool memory_left(void)
{
    return allocations_left > 0 && allocations_left-- > 0;
}

void *kcalloc(size_t count, size_t size)
{
    return memory_left() ? calloc(count, size) : NULL;
}

// The pool's buffers are most of the memory, and few of them are ever touched: the same pages every time.
void *dma_alloc(size_t size, size_t align)
{
    void *memory = NULL;

    if (!memory_left())
        return NULL;
    if (size <= sizeof(large) && size > sizeof(large) / 2 && !large_used) {
        large_used = true;
        return large;
    }
    if (posix_memalign(&memory, align < 16 ? 16 : align, size) != 0)
        return NULL;
    return memset(memory, 0, size);
}

void dma_free(void *pointer, size_t size)
{
    if (pointer != large) {
        free(pointer);
        return;
    }
    assert_true(size <= sizeof(large));
    madvise(large, sizeof(large), MADV_DONTNEED);  // zeros from now on
    large_used = false;
}

// ---- PCI --------------------------------------------------------------------------------------------

void pci_set_bus_master(const struct pci_dev *which, bool on)
{
    assert_ptr_equal(which, &pci);
    // The receiver is told to accept nothing before its way to memory is cut.
    if (!on && chip.bus_master && !chip.gone)
        assert_false(get(RCR, 32) & RCR_ACCEPT_MASK);
    chip.bus_master = on;
}

void pci_disable_aspm(const struct pci_dev *which)
{
    assert_ptr_equal(which, &pci);
    if (chip.aspm_off++ == 0)
        chip.before_aspm_off = chip.accesses;
}

uint16_t pci_read16(const struct pci_dev *which, unsigned offset)
{
    assert_ptr_equal(which, &pci);
    assert_int_equal(offset, PCI_SUBSYSTEM_ID);
    return subsystem;
}

volatile void *pci_map_bar(const struct pci_dev *dev, unsigned index)
{
    assert_true(index < PCI_BARS);
    assert_false(dev->bars[index].io);
    return dev->bars[index].base ? window : NULL;
}

// ---- frames -----------------------------------------------------------------------------------------

static struct rtl_desc *ring(uint32_t low)
{
    return (struct rtl_desc *)(uintptr_t)((uint64_t)get(low + 4, 32) << 32 | get(low, 32));
}

bool receive_as(uint32_t result, uint32_t length, uint32_t said)
{
    assert_true((get(CR, 8) & CR_RE) && chip.bus_master);
    assert_int_equal(get(RCR, 32) & (RCR_APM | RCR_AB), RCR_APM | RCR_AB);
    if (chip.deaf)
        return false;
    struct rtl_desc *desc = ring(RDSAR) + chip.rx_at;
    uint32_t before = desc->opts1, room = before & RTL_RX_LENGTH_MASK;
    if (!(before & RTL_OWN))
        return false;
    assert_true(chip.rx_at < RTL_RING_MAX && desc->buffer % 8 == 0 && room >= 1536 && room <= RTL_BUFFER_SIZE);
    assert_true(length <= room);
    uint8_t *buffer = (uint8_t *)(uintptr_t)desc->buffer;
    for (uint32_t i = 0; i < length; i++)
        buffer[i] = (uint8_t)(i * 7);
    desc->opts2 = 0;
    desc->opts1 = (before & RTL_EOR) | result | said;
    chip.rx_at = before & RTL_EOR ? 0 : chip.rx_at + 1;
    return true;
}

bool receive(uint32_t length)
{
    return receive_as(GOOD_FRAME, length + FCS_SIZE, length + FCS_SIZE);
}

uint32_t send_one(uint8_t *to)
{
    if (!chip.kicked)
        return 0;
    assert_true((get(CR, 8) & CR_TE) && chip.bus_master);
    struct rtl_desc *desc = ring(TNPDS) + chip.tx_at;
    uint32_t before = desc->opts1, length = before & RTL_RX_LENGTH_MASK;
    if (!(before & RTL_OWN)) {
        chip.kicked = false;
        return 0;
    }
    assert_int_equal(before & ~(RTL_OWN | RTL_EOR | RTL_RX_LENGTH_MASK), RTL_FS | RTL_LS);
    assert_int_equal(desc->opts2, 0);
    if (to)
        memcpy(to, (void *)(uintptr_t)desc->buffer, length);
    desc->opts1 = before & ~RTL_OWN;
    chip.tx_at = before & RTL_EOR ? 0 : chip.tx_at + 1;
    return length;
}

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

unsigned poll(unsigned budget)
{
    return nic.ops->poll(&nic, budget);
}

// ---- life -------------------------------------------------------------------------------------------

struct rtl *driver(void)
{
    return nic.priv;
}

void become_device(uint16_t vendor, uint16_t device)
{
    bool conventional = chip.model->traits & M_PCI;
    unsigned bar = conventional ? 1 : 2;

    pci = (struct pci_dev){.vendor_id = vendor, .device_id = device, .revision = 3};
    pci.bars[0] = (struct pci_bar){.base = 0xc000, .size = 0x100, .io = true};
    pci.bars[bar] = (struct pci_bar){.base = 0xfeb00000, .is_64 = !conventional};
    pci.bars[bar].size = chip.model->traits & M_8125 ? 0x10000 : conventional ? 0x100 : 0x1000;
}

// The addresses are where this model keeps them.
static void load(void)
{
    const uint8_t *mac = chip.mac;
    uint32_t low = mac[0] | (uint32_t)mac[1] << 8 | (uint32_t)mac[2] << 16 | (uint32_t)mac[3] << 24;
    uint32_t high = mac[4] | (uint32_t)mac[5] << 8;

    put(IDR0, 32, low), put(IDR4, 32, high | 0x5a5a0000);
    if (has(M_8125))
        put(MAC0_BKP, 32, low), put(MAC0_BKP + 4, 32, high);
    chip.eri[ERI_MAC0 / 4] = low, chip.eri[ERI_MAC4 / 4] = high;
    chip.phy[PHY_BMCR] = BMCR_AN_ENABLE;
    chip.phy[PHY_ANAR] = ANAR_10_100;
    chip.phy[PHY_GBCR] = has(M_FAST) ? 0 : GBCR_1000_FULL;
    chip.gphy[PHY_OCP_MGBCR / 2] = has(M_8126) ? MGBCR_2500 | MGBCR_5000 : has(M_8125) ? MGBCR_2500 : 0;
    chip.ocp[0xeb58 / 2] = 1;
    put(CPCR, 16, CPCR_NORMAL_MODE | 0x00d7);
}

void become(uint16_t xid)
{
    chip.model = model_of(xid);
    assert_non_null(chip.model);
    become_device(REALTEK_VENDOR, chip.model->device);
    load();
}

void become_like(uint16_t like, uint16_t xid)
{
    become(like);
    other_version = *chip.model;
    other_version.xid = xid;
    chip.model = &other_version;
}

int reset_chip(void **state)
{
    static const uint8_t mac[6] = {0x52, 0x54, 0x00, 0x12, 0x34, 0x56};

    (void)state;
    memset(&chip, 0, sizeof(chip));
    memcpy(chip.mac, mac, sizeof(mac));
    chip.cable = 1000;
    become(0x541);
    clock_us = 1000000;
    frame_count = 0;
    allocations_left = UINT32_MAX;
    subsystem = 0;
    last_error[0] = last_warning[0] = '\0';
    return 0;
}

int probe(void)
{
    const struct nic_id *id = realtek_driver.ids;

    while (id->vendor && (id->vendor != pci.vendor_id || id->device != pci.device_id))
        id++;
    assert_int_not_equal(id->vendor, 0);
    nic = (struct nic){.driver = "realtek", .pci = &pci, .input = input};
    return realtek_driver.probe(&nic, &pci, id);
}

void start(void)
{
    assert_int_equal(probe(), 0);
    check_silent();
    assert_int_equal(nic.ops->start(&nic), 0);
    nic.started = true;
    assert_true(chip.bus_master);
    assert_int_equal(get(CR, 8), CR_RE | CR_TE);
    assert_int_equal(get(CR9346, 8), CR9346_LOCK);
}

void check_silent(void)
{
    assert_false(chip.bus_master);
    if (chip.gone)
        return;
    assert_false(get(CR, 8) & (CR_RE | CR_TE));
    assert_false(get(RCR, 32) & RCR_ACCEPT_MASK);
    assert_int_equal(has(M_8125) ? get(IMR_8125, 32) : get(IMR, 16), 0);
}

void finish(void)
{
    drop_frames();
    nic.ops->stop(&nic);
    check_silent();
    assert_null(driver()->pool.buffers);  // destroyed, so every buffer was back
    assert_null((const void *)(uintptr_t)driver()->rx.desc);
    free(nic.priv);
}
