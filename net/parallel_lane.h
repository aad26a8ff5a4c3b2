// The state of net/parallel.c, and the way of the bytes from several connections into one sink. Shared by
// parallel.c and parallel_lane.c; nobody else includes it.
#ifndef URLBOOT_NET_PARALLEL_LANE_H
#define URLBOOT_NET_PARALLEL_LANE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/err.h"        // struct fail_record
#include "net/http/http.h"  // struct http_get
#include "net/parallel.h"   // PARALLEL_MAX
#include "net/sink.h"       // struct sink
#include "net/spans.h"      // struct spans

#define LANES (PARALLEL_MAX + 1)  // the caller's own, which is used once, and those that follow

struct engine;

struct lane {                   // one connection
    struct sink sink;           // must be first: what its http_get writes to
    struct engine *engine;
    struct http_get *get;       // lane 0: the caller's
    uint32_t number;
    bool open;
    uint64_t brought;           // bytes, since it was opened
    uint64_t heard_us;          // when its last piece came
};

struct engine {
    struct http_get *get;       // the caller's
    struct parallel *options;
    struct sink *below;         // the caller's sink
    struct lane lanes[LANES];
    struct spans spans;
    uint64_t front, total;      // bytes handed to `below` in order; all of them
    uint8_t *image;             // where byte 0 of the body lies, once room() has told
    bool many;                  // the second phase: more than one connection
    int fatal;                  // error of the sink, or a key was pressed: ends it all
    struct fail_record error;   // what a connection died of
    unsigned refused;           // connections in a row that brought next to nothing
    uint64_t refused_until;     // no further one before
    uint64_t heard_us;          // when any piece came
    unsigned wanted;            // how many connections there should be
    unsigned told;              // how many the log named last
    bool baseline;              // what is measured is the present number, to compare more with
    uint64_t first_byte_us;     // from request to answer or the TCP handshake: the length of the way
    unsigned fewer;             // how many were tried before `wanted`
    uint64_t best_rate;         // bytes per second with so many
    uint64_t measure_start, measure_bytes;
    uint64_t waited_us;         // of that time, what went into waiting for the one connection
    uint64_t look_at;           // bytes measured when the clock is looked at next
    struct http_get more[PARALLEL_MAX];  // of lanes 1 and up
};

// Sets up all lanes and puts the first one's sink under `get`.
void lanes_init(struct engine *e, struct http_get *get, struct parallel *options);

// Hands on to the sink below what has become contiguous, a bounded piece of it; *busy: there was some.
// 0 or the sink's error.
int lanes_advance(struct engine *e, bool *busy);

// True when the sink below has every byte.
bool lanes_complete(const struct engine *e);

#endif
