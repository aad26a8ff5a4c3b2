// net/download.c: which mirror is asked when, what is resumed, when it gives up. parallel_get() and the stack
// are played by a script; time by a counter.
#include "tests/unit/download_peer.h"  // script
#include "lib/err.h"                    // err_name
#include "net/download.h"               // download_run

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#undef fail  // cmocka's; ours is a function

#define A "http://a.test/x"
#define B "http://b.test/x"
#define C "http://c.test/x"

// ---- cases ------------------------------------------------------------------------------------------

struct expected {
    int err;
    unsigned attempts, resumes, begins;
};

static struct download run(const char *const *urls, unsigned count, unsigned retries, const uint8_t *digest,
                           const struct answer *answers, unsigned answer_count, struct expected expected)
{
    struct place place = make_place();
    struct download d = { .urls = urls, .url_count = count, .retries = retries, .sha256 = digest,
                          .timeout_ms = 1000, .connections = 4, .place = &place.sink };
    int err;

    script = answers;
    script_length = answer_count;
    asked = 0;
    asked_at = clock_us;
    memset(place_bytes, 0xee, sizeof(place_bytes));
    err = download_run(&d);
    assert_string_equal(err < 0 ? err_name(err) : "", expected.err < 0 ? err_name(expected.err) : "");
    assert_int_equal(asked, answer_count);
    assert_int_equal(d.attempts, expected.attempts);
    assert_int_equal(d.resumes, expected.resumes);
    assert_int_equal(place.begins, expected.begins);
    assert_int_equal(place.finishes, err == 0 ? 1 : 0);
    if (err == 0)
        assert_memory_equal(place_bytes, image, WHOLE);
    return d;
}

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define RUN(urls, retries, digest, answers, ...) \
    run(urls, COUNT(urls), retries, digest, answers, COUNT(answers), (struct expected){ __VA_ARGS__ })

static const char *const one[] = { A };
static const char *const two[] = { A, B };
static const char *const three[] = { A, B, C };

static void test_at_once(void **state)
{
    static const struct answer answers[] = { { .host = "a.test", .until = WHOLE } };
    struct download d;

    (void)state;
    d = RUN(one, 0, NULL, answers, 0, 1, 0, 1);
    assert_int_equal(d.length, WHOLE);
    assert_string_equal(d.final_url, A);
    assert_in_range(d.dns_us, 5000, 5100);
    assert_in_range(d.connect_us, 7000, 7100);
    assert_false(d.digest_checked);
    d = RUN(one, 0, good_digest, answers, 0, 1, 0, 1);
    assert_true(d.digest_checked);
    assert_memory_equal(d.digest, good_digest, 32);
}

static void test_resume(void **state)
{
    static const struct answer answers[] = {
        { .host = "a.test", .until = 1000, .err = ERR_CONNECTION_RESET, .etag = "\"1\"", .ranges = true },
        { .host = "a.test", .offset = 1000, .validator = "\"1\"", .until = 1000, .err = ERR_STALLED,
          .etag = "\"1\"", .ranges = true, .at_least_ms = 1000 },
        { .host = "a.test", .offset = 1000, .validator = "\"1\"", .until = WHOLE, .etag = "\"1\"",
          .ranges = true, .at_least_ms = 2000 },
    };

    (void)state;
    RUN(one, 2, NULL, answers, 0, 3, 1, 1);
}

// No ranges, or no validator and no digest: from the start. With a digest that is checked in the end a
// validator is not needed.
static void test_when_to_resume(void **state)
{
    static const struct answer no_ranges[] = {
        { .host = "a.test", .until = 1000, .err = ERR_BODY_TRUNCATED, .etag = "\"1\"" },
        { .host = "a.test", .until = WHOLE },
    };
    static const struct answer no_validator[] = {
        { .host = "a.test", .until = 1000, .err = ERR_BODY_TRUNCATED, .ranges = true },
        { .host = "a.test", .until = WHOLE },
    };
    static const struct answer digest_instead[] = {
        { .host = "a.test", .until = 1000, .err = ERR_BODY_TRUNCATED, .ranges = true },
        { .host = "a.test", .offset = 1000, .until = WHOLE },
    };
    static const struct answer no_length[] = {
        { .host = "a.test", .until = 1000, .err = ERR_BODY_TRUNCATED, .ranges = true, .unknown = true },
        { .host = "a.test", .until = WHOLE },
    };

    (void)state;
    RUN(one, 1, NULL, no_ranges, 0, 2, 0, 2);
    RUN(one, 1, NULL, no_validator, 0, 2, 0, 2);
    RUN(one, 1, good_digest, digest_instead, 0, 2, 1, 1);
    RUN(one, 1, good_digest, no_length, 0, 2, 0, 2);
}

