// A web server made of a script, and a sink that watches how it is called: for tests and fuzzers of the HTTP
// client. Time is turned by hand: it passes only when the script says so or a wait runs into its deadline.
#ifndef URLBOOT_TESTS_UNIT_HTTP_PEER_H
#define URLBOOT_TESTS_UNIT_HTTP_PEER_H

#include "net/http/http.h"  // struct http_get

#define PEER_ANSWERS_MAX 16
#define PEER_SINK_MAX (256 * 1024)

enum peer_end { PEER_CLOSES, PEER_RESETS, PEER_STALLS, PEER_CANCELS };

struct peer_answer {            // what one connection brings
    const char *bytes;
    size_t length;
    enum peer_end end;          // after the last byte
    int connect_error;          // connect returns it
    int send_error;             // send returns it; the answer can be read all the same
    uint32_t piece_ms;          // time that passes before each piece
};

struct peer {
    struct peer_answer answers[PEER_ANSWERS_MAX];
    unsigned count;
    size_t piece;               // bytes peek() shows at most, 0 = all there are
    size_t split;               // when not 0: the first pieces of a connection end at this byte
    // what was seen
    unsigned opened, closed;
    char requests[PEER_ANSWERS_MAX][HTTP_REQUEST_MAX];
    char hosts[PEER_ANSWERS_MAX][URL_HOST_MAX + 16];
    // private
    struct stream stream;
    size_t at;
    uint8_t *shown;
    size_t shown_length, shown_used;
};

struct peer_sink {
    struct sink sink;
    struct peer *peer;
    int begin_error, write_error, finish_error;
    size_t write_fails_at;      // the write that reaches this many bytes returns write_error
    uint64_t resumed_at;        // bytes that lie there before begin was called
    // what was seen
    unsigned begins, writes, finishes;
    uint64_t announced;         // length given to the last begin
    uint64_t length;            // bytes in place
    uint64_t finished_length;
    size_t at_begin;            // bytes of the answer consumed when begin was called
    uint8_t bytes[PEER_SINK_MAX];
};

// The time of the scripted world in microseconds; now_us() returns it.
extern uint64_t peer_clock_us;

// Makes `get` talk to `peer` and write into `sink`, with a time-out of 1000 ms. The url must be set.
void peer_attach(struct http_get *get, struct peer *peer, struct peer_sink *sink);

// Checks what must hold after every http_get(), whatever came: every connection closed, no piece still shown.
// NULL or what is wrong.
const char *peer_check(const struct peer *peer);

#endif
