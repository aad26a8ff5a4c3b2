// A TCP connection of lwIP as struct stream. Received data stays in the buffers the NIC wrote it to until
// consume(); then the buffer goes back to the driver and its bytes to the window.
// Spec: RFC 9293, RFC 7323 (window scale), by lwIP. Not handled: half-closed sending, keep-alive.

#include <stdbool.h>
#include <stddef.h>

#include "hooks.h"          // tcp_window_step
#include "kernel/memory.h"  // kcalloc
#include "kernel/profile.h" // profile_enter
#include "lib/clock.h"      // deadline_passed
#include "lib/err.h"        // fail
#include "lwip/ip.h"        // ip_current_input_netif
#include "lwip/priv/tcp_priv.h"  // tcp_ack_now
#include "lwip/tcp.h"       // tcp_connect
#include "net/netif.h"      // iface_window
#include "net/poll.h"       // stack_wait
#include "net/stack.h"      // tcp_open

#define DEBT_US 1000u         // an acknowledgement waits no longer, whatever else comes
#define NEAR_US 4000u         // round trip below which the window opens in larger steps
#define RX_SLOTS 512u         // chains of received segments not yet consumed; power of two

struct tcp_stream {
    struct stream stream;     // must be first
    struct tcp_pcb *pcb;      // NULL once lwIP has freed it
    struct pbuf *rx[RX_SLOTS];
    unsigned rx_prod, rx_cons;  // free-running
    tcpwnd_size_t window;     // when nothing is waiting to be consumed
    uint64_t started_us;      // when the SYN left
    bool far;                 // the handshake took a while
    uint32_t owed;            // bytes that came and are not acknowledged yet, see owe()
    bool listed;              // among those that owe
    struct tcp_stream *next_owing;
    bool connected;
    bool peer_done;           // FIN came
    err_t error;              // why lwIP has freed the pcb
};

static struct tcp_stream *owing;

// ---- lwIP's callbacks -------------------------------------------------------------------------------

static err_t on_connected(void *arg, struct tcp_pcb *pcb, err_t err)
{
    struct tcp_stream *t = arg;

    // Before the first acknowledgement says how large the window is: no more than the NIC has buffers for,
    // or what comes behind a hole would be refused and have to be sent again.
    if (pcb->rcv_wnd > iface_window(ip_current_input_netif()))
        pcb->rcv_wnd = pcb->rcv_ann_wnd = iface_window(ip_current_input_netif());
    t->window = pcb->rcv_wnd;
    t->far = now_us() - t->started_us > NEAR_US;
    t->connected = err == ERR_OK;
    return ERR_OK;
}

// An eighth: the server has seven others to send meanwhile, and a small window still opens in time. A quarter
// when it is near: each word to it costs, in a virtual machine, as much as a hundred KiB received.
uint32_t tcp_window_step(const struct tcp_pcb *pcb)
{
    const struct tcp_stream *t = pcb->callback_arg;

    return t != NULL ? t->window / (t->far ? 8 : 4) : TCP_MSS;
}

// More than one segment came: a hole was filled, or the NIC has put several together. The server is told in
// time (RFC 9293 3.8.6.3), but not of each: when a part of the window is full, when something is missing, or
// when nothing more comes (tcp_send_acks). lwIP would send a word for every second piece.
static void owe(struct tcp_stream *t, struct tcp_pcb *pcb, uint32_t bytes)
{
    t->owed += bytes;
    if (t->owed >= tcp_window_step(pcb) || pcb->ooseq != NULL) {
        t->owed = 0;
        tcp_ack_now(pcb);
        return;
    }
    tcp_clear_flags(pcb, TF_ACK_DELAY | TF_ACK_NOW);
    if (t->listed)
        return;
    t->listed = true;
    t->next_owing = owing;
    owing = t;
}

void tcp_send_acks(uint64_t now, bool pause)
{
    static uint64_t since;    // when the first of the list was seen, 0: it was empty

    if (owing == NULL) {
        since = 0;
        return;
    }
    if (since == 0)
        since = now;
    if (!pause && now - since < DEBT_US)
        return;
    since = 0;
    while (owing != NULL) {
        struct tcp_stream *t = owing;

        owing = t->next_owing;
        t->listed = false;
        if (t->pcb == NULL || t->owed == 0)
            continue;
        t->owed = 0;
        tcp_ack_now(t->pcb);
        tcp_output(t->pcb);
    }
}

