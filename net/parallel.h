// One GET over several connections: where one alone does not fill the wire (a long way, lost packets), parts
// of the same resource come over others at the same time. Tried, measured and kept only while it pays.
//
// Example:
//     err = parallel_get(&get, &(struct parallel){.connections = 4, .connect = soon, .handshake_us = &us});
#ifndef URLBOOT_NET_PARALLEL_H
#define URLBOOT_NET_PARALLEL_H

#include <stdbool.h>

#include "net/http/http.h"  // struct http_get

#define PARALLEL_MAX 8

struct parallel {
    unsigned connections;   // at most so many at a time, 1 to PARALLEL_MAX; 1: http_get() and nothing else
    bool verified;          // a digest will tell in the end; else only what has a validator is taken in parts
    // As get->connect, with get->ctx, but does not wait until the connection stands.
    int (*connect)(void *ctx, const struct url *url, struct stream **stream);
    const uint64_t *handshake_us;  // how long the last TCP handshake of get->connect took
    // out
    unsigned used;          // the most connections that were open at a time
};

// As http_get(), whose contract holds: get->sink sees one body in ascending order, finish() comes when it is
// complete, and on failure all bytes up to some point are in the sink. Parts that come early go where
// get->sink->room() says and pass through write() when their turn has come; without room(), without ranges or
// a known length it stays with one connection. A further connection that fails costs nothing but its part,
// which another one takes over; the error is returned when none is left.
int parallel_get(struct http_get *get, struct parallel *options);

#endif
