// The body of an answer into the sink, by its framing. Spec: RFC 9112 6.3 (length), 7.1 (chunked), 8
// (incomplete messages). Not handled: trailers' contents.
#include "net/http/work.h"  // http_body

#include <stdio.h>

#include "lib/clock.h"         // deadline_ms
#include "lib/err.h"           // fail
#include "net/http/chunked.h"  // http_chunked_take
#include "net/http/status.h"   // HTTP_PARTIAL_CONTENT

const char *http_so_far(const struct http_get *get, char *out, size_t size)
{
    const struct http_work *w = &get->work;
    unsigned long long have = w->base + get->received;
    if (w->wanted == SINK_LENGTH_UNKNOWN)
        snprintf(out, size, "got %llu bytes", have);
    else
        snprintf(out, size, "got %llu of %llu bytes", have, (unsigned long long)(w->base + w->wanted));
    return out;
}

// The next bytes of the body: > 0 and *data, 0 at the end of the stream, or an error.
static long next_bytes(const struct http_get *get, const uint8_t **data)
{
    char so_far[64];
    struct stream *stream = get->work.stream;
    // Looking at the clock for every piece would cost more than the piece.
    uint64_t deadline = stream->ready(stream) ? UINT64_MAX : deadline_ms(get->timeout_ms);
    long got = stream->peek(stream, data, deadline);
    if (got == ERR_STALLED)
        return fail(ERR_STALLED, "nothing came for %u ms, %s", get->timeout_ms,
                    http_so_far(get, so_far, sizeof so_far));
    if (got == ERR_CONNECTION_RESET)
        return fail(ERR_CONNECTION_RESET, "the server broke off, %s",
                    http_so_far(get, so_far, sizeof so_far));
    return got;
}

static int write_piece(struct http_get *get, const uint8_t *data, size_t length)
{
    int err = get->sink->write(get->sink, get->work.base + get->received, data, length);
    if (!err)
        get->received += length;
    return err;
}

static int truncated(const struct http_get *get)
{
    char so_far[64];
    return fail(ERR_BODY_TRUNCATED, "%s", http_so_far(get, so_far, sizeof so_far));
}

// True when no byte behind those that came is wanted: the caller's part ends here.
static bool reached_until(const struct http_get *get)
{
    return get->until != 0 && get->work.base + get->received >= get->until;
}

// The body is complete as it was framed: is the whole?
static int complete(struct http_get *get)
{
    if (reached_until(get))
        return HTTP_DONE;
    uint64_t end = get->work.base + get->received;
    if (get->status == HTTP_PARTIAL_CONTENT && end < get->length) {
        get->work.wanted = get->length - get->work.base;
        return truncated(get);
    }
    int err = get->sink->finish(get->sink, end);
    return err ? err : HTTP_DONE;
}

// How many of `piece` bytes are wanted: none behind `until`, and no more than the answer is to have.
static size_t wanted_of(const struct http_get *get, size_t piece)
{
    uint64_t here = get->work.base + get->received, left = get->work.wanted - get->received;

    if (get->until != 0 && get->until - here < left)
        left = get->until - here;
    return piece < left ? piece : (size_t)left;
}

// A body by length or until close.
static int take_plain(struct http_get *get)
{
    const uint8_t *data;
    struct http_work *w = &get->work;

    if (get->received >= w->wanted || reached_until(get))
        return complete(get);
    long got = next_bytes(get, &data);
    if (got < 0)
        return (int)got;
    if (got == 0)
        return w->wanted == SINK_LENGTH_UNKNOWN ? complete(get) : truncated(get);
    size_t length = wanted_of(get, (size_t)got);
    int err = write_piece(get, data, length);
    if (err)
        return err;
    w->stream->consume(w->stream, length);
    // Not at the next call: that would wait for a byte that need not come.
    return get->received >= w->wanted || reached_until(get) ? complete(get) : 0;
}

// Decodes data[length]. 1 at the end of the coding or of what is wanted, 0 to go on, or an error.
static int decode_chunks(struct http_get *get, const uint8_t *data, size_t length)
{
    while (length > 0) {
        size_t used, piece;
        int end = http_chunked_take(&get->work.chunked, data, length, &used, &piece);
        if (end < 0)
            return end;
        size_t fits = wanted_of(get, piece);
        int err = fits > 0 ? write_piece(get, data + used - piece, fits) : 0;
        if (err)
            return err;
        if (reached_until(get))
            return 1;
        if (piece > fits)
            return fail(ERR_INVALID_RESPONSE,
                        "the answer is longer than the %llu bytes its Content-Range says",
                        (unsigned long long)get->work.wanted);
        if (end)
            return 1;
        data += used;
        length -= used;
    }
    return 0;
}

static int take_chunked(struct http_get *get)
{
    const uint8_t *data;
    if (reached_until(get))
        return complete(get);
    long got = next_bytes(get, &data);
    if (got < 0)
        return (int)got;
    if (got == 0)
        return truncated(get);
    int end = decode_chunks(get, data, (size_t)got);
    if (end < 0)
        return end;
    get->work.stream->consume(get->work.stream, (size_t)got);
    return end ? complete(get) : 0;
}

int http_body(struct http_get *get)
{
    return get->work.framing == HTTP_CHUNKED ? take_chunked(get) : take_plain(get);
}
