// A struct nic on a TAP device. Spec: Linux Documentation/networking/tuntap.rst.
// Tested: Linux 5.x and 6.x, by tests/hosted/test_hosted.py. Not handled: virtio-net headers (GSO).

#include "tests/hosted/tap_nic.h"  // struct tap_options

#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/if_tun.h>

#include "lib/clock.h"  // now_us
#include "lib/err.h"    // ERR_NIC_INIT_FAILED
#include "lwip/pbuf.h"  // pbuf_copy_partial

#define BUFFER_SIZE 2048
#define FRAME_MAX 1514
#define CHANCES 100000u
#define HELD_MAX 16        // frames under way that later ones overtake
#define HELD_US 2000       // after that they arrive even if none does

struct held {
    bool used;
    bool to_stack;
    unsigned overtaken_by;  // frames still to pass
    uint64_t until_us;
    uint16_t length;
    uint8_t data[FRAME_MAX];
};

static struct {
    int fd;
    struct tap_options options;
    struct nic_buf_pool pool;
    struct tap_figures figures;
    uint64_t random;
    uint64_t started_us;
    struct held held[HELD_MAX];
} tap = { .fd = -1 };

// xorshift64* (Marsaglia, Vigna).
static uint32_t roll(void)
{
    tap.random ^= tap.random >> 12;
    tap.random ^= tap.random << 25;
    tap.random ^= tap.random >> 27;
    return (uint32_t)((tap.random * 0x2545f4914f6cdd1d) >> 32);
}

static bool happens(unsigned chance)
{
    return roll() % CHANCES < chance;
}

static bool to_stack(struct nic *nic, const uint8_t *data, unsigned length)
{
    struct nic_buf *buf = nic_buf_get(&tap.pool);
    struct pbuf *pbuf;

    if (buf == NULL) {
        nic->stats.rx_no_buffer++;
        return false;
    }
    memcpy(buf->data, data, length);
    pbuf = nic_buf_to_pbuf(buf, 0, length);
    if (pbuf == NULL)
        return false;
    nic->stats.rx_frames++;
    nic->stats.rx_bytes += length;
    nic->input(nic, pbuf);
    return true;
}

static bool to_wire(const uint8_t *data, unsigned length)
{
    return write(tap.fd, data, length) == (ssize_t)length;
}

static bool arrive(struct nic *nic, bool up, const uint8_t *data, unsigned length)
{
    return up ? to_stack(nic, data, length) : to_wire(data, length);
}

static bool hold(bool up, const uint8_t *data, unsigned length)
{
    for (unsigned i = 0; i < HELD_MAX; i++) {
        struct held *h = &tap.held[i];
        if (h->used)
            continue;
        *h = (struct held){ .used = true, .to_stack = up, .overtaken_by = 1 + roll() % 8,
                            .until_us = now_us() + HELD_US, .length = (uint16_t)length };
        memcpy(h->data, data, length);
        tap.figures.delayed++;
        return true;
    }
    return false;
}

static void release_held(struct nic *nic, bool up, bool passed)
{
    for (unsigned i = 0; i < HELD_MAX; i++) {
        struct held *h = &tap.held[i];
        if (!h->used || h->to_stack != up)
            continue;
        if (passed && h->overtaken_by > 0)
            h->overtaken_by--;
        if (h->overtaken_by > 0 && now_us() < h->until_us)
            continue;
        h->used = false;
        arrive(nic, up, h->data, h->length);
    }
}

// One frame enters the wire; what comes out of it goes on to the stack (`up`) or to Linux.
static bool carry(struct nic *nic, bool up, uint8_t *data, unsigned length)
{
    const struct wire *wire = &tap.options.wire;
    bool delivered;

    if (happens(wire->lose)) {
        tap.figures.lost++;
        return true;
    }
    if (happens(wire->corrupt)) {
        tap.figures.corrupted++;
        data[roll() % length] ^= (uint8_t)(1u << roll() % 8);
    }
    if (happens(wire->delay) && hold(up, data, length))
        return true;
    delivered = arrive(nic, up, data, length);
    if (happens(wire->repeat)) {
        tap.figures.repeated++;
        arrive(nic, up, data, length);
    }
    release_held(nic, up, true);
    return delivered;
}

static int tap_start(struct nic *nic)
{
    (void)nic;
    tap.started_us = now_us();
    return 0;
}

static void tap_stop(struct nic *nic)
{
    (void)nic;
    memset(tap.held, 0, sizeof(tap.held));
}

static int tap_transmit(struct nic *nic, struct pbuf *frame)
{
    uint8_t data[FRAME_MAX];

    if (frame->next != NULL || frame->tot_len > sizeof(data) || frame->tot_len == 0)
        return ERR_NIC_INIT_FAILED;
    pbuf_copy_partial(frame, data, frame->tot_len, 0);
    nic->stats.tx_frames++;
    nic->stats.tx_bytes += frame->tot_len;
    return carry(nic, false, data, frame->tot_len) ? 0 : ERR_NIC_INIT_FAILED;
}

static bool link_is_up(void)
{
    uint64_t ms = (now_us() - tap.started_us) / 1000;
    const struct tap_options *o = &tap.options;

    if (ms < o->link_after_ms)
        return false;
    return o->flap_at_ms == 0 || ms < o->flap_at_ms || ms >= o->flap_at_ms + o->flap_ms;
}

static unsigned tap_poll(struct nic *nic, unsigned budget)
{
    uint8_t data[FRAME_MAX + 4];
    unsigned frames = 0;

    release_held(nic, true, false);
    release_held(nic, false, false);
    while (frames < budget && tap.pool.free_count > 0) {
        ssize_t length = read(tap.fd, data, sizeof(data));
        if (length <= 0)
            break;
        frames++;
        if (length <= FRAME_MAX && link_is_up())
            carry(nic, true, data, (unsigned)length);
    }
    return frames;
}

static struct nic_link tap_link(struct nic *nic)
{
    (void)nic;
    return (struct nic_link){ .up = link_is_up(), .mbps = 1000, .full_duplex = true };
}

static const struct nic_ops tap_ops = {
    .start = tap_start, .stop = tap_stop, .transmit = tap_transmit, .poll = tap_poll, .link = tap_link,
};

int tap_nic_open(struct nic *nic, const struct tap_options *options)
{
    struct ifreq request = { .ifr_flags = IFF_TAP | IFF_NO_PI };

    memset(&tap, 0, sizeof(tap));
    tap.options = *options;
    tap.random = options->wire.seed * 2 + 1;
    tap.fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", options->name);
    if (tap.fd < 0 || ioctl(tap.fd, TUNSETIFF, &request) < 0) {
        perror(options->name);
        return -1;
    }
    if (nic_buf_pool_create(&tap.pool, options->buffers, BUFFER_SIZE) < 0) {
        fprintf(stderr, "%s\n", fail_detail());
        return -1;
    }
    *nic = (struct nic){
        .ops = &tap_ops,
        .driver = "tap",
        .mac = { 0x52, 0x54, 0, 0x12, 0x34, 0x56 },
        .mtu = 1500,
        .rx_held = options->buffers,
    };
    return 0;
}

void tap_nic_idle(void)
{
    struct pollfd wait = { .fd = tap.fd, .events = POLLIN };

    poll(&wait, 1, 1);
}

struct tap_figures tap_nic_figures(void)
{
    return tap.figures;
}

unsigned tap_nic_close(struct nic *nic)
{
    unsigned missing = tap.pool.count - tap.pool.free_count;

    (void)nic;
    close(tap.fd);
    tap.fd = -1;
    nic_buf_pool_destroy(&tap.pool);
    return missing;
}
