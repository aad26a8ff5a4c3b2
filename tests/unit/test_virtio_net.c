// The virtio network driver at work: negotiation, frames of one and many buffers, checksum marks, sending,
// doorbells, link. Every test ends with all buffers back and the device silent.

#include "tests/unit/virtio_fake.h"  // reset_device
#include "lib/err.h"                // ERR_UNSUPPORTED

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_probe(void **state)
{
    (void)state;
    assert_int_equal(probe(), 0);
    assert_memory_equal(nic.mac, dev.config, 6);
    assert_int_equal(nic.mtu, 1500);
    assert_int_equal(dev.status, 0);  // as it was found
    assert_int_equal(dev.resets, 2);
    free(nic.priv);

    dev.offered &= ~VIRTIO_NET_F_MAC;
    assert_int_equal(probe(), 0);
    assert_int_equal(nic.mac[0] & 3, 2);  // local, unicast
    free(nic.priv);

    dev.offered = MODERN | VIRTIO_NET_F_MTU;
    dev.config[10] = 1460 & 255, dev.config[11] = 1460 >> 8;
    assert_int_equal(probe(), 0);
    assert_int_equal(nic.mtu, 1460);
    free(nic.priv);
    dev.config[10] = 9000 & 255, dev.config[11] = 9000 >> 8;
    start();
    assert_int_equal(nic.mtu, 1500);
    assert_int_equal(dev.accepted & VIRTIO_NET_F_MTU, 0);  // it would promise buffers we do not have
    finish();
}

// The configuration changes while it is read: read again.
static void test_generation(void **state)
{
    (void)state;
    dev.generation_changes = 5;
    assert_int_equal(probe(), 0);
    assert_int_equal(dev.generation_changes, 0);
    assert_memory_equal(nic.mac, dev.config, 6);
    free(nic.priv);
}

static void test_features(void **state)
{
    static const struct { uint64_t offered; bool legacy, mergeable, split; unsigned header; } cases[] = {
        {MODERN | UNWANTED, false, true, false, 12},
        {VIRTIO_F_VERSION_1, false, false, false, 12},
        {VIRTIO_F_VERSION_1 | VIRTIO_F_ACCESS_PLATFORM | VIRTIO_F_ORDER_PLATFORM, false, false, false, 12},
        {0, true, false, true, 10},
        {VIRTIO_F_ANY_LAYOUT, true, false, false, 10},
        {VIRTIO_NET_F_MRG_RXBUF, true, true, true, 12},
        {VIRTIO_NET_F_MRG_RXBUF | VIRTIO_F_ANY_LAYOUT | VIRTIO_F_EVENT_IDX, true, true, false, 12},
    };

    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        reset_device(state);
        dev.offered = cases[i].offered;
        dev.legacy = cases[i].legacy;
        start();
        assert_int_equal(dev.accepted, cases[i].offered & ~UNWANTED);
        assert_int_equal(driver()->mergeable, cases[i].mergeable);
        assert_int_equal(driver()->split_header, cases[i].split);
        assert_int_equal(driver()->header_size, cases[i].header);
        receive(0, 1514);
        receive(0, 60);
        assert_int_equal(nic.ops->poll(&nic, 100), 2);
        check_frame(0, 1514);
        check_frame(1, 60);
        struct pbuf *frame = make_frame(1514);
        uint8_t sent[12 + 1514];
        assert_int_equal(nic.ops->transmit(&nic, frame), 0);
        int head = device_take(&dev.tx);
        assert_int_equal(device_copy(&dev.tx, (uint16_t)head, sent, sizeof(sent), 0), cases[i].header + 1514);
        assert_memory_equal(sent + cases[i].header, frame->payload, 1514);
        for (unsigned b = 0; b < cases[i].header; b++)
            assert_int_equal(sent[b], 0);
        pbuf_free(frame);
        finish();
    }
}

