// drivers/snp: a made-up firmware's driver that keeps frames, loses them, lies about lengths and breaks down.
#include "drivers/nic.h"              // nic_add
#include "drivers/snp/snp.h"          // snp_probe_all
#include "kernel/firmware/efi_snp.h"  // efi_snp_open
#include "kernel/memory.h"            // kfree
#include "lib/err.h"                  // fail

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#undef fail  // cmocka's; ours is a function

#define KEPT_MAX 64

static struct nic added[NICS_MAX];
static unsigned added_count, controllers;
static void *privates[NICS_MAX];   // to be freed: a payload never does
static unsigned private_count;
static uint64_t clock_us;
static int open_err, send_err;
static unsigned opens, closes;
static void *kept[KEPT_MAX];       // frames the driver has, oldest first
static unsigned kept_count;
static long incoming[8];           // what efi_snp_receive() returns, one after the other
static unsigned incoming_count, incoming_at;
static bool media = true, knows_media = true;
static unsigned received, received_bytes;

uint64_t now_us(void)
{
    return clock_us;
}

int nic_add(const struct nic *nic)
{
    if (added_count == 2)
        return fail(ERR_OUT_OF_HEAP, "full");
    added[added_count++] = *nic;
    assert_true(private_count < NICS_MAX);
    privates[private_count++] = nic->priv;
    return 0;
}

unsigned efi_snp_find(void)
{
    return controllers;
}

void efi_snp_info(unsigned index, struct efi_snp_info *info)
{
    *info = (struct efi_snp_info){.mac = {2, 0, 0, 0, 0, (uint8_t)index}, .mtu = 1500,
                                  .media_known = knows_media, .media = media};
}

int efi_snp_open(unsigned index)
{
    (void)index;
    opens++;
    return open_err < 0 ? fail(open_err, "no") : 0;
}

void efi_snp_close(unsigned index)
{
    (void)index;
    closes++;
    kept_count = 0;
}

int efi_snp_send(unsigned index, void *frame, size_t length)
{
    (void)index;
    assert_in_range(length, 1, 1536);
    if (send_err < 0)
        return fail(send_err, "no");
    for (unsigned i = 0; i < kept_count; i++)
        assert_ptr_not_equal(kept[i], frame);
    assert_true(kept_count < KEPT_MAX);
    kept[kept_count++] = frame;
    return 0;
}

void *efi_snp_sent(unsigned index)
{
    void *first = kept_count > 0 ? kept[0] : NULL;

    (void)index;
    if (first != NULL)
        memmove(kept, kept + 1, --kept_count * sizeof(kept[0]));
    return first;
}

long efi_snp_receive(unsigned index, void *buffer, size_t size)
{
    (void)index;
    if (incoming_at == incoming_count)
        return 0;
    long length = incoming[incoming_at++];
    if (length < 0)
        return fail((int)length, "broken");
    memset(buffer, 0x5a, (size_t)length < size ? (size_t)length : size);
    return length;
}

static void take(struct nic *nic, struct pbuf *frame)
{
    (void)nic;
    received++;
    received_bytes += frame->tot_len;
    pbuf_free(frame);
}

static int set_up(void **state)
{
    (void)state;
    added_count = opens = closes = kept_count = incoming_count = incoming_at = received = received_bytes = 0;
    open_err = send_err = 0;
    clock_us = 1000000;
    controllers = 1;
    media = knows_media = true;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    while (private_count > 0)
        kfree(privates[--private_count]);
    return 0;
}

static struct nic *started(void)
{
    assert_int_equal(snp_probe_all(), 1);
    added[0].input = take;
    assert_int_equal(added[0].ops->start(&added[0]), 0);
    return &added[0];
}

static int send(struct nic *nic, unsigned length)
{
    struct pbuf *frame = pbuf_alloc(PBUF_RAW, (u16_t)length, PBUF_RAM);

    assert_non_null(frame);
    int err = nic->ops->transmit(nic, frame);
    pbuf_free(frame);
    return err;
}

static void test_probe(void **state)
{
    (void)state;
    controllers = 0;
    assert_int_equal(snp_probe_all(), 0);
    controllers = 2;
    assert_int_equal(snp_probe_all(), 2);
    assert_int_equal(added[1].mac[5], 1);
    assert_null(added[1].pci);
    added_count = 1;
    assert_int_equal(snp_probe_all(), 1);  // the list is full then
}

