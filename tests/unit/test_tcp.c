// net/tcp.c and what net/netif.c admits, over a NIC without hardware (net_peer.c): segments that come before
// their turn, on several connections. All else about TCP is tested against Linux: tests/hosted.
#include "kernel/memory.h"        // kmemalign
#include "lib/clock.h"            // deadline_ms
#include "lib/endian.h"           // be16_store
#include "lib/err.h"              // err_name
#include "lwip/priv/tcp_priv.h"   // tcp_active_pcbs
#include "net/poll.h"             // stack_poll
#include "net/stack.h"            // tcp_open
#include "tests/unit/net_peer.h"  // peer_reset

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define SERVER 0x0a000001u
#define CLIENT 0x0a000032u
#define CONNECTIONS 4
#define SEGMENT 100u                          // bytes of data
#define LIMIT (PEER_BUFFERS / 4 * 3)          // buffers that may wait behind holes

static struct stream *streams[CONNECTIONS];
static struct tcp_pcb *pcbs[CONNECTIONS];
static uint32_t first[CONNECTIONS];           // sequence number of the first byte
static bool out_of_memory;

void *kmalloc(size_t size)
{
    return out_of_memory ? NULL : kmemalign(16, size);
}

static void is_error(int err, int expected)
{
    assert_string_equal(err < 0 ? err_name(err) : "", expected < 0 ? err_name(expected) : "");
}

static int setup(void **state)
{
    struct stack_ip ip = { .client = lwip_htonl(CLIENT), .netmask = lwip_htonl(0xffffff00) };

    (void)state;
    peer_reset();
    peer[1].link = peer[2].link = false;
    return stack_up(&ip, deadline_ms(1000));
}

static int teardown(void **state)
{
    (void)state;
    for (unsigned i = 0; i < CONNECTIONS; i++)
        if (streams[i] != NULL)
            streams[i]->close(streams[i]);
    memset(streams, 0, sizeof(streams));
    stack_down();
    return peer_missing() == 0 ? 0 : -1;
}

static void open_one(unsigned i)
{
    is_error(tcp_open(&streams[i], lwip_htonl(SERVER), 80, deadline_ms(2000)), 0);
    pcbs[i] = tcp_active_pcbs;  // lwIP puts the one that was active last in front
    first[i] = pcbs[i]->rcv_nxt;
}

static uint8_t byte_of(unsigned i, unsigned segment)
{
    return (uint8_t)(i * 64 + segment * 7);
}

// Segment number `segment` of connection `i` lies in the NIC's ring.
static void is_there(unsigned i, unsigned segment)
{
    uint8_t frame[54 + SEGMENT] = { 0 }, *ip = frame + 14, *tcp = frame + 34;

    memcpy(frame, peer[0].nic.mac, 6);
    be16_store(frame + 12, 0x0800);
    ip[0] = 0x45;
    be16_store(ip + 2, sizeof(frame) - 14);
    ip[8] = 64;
    ip[9] = 6;
    be32_store(ip + 12, SERVER);
    be32_store(ip + 16, CLIENT);
    be16_store(ip + 10, (uint16_t)~lwip_htons(lwip_port_chksum(ip, 20)));
    be16_store(tcp, 80);
    be16_store(tcp + 2, pcbs[i]->local_port);
    be32_store(tcp + 4, first[i] + segment * SEGMENT);
    be32_store(tcp + 8, pcbs[i]->snd_nxt);
    tcp[12] = 0x50;
    tcp[13] = 0x10;
    be16_store(tcp + 14, 0xffff);
    memset(tcp + 20, byte_of(i, segment), SEGMENT);
    assert_true(peer_deliver(0, frame, sizeof(frame)));
}

static void arrives(unsigned i, unsigned segment)
{
    is_there(i, segment);
    stack_poll();
}

static unsigned queued(unsigned i)
{
    unsigned pbufs = 0;

    for (const struct tcp_seg *seg = pcbs[i]->ooseq; seg != NULL; seg = seg->next)
        pbufs += pbuf_clen(seg->p);
    return pbufs;
}

// Connection `i` has segments from `from` on up to `end`, and none behind.
static void reads(unsigned i, unsigned from, unsigned end)
{
    const uint8_t *data;

    for (unsigned at = from * SEGMENT; at < end * SEGMENT;) {
        assert_true(streams[i]->ready(streams[i]));
        long got = streams[i]->peek(streams[i], &data, deadline_ms(100));
        assert_true(got > 0);
        for (long k = 0; k < got; k++)
            assert_int_equal(data[k], byte_of(i, (at + (unsigned)k) / SEGMENT));
        streams[i]->consume(streams[i], (size_t)got);
        at += (unsigned)got;
    }
    assert_false(streams[i]->ready(streams[i]));
}

