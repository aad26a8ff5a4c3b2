// A split virtqueue against the device's side of it: order, wraps past 65535, doorbell suppression, and a
// device that returns what it never had.

#include "drivers/virtio/virtqueue.h"  // virtq_create
#include "lib/err.h"                   // ERR_DMA

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/virtio_device.h"  // device_open

#define SIZE 8

static unsigned rung;

static void ring(struct virtq *queue)
{
    (void)queue;
    rung++;
}

static struct virtq queue;
static struct device_queue device;
static uint8_t buffers[SIZE][64];

static int open_queue(void **state)
{
    (void)state;
    rung = 0;
    assert_int_equal(virtq_create(&queue, 3, SIZE), 0);
    queue.notify = ring;
    device = device_open(&queue);
    return 0;
}

static int close_queue(void **state)
{
    (void)state;
    virtq_destroy(&queue);
    return 0;
}

static bool add(unsigned buffer, unsigned segments)
{
    struct virtq_segment s[3] = {
        {.data = buffers[buffer], .length = 10, .device_writes = true},
        {.data = buffers[buffer] + 10, .length = 20, .device_writes = true},
        {.data = buffers[buffer] + 30, .length = 34, .device_writes = true},
    };

    return virtq_add(&queue, s, segments, buffers[buffer]);
}

static void test_sizes(void **state)
{
    static const uint16_t bad[] = {0, 3, 6, 255, 32769, 65535};
    struct virtq q = {0};

    (void)state;
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(virtq_create(&q, 0, bad[i]), ERR_NIC_INIT_FAILED);
    virtq_destroy(&q);
    assert_int_equal(virtq_create(&q, 0, 1), 0);
    virtq_destroy(&q);
    assert_int_equal(virtq_create(&q, 0, 32768), 0);
    memset(q.desc, 0x5a, virtq_bytes(32768));  // ASan: the memory is as long as it says
    virtq_destroy(&q);
    // 4.1.4.10 and 2.7.2: 256 descriptors take 4096 + 518, then 2054 at the next page
    assert_int_equal(virtq_bytes(256), 8192 + 2054);
}

// Chains of every length in and out of order, 200 000 of them: both indices wrap three times.
static void test_wraps(void **state)
{
    void *cookie;
    uint32_t written;
    unsigned taken = 0;

    (void)state;
    while (taken < 200000) {
        unsigned heads[3], n = 0;
        assert_true(add(0, 1 + taken % 3));
        assert_true(add(1, 1 + taken % 2));
        assert_true(add(2, 3));
        virtq_kick(&queue);
        assert_int_equal(virtq_in_flight(&queue), 3);
        for (int head; (head = device_take(&device)) >= 0;)
            heads[n++] = (unsigned)head;
        assert_int_equal(n, 3);
        for (unsigned i = 0; i < 3; i++)
            device_return(&device, heads[(i + taken) % 3], 5 + i);
        for (unsigned i = 0; i < 3; i++, taken++) {
            assert_int_equal(virtq_take(&queue, &cookie, &written), 1);
            assert_int_equal(written, 5 + i);
            assert_ptr_equal(cookie, buffers[(i + taken - i) % 3]);
        }
        assert_int_equal(virtq_take(&queue, &cookie, &written), 0);
        assert_null(cookie);
        assert_int_equal(queue.free_count, SIZE);
    }
    assert_int_equal(queue.lies, 0);
}

static void test_chain_contents(void **state)
{
    uint8_t pattern[64];

    (void)state;
    for (unsigned i = 0; i < sizeof(pattern); i++)
        pattern[i] = (uint8_t)i;
    assert_true(add(4, 3));
    assert_int_equal(device_take(&device), -1);  // not before the doorbell
    virtq_kick(&queue);
    int head = device_take(&device);
    assert_int_equal(device_copy(&device, (uint16_t)head, pattern, 64, 1), 64);
    assert_memory_equal(buffers[4], pattern, 64);
}

static void test_full(void **state)
{
    (void)state;
    for (unsigned i = 0; i < SIZE; i++)
        assert_true(add(i, 1));
    assert_false(add(0, 1));
    virtq_kick(&queue);
    int head = device_take(&device);
    device_return(&device, (uint32_t)head, 0);
    void *cookie;
    uint32_t written;
    assert_int_equal(virtq_take(&queue, &cookie, &written), 1);
    assert_false(add(0, 2));
    assert_true(add(0, 1));
    struct virtq_segment none = {0};
    assert_false(virtq_add(&queue, &none, 0, buffers));
}

static void test_doorbell_flag(void **state)
{
    (void)state;
    virtq_kick(&queue);
    assert_int_equal(rung, 0);  // nothing added
    add(0, 1), add(1, 1), add(2, 1);
    virtq_kick(&queue);
    virtq_kick(&queue);
    assert_int_equal(rung, 1);  // one for the batch
    device_set(device.used, VIRTQ_USED_F_NO_NOTIFY);
    add(3, 1);
    virtq_kick(&queue);
    assert_int_equal(rung, 1);
    assert_int_equal(device_get(device.avail + 2), 4);  // published all the same
    assert_int_equal(device_get(device.avail), VIRTQ_AVAIL_F_NO_INTERRUPT);
}

