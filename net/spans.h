// Which bytes of a body are here while several connections bring parts of it. Pure arithmetic.
// The body from some byte on is cut into spans, in order and without gaps: a span begins where the one before
// ends, its bytes up to `at` are here.
#ifndef URLBOOT_NET_SPANS_H
#define URLBOOT_NET_SPANS_H

#include <stdbool.h>
#include <stdint.h>

#define SPANS_MAX 32
#define SPAN_FREE UINT32_MAX

struct span {
    uint64_t at;       // the next byte that is missing
    uint64_t until;    // where the next span begins
    uint64_t limit;    // how far its bringer could go if asked to
    uint32_t lane;     // who brings it, SPAN_FREE: nobody
};

struct spans {
    struct span span[SPANS_MAX];
    unsigned count;    // 1 at least
};

// One span [at, until) for `lane`.
void spans_init(struct spans *s, uint64_t at, uint64_t until, uint32_t lane);

// The span that `lane` brings, NULL when it brings none.
struct span *spans_of(struct spans *s, uint32_t lane);

// The first unfinished span that nobody brings, NULL when there is none.
struct span *spans_free(struct spans *s);

// Cuts the span with the most missing bytes in the middle of these; returns the second half, which nobody
// brings and whose predecessor is the first. NULL when neither half would have `part_min` bytes, or the table
// is full. Pointers to spans are void afterwards.
struct span *spans_split(struct spans *s, uint64_t part_min);

// Takes a split back: the span before gets the bytes of `span` again, if none of them is here and that one's
// bringer can go so far. Returns the span before, NULL when it cannot.
struct span *spans_return(struct spans *s, struct span *span);

// Joins spans that are complete, and that nobody brings, with those behind them.
void spans_join(struct spans *s);

// The byte up to which all is here.
uint64_t spans_front(const struct spans *s);

// True when no byte is missing.
bool spans_all_here(const struct spans *s);

#endif
