// The client against scripted servers: each conversation whole, byte by byte and split at every byte; cut off
// at every byte by a close, a reset and a stall; into sinks that refuse.
#include "lib/clock.h"              // now_us
#include "lib/err.h"                // fail_detail
#include "lib/version.h"            // URLBOOT_VERSION
#include "net/http/http.h"          // http_get
#include "tests/unit/http_peer.h"   // struct peer
#include "tests/unit/http_talks.h"  // talks

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static struct http_get get;
static struct peer peer;
static struct peer_sink sink;
static struct url url;

static void prepare(const char *text)
{
    assert_int_equal(url_parse(&url, text, strlen(text)), 0);
    memset(&peer, 0, sizeof peer);
    memset(&get, 0, sizeof get);
    get.url = &url;
    get.status = 77;
    memset(&sink, 0, offsetof(struct peer_sink, bytes));
    peer_attach(&get, &peer, &sink);
    fail_clear();
}

static void answer_length(const char *bytes, size_t length, enum peer_end end)
{
    peer.answers[peer.count++] = (struct peer_answer){.bytes = bytes, .length = length, .end = end};
}

static void answer(const char *bytes)
{
    answer_length(bytes, strlen(bytes), PEER_CLOSES);
}

static int run(void)
{
    int err = http_get(&get);
    if (peer_check(&peer))
        fail_msg("%s", peer_check(&peer));
    return err;
}

static void assert_says(int err, int wanted, const char *says)
{
    if (err != wanted || !strstr(fail_detail(), says))
        fail_msg("%d '%s', wanted %d '%s'", err, fail_detail(), wanted, says);
}

static void hold(const struct talk *talk, size_t piece, size_t split)
{
    char text[URL_MAX];
    prepare("http://h/d/x.iso");
    for (size_t i = 0; i < COUNT(talk->answers) && talk->answers[i]; i++)
        answer(talk->answers[i]);
    peer.piece = piece;
    peer.split = split;
    get.offset = talk->offset;
    get.validator = talk->validator;
    get.known_length = talk->known_length;
    sink.resumed_at = talk->offset;
    memcpy(sink.bytes, "ABC", 3);

    int err = run();
    if (err != talk->err || !strstr(fail_detail(), talk->says ? talk->says : ""))
        fail_msg("%s (%zu, %zu): %d '%s', wanted %d '%s'", talk->name, piece, split, err, fail_detail(),
                 talk->err, talk->says);
    if (get.status != talk->status || get.redirects != talk->redirects || get.length != talk->length ||
        get.restarted != talk->restarted)
        fail_msg("%s: status %u redirects %u length %llu restarted %d", talk->name, get.status, get.redirects,
                 (unsigned long long)get.length, get.restarted);
    if (sink.length != strlen(talk->body) || memcmp(sink.bytes, talk->body, sink.length) != 0)
        fail_msg("%s: body '%.*s'", talk->name, (int)sink.length, sink.bytes);
    if (sink.finishes != (talk->err == 0) || peer.opened != peer.count)
        fail_msg("%s: %u finishes, %u of %u answers used", talk->name, sink.finishes, peer.opened,
                 peer.count);
    if (sink.length)
        assert_int_equal(get.received, sink.length - (sink.begins ? 0 : talk->offset));
    if (sink.begins)
        assert_int_equal(sink.announced, talk->length);
    url_format(&get.final_url, text, sizeof text);
    assert_string_equal(text, talk->final ? talk->final : "http://h/d/x.iso");
}

static void talks_at_every_split(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(talks); i++) {
        hold(&talks[i], 0, 0);
        hold(&talks[i], 1, 0);
        hold(&talks[i], 2, 0);
        hold(&talks[i], 7, 0);
        for (size_t split = 1; split < strlen(talks[i].answers[0]); split++)
            hold(&talks[i], 0, split);
    }
}

// begin is called when exactly the head has been consumed.
static void begins_before_the_body(void **state)
{
    (void)state;
    for (size_t piece = 0; piece < 4; piece++) {
        prepare("http://h/");
        answer(OK "Content-Length: 5\r\n\r\nhello");
        peer.piece = piece;
        sink.begin_error = ERR_NOT_ENOUGH_MEMORY;
        assert_says(run(), ERR_NOT_ENOUGH_MEMORY, "scripted begin");
        assert_int_equal(sink.at_begin, strlen(OK "Content-Length: 5\r\n\r\n"));
        assert_int_equal(sink.writes + sink.finishes, 0);
        assert_int_equal(get.received, 0);
        assert_int_equal(get.length, 5);
    }
}

