// kernel/firmware/efi_network.c with efi_ip4.c and efi_ip6.c: when a made-up firmware is asked for which kind of
// address, what it says wrong, and what it is left with.
#include "kernel/firmware/efi_network.h"  // efi_network_up
#include "kernel/firmware/efi_state.h"    // efi_st
#include "lib/clock.h"                    // deadline_ms
#include "lib/err.h"                      // fail
#include "lib/ip6.h"                      // ip6_parse

#include <Protocol/Http.h>
#include <Protocol/Ip4Config2.h>
#include <Protocol/Ip6Config.h>
#include <Protocol/SimpleNetwork.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#undef fail  // cmocka's; ours is a function

#define CARDS 2
#define NEVER UINT64_MAX
#define LIST_MAX 4

// ---- the firmware -----------------------------------------------------------------------------------

struct card {
    EFI_IP4_CONFIG2_PROTOCOL ip4;
    EFI_IP6_CONFIG_PROTOCOL ip6;
    EFI_SIMPLE_NETWORK_PROTOCOL snp;
    EFI_SIMPLE_NETWORK_MODE mode;
    bool has_ip4, has_ip6;
    EFI_IP4_CONFIG2_POLICY policy4;
    EFI_IP6_CONFIG_POLICY policy6;
    bool manual4, manual6, gateway6;      // somebody's settings
    unsigned sets4, sets6;                // how often something was set
    uint64_t came4_s, came6_s, dns6_s;    // seconds after the policy was set; NEVER
    uint64_t since4, since6;
    EFI_STATUS set6;                      // what setting the policy returns
    const char *list[LIST_MAX];           // the addresses that come
    enum { GOOD, MANY, OUTSIDE, NOWHERE, HUGE } lie;
};

static struct card cards[CARDS];
static unsigned card_count;
static uint64_t clock_us;
static int key;                           // what wait() returns
static EFI_BOOT_SERVICES boot_services;
static EFI_SYSTEM_TABLE system_table = {.BootServices = &boot_services};
EFI_SYSTEM_TABLE *efi_st = &system_table;
EFI_HANDLE efi_loader;

uint64_t now_us(void)
{
    return clock_us;
}

static int wait(void)
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
    *size = sizeof(*info) + info->AddressInfoCount * sizeof(*list);
    memcpy(elsewhere, list, sizeof(elsewhere));
    if (c->lie == MANY)
        info->AddressInfoCount = UINT32_MAX;
    if (c->lie == OUTSIDE)
        info->AddressInfo = elsewhere;
    if (c->lie == NOWHERE)
        info->AddressInfo = NULL;
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
    *size = known ? sizeof(EFI_IP6_CONFIG_MANUAL_ADDRESS) : 0;
    return known ? EFI_BUFFER_TOO_SMALL : EFI_NOT_FOUND;
}

static int set_up(void **state)
{
    (void)state;
    efi_network_down();
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
    return 0;
}

// ---- the tests --------------------------------------------------------------------------------------

static const struct efi_network_wish by_dhcp = {.dhcp = true};
static const struct efi_network_host name = {.kind = EFI_HOST_NAME}, ip4 = {.kind = EFI_HOST_IP4};
static struct efi_network got;

static struct efi_network_host ip6(const char *text)
{
    struct efi_network_host host = {.kind = EFI_HOST_IP6};

    assert_true(ip6_parse(text, strlen(text), host.ip6));
    return host;
}

static int up(const struct efi_network_host *host)
{
    return efi_network_up(&by_dhcp, host, wait, deadline_ms(12000), &got);
}

static void assert_source(const char *text)
{
    char shown[IP6_TEXT_MAX];

    assert_true(got.ipv6);
    assert_string_equal(ip6_text(got.address6, shown), text);
}

static void assert_restored(void)
{
    efi_network_down();
    for (unsigned i = 0; i < CARDS; i++) {
        assert_int_equal(cards[i].policy4, Ip4Config2PolicyStatic);
        assert_int_equal(cards[i].policy6, Ip6ConfigPolicyManual);
    }
}

