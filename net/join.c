// Receive segment coalescing in software (contract: net/join.h). A segment continues the held one when
// nothing but sequence number, length and identification differ: then one header serves both.
// Spec: RFC 791 3.1, RFC 9293 3.1. Tested: tests/unit/test_join.c, every download of the system tests.
// Not handled: IPv6, VLAN tags, TCP options (our connections have none in data), frames of several buffers.
#include "net/join.h"  // struct join

#include <string.h>

#include "drivers/nic.h"     // NIC_PBUF_CSUM_OK
#include "lib/endian.h"      // be16_load
#include "lwip/inet_chksum.h" // inet_chksum
#include "lwip/ip.h"         // IP_PROTO_TCP
#include "lwip/pbuf.h"       // struct pbuf

#define ETHERNET 14u
#define IP_AT ETHERNET
#define TCP_AT (IP_AT + 20u)
#define DATA_AT (TCP_AT + 20u)

#define ETHERTYPE_AT 12u
#define     ETHERTYPE_IPV4 0x0800u
#define IP_VERSION_AT IP_AT
#define     IP_VERSION_4_WITHOUT_OPTIONS 0x45u
#define IP_TOS_AT (IP_AT + 1)
#define IP_LENGTH_AT (IP_AT + 2)
#define IP_FRAGMENT_AT (IP_AT + 6)
#define     IP_DONT_FRAGMENT 0x4000u
#define IP_TTL_AT (IP_AT + 8)
#define IP_PROTOCOL_AT (IP_AT + 9)
#define IP_CHECKSUM_AT (IP_AT + 10)
#define IP_SOURCE_AT (IP_AT + 12)
#define TCP_SEQ_AT (TCP_AT + 4)
#define TCP_ACK_AT (TCP_AT + 8)
#define TCP_OFFSET_AT (TCP_AT + 12)
#define     TCP_WITHOUT_OPTIONS 0x50u
#define TCP_FLAGS_AT (TCP_AT + 13)
#define     TCP_PSH_BIT 0x08u
#define     TCP_ACK_BIT 0x10u
#define TCP_WINDOW_AT (TCP_AT + 14)

#define FRAME_LENGTH_MAX 65535u  // a pbuf counts in 16 bits

static const uint8_t *bytes_of(const struct pbuf *frame)
{
    return frame->payload;
}

// Bytes of the segment's data when `frame` is one that can be joined, 0 when not. All of its headers are
// known to lie in its one buffer then.
static uint32_t joinable(const struct pbuf *frame)
{
    const uint8_t *at = bytes_of(frame);

    if (frame->next != NULL || frame->len <= DATA_AT || be16_load(at + ETHERTYPE_AT) != ETHERTYPE_IPV4 ||
        at[IP_VERSION_AT] != IP_VERSION_4_WITHOUT_OPTIONS || at[IP_PROTOCOL_AT] != IP_PROTO_TCP ||
        (be16_load(at + IP_FRAGMENT_AT) & ~IP_DONT_FRAGMENT) != 0 ||
        at[TCP_OFFSET_AT] != TCP_WITHOUT_OPTIONS ||
        (at[TCP_FLAGS_AT] & ~TCP_PSH_BIT) != TCP_ACK_BIT)
        return 0;
    uint32_t length = be16_load(at + IP_LENGTH_AT);
    if (length <= DATA_AT - IP_AT || length > frame->len - ETHERNET)
        return 0;
    return length - (DATA_AT - IP_AT);
}

// True when both frames are segments of one connection that differ in nothing but their place in it.
static bool same_but_place(const uint8_t *a, const uint8_t *b)
{
    // Addresses and ports lie side by side.
    return memcmp(a + IP_SOURCE_AT, b + IP_SOURCE_AT, TCP_SEQ_AT - IP_SOURCE_AT) == 0 &&
           memcmp(a + TCP_ACK_AT, b + TCP_ACK_AT, 4) == 0 &&
           memcmp(a + TCP_WINDOW_AT, b + TCP_WINDOW_AT, 2) == 0 && a[IP_TOS_AT] == b[IP_TOS_AT] &&
           a[IP_TTL_AT] == b[IP_TTL_AT] && memcmp(a, b, ETHERTYPE_AT) == 0;
}

