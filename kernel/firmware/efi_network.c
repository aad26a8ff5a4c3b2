// The firmware's network drivers, and which of their controllers and of IPv4 and IPv6 is used. Spec: UEFI
// 2.10 sections 7.3.12 (ConnectController), 24.1 (SNP), 29.6 (HTTP).
// Tested: OVMF 2022.11 under GRUB 2.06, whose network had been used, and with controllers that firmware had
// not connected. Not handled: nic= by PCI address.
#include "kernel/firmware/efi_network.h"  // efi_network_up
#include "kernel/firmware/efi_address.h"  // efi_ip4_find
#include "kernel/firmware/efi_state.h"    // efi_st
#include "lib/clock.h"                    // deadline_passed
#include "lib/err.h"                      // fail
#include "lib/log.h"                      // log_debug
#include "lib/mac.h"                      // mac_text

#include <Protocol/Http.h>
#include <Protocol/PciIo.h>
#include <Protocol/SimpleNetwork.h>

#include <string.h>
#include <strings.h>

#define CONTROLLERS_MAX 8
#define PCI_CLASS_OFFSET 0x0b  // base class, PCI Local Bus 3.0 section 6.2.1
#define PCI_CLASS_NETWORK 0x02
#define IP4_ALONE_MS 5000      // DHCP has answered within 4 s in OVMF; only then IPv6 is looked for as well
#define IP6_GRACE_MS 10000     // for DHCPv6 after its time, where a router has told of IPv6

static EFI_GUID http_binding = EFI_HTTP_SERVICE_BINDING_PROTOCOL_GUID;
static EFI_GUID simple_network = EFI_SIMPLE_NETWORK_PROTOCOL_GUID;

struct controller {
    EFI_HANDLE handle;
    EFI_SIMPLE_NETWORK_PROTOCOL *snp;  // NULL when it has none
    uint8_t mac[6];
    struct efi_ip4 ip4;
    struct efi_ip6 ip6;
    struct fail_record no_ip4, no_ip6; // why they are of no use; `err` 0: they are of use
};

static struct controller controllers[CONTROLLERS_MAX];
static unsigned controller_count;
static bool in_vain[EFI_HOST_IP6 + 1]; // an address for such hosts was waited for, and did not come
static uint64_t ip6_due;               // when a name's IPv4 has had its time; 0: it has not begun
static bool connected;

static void connect_all(void)
{
    EFI_HANDLE *handles;
    UINTN count = efi_handles(NULL, &handles);

    for (UINTN i = 0; i < count; i++)
        efi_st->BootServices->ConnectController(handles[i], NULL, NULL, TRUE);
    efi_free(handles);
}

// GRUB opens SNPs, each for itself alone when it uses the network: the firmware's own stack cannot have it
// then. Closing it is not enough. The stack's drivers expect to be the first who start it, and those that had
// it before GRUB must notice: they are taken off and put on again by connect_all().
static void take_back(void)
{
    EFI_HANDLE *handles;
    UINTN count = efi_handles(&simple_network, &handles);

    for (UINTN i = 0; i < count && efi_loader != NULL; i++) {
        EFI_SIMPLE_NETWORK_PROTOCOL *snp;
        if (EFI_ERROR(efi_st->BootServices->CloseProtocol(handles[i], &simple_network, efi_loader, NULL)) ||
            EFI_ERROR(efi_st->BootServices->HandleProtocol(handles[i], &simple_network, (VOID **)&snp)))
            continue;
        log_debug("UEFI: a network controller taken back from the boot loader");
        efi_st->BootServices->DisconnectController(handles[i], NULL, NULL);
        // The handle may have gone with its driver.
        if (EFI_ERROR(efi_st->BootServices->HandleProtocol(handles[i], &simple_network, (VOID **)&snp)))
            continue;
        snp->Shutdown(snp);
        snp->Stop(snp);
    }
    efi_free(handles);
}

static unsigned count_drivers(void)
{
    EFI_HANDLE *handles;
    UINTN count = efi_handles(&simple_network, &handles);

    efi_free(handles);
    return (unsigned)count;
}

void efi_network_connect(void)
{
    if (connected)
        return;
    connected = true;
    unsigned before = count_drivers();
    take_back();
    connect_all();
    log_info("UEFI: %u network drivers, %u before they were connected", count_drivers(), before);
}

static bool is_network(EFI_HANDLE handle)
{
    EFI_GUID guid = EFI_PCI_IO_PROTOCOL_GUID;
    EFI_PCI_IO_PROTOCOL *pci;
    UINT8 class;

    return !EFI_ERROR(efi_st->BootServices->HandleProtocol(handle, &guid, (VOID **)&pci)) &&
           !EFI_ERROR(pci->Pci.Read(pci, EfiPciIoWidthUint8, PCI_CLASS_OFFSET, 1, &class)) &&
           class == PCI_CLASS_NETWORK;
}

