// Bringing the network up and down: all NICs at once, the first that gets an address stays.
// Spec: RFC 2131 (DHCP, by lwIP). Not handled: IPv6, several NICs in use at a time.

#include "net/stack.h"  // stack_up

#include <string.h>

#include "drivers/nic.h"        // struct nic
#include "lib/clock.h"          // deadline_passed
#include "lib/err.h"            // fail
#include "lib/log.h"            // log_info
#include "lib/mac.h"            // mac_text
#include "lwip/dhcp.h"          // dhcp_start
#include "lwip/dns.h"           // dns_getserver
#include "lwip/init.h"          // lwip_init
#include "lwip/ip4_frag.h"      // ip_reass_tmr
#include "lwip/priv/tcp_priv.h" // tcp_active_pcbs
#include "net/address.h"        // address_static
#include "net/dhcp_options.h"   // boot_url_copy
#include "net/dns.h"            // dns_use
#include "net/netif.h"          // struct iface
#include "net/poll.h"           // stack_wait

#define TELL_INTERVAL_MS 5000  // how often the wait for link and lease is explained

static struct iface *active;

const struct stack_lease *stack_lease(void)
{
    return active != NULL ? &active->lease : NULL;
}

int stack_add(struct nic *nic)
{
    return iface_add(nic);
}

// ---- what is said -----------------------------------------------------------------------------------

static const char *ip_text(char *out, uint32_t address)
{
    ip4_addr_t ip = { .addr = address };

    return ip4addr_ntoa_r(&ip, out, IP4ADDR_STRLEN_MAX);
}

static unsigned prefix_length(uint32_t netmask)
{
    unsigned n = 0;

    for (; netmask != 0; netmask &= netmask - 1)
        n++;
    return n;
}

static void log_lease(const struct iface *iface)
{
    const struct stack_lease *l = &iface->lease;
    char address[IP4ADDR_STRLEN_MAX], gateway[IP4ADDR_STRLEN_MAX], dns[IP4ADDR_STRLEN_MAX];
    char server[IP4ADDR_STRLEN_MAX], mac[MAC_TEXT_MAX];

    log_info("%s %s %s: %s %s/%u gw %s dns %s%s%s", iface->name, mac_text(iface->nic->mac, mac),
             iface->nic->driver, l->server != 0 ? "lease" : "address",
             ip_text(address, l->address), prefix_length(l->netmask), ip_text(gateway, l->gateway),
             ip_text(dns, l->dns[0]), l->server != 0 ? " from " : "",
             l->server != 0 ? ip_text(server, l->server) : "");
    if (l->boot_file[0] != '\0')
        log_info("%s: DHCP names %s", iface->name, l->boot_file);
}

static unsigned dhcp_tries(struct iface *iface)
{
    struct dhcp *dhcp = netif_dhcp_data(&iface->netif);

    return dhcp != NULL ? dhcp->tries : 0;
}

static void tell_waiting(void)
{
    struct iface *iface;

    for (unsigned i = 0; (iface = iface_at(i)) != NULL; i++) {
        if (!iface->running)
            continue;
        if (!iface_link_up(iface))
            log_info("%s: waiting for the link", iface->name);
        else
            log_info("%s: waiting for a DHCP answer, asked %u times", iface->name, dhcp_tries(iface));
    }
}

// ---- DHCP -------------------------------------------------------------------------------------------

// lwIP calls this when an address was set or taken away, in the middle of the acknowledgement's handling:
// the name servers it holds are this message's, not yet those of another NIC.
static void address_changed(struct netif *netif)
{
    struct iface *iface = iface_of(netif);
    struct dhcp *dhcp = netif_dhcp_data(netif);
    struct stack_lease *l = &iface->lease;

    if (dhcp == NULL || !dhcp_supplied_address(netif) || ip4_addr_isany(netif_ip4_addr(netif))) {
        if (iface->leased)
            log_warn("%s: the lease is lost", iface->name);
        iface->leased = false;
        return;
    }
    memset(l, 0, sizeof(*l));
    l->nic = iface->nic;
    l->address = ip4_addr_get_u32(netif_ip4_addr(netif));
    l->netmask = ip4_addr_get_u32(netif_ip4_netmask(netif));
    l->gateway = ip4_addr_get_u32(netif_ip4_gw(netif));
    l->server = ip4_addr_get_u32(ip_2_ip4(&dhcp->server_ip_addr));
    for (unsigned i = 0; i < LWIP_DHCP_MAX_DNS_SERVERS; i++) {
        l->dns[i] = ip4_addr_get_u32(ip_2_ip4(dns_getserver((uint8_t)i)));
        dns_setserver((uint8_t)i, NULL);
    }
    if (!boot_url_copy(l->boot_file, sizeof(l->boot_file), iface->boot_url, strlen(iface->boot_url)))
        boot_url_copy(l->boot_file, sizeof(l->boot_file), dhcp->boot_file_name,
                      strnlen(dhcp->boot_file_name, sizeof(dhcp->boot_file_name)));
    iface->leased = true;
    // A new lease in the middle of a download.
    if (iface == active)
        dns_use(l->dns);
}

