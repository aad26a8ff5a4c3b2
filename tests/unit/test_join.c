// net/join.c: random traffic of several connections, with losses, swaps, bad checksums, padding, flags and
// fragments, cut into polls at random. What is delivered is taken apart again and must be what came in, in
// order; a frame with a bad checksum comes out alone and untouched; every pbuf comes back.
#include "net/join.h"  // join_input

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/nic.h"       // NIC_PBUF_CSUM_OK
#include "lib/endian.h"        // be16_store
#include "lwip/inet_chksum.h"  // inet_chksum
#include "lwip/pbuf.h"         // pbuf_alloc

#define FLOWS 3u
#define FRAMES 40000u
#define HEADERS 54u
#define DATA_MAX 1460u

struct segment {               // what went in and has not come out yet
    unsigned flow;
    uint32_t seq, length;
    bool plain;                // must come out as it is
    uint8_t frame[HEADERS + DATA_MAX + 20];
    uint32_t frame_length;
};

static struct segment queue[256];
static unsigned head, tail;    // free-running
static unsigned delivered, joined, most;
static struct join join;
static uint32_t seed;

static uint32_t rnd(uint32_t n)
{
    seed = seed * 1664525 + 1013904223;
    return (seed >> 8) % n;
}

static uint8_t byte_of(unsigned flow, uint32_t seq)
{
    return (uint8_t)(flow * 89 + seq * 7 + (seq >> 8));
}

static uint16_t tcp_sum(const uint8_t *frame, uint32_t segment_length)
{
    struct pbuf *p = pbuf_alloc(PBUF_RAW, (u16_t)segment_length, PBUF_RAM);
    ip_addr_t from, to;

    memcpy(p->payload, frame + 34, segment_length);
    memcpy(&from, frame + 26, 4);
    memcpy(&to, frame + 30, 4);
    uint16_t sum = inet_chksum_pseudo(p, 6, (u16_t)segment_length, &from, &to);
    pbuf_free(p);
    return sum;
}

static void build(struct segment *s, uint8_t flags)
{
    static const uint8_t template[HEADERS] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45, 0, 0, 0, 0, 0, 0x40, 0,
        64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 0, 80, 0xc0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 0x50, 0x10, 0x20, 0, 0, 0};
    uint16_t sum;

    memcpy(s->frame, template, HEADERS);
    be16_store(s->frame + 16, (uint16_t)(40 + s->length));
    be16_store(s->frame + 18, (uint16_t)rnd(65536));  // identification: differs from frame to frame
    s->frame[37] = (uint8_t)s->flow;
    be32_store(s->frame + 38, s->seq);
    s->frame[47] = flags;
    for (uint32_t i = 0; i < s->length; i++)
        s->frame[HEADERS + i] = byte_of(s->flow, s->seq + i);
    sum = inet_chksum(s->frame + 14, 20);
    memcpy(s->frame + 24, &sum, 2);
    sum = tcp_sum(s->frame, 20 + s->length);
    memcpy(s->frame + 50, &sum, 2);
    s->frame_length = HEADERS + s->length;
}

static void check_joined(struct segment *first, struct pbuf *frame)
{
    uint8_t ip[20];
    uint32_t at = first->seq, end = at + frame->tot_len - HEADERS;
    unsigned segments = 0;

    pbuf_copy_partial(frame, ip, sizeof(ip), 14);
    assert_int_equal(inet_chksum(ip, sizeof(ip)), 0);
    assert_int_equal(be16_load(ip + 2), frame->tot_len - 14);
    for (uint32_t i = 0; i < end - first->seq; i++)
        assert_int_equal(pbuf_get_at(frame, (u16_t)(HEADERS + i)), byte_of(first->flow, first->seq + i));
    for (; at != end; head++, segments++) {
        struct segment *s = &queue[head % 256];
        assert_true(head != tail && !(s->plain && segments > 0));
        assert_int_equal(s->flow, first->flow);
        assert_int_equal(s->seq, at);
        at += s->length;
    }
    // The chain's own counts agree.
    for (struct pbuf *p = frame; p != NULL; p = p->next)
        assert_int_equal(p->tot_len, p->len + (p->next != NULL ? p->next->tot_len : 0));
    if (segments > 1) {
        assert_true(frame->flags & NIC_PBUF_CSUM_OK);
        joined += segments;
        most = segments > most ? segments : most;
    }
}