// Many frames through a small ring while the stack keeps some: all come through, one doorbell a poll.
static void test_receive_many(void **state)
{
    unsigned received = 0;

    (void)state;
    start();
    for (unsigned round = 0; round < 3000; round++) {
        unsigned kicks = dev.kicks;
        for (unsigned i = 0; i < 24; i++)
            receive(0, 60 + (round * 31 + i * 97) % 1455);
        received += nic.ops->poll(&nic, 16);
        received += nic.ops->poll(&nic, 16);
        assert_int_equal(nic.ops->poll(&nic, 16), 0);
        assert_true(dev.kicks - kicks <= 2);
        if (round % 3 == 0)
            drop_frames();
    }
    assert_int_equal(received, 3000 * 24);
    assert_int_equal(nic.stats.rx_frames, received);
    assert_int_equal(nic.stats.rx_errors, 0);
    finish();
}

static void test_mergeable(void **state)
{
    static const uint32_t lengths[] = {14, 1524, 1525, 3060, 3061, 20000, 65535};

    (void)state;
    start();
    for (unsigned i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        receive(0, lengths[i]);
        assert_int_equal(nic.ops->poll(&nic, 100), 1);
        check_frame(0, lengths[i]);
        drop_frames();
    }
    // Longer than a pbuf chain can be: dropped whole, the next one is not harmed.
    receive(0, 66000);  // 464 in 16 bits
    receive(0, 200);
    assert_int_equal(nic.ops->poll(&nic, 100), 1);
    check_frame(0, 200);
    assert_int_equal(nic.stats.rx_errors, 1);
    // A frame that arrives in two halves of the ring.
    struct virtio_net_hdr header = {.num_buffers = 2};
    int first = device_take(&dev.rx), second = device_take(&dev.rx);
    device_copy(&dev.rx, (uint16_t)first, (uint8_t *)&header, sizeof(header), 1);
    device_return(&dev.rx, (uint32_t)first, 1536);
    assert_int_equal(nic.ops->poll(&nic, 100), 0);
    device_return(&dev.rx, (uint32_t)second, 100);
    assert_int_equal(nic.ops->poll(&nic, 100), 1);
    assert_int_equal(frames[1]->tot_len, 1524 + 100);
    // And one whose second half never comes, when the driver stops.
    first = device_take(&dev.rx);
    device_copy(&dev.rx, (uint16_t)first, (uint8_t *)&header, sizeof(header), 1);
    device_return(&dev.rx, (uint32_t)first, 1536);
    assert_int_equal(nic.ops->poll(&nic, 100), 0);
    finish();
}

// Joined frames are asked for only where buffers can be joined, too, and checksums are vouched for.
static void test_large_features(void **state)
{
    static const struct { uint64_t offered, free_mib; uint32_t buffer; } cases[] = {
        {MODERN | VIRTIO_NET_F_GUEST_CSUM | VIRTIO_NET_LARGE_FRAMES, 768, 65536},
        {MODERN | VIRTIO_NET_F_GUEST_CSUM | VIRTIO_NET_LARGE_FRAMES, 767, 16384},
        {MODERN | VIRTIO_NET_LARGE_FRAMES, 4096, 1536},
        {(MODERN | VIRTIO_NET_F_GUEST_CSUM | VIRTIO_NET_LARGE_FRAMES) & ~VIRTIO_NET_F_MRG_RXBUF, 4096, 1536},
        {MODERN | VIRTIO_NET_F_GUEST_CSUM, 4096, 1536},
    };

    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        reset_device(state);
        bool large = cases[i].buffer > 1536;
        dev.offered = cases[i].offered;
        dev.free_ram = cases[i].free_mib << 20;
        start();
        assert_int_equal((dev.accepted & VIRTIO_NET_LARGE_FRAMES) != 0, large);
        assert_int_equal(driver()->pool.buffer_size, cases[i].buffer);
        receive(VIRTIO_NET_HDR_F_DATA_VALID, large ? 65535 : 1514);
        receive(0, 60);
        assert_int_equal(nic.ops->poll(&nic, 100), 2);
        check_frame(0, large ? 65535 : 1514);
        check_frame(1, 60);
        finish();
    }
}

// A frame longer than lwIP can count: dropped, and the device restarted without joined frames.
static void test_too_large(void **state)
{
    (void)state;
    dev.offered |= VIRTIO_NET_F_GUEST_CSUM | VIRTIO_NET_LARGE_FRAMES;
    start();
    receive(0, 65536);
    receive(0, 200);
    assert_int_equal(nic.ops->poll(&nic, 100), 1);
    check_frame(0, 200);
    drop_frames();
    assert_int_equal(nic.stats.rx_errors, 1);
    assert_int_equal(dev.accepted & VIRTIO_NET_LARGE_FRAMES, 0);
    assert_true(dev.status & VIRTIO_STATUS_DRIVER_OK);
    receive(0, 1514);
    assert_int_equal(nic.ops->poll(&nic, 100), 1);
    check_frame(0, 1514);
    finish();
}

