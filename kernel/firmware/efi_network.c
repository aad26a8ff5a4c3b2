// The firmware's network drivers and their address. Spec: UEFI 2.10 sections 7.3.12 (ConnectController),
// 24.1 (SNP), 28.5 (Ip4Config2), 29.6 (HTTP).
// Tested: OVMF 2022.11 under GRUB 2.06, whose network had been used, and with controllers that firmware had
// not connected. Not handled: IPv6, nic= by PCI address.
#include "kernel/firmware/efi_network.h"  // efi_network_up
#include "kernel/firmware/efi_state.h"    // efi_st
#include "lib/clock.h"                    // deadline_passed
#include "lib/err.h"                      // fail
#include "lib/log.h"                      // log_debug

#include <Protocol/Http.h>
#include <Protocol/Ip4Config2.h>
#include <Protocol/PciIo.h>
#include <Protocol/SimpleNetwork.h>

#include <string.h>

#define CONTROLLERS_MAX 8
#define PCI_CLASS_OFFSET 0x0b  // base class, PCI Local Bus 3.0 section 6.2.1
#define PCI_CLASS_NETWORK 0x02
#define INFO_ROOM 512          // interface information with a few routes behind it

static EFI_GUID http_binding = EFI_HTTP_SERVICE_BINDING_PROTOCOL_GUID;
static EFI_GUID ip4_config2 = EFI_IP4_CONFIG2_PROTOCOL_GUID;
static EFI_GUID simple_network = EFI_SIMPLE_NETWORK_PROTOCOL_GUID;

struct controller {
    EFI_HANDLE handle;
    EFI_IP4_CONFIG2_PROTOCOL *config;
    EFI_IP4_CONFIG2_POLICY before;  // to be restored
    bool changed;
    uint8_t mac[6];
};

static struct controller controllers[CONTROLLERS_MAX];
static unsigned controller_count;
static EFI_HANDLE in_use;
static bool connected;

EFI_HANDLE efi_network_handle(void)
{
    return in_use;
}

// All handles with a protocol, or all there are. *handles is to be freed with FreePool.
static UINTN handles_with(EFI_GUID *guid, EFI_HANDLE **handles)
{
    UINTN count = 0;

    *handles = NULL;
    if (EFI_ERROR(efi_st->BootServices->LocateHandleBuffer(guid != NULL ? ByProtocol : AllHandles, guid, NULL,
                                                           &count, handles)))
        return 0;
    return count;
}

static void connect_all(void)
{
    EFI_HANDLE *handles;
    UINTN count = handles_with(NULL, &handles);

    for (UINTN i = 0; i < count; i++)
        efi_st->BootServices->ConnectController(handles[i], NULL, NULL, TRUE);
    if (handles != NULL)
        efi_st->BootServices->FreePool(handles);
}

// GRUB opens each SNP for itself alone and keeps it; the firmware's own stack cannot have it then. The
// driver's state is reset, too: its users expect it stopped.
static void take_back(void)
{
    EFI_HANDLE *handles;
    UINTN count = handles_with(&simple_network, &handles);

    for (UINTN i = 0; i < count && efi_loader != NULL; i++) {
        EFI_SIMPLE_NETWORK_PROTOCOL *snp;
        if (EFI_ERROR(efi_st->BootServices->CloseProtocol(handles[i], &simple_network, efi_loader, NULL)) ||
            EFI_ERROR(efi_st->BootServices->HandleProtocol(handles[i], &simple_network, (VOID **)&snp)))
            continue;
        log_debug("UEFI: a network controller taken back from the boot loader");
        snp->Shutdown(snp);
        snp->Stop(snp);
    }
    if (handles != NULL)
        efi_st->BootServices->FreePool(handles);
}

