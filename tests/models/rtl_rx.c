// Frames on their way in: filter, checksums, VLAN tag, the receive ring of a modelled Realtek chip.
// Tested: tests/unit/test_rtl_model.c. Not handled: wake-up frames, RSS.
#include "tests/models/rtl.h"  // rtl_frame

#include <string.h>

#include "tests/models/complaints.h"  // complain
#include "tests/models/rtl_regs.h"    // OWN

#define BUFFER_ALIGN 8u
#define RMS_MASK 0x3fffu

static bool is_broadcast(const uint8_t *frame)
{
    return memcmp(frame, "\xff\xff\xff\xff\xff\xff", 6) == 0;
}

// Bit 5 to 3 of the hash choose the register's byte, 2 to 0 the bit; behind PCI Express the eight bytes lie backwards.
static bool multicast_is_wanted(const struct rtl *r, const uint8_t *frame)
{
    uint32_t crc = 0xffffffff;
    unsigned hash, byte;

    // Most significant bit first, as the chip's filter counts.
    for (unsigned i = 0; i < 6; i++)
        for (unsigned bit = 0; bit < 8; bit++)
            crc = crc << 1 ^ (((crc >> 31) ^ (frame[i] >> bit)) & 1 ? 0x04c11db7 : 0);
    hash = crc >> 26;
    byte = rtl_is(r, RTL_PCIE) ? 7 - hash / 8 : hash / 8;
    return rtl_get(r, MAR0 + byte, 1) >> hash % 8 & 1;
}

// The bits that tell why a frame was taken; 0: it is none of ours.
static uint32_t why(const struct rtl *r, const uint8_t *frame)
{
    uint32_t rcr = rtl_get(r, RCR, 4);

    if (is_broadcast(frame))
        return rcr & (RCR_AB | RCR_AAP) ? RX_BROADCAST : 0;
    if (frame[0] & 1)
        return ((rcr & RCR_AM) && multicast_is_wanted(r, frame)) || (rcr & RCR_AAP) ? RX_MULTICAST : 0;
    if (memcmp(frame, r->registers + IDR0, 6) == 0)
        return rcr & (RCR_APM | RCR_AAP) ? RX_PHYSICAL : 0;
    return rcr & RCR_AAP ? RX_PHYSICAL : 0;
}

bool rtl_receives(const struct rtl *r)
{
    if (!(rtl_get(r, CR, 1) & CR_RE) || (rtl_get(r, CR, 1) & CR_STOP) || r->firmware || r->deaf)
        return false;
    if (rtl_is(r, RTL_OOB) && (rtl_get(r, MCU, 1) & MCU_OOB))
        return false;
    return !(rtl_is(r, RTL_OCP) && ((rtl_get(r, MISC, 4) & MISC_GATE) || !r->list_ready));
}

static uint64_t place_of(const struct rtl *r, unsigned index)
{
    return (rtl_get(r, RDSAR, 4) | (uint64_t)rtl_get(r, RDSAR + 4, 4) << 32) + index * (uint64_t)DESCRIPTOR;
}

struct arrival {
    uint8_t *data;
    unsigned length;            // with checksum
    uint32_t opts1, opts2;      // what the last descriptor will tell, beside its length
};

// Which of the 8125's two bits decides for a single tag was not found out: either does.
static bool wants_tags_out(const struct rtl *r)
{
    return rtl_is(r, RTL_8125_LAYOUT) ? rtl_get(r, RCR, 4) & RCR_VLAN_8125 : rtl_get(r, CPCR, 2) & CPCR_VLAN;
}

static void take_tag_out(const struct rtl *r, struct arrival *a)
{
    if (!wants_tags_out(r) || a->length < 18 || a->data[12] != 0x81 || a->data[13] != 0)
        return;
    a->opts2 = RX_TAG | a->data[14] | (uint32_t)a->data[15] << 8;
    memmove(a->data + 12, a->data + 16, a->length - 16);
    a->length -= 4;
}

