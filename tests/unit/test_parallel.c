// net/parallel.c: several connections, one body. HTTP is played: a world of connections that bring bytes at
// their own and at a common rate, break, stall, refuse, change their minds; time is turned by hand. What must
// hold in each of them: the sink below gets every byte once, in order, and the right ones.
#include "kernel/profile.h"  // profile_push
#include "lib/clock.h"     // now_us
#include "lib/err.h"       // err_name
#include "lib/sha256.h"    // sha256_init
#include "net/digest_sink.h"  // digest_sink_init
#include "net/parallel.h"  // parallel_get
#include "net/poll.h"      // stack_wait
#include "net/progress.h"  // progress_sink_init

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#undef fail  // cmocka's; ours is a function

#define WHOLE (48u << 20)
#define CONNECTIONS_MAX 64
#define PIECE 16384u

// ---- the world ----------------------------------------------------------------------------------------

struct connection {
    struct http_get *get;
    uint64_t credit;          // bytes that have arrived and were not taken
    uint64_t open_at;         // when the answer comes
    uint64_t dies_at;         // after so many bytes, 0: does not
    uint64_t brought;
    bool closed;
};

static struct world {
    uint64_t way_us;          // from request to answer
    uint64_t handshake_us;
    uint64_t busy_us;         // what a piece costs the machine
    uint64_t hash_us;         // what a MiB costs it besides
    uint64_t each, all;       // bytes a millisecond of one connection and of all together
    unsigned refuses_from;    // connections with this number and above get an error, 0: none
    unsigned whole_from;      // ... get the whole instead of their part
    unsigned dies_from;       // ... die after a megabyte or `crumb` bytes
    uint64_t crumb;
    uint32_t timeout_ms;
    uint64_t stalls_at_us;    // nothing comes any more from then on, 0: does not
    uint64_t cancel_at_us;
    uint64_t sink_fails_at;   // write() and room() fail there
    unsigned cancels_begin, cancels_step;  // a key is pressed when this one is opened, or answers
    bool no_ranges, no_validator, no_length;
} world;

static struct connection connections[CONNECTIONS_MAX];
static unsigned opened, open_now, most_open;
static uint64_t clock_us, last_turn;
static uint64_t shared_us;              // how long several connections were open
static uint64_t looked_us, longest_us;  // when the network was looked at last, the longest time without
static uint8_t *image, *place_bytes;

uint64_t now_us(void)
{
    return clock_us += 1;
}

// A look at the network: what came since the last one is there.
int stack_attend(void)
{
    longest_us = clock_us - looked_us > longest_us ? clock_us - looked_us : longest_us;
    shared_us += open_now > 1 ? clock_us - looked_us : 0;
    looked_us = clock_us;
    if (world.cancel_at_us != 0 && clock_us > world.cancel_at_us)
        return fail(ERR_CANCELLED, "key");
    if (world.stalls_at_us != 0 && clock_us > world.stalls_at_us)
        return 0;
    uint64_t ms = (clock_us - last_turn) / 1000, share = world.all / (open_now > 0 ? open_now : 1);
    last_turn += ms * 1000;
    for (unsigned i = 0; i < opened; i++) {
        struct connection *c = &connections[i];
        if (!c->closed && clock_us >= c->open_at)
            c->credit += ms * (share < world.each ? share : world.each);
    }
    return 0;
}

// Time passes.
int stack_wait(void)
{
    clock_us += 1000;
    return stack_attend();
}

// What is measured: which stages are entered and left again.
static unsigned depth, entered[PROFILE_STAGES];

void profile_push(enum profile_stage stage)
{
    entered[stage]++;
    depth++;
}

void profile_pop(void)
{
    assert_true(depth > 0);
    depth--;
}

static struct connection *of(const struct http_get *get)
{
    return (struct connection *)(void *)get->work.stream;
}

int http_begin(struct http_get *get)
{
    struct connection *c = &connections[opened];

    assert_true(opened < CONNECTIONS_MAX);
    assert_true(opened == 0 || get->offset > 0);
    *c = (struct connection){.get = get, .open_at = clock_us + world.way_us};
    if (world.dies_from != 0 && opened + 1 >= world.dies_from)
        c->dies_at = world.crumb != 0 ? world.crumb : 1 << 20;
    opened++;
    if (++open_now > most_open)
        most_open = open_now;
    get->work.stream = (struct stream *)(void *)c;
    get->work.in_body = false;
    get->received = 0;
    return opened == world.cancels_begin ? fail(ERR_CANCELLED, "key") : 0;
}

