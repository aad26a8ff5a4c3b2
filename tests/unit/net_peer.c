// The network of test_stack.c and fuzz_stack.c (net_peer.h). Spec: RFC 2131, RFC 826, RFC 1035.

#include "tests/unit/net_peer.h"  // struct peer_wire

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/cpu.h"  // cpu_idle
#include "lib/clock.h"   // now_us
#include "lib/endian.h"  // be16_load
#include "lib/err.h"     // fail
#include "lwip/pbuf.h"   // pbuf_copy_partial
#include "net/stack.h"   // stack_add

#define FRAME_MAX 1514
#define QUEUE 64

struct peer_wire peer[PEER_NICS];
uint64_t peer_clock_us = 1000000;
uint32_t peer_known_address = 0x0a000001, peer_known_ttl = 60;

static const uint8_t server_mac[6] = { 2, 0, 0, 0, 0, 1 };

// Frames on their way to the stack.
static struct {
    bool used;
    unsigned wire;
    uint64_t at_us;
    size_t length;
    uint8_t data[FRAME_MAX];
} queue[QUEUE];

// ---- time and machine -------------------------------------------------------------------------------

uint64_t now_us(void)
{
    return peer_clock_us += 5;
}

void cpu_idle(void)
{
    peer_clock_us += 1000;
}

int nic_start(struct nic *nic)
{
    int err = nic->started ? 0 : nic->ops->start(nic);

    nic->started = err == 0;
    return err;
}

void nic_stop(struct nic *nic)
{
    if (nic->started)
        nic->ops->stop(nic);
    nic->started = false;
}

// ---- frames out of the server -----------------------------------------------------------------------

static void enqueue(unsigned wire, const uint8_t *frame, size_t length, uint64_t after_us)
{
    for (unsigned i = 0; i < QUEUE; i++)
        if (!queue[i].used) {
            queue[i].used = true;
            queue[i].wire = wire;
            queue[i].at_us = peer_clock_us + after_us;
            queue[i].length = length;
            memcpy(queue[i].data, frame, length);
            return;
        }
}

