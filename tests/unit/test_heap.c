// kernel/heap.c: random allocations with patterns, alignment, exhaustion and what is left after it, figures,
// and that double frees, foreign pointers and overruns are noticed.
#include "kernel/memory.h"  // kmalloc
#include "kernel/panic.h"   // panic

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HEAP (4u << 20)
#define SLOTS 600
#define OPERATIONS 60000

static uint8_t *heap_memory;
static jmp_buf panicked;
static char panic_text[200];
static unsigned seed;

// Product code never returns from here.
void panic(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(panic_text, sizeof(panic_text), format, args);
    va_end(args);
    longjmp(panicked, 1);
}

#define EXPECT_PANIC(what, statement)                           \
    do {                                                        \
        if (setjmp(panicked) == 0) {                            \
            statement;                                          \
            fail_msg("no panic from %s", #statement);            \
        } else if (!strstr(panic_text, what)) {                 \
            fail_msg("panic says \"%s\"", panic_text);          \
        }                                                       \
    } while (0)

static unsigned rnd(unsigned below)
{
    seed = seed * 1103515245 + 12345;
    return (seed >> 8) % below;
}

static int set_up(void **state)
{
    (void)state;
    heap_memory = aligned_alloc(4096, HEAP);
    memset(heap_memory, 0xcc, HEAP);
    heap_init(heap_memory, HEAP);
    heap_junk = true;
    if (setjmp(panicked) != 0) {
        fprintf(stderr, "panic: %s\n", panic_text);
        abort();
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    free(heap_memory);
    return 0;
}

struct slot {
    uint8_t *memory;
    size_t size;
    uint8_t pattern;
};

static bool holds(const struct slot *s)
{
    for (size_t i = 0; i < s->size; i++)
        if (s->memory[i] != s->pattern)
            return false;
    return true;
}

static size_t random_size(void)
{
    switch (rnd(8)) {
    case 0: return rnd(4);
    case 1: return rnd(200000);
    case 2: return 1514 + rnd(100);
    default: return rnd(600);
    }
}

static void fill_slot(struct slot *s)
{
    size_t align = rnd(4) ? 16 : 16u << rnd(9);

    s->size = random_size();
    s->pattern = (uint8_t)rnd(256);
    if (align == 16 && rnd(6) == 0) {
        s->memory = kcalloc(s->size, 1);
        for (size_t i = 0; s->memory && i < s->size; i++)
            assert_int_equal(s->memory[i], 0);
    } else {
        s->memory = align == 16 ? kmalloc(s->size) : kmemalign(align, s->size);
    }
    if (!s->memory)
        return;
    assert_int_equal((uintptr_t)s->memory % align, 0);
    assert_true(s->memory >= heap_memory && s->memory + s->size <= heap_memory + HEAP);
    memset(s->memory, s->pattern, s->size);
}

static void test_random(void **state)
{
    static struct slot slots[SLOTS];
    unsigned refused = 0, live = 0;
    size_t total = heap_check().total;

    (void)state;
    memset(slots, 0, sizeof(slots));
    for (seed = 7; live < OPERATIONS; live++) {
        struct slot *s = &slots[rnd(SLOTS)];
        if (s->memory) {
            assert_true(holds(s));
            kfree(s->memory);
            s->memory = NULL;
        } else {
            fill_slot(s);
            refused += !s->memory;
        }
        if (live % 64 == 0)
            heap_check();
    }
    assert_true(refused > 0);  // the heap was full now and then
    struct heap_stats stats = heap_check();
    unsigned count = 0;
    for (unsigned i = 0; i < SLOTS; i++) {
        count += slots[i].memory != NULL;
        assert_true(!slots[i].memory || holds(&slots[i]));
    }
    assert_int_equal(stats.blocks, count);
    for (unsigned i = 0; i < SLOTS; i++)
        kfree(slots[i].memory);
    stats = heap_check();
    assert_int_equal(stats.used, 0);
    assert_int_equal(stats.blocks, 0);
    assert_int_equal(stats.total, total);
    assert_true(stats.peak > total / 2 && stats.peak <= total);
    assert_non_null(kmalloc(total - 16));  // all in one piece again
}

static void test_exhaustion(void **state)
{
    static void *blocks[HEAP / 1024];
    unsigned count = 0;

    (void)state;
    while (count < HEAP / 1024 && (blocks[count] = kmalloc(2000)))
        count++;
    assert_true(count > HEAP / 2016 - 2);
    assert_null(kmalloc(2000));
    assert_null(kmalloc(HEAP));
    assert_null(kmalloc(SIZE_MAX));
    assert_null(kmalloc(SIZE_MAX - 20));
    assert_null(kcalloc(SIZE_MAX / 2, 3));
    assert_null(kcalloc(1ull << 32, 1ull << 32));
    assert_null(kmemalign(1ull << 62, 16));
    assert_null(kmemalign(HEAP, 16));
    for (unsigned i = 0; i < count; i += 2)
        kfree(blocks[i]);
    assert_null(kmalloc(5000));  // only holes of 2000
    heap_check();
    for (unsigned i = 1; i < count; i += 2)
        kfree(blocks[i]);
    assert_int_equal(heap_check().used, 0);
    assert_non_null(kmalloc(HEAP - 100));
}

static void test_alignment(void **state)
{
    (void)state;
    for (size_t align = 16; align <= 1u << 20; align *= 2) {
        void *small = kmalloc(align / 7 + 1), *p = kmemalign(align, 100), *q = kmemalign(align, align);
        assert_non_null(p);
        assert_non_null(q);
        assert_int_equal((uintptr_t)p % align | (uintptr_t)q % align, 0);
        memset(p, 1, 100);
        memset(q, 2, align);
        heap_check();
        kfree(p);
        kfree(small);
        kfree(q);
        assert_int_equal(heap_check().used, 0);
    }
    void *one = kmalloc(0), *two = kmalloc(0);
    assert_non_null(one);
    assert_ptr_not_equal(one, two);
    kfree(NULL);
}

static void test_junk(void **state)
{
    (void)state;
    uint8_t *p = kmalloc(100), *keep = kmalloc(1);
    memset(p, 0x11, 100);
    kfree(p);
    assert_int_equal(p[50], 0x6b);
    assert_int_equal(p[99], 0x6b);
    heap_junk = false;
    p = kmalloc(100);
    memset(p, 0x11, 100);
    kfree(p);
    assert_int_equal(p[50], 0x11);
    kfree(keep);
}

static void test_misuse(void **state)
{
    (void)state;
    char *a = kmalloc(64), *b = kmalloc(64), *c = kmalloc(64), *d = kmalloc(64), local[64];
    kfree(b);
    EXPECT_PANIC("twice", kfree(b));
    EXPECT_PANIC("not from the heap", kfree(local + 16 - (uintptr_t)local % 16));
    EXPECT_PANIC("not from the heap", kfree(a + 8));
    EXPECT_PANIC("not from the heap", kfree(heap_memory + HEAP));
    EXPECT_PANIC("no allocation", kfree(a + 16));
    EXPECT_PANIC("not from the heap", kfree(heap_memory));
    kfree(c);  // merged with b before it
    EXPECT_PANIC("twice", kfree(c));
    EXPECT_PANIC("twice", kfree(b));
    kfree(a);
    EXPECT_PANIC("twice", kfree(c));
    memset(d, 0, 64);
    heap_check();
    assert_int_equal(heap_check().blocks, 1);
}

static void test_overrun(void **state)
{
    (void)state;
    char *a = kmalloc(64), *b = kmalloc(64), *c = kmalloc(64);
    memset(a, 0xff, 64 + 8);  // into the header of b
    EXPECT_PANIC("overwritten", kfree(b));
    EXPECT_PANIC("overwritten", kfree(a));
    EXPECT_PANIC("broken", heap_check());
    memset(b, 0, 64 + 16);
    EXPECT_PANIC("overwritten", kfree(c));
}

static void test_written_after_free(void **state)
{
    (void)state;
    char *a = kmalloc(64), *keep = kmalloc(16);
    kfree(a);
    memset(a, 0x5a, 16);  // the list's pointers
    EXPECT_PANIC("", heap_check());
    (void)keep;
}

static void test_tiny(void **state)
{
    (void)state;
    for (size_t size = 0; size < 200; size++) {
        heap_init(heap_memory + 3, size);
        void *p = kmalloc(1);
        heap_check();
        assert_true(size >= 70 ? p != NULL : true);
        if (p)
            assert_true((uint8_t *)p + 1 <= heap_memory + 3 + size);
        kfree(p);
        assert_int_equal(heap_check().used, 0);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_random),  TEST(test_exhaustion), TEST(test_alignment),          TEST(test_junk),
        TEST(test_misuse),  TEST(test_overrun),    TEST(test_written_after_free), TEST(test_tiny),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