// The server answers a Range request from byte 0, or with nonsense.
static void test_resume_refused(void **state)
{
    static const struct answer restarted[] = {
        { .host = "a.test", .until = 1000, .err = ERR_CONNECTION_RESET, .etag = "\"1\"", .ranges = true },
        { .host = "a.test", .offset = 1000, .validator = "\"1\"", .until = WHOLE, .restarted = true },
    };
    static const struct answer nonsense[] = {
        { .host = "a.test", .until = 1000, .err = ERR_CONNECTION_RESET, .etag = "\"1\"", .ranges = true },
        { .host = "a.test", .offset = 1000, .validator = "\"1\"", .until = 1000,
          .err = ERR_INVALID_RESPONSE },
        { .host = "a.test", .until = WHOLE },
    };

    (void)state;
    RUN(one, 1, NULL, restarted, 0, 2, 0, 2);
    RUN(one, 1, NULL, nonsense, 0, 3, 0, 2);
}

static void test_gives_up(void **state)
{
    static const struct answer answers[] = {
        { .host = "a.test", .err = ERR_CONNECTION_RESET },
        { .host = "a.test", .err = ERR_CONNECTION_RESET, .at_least_ms = 1000 },
        { .host = "a.test", .err = ERR_STALLED, .at_least_ms = 2000 },
        { .host = "a.test", .err = ERR_INVALID_RESPONSE, .at_least_ms = 4000 },
    };

    (void)state;
    RUN(one, 3, NULL, answers, ERR_INVALID_RESPONSE, 4, 0, 4);
}

// Without ranges a server that always breaks off at the same place gets its retries and no more; with them
// every MiB starts the count anew.
static void test_progress_counts(void **state)
{
    static const struct answer same[] = {
        { .host = "a.test", .until = 3u << 20, .err = ERR_CONNECTION_RESET },
        { .host = "a.test", .until = 3u << 20, .err = ERR_CONNECTION_RESET },
        { .host = "a.test", .until = 3u << 20, .err = ERR_CONNECTION_RESET },
    };
    static const struct answer on[] = {
        { .host = "a.test", .until = 1u << 20, .err = ERR_CONNECTION_RESET, .etag = "\"1\"", .ranges = true },
        { .host = "a.test", .offset = 1u << 20, .validator = "\"1\"", .until = 2u << 20,
          .err = ERR_CONNECTION_RESET, .etag = "\"1\"", .ranges = true, .at_least_ms = 1000 },
        { .host = "a.test", .offset = 2u << 20, .validator = "\"1\"", .until = 3u << 20,
          .err = ERR_CONNECTION_RESET, .etag = "\"1\"", .ranges = true, .at_least_ms = 1000 },
        { .host = "a.test", .offset = 3u << 20, .validator = "\"1\"", .until = WHOLE },
    };

    (void)state;
    // The first attempt's progress is free, so two more.
    RUN(one, 2, NULL, same, ERR_CONNECTION_RESET, 3, 0, 3);
    RUN(one, 1, NULL, on, 0, 4, 3, 1);
}

