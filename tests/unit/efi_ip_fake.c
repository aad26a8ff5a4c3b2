// See tests/unit/efi_ip_fake.h.
#include "tests/unit/efi_ip_fake.h"  // cards
#include "lib/clock.h"               // now_us
#include "lib/err.h"                 // fail
#include "lib/ip6.h"                 // ip6_parse

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#undef fail  // cmocka's; ours is a function

struct card cards[CARDS];
unsigned card_count;
uint64_t clock_us;
int key;
static EFI_BOOT_SERVICES boot_services;
static EFI_SYSTEM_TABLE system_table = {.BootServices = &boot_services};
EFI_SYSTEM_TABLE *efi_st = &system_table;
EFI_HANDLE efi_loader;

uint64_t now_us(void)
{
    return clock_us;
}

int efi_ip_wait(void)
{
    clock_us += 100000;
    return key < 0 ? fail(key, "a key was pressed") : 0;
}

UINTN efi_handles(EFI_GUID *protocol, EFI_HANDLE **handles)
{
    (void)protocol;
    *handles = calloc(CARDS, sizeof(**handles));
    for (unsigned i = 0; i < card_count; i++)
        (*handles)[i] = &cards[i];
    return card_count;
}

void efi_free(void *memory)
{
    free(memory);
}

const char *efi_status_name(EFI_STATUS status)
{
    return status == EFI_DEVICE_ERROR ? "device error" : "another one";
}

static bool is(const EFI_GUID *a, EFI_GUID b)
{
    return memcmp(a, &b, sizeof(b)) == 0;
}

static EFI_STATUS EFIAPI handle_protocol(EFI_HANDLE handle, EFI_GUID *guid, VOID **interface)
{
    struct card *c = handle;

    if (is(guid, (EFI_GUID)EFI_IP4_CONFIG2_PROTOCOL_GUID) && c->has_ip4)
        *interface = &c->ip4;
    else if (is(guid, (EFI_GUID)EFI_IP6_CONFIG_PROTOCOL_GUID) && c->has_ip6)
        *interface = &c->ip6;
    else if (is(guid, (EFI_GUID)EFI_SIMPLE_NETWORK_PROTOCOL_GUID))
        *interface = &c->snp;
    else
        return EFI_UNSUPPORTED;
    return EFI_SUCCESS;
}

static struct card *card_of4(EFI_IP4_CONFIG2_PROTOCOL *this)
{
    return (struct card *)(void *)((char *)this - offsetof(struct card, ip4));
}

static struct card *card_of6(EFI_IP6_CONFIG_PROTOCOL *this)
{
    return (struct card *)(void *)((char *)this - offsetof(struct card, ip6));
}

static bool has_come(uint64_t since, uint64_t seconds)
{
    return since != NEVER && seconds != NEVER && clock_us >= since + seconds * 1000000;
}