void http_end(struct http_get *get)
{
    if (get->work.stream == NULL)
        return;
    assert_false(of(get)->closed);
    of(get)->closed = true;
    open_now--;
    get->work.stream = NULL;
}

bool http_ready(struct http_get *get)
{
    struct connection *c = of(get);

    return !c->closed && clock_us >= c->open_at && (!get->work.in_body || c->credit > 0);
}

static int head(struct http_get *get, unsigned number)
{
    get->work.in_body = true;
    get->work.framing = HTTP_BY_LENGTH;
    get->accepts_ranges = !world.no_ranges;
    get->length = world.no_length ? SINK_LENGTH_UNKNOWN : WHOLE;
    strcpy(get->etag, world.no_validator ? "" : "\"v\"");
    get->work.base = get->offset;
    get->work.wanted = WHOLE - get->offset;
    if (number == 1)
        return get->offset == 0 ? get->sink->begin(get->sink, get->length) : 0;
    assert_string_equal(get->validator, "\"v\"");
    assert_true(get->until > get->offset && get->until <= WHOLE);
    if (number == world.cancels_step)
        return fail(ERR_CANCELLED, "key");
    if (world.refuses_from != 0 && number >= world.refuses_from)
        return fail_http_status(503, "no more");
    if (world.whole_from != 0 && number >= world.whole_from)
        return get->sink->begin(get->sink, WHOLE);
    return 0;
}

int http_step(struct http_get *get)
{
    struct connection *c = of(get);

    while (!http_ready(get))
        if (stack_wait() < 0)
            return ERR_CANCELLED;
        else if (world.stalls_at_us != 0 && clock_us > world.stalls_at_us + get->timeout_ms * 1000ull)
            return fail(ERR_STALLED, "nothing came");
    if (!get->work.in_body)
        return head(get, (unsigned)(c - connections) + 1);
    uint64_t at = get->offset + get->received, end = get->until != 0 ? get->until : WHOLE;
    uint64_t n = c->credit < PIECE ? c->credit : PIECE;
    n = n < end - at ? n : end - at;
    if (c->dies_at != 0 && n > c->dies_at - c->brought)
        n = c->dies_at - c->brought;
    if (n > 0) {
        int err = get->sink->write(get->sink, at, image + at, n);
        if (err < 0)
            return err;
        get->received += n;
        c->credit -= n;
        c->brought += n;
    }
    if (c->dies_at != 0 && c->brought >= c->dies_at && at + n < end)
        return fail(ERR_CONNECTION_RESET, "the server broke off");
    if (at + n < end)
        return 0;
    int err = end == WHOLE ? get->sink->finish(get->sink, WHOLE) : 0;
    return err < 0 ? err : 1;
}

int http_get(struct http_get *get)
{
    int result = http_begin(get);

    while (result == 0)
        result = http_step(get);
    http_end(get);
    return result < 0 ? result : 0;
}

// ---- the place ------------------------------------------------------------------------------------------

static struct {
    unsigned begins, finishes;
} place;

static int place_begin(struct sink *sink, uint64_t length)
{
    (void)sink;
    (void)length;
    place.begins++;
    return 0;
}

static void *place_room(struct sink *sink, uint64_t offset, size_t length)
{
    (void)sink;
    assert_true(offset + length <= WHOLE);
    return world.sink_fails_at != 0 && offset >= world.sink_fails_at ? NULL : place_bytes + offset;
}

static int place_write(struct sink *sink, uint64_t offset, const void *data, size_t length)
{
    (void)sink;
    clock_us += world.busy_us + length * world.hash_us / (1 << 20);
    if (world.sink_fails_at != 0 && offset >= world.sink_fails_at)
        return fail(ERR_NOT_ENOUGH_MEMORY, "full");
    if (data != place_bytes + offset)
        memcpy(place_bytes + offset, data, length);
    return 0;
}

static int place_finish(struct sink *sink, uint64_t length)
{
    (void)sink;
    assert_int_equal(length, WHOLE);
    place.finishes++;
    return 0;
}

