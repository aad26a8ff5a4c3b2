// The backends of this program and the order in which they are tried: the firmware's HTTP, our own drivers,
// our stack on the firmware's drivers. Which of them exist on a machine, and what each needs before it works.

#include "kernel/stages.h"               // stage_network
#include "drivers/nic.h"                 // nic_has_driver
#include "drivers/pci/pci.h"             // pci_early_any
#include "drivers/snp/snp.h"             // snp_probe_all
#include "kernel/firmware/efi_network.h" // efi_network_up
#include "kernel/phase.h"                // phase_begin
#include "lib/clock.h"                   // deadline_ms
#include "lib/err.h"                     // fail
#include "lib/ip6.h"                     // ip6_text
#include "lib/log.h"                     // log_info
#include "lib/mac.h"                     // mac_text
#include "net/address.h"                 // address_static
#include "net/poll.h"                    // stack_check_cancel
#include "net/uefi_stream.h"             // uefi_stream_open

#include <stdio.h>
#include <string.h>

#define HASTE_MS 12000             // for firmware's DHCP when our own driver can do it instead

static void use(struct boot *b, const char *name, const char *device)
{
    snprintf(b->through, sizeof(b->through), "%s%s%s", name, device[0] != '\0' ? ", " : "", device);
}

// ---- the firmware's HTTP ----------------------------------------------------------------------------

static int uefi_available(void *ctx)
{
    const struct boot *b = ctx;
    int err = stage_need_boot_services(b);

    // Firmware's HTTP does not tell what DHCP said about a URL.
    if (!err && b->options.url_count == 0)
        err = fail(ERR_NO_URL, "the firmware's DHCP tells no URL, and none was given");
    return err;
}

// What uefi_up() was told, for hosts that only a redirect or a mirror names.
static struct efi_network_wish wish;
static uint64_t address_ms;

static int make_wish(const struct options *opt)
{
    wish = (struct efi_network_wish){.dhcp = opt->ip.dhcp, .mac = opt->nic};
    // What is no MAC address is a PCI address, and shorter (option_nic()).
    if (opt->nic != NULL && strlen(opt->nic) != MAC_TEXT_MAX - 1)
        return fail(ERR_UNSUPPORTED, "the firmware's controllers are chosen by nic=MAC only");
    if (opt->ip.dhcp)
        return 0;
    struct stack_lease lease;
    struct stack_ip ip = stage_ip(opt);
    int err = address_static(&lease, &ip);
    wish.client = lease.address;
    wish.netmask = lease.netmask;
    wish.gateway = lease.gateway;
    memcpy(wish.dns, lease.dns, sizeof(wish.dns));
    return err;
}

// Looked up once: it takes thousands of port accesses.
static bool native_is_possible(void)
{
    static enum { UNKNOWN, POSSIBLE, IMPOSSIBLE } known;

    if (known == UNKNOWN)
        known = pci_early_any(nic_has_driver) ? POSSIBLE : IMPOSSIBLE;
    return known == POSSIBLE;
}

// Says which address is used, when it is another one than before.
static void tell_address(const struct efi_network *got)
{
    static char told[64];
    char text[IP6_TEXT_MAX], mac[MAC_TEXT_MAX], now[sizeof(told)];
    const uint8_t *a = (const uint8_t *)&got->address;

    if (got->ipv6)
        ip6_text(got->address6, text);
    else
        snprintf(text, sizeof(text), "%u.%u.%u.%u", a[0], a[1], a[2], a[3]);
    snprintf(now, sizeof(now), "%s on %s", text, mac_text(got->mac, mac));
    if (strcmp(now, told) == 0)
        return;
    memcpy(told, now, sizeof(told));
    log_info("UEFI: %s", told);
}

// An address from which the host of `url` can be reached, waited for at most `patience_ms`.
static int uefi_reach(const struct url *url, uint64_t patience_ms, struct efi_network *got)
{
    struct efi_network_host host = {.kind = url->host_is_ipv4 ? EFI_HOST_IP4 : EFI_HOST_NAME};

    if (url->host_is_ipv6 && ip6_parse(url->host, strlen(url->host), host.ip6))
        host.kind = EFI_HOST_IP6;
    if (host.kind == EFI_HOST_IP6 && !wish.dhcp)
        return fail_try(fail(ERR_UNSUPPORTED, "ip= gives IPv4 addresses only, the URL has an IPv6 one"),
                        "leave out ip=, or use the server's name or IPv4 address");
    int err = efi_network_up(&wish, &host, stack_check_cancel, deadline_ms(patience_ms), got);
    if (err == 0)
        tell_address(got);
    return err;
}

// Reaches for the first URL, and for another one when that fails and its host is another kind of address.
static int uefi_reach_any(const struct options *opt)
{
    bool haste = opt->backend == OPT_BACKEND_AUTO && native_is_possible();
    bool tried[3] = {false};             // a name, an IPv4 address, an IPv6 address
    int err = 0;

    for (unsigned i = 0; i < opt->url_count; i++) {
        static struct url url;           // too large for the stack
        struct efi_network got;
        // What cannot be read is the download's to refuse; until then it is a name.
        if (url_parse(&url, opt->urls[i], strlen(opt->urls[i])) < 0)
            memset(&url, 0, sizeof(url));
        unsigned kind = url.host_is_ipv6 ? 2 : url.host_is_ipv4 ? 1 : 0;
        if (tried[kind])
            continue;
        tried[kind] = true;
        // Our own drivers would not do better with an IPv6 address.
        err = uefi_reach(&url, haste && !url.host_is_ipv6 ? HASTE_MS : address_ms, &got);
        if (err == 0 || err == ERR_CANCELLED)
            return err;
    }
    return err;
}

