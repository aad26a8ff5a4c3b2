// What an answer means: the whole, a part, nothing, or another place to ask at. Spec: RFC 9110 14 (ranges),
// 15.3.7 (206), 15.4 (redirects), 15.5.17 (416), 8.8 (validators). Not handled: multipart ranges, content
// codings.
#include "net/http/work.h"  // http_answer

#include <stdio.h>
#include <string.h>

#include "lib/err.h"         // fail
#include "lib/log.h"         // log_info
#include "net/http/status.h" // http_status_name

#define STRONG_AFTER_S 60  // RFC 9110 8.8.2.2: Last-Modified so much older than Date is a strong validator

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

static void expect_body(struct http_get *get, const struct http_response *r, uint64_t base, uint64_t wanted)
{
    struct http_work *w = &get->work;
    w->base = base;
    w->wanted = wanted;
    w->framing = r->framing;
    memset(&w->chunked, 0, sizeof w->chunked);
}

// 200: the whole from byte 0, asked for or not.
static int accept_whole(struct http_get *get, const struct http_response *r)
{
    int err = check_encoding(r);
    if (err)
        return err;
    keep_facts(get, r);
    read_validator(r, get->etag);
    get->length = r->framing == HTTP_BY_LENGTH ? r->content_length : SINK_LENGTH_UNKNOWN;
    get->restarted = get->offset > 0;
    expect_body(get, r, 0, get->length);
    err = get->sink->begin(get->sink, get->length);
    return err ? err : HTTP_BODY;
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
static int accept_part(struct http_get *get, const struct http_response *r)
{
    struct http_range range;
    int err = check_encoding(r);
    if (!err)
        err = check_part(get, r, &range);
    if (err)
        return err;
    if (!same_resource(get, r, &range)) {
        log_info("%s has changed since the download began, starting again", http_where(get));
        return HTTP_AGAIN;
    }
    keep_facts(get, r);
    if (!get->etag[0])
        read_validator(r, get->etag);
    if (!get->etag[0] && get->validator)
        snprintf(get->etag, sizeof get->etag, "%s", get->validator);
    get->length = range.total;
    expect_body(get, r, get->offset, range.last - range.first + 1);
    return HTTP_BODY;
}

// 416: nothing lies behind `offset`. Either all was there already, or the resource is another one.
static int accept_nothing(struct http_get *get, const struct http_response *r)
{
    struct http_range range;
    struct http_span text = r->field[HTTP_CONTENT_RANGE];
    bool told = text.at && http_content_range(text, &range) == 0 && !range.satisfied;
    if (!told || range.total != get->offset || !same_resource(get, r, &range)) {
        log_info("%s has nothing at byte %llu, starting again", http_where(get),
                 (unsigned long long)get->offset);
        return HTTP_AGAIN;
    }
    get->length = range.total;
    int err = get->sink->finish(get->sink, range.total);
    return err ? err : HTTP_DONE;
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
    log_info("redirected (%u) to %s", r->status, http_where(get));
    return HTTP_AGAIN;
}

int http_answer(struct http_get *get, const struct http_response *r)
{
    bool ranged = get->work.ranged;
    char shown[160];
    if (r->status == HTTP_OK)
        return accept_whole(get, r);
    if (http_status_is_redirect(r->status))
        return follow(get, r);
    if (r->status == HTTP_PARTIAL_CONTENT && !ranged)
        return fail(ERR_INVALID_RESPONSE, "the server sent a part (206) though the whole was asked for");
    int result;
    if (r->status == HTTP_PARTIAL_CONTENT)
        result = accept_part(get, r);
    else if (r->status == HTTP_RANGE_NOT_SATISFIABLE && ranged)
        result = accept_nothing(get, r);
    else {
        snprintf(shown, sizeof shown, "%s (%s)", http_where(get), http_status_name(r->status));
        return fail_http_status(r->status, shown);
    }
    // Another resource than before: without a range neither 206 nor 416 is taken, so this happens once.
    if (result == HTTP_AGAIN)
        get->work.ranged = false;
    return result;
}
