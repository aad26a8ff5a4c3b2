// The server and the wire of tests/profile. Spec: RFC 9293 and RFC 7323 (sender, window scale), RFC 6675 4.3 (the
// third duplicate acknowledgement), RFC 826, RFC 791. Not handled: congestion control, time-outs, SACK blocks (one
// segment at a time is missing), closing.

#include "tests/profile/server.h"  // server_nic

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/cpu.h"              // cpu_idle
#include "lib/clock.h"               // now_us
#include "lib/endian.h"              // be16_store
#include "lwip/pbuf.h"               // pbuf_cat
#include "tests/profile/measure.h"   // measure_pause

#define HEADERS 54                   // Ethernet, IPv4 and TCP without options
#define FRAME_GAP 24                 // preamble, FCS and gap of a frame on the wire
#define WIRE_BYTES_PER_US 125        // 1 Gb/s
#define FIRST_SEQUENCE 1000u
#define RESEND_AFTER 80              // frames under way when the third duplicate acknowledgement comes: 1 ms
#define PATTERN 65521u               // prime: no piece of the body repeats where a buffer or segment begins
#define TCP_FIN 0x01
#define TCP_SYN 0x02
#define TCP_RST 0x04
#define TCP_ACK 0x10

static const uint8_t server_mac[6] = { 2, 0, 0, 0, 0, 1 };

static struct {
    const struct server_plan *plan;
    struct nic nic;
    struct nic_buf_pool pool;
    uint8_t pattern[2 * PATTERN];
    char head[256];
    size_t head_length;
    uint64_t clock_us, wire_bytes;
    // the connection: sequence numbers count from the first byte of the head
    uint32_t client;                 // its address, host byte order
    uint16_t client_port;
    uint32_t client_sequence;        // next byte expected from it
    unsigned scale;
    uint64_t sent, acked, window;    // window: bytes it may have beyond `acked`
    bool answering;                  // the request has come
    unsigned duplicates;             // acknowledgements in a row that repeat `acked`
    uint64_t data_frames, resend_at; // resend_at: when so many data frames were sent; 0 = nothing to repeat
    uint64_t lost;
    // a frame that is not data waits here: the answer to ARP or to the SYN
    uint8_t answer[128];
    size_t answer_length;
} s;

// ---- time -------------------------------------------------------------------------------------------

uint64_t now_us(void)
{
    if (!measure_is_paused())
        measure_counts.clock_reads++;
    return s.clock_us + s.wire_bytes / WIRE_BYTES_PER_US;
}

void cpu_idle(void)
{
    s.clock_us += 1000;
}

void delay_us(uint64_t us)
{
    s.clock_us += us;
}

// ---- bytes ------------------------------------------------------------------------------------------

const uint8_t *server_body(uint64_t offset, size_t length)
{
    if (length > PATTERN)
        abort();
    return s.pattern + offset % PATTERN;
}

static uint64_t stream_length(void)
{
    return s.head_length + s.plan->length;
}

// How many bytes of the stream the segment at `from` has: the head has one of its own.
static size_t segment_length(uint64_t from)
{
    uint64_t left = stream_length() - from;

    if (from < s.head_length)
        return s.head_length - from;
    return left < s.plan->segment ? left : s.plan->segment;
}

static const uint8_t *stream_bytes(uint64_t from, size_t length)
{
    return from < s.head_length ? (const uint8_t *)s.head + from : server_body(from - s.head_length, length);
}

static uint32_t add_words(uint32_t sum, const uint8_t *data, size_t length)
{
    for (size_t i = 0; i + 1 < length; i += 2)
        sum += be16_load(data + i);
    return length % 2 ? sum + ((uint32_t)data[length - 1] << 8) : sum;
}