static void test_checksum_flags(void **state)
{
    (void)state;
    dev.offered |= VIRTIO_NET_F_GUEST_CSUM;
    start();
    assert_int_equal(nic.features, NIC_RX_CSUM);
    receive(0, 100);
    receive(VIRTIO_NET_HDR_F_DATA_VALID, 100);
    receive(VIRTIO_NET_HDR_F_NEEDS_CSUM, 100);
    assert_int_equal(nic.ops->poll(&nic, 100), 3);
    assert_false(frames[0]->flags & NIC_PBUF_CSUM_OK);
    assert_true(frames[1]->flags & NIC_PBUF_CSUM_OK);
    assert_true(frames[2]->flags & NIC_PBUF_CSUM_OK);
    drop_frames();
    receive(0, 100);  // the mark does not stick to the buffer
    assert_int_equal(nic.ops->poll(&nic, 100), 1);
    assert_false(frames[0]->flags & NIC_PBUF_CSUM_OK);
    finish();
    reset_device(state);
    start();  // not negotiated: flags are noise
    receive(VIRTIO_NET_HDR_F_DATA_VALID, 100);
    assert_int_equal(nic.ops->poll(&nic, 100), 1);
    assert_false(frames[0]->flags & NIC_PBUF_CSUM_OK);
    finish();
}

// The stack keeps everything: the ring runs dry, nothing breaks, and it fills again.
static void test_pool_dry(void **state)
{
    (void)state;
    start();
    unsigned total = driver()->pool.count;
    struct pbuf **kept = calloc(total, sizeof(*kept));
    for (unsigned n = 0; n < total; n++) {
        receive(0, 100);
        assert_int_equal(nic.ops->poll(&nic, 8), 1);
        kept[n] = frames[0];
        frame_count = 0;
    }
    assert_int_equal(nic.ops->poll(&nic, 8), 0);
    assert_int_equal(device_take(&dev.rx), -1);
    assert_true(nic.stats.rx_no_buffer > 0);
    for (unsigned n = 0; n < total; n++)
        pbuf_free(kept[n]);
    free(kept);
    nic.ops->poll(&nic, 8);
    receive(0, 100);
    assert_int_equal(nic.ops->poll(&nic, 8), 1);
    finish();
}

// With large buffers the stack may hold as many small frames as ever: those that come when large ones run low
// move into small ones. Larger frames stay where they are.
static void test_small_frames_move(void **state)
{
    struct pbuf *kept[1000];

    (void)state;
    dev.offered = MODERN | VIRTIO_NET_F_GUEST_CSUM | VIRTIO_NET_LARGE_FRAMES;
    dev.free_ram = 4096ull << 20;
    start();
    assert_int_equal(nic.rx_held, 4096);
    for (unsigned n = 0; n < 1000; n++) {
        unsigned length = n % 3 == 0 ? 60 : n % 3 == 1 ? 1514 : 5000;
        receive(n % 2 ? VIRTIO_NET_HDR_F_DATA_VALID : 0, length);
        assert_int_equal(nic.ops->poll(&nic, 8), 1);
        check_frame(0, length);
        assert_int_equal(!!(frames[0]->flags & NIC_PBUF_CSUM_OK), n % 2);
        kept[n] = frames[0];
        frame_count = 0;
    }
    assert_int_equal(pbuf_clen(kept[998 / 3 * 3 - 1]), 3);
    assert_int_equal(driver()->pool.free_count, 63);
    unsigned small = driver()->small.free_count;
    receive(0, 16385);
    assert_int_equal(nic.ops->poll(&nic, 8), 1);
    check_frame(0, 16385);
    assert_int_equal(driver()->small.free_count, small);
    for (unsigned n = 0; n < 1000; n++)
        pbuf_free(kept[n]);
    assert_int_equal(driver()->small.free_count, driver()->small.count);
    finish();
}