static void owe_nothing(struct tcp_stream *t)
{
    for (struct tcp_stream **at = &owing; *at != NULL; at = &(*at)->next_owing) {
        if (*at != t)
            continue;
        *at = t->next_owing;
        return;
    }
}

static err_t on_received(void *arg, struct tcp_pcb *pcb, struct pbuf *data, err_t err)
{
    struct tcp_stream *t = arg;

    (void)err;
    if (data == NULL) {
        t->peer_done = true;
        return ERR_OK;
    }
    // Full: lwIP keeps this piece, offers it again and lets no other in.
    if (t->rx_prod - t->rx_cons == RX_SLOTS)
        return ERR_MEM;
    if (data->next != NULL || data->tot_len > TCP_MSS)
        owe(t, pcb, data->tot_len);
    t->rx[t->rx_prod++ & (RX_SLOTS - 1)] = data;
    return ERR_OK;
}

// The pcb is already gone when this is called.
static void on_error(void *arg, err_t err)
{
    struct tcp_stream *t = arg;

    t->pcb = NULL;
    t->error = err;
}

// ---- the stream -------------------------------------------------------------------------------------

// What became of a connection whose pcb is gone.
static int broken(const struct tcp_stream *t)
{
    if (t->error == ERR_RST)
        return fail(ERR_CONNECTION_RESET, "the server reset the connection");
    if (t->error == ERR_CLSD)
        return fail(ERR_CONNECTION_RESET, "the connection is closed");
    return fail(ERR_CONNECTION_RESET, "the connection is lost: no acknowledgement came or the lease ended");
}

static int stream_send(struct stream *s, const void *data, size_t length, uint64_t deadline)
{
    struct tcp_stream *t = (struct tcp_stream *)s;
    const uint8_t *at = data;
    int err;

    while (length > 0) {
        size_t room = t->pcb != NULL ? tcp_sndbuf(t->pcb) : 0;
        size_t part = length < room ? length : room;

        if (t->pcb == NULL)
            return broken(t);
        // ERR_MEM means that queues are full: acknowledgements make room.
        if (part > 0 && tcp_write(t->pcb, at, (u16_t)part, TCP_WRITE_FLAG_COPY) == ERR_OK) {
            at += part;
            length -= part;
            tcp_output(t->pcb);
            continue;
        }
        if (deadline_passed(deadline))
            return fail(ERR_CONNECTION_TIMEOUT, "the server takes no data");
        err = stack_wait();
        if (err < 0)
            return err;
    }
    return 0;
}

// The first received bytes, NULL when there are none. Empty pieces are what lwIP leaves of segments that
// were already here.
static struct pbuf *first_data(struct tcp_stream *t)
{
    while (t->rx_cons != t->rx_prod) {
        struct pbuf **head = &t->rx[t->rx_cons & (RX_SLOTS - 1)];

        while (*head != NULL && (*head)->len == 0) {
            struct pbuf *empty = *head;
            *head = empty->next;
            empty->next = NULL;
            pbuf_free(empty);
        }
        if (*head != NULL)
            return *head;
        t->rx_cons++;
    }
    return NULL;
}

static long stream_peek(struct stream *s, const uint8_t **data, uint64_t deadline)
{
    struct tcp_stream *t = (struct tcp_stream *)s;
    struct pbuf *head;
    int err;

    while ((head = first_data(t)) == NULL) {
        if (t->peer_done)
            return 0;
        if (t->pcb == NULL)
            return broken(t);
        if (deadline_passed(deadline))
            return fail(ERR_STALLED, "nothing came from the server for too long");
        err = stack_wait();
        if (err < 0)
            return err;
    }
    *data = head->payload;
    return head->len;
}

static bool stream_ready(struct stream *s)
{
    struct tcp_stream *t = (struct tcp_stream *)s;

    return first_data(t) != NULL || t->peer_done || t->pcb == NULL;
}

