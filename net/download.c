// The download: which mirror is asked next, what an error means for it, where a resume goes on.
// Spec: RFC 9110 13.1.5 and 14 (If-Range, ranges). Not handled: parts from several mirrors.

#include "net/download.h"  // download_run

#include <string.h>

#include "kernel/memory.h"      // kcalloc
#include "kernel/profile.h"     // profile_enter
#include "lib/clock.h"          // now_us
#include "lib/err.h"            // fail
#include "lib/log.h"            // log_warn
#include "net/digest_sink.h"    // digest_sink_init
#include "net/http/http.h"      // http_get
#include "net/http/status.h"    // http_status_is_temporary
#include "net/parallel.h"       // parallel_get
#include "net/poll.h"           // stack_wait
#include "net/progress.h"       // progress_sink_init

#define BACKOFF_FIRST_S 1u
#define BACKOFF_MAX_S 30u
#define WORTH_BYTES (1u << 20)  // an attempt that brings so much is no reason to give up
#define PACE_AFTER_US 2000000u  // a backend's rate is judged after that
#define PACE_BYTES_S 25000000u  // slower than any of our own drivers on gigabit
#define YIELD_MS 8000u
#define PACE_WORTH_S 6u         // nor for a rest that takes less than about what changing takes

// What an error says about the mirror it came from. What is not listed is worth another attempt.
enum cure { REPEAT, DROP_MIRROR, GIVE_UP };

static const struct {
    int err;
    enum cure cure;
} cures[] = {
    { ERR_CANCELLED, GIVE_UP },
    { ERR_OUT_OF_HEAP, GIVE_UP },
    { ERR_NOT_ENOUGH_MEMORY, DROP_MIRROR },
    { ERR_URL_INVALID, DROP_MIRROR },
    { ERR_SCHEME_UNSUPPORTED, DROP_MIRROR },
    { ERR_UNSUPPORTED, DROP_MIRROR },
    { ERR_TOO_MANY_REDIRECTS, DROP_MIRROR },
    { ERR_DIGEST_MISMATCH, DROP_MIRROR },
    { ERR_HTTP_STATUS, DROP_MIRROR },  // but see cure_of()
};

struct run {
    struct download *d;
    struct sink door;             // what http_get() writes to; knows about resumes
    struct sink *chain;           // digest, progress, place: sees one body from byte 0 to its end
    struct digest_sink digest;
    struct progress_sink progress;
    struct url url;
    struct http_get get;
    unsigned mirror, tried;       // index in use, and how many were used at least once
    bool dropped[DOWNLOAD_URLS_MAX];
    bool whole[DOWNLOAD_URLS_MAX];  // asked from byte 0 next: its answer to a Range made no sense
    uint64_t have, total;         // bytes in place, and of the whole
    uint64_t reached;             // the most there ever were in place
    unsigned source;              // mirror the bytes in place came from
    char validator[HTTP_VALIDATOR_MAX];
    bool ranges, resumed;         // source serves ranges; the bytes in place came in several pieces
    bool alone;                   // they did not fit together: one connection from now on
    uint64_t wait_us;             // DNS and connect of this attempt
    uint64_t handshake_us;        // how long the last connection took to stand
    bool ipv6;                   // the server is reached over IPv6
    uint64_t first_us, first_at;  // when this attempt's first byte came, 0 before, and which one that was
    bool may_yield;               // there is a backend to leave this one for
    bool too_slow;                // ... and it is to be left
};

// ---- the door: one body for the sinks below, whatever pieces it comes in ----------------------------

static struct run *run_of(struct sink *door)
{
    return (struct run *)(void *)((char *)door - offsetof(struct run, door));
}

// A part that goes on where the last ended comes without begin(); with it, all comes from byte 0.
static int door_begin(struct sink *door, uint64_t length)
{
    struct run *r = run_of(door);

    r->have = 0;
    r->total = length;
    r->resumed = false;
    return r->chain->begin(r->chain, length);
}

static const struct backend *backend_of(const struct run *r)
{
    return r->d->backends != NULL ? backends_current(r->d->backends) : &stack_backend;
}

