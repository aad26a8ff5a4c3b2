// The head of an answer. Spec: RFC 9112 4 (status line), 6.1 to 6.3 (which framing the body has). Not
// handled: HTTP/0.9, HTTP/2, transfer codings besides chunked.
#include "net/http/response.h"  // http_response_parse

#include <string.h>

#include "lib/err.h"  // fail

static const char protocol[] = "HTTP/1.";

enum repeat { REFUSE, FORGET };  // what a second header of that name does: a trap, or merely no information

static const struct {
    const char *name;
    enum repeat repeat;
} fields[HTTP_FIELDS] = {
    [HTTP_CONTENT_LENGTH] = {"Content-Length", REFUSE},
    [HTTP_TRANSFER_ENCODING] = {"Transfer-Encoding", REFUSE},
    [HTTP_CONTENT_ENCODING] = {"Content-Encoding", REFUSE},
    [HTTP_CONTENT_RANGE] = {"Content-Range", REFUSE},
    [HTTP_LOCATION] = {"Location", REFUSE},
    [HTTP_ETAG] = {"ETag", FORGET},
    [HTTP_LAST_MODIFIED] = {"Last-Modified", FORGET},
    [HTTP_DATE] = {"Date", FORGET},
    [HTTP_ACCEPT_RANGES] = {"Accept-Ranges", FORGET},
    [HTTP_SERVER] = {"Server", FORGET},
};

// A server that speaks something else (TLS, SSH, HTTP/0.9) is told by its first bytes, not by a time-out.
static int check_protocol(const struct http_head *head)
{
    char shown[24];
    size_t n = head->length < sizeof protocol - 1 ? head->length : sizeof protocol - 1;
    if (memcmp(head->bytes, protocol, n) == 0)
        return 0;
    return fail(ERR_INVALID_RESPONSE, "the answer begins with '%s', not with %s",
                http_span_show((struct http_span){head->bytes, head->length}, shown, sizeof shown), protocol);
}

int http_head_take(struct http_head *head, const uint8_t *data, size_t length, size_t *used)
{
    *used = 0;
    while (*used < length) {
        if (head->length == HTTP_HEAD_MAX)
            return fail(ERR_INVALID_RESPONSE, "the head of the answer is longer than %u bytes",
                        HTTP_HEAD_MAX);
        char c = (char)data[(*used)++];
        head->bytes[head->length++] = c;
        if (head->length < sizeof protocol) {
            int err = check_protocol(head);
            if (err)
                return err;
        }
        if (c == '\n' && head->line == 0)
            return 1;
        if (c == '\n')
            head->line = 0;
        else if (c != '\r')
            head->line++;
    }
    return 0;
}

// RFC 9112 4: HTTP/1.x SP 3DIGIT [SP reason]. The space before an empty reason is often left out.
static int parse_status_line(struct http_response *r, struct http_span line)
{
    enum { MINOR = sizeof protocol - 1, CODE = MINOR + 2, REASON = CODE + 3 };
    char shown[64];
    uint64_t minor, code;
    const char *s = line.at;

    bool valid = line.length >= REASON && memcmp(s, protocol, MINOR) == 0 && s[MINOR + 1] == ' ' &&
                 http_span_number((struct http_span){s + MINOR, 1}, &minor) &&
                 http_span_number((struct http_span){s + CODE, 3}, &code) && code >= 100 &&
                 (line.length == REASON || s[REASON] == ' ');
    if (!valid)
        return fail(ERR_INVALID_RESPONSE, "the status line is '%s'",
                    http_span_show(line, shown, sizeof shown));
    for (size_t i = REASON; i < line.length; i++) {
        unsigned char c = (unsigned char)s[i];
        if ((c < ' ' && c != '\t') || c == 127)
            return fail(ERR_INVALID_RESPONSE, "control byte 0x%02x in the status line", c);
    }
    r->minor = (unsigned)minor;
    r->status = (unsigned)code;
    if (line.length > REASON)
        r->reason = (struct http_span){s + REASON + 1, line.length - REASON - 1};
    return 0;
}

static int keep_field(struct http_response *r, const struct http_header *header, bool seen[HTTP_FIELDS])
{
    for (unsigned i = 0; i < HTTP_FIELDS; i++) {
        if (!http_span_is(header->name, fields[i].name))
            continue;
        if (seen[i] && fields[i].repeat == REFUSE)
            return fail(ERR_INVALID_RESPONSE, "the answer has two headers %s", fields[i].name);
        r->field[i] = seen[i] ? (struct http_span){NULL, 0} : header->value;
        seen[i] = true;
        return 0;
    }
    return 0;
}

// RFC 9112 6.3. Content-Length beside Transfer-Encoding: the RFC lets chunked win but wants it handled as an
// error. It is refused: no honest server sends both, and the two may come from two writers, one of them
// hostile.
static int decide_framing(struct http_response *r)
{
    char shown[48];
    struct http_span coding = r->field[HTTP_TRANSFER_ENCODING], length = r->field[HTTP_CONTENT_LENGTH];
    r->framing = HTTP_UNTIL_CLOSE;
    if (coding.at && length.at)
        return fail(ERR_INVALID_RESPONSE, "the answer has both Content-Length and Transfer-Encoding");
    if (coding.at && r->minor == 0)
        return fail(ERR_INVALID_RESPONSE, "an HTTP/1.0 answer has Transfer-Encoding");
    if (coding.at && !http_span_is(coding, "chunked"))
        return fail(ERR_UNSUPPORTED, "the answer has Transfer-Encoding '%s', only chunked is supported",
                    http_span_show(coding, shown, sizeof shown));
    if (coding.at) {
        r->framing = HTTP_CHUNKED;
    } else if (length.at) {
        r->framing = HTTP_BY_LENGTH;
        if (!http_span_number(length, &r->content_length))
            return fail(ERR_INVALID_RESPONSE, "Content-Length '%s' is not a number below 2^63",
                        http_span_show(length, shown, sizeof shown));
    }
    return 0;
}

int http_response_parse(struct http_response *r, char *head, size_t length)
{
    struct http_span rest = {head, length}, line;
    struct http_header header;
    bool seen[HTTP_FIELDS] = {false};
    unsigned count = 0;

    memset(r, 0, sizeof *r);
    if (!http_line_next(&rest, &line))
        return fail(ERR_INVALID_RESPONSE, "the answer has no status line");
    int got = parse_status_line(r, line);
    if (got)
        return got;
    http_headers_unfold(head + (length - rest.length), rest.length);
    while ((got = http_header_next(&rest, &header)) > 0) {
        if (++count > HTTP_HEADERS_MAX)
            return fail(ERR_INVALID_RESPONSE, "the answer has more than %u headers", HTTP_HEADERS_MAX);
        got = keep_field(r, &header, seen);
        if (got)
            return got;
    }
    return got ? got : decide_framing(r);
}