static void deliver(void *ctx, struct pbuf *frame)
{
    struct segment *first = &queue[head % 256];

    assert_ptr_equal(ctx, &seed);
    assert_true(head != tail);
    delivered++;
    if (first->plain) {
        uint8_t bytes[sizeof(first->frame)];
        assert_true(frame->tot_len <= first->frame_length);
        pbuf_copy_partial(frame, bytes, frame->tot_len, 0);
        assert_memory_equal(bytes, first->frame, frame->tot_len);
        head++;
    } else {
        check_joined(first, frame);
    }
    pbuf_free(frame);
}

static void send(struct segment *s, bool vouched)
{
    struct pbuf *p = pbuf_alloc(PBUF_RAW, (u16_t)s->frame_length, PBUF_RAM);

    memcpy(p->payload, s->frame, s->frame_length);
    if (vouched)
        p->flags |= NIC_PBUF_CSUM_OK;
    tail++;
    join_input(&join, p);
}

// One frame: mostly the next of a connection, sometimes anything else.
static void random_frame(uint32_t *next)
{
    struct segment *s = &queue[tail % 256];
    uint8_t flags = 0x10;

    *s = (struct segment){.flow = rnd(20) ? 0 : rnd(FLOWS), .length = rnd(8) ? DATA_MAX : 1 + rnd(DATA_MAX)};
    s->seq = next[s->flow];
    if (rnd(40) == 0)
        s->seq += rnd(3) ? DATA_MAX : -rnd(5000);       // a hole, or again
    next[s->flow] = s->seq + s->length;
    if (rnd(25) == 0)
        flags |= 0x08;
    else if (rnd(60) == 0)
        flags |= (uint8_t)(1u << rnd(3)), s->plain = true;  // FIN, SYN, RST
    build(s, flags);
    switch (rnd(60)) {
    case 0: s->frame[HEADERS + rnd(s->length)] ^= 0x10, s->plain = true; break;  // data
    case 1: s->frame[14 + rnd(2) * 8] ^= 1, s->plain = true; break;              // IP header
    case 2: be16_store(s->frame + 20, 0x2000), s->plain = true; break;           // a fragment
    case 3: s->frame_length += rnd(18); break;                                   // padding
    case 4: s->frame_length -= 1 + rnd(20), s->plain = true; break;              // cut short
    case 5: s->frame[12 + rnd(2)] ^= 1, s->plain = true; break;                  // another protocol
    default: break;
    }
    send(s, !s->plain && rnd(2) == 0);
}

static void test_random(void **state)
{
    uint32_t next[FLOWS] = {0xfffff000, 5, 0x7ffffff0};

    (void)state;
    seed = 1;
    for (unsigned i = 0; i < FRAMES; i++) {
        random_frame(next);
        if (rnd(50) == 0 || tail - head > 200) {
            join_flush(&join);
            assert_int_equal(head, tail);
        }
    }
    join_flush(&join);
    assert_int_equal(head, tail);
    assert_true(joined > FRAMES / 2 && most > 20);
    assert_true(delivered < FRAMES / 2);
}

// A joined segment ends where 16 bits do, and what is dropped is freed (the sanitizer looks).
static void test_limits(void **state)
{
    (void)state;
    uint32_t seq = 100;
    delivered = 0;
    for (unsigned i = 0; i < 50; i++, seq += DATA_MAX) {
        struct segment *s = &queue[tail % 256];
        *s = (struct segment){.seq = seq, .length = DATA_MAX};
        build(s, 0x10);
        send(s, true);
    }
    assert_int_equal(delivered, 1);
    assert_int_equal(tail - head, 50 - 44);  // 44 * 1460 + 54 < 65536
    join_drop(&join);
    join_drop(&join);
    join_flush(&join);
    assert_int_equal(delivered, 1);
    head = tail;
}

static int start(void **state)
{
    (void)state;
    join = (struct join){.deliver = deliver, .ctx = &seed};
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup(test_random, start),
                                       cmocka_unit_test_setup(test_limits, start)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
