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
    dev.config[6] = 0;  // link down: waiting is right, however long, and costs few looks
    unsigned looks = dev.config_reads;
    for (unsigned i = 0; i < 1000; i++) {
        clock_us += 60000;
        nic.ops->poll(&nic, 8);
    }
    assert_in_range(dev.config_reads - looks, 1, 31);
    dev.config[6] = 1;  // and time counts from here
    nic.ops->poll(&nic, 8);
    clock_us += 1500000;
    nic.ops->poll(&nic, 8);
    assert_int_equal(dev.resets, resets);
    clock_us += 1000000;
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

// A device that has gone answers all ones: it is dead without a wait, its link is down, it can be stopped.
static void test_gone(void **state)
{
    struct pbuf *frame = make_frame(100);

    (void)state;
    start();
    receive(0, 300);
    assert_int_equal(nic.ops->transmit(&nic, frame), 0);
    dev.gone = true;
    uint64_t begun = clock_us;
    assert_false(nic.ops->link(&nic).up);
    assert_false(nic.ops->sending(&nic));  // it will never leave
    assert_int_equal(nic.ops->poll(&nic, 8), 1);  // came before
    assert_false(dev.bus_master);
    assert_non_null(strstr(last_error, "does not answer any more; it is stopped (NicInitFailed)"));
    assert_false(nic.ops->link(&nic).up);
    assert_int_equal(nic.ops->poll(&nic, 8), 0);
    assert_int_equal(nic.ops->transmit(&nic, frame), ERR_NO_LINK);
    drop_frames();
    nic.ops->stop(&nic);
    assert_int_equal(nic.ops->start(&nic), ERR_NIC_INIT_FAILED);
    finish();
    assert_true(clock_us - begun < 100000);
    // Noticed by the watchdog, too.
    reset_device(state);
    start();
    nic.ops->transmit(&nic, frame);
    dev.gone = true;
    clock_us += 3000000;
    nic.ops->poll(&nic, 8);
    assert_false(dev.bus_master);
    assert_int_equal(nic.stats.tx_timeouts, 0);
    pbuf_free(frame);
    finish();
}

// One whose reset never ends blocks the loop for one time-out, once.
static void test_stuck(void **state)
{
    (void)state;
    start();
    dev.status |= VIRTIO_STATUS_NEEDS_RESET;
    dev.stuck = true;
    nic.ops->link(&nic);
    uint64_t begun = clock_us;
    nic.ops->poll(&nic, 8);
    assert_false(dev.bus_master);
    assert_non_null(strstr(last_error, "(Timeout)"));
    nic.ops->poll(&nic, 8);
    assert_false(nic.ops->link(&nic).up);
    nic.ops->stop(&nic);
    assert_true(clock_us - begun < 1100000);
    begun = clock_us;
    assert_int_equal(nic.ops->start(&nic), ERR_TIMEOUT);
    assert_true(clock_us - begun < 1100000);
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
        TEST(test_lies), TEST(test_runt), TEST(test_stuck),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
