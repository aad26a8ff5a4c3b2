// net/stack.c, netif.c, address.c, dhcp_options.c, dns.c, filter.c and lwip/port.c over NICs without hardware
// and with time turned by hand (net_peer.c). TCP is tested against Linux: tests/hosted.
#include "lib/clock.h"            // deadline_ms
#include "lib/err.h"              // err_name
#include "lwip/def.h"             // lwip_htonl
#include "lwip/stats.h"           // lwip_stats
#include "net/address.h"          // address_class_mask
#include "net/dhcp_options.h"     // boot_url_copy
#include "net/filter.h"           // filter_expects
#include "net/stack.h"            // stack_up
#include "tests/unit/net_peer.h"  // peer_reset

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define IP(a, b, c, d) ((uint32_t)(a) << 24 | (b) << 16 | (c) << 8 | (d))

static const struct stack_ip use_dhcp = { .dhcp = true };

static void serve(unsigned index, uint32_t network)
{
    peer[index].offers = network | 50;
    peer[index].server = peer[index].router = peer[index].dns[0] = network | 1;
}

static void is_error(int err, int expected)
{
    assert_string_equal(err < 0 ? err_name(err) : "", expected < 0 ? err_name(expected) : "");
}

static int setup(void **state)
{
    (void)state;
    peer_reset();
    return 0;
}

// Whatever a test did: NICs are silent, no buffer and no object of lwIP is missing.
static int teardown(void **state)
{
    (void)state;
    stack_down();
    for (unsigned i = 0; i < PEER_NICS; i++)
        if (peer[i].nic.started)
            return -1;
    for (unsigned i = 0; i < MEMP_MAX; i++)
        if (i != MEMP_SYS_TIMEOUT && lwip_stats.memp[i]->used != 0)
            return -1;
    return peer_missing() == 0 ? 0 : -1;
}

// ---- DHCP -------------------------------------------------------------------------------------------

static void test_lease(void **state)
{
    const struct stack_lease *l;
    uint64_t start = peer_clock_us;

    (void)state;
    serve(0, IP(10, 0, 0, 0));
    peer[0].dns[1] = IP(10, 0, 0, 2);
    peer[0].answer_after_us = 2000;
    is_error(stack_up(&use_dhcp, deadline_ms(10000)), 0);
    // The first question leaves at once, and nothing is waited for but the two answers.
    assert_true(peer[0].first_discover_us - start < 1000);
    assert_true(peer_clock_us - start < 10000);
    assert_true(peer[0].said_urlboot);
    l = stack_lease();
    assert_non_null(l);
    assert_ptr_equal(l->nic, &peer[0].nic);
    assert_int_equal(lwip_htonl(l->address), IP(10, 0, 0, 50));
    assert_int_equal(lwip_htonl(l->netmask), IP(255, 255, 255, 0));
    assert_int_equal(lwip_htonl(l->gateway), IP(10, 0, 0, 1));
    assert_int_equal(lwip_htonl(l->server), IP(10, 0, 0, 1));
    assert_int_equal(lwip_htonl(l->dns[0]), IP(10, 0, 0, 1));
    assert_int_equal(lwip_htonl(l->dns[1]), IP(10, 0, 0, 2));
    assert_int_equal(l->dns[2], 0);
    assert_string_equal(l->boot_file, "");
    stack_down();
    assert_int_equal(peer[0].releases, 1);
    assert_null(stack_lease());
}

// All NICs at once: a broken one, one with a slow server, one with a fast one. The fast one stays alone,
// with its own name servers.
static void test_first_lease_wins(void **state)
{
    (void)state;
    peer[0].broken = true;
    serve(1, IP(10, 1, 0, 0));
    peer[1].answer_after_us = 300000;
    peer[1].dns[1] = IP(10, 1, 0, 2);
    serve(2, IP(10, 2, 0, 0));
    peer[2].answer_after_us = 1000;
    is_error(stack_up(&use_dhcp, deadline_ms(10000)), 0);
    assert_ptr_equal(stack_lease()->nic, &peer[2].nic);
    assert_int_equal(lwip_htonl(stack_lease()->dns[0]), IP(10, 2, 0, 1));
    assert_int_equal(stack_lease()->dns[1], 0);
    assert_false(peer[0].nic.started);
    assert_false(peer[1].nic.started);
    assert_true(peer[2].nic.started);

    // And again, the other way round.
    stack_down();
    peer[1].answer_after_us = 1000;
    peer[2].answer_after_us = 300000;
    is_error(stack_up(&use_dhcp, deadline_ms(10000)), 0);
    assert_ptr_equal(stack_lease()->nic, &peer[1].nic);
    assert_int_equal(lwip_htonl(stack_lease()->dns[1]), IP(10, 1, 0, 2));
}

