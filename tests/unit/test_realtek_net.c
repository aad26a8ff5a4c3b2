// The Realtek driver at work: bring-up, frames around the ring, checksum marks, rings that run dry, sending, doorbells,
// link, stop and start again. Every test ends with all buffers back and the chip silent.

#include "tests/unit/realtek_fake.h"  // reset_chip
#include "lib/err.h"                  // ERR_UNSUPPORTED

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define RX_ENTRIES 1024u
#define TX_ENTRIES 256u

static void test_probe(void **state)
{
    (void)state;
    assert_int_equal(probe(), 0);
    assert_memory_equal(nic.mac, chip.mac, 6);
    assert_string_equal(nic.chip, "RTL8168H/8111H version 541");
    assert_int_equal(nic.mtu, 1500);
    assert_int_equal(nic.features, NIC_RX_CSUM);
    check_silent();
    // What r8169 finds then is a chip that can be brought up: the gate is open, the FIFOs are nobody's.
    assert_false(get(MISC, 32) & MISC_RXDV_GATED_EN);
    assert_int_equal(get(CR9346, 8), CR9346_LOCK);
    free(nic.priv);
}

// Many frames through the ring, many times around, while the stack keeps some.
static void test_receive_many(void **state)
{
    unsigned received = 0, sent = 0;

    (void)state;
    start();
    unsigned accesses = chip.accesses;
    for (unsigned round = 0; round < 400; round++) {
        for (unsigned i = 0; i < 90; i++, sent++)
            assert_true(receive(60 + (round * 31 + i * 97) % 1455));
        received += poll(64);
        received += poll(64);
        assert_int_equal(poll(64), 0);
        for (unsigned i = 0; i < frame_count; i += 13)
            check_frame(i, frames[i]->tot_len);
        if (round % 4 == 0)
            drop_frames();
    }
    assert_int_equal(received, sent);
    assert_int_equal(nic.stats.rx_frames, received);
    assert_int_equal(nic.stats.rx_errors, 0);
    assert_int_equal(chip.accesses, accesses);  // descriptors alone
    finish();
}

static void test_ring_full(void **state)
{
    (void)state;
    start();
    for (unsigned round = 0; round < 3; round++) {
        unsigned got = 0;
        while (receive(60))
            got++;
        assert_int_equal(got, RX_ENTRIES);
        assert_int_equal(poll(2000), RX_ENTRIES);
        drop_frames();
    }
    finish();
}

static void test_sizes(void **state)
{
    static const struct { uint32_t said; bool taken; } cases[] = {
        {0, false}, {4, false}, {17, false}, {18, true}, {64, true}, {1518, true}, {1522, true}, {2048, true},
    };
    unsigned taken = 0, refused = 0;

    (void)state;
    start();
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_true(receive_as(GOOD_FRAME, cases[i].said, cases[i].said));
        assert_int_equal(poll(8), cases[i].taken);
        taken += cases[i].taken, refused += !cases[i].taken;
        if (cases[i].taken)
            check_frame(taken - 1, cases[i].said - FCS_SIZE);
        assert_int_equal(nic.stats.rx_errors, refused);
    }
    assert_int_equal(driver()->life.lies, 0);
    finish();
}

static void test_checksum_flags(void **state)
{
    enum { TCP = 1u << 17, UDP = 1u << 18, IP = 3u << 17, IP_BAD = 1u << 16, UDP_BAD = 1u << 15, TCP_BAD = 1u << 14 };
    static const struct { uint32_t result; bool ok; } cases[] = {
        {0, false},            {TCP, true},           {UDP, true},     {IP, false},
        {TCP | TCP_BAD, false}, {UDP | UDP_BAD, false}, {TCP | IP_BAD, false}, {UDP | IP_BAD, false},
        {IP | IP_BAD, false},  {1u << 24 | TCP, true}, {0, false},  // the mark does not stick to the buffer
    };
    unsigned count = sizeof(cases) / sizeof(cases[0]);

    (void)state;
    start();
    for (unsigned round = 0; round < 2; round++) {
        for (unsigned i = 0; i < count; i++)
            assert_true(receive_as(GOOD_FRAME | cases[i].result, 104, 104));
        assert_int_equal(poll(100), count);
        for (unsigned i = 0; i < count; i++)
            assert_int_equal(!!(frames[i]->flags & NIC_PBUF_CSUM_OK), cases[i].ok);
        drop_frames();
    }
    finish();
}