void efi_network_connect(void)
{
    if (connected)
        return;
    connected = true;
    take_back();
    connect_all();
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

void efi_network_release(void)
{
    EFI_GUID guid = EFI_PCI_IO_PROTOCOL_GUID;
    EFI_HANDLE *handles;
    UINTN count = handles_with(&guid, &handles);

    take_back();
    for (UINTN i = 0; i < count; i++)
        if (is_network(handles[i]))
            efi_st->BootServices->DisconnectController(handles[i], NULL, NULL);
    if (handles != NULL)
        efi_st->BootServices->FreePool(handles);
    connected = false;
}

// ---- the controllers --------------------------------------------------------------------------------

static bool has_media(const EFI_SIMPLE_NETWORK_PROTOCOL *snp)
{
    return !snp->Mode->MediaPresentSupported || snp->Mode->MediaPresent;
}

// Fills `c`; false when the controller is of no use, with the reason in fail_detail().
static bool look_at(EFI_HANDLE handle, const struct efi_network_wish *wish, struct controller *c)
{
    EFI_SIMPLE_NETWORK_PROTOCOL *snp = NULL;
    EFI_BOOT_SERVICES *bs = efi_st->BootServices;

    memset(c, 0, sizeof(*c));
    c->handle = handle;
    if (EFI_ERROR(bs->HandleProtocol(handle, &ip4_config2, (VOID **)&c->config))) {
        fail(ERR_UEFI_PROTOCOL_NOT_FOUND, "the firmware has HTTP, but no IPv4 configuration (IP4_CONFIG2)");
        return false;
    }
    if (!EFI_ERROR(bs->HandleProtocol(handle, &simple_network, (VOID **)&snp)) && snp->Mode != NULL) {
        memcpy(c->mac, &snp->Mode->CurrentAddress, sizeof(c->mac));
        if (!has_media(snp)) {
            fail(ERR_NO_LINK, "the firmware sees no link");
            return false;
        }
    }
    if (wish->have_mac && memcmp(c->mac, wish->mac, sizeof(c->mac)) != 0) {
        fail(ERR_NO_NIC_FOUND, "the firmware manages no controller that is the one of nic=");
        return false;
    }
    return true;
}

static int find_controllers(const struct efi_network_wish *wish)
{
    EFI_HANDLE *handles, *snps;
    UINTN count, snp_count;

    efi_network_connect();
    count = handles_with(&http_binding, &handles);
    controller_count = 0;
    for (UINTN i = 0; i < count && controller_count < CONTROLLERS_MAX; i++)
        controller_count += look_at(handles[i], wish, &controllers[controller_count]);
    if (handles != NULL)
        efi_st->BootServices->FreePool(handles);
    if (controller_count > 0)
        return 0;
    if (count > 0)
        return fail(ERR_NO_LINK, "none of the firmware's %u network controllers is usable: %s",
                    (unsigned)count, fail_detail());
    snp_count = handles_with(&simple_network, &snps);
    if (snps != NULL)
        efi_st->BootServices->FreePool(snps);
    if (snp_count == 0)
        return fail(ERR_NO_NIC_FOUND, "the firmware has no driver for a network controller");
    return fail(ERR_UEFI_PROTOCOL_NOT_FOUND, "the firmware has no HTTP (EFI_HTTP_SERVICE_BINDING_PROTOCOL)");
}

// ---- addresses --------------------------------------------------------------------------------------

static EFI_STATUS set_policy(struct controller *c, EFI_IP4_CONFIG2_POLICY policy)
{
    return c->config->SetData(c->config, Ip4Config2DataTypePolicy, sizeof(policy), &policy);
}

static EFI_STATUS set_addresses(struct controller *c, EFI_IP4_CONFIG2_DATA_TYPE type,
                                const uint32_t *addresses, unsigned count)
{
    EFI_IPv4_ADDRESS list[2];

    while (count > 0 && addresses[count - 1] == 0)
        count--;
    if (count == 0)
        return EFI_SUCCESS;
    memcpy(list, addresses, count * sizeof(list[0]));
    return c->config->SetData(c->config, type, count * sizeof(list[0]), list);
}

// True for a status that says: done, or being done.
static bool accepted(EFI_STATUS status)
{
    return !EFI_ERROR(status) || status == EFI_NOT_READY || status == EFI_ALREADY_STARTED;
}

static int configure(struct controller *c, const struct efi_network_wish *wish)
{
    UINTN size = sizeof(c->before);
    EFI_STATUS status = c->config->GetData(c->config, Ip4Config2DataTypePolicy, &size, &c->before);

    if (!EFI_ERROR(status)) {
        c->changed = true;
        status = set_policy(c, wish->dhcp ? Ip4Config2PolicyDhcp : Ip4Config2PolicyStatic);
    }
    if (accepted(status) && !wish->dhcp) {
        EFI_IP4_CONFIG2_MANUAL_ADDRESS manual;
        memcpy(&manual.Address, &wish->client, sizeof(manual.Address));
        memcpy(&manual.SubnetMask, &wish->netmask, sizeof(manual.SubnetMask));
        status = c->config->SetData(c->config, Ip4Config2DataTypeManualAddress, sizeof(manual), &manual);
        if (accepted(status))
            status = set_addresses(c, Ip4Config2DataTypeGateway, &wish->gateway, 1);
        if (accepted(status))
            status = set_addresses(c, Ip4Config2DataTypeDnsServer, wish->dns, 2);
    }
    if (accepted(status))
        return 0;
    return fail(ERR_UEFI_OPERATION_FAILED, "the firmware does not take an IPv4 configuration (%s)",
                efi_status_name(status));
}

// True once the controller has an address.
static bool has_address(struct controller *c, struct efi_network *got)
{
    union {
        EFI_IP4_CONFIG2_INTERFACE_INFO info;
        uint8_t room[INFO_ROOM];
    } data;
    UINTN size = sizeof(data);

    memset(&data, 0, sizeof(data));
    if (EFI_ERROR(c->config->GetData(c->config, Ip4Config2DataTypeInterfaceInfo, &size, &data)))
        return false;
    memcpy(&got->address, &data.info.StationAddress, sizeof(got->address));
    memcpy(&got->netmask, &data.info.SubnetMask, sizeof(got->netmask));
    memcpy(got->mac, c->mac, sizeof(got->mac));
    return got->address != 0;
}

static int wait_for_address(int (*wait)(void), uint64_t deadline, struct efi_network *got)
{
    for (;;) {
        for (unsigned i = 0; i < controller_count; i++) {
            if (!has_address(&controllers[i], got))
                continue;
            in_use = controllers[i].handle;
            return 0;
        }
        if (deadline_passed(deadline))
            return fail(ERR_DHCP_TIMEOUT, "the firmware got no address on %u controller%s", controller_count,
                        controller_count == 1 ? "" : "s");
        int err = wait();
        if (err)
            return err;
    }
}

int efi_network_up(const struct efi_network_wish *wish, int (*wait)(void), uint64_t deadline,
                   struct efi_network *got)
{
    int err = find_controllers(wish);
    unsigned configured = 0;

    for (unsigned i = 0; !err && i < controller_count; i++)
        configured += configure(&controllers[i], wish) == 0;
    if (!err && configured == 0)
        err = ERR_UEFI_OPERATION_FAILED;
    if (!err)
        err = wait_for_address(wait, deadline, got);
    if (err)
        efi_network_down();
    return err;
}

void efi_network_down(void)
{
    for (unsigned i = 0; i < controller_count; i++)
        if (controllers[i].changed)
            set_policy(&controllers[i], controllers[i].before);
    controller_count = 0;
    in_use = NULL;
}