// Two servers that answer in the same instant: the lease is all of one kind.
static void test_same_instant(void **state)
{
    (void)state;
    serve(0, IP(10, 0, 0, 0));
    peer[0].dns[1] = IP(10, 0, 0, 2);
    serve(1, IP(10, 1, 0, 0));
    peer[1].dns[1] = IP(10, 1, 0, 2);
    is_error(stack_up(&use_dhcp, deadline_ms(10000)), 0);
    assert_int_equal(lwip_htonl(stack_lease()->address) >> 16, lwip_htonl(stack_lease()->dns[1]) >> 16);
    assert_int_equal(lwip_htonl(stack_lease()->address) >> 16, lwip_htonl(stack_lease()->server) >> 16);
}

static void test_lost_questions(void **state)
{
    static const struct {
        unsigned ignored;
        uint64_t at_most_ms;
    } cases[] = { { 1, 600 }, { 2, 1600 }, { 3, 3600 }, { 4, 7600 } };

    (void)state;
    for (unsigned i = 0; i < COUNT(cases); i++) {
        uint64_t start = peer_clock_us;
        peer_reset();
        serve(0, IP(10, 0, 0, 0));
        peer[0].ignore = cases[i].ignored;
        is_error(stack_up(&use_dhcp, deadline_ms(20000)), 0);
        if (peer_clock_us - start > cases[i].at_most_ms * 1000)
            fail_msg("%u lost: %lu us", cases[i].ignored, peer_clock_us - start);
        stack_down();
    }
}

static void test_refused(void **state)
{
    (void)state;
    serve(0, IP(10, 0, 0, 0));
    peer[0].nak = true;
    is_error(stack_up(&use_dhcp, deadline_ms(10000)), 0);
    assert_int_equal(peer[0].discovers, 2);
}

static void test_link_comes_late(void **state)
{
    uint64_t start = peer_clock_us;

    (void)state;
    for (unsigned i = 0; i < PEER_NICS; i++)
        peer[i].link = false;
    serve(1, IP(10, 1, 0, 0));
    peer[1].link_at_us = start + 3000000;
    is_error(stack_up(&use_dhcp, deadline_ms(10000)), 0);
    assert_in_range(peer_clock_us - start, 3000000, 3150000);
}

static void test_nobody(void **state)
{
    (void)state;
    is_error(stack_up(&use_dhcp, deadline_ms(5000)), ERR_DHCP_TIMEOUT);
    assert_int_equal(peer[0].discovers, 4);
    for (unsigned i = 0; i < PEER_NICS; i++)
        peer[i].link = false;
    is_error(stack_up(&use_dhcp, deadline_ms(5000)), ERR_NO_LINK);
    for (unsigned i = 0; i < PEER_NICS; i++)
        peer[i].broken = true;
    is_error(stack_up(&use_dhcp, deadline_ms(5000)), ERR_NIC_INIT_FAILED);
}

static bool pressed(void)
{
    return true;
}

static void test_cancelled(void **state)
{
    (void)state;
    stack_cancelled = pressed;
    is_error(stack_up(&use_dhcp, deadline_ms(5000)), ERR_CANCELLED);
    stack_cancelled = NULL;
}

// A lease of two minutes is renewed in time, for as long as the download takes.
static void test_renewal(void **state)
{
    uint64_t end;

    (void)state;
    serve(0, IP(10, 0, 0, 0));
    peer[0].lease_s = 120;
    is_error(stack_up(&use_dhcp, deadline_ms(5000)), 0);
    end = peer_clock_us + 600000000;
    while (peer_clock_us < end) {
        stack_poll();
        assert_non_null(stack_lease());
    }
    assert_true(peer[0].requests > 5);
    assert_int_equal(peer[0].discovers, 1);
}

static void test_boot_file(void **state)
{
    static const struct {
        const char *option67, *option114, *file, *expected;
        bool type_last;
    } cases[] = {
        { NULL, NULL, NULL, "", false },
        { "http://s/67.iso", "http://s/114.iso", "http://s/file.iso", "http://s/67.iso", false },
        { NULL, "http://s/114.iso", "http://s/file.iso", "http://s/114.iso", false },
        { NULL, NULL, "HTTPS://s/file.iso", "HTTPS://s/file.iso", false },
        { "pxelinux.0", "http://s/114.iso", NULL, "http://s/114.iso", false },
        { "pxelinux.0", NULL, "pxelinux.0", "", false },
        { "http://s/with blank", NULL, NULL, "", false },
        { "http://s/\x1b[2J", NULL, NULL, "", false },
        { "http://", NULL, NULL, "", false },
        { "http://s/67.iso", NULL, NULL, "", true },
    };

    (void)state;
    for (unsigned i = 0; i < COUNT(cases); i++) {
        peer_reset();
        serve(0, IP(10, 0, 0, 0));
        peer[0].option67 = cases[i].option67;
        peer[0].option114 = cases[i].option114;
        peer[0].file = cases[i].file;
        peer[0].type_last = cases[i].type_last;
        is_error(stack_up(&use_dhcp, deadline_ms(5000)), 0);
        assert_string_equal(stack_lease()->boot_file, cases[i].expected);
        stack_down();
    }
}