static uint16_t checksum(const uint8_t *data, size_t length)
{
    uint32_t sum = 0;

    for (size_t i = 0; i + 1 < length; i += 2)
        sum += be16_load(data + i);
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

// Puts Ethernet, IPv4 and UDP headers in front of payload[length], which lies at frame + 42.
static size_t wrap_udp(uint8_t *frame, const uint8_t mac[6], uint32_t from, uint32_t to, uint16_t from_port,
                       uint16_t to_port, size_t length)
{
    memcpy(frame, mac, 6);
    memcpy(frame + 6, server_mac, 6);
    be16_store(frame + 12, 0x0800);
    memset(frame + 14, 0, 28);
    frame[14] = 0x45;
    be16_store(frame + 16, (uint16_t)(28 + length));
    frame[22] = 64;
    frame[23] = 17;
    be32_store(frame + 26, from);
    be32_store(frame + 30, to);
    be16_store(frame + 24, checksum(frame + 14, 20));
    be16_store(frame + 34, from_port);
    be16_store(frame + 36, to_port);
    be16_store(frame + 38, (uint16_t)(8 + length));
    return 42 + length;
}

// ---- DHCP -------------------------------------------------------------------------------------------

static uint8_t *option(uint8_t *at, uint8_t code, const void *value, size_t length)
{
    *at++ = code;
    *at++ = (uint8_t)length;
    memcpy(at, value, length);
    return at + length;
}

static uint8_t *option_u32(uint8_t *at, uint8_t code, uint32_t value)
{
    uint8_t bytes[4];

    be32_store(bytes, value);
    return option(at, code, bytes, 4);
}

static void dhcp_answer(unsigned index, const uint8_t *request, uint8_t type)
{
    struct peer_wire *w = &peer[index];
    uint8_t frame[FRAME_MAX] = { 0 }, *message = frame + 42, *at = message + 240, dns[12];
    unsigned servers = 0;

    memcpy(message, request, 240);
    memset(message + 44, 0, 192);
    message[0] = 2;
    be32_store(message + 16, type == 6 ? 0 : w->offers);
    if (w->file != NULL)
        memcpy(message + 108, w->file, strlen(w->file));
    if (!w->type_last)
        at = option(at, 53, &type, 1);
    at = option_u32(at, 54, w->server);
    at = option_u32(at, 51, w->lease_s);
    at = option_u32(at, 1, 0xffffff00);
    if (w->router != 0)
        at = option_u32(at, 3, w->router);
    for (; servers < 3 && w->dns[servers] != 0; servers++)
        be32_store(dns + 4 * servers, w->dns[servers]);
    if (servers > 0)
        at = option(at, 6, dns, 4 * servers);
    if (w->option114 != NULL)
        at = option(at, 114, w->option114, strlen(w->option114));
    if (w->option67 != NULL)
        at = option(at, 67, w->option67, strlen(w->option67) + 1);
    if (w->type_last)
        at = option(at, 53, &type, 1);
    *at++ = 255;
    enqueue(index, frame, wrap_udp(frame, w->nic.mac, w->server, 0xffffffff, 67, 68, (size_t)(at - message)),
            w->answer_after_us);
}

static const uint8_t *find_option(const uint8_t *message, size_t length, uint8_t code)
{
    for (size_t i = 240; i + 1 < length && message[i] != 255;) {
        if (message[i] == code)
            return message + i + 2;
        i += message[i] == 0 ? 1 : 2 + (size_t)message[i + 1];
    }
    return NULL;
}

static void dhcp_asked(unsigned index, const uint8_t *message, size_t length)
{
    struct peer_wire *w = &peer[index];
    const uint8_t *type = find_option(message, length, 53), *class = find_option(message, length, 60);

    if (type == NULL)
        return;
    w->said_urlboot = class != NULL && memcmp(class, "urlboot", 7) == 0;
    if (*type == 1 && w->discovers++ == 0)
        w->first_discover_us = peer_clock_us;
    w->requests += *type == 3;
    w->releases += *type == 7;
    if (w->offers == 0 || *type == 7)
        return;
    if (w->ignore > 0) {
        w->ignore--;
        return;
    }
    if (*type == 3 && w->nak) {
        w->nak = false;
        dhcp_answer(index, message, 6);
        return;
    }
    dhcp_answer(index, message, *type == 1 ? 2 : 5);
}

// ---- ARP and DNS ------------------------------------------------------------------------------------

static void arp_asked(unsigned index, const uint8_t *arp)
{
    struct peer_wire *w = &peer[index];
    uint8_t frame[60] = { 0 };

    w->arps++;
    // Everybody but the asker is the server.
    if (be16_load(arp + 6) != 1 || memcmp(arp + 14, arp + 24, 4) == 0)
        return;
    memcpy(frame, arp + 8, 6);
    memcpy(frame + 6, server_mac, 6);
    be16_store(frame + 12, 0x0806);
    memcpy(frame + 14, arp, 6);
    be16_store(frame + 20, 2);
    memcpy(frame + 22, server_mac, 6);
    memcpy(frame + 28, arp + 24, 4);
    memcpy(frame + 32, arp + 8, 10);
    enqueue(index, frame, sizeof(frame), 0);
}

static void dns_asked(unsigned index, const uint8_t *ip, const uint8_t *query, size_t length)
{
    static const uint8_t known[] = "\5known\4test";
    uint8_t frame[FRAME_MAX] = { 0 }, *answer = frame + 42;
    bool is_known = length > 12 + sizeof(known) && memcmp(query + 12, known, sizeof(known)) == 0;

    peer[index].queries++;
    peer[index].query_port = be16_load(ip + 20);
    peer[index].query_id = be16_load(query);
    peer[index].query_server = be32_load(ip + 16);
    if (peer[index].dns_silent)
        return;
    memcpy(answer, query, length);
    be16_store(answer + 2, is_known ? 0x8180 : 0x8183);
    if (is_known) {
        be16_store(answer + 6, 1);
        be16_store(answer + length, 0xc00c);
        be16_store(answer + length + 2, 1);
        be16_store(answer + length + 4, 1);
        be32_store(answer + length + 6, peer_known_ttl);
        be16_store(answer + length + 10, 4);
        be32_store(answer + length + 12, peer_known_address);
        length += 16;
    }
    enqueue(index, frame, wrap_udp(frame, peer[index].nic.mac, be32_load(ip + 16), be32_load(ip + 12), 53,
                                   be16_load(ip + 20), length), 100);
}

// Answers a SYN to port 80; what comes after that is the test's business.
static void tcp_asked(unsigned index, const uint8_t *ip)
{
    static const uint8_t options[] = { 2, 4, 5, 0xb4, 1, 3, 3, 7, 1, 1, 4, 2 };
    const uint8_t *tcp = ip + 20;
    uint8_t frame[FRAME_MAX] = { 0 }, *answer = frame + 34;

    if (tcp[13] != 0x02 || be16_load(tcp + 2) != 80)
        return;
    // As UDP, then with another protocol and header.
    wrap_udp(frame, peer[index].nic.mac, be32_load(ip + 16), be32_load(ip + 12), 80, be16_load(tcp),
             12 + sizeof(options));
    be32_store(answer + 4, 1000);
    be32_store(answer + 8, be32_load(tcp + 4) + 1);
    answer[12] = (5 + sizeof(options) / 4) << 4;
    answer[13] = 0x12;
    be16_store(answer + 14, 0xffff);
    be16_store(answer + 16, 0);
    memcpy(answer + 20, options, sizeof(options));
    frame[23] = 6;
    be16_store(frame + 24, 0);
    be16_store(frame + 24, checksum(frame + 14, 20));
    enqueue(index, frame, 54 + sizeof(options), 100);
}

static void sent(unsigned index, const uint8_t *frame, size_t length)
{
    const uint8_t *ip = frame + 14, *udp = frame + 34;

    if (length >= 42 && be16_load(frame + 12) == 0x0806)
        arp_asked(index, ip);
    if (length < 42 || be16_load(frame + 12) != 0x0800 || ip[0] != 0x45)
        return;
    if (ip[9] == 6 && length >= 54)
        tcp_asked(index, ip);
    if (ip[9] != 17)
        return;
    if (be16_load(udp + 2) == 67 && length >= 42 + 240)
        dhcp_asked(index, udp + 8, length - 42);
    if (be16_load(udp + 2) == 53 && length > 42 + 12)
        dns_asked(index, ip, udp + 8, length - 42);
}

// ---- the NICs ---------------------------------------------------------------------------------------

static unsigned wire_of(const struct nic *nic)
{
    return (unsigned)((const struct peer_wire *)nic->priv - peer);
}

static int start(struct nic *nic)
{
    return peer[wire_of(nic)].broken ? fail(ERR_NIC_INIT_FAILED, "the chip does not wake up") : 0;
}

static void stop(struct nic *nic)
{
    for (unsigned i = 0; i < QUEUE; i++)
        if (queue[i].wire == wire_of(nic))
            queue[i].used = false;
}

static int transmit(struct nic *nic, struct pbuf *frame)
{
    uint8_t data[FRAME_MAX];

    if (!nic->started)
        abort();
    if (frame->next != NULL || frame->tot_len > sizeof(data))
        abort();
    peer[wire_of(nic)].sent++;
    if (peer[wire_of(nic)].link)
        sent(wire_of(nic), data, pbuf_copy_partial(frame, data, frame->tot_len, 0));
    return 0;
}

bool peer_deliver(unsigned index, const void *frame, size_t length)
{
    struct peer_wire *w = &peer[index];
    struct nic_buf *buf = nic_buf_get(&w->pool);
    struct pbuf *pbuf;

    if (buf == NULL || length > w->pool.buffer_size)
        return false;
    memcpy(buf->data, frame, length);
    pbuf = nic_buf_to_pbuf(buf, 0, (uint32_t)length);
    if (pbuf == NULL)
        return false;
    pbuf->flags |= NIC_PBUF_CSUM_OK;
    w->nic.input(&w->nic, pbuf);
    w->delivered++;
    return true;
}

static unsigned poll(struct nic *nic, unsigned budget)
{
    unsigned frames = 0, index = wire_of(nic);

    if (!nic->started)
        abort();
    // What a test has delivered between two turns came in this one.
    frames = peer[index].delivered;
    peer[index].delivered = 0;
    for (unsigned i = 0; i < QUEUE && frames < budget; i++)
        if (queue[i].used && queue[i].wire == index && queue[i].at_us <= peer_clock_us) {
            queue[i].used = false;
            frames += peer_deliver(index, queue[i].data, queue[i].length);
        }
    peer[index].delivered = 0;
    return frames;
}

static struct nic_link link_state(struct nic *nic)
{
    struct peer_wire *w = &peer[wire_of(nic)];

    if (w->link_at_us != 0 && peer_clock_us >= w->link_at_us)
        w->link = true;
    return (struct nic_link){ .up = w->link, .mbps = 100 };
}

static const struct nic_ops ops = {
    .start = start, .stop = stop, .transmit = transmit, .poll = poll, .link = link_state,
};

void peer_reset(void)
{
    memset(queue, 0, sizeof(queue));
    for (unsigned i = 0; i < PEER_NICS; i++) {
        struct nic_buf_pool pool = peer[i].pool;
        bool started = peer[i].nic.started;

        if (started || (pool.buffers == NULL && nic_buf_pool_create(&pool, PEER_BUFFERS, 2048) < 0))
            abort();
        peer[i] = (struct peer_wire){
            .nic = { .ops = &ops, .driver = "peer", .mac = { 0x52, 0x54, 0, 0, 0, (uint8_t)i }, .mtu = 1500,
                     .rx_held = PEER_BUFFERS, .priv = &peer[i] },
            .link = true, .lease_s = 3600,
        };
        // The buffers point to where the pool was: it stays there.
        peer[i].pool = pool;
        if (pool.count > 0 && pool.buffers[0].pool != &peer[i].pool)
            for (unsigned k = 0; k < pool.count; k++)
                peer[i].pool.buffers[k].pool = &peer[i].pool;
        if (stack_add(&peer[i].nic) < 0)
            abort();
    }
}

unsigned peer_missing(void)
{
    unsigned missing = 0;

    for (unsigned i = 0; i < PEER_NICS; i++)
        missing += peer[i].pool.count - peer[i].pool.free_count;
    return missing;
}