// 2.7.10: the device hears of the batch that contains its event index, also across the wrap.
static void test_doorbell_event(void **state)
{
    static const struct { uint16_t start, event; unsigned added, expected; } cases[] = {
        {0, 0, 1, 1}, {0, 1, 1, 0}, {0, 1, 2, 1}, {5, 4, 3, 0}, {5, 7, 3, 1}, {5, 8, 3, 0},
        {65534, 65535, 3, 1}, {65534, 0, 3, 1}, {65534, 1, 3, 0}, {65535, 65534, 2, 0},
    };

    (void)state;
    queue.event_idx = true;
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        queue.avail_next = queue.avail_seen = queue.used_next = queue.used_seen = cases[i].start;
        device_set(device.used + 2, cases[i].start);
        device_set(device.used + 4 + 8 * SIZE, cases[i].event);
        rung = 0;
        for (unsigned n = 0; n < cases[i].added; n++)
            assert_true(add(n, 1));
        virtq_kick(&queue);
        assert_int_equal(rung, cases[i].expected);
        while (virtq_reclaim(&queue))
            ;
        queue.reclaim_at = 0;
    }
}

// Every impossible answer is counted, changes nothing that it should not, and never runs out of memory.
static void test_lies(void **state)
{
    static const uint32_t ids[] = {1, SIZE, SIZE + 1, 0x10000, 0x80000000, UINT32_MAX};
    void *cookie;
    uint32_t written;

    (void)state;
    add(0, 3);
    virtq_kick(&queue);
    int head = device_take(&device);
    unsigned lies = 0;
    for (unsigned i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        // ids[0] is a descriptor of the chain, but not its head
        add(1, 1);
        virtq_kick(&queue);
        int other = device_take(&device);
        device_return(&device, ids[i] + (i == 0 ? (uint32_t)head : 0), 1);
        assert_int_equal(virtq_take(&queue, &cookie, &written), ERR_DMA);
        assert_null(cookie);
        assert_int_equal(queue.lies, ++lies);
        device.used_next--;      // the honest answer after all
        queue.used_next--;
        device_return(&device, (uint32_t)other, 1);
        assert_int_equal(virtq_take(&queue, &cookie, &written), 1);
    }
    // longer than the chain: the buffer comes back, nothing counts as written
    device_return(&device, (uint32_t)head, 65);
    assert_int_equal(virtq_take(&queue, &cookie, &written), ERR_DMA);
    assert_ptr_equal(cookie, buffers[0]);
    assert_int_equal(written, 0);
    assert_int_equal(queue.free_count, SIZE);
    // the same chain again: it is ours now
    add(2, 1);
    virtq_kick(&queue);
    device_return(&device, (uint32_t)head == queue.free_head ? (uint32_t)head : 7, 1);
    assert_int_equal(virtq_take(&queue, &cookie, &written), ERR_DMA);
}

// A used index that jumps: nothing behind it is believed, however often it is looked at.
static void test_index_jump(void **state)
{
    void *cookie;
    uint32_t written;

    (void)state;
    add(0, 1);
    virtq_kick(&queue);
    static const uint16_t jumps[] = {2, 3, 255, 32768, 65535};
    for (unsigned i = 0; i < sizeof(jumps) / sizeof(jumps[0]); i++) {
        device_set(device.used + 2, jumps[i]);
        assert_int_equal(virtq_take(&queue, &cookie, &written), ERR_DMA);
        assert_null(cookie);
        assert_int_equal(queue.lies, i + 1);
    }
    device_set(device.used + 2, 1);
    assert_int_equal(virtq_take(&queue, &cookie, &written), 1);
}

static void test_reclaim(void **state)
{
    void *cookie;
    unsigned seen = 0;

    (void)state;
    add(0, 2), add(1, 1), add(5, 3);
    virtq_kick(&queue);
    while ((cookie = virtq_reclaim(&queue)) != NULL)
        for (unsigned i = 0; i < SIZE; i++)
            if (cookie == buffers[i])
                seen |= 1u << i;
    assert_int_equal(seen, 1 | 2 | 32);
    assert_int_equal(queue.free_count, SIZE);
}

// A device that writes all over the queue's memory cannot make the driver touch anything else.
static void test_scribble(void **state)
{
    void *cookie;
    uint32_t written;

    (void)state;
    srand(1);
    for (unsigned round = 0; round < 20000; round++) {
        add((unsigned)rand() % SIZE, 1 + (unsigned)rand() % 3);
        virtq_kick(&queue);
        for (unsigned i = 0; i < 20; i++)
            ((uint8_t *)queue.desc)[(unsigned)rand() % virtq_bytes(SIZE)] = (uint8_t)rand();
        device_set(queue.used + 2, (uint16_t)(queue.used_next + rand() % 4));
        for (unsigned i = 0; i < 4; i++)
            if (virtq_take(&queue, &cookie, &written) > 0)
                assert_true(written <= 64);
        assert_true(queue.free_count <= SIZE);
    }
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, open_queue, close_queue)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizes), TEST(test_wraps),  TEST(test_chain_contents), TEST(test_full),
        TEST(test_doorbell_flag),     TEST(test_doorbell_event), TEST(test_lies), TEST(test_index_jump),
        TEST(test_reclaim),           TEST(test_scribble),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