// What a backend must offer for what is asked for now, after redirects.
static unsigned needs_of(const struct run *r)
{
    // A name that leads to IPv6 here leads nowhere without it.
    return backend_needs(r->get.final_url.host[0] != '\0' ? &r->get.final_url : &r->url) |
           (r->ipv6 ? BACKEND_IPV6 : 0);
}

static bool can_leave(const struct run *r)
{
    return r->d->backends != NULL && backends_more(r->d->backends, needs_of(r));
}

// A backend that is slow by nature is left when the rest would take much longer than changing to another one.
static int judge_pace(struct run *r)
{
    uint64_t now, spent, rate;

    if (!backend_of(r)->yields)
        return 0;
    now = now_us();
    if (r->first_us == 0) {
        r->first_us = now;
        r->first_at = r->have;
        r->may_yield = can_leave(r);
    }
    spent = now - r->first_us;
    if (!r->may_yield || spent < PACE_AFTER_US)
        return 0;
    rate = (r->have - r->first_at) * 1000000 / spent;
    if (rate >= PACE_BYTES_S || (r->total != SINK_LENGTH_UNKNOWN && r->total - r->have < rate * PACE_WORTH_S))
        return 0;
    r->too_slow = true;
    return fail(ERR_STALLED, "it is slow, only %lu KB/s", rate / 1000);
}

static int door_write(struct sink *door, uint64_t offset, const void *data, size_t length)
{
    struct run *r = run_of(door);
    int err;

    if (offset != r->have)
        return fail(ERR_INVALID_RESPONSE, "byte %lu came where byte %lu was due", offset, r->have);
    err = judge_pace(r);
    if (err < 0)
        return err;
    profile_enter(PROFILE_SINK);
    err = r->chain->write(r->chain, offset, data, length);
    profile_leave();
    if (err == 0)
        r->have += length;
    return err;
}

static void *door_room(struct sink *door, uint64_t offset, size_t length)
{
    struct run *r = run_of(door);

    return r->chain->room(r->chain, offset, length);
}

static int door_finish(struct sink *door, uint64_t length)
{
    struct run *r = run_of(door);

    if (length != r->have)
        return fail(ERR_BODY_TRUNCATED, "%lu of %lu bytes came", r->have, length);
    return r->chain->finish(r->chain, length);
}

// ---- one attempt ------------------------------------------------------------------------------------

// A further connection of a download that runs: it does not wait for the server.
static int connect_soon(void *ctx, const struct url *url, struct stream **stream)
{
    struct run *r = ctx;

    return backend_of(r)->connect_soon(url, r->d->timeout_ms, stream);
}

static int connect_to(void *ctx, const struct url *url, struct stream **stream)
{
    struct run *r = ctx;
    struct backend_times times = {0};
    uint64_t start = now_us();

    // Name and server may each take the whole of timeout=: say what is waited for.
    const char *open = url->host_is_ipv6 ? "[" : "", *close = url->host_is_ipv6 ? "]" : "";
    log_info("connecting to %s%s%s:%u", open, url->host, close, url->port);
    int err = backend_of(r)->connect(url, r->d->timeout_ms, stream, &times);
    r->ipv6 = times.ipv6;
    r->handshake_us = times.connect_us;
    r->d->dns_us += times.dns_us;
    r->d->connect_us += times.connect_us;
    r->wait_us += now_us() - start;
    return err;
}

// Going on needs a server that serves ranges, and the certainty that it is the same image: the validator of
// the server it began with, or the digest that is checked in the end.
static bool can_resume(const struct run *r)
{
    if (r->have == 0 || !r->ranges || r->whole[r->mirror] || r->total == SINK_LENGTH_UNKNOWN)
        return false;
    return r->d->sha256 != NULL || (r->source == r->mirror && r->validator[0] != '\0');
}