static int uefi_up(void *ctx)
{
    struct boot *b = ctx;
    int err = make_wish(&b->options);

    if (err)
        return err;
    phase_begin(PHASE_NIC);
    log_info("UEFI: connecting the firmware's network drivers");
    efi_network_connect();
    phase_begin(PHASE_DHCP);
    address_ms = stage_address_ms(&b->options);
    err = uefi_reach_any(&b->options);
    if (err)
        efi_network_down();
    else
        use(b, "uefi", "");
    return err;
}

static void uefi_down(void *ctx)
{
    (void)ctx;
    efi_network_down();
}

static int uefi_connect(const struct url *url, uint32_t timeout_ms, struct stream **stream,
                        struct backend_times *times)
{
    // Name and handshake are the firmware's business, inside the first request.
    struct efi_network from;
    int err = uefi_reach(url, address_ms, &from);
    times->ipv6 = err == 0 && from.ipv6;
    return err < 0 ? err : uefi_stream_open(stream, url, &from, timeout_ms);
}

static const struct backend uefi_backend = {
    .name = "uefi",
    .what = "the firmware's HTTP",
    .available = uefi_available,
    .up = uefi_up,
    .down = uefi_down,
    .connect = uefi_connect,
    .offers = BACKEND_HTTPS | BACKEND_IPV6,
    .yields = true,
    .shares_ram = true,
};

// Two drivers on one card would be its end: what another backend had found is forgotten.
static void forget_nics(void *ctx)
{
    (void)ctx;
    stack_forget();
    nic_forget_all();
}

// The last step of both ways that stand on our stack: an address on the NICs under it.
static int get_address(struct boot *b, const char *name, const char *device)
{
    int err = stage_address(b);

    if (!err)
        use(b, name, device != NULL ? device : stack_lease()->nic->driver);
    phase_begin(PHASE_DOWNLOAD);
    return err;
}

// ---- our own drivers --------------------------------------------------------------------------------

static int native_available(void *ctx)
{
    const struct boot *b = ctx;

    // Leaving boot services is final: not for nothing.
    if (!b->info->efi.boot_services || b->options.backend == OPT_BACKEND_NATIVE || native_is_possible())
        return 0;
    return fail(ERR_NO_NIC_FOUND, "there is no driver of our own for any network controller");
}

// Puts the network controllers into our hands.
static int take_controllers(struct boot *b)
{
    if (!b->info->efi.boot_services)
        return stage_pci(b);
    if (b->options.start != OPT_START_EFI)
        return stage_take_over(b);
    // What is to be started needs boot services: only firmware's network drivers leave.
    int err = efi_network_release();
    return err ? err : stage_pci(b);
}

static int native_up(void *ctx)
{
    struct boot *b = ctx;

    forget_nics(b);
    int err = take_controllers(b);
    if (!err)
        err = stage_nics(b);
    return err ? err : get_address(b, "native", NULL);
}

static const struct backend native_backend = {
    .name = "native",
    .what = "our own drivers",
    .available = native_available,
    .up = native_up,
    .down = forget_nics,
    .connect = stack_connect,
    .connect_soon = stack_connect_soon,
};

// ---- our stack on the firmware's drivers ------------------------------------------------------------

static int snp_available(void *ctx)
{
    return stage_need_boot_services(ctx);
}

static int snp_up(void *ctx)
{
    struct boot *b = ctx;

    forget_nics(b);
    phase_begin(PHASE_NIC);
    efi_network_connect();
    if (snp_probe_all() == 0)
        return fail(ERR_NO_NIC_FOUND, "the firmware has no driver for a network controller");
    int err = stage_use_nics(b);
    return err ? err : get_address(b, "snp", "");
}

static const struct backend snp_backend = {
    .name = "snp",
    .what = "the firmware's network driver",
    .available = snp_available,
    .up = snp_up,
    .down = forget_nics,
    .connect = stack_connect,
    .connect_soon = stack_connect_soon,
    .shares_ram = true,
};

// ---- the order --------------------------------------------------------------------------------------

static const struct backend *const lists[][BACKENDS_MAX] = {
    [OPT_BACKEND_AUTO] = {&uefi_backend, &native_backend, &snp_backend},
    [OPT_BACKEND_UEFI] = {&uefi_backend},
    [OPT_BACKEND_NATIVE] = {&native_backend},
    [OPT_BACKEND_SNP] = {&snp_backend},
};

// What every URL needs of a backend.
static unsigned needs_of_all(const struct options *opt)
{
    static struct url url;               // too large for the stack
    unsigned needs = opt->url_count > 0 ? BACKEND_HTTPS | BACKEND_IPV6 : 0;

    for (unsigned i = 0; i < opt->url_count; i++)
        needs &= url_parse(&url, opt->urls[i], strlen(opt->urls[i])) < 0 ? 0 : backend_needs(&url);
    return needs;
}

int stage_network(struct boot *b)
{
    const struct backend *const *list = lists[b->options.backend];
    unsigned count = 0;

    // Without UEFI there is no choice, and nothing worth a word about it.
    if (b->options.backend == OPT_BACKEND_AUTO && !b->info->efi.boot_services)
        list = lists[OPT_BACKEND_NATIVE];
    while (count < BACKENDS_MAX && list[count] != NULL)
        count++;
    b->backends = (struct backends){.list = list, .count = count, .ctx = b};
    stack_cancelled = stage_key_cancels;
    return backends_first(&b->backends, needs_of_all(&b->options));
}
