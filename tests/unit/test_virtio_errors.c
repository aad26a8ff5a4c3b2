// The virtio network driver when things go wrong: refusals, time-outs, a device that asks for a reset, goes
// away, or lies. Some lies are survived, many stop the device; nothing is ever lost or overrun.

#include "tests/unit/virtio_fake.h"  // reset_device
#include "lib/err.h"                // ERR_NIC_INIT_FAILED

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_refusals(void **state)
{
    (void)state;
    dev.offered &= ~VIRTIO_F_VERSION_1;
    assert_int_equal(probe(), ERR_NIC_INIT_FAILED);
    reset_device(state);
    dev.refuse = true;
    assert_int_equal(probe(), ERR_NIC_INIT_FAILED);
    reset_device(state);
    memset(dev.config, 0, 6);
    assert_int_equal(probe(), ERR_NIC_INIT_FAILED);
    dev.config[0] = 1;  // a group address
    assert_int_equal(probe(), ERR_NIC_INIT_FAILED);
    reset_device(state);
    dev.generation_changes = 1000;
    assert_int_equal(probe(), ERR_NIC_INIT_FAILED);
    reset_device(state);
    dev.stuck = true, dev.status = 4;
    assert_int_equal(probe(), ERR_TIMEOUT);
    reset_device(state);
    assert_int_equal(probe(), 0);
    static const uint16_t bad_sizes[] = {0, 3, 100};
    for (unsigned i = 0; i < 3; i++) {
        dev.queue_size = bad_sizes[i];
        assert_int_equal(nic.ops->start(&nic), ERR_NIC_INIT_FAILED);
        assert_int_equal(dev.status, 0);
        assert_false(dev.bus_master);
    }
    free(nic.priv);
}

static void test_watchdog(void **state)
{
    struct pbuf *frame = make_frame(100);

    (void)state;
    start();
    assert_int_equal(nic.ops->transmit(&nic, frame), 0);
    unsigned resets = dev.resets;
    clock_us += 1500000;
    nic.ops->poll(&nic, 8);
    assert_int_equal(dev.resets, resets);
    dev.config[6] = 0;  // link down: waiting is right
    clock_us += 1500000;
    nic.ops->poll(&nic, 8);
    assert_int_equal(dev.resets, resets);
    dev.config[6] = 1;
    nic.ops->poll(&nic, 8);
    assert_true(dev.resets > resets);
    assert_int_equal(nic.stats.tx_timeouts, 1);
    receive(0, 100);  // and it works again
    assert_int_equal(nic.ops->poll(&nic, 8), 1);
    assert_int_equal(nic.ops->transmit(&nic, frame), 0);
    pbuf_free(frame);
    finish();
}

static void test_needs_reset(void **state)
{
    (void)state;
    start();
    receive(0, 300);
    assert_int_equal(nic.ops->poll(&nic, 8), 1);
    dev.status |= VIRTIO_STATUS_NEEDS_RESET;
    nic.ops->link(&nic);
    nic.ops->poll(&nic, 8);
    assert_false(dev.status & VIRTIO_STATUS_NEEDS_RESET);
    assert_true(dev.status & VIRTIO_STATUS_DRIVER_OK);
    check_frame(0, 300);
    // A device that never recovers is given up, not reset for ever.
    unsigned resets = dev.resets;
    for (unsigned i = 0; i < 100; i++) {
        dev.status |= VIRTIO_STATUS_NEEDS_RESET;
        nic.ops->link(&nic);
        nic.ops->poll(&nic, 8);
    }
    assert_true(dev.resets - resets < 30);
    assert_false(nic.ops->link(&nic).up);
    assert_int_equal(dev.status & VIRTIO_STATUS_DRIVER_OK, 0);
    dev.status = 0;
    finish();
}

// A device that has gone answers all ones: one time-out, then it is dead, then it can be stopped.
static void test_gone(void **state)
{
    (void)state;
    start();
    dev.status = 0xff;
    dev.stuck = true;
    nic.ops->link(&nic);
    nic.ops->poll(&nic, 8);
    assert_false(nic.ops->link(&nic).up);
    assert_int_equal(nic.ops->poll(&nic, 8), 0);
    struct pbuf *frame = make_frame(100);
    assert_int_equal(nic.ops->transmit(&nic, frame), ERR_NO_LINK);
    pbuf_free(frame);
    dev.stuck = false;
    finish();
}

static void lie_id(int head)
{
    device_return(&dev.rx, (uint32_t)head + QUEUE_SIZE, 100);
}

static void lie_long(int head)
{
    device_return(&dev.rx, (uint32_t)head, 1537);
}

static void lie_short(int head)
{
    device_return(&dev.rx, (uint32_t)head, 11);
}

static void lie_index(int head)
{
    (void)head;
    device_set(dev.rx.used + 2, (uint16_t)(dev.rx.used_next + 30000));
}

static void lie_buffers(int head)
{
    struct virtio_net_hdr header = {.num_buffers = (uint16_t)(head % 2 ? 0 : QUEUE_SIZE + 1)};

    device_copy(&dev.rx, (uint16_t)head, (uint8_t *)&header, sizeof(header), 1);
    device_return(&dev.rx, (uint32_t)head, 100);
}

// Some lies are survived and counted, many stop the device for good.
static void test_lies(void **state)
{
    static void (*const lies[])(int) = {lie_id, lie_long, lie_short, lie_index, lie_buffers};
    static const char *const last_words[] = {
        "queue 0: the device returned chain", "wrote 1537 bytes into 1536", "11 bytes, less than a header",
        "chains and had fewer", "received a frame of ",
    };

    for (unsigned kind = 0; kind < sizeof(lies) / sizeof(lies[0]); kind++) {
        reset_device(state);
        start();
        if (lies[kind] != lie_index) {
            lies[kind](device_take(&dev.rx));
            receive(0, 700);
            assert_int_equal(nic.ops->poll(&nic, 8), 1);
            check_frame(0, 700);
            assert_int_equal(nic.stats.rx_errors, 1);
        }
        for (unsigned i = 0; i < 40 && dev.rx.used; i++) {
            int head = device_take(&dev.rx);
            if (head >= 0)
                lies[kind](head);
            if (lies[kind] != lie_index)
                receive(0, 60);
            nic.ops->poll(&nic, 8);
            drop_frames();
        }
        assert_non_null(strstr(last_error, last_words[kind]));
        assert_non_null(strstr(last_error, "DmaError"));
        assert_null(dev.rx.used);  // it was reset
        assert_false(dev.bus_master);
        assert_false(nic.ops->link(&nic).up);
        assert_int_equal(nic.ops->start(&nic), 0);  // a new start is a new chance
        receive(0, 90);
        assert_int_equal(nic.ops->poll(&nic, 8), 1);
        finish();
    }
}

// Runts are dropped without a word: they happen.
static void test_runt(void **state)
{
    (void)state;
    start();
    receive(0, 0);
    receive(0, 13);
    receive(0, 14);
    assert_int_equal(nic.ops->poll(&nic, 8), 1);
    assert_int_equal(nic.stats.rx_errors, 2);
    assert_int_equal(driver()->rx.lies, 0);
    finish();
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup(f, reset_device)
    const struct CMUnitTest tests[] = {
        TEST(test_refusals), TEST(test_watchdog), TEST(test_needs_reset), TEST(test_gone),
        TEST(test_lies), TEST(test_runt),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
