// One GET, from the request to the last byte in the sink. Spec: RFC 9110 15.4 (redirects), 14 (ranges), RFC
// 9112 6.3 (message body length), 8 (incomplete messages). Every request has its own connection: what a
// server sends behind its answer is never read. Not handled: cookies, proxies, content codings, multipart
// ranges.
#include "net/http/http.h"  // http_get

#include <stdio.h>
#include <string.h>

#include "lib/clock.h"         // deadline_ms
#include "lib/err.h"           // fail
#include "lib/log.h"           // log_info
#include "net/http/chunked.h"  // http_chunked_take
#include "net/http/status.h"   // http_status_name

#define STRONG_AFTER_S 60  // RFC 9110 8.8.2.2: Last-Modified so much older than Date is a strong validator

// How a request ended when it did not end the GET.
enum next { NEXT_REDIRECT = 1, NEXT_FROM_START = 2 };

struct body {
    struct http_get *get;
    struct stream *stream;
    uint64_t base;    // sink offset of its first byte
    uint64_t wanted;  // its bytes, SINK_LENGTH_UNKNOWN: as many as come
};

// host[:port]/path for sentences.
static const char *where(struct http_get *get)
{
    char *text = get->work.text;
    url_format(&get->final_url, text, 120);
    return strstr(text, "://") + 3;
}

// "got N of M bytes" of the whole, or "got N bytes" when M is not known.
static const char *progress(const struct body *body, char *out, size_t size)
{
    unsigned long long have = body->base + body->get->received;
    if (body->wanted == SINK_LENGTH_UNKNOWN)
        snprintf(out, size, "got %llu bytes", have);
    else
        snprintf(out, size, "got %llu of %llu bytes", have, (unsigned long long)(body->base + body->wanted));
    return out;
}

static int send_request(struct http_get *get, struct stream *stream, bool ranged)
{
    struct http_request request = {
        .url = &get->final_url,
        .offset = ranged ? get->offset : 0,
        .validator = get->validator,
    };
    long length = http_request_build(get->work.text, sizeof get->work.text, &request);
    if (length < 0)
        return (int)length;
    return stream->send(stream, get->work.text, (size_t)length, deadline_ms(get->timeout_ms));
}

// Reads bytes of the head. The whole head has a deadline besides that of each byte: a server that sends one
// byte every few seconds would otherwise hold the machine for days.
static int collect_head(struct http_get *get, struct stream *stream, uint64_t head_deadline)
{
    struct http_head *head = &get->work.head;
    head->length = head->line = 0;
    for (;;) {
        const uint8_t *data;
        size_t used;
        uint64_t deadline = deadline_ms(get->timeout_ms);
        uint64_t soonest = deadline < head_deadline ? deadline : head_deadline;
        long got = deadline_passed(head_deadline) ? ERR_STALLED : stream->peek(stream, &data, soonest);
        if (got == ERR_STALLED && deadline_passed(head_deadline))
            return fail(ERR_STALLED, "the answer's head was not complete after %llu ms, %zu bytes came",
                        (unsigned long long)HTTP_HEAD_TIMEOUTS * get->timeout_ms, head->length);
        if (got == ERR_STALLED)
            return fail(ERR_STALLED,
                        "the server sent nothing for %u ms, the answer's head had %zu bytes so far",
                        get->timeout_ms, head->length);
        if (got < 0)
            return (int)got;
        if (got == 0)
            return fail(ERR_CONNECTION_RESET,
                        "the server closed the connection after %zu bytes of its answer's head",
                        head->length);
        int done = http_head_take(head, data, (size_t)got, &used);
        if (done < 0)
            return done;
        stream->consume(stream, used);
        if (done)
            return 0;
    }
}

// Reads heads until one is not interim (RFC 9110 15.2).
static int read_head(struct http_get *get, struct stream *stream, struct http_response *r)
{
    uint64_t deadline = deadline_ms((uint64_t)HTTP_HEAD_TIMEOUTS * get->timeout_ms);
    for (unsigned interim = 0; interim <= HTTP_INTERIM_MAX; interim++) {
        int err = collect_head(get, stream, deadline);
        if (err)
            return err;
        err = http_response_parse(r, get->work.head.bytes, get->work.head.length);
        if (err)
            return err;
        get->status = r->status;
        if (r->status == HTTP_SWITCHING_PROTOCOLS)
            return fail(ERR_INVALID_RESPONSE, "the server switches to another protocol unasked");
        if (!http_status_is_interim(r->status))
            return 0;
    }
    return fail(ERR_INVALID_RESPONSE, "the server sent more than %u interim answers", HTTP_INTERIM_MAX);
}

