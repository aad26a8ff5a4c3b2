// lib/sha256: the vectors of NIST (FIPS 180-2 appendix B, CAVP SHA256ShortMsg) by both methods, pieces of odd
// sizes, and lengths over 4 GiB (the digest of 5 GiB of zeros is coreutils' sha256sum).
#include "lib/sha256.h"  // sha256_init_by

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define BIG 100000

static const char *const method_names[] = {"fastest", "portable", "instructions"};

static void to_hex(const uint8_t digest[SHA256_SIZE], char text[2 * SHA256_SIZE + 1])
{
    for (size_t i = 0; i < SHA256_SIZE; i++)
        snprintf(text + 2 * i, 3, "%02x", digest[i]);
}

static void expect(struct sha256 *hash, const char *want)
{
    uint8_t digest[SHA256_SIZE];
    char got[2 * SHA256_SIZE + 1];

    sha256_final(hash, digest);
    to_hex(digest, got);
    assert_string_equal(got, want);
}

static const struct {
    const char *unit;
    unsigned times;
    const char *digest;
} vectors[] = {
    {"", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {"abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    {"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
     "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu", 1,
     "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"},
    {"a", 1000000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
    {"\xd3", 1, "28969cdfa74a12c82f3bad960b0b000aca2ac329deea5c2328ebc6f2ba9802c1"},
    {"\x11\xaf", 1, "5ca7133fa735326081558ac312c620eeca9970d1e70a4b95533d956f072d1f98"},
    {"\xb4\x19\x0e", 1, "dff2e73091f6c05e528896c4c831b9448653dc2ff043528f6769437bc7b975c2"},
};

static void check_vectors(enum sha256_method method)
{
    struct sha256 hash;

    for (size_t i = 0; i < COUNT(vectors); i++) {
        assert_true(sha256_init_by(&hash, method));
        for (unsigned n = 0; n < vectors[i].times; n++)
            sha256_update(&hash, vectors[i].unit, strlen(vectors[i].unit));
        expect(&hash, vectors[i].digest);
    }
}

// Pieces of every size and at every alignment give what one piece gives.
static void check_pieces(enum sha256_method method)
{
    static const size_t sizes[] = {1, 3, 31, 55, 56, 63, 64, 65, 127, 129, 1460, 4095, 65537};
    uint8_t *data = malloc(BIG + 16), want[SHA256_SIZE], got[SHA256_SIZE];
    struct sha256 hash;

    for (size_t i = 0; i < BIG + 16; i++)
        data[i] = (uint8_t)(i * i >> 7);
    for (size_t offset = 0; offset < 16; offset += 5)
        for (size_t s = 0; s < COUNT(sizes); s++) {
            sha256_init_by(&hash, SHA256_PORTABLE);
            sha256_update(&hash, data + offset, BIG);
            sha256_final(&hash, want);
            assert_true(sha256_init_by(&hash, method));
            for (size_t at = 0; at < BIG; at += sizes[s]) {
                size_t left = BIG - at;
                sha256_update(&hash, data + offset + at, left < sizes[s] ? left : sizes[s]);
                sha256_update(&hash, NULL, 0);
            }
            sha256_final(&hash, got);
            assert_memory_equal(got, want, SHA256_SIZE);
        }
    free(data);
}

// Every length around the padding's edges, both methods against each other.
static void check_lengths(enum sha256_method method)
{
    uint8_t data[200], want[SHA256_SIZE], got[SHA256_SIZE];
    struct sha256 hash;

    memset(data, 0xa5, sizeof(data));
    for (size_t n = 0; n < sizeof(data); n++) {
        sha256_init_by(&hash, SHA256_PORTABLE);
        sha256_update(&hash, data, n);
        sha256_final(&hash, want);
        assert_true(sha256_init_by(&hash, method));
        for (size_t i = 0; i < n; i++)
            sha256_update(&hash, data + i, 1);
        sha256_final(&hash, got);
        assert_memory_equal(got, want, SHA256_SIZE);
    }
}

static void run(enum sha256_method method)
{
    struct sha256 hash;

    if (!sha256_init_by(&hash, method)) {
        print_message("this processor has no method '%s'\n", method_names[method]);
        skip();
    }
    check_vectors(method);
    check_pieces(method);
    check_lengths(method);
}

static void test_portable(void **state)
{
    (void)state;
    run(SHA256_PORTABLE);
}

static void test_instructions(void **state)
{
    (void)state;
    run(SHA256_INSTRUCTIONS);
}

static void test_fastest(void **state)
{
    (void)state;
    run(SHA256_FASTEST);
}

static void test_over_4_gib(void **state)
{
    const size_t piece = 1 << 20;
    uint8_t *zeros = calloc(1, piece);
    struct sha256 hash;

    (void)state;
    if (!sha256_init_by(&hash, SHA256_INSTRUCTIONS)) {
        free(zeros);
        skip();  // half a minute in plain C under the sanitizers
    }
    for (unsigned i = 0; i < 5 * 1024; i++)
        sha256_update(&hash, zeros, piece);
    expect(&hash, "7f06c62352aebd8125b2a1841e2b9e1ffcbed602f381c3dcb3200200e383d1d5");
    free(zeros);
}

static void test_starts_anew(void **state)
{
    struct sha256 hash, copy;

    (void)state;
    sha256_init(&hash);
    sha256_update(&hash, "a", 1);
    copy = hash;
    sha256_update(&hash, "bc", 2);
    sha256_update(&copy, "bc", 2);
    expect(&copy, vectors[1].digest);
    expect(&hash, vectors[1].digest);
    expect(&hash, vectors[0].digest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_portable),
        cmocka_unit_test(test_instructions),
        cmocka_unit_test(test_fastest),
        cmocka_unit_test(test_over_4_gib),
        cmocka_unit_test(test_starts_anew),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