static void test_mirrors(void **state)
{
    // Every mirror once without waiting, then round and round without the one that has no such file.
    static const struct answer around[] = {
        { .host = "a.test", .err = ERR_CONNECTION_TIMEOUT },
        { .host = "b.test", .err = ERR_HTTP_STATUS, .status = 404 },
        { .host = "c.test", .err = ERR_HTTP_STATUS, .status = 503 },
        { .host = "a.test", .err = ERR_CONNECTION_TIMEOUT, .at_least_ms = 1000 },
        { .host = "c.test", .until = WHOLE, .at_least_ms = 2000 },
    };
    // What delivered goes on delivering.
    static const struct answer stays[] = {
        { .host = "a.test", .until = 1000, .err = ERR_CONNECTION_RESET, .etag = "\"1\"", .ranges = true },
        { .host = "a.test", .offset = 1000, .validator = "\"1\"", .until = 1000,
          .err = ERR_CONNECTION_RESET },
        { .host = "b.test", .until = WHOLE },
    };
    // With a digest the next mirror goes on where the first broke off, without the first one's validator.
    static const struct answer across[] = {
        { .host = "a.test", .until = 1000, .err = ERR_CONNECTION_RESET, .etag = "\"1\"", .ranges = true },
        { .host = "a.test", .offset = 1000, .validator = "\"1\"", .until = 1000,
          .err = ERR_CONNECTION_RESET },
        { .host = "b.test", .offset = 1000, .until = WHOLE, .etag = "\"2\"", .ranges = true },
    };
    // What is in place stays there until another body begins: a mirror that only refuses costs nothing.
    static const struct answer back[] = {
        { .host = "a.test", .until = 1000, .err = ERR_CONNECTION_RESET, .etag = "\"1\"", .ranges = true },
        { .host = "a.test", .offset = 1000, .validator = "\"1\"", .until = 1000,
          .err = ERR_CONNECTION_RESET },
        { .host = "b.test", .err = ERR_CONNECTION_REFUSED, .refused = true },
        { .host = "a.test", .offset = 1000, .validator = "\"1\"", .until = WHOLE, .etag = "\"1\"",
          .ranges = true },
    };
    // Nor does one without the file, or one that does not understand ranges, before the first was asked again.
    static const struct answer not_there[] = {
        { .host = "a.test", .until = 1000, .err = ERR_CONNECTION_RESET, .ranges = true },
        { .host = "a.test", .offset = 1000, .until = 1000, .err = ERR_CONNECTION_RESET },
        { .host = "b.test", .offset = 1000, .until = 1000, .err = ERR_HTTP_STATUS, .status = 404 },
        { .host = "a.test", .offset = 1000, .until = WHOLE, .ranges = true },
    };
    static const struct answer no_ranges[] = {
        { .host = "a.test", .until = 1000, .err = ERR_CONNECTION_RESET, .ranges = true },
        { .host = "a.test", .offset = 1000, .until = 1000, .err = ERR_CONNECTION_RESET },
        { .host = "b.test", .offset = 1000, .until = 1000, .err = ERR_UNSUPPORTED },
        { .host = "a.test", .offset = 1000, .until = 1000, .err = ERR_CONNECTION_RESET },
        { .host = "b.test", .until = WHOLE },
    };
    static const struct answer none[] = {
        { .host = "a.test", .err = ERR_HTTP_STATUS, .status = 404 },
        { .host = "b.test", .err = ERR_TOO_MANY_REDIRECTS },
        { .host = "c.test", .err = ERR_HTTP_STATUS, .status = 403 },
    };

    (void)state;
    RUN(three, 2, NULL, around, 0, 5, 0, 5);
    RUN(two, 3, NULL, stays, 0, 3, 0, 2);
    RUN(two, 3, good_digest, across, 0, 3, 1, 1);
    RUN(two, 3, NULL, back, 0, 4, 1, 1);
    RUN(two, 3, good_digest, not_there, 0, 4, 1, 1);
    RUN(two, 3, good_digest, no_ranges, 0, 5, 0, 2);
    RUN(three, 9, NULL, none, ERR_HTTP_STATUS, 3, 0, 3);
}