// The next bytes of the body: > 0 and *data, 0 at the end of the stream, or an error.
static long next_bytes(const struct body *body, const uint8_t **data)
{
    char so_far[64];
    uint32_t timeout_ms = body->get->timeout_ms;
    long got = body->stream->peek(body->stream, data, deadline_ms(timeout_ms));
    if (got == ERR_STALLED)
        return fail(ERR_STALLED, "nothing came for %u ms, %s", timeout_ms,
                    progress(body, so_far, sizeof so_far));
    if (got == ERR_CONNECTION_RESET)
        return fail(ERR_CONNECTION_RESET, "the server broke off, %s", progress(body, so_far, sizeof so_far));
    return got;
}

static int write_piece(const struct body *body, const uint8_t *data, size_t length)
{
    struct http_get *get = body->get;
    int err = get->sink->write(get->sink, body->base + get->received, data, length);
    if (!err)
        get->received += length;
    return err;
}

static int truncated(const struct body *body)
{
    char so_far[64];
    return fail(ERR_BODY_TRUNCATED, "%s", progress(body, so_far, sizeof so_far));
}

// A body by length or until close.
static int take_plain(const struct body *body)
{
    const struct http_get *get = body->get;
    while (get->received < body->wanted) {
        const uint8_t *data;
        long got = next_bytes(body, &data);
        if (got < 0)
            return (int)got;
        if (got == 0)
            return body->wanted == SINK_LENGTH_UNKNOWN ? 0 : truncated(body);
        uint64_t left = body->wanted - get->received;
        size_t length = (uint64_t)got < left ? (size_t)got : (size_t)left;
        int err = write_piece(body, data, length);
        if (err)
            return err;
        body->stream->consume(body->stream, length);
    }
    return 0;
}

// Decodes data[length]. 1 at the end of the coding, 0 to go on, or an error.
static int decode_chunks(const struct body *body, struct http_chunked *chunked, const uint8_t *data,
                         size_t length)
{
    while (length > 0) {
        size_t used, piece;
        int end = http_chunked_take(chunked, data, length, &used, &piece);
        if (end < 0)
            return end;
        uint64_t left = body->wanted - body->get->received;
        size_t fits = piece < left ? piece : (size_t)left;
        int err = fits > 0 ? write_piece(body, data + used - piece, fits) : 0;
        if (err)
            return err;
        if (piece > fits)
            return fail(ERR_INVALID_RESPONSE,
                        "the answer is longer than the %llu bytes its Content-Range says",
                        (unsigned long long)body->wanted);
        if (end)
            return 1;
        data += used;
        length -= used;
    }
    return 0;
}

static int take_chunked(const struct body *body)
{
    struct http_chunked chunked = {0};
    for (;;) {
        const uint8_t *data;
        long got = next_bytes(body, &data);
        if (got < 0)
            return (int)got;
        if (got == 0)
            return truncated(body);
        int end = decode_chunks(body, &chunked, data, (size_t)got);
        if (end < 0)
            return end;
        body->stream->consume(body->stream, (size_t)got);
        if (end)
            return 0;
    }
}

// Takes the body as it is framed. A chunked one may end before body->wanted.
static int take_body(const struct body *body, const struct http_response *r)
{
    return r->framing == HTTP_CHUNKED ? take_chunked(body) : take_plain(body);
}

// The bytes of a coded body are not those of the ISO.
static int check_encoding(const struct http_response *r)
{
    char shown[48];
    struct http_span coding = r->field[HTTP_CONTENT_ENCODING];
    if (coding.length == 0 || http_span_is(coding, "identity"))
        return 0;
    return fail(ERR_UNSUPPORTED,
                "the server sends the file compressed (Content-Encoding '%s') though asked not to",
                http_span_show(coding, shown, sizeof shown));
}

// True when the response's Last-Modified is a strong validator (RFC 9110 8.8.2.2).
static bool is_strong_date(const struct http_response *r)
{
    int64_t modified = http_date(r->field[HTTP_LAST_MODIFIED]), date = http_date(r->field[HTTP_DATE]);
    return modified >= 0 && date >= 0 && date - modified >= STRONG_AFTER_S;
}