// ---- one transfer ------------------------------------------------------------------------------------

static uint8_t digest[32];
static uint64_t told_done;

// What is told never goes back and never exceeds the whole.
static void tell(void *ctx, const struct download_progress *p)
{
    (void)ctx;
    assert_true(p->done >= told_done && p->done <= WHOLE);
    told_done = p->done;
}

static struct parallel run(unsigned count, uint64_t offset, int expected)
{
    static struct http_get get;
    struct sink bottom = {place_begin, place_write, place_finish, place_room};
    struct parallel options = {.connections = count, .handshake_us = &world.handshake_us};
    struct progress_sink progress;
    struct digest_sink sum;
    struct url url = {.host = "h"};

    opened = open_now = most_open = 0;
    last_turn = looked_us = clock_us;
    longest_us = shared_us = 0;
    told_done = 0;
    memset(&place, 0, sizeof(place));
    memset(place_bytes, 0xee, WHOLE);
    progress_sink_init(&progress, &bottom, tell, NULL);
    digest_sink_init(&sum, &progress.sink, digest);
    memset(&get, 0, sizeof(get));
    get.url = &url;
    get.sink = offset == 0 ? &sum.sink : &progress.sink;
    get.timeout_ms = world.timeout_ms;
    get.offset = offset;
    memcpy(place_bytes, image, offset);
    int err = parallel_get(&get, &options);
    assert_string_equal(err < 0 ? err_name(err) : "", expected < 0 ? err_name(expected) : "");
    assert_int_equal(open_now, 0);
    assert_int_equal(depth, 0);
    assert_int_equal(place.begins, offset == 0 ? 1 : 0);
    assert_int_equal(place.finishes, err == 0);
    assert_true(options.used <= count && most_open <= count);
    if (err == 0) {
        assert_memory_equal(place_bytes, image, WHOLE);
        assert_int_equal(told_done, WHOLE);
        assert_true(offset > 0 || sum.matched);
    }
    return options;
}

static int fresh_world(void **state)
{
    (void)state;
    world = (struct world){.way_us = 10000, .handshake_us = 10000, .each = 4000, .all = 1000000,
                           .timeout_ms = 5000};
    return 0;
}

static void test_more_bring_more(void **state)
{
    struct parallel result;

    (void)state;
    uint64_t start = clock_us;
    result = run(1, 0, 0);
    uint64_t alone = clock_us - start;
    assert_int_equal(result.used, 1);
    start = clock_us;
    assert_int_equal(entered[PROFILE_SINK], 0);  // net/download.c's, which is not here
    result = run(8, 0, 0);
    assert_true(entered[PROFILE_SINK] > 0);
    assert_true(result.used >= 4);
    assert_true(clock_us - start < alone * 2 / 3);
    run(3, 0, 0);
    result = run(4, 5 << 20, 0);  // a resume
    assert_true(result.used >= 2);
}

// Where one connection fills the wire, there are two for a moment and then one.
static void test_more_bring_nothing(void **state)
{
    (void)state;
    world.all = world.each;
    assert_int_equal(run(8, 0, 0).used, 2);
    assert_true(opened <= 8);
    // To settle and to measure, once in so many seconds.
    assert_in_range(shared_us, 1500000, 2000000);
    world.each = world.all = 1000;
    assert_int_equal(run(8, 0, 0).used, 2);
    assert_in_range(shared_us, 3000000, 8000000);
}

// What is allowed is used, whether a power of two or not.
static void test_odd_numbers(void **state)
{
    (void)state;
    world.each = 2000;
    for (unsigned n = 2; n <= 5; n++)
        assert_int_equal(run(n, 0, 0).used, n);
}

static void test_not_tried(void **state)
{
    (void)state;
    world.way_us = 500;
    assert_int_equal(run(4, 0, 0).used, 1);
    fresh_world(state);
    world.handshake_us = 500;  // near, but slow to answer
    assert_int_equal(run(4, 0, 0).used, 1);
    fresh_world(state);
    world.busy_us = 10000;  // the machine is slower than the wire
    assert_int_equal(run(4, 0, 0).used, 1);
    fresh_world(state);
    world.no_ranges = true;
    assert_int_equal(run(4, 0, 0).used, 1);
    fresh_world(state);
    world.no_validator = true;
    assert_int_equal(run(4, 0, 0).used, 1);
    fresh_world(state);
    world.each = 40000;  // over before it is worth it
    assert_int_equal(run(4, 0, 0).used, 1);
    assert_int_equal(opened, 1);
}

