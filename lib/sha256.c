// SHA-256 (FIPS 180-4): lib/sha256.h over 7-Zip's C/Sha256.c, which chooses its code once by CPUID.
// The code itself is compiled by lib/third_party.mk.
#include "lib/sha256.h"  // sha256_init

#include <assert.h>

#include "Sha256.h"  // CSha256

static_assert(sizeof(CSha256) <= sizeof(struct sha256), "struct sha256 must hold 7-Zip's state");
static_assert(_Alignof(CSha256) <= _Alignof(struct sha256), "struct sha256 must be aligned for it");

// SAFETY: size and alignment are asserted above, and nobody else looks into the state.
static CSha256 *inner(struct sha256 *hash)
{
    return (CSha256 *)(void *)hash->state;
}

bool sha256_init_by(struct sha256 *hash, enum sha256_method method)
{
    static const unsigned algorithms[] = {
        [SHA256_FASTEST] = SHA256_ALGO_DEFAULT,
        [SHA256_PORTABLE] = SHA256_ALGO_SW,
        [SHA256_INSTRUCTIONS] = SHA256_ALGO_HW,
    };
    static bool prepared;

    if (!prepared)
        Sha256Prepare();
    prepared = true;
    Sha256_Init(inner(hash));
    return Sha256_SetFunction(inner(hash), algorithms[method]);
}

void sha256_init(struct sha256 *hash)
{
    sha256_init_by(hash, SHA256_FASTEST);
}

void sha256_update(struct sha256 *hash, const void *data, size_t length)
{
    if (length > 0)
        Sha256_Update(inner(hash), data, length);
}

void sha256_final(struct sha256 *hash, uint8_t digest[SHA256_SIZE])
{
    Sha256_Final(inner(hash), digest);
}
