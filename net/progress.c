// Progress of a download: bytes, time since the first one, rate over the last four seconds. The rate is
// taken from samples, so that a stall shows within seconds and a resume does not count what was there.

#include "net/progress.h"  // struct progress_sink

#include <string.h>

#include "lib/clock.h"  // now_us

#define TELL_INTERVAL_US 250000
#define LOOK_BYTES 16384u  // between looks at the clock
#define US_PER_S 1000000ull

static uint64_t rate(const struct progress_sink *p, uint64_t now)
{
    unsigned oldest = p->sample_count > PROGRESS_SAMPLES ? p->sample_count - PROGRESS_SAMPLES : 0;
    uint64_t us, bytes;

    if (p->sample_count == 0)
        return 0;
    oldest &= PROGRESS_SAMPLES - 1;
    us = now - p->samples[oldest].us;
    bytes = p->done + p->ahead - p->samples[oldest].done;
    return us > 0 ? bytes * US_PER_S / us : 0;
}

static void sample(struct progress_sink *p, uint64_t now)
{
    p->samples[p->sample_count & (PROGRESS_SAMPLES - 1)].us = now;
    p->samples[p->sample_count & (PROGRESS_SAMPLES - 1)].done = p->done + p->ahead;
    p->sample_count++;
}

static void tell(struct progress_sink *p, uint64_t now)
{
    struct download_progress figures = {
        .done = p->done + p->ahead,
        .total = p->total,
        .elapsed_us = now - p->start_us,
        .bytes_per_s = rate(p, now),
    };

    p->next_us = now + TELL_INTERVAL_US;
    sample(p, now);
    if (p->tell != NULL)
        p->tell(p->ctx, &figures);
}

void progress_tick(struct progress_sink *p)
{
    uint64_t now = now_us();

    p->unlooked = 0;
    if (p->start_us != 0 && now >= p->next_us)
        tell(p, now);
}

static int progress_begin(struct sink *sink, uint64_t length)
{
    struct progress_sink *p = (struct progress_sink *)sink;

    p->done = p->ahead = 0;
    p->total = length;
    p->start_us = 0;
    p->sample_count = 0;
    return p->below->begin(p->below, length);
}

static bool was_ahead(const struct progress_sink *p, uint64_t offset, const void *data, size_t length)
{
    return p->ahead >= length && p->below->room(p->below, offset, length) == data;
}

static int progress_write(struct sink *sink, uint64_t offset, const void *data, size_t length)
{
    struct progress_sink *p = (struct progress_sink *)sink;
    int err;

    if (p->start_us == 0) {
        p->start_us = now_us();
        p->next_us = p->start_us + TELL_INTERVAL_US;
        sample(p, p->start_us);
    }
    err = p->below->write(p->below, offset, data, length);
    if (err < 0)
        return err;
    p->done = offset + length;
    if (p->ahead > 0 && was_ahead(p, offset, data, length))
        p->ahead -= length;
    // Looking at the clock for every piece would cost as much as the piece.
    p->unlooked += length;
    if (p->unlooked >= LOOK_BYTES)
        progress_tick(p);
    return 0;
}

// Bytes before their turn count as soon as they are here; write() must not count them again.
static void *progress_room(struct sink *sink, uint64_t offset, size_t length)
{
    struct progress_sink *p = (struct progress_sink *)sink;
    void *room = p->below->room != NULL ? p->below->room(p->below, offset, length) : NULL;

    if (room != NULL)
        p->ahead += length;
    return room;
}

void progress_forget_ahead(struct progress_sink *p)
{
    p->ahead = 0;
}

static int progress_finish(struct sink *sink, uint64_t length)
{
    struct progress_sink *p = (struct progress_sink *)sink;

    p->total = length;
    // The last line says 100 %.
    if (p->start_us != 0)
        tell(p, now_us());
    return p->below->finish(p->below, length);
}

void progress_sink_init(struct progress_sink *p, struct sink *below,
                        void (*tell_figures)(void *ctx, const struct download_progress *p), void *ctx)
{
    memset(p, 0, sizeof(*p));
    p->sink = (struct sink){ progress_begin, progress_write, progress_finish, progress_room };
    p->below = below;
    p->tell = tell_figures;
    p->ctx = ctx;
}
