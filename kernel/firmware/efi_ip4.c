// IPv4 addresses from the firmware. Spec: UEFI 2.10 section 28.5 (EFI_IP4_CONFIG2_PROTOCOL).
// Tested: OVMF 2022.11.
#include "kernel/firmware/efi_address.h"  // efi_ip4_find
#include "kernel/firmware/efi_state.h"    // efi_st
#include "lib/err.h"                      // fail

#include <string.h>

#define INFO_ROOM 512          // interface information with a few routes behind it

static EFI_GUID ip4_config2 = EFI_IP4_CONFIG2_PROTOCOL_GUID;

// True when somebody has given the firmware a static address on this controller. Changing the policy would
// throw it away for good.
static bool has_own_address(const struct efi_ip4 *ip)
{
    EFI_IP4_CONFIG2_MANUAL_ADDRESS manual[4];
    UINTN size = sizeof(manual);
    EFI_STATUS status = ip->config->GetData(ip->config, Ip4Config2DataTypeManualAddress, &size, manual);

    return ip->before == Ip4Config2PolicyStatic && !EFI_ERROR(status) && size > 0;
}

int efi_ip4_find(struct efi_ip4 *ip, EFI_HANDLE controller)
{
    UINTN size = sizeof(ip->before);

    memset(ip, 0, sizeof(*ip));
    if (EFI_ERROR(efi_st->BootServices->HandleProtocol(controller, &ip4_config2, (VOID **)&ip->config)) ||
        EFI_ERROR(ip->config->GetData(ip->config, Ip4Config2DataTypePolicy, &size, &ip->before)))
        return fail(ERR_UEFI_PROTOCOL_NOT_FOUND,
                    "the firmware has HTTP, but no IPv4 configuration (IP4_CONFIG2)");
    ip->is_static = has_own_address(ip);
    if (ip->is_static)
        return fail(ERR_UEFI_OPERATION_FAILED, "the firmware's setup has a static IPv4 address, which stays");
    return 0;
}

static EFI_STATUS set_policy(struct efi_ip4 *ip, EFI_IP4_CONFIG2_POLICY policy)
{
    return ip->config->SetData(ip->config, Ip4Config2DataTypePolicy, sizeof(policy), &policy);
}

static EFI_STATUS set_addresses(struct efi_ip4 *ip, EFI_IP4_CONFIG2_DATA_TYPE type, const uint32_t *addresses,
                                unsigned count)
{
    EFI_IPv4_ADDRESS list[2];

    while (count > 0 && addresses[count - 1] == 0)
        count--;
    if (count == 0)
        return EFI_SUCCESS;
    memcpy(list, addresses, count * sizeof(list[0]));
    return ip->config->SetData(ip->config, type, count * sizeof(list[0]), list);
}

// True for a status that says: done, or being done.
static bool accepted(EFI_STATUS status)
{
    return !EFI_ERROR(status) || status == EFI_NOT_READY || status == EFI_ALREADY_STARTED;
}

int efi_ip4_configure(struct efi_ip4 *ip, const struct efi_network_wish *wish)
{
    EFI_STATUS status = set_policy(ip, wish->dhcp ? Ip4Config2PolicyDhcp : Ip4Config2PolicyStatic);

    ip->configured = true;
    if (accepted(status) && !wish->dhcp) {
        EFI_IP4_CONFIG2_MANUAL_ADDRESS manual;
        memcpy(&manual.Address, &wish->client, sizeof(manual.Address));
        memcpy(&manual.SubnetMask, &wish->netmask, sizeof(manual.SubnetMask));
        status = ip->config->SetData(ip->config, Ip4Config2DataTypeManualAddress, sizeof(manual), &manual);
        if (accepted(status))
            status = set_addresses(ip, Ip4Config2DataTypeGateway, &wish->gateway, 1);
        if (accepted(status))
            status = set_addresses(ip, Ip4Config2DataTypeDnsServer, wish->dns, 2);
    }
    if (accepted(status))
        return 0;
    return fail(ERR_UEFI_OPERATION_FAILED, "the firmware does not take an IPv4 configuration (%s)",
                efi_status_name(status));
}

bool efi_ip4_address(struct efi_ip4 *ip, struct efi_network *got)
{
    union {
        EFI_IP4_CONFIG2_INTERFACE_INFO info;
        uint8_t room[INFO_ROOM];
    } data;
    UINTN size = sizeof(data);

    memset(&data, 0, sizeof(data));
    if (EFI_ERROR(ip->config->GetData(ip->config, Ip4Config2DataTypeInterfaceInfo, &size, &data)))
        return false;
    memcpy(&got->address, &data.info.StationAddress, sizeof(got->address));
    memcpy(&got->netmask, &data.info.SubnetMask, sizeof(got->netmask));
    return got->address != 0;
}

// There was no static address before (efi_ip4_find), so none is left behind.
void efi_ip4_restore(struct efi_ip4 *ip)
{
    if (!ip->configured)
        return;
    ip->configured = false;
    if (ip->before == Ip4Config2PolicyStatic) {
        set_policy(ip, Ip4Config2PolicyStatic);
        ip->config->SetData(ip->config, Ip4Config2DataTypeManualAddress, 0, NULL);
        ip->config->SetData(ip->config, Ip4Config2DataTypeGateway, 0, NULL);
        ip->config->SetData(ip->config, Ip4Config2DataTypeDnsServer, 0, NULL);
        return;
    }
    set_policy(ip, ip->before);
}