// The stack keeps everything: the ring runs dry, nothing breaks, and it fills again.
static void test_pool_dry(void **state)
{
    unsigned kept = 0;

    (void)state;
    start();
    while (receive(100)) {
        kept++;
        assert_int_equal(poll(8), 1);
    }
    assert_int_equal(kept, driver()->pool.count);
    assert_int_equal(poll(8), 0);
    assert_true(nic.stats.rx_no_buffer > 0);
    pbuf_free(frames[--frame_count]);  // a single one is enough to go on
    poll(8);
    assert_true(receive(100));
    assert_false(receive(100));
    assert_int_equal(poll(8), 1);
    drop_frames();
    poll(8);
    for (unsigned i = 0; i < RX_ENTRIES; i++)
        assert_true(receive(1000));
    assert_int_equal(poll(2000), RX_ENTRIES);
    check_frame(RX_ENTRIES - 1, 1000);
    finish();
}

// Stopped while the stack holds a frame: the pool stays for it and serves the next start.
static void test_stop_with_frame(void **state)
{
    (void)state;
    start();
    assert_true(receive(500));
    assert_int_equal(poll(8), 1);
    nic.ops->stop(&nic);
    check_silent();
    assert_non_null(driver()->pool.buffers);
    check_frame(0, 500);
    assert_int_equal(nic.ops->start(&nic), 0);
    assert_true(receive(600));
    assert_int_equal(poll(8), 1);
    check_frame(0, 500);
    check_frame(1, 600);
    finish();
}

static void test_stop_and_start(void **state)
{
    static const uint16_t versions[] = {0x008, 0x380, 0x3c2, 0x28b, 0x2c8, 0x440, 0x541, 0x502, 0x609, 0x641};
    struct pbuf *frame = make_frame(200);

    for (unsigned i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
        reset_chip(state);
        become(versions[i]);
        start();
        for (unsigned round = 0; round < 5; round++) {
            assert_int_equal(nic.ops->transmit(&nic, frame), 0);  // under way at the stop, or not
            if (round % 2)
                assert_int_equal(send_one(NULL), 200);
            assert_true(receive(100));
            nic.ops->stop(&nic);
            check_silent();
            nic.ops->stop(&nic);  // twice is no harm
            check_silent();
            assert_int_equal(nic.ops->start(&nic), 0);
            assert_int_equal(poll(8), 0);  // nothing of the time before
            assert_int_equal(send_one(NULL), 0);
            assert_true(receive(300));
            assert_int_equal(poll(8), 1);
            check_frame(0, 300);
            drop_frames();
        }
        finish();
    }
    pbuf_free(frame);
}

// ---- sending ----------------------------------------------------------------------------------------

static void test_transmit(void **state)
{
    struct pbuf *frame = make_frame(1514), *small = make_frame(42), *huge = make_frame(1600);
    uint8_t sent[TX_SLOT_SIZE];
    unsigned count = 0;

    (void)state;
    start();
    while (nic.ops->transmit(&nic, frame) == 0)
        count++;
    assert_int_equal(count, TX_ENTRIES);
    assert_int_equal(chip.doorbells, TX_ENTRIES);  // outside poll() each goes at once
    assert_int_equal(nic.ops->transmit(&nic, frame), ERR_NIC_INIT_FAILED);
    assert_int_equal(nic.ops->transmit(&nic, huge), ERR_UNSUPPORTED);
    assert_int_equal(send_one(sent), 1514);
    assert_memory_equal(sent, frame->payload, 1514);
    assert_int_equal(nic.ops->transmit(&nic, frame), 0);  // room again, without a poll()
    assert_true(nic.ops->sending(&nic));
    while (send_one(NULL))
        ;
    assert_false(nic.ops->sending(&nic));
    for (unsigned i = 0; i < 3000; i++) {  // the ring wraps
        assert_int_equal(nic.ops->transmit(&nic, i % 2 ? small : frame), 0);
        assert_int_equal(send_one(sent), i % 2 ? 60 : 1514);
        assert_memory_equal(sent, i % 2 ? small->payload : frame->payload, 42);
        for (unsigned b = 42; i % 2 && b < 60; b++)
            assert_int_equal(sent[b], 0);  // not with what was sent before
        poll(8);
    }
    assert_int_equal(frame->ref, 1);
    assert_int_equal(nic.stats.tx_frames, TX_ENTRIES + 1 + 3000);
    assert_int_equal(nic.stats.tx_errors, 1);
    pbuf_free(frame);
    pbuf_free(small);
    pbuf_free(huge);
    finish();
}

