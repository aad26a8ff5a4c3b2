// Checksums of IPv4, IPv6, TCP and UDP, verified and filled in as Realtek's chips do, and Ethernet's CRC-32.
// Tested: tests/unit/test_rtl_model.c. Not handled: extension headers of IPv6, fragments (both count as no protocol).
#include "tests/models/rtl.h"  // rtl_checksum_fill

#include "tests/models/complaints.h"  // complain
#include "tests/models/rtl_regs.h"    // RX_TCP

#define ETHERNET 14u
#define VLAN 0x8100
#define IPV4 0x0800
#define IPV6 0x86dd
#define TCP 6u
#define UDP 17u
#define TCP_SUM 16u
#define UDP_SUM 6u

// Where a frame's headers are. `ip` 0: no IP; `transport` 0: neither TCP nor UDP that could be looked at.
struct headers {
    bool v4;
    unsigned ip, transport, end, protocol;
};

static unsigned get16(const uint8_t *at)
{
    return (unsigned)at[0] << 8 | at[1];
}

static uint32_t add(uint32_t sum, const uint8_t *data, unsigned length)
{
    for (; length > 1; data += 2, length -= 2)
        sum += get16(data);
    return length > 0 ? sum + ((uint32_t)data[0] << 8) : sum;
}

static uint16_t fold(uint32_t sum)
{
    while (sum >> 16 != 0)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)sum;
}

static struct headers look(const uint8_t *frame, unsigned length)
{
    struct headers h = {0};
    unsigned type = get16(frame + 12), at = ETHERNET, header;

    if (type == VLAN && length >= ETHERNET + 4) {
        type = get16(frame + 16);
        at += 4;
    }
    if (type == IPV4 && length >= at + 20) {
        header = (frame[at] & 15u) * 4;
        h = (struct headers){true, at, at + header, at + get16(frame + at + 2), frame[at + 9]};
        if (get16(frame + at + 6) & 0x3fff)
            h.transport = 0;
    } else if (type == IPV6 && length >= at + 40) {
        h = (struct headers){false, at, at + 40, at + 40 + get16(frame + at + 4), frame[at + 6]};
    }
    if (h.end > length || h.transport + (h.protocol == TCP ? 20u : 8u) > h.end)
        h.transport = 0;
    if (h.protocol != TCP && h.protocol != UDP)
        h.transport = 0;
    return h;
}

static uint32_t pseudo_header(const uint8_t *frame, const struct headers *h)
{
    uint32_t sum = h->protocol + h->end - h->transport;

    return h->v4 ? add(sum, frame + h->ip + 12, 8) : add(sum, frame + h->ip + 8, 32);
}

static bool is_wrong(const uint8_t *frame, const struct headers *h)
{
    // UDP without a checksum.
    if (h->protocol == UDP && h->v4 && get16(frame + h->transport + UDP_SUM) == 0)
        return false;
    return fold(add(pseudo_header(frame, h), frame + h->transport, h->end - h->transport)) != 0xffff;
}

uint32_t rtl_checksum_verify(const uint8_t *frame, unsigned length)
{
    struct headers h = look(frame, length);
    uint32_t bits = 0;

    if (h.ip == 0)
        return 0;
    if (h.v4 && fold(add(0, frame + h.ip, (frame[h.ip] & 15u) * 4)) != 0xffff)
        bits |= RX_IP_BAD;
    if (h.transport == 0)
        return bits | RX_TCP | RX_UDP;  // both bits: IP, nothing known beyond
    bits |= h.protocol == TCP ? RX_TCP : RX_UDP;
    if (is_wrong(frame, &h))
        bits |= h.protocol == TCP ? RX_TCP_BAD : RX_UDP_BAD;
    return bits;
}

static void put16(uint8_t *at, unsigned value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static void fill_ip(uint8_t *frame, const struct headers *h)
{
    put16(frame + h->ip + 10, 0);
    put16(frame + h->ip + 10, (uint16_t)~fold(add(0, frame + h->ip, (frame[h->ip] & 15u) * 4)));
}

static void fill_transport(uint8_t *frame, const struct headers *h)
{
    uint8_t *place = frame + h->transport + (h->protocol == TCP ? TCP_SUM : UDP_SUM);
    uint16_t sum;

    put16(place, 0);
    sum = (uint16_t)~fold(add(pseudo_header(frame, h), frame + h->transport, h->end - h->transport));
    put16(place, sum == 0 && h->protocol == UDP ? 0xffff : sum);
}

void rtl_checksum_fill(const struct rtl *r, uint8_t *frame, unsigned length, uint32_t opts1, uint32_t opts2)
{
    bool v2 = rtl_is(r, RTL_CHECKSUM_V2);
    bool ip = v2 ? opts2 & TX_IP4_V2 : opts1 & TX_IP_V1;
    bool tcp = v2 ? opts2 & TX_TCP_V2 : opts1 & TX_TCP_V1;
    bool udp = v2 ? opts2 & TX_UDP_V2 : opts1 & TX_UDP_V1;
    struct headers h;

    if ((!ip && !tcp && !udp) || length < ETHERNET)
        return;
    h = look(frame, length);
    if (h.ip == 0 || (ip && !h.v4)) {
        complain("a checksum is asked for that the frame has no place for");
        return;
    }
    if (ip)
        fill_ip(frame, &h);
    if (!tcp && !udp)
        return;
    if (h.transport == 0 || (h.protocol == TCP) != tcp) {
        complain("a checksum is asked for that the frame has no place for");
        return;
    }
    if (v2 && (opts2 >> 18 & 0x3ff) != h.transport)
        complain("a checksum is asked for at a place where the frame has no TCP or UDP header");
    fill_transport(frame, &h);
}

uint32_t rtl_crc(const uint8_t *data, unsigned length)
{
    static uint32_t table[256];
    uint32_t crc = 0xffffffff;

    for (uint32_t i = 0; i < 256 && table[1] == 0 ; i++) {
        // Filled from its end, so that entry 1 tells that all is there.
        uint32_t value = 255 - i;
        for (unsigned bit = 0; bit < 8; bit++)
            value = value >> 1 ^ (value & 1 ? 0xedb88320 : 0);
        table[255 - i] = value;
    }
    for (unsigned i = 0; i < length; i++)
        crc = crc >> 8 ^ table[(crc ^ data[i]) & 0xff];
    return ~crc;
}
