// The firmware's network drivers and their address. Spec: UEFI 2.10 sections 7.3.12 (ConnectController),
// 24.1 (SNP), 28.5 (Ip4Config2), 29.6 (HTTP).
// Tested: OVMF 2022.11 under GRUB 2.06, whose network had been used, and with controllers that firmware had
// not connected. Not handled: IPv6, nic= by PCI address.
#include "kernel/firmware/efi_network.h"  // efi_network_up
#include "kernel/firmware/efi_state.h"    // efi_st
#include "lib/clock.h"                    // deadline_passed
#include "lib/err.h"                      // fail
#include "lib/log.h"                      // log_debug
#include "lib/mac.h"                      // mac_text

#include <Protocol/Http.h>
#include <Protocol/Ip4Config2.h>
#include <Protocol/PciIo.h>
#include <Protocol/SimpleNetwork.h>

#include <string.h>
#include <strings.h>

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
    EFI_SIMPLE_NETWORK_PROTOCOL *snp;  // NULL when it has none
    EFI_IP4_CONFIG2_POLICY before;     // to be restored
    bool configured;
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

// True when somebody has given the firmware a static address on this controller. Changing the policy would
// throw it away for good.
static bool has_own_address(const struct controller *c)
{
    EFI_IP4_CONFIG2_MANUAL_ADDRESS manual[4];
    UINTN size = sizeof(manual);
    EFI_STATUS status = c->config->GetData(c->config, Ip4Config2DataTypeManualAddress, &size, manual);

    return c->before == Ip4Config2PolicyStatic && !EFI_ERROR(status) && size > 0;
}

// Fills `c`. 0, or why the controller is of no use.
static int look_at(EFI_HANDLE handle, const struct efi_network_wish *wish, struct controller *c)
{
    EFI_BOOT_SERVICES *bs = efi_st->BootServices;
    UINTN size = sizeof(c->before);
    char mac[MAC_TEXT_MAX];

    memset(c, 0, sizeof(*c));
    c->handle = handle;
    if (EFI_ERROR(bs->HandleProtocol(handle, &ip4_config2, (VOID **)&c->config)) ||
        EFI_ERROR(c->config->GetData(c->config, Ip4Config2DataTypePolicy, &size, &c->before)))
        return fail(ERR_UEFI_PROTOCOL_NOT_FOUND,
                    "the firmware has HTTP, but no IPv4 configuration (IP4_CONFIG2)");
    if (!EFI_ERROR(bs->HandleProtocol(handle, &simple_network, (VOID **)&c->snp)) && c->snp->Mode != NULL)
        memcpy(c->mac, &c->snp->Mode->CurrentAddress, sizeof(c->mac));
    if (wish->mac != NULL && strcasecmp(wish->mac, mac_text(c->mac, mac)) != 0)
        return fail(ERR_NO_NIC_FOUND, "the firmware manages no controller that is the one of nic=");
    if (has_own_address(c))
        return fail(ERR_UEFI_OPERATION_FAILED, "the firmware's setup has a static IPv4 address, which stays");
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
    EFI_STATUS status = set_policy(c, wish->dhcp ? Ip4Config2PolicyDhcp : Ip4Config2PolicyStatic);

    c->configured = true;
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

// One look at a controller: it is configured once its cable is live. 1 when it has an address.
static int attend(struct controller *c, const struct efi_network_wish *wish, struct efi_network *got)
{
    if (!c->configured && has_media(c)) {
        int err = configure(c, wish);
        if (err)
            return err;
    }
    if (!c->configured || !has_address(c, got))
        return 0;
    in_use = c->handle;
    return 1;
}

static int nothing_came(void)
{
    for (unsigned i = 0; i < controller_count; i++)
        if (controllers[i].configured)
            return fail(ERR_DHCP_TIMEOUT, "the firmware got no address on %u controller%s", controller_count,
                        controller_count == 1 ? "" : "s");
    return fail(ERR_NO_LINK, "the firmware sees no link on %u controller%s", controller_count,
                controller_count == 1 ? "" : "s");
}

static int wait_for_address(const struct efi_network_wish *wish, int (*wait)(void), uint64_t deadline,
                            struct efi_network *got)
{
    for (;;) {
        unsigned refused = 0;
        int err = 0;
        for (unsigned i = 0; i < controller_count; i++) {
            int result = attend(&controllers[i], wish, got);
            if (result > 0)
                return 0;
            refused += result < 0;
            err = result < 0 ? result : err;
        }
        if (refused == controller_count)
            return err;
        if (deadline_passed(deadline))
            return nothing_came();
        err = wait();
        if (err)
            return err;
    }
}

int efi_network_up(const struct efi_network_wish *wish, int (*wait)(void), uint64_t deadline,
                   struct efi_network *got)
{
    int err = find_controllers(wish);

    if (!err)
        err = wait_for_address(wish, wait, deadline, got);
    if (err)
        efi_network_down();
    return err;
}

// There was no static address before (look_at), so none is left behind.
static void restore(struct controller *c)
{
    if (c->before == Ip4Config2PolicyStatic) {
        set_policy(c, Ip4Config2PolicyStatic);
        c->config->SetData(c->config, Ip4Config2DataTypeManualAddress, 0, NULL);
        c->config->SetData(c->config, Ip4Config2DataTypeGateway, 0, NULL);
        c->config->SetData(c->config, Ip4Config2DataTypeDnsServer, 0, NULL);
        return;
    }
    set_policy(c, c->before);
}

void efi_network_down(void)
{
    for (unsigned i = 0; i < controller_count; i++)
        if (controllers[i].configured)
            restore(&controllers[i]);
    controller_count = 0;
    in_use = NULL;
}