static void answer(struct nic *from, struct pbuf *frame)
{
    assert_int_equal(from->ops->transmit(from, frame), 0);
    pbuf_free(frame);
}

static void test_doorbell_batch(void **state)
{
    static const uint16_t versions[] = {0x008, 0x541, 0x641};

    for (unsigned v = 0; v < 3; v++) {
        reset_chip(state);
        become(versions[v]);
        start();
        nic.input = answer;
        for (unsigned i = 0; i < 40; i++)
            assert_true(receive(64));
        assert_int_equal(poll(100), 40);
        assert_int_equal(chip.doorbells, 1);
        for (unsigned i = 0; i < 40; i++)
            assert_int_equal(send_one(NULL), 64);
        finish();
    }
}

// A doorbell that the chip missed is rung again, but not with every poll().
static void test_doorbell_lost(void **state)
{
    static const uint16_t versions[] = {0x100, 0x3c2, 0x541, 0x641};
    struct pbuf *frame = make_frame(100);

    for (unsigned v = 0; v < sizeof(versions) / sizeof(versions[0]); v++) {
        reset_chip(state);
        become(versions[v]);
        start();
        for (unsigned round = 1; round <= 3; round++) {
            unsigned before = chip.doorbells;
            chip.lose_doorbells = round;
            assert_int_equal(nic.ops->transmit(&nic, frame), 0);
            assert_int_equal(send_one(NULL), 0);
            uint64_t begun = clock_us;
            for (unsigned again = 1; again <= round; again++) {
                unsigned polls = 0;
                while (chip.doorbells == before + again) {
                    poll(8);
                    assert_true(++polls < 1000);
                }
                assert_true(clock_us - begun >= 1000 * again && clock_us - begun < 1500 * again);
                assert_true(polls > 3);
            }
            assert_int_equal(send_one(NULL), 100);
            assert_int_equal(send_one(NULL), 0);  // it looks no further
            clock_us += 5000;
            poll(8);
            assert_int_equal(chip.doorbells, before + round + 1);  // all is sent: no more of them
        }
        // When nobody polls any more, who waits for the frame rings again.
        chip.lose_doorbells = 1;
        assert_int_equal(nic.ops->transmit(&nic, frame), 0);
        assert_true(nic.ops->sending(&nic));
        assert_int_equal(send_one(NULL), 0);
        clock_us += 1500;
        assert_true(nic.ops->sending(&nic));
        assert_int_equal(send_one(NULL), 100);
        assert_false(nic.ops->sending(&nic));
        finish();
    }
    pbuf_free(frame);
}

// ---- link -------------------------------------------------------------------------------------------

static void test_link(void **state)
{
    static const struct { uint16_t xid; unsigned cable, mbps; } cases[] = {
        {0x100, 10, 10},    {0x100, 1000, 1000},  {0x380, 100, 100},   {0x448, 1000, 100},  {0x541, 10, 10},
        {0x541, 100, 100},  {0x541, 1000, 1000},  {0x541, 2500, 1000}, {0x609, 2500, 2500}, {0x641, 100, 100},
        {0x641, 1000, 1000}, {0x641, 2500, 2500}, {0x64a, 2500, 2500}, {0x64a, 5000, 5000}, {0x64a, 10000, 5000},
    };

    for (unsigned i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
        reset_chip(state);
        become(cases[i / 2].xid);
        chip.cable = cases[i / 2].cable;
        chip.half_duplex = i % 2;
        chip.negotiate_us = 3000000;
        chip.negotiated_at = clock_us + 4000000;  // the cable was just plugged in
        start();
        assert_false(nic.ops->link(&nic).up);
        assert_int_equal(nic.ops->link(&nic).mbps, 0);
        clock_us += 5000000;
        struct nic_link link = nic.ops->link(&nic);
        assert_true(link.up);
        assert_int_equal(link.mbps, cases[i / 2].mbps);
        assert_int_equal(link.full_duplex, !(i % 2));
        finish();
    }
}

