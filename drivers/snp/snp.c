// A NIC on the firmware's driver. Each frame is copied once more than with a driver of our own, by the
// firmware: this is for reaching a network at all.
// Spec: UEFI 2.10 section 24.1, through kernel/firmware/efi_snp.h. Tested: as that says.
// Not handled: checksum offload (the protocol has none), more receive buffers than the firmware's driver has.
#include "drivers/snp/snp.h"  // snp_probe_all

#include <stdio.h>
#include <string.h>

#include "drivers/dma.h"              // dma_alloc
#include "drivers/nic.h"              // nic_add
#include "kernel/firmware/efi_snp.h"  // efi_snp_open
#include "kernel/memory.h"            // kcalloc
#include "lib/clock.h"                // deadline_ms
#include "lib/err.h"                  // fail
#include "lib/log.h"                  // log_warn

#define ETHERNET_HEADER 14u
#define FRAME_MAX 1536u        // with two VLAN tags and to a cache line
#define RX_BUFFERS 1024u       // what the stack may hold behind a hole
#define TX_FRAMES 32u
#define TX_LOST_MS 500u        // drivers exist that never say what was sent
#define ERRORS_MAX 100u        // in a row: the driver is stuck
#define REFUSED_US 1000000u    // it takes no frame for so long: it is started anew

struct snp {
    unsigned index;            // of efi_snp_*
    struct nic_buf_pool pool;
    uint8_t *tx;               // TX_FRAMES of FRAME_MAX bytes
    uint64_t tx_lost[TX_FRAMES];  // when a frame is believed to be lost; 0: it is free
    uint64_t refused_us;       // since when it takes no frame, 0: it does
    unsigned errors;
    bool dead;
};

static void stop(struct nic *nic)
{
    struct snp *snp = nic->priv;

    efi_snp_close(snp->index);
    dma_free(snp->tx, TX_FRAMES * FRAME_MAX);
    snp->tx = NULL;
    nic_buf_pool_destroy(&snp->pool);  // or kept while the stack holds frames
}

static int start(struct nic *nic)
{
    struct snp *snp = nic->priv;
    int err = snp->pool.buffers ? 0 : nic_buf_pool_create(&snp->pool, RX_BUFFERS, FRAME_MAX);

    if (err < 0)
        return err;
    nic->rx_held = RX_BUFFERS;
    snp->tx = dma_alloc(TX_FRAMES * FRAME_MAX, 64);
    if (!snp->tx) {
        err = fail(ERR_NOT_ENOUGH_MEMORY, "no memory for frames to send");
        goto err_start;
    }
    memset(snp->tx_lost, 0, sizeof(snp->tx_lost));
    snp->errors = 0;
    snp->refused_us = 0;
    snp->dead = false;
    err = efi_snp_open(snp->index);
    if (err == 0)
        return 0;

err_start:
    stop(nic);
    return err;
}

static void reclaim(struct snp *snp)
{
    uint8_t *frame;

    for (unsigned i = 0; i < TX_FRAMES && (frame = efi_snp_sent(snp->index)) != NULL; i++) {
        size_t at = (size_t)(frame - snp->tx);
        if (frame >= snp->tx && at < TX_FRAMES * FRAME_MAX)
            snp->tx_lost[at / FRAME_MAX] = 0;
    }
}

// The firmware has not given the frame back, and may be using it yet.
static bool is_in_use(const struct snp *snp, unsigned slot)
{
    return snp->tx_lost[slot] != 0 && !deadline_passed(snp->tx_lost[slot]);
}

static int transmit(struct nic *nic, struct pbuf *frame)
{
    struct snp *snp = nic->priv;
    unsigned slot = 0;

    if (snp->dead || frame->tot_len > FRAME_MAX)
        return fail(ERR_NO_LINK, "the firmware's driver is stopped");
    while (slot < TX_FRAMES && is_in_use(snp, slot))
        slot++;
    if (slot == TX_FRAMES)
        return fail(ERR_NIC_INIT_FAILED, "the firmware's driver has %u frames to send", TX_FRAMES);
    pbuf_copy_partial(frame, snp->tx + slot * FRAME_MAX, frame->tot_len, 0);
    int err = efi_snp_send(snp->index, snp->tx + slot * FRAME_MAX, frame->tot_len);
    if (err < 0) {
        snp->refused_us = snp->refused_us != 0 ? snp->refused_us : now_us();
        return err;
    }
    snp->refused_us = 0;
    snp->tx_lost[slot] = deadline_ms(TX_LOST_MS);
    nic->stats.tx_frames++;
    nic->stats.tx_bytes += frame->tot_len;
    return 0;
}

