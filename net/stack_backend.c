// Connections over lwIP for backends: the name by DNS, then TCP. Not handled: IPv6, TLS.
#include <string.h>

#include "lib/clock.h"    // deadline_ms
#include "net/backend.h"  // backend_lacks
#include "net/stack.h"    // tcp_open

// The last host asked for; further connections of one download go to the same.
static char host[URL_HOST_MAX];
static uint32_t address;

static int resolve(const struct url *url, uint32_t timeout_ms)
{
    int err = backend_lacks(0, backend_needs(url));

    if (err < 0)
        return err;
    host[0] = '\0';
    err = dns_lookup(url->host, &address, deadline_ms(timeout_ms));
    if (err == 0)
        memcpy(host, url->host, sizeof(host));
    return err;
}

int stack_connect(const struct url *url, uint32_t timeout_ms, struct stream **stream,
                  struct backend_times *times)
{
    uint64_t start = now_us();
    int err = resolve(url, timeout_ms);
    uint64_t resolved = now_us();

    if (err == 0)
        err = tcp_open(stream, address, url->port, deadline_ms(timeout_ms));
    times->dns_us = resolved - start;
    times->connect_us = now_us() - resolved;
    return err;
}

int stack_connect_soon(const struct url *url, uint32_t timeout_ms, struct stream **stream)
{
    int err = strcmp(host, url->host) == 0 ? 0 : resolve(url, timeout_ms);

    return err < 0 ? err : tcp_start(stream, address, url->port);
}

const struct backend stack_backend = {
    .name = "native",
    .what = "our own stack",
    .connect = stack_connect,
    .connect_soon = stack_connect_soon,
};
