// An RTL8139 in memory, see rtl8139_fake.h: memory, frames, helpers.

#include "tests/unit/rtl8139_fake.h"  // fake_chip

#include "drivers/dma.h"              // dma_alloc
#include "drivers/pci/pci.h"          // pci_dev
#include "drivers/realtek/rtl8139.h"  // rtl8139_driver
#include "lib/clock.h"                // now_us
#include "lib/log.h"                  // klog

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define DMA_MAX 8

struct fake_chip chip;
char last_error[200], last_warning[200];
uint64_t clock_us;
unsigned dma_left, dma_live;
struct nic nic;
struct pbuf *frames[FRAMES_MAX];
unsigned frame_count;
struct pci_dev pci;
static uint8_t *dma_memory[DMA_MAX];

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

// The chip is told 32 bits of an address; the host's pointers have more.
void *dma_alloc(size_t size, size_t align)
{
    void *memory = NULL;

    if (dma_left == 0)
        return NULL;
    dma_left--;
    assert_int_equal(posix_memalign(&memory, align < 16 ? 16 : align, size), 0);
    for (unsigned i = 0; i < DMA_MAX; i++)
        if (!dma_memory[i]) {
            dma_memory[i] = memory;
            dma_live++;
            return memset(memory, 0, size);
        }
    fail_msg("too many pieces of DMA memory");
    return NULL;
}

void dma_free(void *pointer, size_t size)
{
    (void)size;
    for (unsigned i = 0; i < DMA_MAX; i++)
        if (dma_memory[i] == pointer) {
            dma_memory[i] = NULL;
            dma_live--;
        }
    free(pointer);
}

uint8_t *memory_at(uint32_t bus)
{
    assert_true(chip.bus_master);
    for (unsigned i = 0; i < DMA_MAX; i++)
        if (dma_memory[i] && bus - (uint32_t)(uintptr_t)dma_memory[i] < TX_SLOTS * TX_SLOT_SIZE)
            return dma_memory[i] + (bus - (uint32_t)(uintptr_t)dma_memory[i]);
    fail_msg("the chip is told of memory that is none");
    return NULL;
}

// ---- frames -----------------------------------------------------------------------------------------

bool receive_as(uint16_t status, uint32_t length, uint32_t said)
{
    uint32_t at = reg16(CBR), used = (at - read_offset()) % RX_RING;
    uint32_t size = (RX_HEADER + length + FCS + 3) & ~3u;

    assert_true((chip.regs[CR] & CR_RE) && chip.bus_master && (reg32(RCR) & RCR_APM));
    assert_int_equal(8192u << (reg32(RCR) >> 11 & 3), RX_RING);
    assert_true(reg32(RCR) & RCR_WRAP);
    if (chip.overflown || used + size + 16 >= RX_RING) {
        chip.capr_moved = chip.overflown && chip.capr_moved;
        chip.overflown = true;
        set16(ISR, reg16(ISR) | ISR_RXOVW);
        set32(MPC, reg32(MPC) + 1);
        return false;
    }
    uint8_t *ring = memory_at(reg32(RBSTART));
    uint32_t header = status | said << RX_LENGTH_SHIFT;
    memcpy(ring + at, &header, sizeof(header));
    for (uint32_t i = 0; i < length; i++)
        ring[at + RX_HEADER + i] = (uint8_t)(i * 7);
    memset(ring + at + RX_HEADER + length, 0xee, FCS);
    set16(CBR, (uint16_t)((at + size) % RX_RING));
    chip.padding = size - RX_HEADER - length - FCS;
    set16(ISR, reg16(ISR) | ISR_ROK);
    return true;
}

bool receive(uint32_t length)
{
    return receive_as(RX_ROK, length, length + FCS);
}

uint32_t send_as(uint32_t status, uint8_t *to)
{
    uint32_t at = TSD0 + 4 * (chip.next_sent % TX_SLOTS), value = reg32(at);
    uint32_t length = value & TSD_SIZE_MASK;

    if (chip.next_sent == chip.next_tsd)
        return 0;
    if (to)
        memcpy(to, memory_at(reg32(TSAD0 + 4 * (chip.next_sent % TX_SLOTS))), length);
    set32(at, value | status | TSD_OWN);
    chip.next_sent += !(status & TSD_TABT);
    return length;
}

uint32_t send_one(uint8_t *to)
{
    return send_as(TSD_TOK, to);
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

struct rtl8139 *driver(void)
{
    return nic.priv;
}

void become(uint16_t vendor, uint16_t device)
{
    pci = (struct pci_dev){.vendor_id = vendor, .device_id = device, .revision = 0x20};
    pci.bars[0] = (struct pci_bar){.base = 0xc000, .size = 0x100, .io = true};
    pci.bars[1] = (struct pci_bar){.base = 0xfeb00000, .size = 0x100};
}

int reset_chip(void **state)
{
    static const uint8_t mac[6] = {0x52, 0x54, 0x00, 0x12, 0x34, 0x56};

    (void)state;
    memset(&chip, 0, sizeof(chip));
    memset(dma_memory, 0, sizeof(dma_memory));
    dma_live = 0;
    memcpy(chip.regs, mac, sizeof(mac));
    chip.version = VERSION_CPLUS;
    chip.link = true;
    chip.off_at = clock_us - SILENCE_US;
    set16(BMCR, BMCR_NEGOTIATE);
    set16(ANAR, 0x05e1);
    set16(ANLPAR, 0x05e1);
    become(REALTEK_VENDOR, 0x8139);
    frame_count = 0;
    last_error[0] = last_warning[0] = '\0';
    dma_left = UINT32_MAX;
    written = false;
    return 0;
}

int probe(void)
{
    const struct nic_id *id = rtl8139_driver.ids;

    while (id->vendor != pci.vendor_id || id->device != pci.device_id)
        id++;
    nic = (struct nic){.driver = "rtl8139", .pci = &pci, .input = input};
    return rtl8139_driver.probe(&nic, &pci, id);
}

void start(void)
{
    assert_int_equal(probe(), 0);
    assert_false(chip.bus_master);
    assert_int_equal(nic.ops->start(&nic), 0);
    nic.started = true;
    assert_int_equal(chip.regs[CR], CR_RE | CR_TE);
    assert_int_equal(chip.regs[EECR], EECR_NORMAL);
    assert_true(chip.bus_master);
}

void finish(void)
{
    drop_frames();
    nic.ops->stop(&nic);
    assert_false(chip.bus_master);
    if (!chip.gone) {
        assert_int_equal(chip.regs[CR] & (CR_RE | CR_TE), 0);
        assert_int_equal(reg16(IMR), 0);
        assert_int_equal(chip.regs[EECR], EECR_NORMAL);
    }
    assert_null(driver()->pool.buffers);  // destroyed, so every buffer was back
    assert_int_equal(dma_live, 0);
    free(nic.priv);
}

void check_frame(unsigned index, uint32_t length)
{
    assert_true(index < frame_count);
    assert_int_equal(frames[index]->tot_len, length);
    for (uint32_t i = 0; i < length; i += length / 50 + 1)
        assert_int_equal(pbuf_get_at(frames[index], (u16_t)i), (uint8_t)(i * 7));
    assert_int_equal(pbuf_get_at(frames[index], (u16_t)(length - 1)), (uint8_t)((length - 1) * 7));
}

struct pbuf *make_frame(uint16_t length)
{
    struct pbuf *frame = pbuf_alloc(PBUF_RAW, length, PBUF_RAM);

    for (uint16_t i = 0; i < length; i++)
        ((uint8_t *)frame->payload)[i] = (uint8_t)(i + 3);
    return frame;
}