static void passes_on_what_the_sink_says(void **state)
{
    static const char *const framings[] = {
        "Content-Length: 5\r\n\r\nhello", "\r\nhello",
        "Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"};
    (void)state;
    for (size_t i = 0; i < COUNT(framings); i++) {
        char text[128];
        snprintf(text, sizeof text, OK "%s", framings[i]);
        for (size_t at = 1; at <= 5; at++) {
            prepare("http://h/");
            answer(text);
            peer.piece = 1;
            sink.write_error = ERR_NOT_ENOUGH_MEMORY;
            sink.write_fails_at = at;
            assert_says(run(), ERR_NOT_ENOUGH_MEMORY, "scripted write");
            assert_int_equal(get.received, at - 1);
            assert_int_equal(sink.finishes, 0);
        }
        prepare("http://h/");
        answer(text);
        sink.finish_error = ERR_DIGEST_MISMATCH;
        assert_says(run(), ERR_DIGEST_MISMATCH, "scripted finish");
        assert_int_equal(get.received, 5);
    }
}

// A server that goes away after each byte of its answer: never a success, never a body that is not a prefix.
static void survives_every_end(void **state)
{
    static const struct {
        const char *text;
        const char *body;
        size_t complete;  // bytes of the answer after which it is complete
    } cases[] = {
        {OK "Content-Length: 5\r\n\r\nhello", "hello", 0},
        {OK "Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\nX: y\r\n\r\n", "hello", 0},
    };
    static const struct {
        enum peer_end end;
        int in_head, in_body;
    } ends[] = {
        {PEER_CLOSES, ERR_CONNECTION_RESET, ERR_BODY_TRUNCATED},
        {PEER_RESETS, ERR_CONNECTION_RESET, ERR_CONNECTION_RESET},
        {PEER_STALLS, ERR_STALLED, ERR_STALLED},
        {PEER_CANCELS, ERR_CANCELLED, ERR_CANCELLED},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        for (size_t e = 0; e < COUNT(ends); e++)
            for (size_t cut = 0; cut < strlen(cases[i].text); cut++) {
                size_t head = (size_t)(strstr(cases[i].text, "\r\n\r\n") - cases[i].text) + 4;
                prepare("http://h/");
                answer_length(cases[i].text, cut, ends[e].end);
                peer.piece = cut % 3;
                uint64_t start = now_us();
                assert_int_equal(run(), cut < head ? ends[e].in_head : ends[e].in_body);
                assert_int_equal(now_us() - start, ends[e].end == PEER_STALLS ? 1000000 : 0);
                assert_memory_equal(sink.bytes, cases[i].body, sink.length);
                assert_int_equal(get.received, sink.length);
                assert_int_equal(sink.begins, cut >= head);
                assert_int_equal(sink.finishes, 0);
            }
    // Close-delimited: only an orderly end completes the body.
    for (size_t e = 0; e < COUNT(ends); e++) {
        prepare("http://h/");
        answer_length(OK "\r\nhello", strlen(OK) + 7, ends[e].end);
        assert_int_equal(run(), e == 0 ? 0 : ends[e].in_body);
        assert_int_equal(get.received, 5);
    }
}

static void says_how_far_it_got(void **state)
{
    (void)state;
    prepare("http://h/");
    answer_length(OK "Content-Length: 9\r\n\r\nhello", strlen(OK) + 26, PEER_STALLS);
    assert_says(run(), ERR_STALLED, "nothing came for 1000 ms, got 5 of 9 bytes");
    prepare("http://h/");
    answer_length(OK "Content-Length: 9\r\n\r\nhello", strlen(OK) + 26, PEER_RESETS);
    assert_says(run(), ERR_CONNECTION_RESET, "the server broke off, got 5 of 9 bytes");
    prepare("http://h/");
    answer_length("HTTP", 4, PEER_STALLS);
    assert_says(run(), ERR_STALLED, "sent nothing for 1000 ms, the answer's head had 4 bytes so far");
}

// One byte every 900 ms is no stall, but the head as a whole must be there after four time-outs. A body may
// take as long as it likes while bytes come.
static void bounds_slow_heads_only(void **state)
{
    (void)state;
    prepare("http://h/");
    answer(OK "Content-Length: 5\r\n\r\nhello");
    peer.piece = 1;
    peer.answers[0].piece_ms = 900;
    uint64_t start = now_us();
    assert_says(run(), ERR_STALLED, "not complete after 4000 ms, 4 bytes came");
    assert_int_equal(now_us() - start, 4000000);

    static char text[1024];
    prepare("http://h/");
    int head = sprintf(text, OK "Content-Length: 500\r\n\r\n");
    memset(text + head, 'x', 500);
    answer_length(text, (size_t)head + 500, PEER_CLOSES);
    peer.piece = 20;
    peer.answers[0].piece_ms = 900;
    assert_int_equal(run(), 0);
    assert_int_equal(get.received, 500);
    assert_true(now_us() - start > 20000000);

    // Interim answers do not renew the deadline.
    prepare("http://h/");
    for (text[0] = '\0'; strlen(text) < 250;)
        strcat(text, "HTTP/1.1 102 x\r\n\r\n");
    answer_length(text, strlen(text), PEER_STALLS);
    peer.piece = 18;
    peer.answers[0].piece_ms = 900;
    start = now_us();
    assert_says(run(), ERR_STALLED, "not complete after 4000 ms");
    assert_int_equal(now_us() - start, 4000000);
}

static void bounds_interim_answers(void **state)
{
    static char text[1024];
    (void)state;
    for (unsigned count = HTTP_INTERIM_MAX; count <= HTTP_INTERIM_MAX + 1; count++) {
        prepare("http://h/");
        text[0] = '\0';
        for (unsigned i = 0; i < count; i++)
            strcat(text, "HTTP/1.1 100 Continue\r\n\r\n");
        strcat(text, OK "\r\nx");
        answer(text);
        int err = run();
        if (count == HTTP_INTERIM_MAX)
            assert_int_equal(err, 0);
        else
            assert_says(err, ERR_INVALID_RESPONSE, "more than 10 interim answers");
    }
}

static void ends_redirect_loops(void **state)
{
    (void)state;
    for (unsigned hops = HTTP_REDIRECTS_MAX; hops <= HTTP_REDIRECTS_MAX + 1; hops++) {
        prepare("http://h/");
        for (unsigned i = 0; i < hops; i++)
            answer("HTTP/1.1 302 x\r\nLocation: /\r\n\r\n");
        answer(OK "\r\nx");
        int err = run();
        assert_int_equal(get.redirects, HTTP_REDIRECTS_MAX);
        if (hops == HTTP_REDIRECTS_MAX)
            assert_int_equal(err, 0);
        else
            assert_says(err, ERR_TOO_MANY_REDIRECTS, "10 redirects were followed, the next leads to /");
    }
}

static void keeps_password_at_home(void **state)
{
    (void)state;
    prepare("http://u:p@h/");
    answer("HTTP/1.1 302 x\r\nLocation: /y\r\n\r\n");
    answer("HTTP/1.1 302 x\r\nLocation: http://other/\r\n\r\n");
    answer("HTTP/1.1 302 x\r\nLocation: http://h/\r\n\r\n");
    answer("HTTP/1.1 404 x\r\n\r\n");
    assert_int_equal(run(), ERR_HTTP_STATUS);
    assert_non_null(strstr(peer.requests[0], "\r\nAuthorization: Basic dTpw\r\n"));
    assert_non_null(strstr(peer.requests[1], "\r\nAuthorization: Basic dTpw\r\n"));
    assert_null(strstr(peer.requests[2], "Authorization"));
    assert_null(strstr(peer.requests[3], "Authorization"));
    assert_string_equal(peer.hosts[2], "other");
    assert_null(strstr(fail_detail(), "u:p"));
}

static void asks_for_the_rest(void **state)
{
    (void)state;
    prepare("http://h:8080/x");
    answer(PARTIAL "Content-Range: bytes 3-4/5\r\nETag: \"w\"\r\n\r\nlo");
    answer(OK "Content-Length: 5\r\nAccept-Ranges: bytes\r\nETag: \"w\"\r\n\r\nHELLO");
    get.offset = sink.resumed_at = 3;
    strcpy(get.etag, "\"v\"");
    get.validator = get.etag;
    assert_int_equal(run(), 0);
    assert_string_equal(peer.requests[0],
                        "GET /x HTTP/1.1\r\nHost: h:8080\r\nUser-Agent: urlboot/" URLBOOT_VERSION
                        "\r\nAccept: */*\r\nAccept-Encoding: identity\r\nConnection: close\r\n"
                        "Range: bytes=3-\r\nIf-Range: \"v\"\r\n\r\n");
    assert_null(strstr(peer.requests[1], "Range"));
    assert_true(get.restarted);
    assert_true(get.accepts_ranges);
    assert_string_equal(get.etag, "\"w\"");
    assert_int_equal(get.received, 5);
}

static void keeps_validators(void **state)
{
    static const struct {
        const char *headers, *etag;
        bool ranges;
        const char *server;
    } cases[] = {
        {"", "", false, ""},
        {"ETag: \"abc\"\r\nAccept-Ranges: bytes\r\nServer: nginx\x80\r\n", "\"abc\"", true, "nginx?"},
        {"ETag: W/\"abc\"\r\nAccept-Ranges: none\r\n", "", false, ""},
        {"ETag: abc\r\n", "", false, ""},
        {"ETag: \"\r\n", "", false, ""},
        {"ETag: \"\xe4\"\r\n", "", false, ""},
        {"ETag: \"a\"\r\nETag: \"b\"\r\n", "", false, ""},
        {"Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\nDate: Sun, 06 Nov 1994 08:50:37 GMT\r\n",
         "Sun, 06 Nov 1994 08:49:37 GMT", false, ""},
        {"Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\nDate: Sun, 06 Nov 1994 08:50:36 GMT\r\n", "", false,
         ""},
        {"Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n", "", false, ""},
        {"ETag: W/\"a\"\r\nLast-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\nDate: Sun, 06 Nov 2004 08:50:37 "
         "GMT\r\n",
         "", false, ""},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[512];
        prepare("http://h/");
        strcpy(get.etag, "old");
        snprintf(text, sizeof text, OK "%s\r\nx", cases[i].headers);
        answer(text);
        assert_int_equal(run(), 0);
        assert_string_equal(get.etag, cases[i].etag);
        assert_int_equal(get.accepts_ranges, cases[i].ranges);
        assert_string_equal(get.server, cases[i].server);
    }
    // An overlong one is no validator; the longest one is.
    for (size_t length = HTTP_VALIDATOR_MAX - 1; length <= HTTP_VALIDATOR_MAX; length++) {
        char text[512] = OK "ETag: \"";
        size_t at = strlen(text);
        prepare("http://h/");
        memset(text + at, 'e', length - 2);
        strcpy(text + at + length - 2, "\"\r\n\r\nx");
        answer(text);
        assert_int_equal(run(), 0);
        assert_int_equal(strlen(get.etag), length < HTTP_VALIDATOR_MAX ? length : 0);
    }
    // A resume keeps the one it was given when the server does not repeat it.
    prepare("http://h/");
    answer(PARTIAL "Content-Range: bytes 3-4/5\r\n\r\nlo");
    get.offset = sink.resumed_at = 3;
    get.validator = "\"v\"";
    assert_int_equal(run(), 0);
    assert_string_equal(get.etag, "\"v\"");
}

static void reports_connections(void **state)
{
    (void)state;
    prepare("http://h/");
    answer("");
    peer.answers[0].connect_error = ERR_CONNECTION_REFUSED;
    assert_int_equal(run(), ERR_CONNECTION_REFUSED);
    assert_int_equal(get.status, 0);

    // An answer before the request was taken counts; without one the reset does.
    prepare("http://h/");
    answer("HTTP/1.1 414 URI Too Long\r\n\r\n");
    peer.answers[0].send_error = ERR_CONNECTION_RESET;
    assert_says(run(), ERR_HTTP_STATUS, "URI Too Long");
    prepare("http://h/");
    answer_length("", 0, PEER_RESETS);
    peer.answers[0].send_error = ERR_CONNECTION_RESET;
    assert_int_equal(run(), ERR_CONNECTION_RESET);
    prepare("http://h/");
    answer(OK "\r\nx");
    peer.answers[0].send_error = ERR_CANCELLED;
    assert_int_equal(run(), ERR_CANCELLED);
    assert_int_equal(sink.begins, 0);

    prepare("https://h/");
    answer(OK "\r\nx");
    assert_says(run(), ERR_SCHEME_UNSUPPORTED, "https is not supported");
    assert_int_equal(peer.opened, 0);
    get.https = true;
    assert_int_equal(run(), 0);
    assert_int_equal(peer.opened, 1);
}

// A body of many pieces and chunk sizes arrives byte for byte, by every framing.
static void carries_large_bodies(void **state)
{
    enum { BYTES = 200000 };
    char *text = malloc(2 * BYTES + 1000);
    uint8_t *body = malloc(BYTES);
    (void)state;
    for (size_t i = 0; i < BYTES; i++)
        body[i] = (uint8_t)(i * 2654435761u >> 13);
    for (unsigned framing = 0; framing < 2; framing++)
        for (size_t piece = 0; piece < 5000; piece = piece * 5 + 1) {
            size_t at = (size_t)sprintf(
                text, framing ? OK "Transfer-Encoding: chunked\r\n\r\n" : OK "Content-Length: %u\r\n\r\n",
                BYTES);
            for (size_t done = 0, n = framing ? 1 : BYTES; done < BYTES; done += n, n = n * 3 % 4099 + 1) {
                n = n < BYTES - done ? n : BYTES - done;
                at += framing ? (size_t)sprintf(text + at, "%zx\r\n", n) : 0;
                memcpy(text + at, body + done, n);
                at += n;
                at += framing ? (size_t)sprintf(text + at, "\r\n") : 0;
            }
            at += framing ? (size_t)sprintf(text + at, "0\r\n\r\n") : 0;
            prepare("http://h/");
            answer_length(text, at, PEER_CLOSES);
            peer.piece = piece;
            assert_int_equal(run(), 0);
            assert_int_equal(sink.finished_length, BYTES);
            assert_memory_equal(sink.bytes, body, BYTES);
        }
    free(body);
    free(text);
}

// `until` ends the transfer in the middle of the body, and may be lowered while it comes.
static void stops_where_told(void **state)
{
    static const char *const parts[] = {
        PARTIAL "Content-Range: bytes 3-9/20\r\n\r\ndefghij",
        // The server sends more than was asked for, and its chunks end elsewhere.
        PARTIAL "Content-Range: bytes 3-19/20\r\nTransfer-Encoding: chunked\r\n\r\n3\r\ndef\r\n6\r\nghijkl\r\n",
        PARTIAL "Content-Range: bytes 3-19/20\r\nTransfer-Encoding: chunked\r\n\r\n7\r\ndefghij\r\n",
    };

    (void)state;
    for (size_t n = 0; n < 4 * COUNT(parts); n++) {
        size_t piece = n / COUNT(parts);
        prepare("http://h/");
        answer(parts[n % COUNT(parts)]);
        peer.piece = piece;
        get.offset = sink.resumed_at = 3;
        get.until = 10;
        assert_int_equal(run(), 0);
        assert_non_null(strstr(peer.requests[0], "Range: bytes=3-9\r\n"));
        assert_int_equal(get.received, 7);
        assert_int_equal(sink.finishes, 0);

        prepare("http://h/");
        answer(OK "Content-Length: 10\r\n\r\nabcdefghij");
        peer.piece = piece;
        int result = http_begin(&get);
        while (result == 0) {
            assert_true(http_ready(&get));
            if (get.received > 0)
                get.until = 6;
            result = http_step(&get);
        }
        http_end(&get);
        http_end(&get);
        assert_int_equal(result, 1);
        assert_int_equal(get.received, piece == 0 ? 10 : 6);
        assert_int_equal(sink.finishes, piece == 0);
        assert_null(peer_check(&peer));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(talks_at_every_split), cmocka_unit_test(begins_before_the_body),
        cmocka_unit_test(passes_on_what_the_sink_says), cmocka_unit_test(survives_every_end),
        cmocka_unit_test(says_how_far_it_got), cmocka_unit_test(bounds_slow_heads_only),
        cmocka_unit_test(bounds_interim_answers), cmocka_unit_test(ends_redirect_loops),
        cmocka_unit_test(keeps_password_at_home), cmocka_unit_test(asks_for_the_rest),
        cmocka_unit_test(keeps_validators), cmocka_unit_test(reports_connections),
        cmocka_unit_test(carries_large_bodies), cmocka_unit_test(stops_where_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
