// The download: mirrors, attempts, resume, digest and progress around http_get(); body straight into its
// final place through the image sink.
#ifndef URLBOOT_NET_DOWNLOAD_H
#define URLBOOT_NET_DOWNLOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "net/backend.h"  // struct backends
#include "net/url.h"      // URL_MAX

struct download_progress {
    uint64_t done;            // bytes in place
    uint64_t total;           // SINK_LENGTH_UNKNOWN when the server does not say
    uint64_t elapsed_us;      // since the first byte
    uint64_t bytes_per_s;     // over the last seconds
};

struct download {
    // in
    const char *const *urls;  // mirrors of the same bytes, tried in order
    unsigned url_count;
    const uint8_t *sha256;    // 32 bytes or NULL
    unsigned retries;         // further attempts after each mirror was tried once; an attempt that brought
                              // a MiB or more starts the count anew
    uint32_t timeout_ms;      // longest wait without a byte
    unsigned connections;     // to one server at a time, 0 and 1: one (net/parallel.h)
    struct backends *backends;  // the first of them is up; NULL: the stack, which is
    struct sink *place;       // where the bytes go (kernel: image_sink; hosted: memory or a file)
    void (*progress)(void *ctx, const struct download_progress *p);  // about 4 times a second; may be NULL
    void *ctx;
    // out
    uint64_t length;          // bytes of the whole
    bool digest_checked;      // it matched; a mismatch is an error
    uint8_t digest[32];       // SHA-256 of all bytes when `sha256` was given and all had come
    char final_url[URL_MAX];  // after redirects
    uint64_t dns_us, connect_us, transfer_us, verify_us;  // verify: hashing, a part of the transfer
    unsigned attempts, resumes, connections_used;
};

#define DOWNLOAD_URLS_MAX 8   // further mirrors are not used

// Runs it. After an interruption it goes on at the same byte when the server supports ranges and its
// validator is unchanged (or another mirror has the same length and `sha256` will tell), else from the
// start. Errors that no repetition cures (4xx, bad URL, no memory, digest) end it at once for that mirror,
// ERR_CANCELLED and ERR_OUT_OF_HEAP for all. Waits 1, 2, 4 ... seconds between attempts and says so in the
// log. While another backend follows, a connection that fails or (backend->yields) is slow is followed at
// once by an attempt through that one, which goes on at the same byte under the same conditions.
// 0 or the last error.
// Example:
//     struct download d = { .urls = opt->urls, .url_count = opt->url_count, .retries = 3,
//                           .timeout_ms = 20000, .place = &image.sink };
//     err = download_run(&d);
int download_run(struct download *download);

#endif