// Makes what the wire brought what the chip's FIFO holds.
static void prepare(struct rtl *r, struct arrival *a)
{
    uint32_t crc, most = rtl_get(r, RMS, 2) & RMS_MASK;

    if (a->length < FRAME_LEAST) {
        memset(a->data + a->length, 0, FRAME_LEAST - a->length);
        a->length = FRAME_LEAST;
    }
    if (rtl_get(r, CPCR, 2) & CPCR_RXCHKSUM)
        a->opts1 |= rtl_checksum_verify(a->data, a->length);
    take_tag_out(r, a);
    crc = rtl_crc(a->data, a->length);
    memcpy(a->data + a->length, &crc, FCS);
    a->length += FCS;
    if (most > 0 && a->length > most)
        a->opts1 |= RX_RES | RX_RWT;
    if (r->options.error_every > 0 && ++r->errors_due % r->options.error_every == 0) {
        a->opts1 |= RX_RES | RX_CRC;
        for (unsigned i = a->length / 2; i < a->length; i++)
            a->data[i] ^= 0x55;
    }
    // What Windows leaves set makes a driver see garbage.
    if (rtl_get(r, RCR, 4) & RCR_BIT24) {
        complain("frames are received with RCR's bit 24 set");
        memset(a->data, 0xa5, a->length);
    }
}

static void judge(const uint32_t *d)
{
    if ((d[0] & RX_LENGTH) == 0)
        complain("a receive descriptor of length 0");
    if (d[2] % BUFFER_ALIGN != 0)
        complain("a receive buffer that is not aligned to 8 bytes");
}

// Fills descriptors until the frame is in. Returns false when the ring ends in front of the frame's end.
static bool deliver(struct rtl *r, const struct arrival *a)
{
    bool first = true;

    for (unsigned done = 0; done < a->length;) {
        uint32_t d[4], room, count;
        uint64_t place = place_of(r, r->rx_index);
        if (!rtl_dma(r, false, place, d, sizeof(d), "a receive descriptor") || !(d[0] & OWN))
            return false;
        judge(d);
        room = d[0] & RX_LENGTH;
        count = a->length - done < room ? a->length - done : room;
        if (room == 0)
            return false;
        rtl_dma(r, true, d[2] | (uint64_t)d[3] << 32, a->data + done, count, "a frame that is received");
        done += count;
        d[0] = (d[0] & EOR) | (first ? FS : 0) | (done == a->length ? LS | a->opts1 | a->length : room);
        d[1] = a->opts2;
        first = false;
        // The owner last: the driver looks for it. x86 keeps the order of what is stored.
        rtl_dma(r, true, place + 4, &d[1], sizeof(d[1]), "a receive descriptor");
        __atomic_thread_fence(__ATOMIC_RELEASE);
        rtl_dma(r, true, place, &d[0], sizeof(d[0]), "a receive descriptor");
        r->rx_index = d[0] & EOR ? 0 : r->rx_index + 1;
        if (r->rx_index == RING_MOST) {
            complain("a receive ring of more than 1024 descriptors, or without EOR");
            r->rx_index = 0;
        }
    }
    return true;
}

// Whether there is a descriptor for the next frame. Nothing to be read counts as none.
static bool has_room(struct rtl *r)
{
    uint32_t opts1;

    return rtl_dma(r, false, place_of(r, r->rx_index), &opts1, sizeof(opts1), "a receive descriptor") && (opts1 & OWN);
}

// Whether the bus lets the chip write at all.
static bool may_write(struct rtl *r)
{
    if (pci_config_bus_master(&r->config)) {
        r->master_since_start = true;
        return true;
    }
    // Turned off under a running receiver it is a way to stop; never turned on it is a mistake.
    if (!r->master_since_start)
        complain("frames arrive, and bus mastering was never turned on since the receiver is");
    r->counters.rx_without_master++;
    return false;
}

static void count(struct rtl *r, const struct arrival *a)
{
    r->counters.rx_frames++;
    r->counters.rx_bytes += a->length - FCS;
    r->counters.rx_errors += (a->opts1 & RX_RES) != 0;
    r->counters.rx_broadcast += (a->opts1 & RX_BROADCAST) != 0;
    r->counters.rx_multicast += (a->opts1 & RX_MULTICAST) != 0;
}

bool rtl_frame(struct rtl *r, uint8_t *frame, unsigned length)
{
    struct arrival a = {.data = frame, .length = length};

    if (!r->phy.up || !rtl_receives(r)) {
        r->counters.rx_while_off++;
        return true;
    }
    a.opts1 = length < 14 ? 0 : why(r, frame);
    if (a.opts1 == 0) {
        r->counters.rx_filtered++;
        return true;
    }
    if (!may_write(r))
        return true;
    if (!has_room(r)) {
        r->counters.rx_no_descriptor++;
        rtl_event(r, INT_RDU);
        return r->options.drop;
    }
    prepare(r, &a);
    if (deliver(r, &a))
        count(r, &a);
    else
        r->counters.rx_no_descriptor++;
    rtl_event(r, a.opts1 & RX_RES ? INT_RER | INT_ROK : INT_ROK);
    return true;
}