// The response's strong validator into out[HTTP_VALIDATOR_MAX], "" when it has none.
static void read_validator(const struct http_response *r, char *out)
{
    struct http_span tag = r->field[HTTP_ETAG], date = r->field[HTTP_LAST_MODIFIED];
    out[0] = '\0';
    if (tag.at) {
        bool strong = tag.length >= 2 && tag.at[0] == '"' && tag.at[tag.length - 1] == '"';
        if (!strong || tag.length >= HTTP_VALIDATOR_MAX)
            return;
        // What cannot be shown cannot be sent back byte for byte either.
        http_span_show(tag, out, HTTP_VALIDATOR_MAX);
        if (memcmp(out, tag.at, tag.length) != 0)
            out[0] = '\0';
    } else if (is_strong_date(r)) {
        http_span_show(date, out, HTTP_VALIDATOR_MAX);
    }
}

static void keep_facts(struct http_get *get, const struct http_response *r)
{
    struct http_span none = {"", 0}, server = r->field[HTTP_SERVER];
    http_span_show(server.at ? server : none, get->server, sizeof get->server);
    get->accepts_ranges =
        r->status == HTTP_PARTIAL_CONTENT || http_span_is(r->field[HTTP_ACCEPT_RANGES], "bytes");
}

static int finish(struct http_get *get, uint64_t length)
{
    return get->sink->finish(get->sink, length);
}

// 200: the whole from byte 0, asked for or not.
static int accept_whole(struct http_get *get, struct stream *stream, const struct http_response *r)
{
    bool sized = r->framing == HTTP_BY_LENGTH;
    struct body body = {get, stream, 0, sized ? r->content_length : SINK_LENGTH_UNKNOWN};

    int err = check_encoding(r);
    if (err)
        return err;
    keep_facts(get, r);
    read_validator(r, get->etag);
    get->length = body.wanted;
    get->restarted = get->offset > 0;
    err = get->sink->begin(get->sink, body.wanted);
    if (err)
        return err;
    err = take_body(&body, r);
    return err ? err : finish(get, get->received);
}

// True when the response carries the same validator as the first answer, or none to compare.
static bool same_resource(const struct http_get *get, const struct http_response *r,
                          const struct http_range *range)
{
    const char *known = get->validator ? get->validator : "";
    struct http_span now = r->field[known[0] == '"' ? HTTP_ETAG : HTTP_LAST_MODIFIED];
    if (get->known_length != 0 && get->known_length != SINK_LENGTH_UNKNOWN && range->total_known &&
        get->known_length != range->total)
        return false;
    if (!known[0] || !now.at)
        return true;
    return now.length == strlen(known) && memcmp(now.at, known, now.length) == 0;
}

// Where a 206 lies in the whole: it must begin at the wanted byte and its length must be its framing's.
static int check_part(struct http_get *get, const struct http_response *r, struct http_range *range)
{
    struct http_span text = r->field[HTTP_CONTENT_RANGE];
    if (!text.at)
        return fail(ERR_INVALID_RESPONSE, "a 206 answer has no Content-Range");
    int err = http_content_range(text, range);
    if (err)
        return err;
    if (!range->satisfied || range->first != get->offset)
        return fail(ERR_INVALID_RESPONSE, "asked for byte %llu on, Content-Range begins at %llu",
                    (unsigned long long)get->offset, (unsigned long long)range->first);
    if (r->framing == HTTP_BY_LENGTH && r->content_length != range->last - range->first + 1)
        return fail(ERR_INVALID_RESPONSE, "Content-Length %llu is not that of Content-Range %llu-%llu",
                    (unsigned long long)r->content_length, (unsigned long long)range->first,
                    (unsigned long long)range->last);
    bool known = get->known_length != 0 && get->known_length != SINK_LENGTH_UNKNOWN;
    if (!range->total_known && known)
        range->total = get->known_length;
    else if (!range->total_known)
        return fail(ERR_INVALID_RESPONSE, "Content-Range does not say how long the whole is");
    if (range->last >= range->total)
        return fail(ERR_INVALID_RESPONSE, "Content-Range ends at byte %llu of %llu",
                    (unsigned long long)range->last, (unsigned long long)range->total);
    return 0;
}

// 206: the rest from `offset` on, or a part of the rest (RFC 9110 15.3.7).
static int accept_part(struct http_get *get, struct stream *stream, const struct http_response *r)
{
    struct http_range range;
    int err = check_encoding(r);
    if (!err)
        err = check_part(get, r, &range);
    if (err)
        return err;
    if (!same_resource(get, r, &range)) {
        log_info("%s has changed since the download began, starting again", where(get));
        return NEXT_FROM_START;
    }
    keep_facts(get, r);
    if (!get->etag[0])
        read_validator(r, get->etag);
    if (!get->etag[0] && get->validator)
        snprintf(get->etag, sizeof get->etag, "%s", get->validator);
    get->length = range.total;
    struct body body = {get, stream, get->offset, range.last - range.first + 1};
    err = take_body(&body, r);
    if (err)
        return err;
    body.wanted = range.total - range.first;
    return get->received < body.wanted ? truncated(&body) : finish(get, range.total);
}