static uint16_t fold(uint32_t sum)
{
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

// ---- frames to the stack ----------------------------------------------------------------------------

// Headers of a TCP frame at `frame`, with checksums; `payload` lies wherever it likes.
static void make_headers(uint8_t *frame, uint32_t sequence, uint8_t flags, size_t options, const uint8_t *payload,
                         size_t length)
{
    uint8_t *ip = frame + 14, *tcp = frame + 34;
    size_t tcp_length = 20 + options + length;

    memcpy(frame, s.nic.mac, 6);
    memcpy(frame + 6, server_mac, 6);
    be16_store(frame + 12, 0x0800);
    memset(ip, 0, 40);
    ip[0] = 0x45;
    be16_store(ip + 2, (uint16_t)(20 + tcp_length));
    ip[8] = 64;
    ip[9] = 6;
    be32_store(ip + 12, SERVER_ADDRESS);
    be32_store(ip + 16, s.client);
    be16_store(ip + 10, fold(add_words(0, ip, 20)));
    be16_store(tcp, 80);
    be16_store(tcp + 2, s.client_port);
    be32_store(tcp + 4, sequence);
    be32_store(tcp + 8, s.client_sequence);
    tcp[12] = (uint8_t)((5 + options / 4) << 4);
    tcp[13] = flags;
    be16_store(tcp + 14, 0xffff);
    if (!s.plan->vouched) {
        uint32_t sum = add_words(add_words(0, ip + 12, 8), tcp, 20 + options);
        sum = add_words(sum, payload, length);
        be16_store(tcp + 16, fold(sum + 6 + (uint32_t)tcp_length));
    }
}

// Puts bytes behind what a chain of receive buffers holds. False: no buffer is free.
static bool append(struct pbuf **chain, const uint8_t *data, size_t length)
{
    while (length > 0) {
        struct nic_buf *buf = nic_buf_get(&s.pool);
        size_t part = length < s.pool.buffer_size ? length : s.pool.buffer_size;
        struct pbuf *more;

        if (buf == NULL)
            return false;
        memcpy(buf->data, data, part);
        more = nic_buf_to_pbuf(buf, 0, (uint32_t)part);
        if (*chain == NULL)
            *chain = more;
        else
            pbuf_cat(*chain, more);
        data += part;
        length -= part;
    }
    return true;
}

// Hands a frame up: from here on the product's code works.
static bool deliver(const uint8_t *frame, size_t length)
{
    struct pbuf *chain = NULL;

    if (!append(&chain, frame, length)) {
        if (chain != NULL)
            pbuf_free(chain);
        return false;
    }
    if (s.plan->vouched)
        chain->flags |= NIC_PBUF_CSUM_OK;
    s.wire_bytes += length + FRAME_GAP;
    measure_counts.frames++;
    measure_resume();
    s.nic.input(&s.nic, chain);
    measure_pause();
    return true;
}

static bool deliver_segment(uint64_t from)
{
    static uint8_t frame[UINT16_MAX + 1];
    size_t length = segment_length(from);
    const uint8_t *payload = stream_bytes(from, length);

    make_headers(frame, FIRST_SEQUENCE + 1 + (uint32_t)from, TCP_ACK, 0, payload, length);
    memcpy(frame + HEADERS, payload, length);
    return deliver(frame, HEADERS + length);
}

// The next frame there is. False: nothing may be sent, or no buffer is free.
static bool next_frame(void)
{
    if (s.answer_length > 0) {
        size_t length = s.answer_length;
        s.answer_length = 0;
        return deliver(s.answer, length);
    }
    if (s.resend_at != 0 && s.data_frames >= s.resend_at) {
        s.resend_at = 0;
        return deliver_segment(s.acked);
    }
    // A lost segment is under way again at the latest when nothing else may be sent.
    if (!s.answering || s.sent == stream_length() || s.sent + segment_length(s.sent) > s.acked + s.window) {
        s.data_frames += s.resend_at != 0;
        return false;
    }
    s.data_frames++;
    if (s.plan->lose_every != 0 && s.data_frames % s.plan->lose_every == 0) {
        s.lost++;
        s.sent += segment_length(s.sent);
        return next_frame();
    }
    // Counted as sent before it is: the acknowledgement comes while it is being delivered.
    uint64_t from = s.sent;
    s.sent += segment_length(from);
    if (deliver_segment(from))
        return true;
    s.sent = from;
    return false;
}

// ---- frames from the stack --------------------------------------------------------------------------

static void arp_asked(const uint8_t *frame)
{
    const uint8_t *arp = frame + 14;

    if (be16_load(arp + 6) != 1 || be32_load(arp + 24) != SERVER_ADDRESS)
        return;
    memcpy(s.answer, frame + 6, 6);
    memcpy(s.answer + 6, server_mac, 6);
    memcpy(s.answer + 12, frame + 12, 10);
    s.answer[21] = 2;
    memcpy(s.answer + 22, server_mac, 6);
    memcpy(s.answer + 28, arp + 24, 4);
    memcpy(s.answer + 32, arp + 8, 10);
    s.answer_length = 60;
}

static unsigned scale_of(const uint8_t *options, size_t length)
{
    for (size_t i = 0; i + 2 < length && options[i] != 0;) {
        if (options[i] == 3)
            return options[i + 2];
        i += options[i] == 1 ? 1 : options[i + 1];
    }
    return 0;
}

// Window scaling and selective acknowledgement, as servers have them.
static void syn_came(const uint8_t *ip, const uint8_t *tcp, size_t header)
{
    static const uint8_t options[] = { 2, 4, 5, 0xb4, 1, 3, 3, 7, 1, 1, 4, 2 };

    s.client = be32_load(ip + 12);
    s.client_port = be16_load(tcp);
    s.client_sequence = be32_load(tcp + 4) + 1;
    s.scale = scale_of(tcp + 20, header - 20);
    memcpy(s.answer + HEADERS, options, sizeof(options));
    make_headers(s.answer, FIRST_SEQUENCE, TCP_SYN | TCP_ACK, sizeof(options), s.answer + HEADERS, 0);
    s.answer_length = HEADERS + sizeof(options);
}

static void acknowledged(uint32_t sequence, uint64_t window)
{
    uint64_t acked = s.acked + (uint32_t)(sequence - FIRST_SEQUENCE - 1 - (uint32_t)s.acked);

    if (acked > s.sent)
        return;
    if (acked > s.acked || s.sent == acked) {
        s.duplicates = 0;
    } else if (++s.duplicates == 3) {
        s.resend_at = s.data_frames + RESEND_AFTER;
    }
    s.acked = acked;
    s.window = window;
}

static void tcp_came(const uint8_t *ip, size_t ip_length)
{
    const uint8_t *tcp = ip + 20;
    size_t header = (size_t)(tcp[12] >> 4) * 4, payload = ip_length - 20 - header;

    if (be16_load(tcp + 2) != 80)
        return;
    if (tcp[13] & TCP_SYN) {
        syn_came(ip, tcp, header);
        return;
    }
    if (tcp[13] & TCP_RST) {
        s.answering = false;
        return;
    }
    s.client_sequence = be32_load(tcp + 4) + (uint32_t)payload;
    acknowledged(be32_load(tcp + 8), (uint64_t)be16_load(tcp + 14) << s.scale);
    s.answering = (s.answering || payload > 0) && !(tcp[13] & TCP_FIN);
}

static int transmit(struct nic *nic, struct pbuf *frame)
{
    const uint8_t *data = frame->payload;

    (void)nic;
    measure_counts.acks++;
    measure_pause();
    if (be16_load(data + 12) == 0x0806)
        arp_asked(data);
    else if (be16_load(data + 12) == 0x0800 && data[23] == 6)
        tcp_came(data + 14, be16_load(data + 16));
    measure_resume();
    return 0;
}

// ---- the NIC ----------------------------------------------------------------------------------------

static unsigned poll(struct nic *nic, unsigned budget)
{
    unsigned frames = 0, most = budget < s.plan->burst ? budget : s.plan->burst;

    (void)nic;
    measure_pause();
    measure_counts.polls++;
    while (frames < most && next_frame())
        frames++;
    if (frames == 0) {
        measure_counts.empty++;
        s.clock_us++;
    }
    measure_resume();
    return frames;
}

static struct nic_link link_state(struct nic *nic)
{
    (void)nic;
    return (struct nic_link){ .up = true, .mbps = 1000, .full_duplex = true };
}

static int start(struct nic *nic)
{
    (void)nic;
    return 0;
}

static void stop(struct nic *nic)
{
    (void)nic;
}

static const struct nic_ops ops = {
    .start = start, .stop = stop, .transmit = transmit, .poll = poll, .link = link_state,
};

struct nic *server_nic(const struct server_plan *plan)
{
    uint32_t state = 1;

    s.plan = plan;
    s.clock_us = 1000000;
    s.head_length = (size_t)snprintf(s.head, sizeof(s.head),
                                     "HTTP/1.1 200 OK\r\nServer: profile\r\nContent-Type: application/octet-stream\r\n"
                                     "Content-Length: %llu\r\nConnection: close\r\nETag: \"1\"\r\n"
                                     "Accept-Ranges: bytes\r\n\r\n", (unsigned long long)plan->length);
    for (unsigned i = 0; i < PATTERN; i++) {
        state = state * 1664525 + 1013904223;
        s.pattern[i] = s.pattern[i + PATTERN] = (uint8_t)(state >> 24);
    }
    s.nic = (struct nic){ .ops = &ops, .driver = "profile", .mac = { 0x52, 0x54, 0, 0, 0, 1 }, .mtu = 1500,
                          .rx_held = plan->buffers };
    return nic_buf_pool_create(&s.pool, plan->buffers, plan->buffer_size) == 0 ? &s.nic : NULL;
}

unsigned server_missing(void)
{
    return s.pool.count - s.pool.free_count;
}

uint64_t server_lost(void)
{
    return s.lost;
}