static void test_refused(void **state)
{
    (void)state;
    world.refuses_from = 2;
    run(4, 0, 0);
    assert_in_range(opened, 2, 1 + 3);  // asked three times at most
    assert_int_equal(connections[0].brought, WHOLE);
    world.refuses_from = 3;
    run(8, 0, 0);
    world.refuses_from = 0;
    world.whole_from = 2;
    run(4, 0, 0);
    assert_int_equal(connections[0].brought, WHOLE);
    // The first three worked for a while, nothing after them does: what they died of is the error.
    world.whole_from = 4;
    world.dies_from = 2;
    run(4, 0, ERR_CONNECTION_RESET);
    assert_string_equal(fail_detail(), "the server broke off");
}

static void test_connections_die(void **state)
{
    (void)state;
    world.dies_from = 2;
    run(4, 0, 0);
    assert_true(opened > 4);
    world.dies_from = 3;
    run(8, 0, 0);
}

static void test_ends(void **state)
{
    (void)state;
    world.cancel_at_us = clock_us + 4000000;
    run(4, 0, ERR_CANCELLED);
    fresh_world(state);
    world.cancels_begin = 2;
    run(4, 0, ERR_CANCELLED);
    assert_int_equal(opened, 2);
    fresh_world(state);
    world.cancels_step = 3;
    run(4, 0, ERR_CANCELLED);
    fresh_world(state);
    world.stalls_at_us = clock_us + 4000000;
    run(4, 0, ERR_STALLED);
    assert_true(clock_us < world.stalls_at_us + 30000000);
    fresh_world(state);
    for (uint64_t at = 1; at < WHOLE - PIECE; at += WHOLE / 7) {
        world.sink_fails_at = at;
        run(4, 0, ERR_NOT_ENOUGH_MEMORY);
    }
}

// A server that answers each part with a byte and a reset gets a pause before the next one, and not many of
// them. The end is left to net/download.c, which waits longer and longer.
static void test_crumbs(void **state)
{
    (void)state;
    world.dies_from = 2;
    world.crumb = 1;
    uint64_t start = clock_us;
    run(4, 0, ERR_CONNECTION_RESET);
    assert_in_range(opened, 2, 1 + 2 * 3);
    assert_true(clock_us - start >= connections[0].brought / world.each * 1000 + 2000000);
    // Those whose bytes are worth a connection are replaced as often as it takes.
    world.crumb = 1 << 20;
    run(4, 0, 0);
}

// When the first connection is through, half of the whole has become contiguous at once. Hashing it takes
// longer than a connection may be silent, but nobody is: frames are taken in between.
static void test_early_bytes_take_time(void **state)
{
    (void)state;
    world.hash_us = 80000;
    world.timeout_ms = 1000;
    assert_true(run(2, 0, 0).used == 2);
    assert_int_equal(opened, 2);
    assert_true(longest_us < 200000);
}

static int make_image(void **state)
{
    static struct profile measured;
    struct sha256 hash;

    (void)state;
    profile_running = &measured;
    image = malloc(WHOLE);
    place_bytes = malloc(WHOLE);
    for (uint64_t i = 0; i < WHOLE / 8; i++)
        ((uint64_t *)(void *)image)[i] = i * 0x9e3779b97f4a7c15;
    sha256_init(&hash);
    sha256_update(&hash, image, WHOLE);
    sha256_final(&hash, digest);
    return 0;
}

static int free_image(void **state)
{
    (void)state;
    free(image);
    free(place_bytes);
    return 0;
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup(f, fresh_world)
    const struct CMUnitTest tests[] = {
        TEST(test_more_bring_more), TEST(test_more_bring_nothing), TEST(test_odd_numbers),
        TEST(test_not_tried),       TEST(test_refused),            TEST(test_connections_die),
        TEST(test_crumbs),          TEST(test_ends),               TEST(test_early_bytes_take_time),
    };

    return cmocka_run_group_tests(tests, make_image, free_image);
}
