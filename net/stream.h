// A byte stream to a server: what HTTP stands on. net/tcp.c implements it over lwIP, tests over memory;
// TLS will be a stream over a stream. All calls return at the latest when their deadline has passed; while
// they wait the network is polled.
#ifndef URLBOOT_NET_STREAM_H
#define URLBOOT_NET_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct stream {
    // Sends all of data[length]. 0 or ERR_CONNECTION_RESET, ERR_CONNECTION_TIMEOUT, ERR_CANCELLED.
    int (*send)(struct stream *s, const void *data, size_t length, uint64_t deadline);
    // Points *data at received bytes that stay valid until consume() or close(); returns how many (> 0),
    // 0 when the peer has ended the stream in order and everything was consumed, or ERR_STALLED when
    // nothing arrived before `deadline` (lib/clock.h), ERR_CONNECTION_RESET, ERR_CANCELLED.
    long (*peek)(struct stream *s, const uint8_t **data, uint64_t deadline);
    // True when peek() would return at once: data, the end or an error is there. Does not poll the network.
    bool (*ready)(struct stream *s);
    // Gives the first `length` bytes of what peek() showed back to the network's window.
    void (*consume)(struct stream *s, size_t length);
    // Ends the stream and frees it. The pointer is dead afterwards.
    void (*close)(struct stream *s);
};

#endif