static void stream_consume(struct stream *s, size_t length)
{
    struct tcp_stream *t = (struct tcp_stream *)s;
    struct pbuf *head;

    profile_enter(PROFILE_RETURN);
    while (length > 0 && (head = first_data(t)) != NULL) {
        size_t part = length < head->len ? length : head->len;

        t->rx[t->rx_cons & (RX_SLOTS - 1)] = pbuf_free_header(head, (u16_t)part);
        length -= part;
        if (t->pcb == NULL)
            continue;
        // By pbufs, so that each part fits the 16 bits tcp_recved() counts in.
        uint32_t told = t->pcb->rcv_ann_right_edge;
        tcp_recved(t->pcb, (u16_t)part);
        if (t->pcb->rcv_ann_right_edge != told)
            t->owed = 0;  // a word about the window has left
    }
    profile_leave();
}

static void detach(struct tcp_pcb *pcb)
{
    tcp_arg(pcb, NULL);
    tcp_recv(pcb, NULL);
    tcp_err(pcb, NULL);
}

static void stream_close(struct stream *s)
{
    struct tcp_stream *t = (struct tcp_stream *)s;

    for (; t->rx_cons != t->rx_prod; t->rx_cons++)
        if (t->rx[t->rx_cons & (RX_SLOTS - 1)] != NULL)
            pbuf_free(t->rx[t->rx_cons & (RX_SLOTS - 1)]);
    if (t->pcb != NULL) {
        detach(t->pcb);
        // lwIP takes any other window than its own full one for data that was not consumed.
        if (t->pcb->rcv_wnd == t->window)
            t->pcb->rcv_wnd = TCP_WND_MAX(t->pcb);
        // lwIP turns this into a reset when data was not consumed or more comes: a body nobody wants.
        if (tcp_close(t->pcb) != ERR_OK)
            tcp_abort(t->pcb);
    }
    if (t->listed)
        owe_nothing(t);
    kfree(t);
}

static int wait_connected(struct tcp_stream *t, uint64_t deadline)
{
    int err;

    while (!t->connected) {
        if (t->pcb == NULL && t->error == ERR_RST)
            return fail(ERR_CONNECTION_REFUSED, "nothing listens on that port");
        if (t->pcb == NULL)
            return fail(ERR_CONNECTION_TIMEOUT, "the server does not answer");
        if (deadline_passed(deadline))
            return fail(ERR_CONNECTION_TIMEOUT, "the server does not answer");
        err = stack_wait();
        if (err < 0)
            return err;
    }
    return 0;
}

int tcp_start(struct stream **stream, uint32_t address, uint16_t port)
{
    struct tcp_stream *t = kcalloc(1, sizeof(*t));
    ip_addr_t to;
    int err;

    if (t == NULL)
        return fail(ERR_OUT_OF_HEAP, "no memory for a connection");
    t->stream = (struct stream){ stream_send, stream_peek, stream_ready, stream_consume, stream_close };
    t->pcb = tcp_new();
    if (t->pcb == NULL) {
        err = fail(ERR_OUT_OF_HEAP, "no memory for a connection");
        goto err_start;
    }
    tcp_arg(t->pcb, t);
    tcp_recv(t->pcb, on_received);
    tcp_err(t->pcb, on_error);
    tcp_nagle_disable(t->pcb);
    t->started_us = now_us();

    ip_addr_set_ip4_u32_val(to, address);
    err_t result = tcp_connect(t->pcb, &to, port, on_connected);
    if (result != ERR_OK) {
        err = result == ERR_RTE ? fail(ERR_CONNECTION_TIMEOUT,
                                       "there is no way to the server: no address or no gateway")
                                : fail(ERR_OUT_OF_HEAP, "no memory for a connection's first segment");
        goto err_start;
    }
    *stream = &t->stream;
    return 0;

err_start:
    stream_close(&t->stream);
    return err;
}

int tcp_open(struct stream **stream, uint32_t address, uint16_t port, uint64_t deadline)
{
    int err = tcp_start(stream, address, port);

    if (err < 0)
        return err;
    err = wait_connected((struct tcp_stream *)*stream, deadline);
    if (err < 0)
        stream_close(*stream);
    return err;
}
