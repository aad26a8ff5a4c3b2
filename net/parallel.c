// Several connections for one body (contract: net/parallel.h). The first, the caller's own http_get, begins
// alone. When its rate is known and the way is long, what is left is cut into spans, one a connection: a new
// connection takes the second half of the largest span, and the first one's end is moved before it. Each
// doubling must pay, or it was the last. Spec: RFC 9110 14 (ranges). Not handled: parts from several mirrors.

#include "net/parallel.h"  // parallel_get

#include <string.h>

#include "kernel/memory.h"    // kcalloc
#include "lib/clock.h"        // now_us
#include "lib/err.h"          // fail
#include "lib/log.h"          // log_info
#include "net/parallel_lane.h"  // struct lane
#include "net/poll.h"           // stack_attend
#include "net/spans.h"          // spans_split

#define LONG_WAY_US 4000      // a shorter way is filled by one connection, whatever is lost
#define MEASURE_US 1000000    // of each rate
#define SETTLE_US 500000      // before it: a new connection begins slowly
#define WAITING_SHARE 4       // a quarter of the time, at least, must have gone into waiting
#define GAIN_PERCENT 20       // what a doubling must bring, and fewer more connections in proportion
#define AGAIN_US 10000000     // after which more are tried again
#define PART_MIN (1u << 20)   // a smaller part is not worth a connection
#define LOOK_BYTES (64u * 1024)  // between looks at the clock while there is one connection
#define STEPS_PER_TURN 64     // pieces taken from one connection before the next one's turn
#define REFUSALS_MAX 3        // connections in a row that brought next to nothing
#define REFUSED_WAIT_US 1000000

// ---- the rate, and how many connections it is worth ---------------------------------------------------

static void measure_from(struct engine *e, uint64_t start)
{
    e->measure_start = start;
    e->measure_bytes = e->look_at = e->waited_us = 0;
}

// True once a second's worth has been measured; *rate in bytes per second.
static bool measured(struct engine *e, uint64_t now, uint64_t *rate)
{
    if (now < e->measure_start) {
        measure_from(e, e->measure_start);
        return false;
    }
    if (now - e->measure_start < MEASURE_US)
        return false;
    *rate = e->measure_bytes * 1000000 / (now - e->measure_start);
    return true;
}

// The present number of connections is kept for a while. What limits may change: a first second without a
// loss says little about the rest.
static void settle(struct engine *e, uint64_t rate)
{
    if (e->wanted != e->told)
        log_info("download: connections at a time: %u, %llu KB/s", e->wanted,
                 (unsigned long long)rate / 1000);
    e->told = e->wanted;
    e->baseline = true;
    measure_from(e, now_us() + AGAIN_US);
}

// Tries twice as many, or as many more as are allowed.
static void try_more(struct engine *e, uint64_t rate)
{
    e->best_rate = rate;
    e->fewer = e->wanted;
    e->wanted = e->wanted * 2 < e->options->connections ? e->wanted * 2 : e->options->connections;
    if (e->wanted == e->fewer) {
        settle(e, rate);
        return;
    }
    measure_from(e, now_us() + SETTLE_US + 4 * e->first_byte_us);
}

// ---- lanes --------------------------------------------------------------------------------------------

static unsigned open_lanes(const struct engine *e)
{
    unsigned open = 0;

    for (unsigned i = 0; i < LANES; i++)
        open += e->lanes[i].open;
    return open;
}

static void close_lane(struct engine *e, struct lane *lane)
{
    struct span *span = spans_of(&e->spans, lane->number);

    http_end(lane->get);
    lane->open = false;
    if (span == NULL)
        return;
    span->lane = SPAN_FREE;
    // One that brought nothing leaves its part to the connection it was taken from, while that still can.
    struct span *before = spans_return(&e->spans, span);
    if (before != NULL)
        e->lanes[before->lane].get->until = before->until;
}

// A lane is lost. What it was to bring is free for another one; its error counts when it had brought bytes. A
// key that was pressed while it waited was meant for all.
static void lose_lane(struct engine *e, struct lane *lane, int err)
{
    log_warn("download: connection %u: %s", lane->number + 1, fail_detail());
    if (lane->brought > 0 || e->error.err == 0)
        fail_keep(&e->error, err);
    close_lane(e, lane);
    if (err == ERR_CANCELLED)
        e->fatal = err;
    // A byte or two are no reason to ask again and again without a pause.
    e->refused = lane->brought >= PART_MIN ? 0 : e->refused + 1;
    e->refused_until = now_us() + REFUSED_WAIT_US;
}