static int attempt(struct run *r)
{
    const char *text = r->d->urls[r->mirror];
    bool resume = can_resume(r);
    const struct backend *backend = backend_of(r);
    struct parallel parallel = {
        .connections = backend->connect_soon == NULL || r->alone ? 1 : r->d->connections,
        .verified = r->d->sha256 != NULL,
        .connect = connect_soon,
        .handshake_us = &r->handshake_us,
    };
    uint64_t start;
    int err = url_parse(&r->url, text, strlen(text));

    if (err < 0)
        return err;
    memset(&r->get, 0, sizeof(r->get));
    r->get.url = &r->url;
    r->get.sink = &r->door;
    r->get.connect = connect_to;
    r->get.ctx = r;
    r->get.timeout_ms = r->d->timeout_ms;
    // One that is to be left when it is slow is not waited for as long as one that nothing follows.
    if (backend->yields && r->get.timeout_ms > YIELD_MS &&
        backends_more(r->d->backends, backend_needs(&r->url)))
        r->get.timeout_ms = YIELD_MS;
    r->get.https = (backend->offers & BACKEND_HTTPS) != 0;
    r->get.offset = resume ? r->have : 0;
    if (resume && r->source == r->mirror)
        r->get.validator = r->validator;
    r->get.known_length = resume ? r->total : SINK_LENGTH_UNKNOWN;
    r->d->attempts++;
    r->wait_us = 0;
    r->first_us = 0;
    r->too_slow = false;
    start = now_us();
    err = parallel_get(&r->get, &parallel);
    progress_forget_ahead(&r->progress);
    if (parallel.used > r->d->connections_used)
        r->d->connections_used = parallel.used;
    r->d->transfer_us += now_us() - start - r->wait_us;

    if (r->get.received > 0 && resume && !r->get.restarted) {
        r->resumed = true;
        r->d->resumes++;
    }
    r->resumed |= parallel.used > 1;
    if (r->get.received > 0) {
        r->source = r->mirror;
        r->whole[r->mirror] = false;
        r->ranges = r->get.accepts_ranges;
        memcpy(r->validator, r->get.etag, sizeof(r->validator));
    }
    return err;
}

// ---- what next --------------------------------------------------------------------------------------

// The answer to a Range request made no sense; the one to a request for the whole may. A status does make
// sense, and for 416 the HTTP client itself has asked for the whole.
static bool range_misread(const struct run *r, int err)
{
    bool refused = r->get.offset > 0 && r->get.received == 0;

    return refused && (err == ERR_INVALID_RESPONSE || err == ERR_UNSUPPORTED);
}

static enum cure cure_of(const struct run *r, int err)
{
    if (range_misread(r, err))
        return REPEAT;
    if (err == ERR_HTTP_STATUS && http_status_is_temporary(fail_http_code()))
        return REPEAT;
    // Pieces of several answers may not have fitted together; one answer may.
    if (err == ERR_DIGEST_MISMATCH && r->resumed)
        return REPEAT;
    for (unsigned i = 0; i < sizeof(cures) / sizeof(cures[0]); i++)
        if (cures[i].err == err)
            return cures[i].cure;
    return REPEAT;
}

// What another backend may do better: being fast, connecting, keeping a connection, TLS. A server's "no" is
// the same over each of them.
static bool leaves_backend(const struct run *r, int err, enum cure cure)
{
    bool wanted = r->too_slow || err == ERR_SCHEME_UNSUPPORTED || err == ERR_UNSUPPORTED ||
                  (err == ERR_NOT_ENOUGH_MEMORY && backend_of(r)->shares_ram) ||
                  (cure == REPEAT && err != ERR_HTTP_STATUS && err != ERR_DIGEST_MISMATCH);

    return wanted && can_leave(r);
}

// Moves to the next mirror that was not dropped; stays when it is the only one. False: none is left.
static bool next_mirror(struct run *r, unsigned count)
{
    for (unsigned i = 1; i <= count; i++) {
        unsigned m = (r->mirror + i) % count;
        if (r->dropped[m])
            continue;
        r->mirror = m;
        return true;
    }
    return false;
}

static int back_off(struct run *r, unsigned seconds)
{
    uint64_t deadline = deadline_ms(seconds * 1000ull);
    int err;

    while (!deadline_passed(deadline)) {
        err = stack_wait();
        if (err < 0)
            return err;
        progress_tick(&r->progress);
    }
    return 0;
}