// No cable at the start: the driver starts all the same, waits for none, and finds the link when it comes.
static void test_no_cable(void **state)
{
    (void)state;
    chip.cable = 0;
    chip.gphy[PHY_OCP_EEE / 2] = chip.gphy[PHY_OCP_EEE_ADV / 2] = 0xffff;
    uint64_t begun = clock_us;
    start();
    assert_true(clock_us - begun < 50000);
    assert_int_equal(chip.phy_resets, 1);
    assert_int_equal(chip.gphy[PHY_OCP_EEE / 2], 0xffef);  // and EEE is not offered
    assert_int_equal(chip.gphy[PHY_OCP_EEE_ADV / 2], 0xfff9);
    assert_false(nic.ops->link(&nic).up);
    chip.cable = 1000;
    assert_true(nic.ops->link(&nic).up);
    assert_true(receive(100));
    assert_int_equal(poll(8), 1);
    finish();
}

// A link that was lost leaves an 8125's receiver deaf: it is set up anew, once each time, however often; what was
// received before is delivered, and what the stack holds stays.
static void test_link_lost_8125(void **state)
{
    static const uint16_t versions[] = {0x609, 0x641, 0x64a};

    for (unsigned v = 0; v < 3; v++) {
        reset_chip(state);
        become(versions[v]);
        start();
        assert_true(receive(700));
        assert_int_equal(poll(8), 1);
        for (unsigned i = 0; i < 20; i++) {
            assert_true(nic.ops->link(&nic).up);
            assert_true(receive(500));
            chip.cable = 0;
            chip.deaf = true;
            unsigned resets = chip.resets;
            assert_false(nic.ops->link(&nic).up);
            assert_int_equal(poll(8), 1);
            check_frame(i + 1, 500);
            assert_true(chip.resets > resets && !chip.deaf);
            resets = chip.resets;
            assert_false(nic.ops->link(&nic).up);  // once is enough
            poll(8);
            assert_int_equal(chip.resets, resets);
            chip.cable = 2500;
        }
        check_frame(0, 700);
        assert_true(nic.ops->link(&nic).up);
        assert_true(receive(60));
        assert_int_equal(poll(8), 1);
        assert_int_equal(driver()->life.restarts, 0);
        finish();
    }
    // The others need no such thing.
    reset_chip(state);
    start();
    assert_true(nic.ops->link(&nic).up);
    chip.cable = 0;
    unsigned resets = chip.resets;
    assert_false(nic.ops->link(&nic).up);
    poll(8);
    assert_int_equal(chip.resets, resets);
    finish();
}

// A link lost between stop and start is no reason to restart what has just been started.
static void test_link_lost_while_stopped(void **state)
{
    (void)state;
    become(0x641);
    start();
    assert_true(nic.ops->link(&nic).up);
    nic.ops->stop(&nic);
    chip.cable = 0;
    assert_false(nic.ops->link(&nic).up);
    chip.cable = 2500;
    assert_false(nic.ops->link(&nic).up);  // what is stopped has none
    assert_int_equal(nic.ops->start(&nic), 0);
    unsigned resets = chip.resets;
    poll(8);
    assert_int_equal(chip.resets, resets);
    assert_true(nic.ops->link(&nic).up);
    finish();
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup(f, reset_chip)
    const struct CMUnitTest tests[] = {
        TEST(test_probe),           TEST(test_receive_many),   TEST(test_ring_full),      TEST(test_sizes),
        TEST(test_checksum_flags),  TEST(test_pool_dry),       TEST(test_stop_with_frame), TEST(test_stop_and_start),
        TEST(test_transmit),        TEST(test_doorbell_batch), TEST(test_doorbell_lost),  TEST(test_link),
        TEST(test_no_cable),        TEST(test_link_lost_8125), TEST(test_link_lost_while_stopped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
