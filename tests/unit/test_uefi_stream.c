// net/uefi_stream.c under the real HTTP client: a made-up firmware answers each request by a script.
#include "kernel/firmware/efi_http.h"     // efi_http_open
#include "kernel/firmware/efi_network.h"  // struct efi_network
#include "lib/clock.h"                 // now_us
#include "lib/err.h"                   // fail
#include "net/http/http.h"             // http_get
#include "net/poll.h"                  // stack_check_cancel
#include "net/uefi_stream.h"           // uefi_stream_open

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#undef fail  // cmocka's; ours is a function

// ---- the firmware -----------------------------------------------------------------------------------

struct script {
    const char *url;         // that must be asked for
    int get_err;             // efi_http_get() returns it
    const char *head, *body; // body NULL: nothing comes any more
    size_t piece;            // bytes of a Response
    int body_err;            // after the body, instead of its end
    bool cancel;             // a key is pressed while the body is awaited
};

struct efi_http {
    const struct script *script;
    enum { NOTHING, GET, HEAD, BODY } under_way;
    unsigned turns;          // until what is under way is done
    char *buffer;
    size_t size, at, length;
};

static const struct efi_network network;
static const struct script *script;
static unsigned opened, closed, script_length;
static uint64_t clock_us;
static bool cancelled;
static char seen_headers[2048];

uint64_t now_us(void)
{
    return clock_us += 100;
}

int stack_check_cancel(void)
{
    return cancelled ? fail(ERR_CANCELLED, "a key was pressed") : 0;
}

int efi_http_open(struct efi_http **http, const struct efi_network *from, uint32_t timeout_ms)
{
    assert_ptr_equal(from, &network);
    assert_int_equal(timeout_ms, 1000);
    assert_true(opened < script_length);
    *http = calloc(1, sizeof(**http));
    (*http)->script = &script[opened++];
    return 0;
}

static int begin(struct efi_http *h, int what, unsigned turns)
{
    assert_int_equal(h->under_way, NOTHING);
    h->under_way = what;
    h->turns = turns;
    return 0;
}

int efi_http_get(struct efi_http *h, const char *url, const struct efi_header *headers, unsigned count)
{
    assert_string_equal(url, h->script->url);
    seen_headers[0] = '\0';
    for (unsigned i = 0; i < count; i++)
        snprintf(seen_headers + strlen(seen_headers), sizeof(seen_headers) - strlen(seen_headers), "[%s|%s]",
                 headers[i].name, headers[i].value);
    if (h->script->get_err < 0)
        return fail(h->script->get_err, "as the script says");
    return begin(h, GET, 3);
}

int efi_http_read_head(struct efi_http *h)
{
    return begin(h, HEAD, 2);
}

int efi_http_read_body(struct efi_http *h, void *buffer, size_t size)
{
    h->buffer = buffer;
    h->size = size;
    return begin(h, BODY, 1);
}

int efi_http_poll(struct efi_http *h)
{
    const char *body = h->script->body;

    assert_int_not_equal(h->under_way, NOTHING);
    if (h->turns > 0) {
        h->turns--;
        return 0;
    }
    if (h->under_way == BODY) {
        if (body == NULL) {
            cancelled = h->script->cancel;
            return 0;
        }
        size_t left = strlen(body) - h->at;
        if (left == 0 && h->script->body_err < 0)
            return fail(h->script->body_err, "as the script says");
        h->length = left < h->script->piece ? left : h->script->piece;
        assert_true(h->length <= h->size);
        memcpy(h->buffer, body + h->at, h->length);
        h->at += h->length;
    }
    h->under_way = NOTHING;
    return 1;
}

long efi_http_head(struct efi_http *h, char *text, size_t size)
{
    return snprintf(text, size, "%s", h->script->head);
}

size_t efi_http_length(const struct efi_http *h)
{
    return h->length;
}

bool efi_http_close(struct efi_http *h)
{
    closed++;
    free(h);
    return true;
}

// ---- the client -------------------------------------------------------------------------------------