// Stopped while the stack holds a frame: the pool stays for it and serves the next start.
static void test_stop_with_frame(void **state)
{
    (void)state;
    start();
    receive(0, 500);
    assert_int_equal(nic.ops->poll(&nic, 8), 1);
    nic.ops->stop(&nic);
    assert_non_null(driver()->pool.buffers);
    check_frame(0, 500);
    assert_int_equal(nic.ops->start(&nic), 0);
    receive(0, 600);
    assert_int_equal(nic.ops->poll(&nic, 8), 1);
    check_frame(0, 500);
    check_frame(1, 600);
    finish();
}

static void test_transmit(void **state)
{
    struct pbuf *frame = make_frame(100), *huge = make_frame(1600);
    unsigned sent = 0;

    (void)state;
    start();
    unsigned kicks = dev.kicks;
    while (nic.ops->transmit(&nic, frame) == 0)
        sent++;
    assert_int_equal(sent, QUEUE_SIZE);
    assert_int_equal(dev.kicks - kicks, QUEUE_SIZE);  // outside poll() each goes at once
    assert_int_equal(nic.ops->transmit(&nic, huge), ERR_UNSUPPORTED);
    assert_true(nic.ops->sending(&nic));
    for (int head; (head = device_take(&dev.tx)) >= 0;)
        device_return(&dev.tx, (uint32_t)head, 0xdeadbeef);  // old hosts leave any length
    assert_false(nic.ops->sending(&nic));
    for (unsigned i = 0; i < 200000; i++) {  // indices wrap
        assert_int_equal(nic.ops->transmit(&nic, frame), 0);
        device_return(&dev.tx, (uint32_t)device_take(&dev.tx), 0);
    }
    assert_int_equal(frame->ref, 1);
    pbuf_free(frame);
    pbuf_free(huge);
    assert_int_equal(nic.stats.tx_frames, QUEUE_SIZE + 200000);
    finish();
}

static void answer(struct nic *from, struct pbuf *frame)
{
    assert_int_equal(from->ops->transmit(from, frame), 0);
    pbuf_free(frame);
}

static void test_doorbell_batch(void **state)
{
    (void)state;
    start();
    nic.input = answer;
    for (unsigned i = 0; i < 20; i++)
        receive(0, 64);
    unsigned kicks = dev.kicks;
    assert_int_equal(nic.ops->poll(&nic, 100), 20);
    assert_int_equal(dev.kicks - kicks, 2);  // one for the answers, one for the buffers
    assert_int_equal(nic.stats.tx_frames, 20);
    finish();
}

static void test_link(void **state)
{
    (void)state;
    start();
    assert_true(nic.ops->link(&nic).up);
    dev.config[6] = 0;
    assert_false(nic.ops->link(&nic).up);
    finish();
    reset_device(state);
    dev.offered = MODERN | VIRTIO_NET_F_SPEED_DUPLEX;
    memcpy(dev.config + 12, "\x10\x27\x00\x00\x01", 5);
    start();
    struct nic_link link = nic.ops->link(&nic);
    assert_true(link.up && link.full_duplex);
    assert_int_equal(link.mbps, 10000);
    memset(dev.config + 12, 0xff, 5);
    assert_int_equal(nic.ops->link(&nic).mbps, 0);
    finish();
    reset_device(state);
    dev.offered = VIRTIO_F_VERSION_1;  // no STATUS: always up
    dev.config[6] = 0;
    start();
    assert_true(nic.ops->link(&nic).up);
    finish();
    reset_device(state);
    dev.offered = VIRTIO_F_VERSION_1 | VIRTIO_NET_F_SPEED_DUPLEX;  // and that speed
    memcpy(dev.config + 6, "\0\0\0\0\0\0\xe8\x03\0\0\0", 11);
    start();
    link = nic.ops->link(&nic);
    assert_true(link.up && !link.full_duplex);
    assert_int_equal(link.mbps, 1000);
    finish();
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup(f, reset_device)
    const struct CMUnitTest tests[] = {
        TEST(test_probe),           TEST(test_generation), TEST(test_features),
        TEST(test_receive_many),    TEST(test_mergeable),  TEST(test_checksum_flags),
        TEST(test_small_frames_move), TEST(test_pool_dry),        TEST(test_transmit),   TEST(test_stop_with_frame),
        TEST(test_doorbell_batch),  TEST(test_link),       TEST(test_large_features),
        TEST(test_too_large),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
