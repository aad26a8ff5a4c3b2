// net/backend.c: the order of the chain, and what becomes of the reasons.
#include "lib/err.h"      // fail
#include "net/backend.h"  // backends_first

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#undef fail  // cmocka's; ours is a function

static char calls[64];       // a letter for each call, in order: a, b available; A, B up; x, y down
static int available_a, up_a, available_b, up_b;

static int note(char letter, int err)
{
    size_t n = strlen(calls);

    calls[n] = letter;
    calls[n + 1] = '\0';
    return err < 0 ? fail(err, "reason of %c", letter) : 0;
}

static int a_available(void *ctx)
{
    assert_ptr_equal(ctx, calls);
    return note('a', available_a);
}

static int a_up(void *ctx)
{
    assert_ptr_equal(ctx, calls);
    return note('A', up_a);
}

static void a_down(void *ctx)
{
    assert_ptr_equal(ctx, calls);
    note('x', 0);
}

static int b_available(void *ctx)
{
    (void)ctx;
    return note('b', available_b);
}

static int b_up(void *ctx)
{
    (void)ctx;
    return note('B', up_b);
}

static const struct backend a = {
    .name = "a", .what = "the first", .available = a_available, .up = a_up, .down = a_down };
static const struct backend b = { .name = "b", .what = "the second", .available = b_available, .up = b_up };
static const struct backend *const both[] = { &a, &b };
static struct backends chain;

static int set_up(void **state)
{
    (void)state;
    calls[0] = '\0';
    available_a = up_a = available_b = up_b = 0;
    chain = (struct backends){ .list = both, .count = 2, .ctx = calls };
    return 0;
}

static void test_first_works(void **state)
{
    (void)state;
    assert_int_equal(backends_first(&chain, 0), 0);
    assert_ptr_equal(backends_current(&chain), &a);
    assert_string_equal(calls, "aA");
    assert_true(backends_more(&chain, 0));
    available_b = ERR_NO_NIC_FOUND;
    fail_http_status(404, "why it is asked");
    assert_false(backends_more(&chain, 0));
    assert_non_null(strstr(fail_detail(), "why it is asked"));
    assert_int_equal(fail_http_code(), 404);
}

static void test_falls_back(void **state)
{
    (void)state;
    up_a = ERR_DHCP_TIMEOUT;
    assert_int_equal(backends_first(&chain, 0), 0);
    assert_ptr_equal(backends_current(&chain), &b);
    assert_string_equal(calls, "aAbB");
    assert_true(chain.record[0].left);
    assert_string_equal(chain.record[0].why, "DhcpTimeout: reason of A");
    assert_false(chain.record[1].left);
    assert_false(backends_more(&chain, 0));
}

// Not to be tried at all: up() is not called, and the reason is kept all the same.
static void test_not_available(void **state)
{
    (void)state;
    available_a = ERR_UEFI_PROTOCOL_NOT_FOUND;
    assert_int_equal(backends_first(&chain, 0), 0);
    assert_string_equal(calls, "abB");
    assert_string_equal(chain.record[0].why, "UefiProtocolNotFound: reason of a");
}

static void test_leaves(void **state)
{
    (void)state;
    assert_int_equal(backends_first(&chain, 0), 0);
    fail(ERR_STALLED, "it is slow");
    assert_int_equal(backends_next(&chain, 0, 0), 0);
    assert_ptr_equal(backends_current(&chain), &b);
    assert_string_equal(calls, "aAxbB");
    assert_string_equal(chain.record[0].why, "it is slow");
    fail(ERR_CONNECTION_RESET, "gone");
    assert_int_equal(backends_next(&chain, ERR_CONNECTION_RESET, 0), ERR_CONNECTION_RESET);
    assert_string_equal(fail_detail(), "a: it is slow; b: ConnectionReset: gone");
}

static void test_all_fail(void **state)
{
    (void)state;
    up_a = ERR_DHCP_TIMEOUT;
    up_b = ERR_NO_LINK;
    assert_int_equal(backends_first(&chain, 0), ERR_NO_LINK);
    assert_string_equal(fail_detail(), "a: DhcpTimeout: reason of A; b: NoLink: reason of B");
    // What is not there at all is no news beside what failed; alone it is.
    set_up(NULL);
    up_a = ERR_DHCP_TIMEOUT;
    available_b = ERR_NO_NIC_FOUND;
    assert_int_equal(backends_first(&chain, 0), ERR_DHCP_TIMEOUT);
    assert_string_equal(fail_detail(), "a: DhcpTimeout: reason of A");
    set_up(NULL);
    available_a = ERR_NO_NIC_FOUND;
    available_b = ERR_NO_LINK;
    assert_int_equal(backends_first(&chain, 0), ERR_NO_LINK);
    assert_string_equal(fail_detail(), "a: NoNicFound: reason of a; b: NoLink: reason of b");
    // A key stops the search.
    set_up(NULL);
    up_a = ERR_CANCELLED;
    assert_int_equal(backends_first(&chain, 0), ERR_CANCELLED);
    assert_string_equal(calls, "aA");
}