static int ask_dhcp(struct iface *iface)
{
    iface->boot_url[0] = '\0';
    iface->boot_url_option = 0;
    netif_set_status_callback(&iface->netif, address_changed);
    // With the link up this sends the first question; else the link's coming up does.
    if (dhcp_start(&iface->netif) != ERR_OK)
        return fail(ERR_OUT_OF_HEAP, "%s: DHCP could not be started", iface->name);
    return 0;
}

// ---- static -----------------------------------------------------------------------------------------

static int set_static(struct iface *iface, const struct stack_ip *ip)
{
    struct stack_lease *l = &iface->lease;
    ip4_addr_t address, netmask, gateway;
    int err;

    memset(l, 0, sizeof(*l));
    err = address_static(l, ip);
    if (err < 0)
        return err;
    l->nic = iface->nic;
    ip4_addr_set_u32(&address, l->address);
    ip4_addr_set_u32(&netmask, l->netmask);
    ip4_addr_set_u32(&gateway, l->gateway);
    netif_set_addr(&iface->netif, &address, &netmask, &gateway);
    iface->leased = true;
    return 0;
}

// ---- up and down ------------------------------------------------------------------------------------

// Starts every NIC. One that works is enough: the others' errors are only told. 0 or the last error.
static int start_all(const struct stack_ip *ip)
{
    struct iface *iface;
    unsigned started = 0;
    int err = fail(ERR_NO_NIC_FOUND, "no network controller to use");

    for (unsigned i = 0; (iface = iface_at(i)) != NULL; i++) {
        err = iface_start(iface);
        if (err == 0 && ip->dhcp)
            err = ask_dhcp(iface);
        if (err < 0)
            log_warn("%s: %s: %s", iface->name, err_name(err), fail_detail());
        else
            started++;
    }
    return started > 0 ? 0 : err;
}

// The interface to stay with, NULL while there is none: the first with a lease, or with a live cable.
static struct iface *choose(bool dhcp)
{
    struct iface *iface;

    for (unsigned i = 0; (iface = iface_at(i)) != NULL; i++)
        if (iface->running && (dhcp ? iface->leased : iface_link_up(iface)))
            return iface;
    return NULL;
}

static int nothing_came(void)
{
    struct iface *iface;

    for (unsigned i = 0; (iface = iface_at(i)) != NULL; i++)
        if (iface_link_up(iface))
            return fail(ERR_DHCP_TIMEOUT, "%s has a link, but no DHCP server answered %u questions",
                        iface->name, dhcp_tries(iface));
    return fail(ERR_NO_LINK, "no network controller has a link");
}

static int wait_for_one(bool dhcp, uint64_t deadline, struct iface **chosen)
{
    uint64_t next_tell = deadline_ms(TELL_INTERVAL_MS);
    int err;

    while ((*chosen = choose(dhcp)) == NULL) {
        if (deadline_passed(deadline))
            return nothing_came();
        if (deadline_passed(next_tell)) {
            next_tell = deadline_ms(TELL_INTERVAL_MS);
            tell_waiting();
        }
        err = stack_wait();
        if (err < 0)
            return err;
    }
    return 0;
}

static void stop_all_but(struct iface *keep)
{
    struct iface *iface;

    for (unsigned i = 0; (iface = iface_at(i)) != NULL; i++)
        if (iface != keep)
            iface_stop(iface);
}

int stack_up(const struct stack_ip *ip, uint64_t deadline)
{
    static bool initialised;
    struct iface *chosen = NULL;
    int err;

    if (!initialised)
        lwip_init();
    initialised = true;
    stack_down();

    err = start_all(ip);
    if (err == 0)
        err = wait_for_one(ip->dhcp, deadline, &chosen);
    if (err == 0 && !ip->dhcp)
        err = set_static(chosen, ip);
    if (err < 0) {
        stop_all_but(NULL);
        return err;
    }

    stop_all_but(chosen);
    netif_set_default(&chosen->netif);
    active = chosen;
    dns_use(chosen->lease.dns);
    log_lease(chosen);
    return 0;
}

// Connections that wait for the end of time would go on holding received frames.
static void abort_connections(void)
{
    while (tcp_active_pcbs != NULL)
        tcp_abort(tcp_active_pcbs);
    while (tcp_tw_pcbs != NULL)
        tcp_abort(tcp_tw_pcbs);
}

void stack_down(void)
{
    abort_connections();
    dns_shutdown();
    // Fragments that wait for the rest of their packet sit in drivers' buffers; so old none gets.
    for (unsigned i = 0; i <= IP_REASS_MAXAGE; i++)
        ip_reass_tmr();
    stop_all_but(NULL);
    active = NULL;
}

void stack_forget(void)
{
    stack_down();
    iface_forget_all();
}
