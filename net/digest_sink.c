// SHA-256 over a body as it arrives. Spec: FIPS 180-4, by lib/sha256.

#include "net/digest_sink.h"  // struct digest_sink

#include <stdio.h>
#include <string.h>

#include "kernel/profile.h"  // profile_enter
#include "lib/clock.h"       // now_us
#include "lib/err.h"         // fail

#define HEX_SIZE (2 * 32 + 1)
#define PORTION 65536u  // still in a cache when it is hashed

static int digest_begin(struct sink *sink, uint64_t length)
{
    struct digest_sink *d = (struct digest_sink *)sink;

    sha256_init(&d->hash);
    d->hashed = d->passed = 0;
    d->matched = false;
    return d->below->begin(d->below, length);
}

static void hash(struct digest_sink *d, const void *data, size_t length)
{
    uint64_t start = now_us();

    profile_enter(PROFILE_HASH);
    sha256_update(&d->hash, data, length);
    profile_leave();
    d->spent_us += now_us() - start;
    d->hashed += length;
}

// Where bytes lie that were handed on, NULL when nobody tells.
static const void *lies_at(const struct digest_sink *d, uint64_t offset, size_t length)
{
    return d->place != NULL && d->place->room != NULL ? d->place->room(d->place, offset, length) : NULL;
}

// Hashes what lies in its place already.
static void catch_up(struct digest_sink *d)
{
    size_t length = (size_t)(d->passed - d->hashed);

    if (length > 0)
        hash(d, lies_at(d, d->hashed, length), length);
}

static int digest_write(struct sink *sink, uint64_t offset, const void *data, size_t length)
{
    struct digest_sink *d = (struct digest_sink *)sink;

    if (offset != d->passed)
        return fail(ERR_INVALID_RESPONSE, "byte %lu came where byte %lu was due", offset, d->passed);
    int err = d->below->write(d->below, offset, data, length);
    if (err < 0)
        return err;
    d->passed += length;
    // All that waits lies in one piece with this: it has room when this has.
    if (lies_at(d, offset, length) == NULL)
        hash(d, data, length);
    else if (d->passed - d->hashed >= PORTION)
        catch_up(d);
    return 0;
}

static void hex(char out[HEX_SIZE], const uint8_t digest[32])
{
    for (unsigned i = 0; i < 32; i++)
        snprintf(out + 2 * i, 3, "%02x", digest[i]);
}

static int digest_finish(struct sink *sink, uint64_t length)
{
    struct digest_sink *d = (struct digest_sink *)sink;
    char got[HEX_SIZE], expected[HEX_SIZE];

    if (length != d->passed)
        return fail(ERR_BODY_TRUNCATED, "%lu of %lu bytes came", d->passed, length);
    catch_up(d);
    sha256_final(&d->hash, d->digest);
    d->matched = memcmp(d->digest, d->expected, sizeof(d->digest)) == 0;
    if (!d->matched) {
        hex(got, d->digest);
        hex(expected, d->expected);
        return fail(ERR_DIGEST_MISMATCH, "SHA-256 is %s, not %s", got, expected);
    }
    return d->below->finish(d->below, length);
}

static void *digest_room(struct sink *sink, uint64_t offset, size_t length)
{
    struct digest_sink *d = (struct digest_sink *)sink;

    return d->below->room != NULL ? d->below->room(d->below, offset, length) : NULL;
}

void digest_sink_init(struct digest_sink *d, struct sink *below, const uint8_t *expected)
{
    memset(d, 0, sizeof(*d));
    d->sink = (struct sink){ digest_begin, digest_write, digest_finish, digest_room };
    d->below = below;
    d->expected = expected;
    sha256_init(&d->hash);
}