static void test_digest(void **state)
{
    static const struct answer wrong[] = { { .host = "a.test", .until = WHOLE, .fill = 1 } };
    static const struct answer other_mirror[] = {
        { .host = "a.test", .until = WHOLE, .fill = 1, .ranges = true, .etag = "\"1\"" },
        { .host = "b.test", .until = WHOLE },
    };
    // Two pieces that do not belong together: the whole once more.
    static const struct answer mixed[] = {
        { .host = "a.test", .until = 1000, .fill = 1, .err = ERR_CONNECTION_RESET, .ranges = true },
        { .host = "a.test", .offset = 1000, .until = WHOLE, .ranges = true },
        { .host = "a.test", .until = WHOLE, .ranges = true, .alone = true },
    };
    // Nor do those of several connections: once more, over one. What that brings is final.
    static const struct answer parallel[] = {
        { .host = "a.test", .until = WHOLE, .fill = 1, .ranges = true, .used = 4 },
        { .host = "a.test", .until = WHOLE, .ranges = true, .alone = true },
    };
    static const struct answer wrong_twice[] = {
        { .host = "a.test", .until = WHOLE, .fill = 1, .ranges = true, .used = 2 },
        { .host = "a.test", .until = WHOLE, .fill = 1, .ranges = true, .alone = true },
    };
    struct download d;

    (void)state;
    d = RUN(one, 5, good_digest, wrong, ERR_DIGEST_MISMATCH, 1, 0, 1);
    assert_false(d.digest_checked);
    assert_true(memcmp(d.digest, good_digest, 32) != 0);
    RUN(two, 5, good_digest, other_mirror, 0, 2, 0, 2);
    RUN(one, 5, good_digest, mixed, 0, 3, 1, 2);
    d = RUN(one, 5, good_digest, parallel, 0, 2, 0, 2);
    assert_int_equal(d.connections_used, 4);
    RUN(one, 5, good_digest, wrong_twice, ERR_DIGEST_MISMATCH, 2, 0, 2);
}

static void test_no_repetition(void **state)
{
    static const struct {
        int err;
        unsigned status, attempts_of_three;
    } cases[] = {
        { ERR_CANCELLED, 0, 1 },         { ERR_OUT_OF_HEAP, 0, 1 },  { ERR_NOT_ENOUGH_MEMORY, 0, 3 },
        { ERR_HTTP_STATUS, 404, 3 },     { ERR_UNSUPPORTED, 0, 3 },  { ERR_SCHEME_UNSUPPORTED, 0, 3 },
        { ERR_TOO_MANY_REDIRECTS, 0, 3 },
    };

    (void)state;
    for (unsigned i = 0; i < COUNT(cases); i++) {
        struct answer answers[3] = { { .host = "a.test" }, { .host = "b.test" }, { .host = "c.test" } };
        unsigned n = cases[i].attempts_of_three;
        for (unsigned k = 0; k < 3; k++) {
            answers[k].err = cases[i].err;
            answers[k].status = cases[i].status;
        }
        run(three, 3, 5, NULL, answers, n, (struct expected){ cases[i].err, n, 0, n });
    }
}

static void test_cancel_while_waiting(void **state)
{
    static const struct answer answers[] = { { .host = "a.test", .err = ERR_STALLED } };

    (void)state;
    cancelled = true;
    RUN(one, 5, NULL, answers, ERR_CANCELLED, 1, 0, 1);
    cancelled = false;
}

// What never reaches parallel_get() or the server.
static void test_urls(void **state)
{
    static const char *const bad[] = { "nonsense", "ftp://a.test/x" };
    static const char *const refused[] = { "http://a.test:9/x", "http://unknown.test/x", A };
    static const struct answer answers[] = {
        { .host = "a.test", .until = WHOLE }, { .host = "unknown.test", .until = WHOLE },
        { .host = "a.test", .until = WHOLE },
    };
    struct download d = { 0 };

    (void)state;
    assert_int_equal(download_run(&d), ERR_NO_URL);
    run(bad, 2, 3, NULL, NULL, 0, (struct expected){ ERR_SCHEME_UNSUPPORTED, 0, 0, 0 });
    RUN(refused, 0, NULL, answers, 0, 3, 0, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_at_once), cmocka_unit_test(test_resume), cmocka_unit_test(test_when_to_resume),
        cmocka_unit_test(test_resume_refused), cmocka_unit_test(test_gives_up), cmocka_unit_test(test_progress_counts),
        cmocka_unit_test(test_mirrors), cmocka_unit_test(test_digest), cmocka_unit_test(test_no_repetition),
        cmocka_unit_test(test_cancel_while_waiting), cmocka_unit_test(test_urls),
    };

    return cmocka_run_group_tests(tests, make_image, NULL);
}
