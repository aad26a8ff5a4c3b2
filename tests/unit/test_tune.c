// kernel/tune.c: which way of copying is chosen, by a clock that says what the test wants.
#include "kernel/tune.h"    // tune_copy_by
#include "kernel/memory.h"  // kmalloc
#include "lib/copy.h"       // copy_by_string

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ROUNDS 4u  // of each way, words first; the clock is looked at before and after each

static const unsigned *costs;
static unsigned looks;
static bool no_memory;

void *kmalloc(size_t size)
{
    return no_memory ? NULL : calloc(1, size);
}

static uint64_t clock_of_costs(void)
{
    static uint64_t now;

    if (looks % 2)
        now += costs[looks / 2];
    looks++;
    return now;
}

static void test_choice(void **state)
{
    static const struct {
        unsigned costs[2 * ROUNDS];
        bool string;
    } cases[] = {
        {{100, 100, 100, 100, 50, 50, 50, 50}, true},
        {{50, 50, 50, 50, 100, 100, 100, 100}, false},
        {{50, 50, 50, 50, 50, 50, 50, 50}, false},
        {{100, 100, 100, 100, 9000, 9000, 50, 9000}, true},  // the undisturbed round counts
        {{9000, 9000, 9000, 50, 100, 100, 100, 100}, false},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        costs = cases[i].costs;
        looks = 0;
        copy_by_string = !cases[i].string;
        tune_copy_by(clock_of_costs);
        assert_int_equal(looks, 4 * ROUNDS);
        assert_int_equal(copy_by_string, cases[i].string);
    }
}

// Without room all stays as it is; with the real clock something is chosen.
static void test_room(void **state)
{
    (void)state;
    no_memory = true;
    for (unsigned before = 0; before < 2; before++) {
        copy_by_string = before;
        tune_copy_by(clock_of_costs);
        assert_int_equal(copy_by_string, before);
    }
    no_memory = false;
    tune_copy();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_choice), cmocka_unit_test(test_room)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