static void test_boot_url_copy(void **state)
{
    char out[16] = "before";

    (void)state;
    assert_false(boot_url_copy(out, sizeof(out), "http://4567890123", 17));
    assert_false(boot_url_copy(out, sizeof(out), "http://456789012", 16));
    assert_false(boot_url_copy(out, sizeof(out), "http:/", 6));
    assert_false(boot_url_copy(out, sizeof(out), "", 0));
    assert_false(boot_url_copy(out, sizeof(out), "http://a\0b", 10));
    assert_false(boot_url_copy(out, sizeof(out), "http://\xc3\xa4", 9));
    assert_string_equal(out, "before");
    assert_true(boot_url_copy(out, sizeof(out), "http://45678901", 15));
    assert_string_equal(out, "http://45678901");
    assert_true(boot_url_copy(out, sizeof(out), "http://a\0\0", 10));
    assert_string_equal(out, "http://a");
}

// ---- static -----------------------------------------------------------------------------------------

static void test_static(void **state)
{
    struct stack_ip ip = { .client = lwip_htonl(IP(172, 16, 0, 9)), .gateway = lwip_htonl(IP(172, 16, 0, 1)),
                           .dns = { 0, lwip_htonl(IP(172, 16, 0, 2)) } };

    (void)state;
    peer[0].link = false;
    is_error(stack_up(&ip, deadline_ms(1000)), 0);
    assert_ptr_equal(stack_lease()->nic, &peer[1].nic);
    assert_int_equal(lwip_htonl(stack_lease()->netmask), IP(255, 255, 0, 0));
    assert_int_equal(lwip_htonl(stack_lease()->dns[0]), IP(172, 16, 0, 2));
    assert_int_equal(peer[1].discovers, 0);
    stack_down();
    ip.client = lwip_htonl(IP(172, 16, 255, 255));
    is_error(stack_up(&ip, deadline_ms(1000)), ERR_NO_IP_ADDRESS);
    assert_null(stack_lease());
}

static void test_address_check(void **state)
{
    static const struct {
        uint32_t client, gateway, netmask;
        bool good;
    } cases[] = {
        { IP(10, 0, 0, 1), 0, 0, true },
        { IP(10, 0, 0, 0), 0, 0, false },
        { IP(10, 255, 255, 255), 0, 0, false },
        { IP(192, 168, 1, 255), 0, 0, false },
        { IP(192, 168, 1, 255), 0, IP(255, 255, 0, 0), true },
        { IP(192, 168, 1, 4), 0, IP(255, 255, 255, 252), false },
        { IP(192, 168, 1, 5), 0, IP(255, 255, 255, 252), true },
        { IP(192, 168, 1, 4), IP(192, 168, 1, 5), IP(255, 255, 255, 254), true },
        { IP(192, 168, 1, 4), 0, IP(255, 255, 255, 255), true },
        { IP(192, 168, 1, 4), 0, IP(255, 0, 255, 0), false },
        { IP(192, 168, 1, 4), 0, IP(0, 255, 255, 255), false },
        { IP(192, 168, 1, 4), IP(192, 168, 1, 4), 0, false },
        { 0, 0, 0, false },
        { IP(0, 0, 0, 1), 0, 0, false },
        { IP(127, 0, 0, 1), 0, 0, false },
        { IP(224, 0, 0, 1), 0, 0, false },
        { IP(255, 255, 255, 255), 0, 0, false },
    };

    (void)state;
    for (unsigned i = 0; i < COUNT(cases); i++) {
        struct stack_lease lease;
        struct stack_ip ip = { .client = lwip_htonl(cases[i].client), .gateway = lwip_htonl(cases[i].gateway),
                               .netmask = lwip_htonl(cases[i].netmask) };
        if ((address_static(&lease, &ip) == 0) != cases[i].good)
            fail_msg("case %u", i);
    }
    assert_int_equal(address_class_mask(lwip_htonl(IP(127, 255, 255, 255))), lwip_htonl(IP(255, 0, 0, 0)));
    assert_int_equal(address_class_mask(lwip_htonl(IP(128, 0, 0, 0))), lwip_htonl(IP(255, 255, 0, 0)));
    assert_int_equal(address_class_mask(lwip_htonl(IP(192, 0, 0, 0))), lwip_htonl(IP(255, 255, 255, 0)));
}

