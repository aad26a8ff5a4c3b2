// Frames that are none: errors, fragments, a chip that lies. A little is survived, much stops the chip; nothing is lost
// or overrun.

#include "tests/unit/realtek_fake.h"  // reset_chip

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_frame_errors(void **state)
{
    static const uint32_t errors[] = {1u << 21, 1u << 21 | 1u << 19, 1u << 21 | 1u << 20, 1u << 21 | 1u << 22, 0x3fu << 16};
    unsigned count = sizeof(errors) / sizeof(errors[0]);

    (void)state;
    start();
    for (unsigned i = 0; i < count; i++) {
        assert_true(receive_as(GOOD_FRAME | errors[i], 104, 104));
        assert_true(receive(200 + i));
    }
    assert_int_equal(poll(100), count);
    for (unsigned i = 0; i < count; i++)
        check_frame(i, 200 + i);
    assert_int_equal(nic.stats.rx_errors, count);
    assert_int_equal(driver()->life.lies, 0);
    finish();
}

// A frame of several buffers is dropped whole, wherever poll() cuts it, and counted once.
static void test_fragments(void **state)
{
    (void)state;
    start();
    for (unsigned parts = 2; parts < 9; parts++) {
        assert_true(receive(100));
        for (unsigned i = 0; i < parts; i++) {
            uint32_t result = (i == 0 ? RTL_FS : 0) | (i == parts - 1 ? RTL_LS : 0);
            assert_true(receive_as(result, 2048, 2048));
            if (parts % 2)
                poll(1);
        }
        assert_true(receive(300));
        poll(100);
        assert_int_equal(frame_count, 2);
        check_frame(0, 100);
        check_frame(1, 300);
        drop_frames();
        assert_int_equal(nic.stats.rx_errors, parts - 1);
    }
    assert_int_equal(driver()->life.lies, 0);
    finish();
}

// Impossible lengths: a few are survived and counted, many stop the chip for good.
static void test_lies(void **state)
{
    static const uint32_t lengths[] = {2053, 4096, 0x3fff};

    for (unsigned kind = 0; kind < 3; kind++) {
        reset_chip(state);
        start();
        assert_true(receive_as(GOOD_FRAME, 104, lengths[kind]));
        assert_true(receive(700));
        assert_int_equal(poll(8), 1);
        check_frame(0, 700);
        assert_int_equal(nic.stats.rx_errors, 1);
        for (unsigned i = 0; i < 40 && chip.bus_master; i++) {
            receive_as(GOOD_FRAME, 104, lengths[kind]);
            poll(8);
        }
        check_silent();
        assert_non_null(strstr(last_error, "impossible lengths; it is stopped (DmaError)"));
        assert_false(nic.ops->link(&nic).up);
        assert_int_equal(nic.ops->start(&nic), 0);
        assert_true(receive(100));
        assert_int_equal(poll(8), 1);
        finish();
    }
}

// Lies behind a good frame of the same turn are lies in a row, too.
static void test_lies_behind_a_frame(void **state)
{
    (void)state;
    start();
    for (unsigned round = 0; round < 3 && chip.bus_master; round++) {
        assert_true(receive(100));
        for (unsigned i = 0; i < 30; i++)
            receive_as(GOOD_FRAME, 104, 4096);
        poll(64);
        drop_frames();
    }
    check_silent();
    finish();
}

// A chip that says "done" everywhere gets no further than what it was given, in either ring.
static void test_done_everywhere(void **state)
{
    struct pbuf *frame = make_frame(100);

    (void)state;
    start();
    struct rtl_desc *rx = (struct rtl_desc *)(uintptr_t)driver()->rx.desc;
    struct rtl_desc *tx = (struct rtl_desc *)(uintptr_t)driver()->tx.desc;
    for (unsigned i = 0; i < 1024; i++)
        rx[i].opts1 = ~RTL_OWN;
    for (unsigned i = 0; i < 256; i++)
        tx[i].opts1 = ~RTL_OWN;
    assert_int_equal(poll(5000), 0);  // errors, all of them
    assert_int_equal(nic.stats.rx_errors, 1024);
    assert_int_equal(nic.ops->transmit(&nic, frame), 0);
    assert_int_equal(send_one(NULL), 100);
    assert_true(receive(100));
    assert_int_equal(poll(8), 1);
    pbuf_free(frame);
    finish();
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup(f, reset_chip)
    const struct CMUnitTest tests[] = {
        TEST(test_frame_errors), TEST(test_fragments), TEST(test_lies), TEST(test_lies_behind_a_frame),
        TEST(test_done_everywhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
