// Fuzzes the chunked decoder: the outcome must not depend on how the coded bytes are split. The first byte of
// the input picks the size of the pieces.
#include "lib/err.h"           // fail_clear
#include "net/http/chunked.h"  // http_chunked_take

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct outcome {
    int result;
    uint8_t *body;
    size_t length, used;
};

static void require(bool truth)
{
    if (!truth)
        abort();
}

static struct outcome decode(const uint8_t *data, size_t size, size_t piece)
{
    struct http_chunked c = {0};
    struct outcome o = {.body = malloc(size ? size : 1)};
    while (o.used < size && o.result == 0) {
        size_t n = piece < size - o.used ? piece : size - o.used, used, body;
        uint8_t *copy = malloc(n);
        memcpy(copy, data + o.used, n);
        o.result = http_chunked_take(&c, copy, n, &used, &body);
        if (o.result >= 0) {
            require(used >= 1 && used <= n && body <= used);
            memcpy(o.body + o.length, copy + used - body, body);
            o.length += body;
            o.used += used;
        }
        free(copy);
    }
    return o;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    fail_clear();
    struct outcome whole = decode(data + 1, size - 1, size),
                   split = decode(data + 1, size - 1, 1 + data[0] % 16);
    require(whole.result == split.result && whole.length == split.length);
    require(whole.result < 0 || whole.used == split.used);
    require(memcmp(whole.body, split.body, whole.length) == 0);
    require(whole.result >= 0 || fail_detail()[0]);
    free(whole.body);
    free(split.body);
    return 0;
}