static void test_name_by_ipv4(void **state)
{
    (void)state;
    assert_int_equal(up(&name), 0);
    assert_false(got.ipv6);
    assert_int_equal(got.address, 10 | 77 << 8 | 50u << 24);
    assert_ptr_equal(got.controller, &cards[0]);
    assert_true(clock_us < 5000000);
    assert_restored();
    assert_int_equal(cards[0].sets6, 0);
}

static void test_name_by_ipv6(void **state)
{
    (void)state;
    cards[0].came4_s = NEVER;
    assert_int_equal(up(&name), 0);
    assert_source("2001:db8:77::50");
    assert_true(cards[0].since6 >= 6000000 && cards[0].since6 <= 6200000);
    // The next connection has it at once.
    uint64_t now = clock_us;
    assert_int_equal(up(&name), 0);
    assert_int_equal(clock_us, now);
    assert_restored();
    assert_int_equal(cards[0].sets6, 2);
}

static void test_late_ipv4_is_first(void **state)
{
    (void)state;
    cards[0].came4_s = 7;
    cards[0].came6_s = 4;
    assert_int_equal(up(&name), 0);
    assert_false(got.ipv6);
    assert_int_equal(cards[0].sets6, 1);
    assert_restored();
}

static void test_name_needs_a_dns_server(void **state)
{
    (void)state;
    cards[0].came4_s = cards[0].dns6_s = NEVER;
    assert_int_equal(up(&name), ERR_DHCP_TIMEOUT);
    assert_non_null(strstr(fail_detail(), "no DNS server for IPv6"));
    assert_restored();
}

static void test_address_needs_its_kind(void **state)
{
    struct efi_network_host far = ip6("2001:db8:1::1"), private = ip6("fd00::1"), near = ip6("fe80::99");

    (void)state;
    cards[0].dns6_s = NEVER;
    assert_int_equal(up(&far), 0);
    assert_source("2001:db8:77::50");
    assert_int_equal(cards[0].sets4, 0);
    assert_int_equal(up(&private), 0);
    assert_source("fd00::5");
    assert_int_equal(up(&near), 0);
    assert_source("fe80::1");
    // A redirect to IPv4 waits for it, and for nothing else.
    assert_int_equal(up(&ip4), 0);
    assert_false(got.ipv6);
    assert_restored();
    cards[0].sets6 = 0;
    cards[0].came4_s = NEVER;
    assert_int_equal(up(&ip4), ERR_DHCP_TIMEOUT);
    assert_int_equal(cards[0].sets6, 0);
    assert_restored();
}

// Nothing comes: the deadline counts once, not with each attempt, and what comes later is found.
static void test_in_vain(void **state)
{
    struct efi_network_host host = ip6("2001:db8:1::1");

    (void)state;
    cards[0].came6_s = 20;
    assert_int_equal(up(&host), ERR_NO_IP_ADDRESS);
    assert_int_equal(clock_us / 1000000, 13);
    assert_non_null(strstr(fail_advice(ERR_NO_IP_ADDRESS), "router"));
    assert_int_equal(up(&host), ERR_NO_IP_ADDRESS);
    assert_int_equal(clock_us / 1000000, 13);
    assert_int_equal(up(&name), 0);
    clock_us += 20000000;
    assert_int_equal(up(&host), 0);
    assert_restored();
}

static void test_missing_protocols(void **state)
{
    struct efi_network_host host = ip6("2001:db8:1::1");

    (void)state;
    cards[0].has_ip6 = false;
    assert_int_equal(up(&host), ERR_UEFI_PROTOCOL_NOT_FOUND);
    assert_non_null(strstr(fail_detail(), "no IPv6"));
    assert_int_equal(clock_us, 1000000);
    assert_int_equal(up(&name), 0);
    assert_false(got.ipv6);
    set_up(NULL);
    cards[0].has_ip4 = false;
    assert_int_equal(up(&name), 0);
    assert_source("2001:db8:77::50");
    assert_int_equal(up(&ip4), ERR_UEFI_PROTOCOL_NOT_FOUND);
    assert_non_null(strstr(fail_detail(), "no IPv4"));
    assert_restored();
}

