// See rtl_model.h.
#include "tests/unit/rtl_model.h"  // make_chip

#include <string.h>

#include "lib/clock.h"                // now_us
#include "tests/models/complaints.h"  // complaints_forget
#include "tests/models/guest_ram.h"   // guest_ram_add
#include "tests/models/rtl_regs.h"    // CR

#define COMMAND 0x04
#define PCI_BAR0 0x10
#define BAR_PLACE 0xfe000000u

struct rtl chip;
uint64_t clock_us = 1000000;
uint8_t ram[RAM_SIZE];
uint8_t sent[2048], arriving[4096];
unsigned sent_length, sent_count;

uint64_t now_us(void)
{
    return clock_us;
}

static bool take(void *port, const uint8_t *frame, unsigned length)
{
    (void)port;
    memcpy(sent, frame, length);
    sent_length = length;
    sent_count++;
    return true;
}

void pci_command(uint16_t value)
{
    pci_config_write(&chip.config, COMMAND, value, 2);
    rtl_configured(&chip);
}

void make_chip(const char *name, struct rtl_options options)
{
    const uint8_t mac[6] = {2, 0, 0, 0, 0, 1};

    memcpy(options.mac, mac, sizeof(mac));
    memset(ram, 0, sizeof(ram));
    guest_ram_forget();
    guest_ram_add(RAM_AT, ram, RAM_SIZE);
    rtl_open(&chip, rtl_chip_find(name), &options);
    chip.send = take;
    chip.config.sized = true;
    pci_config_write(&chip.config, PCI_BAR0 + 4 * chip.chip->bar, BAR_PLACE, 4);
    sent_count = sent_length = 0;
    memset(arriving, 0, sizeof(arriving));
    pci_command(options.state == RTL_RUNNING ? 7 : 6);
    pass_ms(ANY_MS);
    complaints_forget();
}

void pass_ms(unsigned ms)
{
    clock_us += ms * 1000ull;
    rtl_run(&chip);
}

void wr(unsigned offset, unsigned size, uint32_t value)
{
    rtl_write(&chip, chip.chip->bar, offset, size, value);
}

uint32_t rd(unsigned offset, unsigned size)
{
    return (uint32_t)rtl_read(&chip, chip.chip->bar, offset, size);
}

uint32_t *descriptor(uint32_t ring, unsigned index)
{
    return (uint32_t *)(void *)(ram + (ring - RAM_AT) + index * DESCRIPTOR);
}

static void put_rx(unsigned index)
{
    uint32_t *d = descriptor(RX_RING, index);

    d[0] = OWN | (index == RING - 1 ? EOR : 0) | BUFFER_SIZE;
    d[1] = 0;
    d[2] = RX_BUFFER + index * BUFFER_SIZE;
    d[3] = 0;
}

void start_rings(void)
{
    wr(CR, 1, CR_RST);
    pass_ms(1);
    for (unsigned i = 0; i < RING; i++)
        put_rx(i);
    wr(TNPDS + 4, 4, 0);
    wr(TNPDS, 4, TX_RING);
    wr(RDSAR + 4, 4, 0);
    wr(RDSAR, 4, RX_RING);
    wr(RMS, 2, 0x4000);
    wr(CR, 1, CR_RE | CR_TE);
    wr(RCR, 4, 0xcf00 | RCR_AB | RCR_AM | RCR_APM);
}

void put_tx(unsigned index, unsigned length, uint32_t flags, uint32_t opts2)
{
    uint32_t *d = descriptor(TX_RING, index);

    d[0] = flags | length;
    d[1] = opts2;
    d[2] = TX_BUFFER;
    d[3] = 0;
}

void doorbell(void)
{
    if (rtl_is(&chip, RTL_8125_LAYOUT))
        wr(TPPOLL_8125, 2, TPPOLL_8125_POLL);
    else
        wr(TPPOLL, 1, TPPOLL_NPQ);
}

bool arrives(const char *to, unsigned length)
{
    uint8_t frame[sizeof(arriving)];

    memcpy(arriving, to, 6);
    memcpy(frame, arriving, sizeof(frame));
    return rtl_frame(&chip, frame, length);
}
