// net/download.c over a chain of backends: when one is left for the next, and where that one goes on.
#include "tests/unit/download_peer.h"  // script
#include "lib/err.h"        // fail
#include "net/backend.h"    // backends_first
#include "net/download.h"   // download_run

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>
#undef fail  // cmocka's; ours is a function

static const char *const name_urls[] = { "http://a.test/x" };
static const char *const *urls = name_urls;
static unsigned ups, downs;

static int count_up(void *ctx)
{
    (void)ctx;
    ups++;
    return 0;
}

static void count_down(void *ctx)
{
    (void)ctx;
    downs++;
}

static unsigned asked_for;   // how often it was asked whether `fast` is available

static int count_available(void *ctx)
{
    (void)ctx;
    asked_for++;
    return 0;
}

static int unavailable(void *ctx)
{
    (void)ctx;
    return fail(ERR_NO_NIC_FOUND, "no driver");
}

static int no_way(const struct url *url, uint32_t timeout_ms, struct stream **stream, struct backend_times *times)
{
    (void)stream;
    times->connect_us = timeout_ms;
    return fail(ERR_UEFI_OPERATION_FAILED, "%s: refused", url->host);
}

static const struct backend slow = { .name = "slow", .what = "slow", .up = count_up, .down = count_down,
                                     .connect = stack_connect, .yields = true };
static const struct backend broken = { .name = "broken", .what = "broken", .up = count_up, .down = count_down,
                                       .connect = no_way };
static const struct backend fast = { .name = "fast", .what = "fast", .available = count_available, .up = count_up,
                                     .connect = stack_connect, .connect_soon = stack_connect_soon };
static const struct backend absent = { .name = "absent", .what = "absent", .available = unavailable };

static struct download run_chain(const struct backend *first, const struct backend *second,
                                 const struct answer *answers, unsigned count, int expected)
{
    const struct backend *const list[] = { first, second };
    struct backends chain = { .list = list, .count = 2 };
    struct place place = make_place();
    struct download d = { .urls = urls, .url_count = 1, .retries = 0, .sha256 = good_digest, .timeout_ms = 1000,
                          .connections = 4, .place = &place.sink, .backends = &chain };

    script = answers;
    script_length = count;
    asked = ups = downs = 0;
    asked_at = clock_us;
    assert_int_equal(backends_first(&chain, 0), 0);
    assert_int_equal(download_run(&d), expected);
    assert_int_equal(asked, count);
    assert_int_equal(place.begins, expected == ERR_UEFI_OPERATION_FAILED ? 0 : 1);
    return d;
}

// The clock of this test makes every backend slow. It is left at the byte it has come to.
static void test_leaves_the_slow_backend(void **state)
{
    static const struct answer answers[] = {
        { .host = "a.test", .until = WHOLE, .etag = "\"v\"", .ranges = true, .alone = true },
        { .host = "a.test", .until = WHOLE, .etag = "\"v\"", .ranges = true, .anywhere = true,
          .validator = "\"v\"" },
    };
    struct download d;

    (void)state;
    d = run_chain(&slow, &fast, answers, 2, 0);
    assert_int_equal(d.resumes, 1);
    assert_int_equal(ups, 2);
    assert_int_equal(downs, 1);
    assert_true(d.digest_checked);
    // Not when there is nothing better, whatever stands in the list.
    d = run_chain(&slow, &absent, answers, 1, 0);
    assert_int_equal(d.attempts, 1);
    assert_int_equal(downs, 0);
}

// Fast enough, or nearly done: it stays. Whether there is another is not asked for every piece.
static void test_stays(void **state)
{
    static const struct answer answers[] = {
        { .host = "a.test", .until = WHOLE, .etag = "\"v\"", .ranges = true, .alone = true },
    };
    static const unsigned pieces[] = { 4096, 16 };

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        piece = pieces[i];
        asked_for = 0;
        run_chain(&slow, &fast, answers, 1, 0);
        assert_int_equal(ups, 1);
        assert_true(asked_for <= 3);
    }
    piece = 1;
}

static void test_leaves_the_broken_backend(void **state)
{
    static const struct answer answers[] = {
        { .host = "a.test", .until = WHOLE, .alone = true },
        { .host = "a.test", .until = WHOLE },
    };
    static const struct answer cut[] = {
        { .host = "a.test", .until = 1000, .etag = "\"v\"", .ranges = true, .alone = true,
          .err = ERR_BODY_TRUNCATED },
        { .host = "a.test", .until = WHOLE, .offset = 1000, .etag = "\"v\"", .ranges = true,
          .validator = "\"v\"" },
    };
    static const struct answer missing[] = {
        { .host = "a.test", .err = ERR_HTTP_STATUS, .status = 404, .alone = true },
    };
    struct download d;

    (void)state;
    run_chain(&broken, &fast, answers, 2, 0);
    assert_int_equal(ups, 2);
    run_chain(&broken, &absent, answers, 1, ERR_UEFI_OPERATION_FAILED);
    // A connection that broke goes on elsewhere at once; a server's no is a no.
    d = run_chain(&slow, &fast, cut, 2, 0);
    assert_int_equal(d.resumes, 1);
    run_chain(&slow, &fast, missing, 1, ERR_HTTP_STATUS);
    assert_int_equal(downs, 0);
}

// An IPv6 address in the URL keeps the one that knows IPv6, whatever happens to it.
static void test_ipv6_has_one_way(void **state)
{
    static const char *const literal[] = { "http://[2001:db8::1]/x" };
    static const struct backend six = { .name = "six", .what = "six", .up = count_up, .down = count_down,
                                        .connect = no_way, .offers = BACKEND_IPV6 };
    static const struct answer answers[] = { { .host = "2001:db8::1", .until = WHOLE, .alone = true } };

    (void)state;
    urls = literal;
    run_chain(&six, &fast, answers, 1, ERR_UEFI_OPERATION_FAILED);
    assert_int_equal(ups, 1);
    assert_int_equal(downs, 0);
    urls = name_urls;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_leaves_the_slow_backend),
        cmocka_unit_test(test_stays),
        cmocka_unit_test(test_leaves_the_broken_backend),
        cmocka_unit_test(test_ipv6_has_one_way),
    };

    return cmocka_run_group_tests(tests, make_image, NULL);
}