// Where the parts so far came from, and nowhere else: the name of another host would be waited for, and all
// connections with it.
static int connect_part(void *ctx, const struct url *url, struct stream **stream)
{
    const struct engine *e = ctx;

    if (strcmp(url->host, e->get->final_url.host) != 0)
        return fail(ERR_UNSUPPORTED, "a part is redirected to another host, %s", url->host);
    return e->options->connect(e->get->ctx, url, stream);
}

// Opens a connection for `span`.
static void open_lane(struct engine *e, struct lane *lane, struct span *span)
{
    struct http_get *get = lane->get;

    memset(get, 0, sizeof(*get));
    get->url = &e->get->final_url;
    get->sink = &lane->sink;
    get->connect = connect_part;
    get->ctx = e;
    get->timeout_ms = e->get->timeout_ms;
    get->https = e->get->https;
    get->offset = span->at;
    get->until = span->until;
    get->validator = e->get->etag;
    get->known_length = e->total;
    lane->brought = 0;
    lane->open = true;
    lane->heard_us = now_us();
    span->lane = lane->number;
    span->limit = span->until;
    int err = http_begin(get);
    if (err < 0)
        lose_lane(e, lane, err);
}

static struct lane *idle_lane(struct engine *e)
{
    // Not the first: its http_get is the caller's and tells how the transfer began.
    for (unsigned i = 1; i < LANES; i++)
        if (!e->lanes[i].open)
            return &e->lanes[i];
    return NULL;
}

// A span nobody works on: one that was lost, or the second half of the largest.
static struct span *find_work(struct engine *e)
{
    struct span *span = spans_free(&e->spans);

    if (span != NULL)
        return span;
    span = spans_split(&e->spans, PART_MIN);
    if (span == NULL)
        return NULL;
    // The one before it ends earlier now.
    struct span *before = span - 1;
    if (before->lane != SPAN_FREE)
        e->lanes[before->lane].get->until = before->until;
    return span;
}

// Puts connections to work while there are fewer than wanted.
static void staff(struct engine *e)
{
    unsigned open = open_lanes(e);

    if (e->refused > 0 && now_us() < e->refused_until)
        return;
    // A server that refuses more connections than these is left alone as long as these work.
    if (e->refused >= REFUSALS_MAX && open > 0)
        return;
    for (; open < e->wanted; open++) {
        struct lane *lane = idle_lane(e);
        struct span *span = lane != NULL ? find_work(e) : NULL;
        if (span == NULL)
            return;
        open_lane(e, lane, span);
        if (!lane->open)
            return;
        if (open + 1 > e->options->used)
            e->options->used = open + 1;
    }
}

// Ends the connections over the wanted number, those of the last parts first: the first part's bytes are due.
static void dismiss(struct engine *e)
{
    unsigned open = open_lanes(e);

    for (unsigned i = e->spans.count; i-- > 0 && open > e->wanted;) {
        uint32_t number = e->spans.span[i].lane;
        if (number == SPAN_FREE)
            continue;
        close_lane(e, &e->lanes[number]);
        open--;
    }
}

// Compares what the present number of connections brings with what fewer of them did.
static void judge(struct engine *e)
{
    uint64_t rate, gain;

    if (!measured(e, now_us(), &rate))
        return;
    gain = e->best_rate * GAIN_PERCENT * (e->wanted - e->fewer) / e->fewer / 100;
    if (!e->baseline && rate < e->best_rate + gain) {
        e->wanted = e->fewer;
        dismiss(e);
        settle(e, rate > e->best_rate ? rate : e->best_rate);
        return;
    }
    e->baseline = false;
    try_more(e, rate);
}

// Takes what has come over one lane. An error only when the sink or the machine ends it all.
static int work(struct engine *e, struct lane *lane, bool *busy)
{
    for (unsigned i = 0; lane->open && i < STEPS_PER_TURN && http_ready(lane->get); i++) {
        int result = http_step(lane->get);
        *busy = true;
        if (e->fatal < 0)
            return e->fatal;
        if (result < 0)
            lose_lane(e, lane, result);
        else if (result > 0) {
            close_lane(e, lane);
            e->refused = 0;  // there is room for another one now
        }
        else
            lane->heard_us = now_us();
    }
    if (lane->open && now_us() - lane->heard_us > lane->get->timeout_ms * 1000ull) {
        fail(ERR_STALLED, "nothing came for %u ms", lane->get->timeout_ms);
        lose_lane(e, lane, ERR_STALLED);
    }
    return e->fatal;
}

// ---- the two phases -----------------------------------------------------------------------------------

