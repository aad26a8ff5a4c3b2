// kernel/firmware/efi_network.c with efi_ip4.c and efi_ip6.c: when a made-up firmware is asked for which kind of
// address, what it says wrong, and what it is left with.
#include "kernel/firmware/efi_network.h"  // efi_network_up
#include "lib/clock.h"                    // deadline_ms
#include "lib/err.h"                      // fail
#include "lib/ip6.h"                      // ip6_parse
#include "tests/unit/efi_ip_fake.h"       // cards

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>
#undef fail  // cmocka's; ours is a function

static int set_up(void **state)
{
    (void)state;
    efi_network_down();
    efi_ip_reset();
    return 0;
}

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
    return efi_network_up(&by_dhcp, host, efi_ip_wait, deadline_ms(12000), &got);
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

// DHCPv6 may take its time where a router has told of it; elsewhere the deadline is the deadline.
static void test_grace(void **state)
{
    (void)state;
    cards[0].came4_s = NEVER;
    cards[0].came6_s = cards[0].dns6_s = 12;
    assert_int_equal(up(&name), ERR_DHCP_TIMEOUT);
    assert_int_equal(clock_us / 1000000, 13);
    assert_restored();
    cards[0].route = true;
    assert_int_equal(up(&name), 0);
    assert_source("2001:db8:77::50");
    assert_restored();
    cards[0].came6_s = cards[0].dns6_s = NEVER;
    uint64_t before = clock_us;
    assert_int_equal(up(&name), ERR_DHCP_TIMEOUT);
    assert_int_equal((clock_us - before) / 1000000, 22);
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
    for (unsigned i = 0; i < 4; i++) {
        set_up(NULL);
        cards[0].manual6 = i == 0 || i == 3;
        cards[0].probing6 = i == 3;
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
    assert_int_equal(efi_network_up(&wish, &name, efi_ip_wait, deadline_ms(12000), &got), ERR_DHCP_TIMEOUT);
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
        cmocka_unit_test_setup(test_grace, set_up),
        cmocka_unit_test_setup(test_refusal, set_up),            cmocka_unit_test_setup(test_cables_and_keys, set_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