static void test_somebodys_ipv4(void **state)
{
    struct efi_network_host host = ip6("2001:db8:1::1");

    (void)state;
    cards[0].manual4 = true;
    assert_int_equal(up(&name), ERR_UEFI_OPERATION_FAILED);
    assert_non_null(strstr(fail_detail(), "static IPv4 address"));
    assert_int_equal(cards[0].sets4 + cards[0].sets6, 0);
    assert_int_equal(up(&host), 0);
    assert_restored();
    assert_int_equal(cards[0].sets4, 0);
}

static void test_somebodys_ipv6(void **state)
{
    struct efi_network_host host = ip6("2001:db8:1::1");

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        set_up(NULL);
        cards[0].manual6 = i == 0;
        cards[0].gateway6 = i == 1;
        cards[0].policy6 = i == 2 ? Ip6ConfigPolicyAutomatic : Ip6ConfigPolicyManual;
        cards[0].since6 = 0;
        assert_int_equal(up(&host), 0);
        efi_network_down();
        assert_int_equal(cards[0].sets6, 0);
    }
    // Addresses that were wished for leave no room for others.
    set_up(NULL);
    struct efi_network_wish wish = {.client = 1, .netmask = 1};
    cards[0].came4_s = NEVER;
    assert_int_equal(efi_network_up(&wish, &name, wait, deadline_ms(12000), &got), ERR_DHCP_TIMEOUT);
    assert_int_equal(cards[0].sets6, 0);
}

static void test_lies(void **state)
{
    struct efi_network_host host = ip6("2001:db8:1::1");

    (void)state;
    for (int lie = MANY; lie <= HUGE; lie++) {
        set_up(NULL);
        cards[0].lie = lie;
        assert_int_equal(up(&host), ERR_NO_IP_ADDRESS);
    }
    set_up(NULL);
    cards[0].list[1] = "ff02::1";
    cards[0].list[2] = "::";
    assert_int_equal(up(&host), ERR_NO_IP_ADDRESS);
}

// Firmware that found its link address taken refuses any policy.
static void test_refusal(void **state)
{
    struct efi_network_host host = ip6("2001:db8:1::1");

    (void)state;
    cards[0].set6 = EFI_DEVICE_ERROR;
    assert_int_equal(up(&host), ERR_UEFI_OPERATION_FAILED);
    assert_non_null(strstr(fail_detail(), "device error"));
    assert_int_equal(clock_us, 1000000);
    cards[0].came4_s = 8;
    assert_int_equal(up(&name), 0);
    assert_false(got.ipv6);
    assert_restored();
}

static void test_cables_and_keys(void **state)
{
    struct efi_network_host host = ip6("2001:db8:1::1");

    (void)state;
    card_count = 2;
    cards[0].mode.MediaPresent = false;
    assert_int_equal(up(&host), 0);
    assert_ptr_equal(got.controller, &cards[1]);
    assert_int_equal(got.mac[5], 1);
    assert_int_equal(cards[0].sets4 + cards[0].sets6, 0);
    assert_restored();
    set_up(NULL);
    cards[0].mode.MediaPresent = false;
    assert_int_equal(up(&host), ERR_NO_LINK);
    efi_network_down();
    assert_int_equal(up(&name), ERR_NO_LINK);
    assert_int_equal(cards[0].sets4 + cards[0].sets6, 0);
    set_up(NULL);
    key = ERR_CANCELLED;
    assert_int_equal(up(&host), ERR_CANCELLED);
    assert_restored();
    card_count = 0;
    assert_int_equal(up(&host), ERR_NO_NIC_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_name_by_ipv4, set_up),       cmocka_unit_test_setup(test_name_by_ipv6, set_up),
        cmocka_unit_test_setup(test_late_ipv4_is_first, set_up), cmocka_unit_test_setup(test_in_vain, set_up),
        cmocka_unit_test_setup(test_name_needs_a_dns_server, set_up),
        cmocka_unit_test_setup(test_address_needs_its_kind, set_up),
        cmocka_unit_test_setup(test_missing_protocols, set_up),  cmocka_unit_test_setup(test_somebodys_ipv4, set_up),
        cmocka_unit_test_setup(test_somebodys_ipv6, set_up),     cmocka_unit_test_setup(test_lies, set_up),
        cmocka_unit_test_setup(test_refusal, set_up),            cmocka_unit_test_setup(test_cables_and_keys, set_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
