// The sinks of several connections over one sink that wants its bytes in order: what is next goes straight
// through, what is early goes to its place and is handed on from there.
#include "net/parallel_lane.h"  // struct engine

#include <string.h>

#include "kernel/profile.h"  // profile_enter
#include "lib/err.h"         // fail

#define PIECE_MAX (256u * 1024)  // handed on at a time: a digest over it takes a millisecond or less

static struct lane *lane_of(struct sink *sink)
{
    return (struct lane *)(void *)sink;
}

static int lane_begin(struct sink *sink, uint64_t length)
{
    struct lane *lane = lane_of(sink);
    struct engine *e = lane->engine;

    if (e->many)
        return fail(ERR_UNSUPPORTED, "the server sends the whole instead of a part");
    e->front = 0;
    return e->below->begin(e->below, length);
}

// The first connection while it is alone.
static int write_alone(struct engine *e, uint64_t offset, const void *data, size_t length)
{
    int err = e->below->write(e->below, offset, data, length);

    if (err == 0)
        e->front = offset + length;
    return err;
}

// Bytes ahead of their turn, to where they belong.
static int store(struct engine *e, uint64_t offset, const void *data, size_t length)
{
    profile_enter(PROFILE_SINK);
    uint8_t *to = e->below->room(e->below, offset, length);
    if (to != NULL)
        memcpy(to, data, length);
    profile_leave();
    if (to == NULL)
        return fail(ERR_NOT_ENOUGH_MEMORY, "there is no room for byte %llu", (unsigned long long)offset);
    e->image = to - offset;
    return 0;
}

static int lane_write(struct sink *sink, uint64_t offset, const void *data, size_t length)
{
    struct lane *lane = lane_of(sink);
    struct engine *e = lane->engine;
    int err;

    e->measure_bytes += length;
    if (!e->many)
        return write_alone(e, offset, data, length);
    struct span *span = spans_of(&e->spans, lane->number);
    if (span == NULL || offset != span->at || length > span->until - span->at)
        return fail(ERR_INVALID_RESPONSE, "byte %llu came, which was not asked for",
                    (unsigned long long)offset);
    if (span == &e->spans.span[0] && offset == e->front) {
        err = e->below->write(e->below, offset, data, length);
        e->front += err == 0 ? length : 0;
    } else {
        err = store(e, offset, data, length);
    }
    if (err < 0) {
        e->fatal = err;
        return err;
    }
    span->at += length;
    lane->brought += length;
    return 0;
}

// The end of one part is not the end of all: parallel.c finishes the sink below.
static int lane_finish(struct sink *sink, uint64_t length)
{
    struct engine *e = lane_of(sink)->engine;

    return e->many ? 0 : e->below->finish(e->below, length);
}

void lanes_init(struct engine *e, struct http_get *get, struct parallel *options)
{
    e->get = get;
    e->options = options;
    e->below = get->sink;
    e->front = get->offset;
    e->wanted = 1;
    for (unsigned i = 0; i < LANES; i++) {
        struct lane *lane = &e->lanes[i];
        lane->sink = (struct sink){lane_begin, lane_write, lane_finish, NULL};
        lane->engine = e;
        lane->number = i;
        lane->get = i == 0 ? get : &e->more[i - 1];
    }
    get->sink = &e->lanes[0].sink;
}

int lanes_advance(struct engine *e, bool *busy)
{
    spans_join(&e->spans);
    uint64_t ready = spans_front(&e->spans) - e->front;
    if (ready == 0)
        return 0;
    size_t piece = ready < PIECE_MAX ? (size_t)ready : PIECE_MAX;
    int err = e->below->write(e->below, e->front, e->image + e->front, piece);
    if (err < 0)
        return err;
    e->front += piece;
    *busy = true;
    return 0;
}

bool lanes_complete(const struct engine *e)
{
    return e->front == e->total && spans_all_here(&e->spans);
}
