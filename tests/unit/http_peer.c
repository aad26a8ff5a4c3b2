// The scripted web server of http_peer.h. Each piece that peek() shows lies in a heap block of exactly its
// size that goes away when it is consumed: the address sanitizer sees every byte read too far or too late.
#include "lib/err.h"               // fail
#include "lib/clock.h"             // now_us
#include "tests/unit/http_peer.h"  // struct peer

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint64_t peer_clock_us;

uint64_t now_us(void)
{
    return peer_clock_us;
}

static struct peer *peer_of(struct stream *stream)
{
    return (struct peer *)((char *)stream - offsetof(struct peer, stream));
}

static const struct peer_answer *answer_of(const struct peer *peer)
{
    return &peer->answers[peer->opened - 1];
}

static void require(bool truth, const char *what)
{
    if (truth)
        return;
    fprintf(stderr, "http_peer: %s\n", what);
    abort();
}

static int peer_send(struct stream *stream, const void *data, size_t length, uint64_t deadline)
{
    struct peer *peer = peer_of(stream);
    char *request = peer->requests[peer->opened - 1];
    require(deadline > now_us(), "send with a deadline that has passed");
    require(strlen(request) + length < HTTP_REQUEST_MAX, "request too long");
    strncat(request, data, length);
    return answer_of(peer)->send_error;
}

static long at_end(enum peer_end end, uint64_t deadline)
{
    switch (end) {
    case PEER_CLOSES:
        return 0;
    case PEER_RESETS:
        return fail(ERR_CONNECTION_RESET, "peer reset");
    case PEER_CANCELS:
        return fail(ERR_CANCELLED, "key pressed");
    default:
        peer_clock_us = deadline;
        return fail(ERR_STALLED, "peer stalls");
    }
}

static long peer_peek(struct stream *stream, const uint8_t **data, uint64_t deadline)
{
    struct peer *peer = peer_of(stream);
    const struct peer_answer *answer = answer_of(peer);
    size_t left = answer->length - peer->at;

    require(deadline > peer_clock_us, "peek with a deadline that has passed");
    if (!peer->shown && left == 0)
        return at_end(answer->end, deadline);
    if (!peer->shown) {
        uint64_t arrival = peer_clock_us + answer->piece_ms * 1000ull;
        peer_clock_us = arrival < deadline ? arrival : deadline;
        if (arrival > deadline)
            return fail(ERR_STALLED, "peer is slow");
        size_t length = peer->piece && peer->piece < left ? peer->piece : left;
        if (peer->split > peer->at && length > peer->split - peer->at)
            length = peer->split - peer->at;
        peer->shown = malloc(length);
        memcpy(peer->shown, answer->bytes + peer->at, length);
        peer->shown_length = length;
        peer->shown_used = 0;
    }
    *data = peer->shown + peer->shown_used;
    return (long)(peer->shown_length - peer->shown_used);
}

// Time passes in peek() only.
static bool peer_ready(struct stream *stream)
{
    struct peer *peer = peer_of(stream);
    const struct peer_answer *answer = answer_of(peer);

    if (peer->at < answer->length || peer->shown)
        return peer->shown || answer->piece_ms == 0;
    return answer->end != PEER_STALLS;
}

static void peer_consume(struct stream *stream, size_t length)
{
    struct peer *peer = peer_of(stream);
    if (length == 0)
        return;
    require(peer->shown && length <= peer->shown_length - peer->shown_used, "more consumed than shown");
    peer->shown_used += length;
    peer->at += length;
    if (peer->shown_used == peer->shown_length) {
        free(peer->shown);
        peer->shown = NULL;
    }
}

static void peer_close(struct stream *stream)
{
    struct peer *peer = peer_of(stream);
    peer->closed++;
    require(peer->closed == peer->opened, "closed twice");
    free(peer->shown);
    peer->shown = NULL;
}

static int peer_connect(void *ctx, const struct url *url, struct stream **stream)
{
    struct peer *peer = ctx;
    require(peer->opened == peer->closed, "two connections at once");
    if (peer->opened == peer->count)
        return fail(ERR_CONNECTION_REFUSED, "the script has no answer %u", peer->opened);
    url_host_header(url, peer->hosts[peer->opened], sizeof peer->hosts[0]);
    int err = peer->answers[peer->opened].connect_error;
    if (err)
        return fail(err, "scripted");
    peer->requests[peer->opened][0] = '\0';
    peer->opened++;
    peer->at = 0;
    peer->stream = (struct stream){peer_send, peer_peek, peer_ready, peer_consume, peer_close};
    *stream = &peer->stream;
    return 0;
}

static struct peer_sink *sink_of(struct sink *sink)
{
    return (struct peer_sink *)((char *)sink - offsetof(struct peer_sink, sink));
}

static int sink_begin(struct sink *base, uint64_t length)
{
    struct peer_sink *sink = sink_of(base);
    require(sink->writes == 0 && sink->finishes == 0, "begin after a write or finish of the same answer");
    sink->begins++;
    require(sink->begins == 1, "begin twice");
    sink->announced = length;
    sink->length = 0;
    sink->at_begin = sink->peer->at;
    return sink->begin_error ? fail(sink->begin_error, "scripted begin") : 0;
}

static int sink_write(struct sink *base, uint64_t offset, const void *data, size_t length)
{
    struct peer_sink *sink = sink_of(base);
    const struct peer *peer = sink->peer;
    const uint8_t *bytes = data;
    if (sink->begins == 0 && sink->writes == 0)
        sink->length = sink->resumed_at;
    require(sink->begins > 0 || sink->resumed_at > 0, "write without begin");
    require(sink->finishes == 0, "write after finish");
    require(length > 0, "empty write");
    require(offset == sink->length, "write with a gap or overlap");
    require(peer->shown && bytes >= peer->shown + peer->shown_used &&
                bytes + length <= peer->shown + peer->shown_length,
            "write of bytes that do not lie in the stream");
    sink->writes++;
    if (sink->write_error && sink->length + length >= sink->write_fails_at)
        return fail(sink->write_error, "scripted write");
    require(offset + length <= sizeof sink->bytes, "test sink too small");
    memcpy(sink->bytes + offset, bytes, length);
    sink->length += length;
    return 0;
}

static int sink_finish(struct sink *base, uint64_t length)
{
    struct peer_sink *sink = sink_of(base);
    if (sink->begins == 0 && sink->writes == 0)
        sink->length = sink->resumed_at;
    require(sink->finishes == 0, "finish twice");
    require(length == sink->length, "finish with another length than was written");
    sink->finishes++;
    sink->finished_length = length;
    return sink->finish_error ? fail(sink->finish_error, "scripted finish") : 0;
}

void peer_attach(struct http_get *get, struct peer *peer, struct peer_sink *sink)
{
    sink->sink = (struct sink){sink_begin, sink_write, sink_finish, NULL};
    sink->peer = peer;
    get->sink = &sink->sink;
    get->connect = peer_connect;
    get->ctx = peer;
    get->timeout_ms = 1000;
}

const char *peer_check(const struct peer *peer)
{
    if (peer->opened != peer->closed)
        return "a connection was not closed";
    return peer->shown ? "a piece is still shown" : NULL;
}
