// Names to addresses by lwIP's resolver, which keeps answers for their TTL and goes on to the next server
// when one does not answer or answers with an error. Spec: RFC 1035 2.3.4 and 3.1, RFC 1123 2.1 (names),
// RFC 5452 (random ids and ports: lwIP's LWIP_DNS_SECURE). Not handled: IPv6, TCP, search domains.

#include "net/dns.h"  // dns_use

#include <stdbool.h>
#include <string.h>

#include "lib/clock.h"     // deadline_passed
#include "lib/err.h"       // fail
#include "lwip/dns.h"      // dns_gethostbyname
#include "lwip/ip4_addr.h" // ip4addr_aton
#include "net/poll.h"      // stack_wait

#define LABEL_MAX 63
#define NAME_MAX_LENGTH 253  // 255 octets on the wire are 253 characters
#define SERVERS_GIVEN 4
#define TICKS_TO_END 8       // more than DNS_MAX_RETRIES: after that no question is outstanding

static const uint32_t public_servers[] = {
    PP_HTONL(LWIP_MAKEU32(8, 8, 8, 8)),
    PP_HTONL(LWIP_MAKEU32(1, 1, 1, 1)),
};

// The lookup in progress. lwIP may call back after we have given up, so each has a number.
static struct {
    uintptr_t number;
    bool done;
    uint32_t address;  // 0 when it failed
} lookup;

static void set_server(unsigned index, uint32_t server)
{
    ip_addr_t address;

    ip_addr_set_ip4_u32_val(address, server);
    dns_setserver((uint8_t)index, &address);
}

static bool contains(const uint32_t *servers, unsigned count, uint32_t server)
{
    for (unsigned i = 0; i < count; i++)
        if (servers[i] == server)
            return true;
    return false;
}

void dns_use(const uint32_t servers[SERVERS_GIVEN])
{
    uint32_t all[DNS_MAX_SERVERS] = { 0 };
    unsigned count = 0;

    for (unsigned i = 0; i < SERVERS_GIVEN; i++)
        if (servers[i] != 0 && !contains(all, count, servers[i]))
            all[count++] = servers[i];
    for (unsigned i = 0; i < LWIP_ARRAYSIZE(public_servers); i++)
        if (!contains(all, count, public_servers[i]))
            all[count++] = public_servers[i];
    for (unsigned i = 0; i < DNS_MAX_SERVERS; i++)
        set_server(i, all[i]);
}

void dns_shutdown(void)
{
    for (unsigned i = 0; i < DNS_MAX_SERVERS; i++)
        set_server(i, 0);
    // A question without servers fails at its next turn; the ports it holds are freed with it.
    for (unsigned i = 0; i < TICKS_TO_END; i++)
        dns_tmr();
}

static void found(const char *name, const ip_addr_t *address, void *number)
{
    (void)name;
    if ((uintptr_t)number != lookup.number)
        return;
    lookup.done = true;
    lookup.address = address != NULL ? ip4_addr_get_u32(ip_2_ip4(address)) : 0;
}

// Letters, digits, '-' and '_' in labels of 1 to 63: lwIP would send anything.
static bool is_name(const char *host)
{
    size_t label = 0, length = strnlen(host, NAME_MAX_LENGTH + 2);

    if (length > 1 && host[length - 1] == '.')
        length--;
    if (length == 0 || length > NAME_MAX_LENGTH)
        return false;
    for (size_t i = 0; i < length; i++) {
        char c = host[i];
        if (c == '.') {
            if (label == 0)
                return false;
            label = 0;
        } else if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                   c == '_') {
            if (++label > LABEL_MAX)
                return false;
        } else {
            return false;
        }
    }
    return label > 0;
}

static int no_answer(const char *host)
{
    if (stack_lease() == NULL)
        return fail(ERR_DNS_LOOKUP_FAILED, "%s: there is no network", host);
    return fail(ERR_DNS_LOOKUP_FAILED, "no name server knows %s or none answered", host);
}

int dns_lookup(const char *host, uint32_t *address, uint64_t deadline)
{
    ip_addr_t cached;
    err_t started;
    int err;

    if (!is_name(host))
        return fail(ERR_DNS_LOOKUP_FAILED, "\"%.80s\" is not a host name", host);

    lookup.number++;
    lookup.done = false;
    started = dns_gethostbyname(host, &cached, found, (void *)lookup.number);
    if (started == ERR_OK) {
        *address = ip4_addr_get_u32(ip_2_ip4(&cached));
        return 0;
    }
    if (started != ERR_INPROGRESS)
        return no_answer(host);
    while (!lookup.done) {
        if (deadline_passed(deadline)) {
            lookup.number++;
            return no_answer(host);
        }
        err = stack_wait();
        if (err < 0) {
            lookup.number++;
            return err;
        }
    }
    if (lookup.address == 0)
        return no_answer(host);
    *address = lookup.address;
    return 0;
}