// ---- names ------------------------------------------------------------------------------------------

static void test_names(void **state)
{
    uint32_t address = 0;
    uint64_t end;

    (void)state;
    serve(0, IP(10, 0, 0, 0));
    is_error(stack_up(&use_dhcp, deadline_ms(5000)), 0);
    peer_known_address = IP(10, 9, 8, 7);
    is_error(dns_lookup("known.test", &address, deadline_ms(1000)), 0);
    assert_int_equal(lwip_htonl(address), IP(10, 9, 8, 7));
    assert_int_equal(peer[0].query_server, IP(10, 0, 0, 1));
    assert_true(peer[0].query_port >= 1024);
    // Kept for its TTL and no longer.
    is_error(dns_lookup("known.test.", &address, deadline_ms(1000)), 0);
    is_error(dns_lookup("KNOWN.test", &address, deadline_ms(1000)), 0);
    assert_int_equal(peer[0].queries, 1);
    for (end = peer_clock_us + (peer_known_ttl + 2) * 1000000ull; peer_clock_us < end;)
        stack_poll();
    is_error(dns_lookup("known.test", &address, deadline_ms(1000)), 0);
    assert_int_equal(peer[0].queries, 2);
    // Numbers are not asked for.
    is_error(dns_lookup("192.0.2.1", &address, deadline_ms(1000)), 0);
    assert_int_equal(lwip_htonl(address), IP(192, 0, 2, 1));
    assert_int_equal(peer[0].queries, 2);
}

// The server of DHCP, then the two public ones; in the end a sentence.
static void test_unknown_names(void **state)
{
    static const char *const bad[] = { "", ".", "a..b", ".a", "a b", "a/b", "\xc3\xa4.de", "a.b..",
        "0123456789012345678901234567890123456789012345678901234567890123.test" };
    uint64_t start;
    uint32_t address;

    (void)state;
    serve(0, IP(10, 0, 0, 0));
    is_error(stack_up(&use_dhcp, deadline_ms(5000)), 0);
    is_error(dns_lookup("nobody.test", &address, deadline_ms(10000)), ERR_DNS_LOOKUP_FAILED);
    assert_int_equal(peer[0].queries, 3);
    assert_int_equal(peer[0].query_server, IP(1, 1, 1, 1));
    for (unsigned i = 0; i < COUNT(bad); i++)
        is_error(dns_lookup(bad[i], &address, deadline_ms(1000)), ERR_DNS_LOOKUP_FAILED);
    assert_int_equal(peer[0].queries, 3);

    // Silence: the deadline ends it, and a late end of the question finds nobody to tell.
    peer[0].dns_silent = true;
    start = peer_clock_us;
    is_error(dns_lookup("silent.test", &address, deadline_ms(700)), ERR_DNS_LOOKUP_FAILED);
    assert_in_range(peer_clock_us - start, 700000, 710000);
    for (uint64_t end = peer_clock_us + 30000000; peer_clock_us < end;)
        stack_poll();
    stack_down();
    is_error(dns_lookup("never.test", &address, deadline_ms(700)), ERR_DNS_LOOKUP_FAILED);
}

// ---- TCP's beginning and end (the rest: tests/hosted) -----------------------------------------------

static void test_open(void **state)
{
    struct stream *stream;
    const uint8_t *data;
    uint64_t start;

    (void)state;
    serve(0, IP(10, 0, 0, 0));
    is_error(tcp_open(&stream, lwip_htonl(IP(10, 0, 0, 1)), 80, deadline_ms(100)), ERR_CONNECTION_TIMEOUT);
    is_error(stack_up(&use_dhcp, deadline_ms(5000)), 0);
    start = peer_clock_us;
    is_error(tcp_open(&stream, lwip_htonl(IP(10, 0, 0, 1)), 81, deadline_ms(2000)), ERR_CONNECTION_TIMEOUT);
    assert_in_range(peer_clock_us - start, 2000000, 2010000);
    is_error(tcp_open(&stream, lwip_htonl(IP(10, 0, 0, 1)), 80, deadline_ms(2000)), 0);
    is_error(stream->send(stream, "hello", 5, deadline_ms(100)), 0);
    is_error((int)stream->peek(stream, &data, deadline_ms(100)), ERR_STALLED);
    // The stack goes down under an open stream: it is told, and close() still works.
    stack_down();
    is_error((int)stream->peek(stream, &data, deadline_ms(100)), ERR_CONNECTION_RESET);
    is_error(stream->send(stream, "hello", 5, deadline_ms(100)), ERR_CONNECTION_RESET);
    stream->close(stream);
}