// Takes one frame up. 1; 0 when there is none; or an error of the driver.
static int receive(struct nic *nic)
{
    struct snp *snp = nic->priv;
    struct nic_buf *buf = nic_buf_get(&snp->pool);

    if (!buf) {
        nic->stats.rx_no_buffer++;
        return 0;
    }
    long length = efi_snp_receive(snp->index, buf->data, snp->pool.buffer_size);
    if (length <= 0) {
        nic_buf_put(buf);
        return (int)length;
    }
    struct pbuf *frame = nic_buf_to_pbuf(buf, 0, (uint32_t)length);
    if (!frame)
        return 1;
    if (length < (long)ETHERNET_HEADER) {
        nic->stats.rx_errors++;
        pbuf_free(frame);
        return 1;
    }
    nic->stats.rx_frames++;
    nic->stats.rx_bytes += (uint64_t)length;
    nic->input(nic, frame);
    return 1;
}

// iPXE's driver for the PCnet, for one, may stop sending for good.
static void restart(struct nic *nic)
{
    struct snp *snp = nic->priv;

    log_warn("%s: it takes no frame any more, starting it anew", nic->chip);
    nic->stats.tx_timeouts++;
    efi_snp_close(snp->index);
    memset(snp->tx_lost, 0, sizeof(snp->tx_lost));
    snp->refused_us = 0;
    snp->dead = efi_snp_open(snp->index) < 0;
    if (snp->dead)
        log_error("%s: %s; it is stopped", nic->chip, fail_detail());
}

static unsigned poll(struct nic *nic, unsigned budget)
{
    struct snp *snp = nic->priv;
    unsigned delivered = 0;
    int got = 0;

    if (snp->dead)
        return 0;
    reclaim(snp);
    if (snp->refused_us != 0 && now_us() - snp->refused_us > REFUSED_US) {
        restart(nic);
        return 0;
    }
    while (delivered < budget && (got = receive(nic)) > 0)
        delivered++;
    if (got >= 0) {
        snp->errors = 0;
        return delivered;
    }
    nic->stats.rx_errors++;
    if (++snp->errors == ERRORS_MAX) {
        log_error("%s: %s; it is stopped", nic->chip, fail_detail());
        efi_snp_close(snp->index);
        snp->dead = true;
    }
    return delivered;
}

static bool sending(struct nic *nic)
{
    struct snp *snp = nic->priv;
    unsigned slot = 0;

    if (snp->dead)
        return false;
    reclaim(snp);
    while (slot < TX_FRAMES && !is_in_use(snp, slot))
        slot++;
    return slot < TX_FRAMES;
}

static struct nic_link get_link(struct nic *nic)
{
    struct snp *snp = nic->priv;
    struct efi_snp_info info;

    if (snp->dead)
        return (struct nic_link){0};
    efi_snp_info(snp->index, &info);
    return (struct nic_link){.up = !info.media_known || info.media, .full_duplex = true};
}

static const struct nic_ops snp_ops = {
    .start = start,
    .stop = stop,
    .transmit = transmit,
    .poll = poll,
    .sending = sending,
    .link = get_link,
};

unsigned snp_probe_all(void)
{
    unsigned count = efi_snp_find(), added = 0;

    for (unsigned i = 0; i < count; i++) {
        struct nic nic = {.ops = &snp_ops, .driver = "snp"};
        struct efi_snp_info info;
        struct snp *snp = kcalloc(1, sizeof(*snp));
        if (!snp)
            return added;
        snp->index = i;
        efi_snp_info(i, &info);
        memcpy(nic.mac, info.mac, sizeof(nic.mac));
        nic.mtu = (uint16_t)info.mtu;
        nic.priv = snp;
        snprintf(nic.chip, sizeof(nic.chip), "the firmware's driver %u", i);
        if (nic_add(&nic) < 0) {
            kfree(snp);
            log_warn("snp: %s", fail_detail());
            return added;
        }
        added++;
    }
    return added;
}