static char got[256];
static unsigned begins, finishes;

static int sink_begin(struct sink *sink, uint64_t length)
{
    (void)sink;
    (void)length;
    begins++;
    return 0;
}

static int sink_write(struct sink *sink, uint64_t offset, const void *data, size_t length)
{
    (void)sink;
    assert_true(offset + length < sizeof(got));
    memcpy(got + offset, data, length);
    got[offset + length] = '\0';
    return 0;
}

static int sink_finish(struct sink *sink, uint64_t length)
{
    (void)sink;
    (void)length;
    finishes++;
    return 0;
}

static int connect_to(void *ctx, const struct url *url, struct stream **stream)
{
    (void)ctx;
    return uefi_stream_open(stream, url, &network, 1000);
}

static struct http_get get;

static int fetch(const char *text, const struct script *answers, unsigned count, uint64_t offset)
{
    static struct sink sink = { sink_begin, sink_write, sink_finish, NULL };
    static struct url url;

    assert_int_equal(url_parse(&url, text, strlen(text)), 0);
    memset(&get, 0, sizeof(get));
    get.url = &url;
    get.sink = &sink;
    get.connect = connect_to;
    get.timeout_ms = 1000;
    get.https = true;
    get.offset = offset;
    get.validator = "\"v\"";
    script = answers;
    script_length = count;
    opened = closed = begins = finishes = 0;
    cancelled = false;
    memset(got, 0, sizeof(got));
    int err = http_get(&get);
    assert_int_equal(opened, closed);
    return err;
}

#define URL "http://u:p@h.test:81/a?b"
#define PLAIN "http://h.test:81/a?b"
#define OK "HTTP/1.1 200 by UEFI\r\nContent-Length: 10\r\nETag: \"v\"\r\nAccept-Ranges: bytes\r\n\r\n"

static void test_body(void **state)
{
    static const struct script answers[] = { { .url = PLAIN, .head = OK, .body = "0123456789tail", .piece = 4 } };

    (void)state;
    assert_int_equal(fetch(URL, answers, 1, 0), 0);
    assert_string_equal(got, "0123456789");
    assert_int_equal(finishes, 1);
    assert_string_equal(get.etag, "\"v\"");
    assert_true(get.accepts_ranges);
    assert_non_null(strstr(seen_headers, "[Host|h.test:81]"));
    assert_non_null(strstr(seen_headers, "[Authorization|Basic dTpw]"));
    assert_null(strstr(seen_headers, "GET"));
}

// RFC 9110 section 7.2 and RFC 3986 section 3.2.2: brackets go into the Host field and to the firmware.
static void test_ipv6_literal(void **state)
{
    static const struct script answers[] = {
        { .url = "http://[2001:db8::1]:81/x", .head = OK, .body = "0123456789", .piece = 4 } };

    (void)state;
    assert_int_equal(fetch("http://[2001:DB8:0::1]:81/x", answers, 1, 0), 0);
    assert_non_null(strstr(seen_headers, "[Host|[2001:db8::1]:81]"));
}

static void test_resume(void **state)
{
    static const struct script answers[] = {
        { .url = PLAIN, .body = "6789", .piece = 100,
          .head = "HTTP/1.1 206 by UEFI\r\nContent-Length: 4\r\nContent-Range: bytes 6-9/10\r\n\r\n" } };

    (void)state;
    assert_int_equal(fetch(URL, answers, 1, 6), 0);
    assert_string_equal(got + 6, "6789");
    assert_int_equal(begins, 0);
    assert_non_null(strstr(seen_headers, "[Range|bytes=6-]"));
    assert_non_null(strstr(seen_headers, "[If-Range|\"v\"]"));
}