static int run_lanes(struct engine *e)
{
    while (!lanes_complete(e)) {
        bool busy = false;
        int err = 0;

        for (unsigned i = 0; err == 0 && i < LANES; i++)
            err = work(e, &e->lanes[i], &busy);
        if (err == 0)
            err = lanes_advance(e, &busy);
        if (err < 0)
            return err;
        judge(e);
        if (!spans_all_here(&e->spans))
            staff(e);
        if (e->fatal < 0)
            return e->fatal;
        if (open_lanes(e) == 0 && !spans_all_here(&e->spans) && e->refused >= REFUSALS_MAX)
            return fail_again(&e->error);
        if (busy)
            e->heard_us = now_us();
        else if (now_us() - e->heard_us > e->get->timeout_ms * 1000ull)
            return fail(ERR_STALLED, "nothing came for %u ms, got %llu of %llu bytes", e->get->timeout_ms,
                        (unsigned long long)e->front, (unsigned long long)e->total);
        // Busy or not: early bytes that have become contiguous may take seconds to hash.
        err = busy ? stack_attend() : stack_wait();
        if (err < 0)
            return err;
    }
    return e->below->finish(e->below, e->total);
}

// Whether the answer's head and the way to the server allow more connections than the first. A server may
// send less than the rest in one answer.
static bool allows_more(const struct engine *e)
{
    const struct http_get *get = e->get;

    return e->first_byte_us >= LONG_WAY_US && get->work.framing == HTTP_BY_LENGTH && get->accepts_ranges &&
           get->work.base + get->work.wanted == get->length && (e->options->verified || get->etag[0] != '\0');
}

// Whether what the first connection brings deserves more of them.
static bool worth_more(struct engine *e)
{
    const struct http_get *get = e->get;
    uint64_t rate;

    if (e->measure_bytes < e->look_at)
        return false;
    e->look_at = e->measure_bytes + LOOK_BYTES;
    if (!measured(e, now_us(), &rate))
        return false;
    // Whoever has no time to wait for one connection will not take more from two.
    if (e->waited_us < MEASURE_US / WAITING_SHARE) {
        measure_from(e, now_us());
        return false;
    }
    e->best_rate = rate;
    return get->length - e->front > 2 * PART_MIN && get->length - e->front > 2 * rate;
}

// http_step(), noting how long it waited. A clock that is read only then costs nothing while bytes are there.
static int step_and_time(struct engine *e)
{
    if (http_ready(e->get))
        return http_step(e->get);
    uint64_t start = now_us();
    int result = http_step(e->get);
    e->waited_us += now_us() - start;
    return result;
}

static int take_rest(struct http_get *get)
{
    int result = 0;

    while (result == 0)
        result = http_step(get);
    return result < 0 ? result : 0;
}

// The first connection alone, as http_get() would. 1 when others are to join it.
static int run_alone(struct engine *e)
{
    struct http_get *get = e->get;
    uint64_t asked;
    int result = http_begin(get);

    asked = now_us();
    while (result == 0) {
        result = step_and_time(e);
        if (result != 0)
            break;
        if (e->first_byte_us == 0) {
            e->first_byte_us = now_us() - asked;
            // A server that thinks for long is not far away, and a busy machine is rarely busy twice.
            if (*e->options->handshake_us < e->first_byte_us)
                e->first_byte_us = *e->options->handshake_us;
            measure_from(e, now_us() + SETTLE_US + 4 * e->first_byte_us);
        }
        if (!get->work.in_body)
            continue;
        // Nothing to find out: then it shall cost nothing either.
        if (!allows_more(e)) {
            get->sink = e->below;
            return take_rest(get);
        }
        if (worth_more(e))
            return 1;
    }
    return result < 0 ? result : 0;
}

static void begin_lanes(struct engine *e)
{
    e->many = true;
    e->heard_us = now_us();
    e->total = e->get->length;
    spans_init(&e->spans, e->front, e->total, 0);
    e->lanes[0].open = true;
    e->lanes[0].heard_us = now_us();
    e->lanes[0].brought = e->get->received;
    e->get->until = e->total;
    e->fewer = 1;
    e->wanted = 2;  // parallel_get() is here only when so many are allowed
    measure_from(e, now_us() + SETTLE_US + 4 * e->first_byte_us);
}

int parallel_get(struct http_get *get, struct parallel *options)
{
    struct engine *e;
    int err;

    options->used = 1;
    if (options->connections <= 1 || get->sink->room == NULL)
        return http_get(get);
    e = kcalloc(1, sizeof(*e));
    if (e == NULL)
        return http_get(get);
    lanes_init(e, get, options);
    err = run_alone(e);
    if (err == 1) {
        begin_lanes(e);
        err = run_lanes(e);
    }
    for (unsigned i = 0; i < LANES; i++)
        http_end(e->lanes[i].get);
    get->sink = e->below;
    get->until = 0;
    kfree(e);
    return err;
}
