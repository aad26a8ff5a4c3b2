// IPv6 addresses from the firmware. Spec: UEFI 2.10 section 28.7 (EFI_IP6_CONFIG_PROTOCOL), RFC 6724
// section 5 for the choice among several.
// Tested: OVMF 2022.11. Not handled: settings of our own; DNS servers from router advertisements (RFC 8106),
// which edk2 does not read.
#include "kernel/firmware/efi_address.h"  // efi_ip6_find
#include "kernel/firmware/efi_state.h"    // efi_st
#include "lib/err.h"                      // fail
#include "lib/ip6.h"                      // ip6_common_bits
#include "lib/log.h"                      // log_warn

#include <string.h>

#define INFO_ROOM 8192         // interface information with dozens of addresses and routes behind it

static EFI_GUID ip6_config = EFI_IP6_CONFIG_PROTOCOL_GUID;

static_assert(sizeof(EFI_IPv6_ADDRESS) == IP6_BYTES, "one kind of address");

// What firmware writes when it is asked for its interface: its lists lie in here, too.
static union {
    EFI_IP6_CONFIG_INTERFACE_INFO info;
    uint8_t room[INFO_ROOM];
} data;

// True when nothing of this kind was ever set: an address that is still being probed is not ready, but there.
static bool has_none(const struct efi_ip6 *ip, EFI_IP6_CONFIG_DATA_TYPE type)
{
    UINTN size = 0;

    return ip->config->GetData(ip->config, type, &size, NULL) == EFI_NOT_FOUND;
}

// True when the firmware knows something of this kind, whatever it is.
static bool has_data(const struct efi_ip6 *ip, EFI_IP6_CONFIG_DATA_TYPE type)
{
    UINTN size = 0;

    return ip->config->GetData(ip->config, type, &size, NULL) == EFI_BUFFER_TOO_SMALL &&
           size >= sizeof(EFI_IPv6_ADDRESS);
}

int efi_ip6_find(struct efi_ip6 *ip, EFI_HANDLE controller)
{
    EFI_IP6_CONFIG_POLICY policy;
    UINTN size = sizeof(policy);

    memset(ip, 0, sizeof(*ip));
    if (EFI_ERROR(efi_st->BootServices->HandleProtocol(controller, &ip6_config, (VOID **)&ip->config)) ||
        EFI_ERROR(ip->config->GetData(ip->config, Ip6ConfigDataTypePolicy, &size, &policy)))
        return fail(ERR_UEFI_PROTOCOL_NOT_FOUND, "the firmware has no IPv6 (IP6_CONFIG)");
    // Another policy would throw away for good what somebody has set.
    ip->is_static = policy == Ip6ConfigPolicyManual && !(has_none(ip, Ip6ConfigDataTypeManualAddress) &&
                                                         has_none(ip, Ip6ConfigDataTypeGateway) &&
                                                         has_none(ip, Ip6ConfigDataTypeDnsServer));
    return 0;
}

static EFI_STATUS set_policy(struct efi_ip6 *ip, EFI_IP6_CONFIG_POLICY policy)
{
    return ip->config->SetData(ip->config, Ip6ConfigDataTypePolicy, sizeof(policy), &policy);
}

int efi_ip6_configure(struct efi_ip6 *ip)
{
    EFI_IP6_CONFIG_POLICY before;
    UINTN size = sizeof(before);
    EFI_STATUS status = ip->config->GetData(ip->config, Ip6ConfigDataTypePolicy, &size, &before);

    ip->begun = true;
    if (EFI_ERROR(status) || ip->is_static || before != Ip6ConfigPolicyManual)
        return 0;
    status = set_policy(ip, Ip6ConfigPolicyAutomatic);
    ip->changed = !EFI_ERROR(status);
    if (ip->changed)
        return 0;
    // edk2 says device error when another machine has the link's address already.
    return fail(ERR_UEFI_OPERATION_FAILED, "the firmware does not take an IPv6 configuration (%s)",
                efi_status_name(status));
}

// How good `address` is for speaking to `host`, 0: of no use. The longest common beginning wins (RFC 6724
// section 5, rule 8); a name may be anywhere, so that a global address is better than a local one.
static unsigned rank(const uint8_t *address, const struct efi_network_host *host)
{
    bool known = host->kind == EFI_HOST_IP6;
    bool local = known && ip6_is_link_local(host->ip6);

    if (!ip6_is_unicast(address) || ip6_is_link_local(address) != local)
        return 0;
    if (known)
        return 1 + ip6_common_bits(address, host->ip6);
    return (address[0] & 0xe0) == 0x20 ? 2 : 1;      // 2000::/3, RFC 4291 section 2.4
}

// How many entries of `each` bytes a list of the firmware's has. 0 when some of them lie outside of the
// `size` bytes that it may have written.
static unsigned count_entries(UINTN size, const void *list, UINT32 count, size_t each)
{
    UINTN start = (UINTN)data.room + sizeof(data.info), end = (UINTN)data.room + size, at = (UINTN)list;

    // SAFETY: count and pointer are firmware's; nothing outside of what it was given is read.
    if (size > sizeof(data) || at < start || at > end || count > (end - at) / each)
        return 0;
    return count;
}

// True when there is a route to more than the link itself.
static bool has_route(UINTN size)
{
    const EFI_IP6_ROUTE_TABLE *list = data.info.RouteTable;
    unsigned count = count_entries(size, list, data.info.RouteCount, sizeof(*list));

    for (unsigned i = 0; i < count; i++)
        if (ip6_is_unicast(list[i].Destination.Addr) && !ip6_is_link_local(list[i].Destination.Addr))
            return true;
    return false;
}

bool efi_ip6_address(struct efi_ip6 *ip, const struct efi_network_host *host, struct efi_network *got)
{
    UINTN size = sizeof(data);
    unsigned best = 0;

    memset(&data, 0, sizeof(data));  // firmware does not say how much of it it has written
    if (EFI_ERROR(ip->config->GetData(ip->config, Ip6ConfigDataTypeInterfaceInfo, &size, &data)))
        return false;
    const EFI_IP6_ADDRESS_INFO *list = data.info.AddressInfo;
    unsigned count = count_entries(size, list, data.info.AddressInfoCount, sizeof(*list));
    // Tentative addresses are not in it (edk2's Ip6BuildEfiAddressList).
    for (unsigned i = 0; i < count; i++) {
        unsigned value = rank(list[i].Address.Addr, host);
        if (value > best) {
            best = value;
            memcpy(got->address6, &list[i].Address, sizeof(got->address6));
        }
    }
    ip->advertised = best > 0 || has_route(size);
    ip->no_dns = best > 0 && host->kind == EFI_HOST_NAME && !has_data(ip, Ip6ConfigDataTypeDnsServer);
    return best > 0 && !ip->no_dns;
}

void efi_ip6_restore(struct efi_ip6 *ip)
{
    if (ip->changed && EFI_ERROR(set_policy(ip, Ip6ConfigPolicyManual)))
        log_warn("UEFI: the firmware does not take its IPv6 policy back");
    ip->changed = ip->begun = false;
}