// 416: nothing lies behind `offset`. Either all was there already, or the resource is another one.
static int accept_nothing(struct http_get *get, const struct http_response *r)
{
    struct http_range range;
    struct http_span text = r->field[HTTP_CONTENT_RANGE];
    bool told = text.at && http_content_range(text, &range) == 0 && !range.satisfied;
    if (!told || range.total != get->offset || !same_resource(get, r, &range)) {
        log_info("%s has nothing at byte %llu, starting again", where(get), (unsigned long long)get->offset);
        return NEXT_FROM_START;
    }
    get->length = range.total;
    return finish(get, range.total);
}

// Sets final_url to where the response sends the client.
static int follow(struct http_get *get, const struct http_response *r)
{
    struct http_span to = r->field[HTTP_LOCATION];
    struct url *next = &get->work.next;
    char shown[80];

    if (!to.at || to.length == 0)
        return fail(ERR_INVALID_RESPONSE, "a redirect (%u) does not say where to", r->status);
    if (get->redirects == HTTP_REDIRECTS_MAX)
        return fail(ERR_TOO_MANY_REDIRECTS, "%u redirects were followed, the next leads to %s",
                    HTTP_REDIRECTS_MAX, http_span_show(to, shown, sizeof shown));
    int err = url_resolve(next, &get->final_url, to.at, to.length);
    if (!err && next->scheme == URL_HTTPS && !get->https)
        return fail(ERR_SCHEME_UNSUPPORTED, "%s redirects to %s, and https is not supported",
                    get->final_url.host, http_span_show(to, shown, sizeof shown));
    if (err)
        return fail(err == ERR_URL_INVALID ? ERR_INVALID_RESPONSE : err, "redirect to '%s': %s",
                    http_span_show(to, shown, sizeof shown), fail_detail());
    get->final_url = *next;
    get->redirects++;
    log_info("redirected (%u) to %s", r->status, where(get));
    return NEXT_REDIRECT;
}

static int accept_response(struct http_get *get, struct stream *stream, const struct http_response *r,
                           bool ranged)
{
    char shown[160];
    if (r->status == HTTP_OK)
        return accept_whole(get, stream, r);
    if (http_status_is_redirect(r->status))
        return follow(get, r);
    if (r->status == HTTP_PARTIAL_CONTENT && ranged)
        return accept_part(get, stream, r);
    if (r->status == HTTP_PARTIAL_CONTENT)
        return fail(ERR_INVALID_RESPONSE, "the server sent a part (206) though the whole was asked for");
    if (r->status == HTTP_RANGE_NOT_SATISFIABLE && ranged)
        return accept_nothing(get, r);
    snprintf(shown, sizeof shown, "%s (%s)", where(get), http_status_name(r->status));
    return fail_http_status(r->status, shown);
}

// One request on one connection: 0, an enum next, or an error.
static int exchange(struct http_get *get, bool ranged)
{
    struct stream *stream;
    struct http_response r;

    if (get->final_url.scheme == URL_HTTPS && !get->https)
        return fail(ERR_SCHEME_UNSUPPORTED, "https is not supported");
    int result = get->connect(get->ctx, &get->final_url, &stream);
    if (result)
        return result;
    result = send_request(get, stream, ranged);
    // A server may answer (with an error, mostly) and close before it has read the request.
    if (result == 0 || result == ERR_CONNECTION_RESET)
        result = read_head(get, stream, &r);
    if (result == 0)
        result = accept_response(get, stream, &r, ranged);
    stream->close(stream);
    return result;
}

int http_get(struct http_get *get)
{
    bool ranged = get->offset > 0;

    if (get->url != &get->final_url)
        get->final_url = *get->url;
    if (get->validator != get->etag)
        get->etag[0] = '\0';
    get->status = get->redirects = 0;
    get->received = 0;
    get->length = SINK_LENGTH_UNKNOWN;
    get->restarted = get->accepts_ranges = false;
    get->server[0] = '\0';
    for (;;) {
        int result = exchange(get, ranged);
        if (result <= 0)
            return result;
        // Without a range neither 206 nor 416 is taken: this happens once.
        if (result == NEXT_FROM_START)
            ranged = false;
    }
}