static void prepare(struct run *r, struct download *d)
{
    r->d = d;
    r->door = (struct sink){ door_begin, door_write, door_finish,
                             d->place->room != NULL ? door_room : NULL };
    r->total = SINK_LENGTH_UNKNOWN;
    progress_sink_init(&r->progress, d->place, d->progress, d->ctx);
    r->chain = &r->progress.sink;
    if (d->sha256 != NULL) {
        digest_sink_init(&r->digest, r->chain, d->sha256);
        r->digest.place = d->place;
        r->chain = &r->digest.sink;
    }
    d->attempts = d->resumes = d->connections_used = 0;
    d->dns_us = d->connect_us = d->transfer_us = d->verify_us = 0;
    d->digest_checked = false;
    d->final_url[0] = '\0';
}

static void report(struct run *r, int err)
{
    struct download *d = r->d;

    if (r->get.final_url.host[0] != '\0')
        url_format(&r->get.final_url, d->final_url, sizeof(d->final_url));
    d->length = r->have;
    d->verify_us = d->sha256 != NULL ? r->digest.spent_us : 0;
    if (d->sha256 != NULL && (err == 0 || err == ERR_DIGEST_MISMATCH)) {
        memcpy(d->digest, r->digest.digest, sizeof(d->digest));
        d->digest_checked = err == 0 && r->digest.matched;
    }
}

// One attempt after the other until one succeeds or none is left.
static int run_all(struct run *r)
{
    unsigned count = r->d->url_count < DOWNLOAD_URLS_MAX ? r->d->url_count : DOWNLOAD_URLS_MAX;
    unsigned repeats = 0, wait_s = BACKOFF_FIRST_S;

    for (;;) {
        int err = attempt(r), stop;
        enum cure cure = err < 0 ? cure_of(r, err) : GIVE_UP;

        if (r->tried < r->mirror + 1)
            r->tried = r->mirror + 1;
        r->whole[r->mirror] |= range_misread(r, err);
        // Another mirror's turn to send the whole comes when the source of what is in place was asked again.
        if (range_misread(r, err) && r->source == r->mirror) {
            log_warn("the server does not go on at byte %lu (%s): from the start", r->have, fail_detail());
            continue;
        }
        if (cure == GIVE_UP)
            return err;
        if (leaves_backend(r, err, cure)) {
            err = backends_next(r->d->backends, r->too_slow ? 0 : err, needs_of(r));
            if (err < 0)
                return err;
            continue;
        }
        if (err == ERR_DIGEST_MISMATCH) {
            r->have = 0;
            r->alone |= r->resumed;
        }
        // Not `received`: a server without ranges sends the same bytes again and again.
        if (r->have >= r->reached + WORTH_BYTES) {
            r->reached = r->have;
            repeats = 0;
            wait_s = BACKOFF_FIRST_S;
        }

        // The server that delivered is the first choice for the rest; else it is the next one's turn.
        r->dropped[r->mirror] = cure == DROP_MIRROR;
        if ((cure == DROP_MIRROR || r->get.received == 0) && !next_mirror(r, count))
            return err;
        if (r->mirror >= r->tried) {
            log_warn("%s: %s: trying the next mirror", err_name(err), fail_detail());
            continue;
        }
        if (repeats++ == r->d->retries)
            return err;
        log_warn("%s: %s: trying again in %u s", err_name(err), fail_detail(), wait_s);
        stop = back_off(r, wait_s);
        if (stop < 0)
            return stop;
        wait_s = wait_s * 2 < BACKOFF_MAX_S ? wait_s * 2 : BACKOFF_MAX_S;
    }
}

int download_run(struct download *download)
{
    struct run *r;
    int err;

    if (download->url_count == 0)
        return fail(ERR_NO_URL, "there is nothing to download");
    // Too large for the stack: URLs are.
    r = kcalloc(1, sizeof(*r));
    if (r == NULL)
        return fail(ERR_OUT_OF_HEAP, "no memory for the download's own data");
    prepare(r, download);
    err = run_all(r);
    report(r, err);
    kfree(r);
    return err;
}
