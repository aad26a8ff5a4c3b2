// The transmit ring of a modelled Realtek chip, and its DMA. A doorbell sends all that the card owns, at once.
// Tested: tests/unit/test_rtl_model.c. Not handled: the ring of high priority, segmentation (it is refused, aloud).
#include "tests/models/rtl.h"  // rtl_doorbell

#include <string.h>

#include "tests/models/complaints.h"  // complain
#include "tests/models/guest_ram.h"   // guest_ram_at
#include "tests/models/rtl_regs.h"    // OWN

#define FRAME_ROOM (FRAME_MOST + 64)
#define UNIT 128u               // of MTPS

struct descriptor {
    uint32_t opts1, opts2;
    uint64_t address;
};

_Static_assert(sizeof(struct descriptor) == DESCRIPTOR, "layout of a descriptor");

// A frame that is being put together.
struct gathered {
    uint8_t data[FRAME_ROOM];
    unsigned length;            // also counts what did not fit
    uint32_t opts1, opts2;      // of the first descriptor
};

bool rtl_dma(struct rtl *r, bool to_guest, uint64_t gpa, void *data, unsigned length, const char *what)
{
    void *memory;

    if (!pci_config_bus_master(&r->config)) {
        complain("DMA of %s with bus mastering off", what);
        return false;
    }
    if (gpa >> 32 != 0 && !rtl_is(r, RTL_DMA64) && !(rtl_get(r, CPCR, 2) & CPCR_DAC))
        complain("DMA of %s above 4 GiB by a chip that is not told to", what);
    memory = guest_ram_at(gpa, length);
    if (memory == NULL) {
        complain("DMA of %s outside memory", what);
        return false;
    }
    if (to_guest)
        memcpy(memory, data, length);
    else
        memcpy(data, memory, length);
    return true;
}

static uint64_t ring_base(const struct rtl *r)
{
    return rtl_get(r, TNPDS, 4) | (uint64_t)rtl_get(r, TNPDS + 4, 4) << 32;
}

// What is wrong with a descriptor by itself.
static void judge(const struct descriptor *d, bool first)
{
    if ((d->opts1 & TX_LENGTH) == 0)
        complain("a transmit descriptor of length 0");
    if (first && !(d->opts1 & FS))
        complain("a frame's first transmit descriptor without FS");
    if (!first && (d->opts1 & FS))
        complain("FS in a transmit descriptor that continues a frame");
}

// What is wrong with a whole frame. Returns whether it can be sent.
static bool judge_frame(const struct rtl *r, const struct gathered *f)
{
    unsigned most = rtl_get(r, MTPS, 1) * UNIT;

    if (f->opts1 & (rtl_is(r, RTL_CHECKSUM_V2) ? TX_LSO_V2 : TX_LSO_V1)) {
        complain("segmentation is asked for, which the model does not do");
        return false;
    }
    if (f->length > FRAME_MOST) {
        complain("a frame of more than %u bytes is sent", FRAME_MOST);
        return false;
    }
    if (rtl_is(r, RTL_PCIE) && f->length > most)
        complain("a frame is sent that is longer than MTPS allows");
    if (f->length < 14)
        complain("a frame is sent that has no whole Ethernet header");
    if (f->length < FRAME_LEAST && rtl_is(r, RTL_BAD_RUNTS))
        complain("a frame of less than 60 bytes is sent by a chip that corrupts them");
    return true;
}

static void insert_tag(struct gathered *f)
{
    const uint8_t tag[4] = {0x81, 0x00, (uint8_t)f->opts2, (uint8_t)(f->opts2 >> 8)};

    if (f->length < 14)
        return;
    memmove(f->data + 16, f->data + 12, f->length - 12);
    memcpy(f->data + 12, tag, sizeof(tag));
    f->length += sizeof(tag);
}

static void send_frame(struct rtl *r, struct gathered *f)
{
    bool runt = f->length < FRAME_LEAST && rtl_is(r, RTL_BAD_RUNTS);

    if (!judge_frame(r, f))
        return;
    // Such a chip pads with what its FIFO holds, and its checksums of padded frames are wrong. The frame itself arrives:
    // iPXE, which pads nothing, works with it.
    if (!runt)
        rtl_checksum_fill(r, f->data, f->length, f->opts1, f->opts2);
    if (f->opts2 & TX_TAG)
        insert_tag(f);
    if (f->length < FRAME_LEAST) {
        memset(f->data + f->length, runt ? 0xee : 0, FRAME_LEAST - f->length);
        f->length = FRAME_LEAST;
    }
    r->counters.tx_frames++;
    r->counters.tx_bytes += f->length;
    // Without a link the chip sends into nothing, and knows no better.
    if (!r->phy.up || !r->send(r->port, f->data, f->length))
        r->counters.tx_refused++;
}

static void gather(struct rtl *r, struct gathered *f, const struct descriptor *d)
{
    unsigned length = d->opts1 & TX_LENGTH;

    if (length > 0 && f->length + length <= FRAME_MOST &&
        !rtl_dma(r, false, d->address, f->data + f->length, length, "a frame that is sent"))
        memset(f->data + f->length, 0xff, length);
    f->length += length;
}

// Takes one frame's descriptors and gives them back. Returns whether there was one.
static bool take_frame(struct rtl *r)
{
    struct gathered f = {0};
    struct descriptor d;

    for (unsigned parts = 0; parts < RING_MOST; parts++) {
        uint64_t place = ring_base(r) + r->tx_index * (uint64_t)DESCRIPTOR;
        if (!rtl_dma(r, false, place, &d, sizeof(d), "a transmit descriptor"))
            return false;
        if (!(d.opts1 & OWN)) {
            if (parts > 0)
                complain("a frame's transmit descriptors end before LS");
            return false;
        }
        judge(&d, parts == 0);
        if (parts == 0) {
            f.opts1 = d.opts1;
            f.opts2 = d.opts2;
        }
        gather(r, &f, &d);
        d.opts1 &= ~OWN;
        if (!rtl_dma(r, true, place, &d.opts1, sizeof(d.opts1), "a transmit descriptor"))
            return false;
        r->tx_index = d.opts1 & EOR ? 0 : r->tx_index + 1;
        if (r->tx_index == RING_MOST) {
            complain("a transmit ring of more than 1024 descriptors, or without EOR");
            r->tx_index = 0;
        }
        if (d.opts1 & LS) {
            send_frame(r, &f);
            return true;
        }
    }
    complain("a frame of more than 1024 transmit descriptors");
    return false;
}

void rtl_doorbell(struct rtl *r)
{
    uint64_t before = r->counters.tx_frames + r->counters.tx_refused;
    unsigned frames = 0;

    r->counters.doorbells++;
    if (!(rtl_get(r, CR, 1) & CR_TE) || (rtl_get(r, CR, 1) & CR_STOP)) {
        complain("a doorbell while the transmitter is off");
        return;
    }
    if (!r->tx_ring_known) {
        complain("a doorbell before TNPDS was written");
        return;
    }
    if (r->options.lose_doorbell > 0 && ++r->doorbells_due % r->options.lose_doorbell == 0) {
        r->counters.doorbells_lost++;
        return;
    }
    while (frames < RING_MOST && take_frame(r))
        frames++;
    // Rung once more for what was already taken: legal, drivers do so against lost doorbells.
    if (r->counters.tx_frames + r->counters.tx_refused == before)
        r->counters.doorbells_idle++;
    rtl_event(r, frames > 0 ? INT_TOK | INT_TDU : INT_TDU);
}