static EFI_STATUS EFIAPI set4(EFI_IP4_CONFIG2_PROTOCOL *this, EFI_IP4_CONFIG2_DATA_TYPE type, UINTN size, VOID *data)
{
    struct card *c = card_of4(this);

    (void)size;
    c->sets4++;
    if (type != Ip4Config2DataTypePolicy)
        return EFI_SUCCESS;
    memcpy(&c->policy4, data, sizeof(c->policy4));
    c->since4 = clock_us;
    return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI get4(EFI_IP4_CONFIG2_PROTOCOL *this, EFI_IP4_CONFIG2_DATA_TYPE type, UINTN *size, VOID *data)
{
    struct card *c = card_of4(this);
    EFI_IP4_CONFIG2_INTERFACE_INFO info = {.StationAddress.Addr = {10, 77, 0, 50}};

    if (type == Ip4Config2DataTypePolicy)
        memcpy(data, &c->policy4, sizeof(c->policy4));
    else if (type == Ip4Config2DataTypeManualAddress && c->manual4)
        *size = sizeof(EFI_IP4_CONFIG2_MANUAL_ADDRESS);
    else if (type == Ip4Config2DataTypeInterfaceInfo && has_come(c->since4, c->came4_s))
        memcpy(data, &info, sizeof(info));
    else
        return EFI_NOT_FOUND;
    return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI set6(EFI_IP6_CONFIG_PROTOCOL *this, EFI_IP6_CONFIG_DATA_TYPE type, UINTN size, VOID *data)
{
    struct card *c = card_of6(this);

    assert_int_equal(type, Ip6ConfigDataTypePolicy);
    assert_int_equal(size, sizeof(c->policy6));
    c->sets6++;
    if (EFI_ERROR(c->set6))
        return c->set6;
    memcpy(&c->policy6, data, sizeof(c->policy6));
    c->since6 = clock_us;
    return EFI_SUCCESS;
}

// What the firmware writes about its addresses, with the lies that it is to tell.
static EFI_STATUS info6(const struct card *c, UINTN *size, EFI_IP6_CONFIG_INTERFACE_INFO *info)
{
    static EFI_IP6_ADDRESS_INFO elsewhere[LIST_MAX];
    EFI_IP6_ADDRESS_INFO *list = (EFI_IP6_ADDRESS_INFO *)(info + 1);

    assert_true(*size >= sizeof(*info) + LIST_MAX * sizeof(*list));
    memset(info, 0, sizeof(*info));
    for (unsigned i = 0; i < LIST_MAX && c->list[i] != NULL; i++) {
        bool local = strncmp(c->list[i], "fe80:", 5) == 0;
        if (!local && !has_come(c->since6, c->came6_s))
            continue;
        assert_true(ip6_parse(c->list[i], strlen(c->list[i]), list[info->AddressInfoCount].Address.Addr));
        list[info->AddressInfoCount++].PrefixLength = 64;
    }
    info->AddressInfo = info->AddressInfoCount > 0 ? list : NULL;
    EFI_IP6_ROUTE_TABLE *routes = (EFI_IP6_ROUTE_TABLE *)(list + info->AddressInfoCount);
    memset(routes, 0, 2 * sizeof(*routes));
    memcpy(routes[0].Destination.Addr, "\xfe\x80", 2);
    memcpy(routes[1].Destination.Addr, "\x20\x01\x0d\xb8", 4);
    info->RouteCount = c->route ? 2 : 1;
    info->RouteTable = routes;
    *size = (UINTN)(routes + info->RouteCount) - (UINTN)info;
    memcpy(elsewhere, list, sizeof(elsewhere));
    if (c->lie == MANY)
        info->AddressInfoCount = info->RouteCount = UINT32_MAX;
    if (c->lie == OUTSIDE)
        info->AddressInfo = elsewhere;
    if (c->lie == NOWHERE) {
        info->AddressInfo = NULL;
        info->RouteTable = (EFI_IP6_ROUTE_TABLE *)((char *)info + *size + 1);
    }
    if (c->lie == HUGE)
        *size = 1u << 30;
    return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI get6(EFI_IP6_CONFIG_PROTOCOL *this, EFI_IP6_CONFIG_DATA_TYPE type, UINTN *size, VOID *data)
{
    struct card *c = card_of6(this);
    bool known = (type == Ip6ConfigDataTypeManualAddress && c->manual6) ||
                 (type == Ip6ConfigDataTypeGateway && c->gateway6) ||
                 (type == Ip6ConfigDataTypeDnsServer && has_come(c->since6, c->dns6_s));

    if (type == Ip6ConfigDataTypeInterfaceInfo)
        return info6(c, size, data);
    if (type == Ip6ConfigDataTypePolicy) {
        memcpy(data, &c->policy6, sizeof(c->policy6));
        return EFI_SUCCESS;
    }
    assert_int_equal(*size, 0);
    if (type == Ip6ConfigDataTypeManualAddress && c->probing6)
        return EFI_NOT_READY;
    *size = known ? sizeof(EFI_IP6_CONFIG_MANUAL_ADDRESS) : 0;
    return known ? EFI_BUFFER_TOO_SMALL : EFI_NOT_FOUND;
}

void efi_ip_reset(void)
{
    memset(cards, 0, sizeof(cards));
    boot_services.HandleProtocol = handle_protocol;
    card_count = 1;
    clock_us = 1000000;
    key = 0;
    for (unsigned i = 0; i < CARDS; i++) {
        cards[i] = (struct card){
            .ip4 = {.SetData = set4, .GetData = get4}, .ip6 = {.SetData = set6, .GetData = get6},
            .has_ip4 = true, .has_ip6 = true, .policy4 = Ip4Config2PolicyStatic, .policy6 = Ip6ConfigPolicyManual,
            .came4_s = 3, .came6_s = 2, .dns6_s = 2, .since4 = NEVER, .since6 = NEVER,
            .list = {"fe80::1", "fd00::5", "2001:db8:77::50"},
        };
        cards[i].snp.Mode = &cards[i].mode;
        cards[i].mode.MediaPresentSupported = cards[i].mode.MediaPresent = true;
        cards[i].mode.CurrentAddress.Addr[5] = (UINT8)i;
    }
}
