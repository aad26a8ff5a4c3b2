// net/spans.c against a model that has one mark a byte: random splits, arrivals, losses and joins.
#include "net/spans.h"  // spans_init

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PAGE 4096u
#define PAGES 600u
#define RUNS 300
#define LANES 6u

static bool here[PAGES];        // the model
static uint32_t seed;

static uint32_t rnd(uint32_t n)
{
    seed = seed * 1664525 + 1013904223;
    return (seed >> 8) % n;
}

// What must hold of every table: order, no gap, and what it says is here is here.
static void check(const struct spans *s, uint64_t end)
{
    uint64_t begin = 0;

    assert_true(s->count >= 1 && s->count <= SPANS_MAX);
    for (unsigned i = 0; i < s->count; i++) {
        const struct span *span = &s->span[i];
        assert_true(span->at >= begin && span->at <= span->until);
        for (uint64_t p = begin / PAGE; p < span->until / PAGE; p++)
            assert_int_equal(here[p], p * PAGE < span->at);
        begin = span->until;
    }
    assert_int_equal(begin, end);
}

static void step(struct spans *s)
{
    struct span *span;
    uint32_t lane = rnd(LANES);

    switch (rnd(4)) {
    case 0:
        span = spans_of(s, lane) != NULL ? NULL : spans_free(s);
        if (span == NULL && spans_of(s, lane) == NULL)
            span = spans_split(s, PAGE);
        if (span != NULL)
            span->lane = lane;
        break;
    case 1:
        span = spans_of(s, lane);
        if (span != NULL && (rnd(20) == 0 || span->at == span->until))
            span->lane = SPAN_FREE;
        break;
    case 2:
        spans_join(s);
        break;
    default:
        span = spans_of(s, lane);
        if (span != NULL && span->at < span->until) {
            here[span->at / PAGE] = true;
            span->at += PAGE;
        }
    }
}

static void test_random(void **state)
{
    (void)state;
    for (unsigned run = 0; run < RUNS; run++) {
        struct spans s;
        unsigned steps = 0;
        uint64_t end = (1 + rnd(PAGES)) * PAGE;
        seed = run + 1;
        memset(here, 0, sizeof(here));
        spans_init(&s, 0, end, 0);
        while (!spans_all_here(&s) && steps++ < 100000) {
            step(&s);
            if (steps % 16 == 0)
                check(&s, end);
        }
        assert_true(spans_all_here(&s));
        for (unsigned i = 0; i < s.count; i++)
            s.span[i].lane = SPAN_FREE;
        spans_join(&s);
        check(&s, end);
        assert_int_equal(s.count, 1);
        assert_int_equal(spans_front(&s), end);
    }
}

static void test_split(void **state)
{
    struct spans s;

    (void)state;
    spans_init(&s, 1000, 1000000, 0);
    struct span *second = spans_split(&s, 100000);
    assert_ptr_equal(second, &s.span[1]);
    assert_int_equal(second->at, s.span[0].until);
    assert_int_equal(second->at % PAGE, 0);
    assert_int_equal(second->until, 1000000);
    assert_int_equal(second->lane, SPAN_FREE);
    assert_null(spans_of(&s, 7));
    assert_ptr_equal(spans_free(&s), second);
    // Too small to be worth it.
    assert_null(spans_split(&s, 300000));
    // The largest is cut, wherever it lies; the table ends.
    s.span[0].at = s.span[0].until - 5;
    assert_ptr_equal(spans_split(&s, 1), &s.span[2]);
    spans_init(&s, 0, 1ull << 50, 0);
    for (unsigned i = 1; i < SPANS_MAX; i++)
        assert_non_null(spans_split(&s, 1));
    assert_null(spans_split(&s, 1));
    // Nothing missing, and a span of less than a page.
    spans_init(&s, 5000, 5000, 0);
    assert_null(spans_split(&s, 0));
    assert_null(spans_free(&s));
    spans_init(&s, 5000, 5100, SPAN_FREE);
    assert_null(spans_split(&s, 0));
    assert_ptr_equal(spans_free(&s), &s.span[0]);
}

static void test_return(void **state)
{
    struct spans s;

    (void)state;
    spans_init(&s, 0, 1 << 20, 3);
    struct span *second = spans_split(&s, 1);
    second->lane = 4;
    assert_null(spans_return(&s, &s.span[0]));
    struct span *third = spans_split(&s, 1);  // of either half
    assert_int_equal(s.count, 3);
    assert_ptr_equal(spans_return(&s, third), third - 1);
    assert_int_equal(s.count, 2);
    second = &s.span[1];
    second->at++;
    assert_null(spans_return(&s, second));  // a byte is here
    second->at--;
    s.span[0].limit = second->until - 1;
    assert_null(spans_return(&s, second));  // its bringer ends earlier
    s.span[0].limit++;
    s.span[0].lane = SPAN_FREE;
    assert_null(spans_return(&s, second));  // nobody brings it
    s.span[0].lane = 3;
    assert_ptr_equal(spans_return(&s, second), &s.span[0]);
    assert_int_equal(s.count, 1);
    assert_int_equal(s.span[0].until, 1 << 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_split), cmocka_unit_test(test_return),
                                       cmocka_unit_test(test_random)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