static void test_receive(void **state)
{
    struct nic *nic;

    (void)state;
    nic = started();
    incoming[0] = 60;
    incoming[1] = 13;      // no Ethernet header
    incoming[2] = 1514;
    incoming[3] = 100000;  // more than the buffer has
    incoming[4] = 61;
    incoming_count = 5;
    assert_int_equal(nic->ops->poll(nic, 128), 5);
    assert_int_equal(received, 3);
    assert_int_equal(received_bytes, 60 + 1514 + 61);
    assert_int_equal(nic->stats.rx_frames, 3);
    incoming_at = 0;
    assert_int_equal(nic->ops->poll(nic, 2), 2);
    nic->ops->stop(nic);
    assert_int_equal(closes, 1);
}

// A frame stays untouched until the driver returns it, or for half a second when it never does.
static void test_transmit(void **state)
{
    struct nic *nic;
    unsigned sent = 0;

    (void)state;
    nic = started();
    while (send(nic, 60) == 0)
        sent++;
    assert_int_equal(sent, 32);
    assert_int_equal(kept_count, 32);
    nic->ops->poll(nic, 1);
    assert_int_equal(kept_count, 0);
    assert_int_equal(send(nic, 1514), 0);
    assert_int_equal(send(nic, 1537), ERR_NO_LINK);
    send_err = ERR_NIC_INIT_FAILED;
    assert_int_equal(send(nic, 60), ERR_NIC_INIT_FAILED);
    send_err = 0;
    while (send(nic, 60) == 0)
        sent++;
    kept_count = 0;        // the driver forgets them all
    clock_us += 400000;
    nic->ops->poll(nic, 1);
    assert_int_equal(send(nic, 60), ERR_NIC_INIT_FAILED);
    assert_true(nic->ops->sending(nic));
    clock_us += 200000;
    assert_false(nic->ops->sending(nic));
    assert_int_equal(send(nic, 60), 0);
    // It takes nothing for a second: it is started anew.
    send_err = ERR_NIC_INIT_FAILED;
    nic->ops->poll(nic, 1);
    clock_us += 600000;
    assert_int_equal(send(nic, 60), ERR_NIC_INIT_FAILED);
    opens = 0;
    clock_us += 900000;
    nic->ops->poll(nic, 1);
    assert_int_equal(opens, 0);
    clock_us += 200000;
    nic->ops->poll(nic, 1);
    assert_int_equal(opens, 1);
    send_err = 0;
    assert_int_equal(send(nic, 60), 0);
    assert_int_equal(nic->stats.tx_timeouts, 1);
    // A pointer that is not ours is none of our frames.
    kept[0] = &sent;
    kept_count = 1;
    nic->ops->poll(nic, 1);
    nic->ops->stop(nic);
}

static void test_link(void **state)
{
    struct nic *nic;

    (void)state;
    nic = started();
    assert_true(nic->ops->link(nic).up);
    media = false;
    assert_false(nic->ops->link(nic).up);
    knows_media = false;
    assert_true(nic->ops->link(nic).up);
    nic->ops->stop(nic);
}

// A driver that fails again and again is stopped; the machine goes on, and a restart is possible.
static void test_breaks_down(void **state)
{
    struct nic *nic;

    (void)state;
    nic = started();
    incoming[0] = ERR_NIC_INIT_FAILED;
    incoming_count = 1;
    for (unsigned i = 0; i < 99; i++) {
        incoming_at = 0;
        assert_int_equal(nic->ops->poll(nic, 8), 0);
    }
    assert_int_equal(closes, 0);
    incoming_at = 0;
    nic->ops->poll(nic, 8);
    assert_int_equal(closes, 1);
    assert_false(nic->ops->link(nic).up);
    assert_int_equal(send(nic, 60), ERR_NO_LINK);
    assert_int_equal(nic->ops->poll(nic, 8), 0);
    nic->ops->stop(nic);
    assert_int_equal(nic->ops->start(nic), 0);
    assert_true(nic->ops->link(nic).up);
    nic->ops->stop(nic);
}

static void test_does_not_start(void **state)
{
    (void)state;
    assert_int_equal(snp_probe_all(), 1);
    open_err = ERR_NIC_INIT_FAILED;
    assert_int_equal(added[0].ops->start(&added[0]), ERR_NIC_INIT_FAILED);
    open_err = 0;
    assert_int_equal(added[0].ops->start(&added[0]), 0);
    added[0].ops->stop(&added[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_probe, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_receive, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_transmit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_link, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_breaks_down, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_does_not_start, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