int efi_network_release(void)
{
    EFI_GUID guid = EFI_PCI_IO_PROTOCOL_GUID;
    EFI_HANDLE *handles;
    UINTN count = efi_handles(&guid, &handles);
    EFI_STATUS worst = EFI_SUCCESS;

    take_back();
    for (UINTN i = 0; i < count; i++) {
        if (!is_network(handles[i]))
            continue;
        EFI_STATUS status = efi_st->BootServices->DisconnectController(handles[i], NULL, NULL);
        if (EFI_ERROR(status) && status != EFI_NOT_FOUND)
            worst = status;
    }
    efi_free(handles);
    connected = false;
    if (!EFI_ERROR(worst))
        return 0;
    return fail(ERR_UEFI_OPERATION_FAILED, "a network driver of the firmware does not let go (%s)",
                efi_status_name(worst));
}

// ---- the controllers --------------------------------------------------------------------------------

// MediaPresent is brought up to date by whoever polls the driver: its own stack does.
static bool has_media(const struct controller *c)
{
    const EFI_SIMPLE_NETWORK_MODE *mode = c->snp != NULL ? c->snp->Mode : NULL;

    return mode == NULL || !mode->MediaPresentSupported || mode->MediaPresent;
}

// Fills `c`. 0, or ERR_NO_NIC_FOUND when it is not the one that was wished for.
static int look_at(EFI_HANDLE handle, const struct efi_network_wish *wish, struct controller *c)
{
    char mac[MAC_TEXT_MAX];

    memset(c, 0, sizeof(*c));
    c->handle = handle;
    if (!EFI_ERROR(efi_st->BootServices->HandleProtocol(handle, &simple_network, (VOID **)&c->snp)) &&
        c->snp->Mode != NULL)
        memcpy(c->mac, &c->snp->Mode->CurrentAddress, sizeof(c->mac));
    if (wish->mac != NULL && strcasecmp(wish->mac, mac_text(c->mac, mac)) != 0)
        return fail(ERR_NO_NIC_FOUND, "the firmware manages no controller that is the one of nic=");
    fail_keep(&c->no_ip6, efi_ip6_find(&c->ip6, handle));
    fail_keep(&c->no_ip4, efi_ip4_find(&c->ip4, handle));
    return 0;
}

static int find_controllers(const struct efi_network_wish *wish)
{
    EFI_HANDLE *handles;
    UINTN count = efi_handles(&http_binding, &handles);
    int err = 0;

    controller_count = 0;
    for (UINTN i = 0; i < count && controller_count < CONTROLLERS_MAX; i++) {
        int found = look_at(handles[i], wish, &controllers[controller_count]);
        if (found == 0)
            controller_count++;
        else
            err = found;
    }
    efi_free(handles);
    if (controller_count > 0)
        return 0;
    if (err)
        return err;
    if (count_drivers() == 0)
        return fail(ERR_NO_NIC_FOUND, "the firmware has no driver for a network controller");
    return fail(ERR_UEFI_PROTOCOL_NOT_FOUND, "the firmware has no HTTP (EFI_HTTP_SERVICE_BINDING_PROTOCOL)");
}

// ---- addresses --------------------------------------------------------------------------------------

static bool may_use_ip4(const struct controller *c, const struct efi_network_host *host)
{
    return host->kind != EFI_HOST_IP6 && c->no_ip4.err == 0;
}

// A name is no reason to use a controller that somebody has configured for IPv4.
static bool may_use_ip6(const struct controller *c, const struct efi_network_wish *wish,
                        const struct efi_network_host *host)
{
    if (c->no_ip6.err != 0 || host->kind == EFI_HOST_IP4)
        return false;
    return host->kind == EFI_HOST_IP6 || (wish->dhcp && !c->ip4.is_static);
}

// One look at IPv4: it is configured once the cable is live. True when there is an address.
static bool attend_ip4(struct controller *c, const struct efi_network_wish *wish, struct efi_network *got)
{
    if (!c->ip4.configured && has_media(c)) {
        int err = efi_ip4_configure(&c->ip4, wish);
        if (err) {
            fail_keep(&c->no_ip4, err);
            return false;
        }
        if (ip6_due == 0)
            ip6_due = deadline_ms(IP4_ALONE_MS);
    }
    return c->ip4.configured && efi_ip4_address(&c->ip4, got);
}

