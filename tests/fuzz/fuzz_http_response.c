// Fuzzes the collecting and parsing of a head: collecting must not depend on how the bytes are split, every
// span must point into the head, and a head that was taken never has two framings.
#include "lib/err.h"            // fail_clear
#include "net/http/response.h"  // http_response_parse

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool truth)
{
    if (!truth)
        abort();
}

static int collect(struct http_head *head, const uint8_t *data, size_t size, size_t piece)
{
    int done = 0;
    head->length = head->line = 0;
    for (size_t at = 0, used; at < size && done == 0; at += used) {
        done = http_head_take(head, data + at, piece < size - at ? piece : size - at, &used);
        require(done < 0 || used > 0);
    }
    return done;
}

static void inside(struct http_span span, const char *bytes, size_t length)
{
    require(!span.at || (span.at >= bytes && span.at + span.length <= bytes + length));
}

// The whole input as a head that need not be complete, in a block of its very size.
static void parse(const uint8_t *data, size_t size)
{
    struct http_response r;
    struct http_range range;
    char *bytes = malloc(size ? size : 1);
    memcpy(bytes, data, size);
    int err = http_response_parse(&r, bytes, size);
    if (err == 0) {
        require(r.status >= 100 && r.status <= 999 && r.minor <= 9);
        inside(r.reason, bytes, size);
        for (unsigned i = 0; i < HTTP_FIELDS; i++)
            inside(r.field[i], bytes, size);
        require(r.framing != HTTP_BY_LENGTH || r.content_length <= HTTP_NUMBER_MAX);
        require(!r.field[HTTP_CONTENT_LENGTH].at || !r.field[HTTP_TRANSFER_ENCODING].at);
        if (r.field[HTTP_CONTENT_RANGE].at && http_content_range(r.field[HTTP_CONTENT_RANGE], &range) == 0)
            require(range.first <= range.last &&
                    (!range.satisfied || !range.total_known || range.last < range.total));
        http_date(r.field[HTTP_DATE]);
    } else {
        require(fail_detail()[0]);
    }
    free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct http_head whole, split;
    fail_clear();
    int first = collect(&whole, data, size, size), second = collect(&split, data, size, 1 + size % 5);
    require(first == second);
    require(first < 0 ||
            (whole.length == split.length && memcmp(whole.bytes, split.bytes, whole.length) == 0));
    parse(data, size);
    return 0;
}
