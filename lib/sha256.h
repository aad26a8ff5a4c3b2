// SHA-256 (FIPS 180-4) of bytes as they arrive, any number at a time, up to 2^61 in all. 7-Zip's code does
// the work, with the processor's SHA instructions where CPUID has them.
// Those use xmm registers: CR4.OSFXSR must be set (boot/entry.S does, UEFI firmware always has), and no
// interrupt handler may touch vector registers (ours are compiled without).
//
// Example:
//     struct sha256 hash;
//     sha256_init(&hash);
//     sha256_update(&hash, data, length);
//     sha256_final(&hash, digest);
#ifndef URLBOOT_LIB_SHA256_H
#define URLBOOT_LIB_SHA256_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SHA256_SIZE 32  // bytes of a digest

// The state between two calls; may be copied to go on from there twice. Holds 7-Zip's CSha256, whose header
// defines names like `Byte` that are kept out of our files.
struct sha256 {
    uint64_t __attribute__((may_alias)) state[16];
};

enum sha256_method {
    SHA256_FASTEST,
    SHA256_PORTABLE,      // plain C
    SHA256_INSTRUCTIONS,  // the processor's
};

// Starts a digest by the fastest method there is.
void sha256_init(struct sha256 *hash);

// As sha256_init, by a given method (for tests). False when this processor does not have it; *hash is then
// not usable.
bool sha256_init_by(struct sha256 *hash, enum sha256_method method);

// Takes the next `length` bytes in; 0 is allowed.
void sha256_update(struct sha256 *hash, const void *data, size_t length);

// Stores the digest of all bytes taken in; then *hash starts anew, by the same method.
void sha256_final(struct sha256 *hash, uint8_t digest[SHA256_SIZE]);

#endif
