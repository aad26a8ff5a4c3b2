// A table of spans (contract: net/spans.h). Builds on the host.
#include "net/spans.h"  // struct spans

#include <stddef.h>
#include <string.h>

#define CUT_ALIGN 4096ull  // servers read files by pages

void spans_init(struct spans *s, uint64_t at, uint64_t until, uint32_t lane)
{
    s->span[0] = (struct span){at, until, until, lane};
    s->count = 1;
}

struct span *spans_of(struct spans *s, uint32_t lane)
{
    for (unsigned i = 0; i < s->count; i++)
        if (s->span[i].lane == lane)
            return &s->span[i];
    return NULL;
}

static uint64_t missing(const struct span *span)
{
    return span->until - span->at;
}

struct span *spans_free(struct spans *s)
{
    for (unsigned i = 0; i < s->count; i++)
        if (s->span[i].lane == SPAN_FREE && missing(&s->span[i]) > 0)
            return &s->span[i];
    return NULL;
}

struct span *spans_split(struct spans *s, uint64_t part_min)
{
    unsigned most = 0;

    for (unsigned i = 1; i < s->count; i++)
        if (missing(&s->span[i]) > missing(&s->span[most]))
            most = i;
    struct span *first = &s->span[most];
    uint64_t middle = (first->at + missing(first) / 2) & ~(CUT_ALIGN - 1);
    if (s->count == SPANS_MAX || middle < first->at || middle - first->at < part_min ||
        first->until - middle < part_min || middle == first->until)
        return NULL;
    memmove(first + 1, first, (s->count - most) * sizeof(*first));
    s->count++;
    first[1] = (struct span){middle, first->until, first->until, SPAN_FREE};
    first->until = middle;
    return first + 1;
}

static void remove_span(struct spans *s, struct span *span)
{
    s->count--;
    memmove(span, span + 1, (size_t)(&s->span[s->count] - span) * sizeof(*span));
}

struct span *spans_return(struct spans *s, struct span *span)
{
    struct span *before = span - 1;

    if (span == &s->span[0] || before->lane == SPAN_FREE || span->at != before->until ||
        before->limit < span->until)
        return NULL;
    before->until = span->until;
    remove_span(s, span);
    return before;
}

void spans_join(struct spans *s)
{
    for (unsigned i = 0; i + 1 < s->count;) {
        struct span *span = &s->span[i];
        if (span->lane != SPAN_FREE || missing(span) > 0)
            i++;
        else
            remove_span(s, span);
    }
}

uint64_t spans_front(const struct spans *s)
{
    return s->span[0].at;
}

bool spans_all_here(const struct spans *s)
{
    for (unsigned i = 0; i < s->count; i++)
        if (missing(&s->span[i]) > 0)
            return false;
    return true;
}