// One connection may take all that is to be had.
static void test_limit(void **state)
{
    (void)state;
    open_one(0);
    for (unsigned s = 1; s <= LIMIT + 5; s++)
        arrives(0, s);
    assert_int_equal(queued(0), LIMIT);
    arrives(0, 0);
    reads(0, 0, 1 + LIMIT);
    assert_int_equal(peer_missing(), 0);
}

// What is queued has been promised: neither another connection nor a second hole costs any of it.
static void test_nothing_queued_is_lost(void **state)
{
    unsigned share = LIMIT / 2;

    (void)state;
    open_one(0);
    for (unsigned s = 1; s <= share; s++)
        arrives(0, s + 1);
    for (unsigned i = 1; i < CONNECTIONS; i++)
        open_one(i);
    for (unsigned s = 1; s <= share; s++)
        arrives(s % (CONNECTIONS - 1) + 1, s / (CONNECTIONS - 1) + 1);
    assert_int_equal(peer_missing(), LIMIT);
    for (unsigned i = 0; i < CONNECTIONS; i++) {
        arrives(i, 100);
        assert_int_equal(queued(i), i == 0 ? share : share / (CONNECTIONS - 1));
    }
    arrives(0, 1);  // between what was read and what is queued
    assert_int_equal(queued(0), share);
    // What fills the hole itself is taken, and gives the buffers back.
    arrives(0, 0);
    reads(0, 0, 1);
    arrives(0, 1);
    reads(0, 1, share + 2);
    assert_int_equal(queued(0), 0);
    arrives(1, 100);
    assert_int_equal(queued(1), share / (CONNECTIONS - 1) + 1);
}

// Several segments in one turn: one word about all of them, when nothing more comes for a moment.
static void test_acknowledged_in_the_pause(void **state)
{
    unsigned before;

    (void)state;
    open_one(0);
    before = peer[0].sent;
    for (unsigned turn = 0; turn < 3; turn++) {
        for (unsigned s = 0; s < 5; s++)
            is_there(0, turn * 5 + s);
        stack_poll();
        stack_poll();
    }
    assert_int_equal(peer[0].sent, before);
    peer_clock_us += 200;
    stack_poll();
    assert_int_equal(peer[0].sent, before + 1);
    peer_clock_us += 200;
    stack_poll();
    assert_int_equal(peer[0].sent, before + 1);
    reads(0, 0, 15);
}

// A quarter of the window, here of 192 buffers, does not wait for a pause; nor does news of a hole. What was not
// said when the connection ends is not said afterwards.
static void test_acknowledged_at_once(void **state)
{
    unsigned before, part = LIMIT * TCP_MSS / 4 / SEGMENT, s = 0;

    (void)state;
    open_one(0);
    before = peer[0].sent;
    for (; s < 3 * part / 100 * 100; s += 100) {
        for (unsigned k = 0; k < 100; k++)
            is_there(0, s + k);
        stack_poll();
        reads(0, s, s + 100);
    }
    // For more than a millisecond frames came without a pause; and three quarters of a window did.
    assert_in_range(peer[0].sent - before, 3, 2 * s / 100);
    before = peer[0].sent;
    s += 1;
    is_there(0, s);
    is_there(0, s + 1);
    stack_poll();
    assert_true(peer[0].sent > before);

    streams[0]->close(streams[0]);
    streams[0] = NULL;
    open_one(1);
    is_there(1, 0);
    is_there(1, 1);
    stack_poll();
    streams[1]->close(streams[1]);
    streams[1] = NULL;
    before = peer[0].sent;
    peer_clock_us += 200;
    stack_poll();
    assert_int_equal(peer[0].sent, before);
}

static void test_connect_errors(void **state)
{
    struct stream *stream;

    (void)state;
    out_of_memory = true;
    is_error(tcp_start(&stream, lwip_htonl(SERVER), 80), ERR_OUT_OF_HEAP);
    out_of_memory = false;
    stack_down();
    is_error(tcp_start(&stream, lwip_htonl(SERVER), 80), ERR_CONNECTION_TIMEOUT);
    assert_non_null(strstr(fail_detail(), "no way to the server"));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_limit), TEST(test_nothing_queued_is_lost), TEST(test_acknowledged_in_the_pause),
        TEST(test_acknowledged_at_once), TEST(test_connect_errors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
