// Addresses given by ip=: check and completion. Spec: RFC 791 3.2 (classes), RFC 1122 3.2.1.3 (what is a
// host address), Linux Documentation/admin-guide/nfs/nfsroot.rst (ip=).

#include "net/address.h"  // address_static

#include "lib/err.h"        // fail
#include "lib/log.h"        // log_warn
#include "lwip/def.h"       // lwip_ntohl
#include "lwip/ip4_addr.h"  // ip4addr_ntoa_r

#define CLASS_A_END 0x80000000u
#define CLASS_B_END 0xc0000000u
#define MULTICAST_START 0xe0000000u
#define LOOPBACK_NET 127u

uint32_t address_class_mask(uint32_t address)
{
    uint32_t a = lwip_ntohl(address);

    if (a < CLASS_A_END)
        return lwip_htonl(IP_CLASSA_NET);
    return lwip_htonl(a < CLASS_B_END ? IP_CLASSB_NET : IP_CLASSC_NET);
}

static bool is_host(uint32_t address, uint32_t netmask)
{
    uint32_t a = lwip_ntohl(address), host = ~lwip_ntohl(netmask);

    if (a == 0 || a >= MULTICAST_START || a >> 24 == LOOPBACK_NET || a >> 24 == 0)
        return false;
    // Point-to-point masks /31 (RFC 3021) and /32 leave no network and no broadcast address.
    return host <= 1 || ((a & host) != 0 && (a & host) != host);
}

// Ones, then zeros.
static bool is_mask(uint32_t netmask)
{
    uint32_t host = ~lwip_ntohl(netmask);

    return (host & (host + 1)) == 0 && netmask != 0;
}

int address_static(struct stack_lease *lease, const struct stack_ip *ip)
{
    uint32_t netmask = ip->netmask != 0 ? ip->netmask : address_class_mask(ip->client);
    char text[IP4ADDR_STRLEN_MAX];
    ip4_addr_t client = { .addr = ip->client }, mask = { .addr = netmask };

    if (!is_mask(netmask))
        return fail(ERR_NO_IP_ADDRESS, "ip=: %s is not a netmask",
                    ip4addr_ntoa_r(&mask, text, sizeof(text)));
    if (!is_host(ip->client, netmask) || ip->client == ip->gateway)
        return fail(ERR_NO_IP_ADDRESS, "ip=: %s is not an address for this machine",
                    ip4addr_ntoa_r(&client, text, sizeof(text)));
    if (ip->gateway != 0 && ((ip->gateway ^ ip->client) & netmask) != 0)
        log_warn("ip=: the gateway is not in the network of the address");

    lease->address = ip->client;
    lease->netmask = netmask;
    lease->gateway = ip->gateway;
    lease->server = 0;
    lease->dns[0] = ip->dns[0] != 0 ? ip->dns[0] : ip->dns[1];
    lease->dns[1] = ip->dns[0] != 0 ? ip->dns[1] : 0;
    return 0;
}
