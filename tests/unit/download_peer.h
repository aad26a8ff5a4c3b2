// A server made of a script for tests of net/download.c: parallel_get() and the stack are played by it, time by
// a counter; and a place that what comes is put into.
#ifndef URLBOOT_TESTS_UNIT_DOWNLOAD_PEER_H
#define URLBOOT_TESTS_UNIT_DOWNLOAD_PEER_H

#include <stdbool.h>
#include <stdint.h>

#include "net/sink.h"  // struct sink

#define WHOLE (4u << 20)     // bytes of the image

struct answer {
    const char *host;        // who must be asked
    uint64_t offset;         // for which byte on
    const char *validator;   // with which If-Range, NULL: none
    uint64_t until;          // bytes served up to here, then
    int err;                 // ... this
    unsigned status;         // HTTP status of ERR_HTTP_STATUS
    const char *etag;        // what the server says, NULL: nothing
    bool ranges, restarted, unknown;  // serves ranges; answers from byte 0; does not say its length
    bool refused, alone;     // fails before a body begins; asked with one connection only
    unsigned used;           // so many connections were used, 0: one
    uint8_t fill;            // XORed on every byte: another image
    uint64_t at_least_ms;    // how long the wait before was, at least
    bool anywhere;           // it goes on where the last answer came to, wherever that was
};

// The script, its length, and how many of its answers were asked for.
extern const struct answer *script;
extern unsigned asked, script_length;

// The counter that is the time, and where it was at the end of the last answer.
extern uint64_t clock_us, asked_at;

extern unsigned piece;                     // bytes handed on in one go, 1 unless a test sets it
extern bool cancelled;                     // a key is pressed
extern uint8_t image[WHOLE];               // what the server has, and
extern uint8_t place_bytes[WHOLE + 1];     // what has come of it
extern const uint8_t *good_digest;         // of image[]

struct place {
    struct sink sink;
    unsigned begins, finishes;
    uint64_t limit;                        // begin() refuses more
};

// A new place for a whole image.
struct place make_place(void);

// Fills image[] and its digest; a group set-up of cmocka.
int make_image(void **state);

#endif
