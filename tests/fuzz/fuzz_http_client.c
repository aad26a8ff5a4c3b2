// Fuzzes whole conversations. The first bytes of the input choose how the server behaves and whether it is a
// resume; the rest are its answers, one per connection, divided by 0xff bytes. The peer and sink of
// tests/unit/http_peer.c abort when the client breaks their contracts; here the outcome must not depend on
// how the bytes are split.
#include "lib/err.h"               // fail_clear
#include "tests/unit/http_peer.h"  // struct peer

#include <stdlib.h>
#include <string.h>

enum { CONTROL = 4, RESUMED_AT = 3 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct url url;

static void require(bool truth)
{
    if (!truth)
        abort();
}

static void script(struct peer *peer, const uint8_t *data, size_t size, const uint8_t control[CONTROL])
{
    memset(peer, 0, sizeof *peer);
    while (peer->count < PEER_ANSWERS_MAX) {
        const uint8_t *end = memchr(data, 0xff, size);
        size_t length = end ? (size_t)(end - data) : size;
        struct peer_answer *answer = &peer->answers[peer->count++];
        answer->bytes = (const char *)data;
        answer->length = length;
        answer->end = (enum peer_end)(control[0] % 4);
        answer->send_error = control[0] & 4 ? ERR_CONNECTION_RESET : 0;
        if (!end)
            return;
        data += length + 1;
        size -= length + 1;
    }
}

static int hold(struct http_get *get, struct peer_sink *sink, size_t piece, const uint8_t *data, size_t size)
{
    static struct peer peer;
    static const char *const validators[] = {NULL, "\"v\"", "Sun, 06 Nov 1994 08:49:37 GMT", ""};
    memset(get, 0, sizeof *get);
    memset(sink, 0, offsetof(struct peer_sink, bytes));
    script(&peer, data + CONTROL, size - CONTROL, data);
    peer.piece = piece;
    get->url = &url;
    get->https = data[0] & 8;
    get->offset = sink->resumed_at = data[0] & 16 ? RESUMED_AT : 0;
    get->validator = validators[data[1] % 4];
    get->known_length = data[2];
    sink->begin_error = data[3] == 1 ? ERR_NOT_ENOUGH_MEMORY : 0;
    sink->write_error = data[3] == 2 ? ERR_NOT_ENOUGH_MEMORY : 0;
    sink->finish_error = data[3] == 3 ? ERR_DIGEST_MISMATCH : 0;
    sink->write_fails_at = 5;
    memcpy(sink->bytes, "ABC", RESUMED_AT);
    peer_attach(get, &peer, sink);
    int err = http_get(get);
    require(peer_check(&peer) == NULL);
    return err;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct http_get whole, split;
    static struct peer_sink whole_sink, split_sink;
    if (size < CONTROL || size > PEER_SINK_MAX)
        return 0;
    if (!url.path[0])
        require(url_parse(&url, "http://u:p@h:8080/d/x.iso?q", 27) == 0);
    fail_clear();
    int err = hold(&whole, &whole_sink, 0, data, size),
        again = hold(&split, &split_sink, 1 + size % 3, data, size);
    require(err <= 0 && err == again);
    require(err == 0 || fail_detail()[0]);
    require(err != 0 || (whole_sink.finishes == 1 && (whole.length == SINK_LENGTH_UNKNOWN ||
                                                      whole_sink.finished_length == whole.length)));
    require(whole.status == split.status && whole.redirects == split.redirects &&
            whole.length == split.length);
    // A sink that fails in the middle has got fewer bytes when they came in larger pieces.
    if (err == ERR_NOT_ENOUGH_MEMORY)
        return 0;
    require(whole.received == split.received && whole_sink.length == split_sink.length);
    require(memcmp(whole_sink.bytes, split_sink.bytes, whole_sink.length) == 0);
    return 0;
}