// Are both checksums right? The header of a joined segment gets a new one, which must not make a broken one
// good. TCP's is over a pseudo header and the segment, RFC 9293 3.1.
static bool sums_are_good(struct pbuf *frame, uint32_t data_length)
{
    ip_addr_t from, to;

    if (inet_chksum(bytes_of(frame) + IP_AT, TCP_AT - IP_AT) != 0)
        return false;
    if (frame->flags & NIC_PBUF_CSUM_OK)
        return true;
    memcpy(&from, bytes_of(frame) + IP_SOURCE_AT, 4);
    memcpy(&to, bytes_of(frame) + IP_SOURCE_AT + 4, 4);
    // The header goes back on below: both only move the pbuf's start.
    pbuf_remove_header(frame, TCP_AT);
    uint16_t length = (uint16_t)(DATA_AT - TCP_AT + data_length);
    bool good = inet_chksum_pseudo(frame, IP_PROTO_TCP, length, &from, &to) == 0;
    pbuf_add_header_force(frame, TCP_AT);
    return good;
}

static void hold(struct join *join, struct pbuf *frame, uint32_t data_length)
{
    join->held = join->last = frame;
    join->next_seq = be32_load(bytes_of(frame) + TCP_SEQ_AT) + data_length;
    join->segments = 1;
    join->summed = false;
}

// Puts the data of `frame` behind the held segment's.
static void append(struct join *join, struct pbuf *frame, uint32_t data_length)
{
    struct pbuf *held = join->held;

    held->flags |= NIC_PBUF_CSUM_OK;
    ((uint8_t *)held->payload)[TCP_FLAGS_AT] |= bytes_of(frame)[TCP_FLAGS_AT];
    pbuf_remove_header(frame, DATA_AT);
    // Not pbuf_cat(): it would walk the chain for every segment. tot_len of the others is set at the end.
    join->last->next = frame;
    join->last = frame;
    held->tot_len = (u16_t)(held->tot_len + data_length);
    join->next_seq += data_length;
    join->segments++;
}

void join_flush(struct join *join)
{
    struct pbuf *held = join->held;

    if (held == NULL)
        return;
    join->held = NULL;
    if (join->segments > 1) {
        uint8_t *at = held->payload;
        uint16_t left = held->tot_len;
        for (struct pbuf *p = held; p != NULL; p = p->next) {
            p->tot_len = left;
            left = (uint16_t)(left - p->len);
        }
        be16_store(at + IP_LENGTH_AT, (uint16_t)(held->tot_len - ETHERNET));
        memset(at + IP_CHECKSUM_AT, 0, 2);
        uint16_t sum = inet_chksum(at + IP_AT, TCP_AT - IP_AT);
        memcpy(at + IP_CHECKSUM_AT, &sum, sizeof(sum));
    }
    join->deliver(join->ctx, held);
}

void join_drop(struct join *join)
{
    struct pbuf *held = join->held;

    join->held = NULL;
    if (held == NULL)
        return;
    // What pbuf_free() follows is the chain; the lengths in it do not matter to it.
    pbuf_free(held);
}

// True when `frame` went into the held segment.
static bool continues(struct join *join, struct pbuf *frame, uint32_t data_length)
{
    const uint8_t *held = bytes_of(join->held), *at = bytes_of(frame);

    if (be32_load(at + TCP_SEQ_AT) != join->next_seq || !same_but_place(held, at) ||
        join->held->tot_len + data_length > FRAME_LENGTH_MAX || (held[TCP_FLAGS_AT] & TCP_PSH_BIT))
        return false;
    if (!join->summed && !sums_are_good(join->held, join->next_seq - be32_load(held + TCP_SEQ_AT)))
        return false;
    join->summed = true;
    if (!sums_are_good(frame, data_length))
        return false;
    append(join, frame, data_length);
    return true;
}

void join_input(struct join *join, struct pbuf *frame)
{
    uint32_t data_length = joinable(frame);

    if (data_length > 0) {
        // What padding there is would come to lie between two segments' data.
        if (frame->tot_len != DATA_AT + data_length)
            pbuf_realloc(frame, (u16_t)(DATA_AT + data_length));
        if (join->held != NULL && continues(join, frame, data_length))
            return;
    }
    join_flush(join);
    if (data_length > 0)
        hold(join, frame, data_length);
    else
        join->deliver(join->ctx, frame);
}
