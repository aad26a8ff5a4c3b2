// A sink that computes SHA-256 over everything that passes and compares it at the end. Where `place` tells by
// room() where the bytes lie, it is they that are hashed, in their place, a good deal at a time.
#ifndef URLBOOT_NET_DIGEST_SINK_H
#define URLBOOT_NET_DIGEST_SINK_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/sha256.h"  // struct sha256
#include "net/sink.h"    // struct sink

struct digest_sink {
    struct sink sink;         // must be first
    struct sink *below;       // gets every byte after it was counted in
    struct sink *place;       // its room() tells where bytes lie; NULL: what is handed on is hashed
    const uint8_t *expected;  // 32 bytes
    struct sha256 hash;
    uint64_t passed;          // bytes handed on so far
    uint64_t hashed;          // ... and hashed: less, while the rest lies in its place
    uint64_t spent_us;        // time the hashing took, over all attempts
    uint8_t digest[32];       // after finish()
    bool matched;             // after finish()
};

// Prepares `d`, without a place. `expected` must stay where it is. Its finish() returns ERR_DIGEST_MISMATCH,
// and does not finish what is below, when the digest differs; its write() refuses bytes that do not follow on
// the last.
// Example: digest_sink_init(&d, &image.sink, sha256); get.sink = &d.sink;
void digest_sink_init(struct digest_sink *d, struct sink *below, const uint8_t *expected);

#endif
