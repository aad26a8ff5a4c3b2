// Backends: the ways from this machine to a web server, and the chain that finds the best one that works. The
// firmware's HTTP, our own drivers under lwIP, the firmware's driver under lwIP: the download sees streams.
// Each refusal is kept with its reason, told in the log and, when no way is left, in the error.
//
// Example:
//     static const struct backend *const list[] = {&uefi_backend, &native_backend};
//     struct backends chain = {.list = list, .count = 2, .ctx = boot};
//     err = backends_first(&chain, 0);                      // the first that comes up
//     ... download with backends_current(&chain) ...
//     if (it failed) err = backends_next(&chain, err, 0);   // and the next
#ifndef URLBOOT_NET_BACKEND_H
#define URLBOOT_NET_BACKEND_H

#include <stdbool.h>
#include <stdint.h>

#include "net/stream.h"  // struct stream
#include "net/url.h"     // struct url

#define BACKENDS_MAX 4
#define BACKEND_WHY_MAX 96

// What not every backend can do, and a URL may need; one bit each.
enum { BACKEND_HTTPS = 1, BACKEND_IPV6 = 2 };

// What a connect() tells besides: what of it was resolving the name and what the handshake, and whether the
// server is reached over IPv6.
struct backend_times {
    uint64_t dns_us, connect_us;
    bool ipv6;
};

struct backend {
    const char *name;              // what backend= calls it: "uefi"
    const char *what;              // in sentences: "the firmware's HTTP"
    // Whether up() can be tried on this machine. 0, or fail() with the reason. NULL: always. Changes nothing.
    int (*available)(void *ctx);
    // Devices, link and address, until connect() can be called. 0, or fail() with what is missing; then
    // everything is as before, as far as it can be. NULL: it is up.
    int (*up)(void *ctx);
    // Gives it all back. NULL: nothing to give.
    void (*down)(void *ctx);
    // Opens a stream to url->host:url->port; waits at most timeout_ms for the name and for the server each.
    // 0, or what dns_lookup() and tcp_open() return (net/stack.h), ERR_SCHEME_UNSUPPORTED, ERR_UEFI_*.
    int (*connect)(const struct url *url, uint32_t timeout_ms, struct stream **stream,
                   struct backend_times *times);
    // The same without waiting for the server, for further connections. NULL: one at a time is all there is.
    int (*connect_soon)(const struct url *url, uint32_t timeout_ms, struct stream **stream);
    unsigned offers;               // which of BACKEND_... connect() can do
    bool yields;                   // slow by nature: left for the next one when it turns out so
    bool shares_ram;               // boot services have some of it: the next one may have more
};

// Which of BACKEND_... a backend must offer for this URL: an IPv6 address instead of a name needs one.
unsigned backend_needs(const struct url *url);

// 0, or fail() with what is missing for a URL with `needs` where a backend offers `offers`:
// ERR_SCHEME_UNSUPPORTED, ERR_UNSUPPORTED.
int backend_lacks(unsigned offers, unsigned needs);

// The stack that is up already (net/stack.h): what is left when nobody chooses.
extern const struct backend stack_backend;

// connect() and connect_soon() of every backend that stands on lwIP.
int stack_connect(const struct url *url, uint32_t timeout_ms, struct stream **stream,
                  struct backend_times *times);
int stack_connect_soon(const struct url *url, uint32_t timeout_ms, struct stream **stream);

struct backends {
    const struct backend *const *list;  // at most BACKENDS_MAX, in the order in which they are tried
    unsigned count;
    void *ctx;                          // for available(), up() and down()
    // the chain's own
    unsigned at;                        // index of the one in use; `count`: none is left, or none was ever up
    struct {
        bool tried, left;               // up() was called; it is not in use any more, or never was
        char why[BACKEND_WHY_MAX];      // "ErrorName: reason"
    } record[BACKENDS_MAX];
};

// Brings up the first backend that works and offers all that the URLs need (bits of BACKEND_...). 0, or the
// error of the last one that was tried; fail_detail() then has the reasons of all that were.
int backends_first(struct backends *b, unsigned needs);

// Leaves the one in use because of fail_detail(), under the name of `err` unless that is 0, and brings up the
// next one that offers what is needed. As backends_first(), never 0 without a backend.
int backends_next(struct backends *b, int err, unsigned needs);

// The one in use, NULL when there is none.
const struct backend *backends_current(const struct backends *b);

// Gives back what the one in use has taken. Nothing happens when there is none; none is in use afterwards.
void backends_end(struct backends *b);

// True when another one that is available and offers what is needed follows the one in use. fail_detail()
// stays as it is. Asks available(), which may look at the machine: not for every packet.
bool backends_more(const struct backends *b, unsigned needs);

#endif
