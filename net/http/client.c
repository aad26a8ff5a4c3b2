// One GET, from the request to the last byte in the sink: connections, requests, heads. Spec: RFC 9110 15.2
// (interim answers), RFC 9112 2. Every request has its own connection: what a server sends behind its answer
// is never read. Not handled: cookies, proxies.
#include "net/http/http.h"  // http_get

#include <stdio.h>
#include <string.h>

#include "lib/clock.h"        // deadline_ms
#include "lib/err.h"          // fail
#include "net/http/status.h"  // http_status_is_interim
#include "net/http/work.h"    // http_answer

const char *http_where(struct http_get *get)
{
    char *text = get->work.text;
    url_format(&get->final_url, text, 120);
    return strstr(text, "://") + 3;
}

static int send_request(struct http_get *get)
{
    struct http_request request = {
        .url = &get->final_url,
        .offset = get->work.ranged ? get->offset : 0,
        .until = get->work.ranged ? get->until : 0,
        .validator = get->validator,
    };
    struct stream *stream = get->work.stream;
    long length = http_request_build(get->work.text, sizeof get->work.text, &request);
    if (length < 0)
        return (int)length;
    int err = stream->send(stream, get->work.text, (size_t)length, deadline_ms(get->timeout_ms));
    // A server may answer (with an error, mostly) and close before it has read the request.
    return err == ERR_CONNECTION_RESET ? 0 : err;
}

static void expect_head(struct http_work *w)
{
    w->head.length = w->head.line = 0;
}

// One request on a connection of its own; its answer is awaited by http_step().
static int ask(struct http_get *get)
{
    struct http_work *w = &get->work;

    http_end(get);
    if (get->final_url.scheme == URL_HTTPS && !get->https)
        return fail(ERR_SCHEME_UNSUPPORTED, "https is not supported");
    int err = get->connect(get->ctx, &get->final_url, &w->stream);
    if (err) {
        w->stream = NULL;
        return err;
    }
    w->in_body = false;
    w->interim = 0;
    expect_head(w);
    w->head_deadline = deadline_ms((uint64_t)HTTP_HEAD_TIMEOUTS * get->timeout_ms);
    return send_request(get);
}

// Reads what comes of the head: 1 when it is complete, 0 to go on. The whole head has a deadline besides that
// of each byte: a server that sends one byte every few seconds would otherwise hold the machine for days.
static int take_head(struct http_get *get)
{
    struct http_work *w = &get->work;
    struct http_head *head = &w->head;
    const uint8_t *data;
    size_t used;
    uint64_t deadline = deadline_ms(get->timeout_ms);
    uint64_t soonest = deadline < w->head_deadline ? deadline : w->head_deadline;
    long got = deadline_passed(w->head_deadline) ? ERR_STALLED : w->stream->peek(w->stream, &data, soonest);

    if (got == ERR_STALLED && deadline_passed(w->head_deadline))
        return fail(ERR_STALLED, "the answer's head was not complete after %llu ms, %zu bytes came",
                    (unsigned long long)HTTP_HEAD_TIMEOUTS * get->timeout_ms, head->length);
    if (got == ERR_STALLED)
        return fail(ERR_STALLED, "the server sent nothing for %u ms, the answer's head had %zu bytes so far",
                    get->timeout_ms, head->length);
    if (got < 0)
        return (int)got;
    if (got == 0)
        return fail(ERR_CONNECTION_RESET,
                    "the server closed the connection after %zu bytes of its answer's head", head->length);
    int done = http_head_take(head, data, (size_t)got, &used);
    if (done < 0)
        return done;
    w->stream->consume(w->stream, used);
    return done;
}

// A complete head: what it means, or that another follows (RFC 9110 15.2). An enum http_next, 0 for the next
// head, or an error.
static int judge_head(struct http_get *get)
{
    struct http_work *w = &get->work;
    struct http_response r;
    int err = http_response_parse(&r, w->head.bytes, w->head.length);

    if (err)
        return err;
    get->status = r.status;
    if (r.status == HTTP_SWITCHING_PROTOCOLS)
        return fail(ERR_INVALID_RESPONSE, "the server switches to another protocol unasked");
    if (!http_status_is_interim(r.status))
        return http_answer(get, &r);
    if (w->interim++ == HTTP_INTERIM_MAX)
        return fail(ERR_INVALID_RESPONSE, "the server sent more than %u interim answers", HTTP_INTERIM_MAX);
    expect_head(w);
    return 0;
}

int http_begin(struct http_get *get)
{
    if (get->url != &get->final_url)
        get->final_url = *get->url;
    if (get->validator != get->etag)
        get->etag[0] = '\0';
    get->status = get->redirects = 0;
    get->received = 0;
    get->length = SINK_LENGTH_UNKNOWN;
    get->restarted = get->accepts_ranges = false;
    get->server[0] = '\0';
    get->work.stream = NULL;
    get->work.base = get->work.wanted = 0;
    get->work.ranged = get->offset > 0;
    return ask(get);
}

int http_step(struct http_get *get)
{
    int result = get->work.in_body ? http_body(get) : take_head(get);

    if (get->work.in_body || result <= 0)
        return result;
    result = judge_head(get);
    if (result == HTTP_AGAIN)
        return ask(get);
    get->work.in_body = result == HTTP_BODY;
    return result == HTTP_BODY ? 0 : result;
}

bool http_ready(struct http_get *get)
{
    return get->work.stream->ready(get->work.stream);
}

void http_end(struct http_get *get)
{
    if (get->work.stream)
        get->work.stream->close(get->work.stream);
    get->work.stream = NULL;
}

int http_get(struct http_get *get)
{
    int result = http_begin(get);

    while (result == 0)
        result = http_step(get);
    http_end(get);
    return result < 0 ? result : 0;
}