// The same for IPv6.
static bool attend_ip6(struct controller *c, const struct efi_network_host *host, struct efi_network *got)
{
    if (!c->ip6.begun && has_media(c)) {
        int err = efi_ip6_configure(&c->ip6);
        if (err) {
            fail_keep(&c->no_ip6, err);
            return false;
        }
    }
    return c->ip6.begun && efi_ip6_address(&c->ip6, host, got);
}

// One look at every controller that may do. The one that has an address, NULL when none has; *hopes counts
// those that may get one.
static struct controller *find_ip4(const struct efi_network_wish *wish, const struct efi_network_host *host,
                                   unsigned *hopes, struct efi_network *got)
{
    got->ipv6 = false;
    for (unsigned i = 0; i < controller_count; i++) {
        struct controller *c = &controllers[i];
        if (may_use_ip4(c, host) && attend_ip4(c, wish, got))
            return c;
        *hopes += may_use_ip4(c, host);
    }
    return NULL;
}

static struct controller *find_ip6(const struct efi_network_wish *wish, const struct efi_network_host *host,
                                   unsigned *hopes, struct efi_network *got)
{
    // IPv4 has the first word about a name. Without a live cable there is nothing to be late for.
    bool due = *hopes == 0 || (ip6_due != 0 && deadline_passed(ip6_due));

    got->ipv6 = true;
    for (unsigned i = 0; i < controller_count; i++) {
        struct controller *c = &controllers[i];
        if (due && may_use_ip6(c, wish, host) && attend_ip6(c, host, got))
            return c;
        *hopes += may_use_ip6(c, wish, host);
    }
    return NULL;
}

// 1 when a controller has an address, 0 when there is hope, else the reason why there is none.
static int attend(const struct efi_network_wish *wish, const struct efi_network_host *host,
                  struct efi_network *got)
{
    unsigned hopes = 0;
    struct controller *c = find_ip4(wish, host, &hopes, got);

    if (c == NULL)
        c = find_ip6(wish, host, &hopes, got);
    if (c != NULL) {
        got->controller = c->handle;
        memcpy(got->mac, c->mac, sizeof(got->mac));
        return 1;
    }
    if (hopes > 0)
        return 0;
    c = &controllers[controller_count - 1];
    return fail_again(host->kind == EFI_HOST_IP6 ? &c->no_ip6 : &c->no_ip4);
}

static int nothing_came(const struct efi_network_host *host)
{
    const char *plural = controller_count == 1 ? "" : "s";
    bool begun = false, no_dns = false;

    for (unsigned i = 0; i < controller_count; i++) {
        begun |= controllers[i].ip4.configured || controllers[i].ip6.begun;
        no_dns |= controllers[i].ip6.no_dns;
    }
    if (!begun)
        return fail(ERR_NO_LINK, "the firmware sees no link on %u controller%s", controller_count, plural);
    if (host->kind == EFI_HOST_IP6)
        return fail_try(fail(ERR_NO_IP_ADDRESS, "the firmware got no IPv6 address on %u controller%s",
                             controller_count, plural),
                        "check that a router advertises IPv6, or give a name or IPv4 address in the URL");
    if (host->kind == EFI_HOST_NAME && no_dns)
        return fail(ERR_DHCP_TIMEOUT, "the firmware got no IPv4 address, and no DNS server for IPv6");
    return fail(ERR_DHCP_TIMEOUT, "the firmware got no address on %u controller%s", controller_count, plural);
}

// True when it is not to be waited any more. IPv6 has begun late for a name, and may be on its way; on a
// network without it nobody waits for it.
static bool is_over(const struct efi_network_host *host, uint64_t deadline)
{
    bool advertised = false;

    for (unsigned i = 0; i < controller_count && host->kind == EFI_HOST_NAME; i++)
        advertised |= controllers[i].ip6.advertised;
    return in_vain[host->kind] || deadline_passed(deadline + (advertised ? IP6_GRACE_MS * 1000ull : 0));
}

int efi_network_up(const struct efi_network_wish *wish, const struct efi_network_host *host,
                   int (*wait)(void), uint64_t deadline, struct efi_network *got)
{
    int err = controller_count == 0 ? find_controllers(wish) : 0;

    memset(got, 0, sizeof(*got));
    while (err == 0) {
        err = attend(wish, host, got);
        if (err > 0)
            return 0;
        if (err == 0 && is_over(host, deadline)) {
            in_vain[host->kind] = true;
            return nothing_came(host);
        }
        if (err == 0)
            err = wait();
    }
    return err;
}

void efi_network_down(void)
{
    for (unsigned i = 0; i < controller_count; i++) {
        efi_ip4_restore(&controllers[i].ip4);
        efi_ip6_restore(&controllers[i].ip6);
    }
    controller_count = 0;
    ip6_due = 0;
    memset(in_vain, 0, sizeof(in_vain));
}