// Redirects, chunks and closed connections are the client's business as on any other stream.
static void test_redirect_and_chunks(void **state)
{
    static const struct script answers[] = {
        { .url = "https://h.test/", .body = "moved", .piece = 100,
          .head = "HTTP/1.1 302 by UEFI\r\nLocation: http://other.test/x\r\nContent-Length: 5\r\n\r\n" },
        { .url = "http://other.test/x", .body = "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", .piece = 1,
          .head = "HTTP/1.1 200 by UEFI\r\nTransfer-Encoding: chunked\r\n\r\n" } };

    (void)state;
    assert_int_equal(fetch("https://h.test", answers, 2, 0), 0);
    assert_string_equal(got, "abcde");
    assert_int_equal(finishes, 1);
}

static void test_failures(void **state)
{
    static const struct {
        struct script script;
        int err;
    } cases[] = {
        { { .url = PLAIN, .get_err = ERR_SCHEME_UNSUPPORTED }, ERR_SCHEME_UNSUPPORTED },
        { { .url = PLAIN, .get_err = ERR_DNS_LOOKUP_FAILED }, ERR_DNS_LOOKUP_FAILED },
        { { .url = PLAIN, .head = OK, .body = "0123", .piece = 9 }, ERR_BODY_TRUNCATED },
        { { .url = PLAIN, .head = OK, .body = "0123", .piece = 9, .body_err = ERR_CONNECTION_RESET },
          ERR_CONNECTION_RESET },
        { { .url = PLAIN, .head = OK }, ERR_STALLED },
        { { .url = PLAIN, .head = OK, .cancel = true }, ERR_CANCELLED },
        { { .url = PLAIN, .head = "HTTP/1.1 200 by UEFI\r\nServer: length\r\n\r\n", .body = "x", .piece = 1 },
          ERR_UNSUPPORTED },
        { { .url = PLAIN, .head = "HTTP/1.1 404 by UEFI\r\nContent-Length: 0\r\n\r\n", .body = "" },
          ERR_HTTP_STATUS },
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int err = fetch(URL, &cases[i].script, 1, 0);
        if (err != cases[i].err)
            print_error("case %u: %s: %s\n", i, err_name(err), fail_detail());
        assert_int_equal(err, cases[i].err);
        assert_int_equal(finishes, 0);
    }
}

// What the stream refuses when it is not the HTTP client that talks to it.
static void test_misuse(void **state)
{
    static const struct script answers[] = { { .url = PLAIN }, { .url = PLAIN }, { .url = PLAIN } };
    char many[1024] = "GET / HTTP/1.1\r\n";
    struct stream *s;
    struct url url;
    const uint8_t *data;

    (void)state;
    script = answers;
    script_length = 3;
    opened = closed = 0;
    assert_int_equal(url_parse(&url, URL, strlen(URL)), 0);
    assert_int_equal(uefi_stream_open(&s, &url, &network, 1000), 0);
    assert_int_equal(s->peek(s, &data, 0), ERR_UNSUPPORTED);
    assert_int_equal(s->send(s, "GET / HTTP/1.1\r\nno colon\r\n\r\n", 28, 0), ERR_UNSUPPORTED);
    assert_int_equal(s->peek(s, &data, 0), ERR_UNSUPPORTED);
    assert_int_equal(s->send(s, "GET", 3, 0), ERR_UNSUPPORTED);
    s->close(s);

    assert_int_equal(uefi_stream_open(&s, &url, &network, 1000), 0);
    for (unsigned i = 0; i <= EFI_HTTP_HEADERS_MAX; i++)
        strcat(many, "A: b\r\n");
    strcat(many, "\r\n");
    assert_int_equal(s->send(s, many, strlen(many), 0), ERR_UNSUPPORTED);
    s->close(s);

    static char huge[HTTP_REQUEST_MAX];
    assert_int_equal(uefi_stream_open(&s, &url, &network, 1000), 0);
    assert_int_equal(s->send(s, huge, sizeof(huge), 0), ERR_UNSUPPORTED);
    s->close(s);
    assert_int_equal(closed, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_body),                 cmocka_unit_test(test_resume),
        cmocka_unit_test(test_redirect_and_chunks),  cmocka_unit_test(test_misuse),
        cmocka_unit_test(test_failures),             cmocka_unit_test(test_ipv6_literal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