// Only what opens https follows for https; without a name of its own the error still is one.
static void test_https(void **state)
{
    (void)state;
    assert_int_equal(backends_first(&chain, 0), 0);
    assert_false(backends_more(&chain, BACKEND_HTTPS));
    assert_true(backends_more(&chain, 0));
    fail(ERR_STALLED, "it is slow");
    assert_true(backends_next(&chain, 0, BACKEND_HTTPS) < 0);
    assert_string_equal(calls, "aAbx");
    assert_null(backends_current(&chain));
    assert_non_null(strstr(chain.record[1].why, "SchemeUnsupported"));
}

// The same for an IPv6 address in the URL, which is known before anything is tried.
static void test_ipv6(void **state)
{
    static const struct backend six = { .name = "six", .what = "six", .available = a_available, .up = a_up,
                                        .offers = BACKEND_IPV6 };
    static const struct backend *const list[] = { &b, &six, &b };

    (void)state;
    chain = (struct backends){ .list = list, .count = 3, .ctx = calls };
    assert_int_equal(backends_first(&chain, BACKEND_IPV6), 0);
    assert_string_equal(calls, "aA");
    assert_string_equal(chain.record[0].why,
                        "Unsupported: the URL has an IPv6 address, and our own stack knows IPv4 only");
    assert_false(backends_more(&chain, BACKEND_IPV6));
    assert_true(backends_more(&chain, 0));
    // What failed is the error, with its advice, not what never could.
    set_up(NULL);
    chain = (struct backends){ .list = list, .count = 3, .ctx = calls };
    up_a = ERR_NO_LINK;
    assert_int_equal(backends_first(&chain, BACKEND_IPV6), ERR_NO_LINK);
    assert_string_equal(fail_detail(), "six: NoLink: reason of A");
    assert_string_equal(fail_advice(ERR_NO_LINK), err_advice(ERR_NO_LINK));
    // Alone it says what to do.
    chain = (struct backends){ .list = list, .count = 1, .ctx = calls };
    assert_int_equal(backends_first(&chain, BACKEND_IPV6), ERR_UNSUPPORTED);
    assert_non_null(strstr(fail_advice(ERR_UNSUPPORTED), "IPv4 address"));
    assert_int_equal(backend_lacks(BACKEND_IPV6, BACKEND_IPV6 | BACKEND_HTTPS), ERR_SCHEME_UNSUPPORTED);
    assert_int_equal(backend_lacks(BACKEND_IPV6 | BACKEND_HTTPS, BACKEND_IPV6 | BACKEND_HTTPS), 0);
}

// An advice of its own survives the reasons of the others.
static int advises(void *ctx)
{
    (void)ctx;
    return fail_try(fail(ERR_NO_IP_ADDRESS, "none came"), "ask for one");
}

static void test_advice(void **state)
{
    static const struct backend adviser = { .name = "c", .what = "the third", .up = advises };
    static const struct backend *const list[] = { &adviser, &b };

    (void)state;
    chain = (struct backends){ .list = list, .count = 2, .ctx = calls };
    available_b = ERR_NO_NIC_FOUND;
    assert_int_equal(backends_first(&chain, 0), ERR_NO_IP_ADDRESS);
    assert_string_equal(fail_advice(ERR_NO_IP_ADDRESS), "ask for one");
}

static void test_end(void **state)
{
    (void)state;
    backends_first(&chain, 0);
    backends_end(&chain);
    backends_end(&chain);
    assert_string_equal(calls, "aAx");
    assert_null(backends_current(&chain));
}

// One alone speaks for itself.
static void test_only_one(void **state)
{
    (void)state;
    chain.count = 1;
    up_a = ERR_NO_LINK;
    assert_int_equal(backends_first(&chain, 0), ERR_NO_LINK);
    assert_string_equal(fail_detail(), "reason of A");
    chain.count = 0;
    assert_int_equal(backends_first(&chain, 0), ERR_NO_NIC_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_first_works, set_up),   cmocka_unit_test_setup(test_falls_back, set_up),
        cmocka_unit_test_setup(test_not_available, set_up), cmocka_unit_test_setup(test_leaves, set_up),
        cmocka_unit_test_setup(test_all_fail, set_up),      cmocka_unit_test_setup(test_only_one, set_up),
        cmocka_unit_test_setup(test_https, set_up),         cmocka_unit_test_setup(test_end, set_up),
        cmocka_unit_test_setup(test_ipv6, set_up),          cmocka_unit_test_setup(test_advice, set_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