// A NIC that is stopped is not used: neither for what breaking connections off sends, nor after nic_stop_all().
static void test_stopped_nic(void **state)
{
    struct stack_ip ip = { .client = lwip_htonl(IP(10, 0, 0, 50)) };
    struct stream *stream;

    (void)state;
    serve(0, IP(10, 0, 0, 0));
    for (unsigned i = 0; i < 2; i++) {
        is_error(stack_up(&ip, deadline_ms(1000)), 0);
        is_error(tcp_open(&stream, lwip_htonl(IP(10, 0, 0, 1)), 80, deadline_ms(2000)), 0);
        i == 0 ? stack_down() : nic_stop(&peer[0].nic);
        stack_poll();
        stream->close(stream);
    }
}

// ---- pieces -----------------------------------------------------------------------------------------

// Every length and alignment against the definition in RFC 1071.
static void test_checksum(void **state)
{
    uint8_t bytes[300];

    (void)state;
    for (unsigned i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(i * 37 + 255);
    for (unsigned start = 0; start < 16; start++)
        for (unsigned length = 0; length < sizeof(bytes) - 16; length++) {
            uint32_t sum = 0;
            for (unsigned i = 0; i < length; i++)
                sum += i & 1 ? bytes[start + i] : (uint32_t)bytes[start + i] << 8;
            while (sum >> 16)
                sum = (sum & 0xffff) + (sum >> 16);
            assert_int_equal(lwip_htons(lwip_port_chksum(bytes + start, (int)length)), sum);
        }
    memset(bytes, 0xff, sizeof(bytes));
    assert_int_equal(lwip_port_chksum(bytes, 64), 0xffff);
    assert_int_equal(lwip_port_chksum(bytes, -1), 0);
}

static void test_filter(void **state)
{
    static const struct {
        uint8_t bytes[24];
        size_t length;
        bool expected;
    } cases[] = {
        { { 0x45, [9] = 17, [20] = 0, 67, 0, 68 }, 24, true },     // a DHCP server
        { { 0x45, [9] = 17, [20] = 0, 53, 200, 1 }, 24, true },    // a name server
        { { 0x45, [9] = 17, [20] = 0, 99, 0, 68 }, 24, false },
        { { 0x45, [6] = 0x20, [9] = 17, [20] = 0, 53 }, 24, false },  // a fragment has no ports
        { { 0x45, [9] = 6, [20] = 0, 80, 0, 80 }, 24, false },     // no such connection
        { { 0x45, [9] = 1, [20] = 8 }, 24, false },                // a ping
        { { 0x45, [9] = 17, [20] = 0, 67 }, 23, false },           // too short
        { { 0x46, [9] = 17, [20] = 0, 67 }, 24, false },
        { { 0x44, [9] = 17, [20] = 0, 67 }, 24, false },
        { { 0x45 }, 0, false },
    };
    uint64_t now = peer_clock_us + 1000000;
    unsigned passed = 0;

    (void)state;
    for (unsigned i = 0; i < COUNT(cases); i++)
        if (filter_expects(cases[i].bytes, cases[i].length) != cases[i].expected)
            fail_msg("case %u", i);
    // 10000 strangers within a second.
    for (unsigned i = 0; i < 10000; i++)
        passed += filter_admits_stranger(now + i * 100);
    assert_in_range(passed, FILTER_STRANGERS_PER_S, FILTER_STRANGERS_PER_S + FILTER_STRANGERS_BURST);
    assert_true(filter_admits_stranger(now + 3000000));
}

#define STACK_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STACK_TEST(test_lease),         STACK_TEST(test_first_lease_wins), STACK_TEST(test_same_instant),
        STACK_TEST(test_lost_questions), STACK_TEST(test_refused),         STACK_TEST(test_link_comes_late),
        STACK_TEST(test_nobody),        STACK_TEST(test_cancelled),        STACK_TEST(test_renewal),
        STACK_TEST(test_boot_file),     STACK_TEST(test_boot_url_copy),    STACK_TEST(test_static),
        STACK_TEST(test_address_check), STACK_TEST(test_names),            STACK_TEST(test_unknown_names),
        STACK_TEST(test_open),          STACK_TEST(test_checksum),         STACK_TEST(test_filter),
        STACK_TEST(test_stopped_nic),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
