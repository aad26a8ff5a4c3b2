// URLs: what is taken, what is refused with which sentence, the resolution examples of RFC 3986 5.4, and who
// gets the password.
#include "lib/err.h"  // fail_detail
#include "net/url.h"  // url_parse

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define X63 "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggg"

static void accepts(void **state)
{
    static const struct {
        const char *text, *host, *userinfo, *path, *formatted, *host_header;
        enum url_scheme scheme;
        uint16_t port;
        bool port_given, ipv6;
    } cases[] = {
        {"http://example.org", "example.org", "", "/", "http://example.org/", "example.org", URL_HTTP, 80,
         false, false},
        {"http://example.org/a/b.iso", "example.org", "", "/a/b.iso", "http://example.org/a/b.iso",
         "example.org", URL_HTTP, 80, false, false},
        {"HTTP://EXAMPLE.Org/Ab", "example.org", "", "/Ab", "http://example.org/Ab", "example.org", URL_HTTP,
         80, false, false},
        {"https://h/x", "h", "", "/x", "https://h/x", "h", URL_HTTPS, 443, false, false},
        {"http://h:8080/x", "h", "", "/x", "http://h:8080/x", "h:8080", URL_HTTP, 8080, true, false},
        {"http://h:80/x", "h", "", "/x", "http://h/x", "h", URL_HTTP, 80, true, false},
        {"https://h:80/x", "h", "", "/x", "https://h:80/x", "h:80", URL_HTTPS, 80, true, false},
        {"http://h:/x", "h", "", "/x", "http://h/x", "h", URL_HTTP, 80, false, false},
        {"http://h:65535", "h", "", "/", "http://h:65535/", "h:65535", URL_HTTP, 65535, true, false},
        {"http://h:0000080/", "h", "", "/", "http://h/", "h", URL_HTTP, 80, true, false},
        {"http://10.0.2.2/", "10.0.2.2", "", "/", "http://10.0.2.2/", "10.0.2.2", URL_HTTP, 80, false, false},
        {"http://[::1]/", "::1", "", "/", "http://[::1]/", "[::1]", URL_HTTP, 80, false, true},
        {"http://[2001:DB8::10]:81/x", "2001:db8::10", "", "/x", "http://[2001:db8::10]:81/x",
         "[2001:db8::10]:81", URL_HTTP, 81, true, true},
        {"http://[::ffff:10.0.0.1]", "::ffff:a00:1", "", "/", "http://[::ffff:a00:1]/", "[::ffff:a00:1]",
         URL_HTTP, 80, false, true},
        {"http://u:p@[2001:0db8:0:0:0:0:0:00fE]:8080/x?a=[::2]", "2001:db8::fe", "u:p", "/x?a=[::2]",
         "http://[2001:db8::fe]:8080/x?a=[::2]", "[2001:db8::fe]:8080", URL_HTTP, 8080, true, true},
        {"https://[fe80::1]:443", "fe80::1", "", "/", "https://[fe80::1]/", "[fe80::1]", URL_HTTPS, 443, true,
         true},
        {"http://[1:2:3:4:5:6:7:8]/", "1:2:3:4:5:6:7:8", "", "/", "http://[1:2:3:4:5:6:7:8]/",
         "[1:2:3:4:5:6:7:8]", URL_HTTP, 80, false, true},
        {"http://[1::]/", "1::", "", "/", "http://[1::]/", "[1::]", URL_HTTP, 80, false, true},
        {"http://u:p@h/x", "h", "u:p", "/x", "http://h/x", "h", URL_HTTP, 80, false, false},
        {"http://u@h/x", "h", "u", "/x", "http://h/x", "h", URL_HTTP, 80, false, false},
        {"http://u%40x:p%3a%25@h:1/x", "h", "u@x:p:%", "/x", "http://h:1/x", "h:1", URL_HTTP, 1, true, false},
        {"http://@h/", "h", "", "/", "http://h/", "h", URL_HTTP, 80, false, false},
        {"http://h?q=1", "h", "", "/?q=1", "http://h/?q=1", "h", URL_HTTP, 80, false, false},
        {"http://h#frag", "h", "", "/", "http://h/", "h", URL_HTTP, 80, false, false},
        {"http://h/a?b=c/../d#e?f", "h", "", "/a?b=c/../d", "http://h/a?b=c/../d", "h", URL_HTTP, 80, false,
         false},
        {"http://h/a/../b/./c", "h", "", "/a/../b/./c", "http://h/a/../b/./c", "h", URL_HTTP, 80, false,
         false},
        {"http://h/s?X-Sig=%2Fa%zz&y=%", "h", "", "/s?X-Sig=%2Fa%zz&y=%", "http://h/s?X-Sig=%2Fa%zz&y=%", "h",
         URL_HTTP, 80, false, false},
        {"http://h//x@y:z", "h", "", "//x@y:z", "http://h//x@y:z", "h", URL_HTTP, 80, false, false},
        {"http://a_b.c-d.e./", "a_b.c-d.e.", "", "/", "http://a_b.c-d.e./", "a_b.c-d.e.", URL_HTTP, 80, false,
         false},
        {"http://" X63 ".x/", X63 ".x", "", "/", "http://" X63 ".x/", X63 ".x", URL_HTTP, 80, false, false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct url url;
        char out[URL_MAX];
        memset(&url, 0xa5, sizeof url);
        int err = url_parse(&url, cases[i].text, strlen(cases[i].text));
        if (err)
            fail_msg("%s: %s", cases[i].text, fail_detail());
        assert_string_equal(url.host, cases[i].host);
        assert_string_equal(url.userinfo, cases[i].userinfo);
        assert_string_equal(url.path, cases[i].path);
        assert_int_equal(url.scheme, cases[i].scheme);
        assert_int_equal(url.port, cases[i].port);
        assert_int_equal(url.port_given, cases[i].port_given);
        assert_int_equal(url.host_is_ipv6, cases[i].ipv6);
        url_format(&url, out, sizeof out);
        assert_string_equal(out, cases[i].formatted);
        url_host_header(&url, out, sizeof out);
        assert_string_equal(out, cases[i].host_header);
        for (size_t size = 1; size < 12; size++) {
            memset(out, 'x', sizeof out);
            url_format(&url, out, size);
            assert_int_equal(strlen(out),
                             size - 1 < strlen(cases[i].formatted) ? size - 1 : strlen(cases[i].formatted));
        }
    }
}

#define TEXT(s) s, sizeof s - 1

static void refuses(void **state)
{
    static const struct {
        const char *text;
        size_t length;
        int err;
        const char *says;
    } cases[] = {
        {TEXT(""), ERR_URL_INVALID, "does not begin"},
        {TEXT("example.org/x"), ERR_URL_INVALID, "does not begin with http://"},
        {TEXT("localhost:80/x"), ERR_URL_INVALID, "does not begin"},
        {TEXT("http:/h/x"), ERR_URL_INVALID, "does not begin"},
        {TEXT("http:"), ERR_URL_INVALID, "does not begin"},
        {TEXT("://h/"), ERR_URL_INVALID, "does not begin"},
        {TEXT("1http://h/"), ERR_URL_INVALID, "does not begin"},
        {TEXT("ftp://h/x"), ERR_SCHEME_UNSUPPORTED, "'ftp' is not http"},
        {TEXT("httpx://h/x"), ERR_SCHEME_UNSUPPORTED, "'httpx'"},
        {TEXT("http://"), ERR_URL_INVALID, "names no host"},
        {TEXT("http:///x"), ERR_URL_INVALID, "names no host"},
        {TEXT("http://:80/x"), ERR_URL_INVALID, "names no host"},
        {TEXT("http://u:p@/x"), ERR_URL_INVALID, "names no host"},
        {TEXT("http://a@b@c/"), ERR_URL_INVALID, "%40"},
        {TEXT("http://u%0d:p@h/"), ERR_URL_INVALID, "control character"},
        {TEXT("http://u%00@h/"), ERR_URL_INVALID, "control character"},
        {TEXT("http://u%7f@h/"), ERR_URL_INVALID, "control character"},
        {TEXT("http://u%4@h/"), ERR_URL_INVALID, "two hex digits"},
        {TEXT("http://u%@h/"), ERR_URL_INVALID, "two hex digits"},
        {TEXT("http://h:99999/"), ERR_URL_INVALID, "'99999' is not a port"},
        {TEXT("http://h:65536/"), ERR_URL_INVALID, "'65536' is not a port"},
        {TEXT("http://h:18446744073709551696/"), ERR_URL_INVALID, "is not a port"},
        {TEXT("http://h:-1/"), ERR_URL_INVALID, "'-1' is not a port"},
        {TEXT("http://h:8o/"), ERR_URL_INVALID, "'8o' is not a port"},
        {TEXT("http://h:0/"), ERR_URL_INVALID, "port 0"},
        {TEXT("http://h:1:2/"), ERR_URL_INVALID, "'1:2' is not a port"},
        {TEXT("http://a..b/"), ERR_URL_INVALID, "'a..b' is not a host name"},
        {TEXT("http://.a/"), ERR_URL_INVALID, "'.a' is not a host name"},
        {TEXT("http://./"), ERR_URL_INVALID, "'.' is not a host name"},
        {TEXT("http://a%2eb/"), ERR_URL_INVALID, "'a%2eb' is not a host name"},
        {TEXT("http://a\\b/"), ERR_URL_INVALID, "is not a host name"},
        {TEXT("http://" X63 "h/"), ERR_URL_INVALID, "is not a host name"},
        {TEXT("http://" X63 "." X63 "." X63 "." X63 "/"), ERR_URL_INVALID, "is not a host name"},
        {TEXT("http://[::1/"), ERR_URL_INVALID, "[ without ]"},
        {TEXT("http://[]/"), ERR_URL_INVALID, "'' is not an IPv6 address"},
        {TEXT("http://[:]/"), ERR_URL_INVALID, "IPv6"},
        {TEXT("http://[:1]/"), ERR_URL_INVALID, "IPv6"},
        {TEXT("http://[1:]/"), ERR_URL_INVALID, "IPv6"},
        {TEXT("http://[:::]/"), ERR_URL_INVALID, "IPv6"},
        {TEXT("http://[1::2::3]/"), ERR_URL_INVALID, "IPv6"},
        {TEXT("http://[12345::]/"), ERR_URL_INVALID, "IPv6"},
        {TEXT("http://[1:2:3:4:5:6:7]/"), ERR_URL_INVALID, "IPv6"},
        {TEXT("http://[1:2:3:4:5:6:7:8:9]/"), ERR_URL_INVALID, "IPv6"},
        {TEXT("http://[1:2:3:4::5:6:7:8]/"), ERR_URL_INVALID, "IPv6"},
        {TEXT("http://[::1.2.3]/"), ERR_URL_INVALID, "IPv6"},
        {TEXT("http://[::1.2.3.256]/"), ERR_URL_INVALID, "IPv6"},
        {TEXT("http://[::1.2.3.4.]/"), ERR_URL_INVALID, "IPv6"},
        {TEXT("http://[::1.2.3.4:1]/"), ERR_URL_INVALID, "IPv6"},
        {TEXT("http://[fe80::1%25eth0]/"), ERR_URL_INVALID, "'fe80::1%25eth0' names a zone"},
        {TEXT("http://[fe80::1%eth0]:80/"), ERR_URL_INVALID, "names a zone"},
        {TEXT("http://[v1.x]/"), ERR_URL_INVALID, "'v1.x' is not an IPv6 address"},
        {TEXT("http://[2001:db8::1]8080/"), ERR_URL_INVALID, "only a port may follow"},
        {TEXT("http://[[::1]]/"), ERR_URL_INVALID, "'[::1' is not an IPv6 address"},
        {TEXT("http://[::1]:x/"), ERR_URL_INVALID, "'x' is not a port"},
        {TEXT("http://2001:db8::1/"), ERR_URL_INVALID, "is not a port"},
        {TEXT("http://[::1]x/"), ERR_URL_INVALID, "only a port may follow"},
        {TEXT("http://h/a b"), ERR_URL_INVALID, "byte 11 of the URL is 0x20; such bytes are written as %20"},
        {TEXT("http://h/a\r\nX: y"), ERR_URL_INVALID, "0x0d"},
        {TEXT("http://h/a\0b"), ERR_URL_INVALID, "0x00"},
        {TEXT("http://h/\xc3\xa9"), ERR_URL_INVALID, "%C3"},
        {TEXT("http://h/\x7f"), ERR_URL_INVALID, "0x7f"},
        {TEXT(" http://h/"), ERR_URL_INVALID, "byte 1 "},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct url url;
        fail_clear();
        int err = url_parse(&url, cases[i].text, cases[i].length);
        if (err != cases[i].err || !strstr(fail_detail(), cases[i].says))
            fail_msg("'%s': %d '%s', wanted %d '%s'", cases[i].text, err, fail_detail(), cases[i].err,
                     cases[i].says);
    }
}

static void bounds(void **state)
{
    static char text[URL_MAX + 8] = "http://h/";
    static struct url url, other;
    (void)state;
    memset(text + 9, 'a', sizeof text - 9);
    assert_int_equal(url_parse(&url, text, URL_MAX - 1), 0);
    assert_int_equal(strlen(url.path), URL_MAX - 1 - 8);
    assert_int_equal(url_parse(&url, text, URL_MAX), ERR_URL_INVALID);
    // Without its slash the URL still fits, with it the formatted one does not.
    memcpy(text, "http://h?", 9);
    assert_int_equal(url_parse(&url, text, URL_MAX - 2), 0);
    assert_int_equal(url_parse(&url, text, URL_MAX - 1), ERR_URL_INVALID);
    // A reference that fits alone but not behind its base.
    memcpy(text, "http://h/", 9);
    text[1000] = '/';
    assert_int_equal(url_parse(&url, text, 1001), 0);
    assert_int_equal(url_resolve(&other, &url, text + 20, 1047), ERR_URL_INVALID);
    assert_int_equal(url_resolve(&other, &url, text + 20, 1046), 0);
    assert_int_equal(strlen(other.path), 1000 - 8 + 1 + 1046);

    char user[300] = "http://";
    memset(user + 7, 'u', 255);
    memcpy(user + 7 + 255, "@h", 3);
    assert_int_equal(url_parse(&url, user, strlen(user)), 0);
    assert_int_equal(strlen(url.userinfo), 255);
    memset(user + 7, 'u', 256);
    memcpy(user + 7 + 256, "@h", 3);
    assert_int_equal(url_parse(&url, user, strlen(user)), ERR_URL_INVALID);
}

// RFC 3986 5.4.1 and 5.4.2, without the schemes that are not http.
static void resolves(void **state)
{
    static const char *const cases[][2] = {
        {"g", "http://a/b/c/g"},
        {"./g", "http://a/b/c/g"},
        {"g/", "http://a/b/c/g/"},
        {"/g", "http://a/g"},
        {"//g", "http://g/"},
        {"?y", "http://a/b/c/d;p?y"},
        {"g?y", "http://a/b/c/g?y"},
        {"#s", "http://a/b/c/d;p?q"},
        {"g#s", "http://a/b/c/g"},
        {"g?y#s", "http://a/b/c/g?y"},
        {";x", "http://a/b/c/;x"},
        {"g;x", "http://a/b/c/g;x"},
        {"g;x?y#s", "http://a/b/c/g;x?y"},
        {"", "http://a/b/c/d;p?q"},
        {"//[2001:DB8:0::1]:81/x", "http://[2001:db8::1]:81/x"},
        {"http://[::1]/x", "http://[::1]/x"},
        {".", "http://a/b/c/"},
        {"./", "http://a/b/c/"},
        {"..", "http://a/b/"},
        {"../", "http://a/b/"},
        {"../g", "http://a/b/g"},
        {"../..", "http://a/"},
        {"../../", "http://a/"},
        {"../../g", "http://a/g"},
        {"../../../g", "http://a/g"},
        {"../../../../g", "http://a/g"},
        {"/./g", "http://a/g"},
        {"/../g", "http://a/g"},
        {"g.", "http://a/b/c/g."},
        {".g", "http://a/b/c/.g"},
        {"g..", "http://a/b/c/g.."},
        {"..g", "http://a/b/c/..g"},
        {"./../g", "http://a/b/g"},
        {"./g/.", "http://a/b/c/g/"},
        {"g/./h", "http://a/b/c/g/h"},
        {"g/../h", "http://a/b/c/h"},
        {"g;x=1/./y", "http://a/b/c/g;x=1/y"},
        {"g;x=1/../y", "http://a/b/c/y"},
        {"g?y/./x", "http://a/b/c/g?y/./x"},
        {"g?y/../x", "http://a/b/c/g?y/../x"},
        {"g#s/../x", "http://a/b/c/g"},
        {"http://g/x/../y?z", "http://g/y?z"},
        {"https://g", "https://g/"},
        {"//g:8080?x", "http://g:8080/?x"},
        {"//g/..", "http://g/"},
        {"/a//../b", "http://a/a/b"},
        {"/a/b/../..", "http://a/"},
        {"/..", "http://a/"},
        {"/.", "http://a/"},
        {"?", "http://a/b/c/d;p?"},
        {"HTTPS://G/", "https://g/"},
        {"g/b:c", "http://a/b/c/g/b:c"},
    };
    static struct url base, out;
    (void)state;
    assert_int_equal(url_parse(&base, TEXT("http://a/b/c/d;p?q")), 0);
    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[256];
        if (url_resolve(&out, &base, cases[i][0], strlen(cases[i][0])))
            fail_msg("'%s': %s", cases[i][0], fail_detail());
        url_format(&out, text, sizeof text);
        if (strcmp(text, cases[i][1]) != 0)
            fail_msg("'%s' gave %s, wanted %s", cases[i][0], text, cases[i][1]);
    }
    assert_int_equal(url_resolve(&out, &base, TEXT("g:h")), ERR_URL_INVALID);
    assert_int_equal(url_resolve(&out, &base, TEXT("http:g")), ERR_URL_INVALID);
    assert_int_equal(url_resolve(&out, &base, TEXT("ftp://g/")), ERR_SCHEME_UNSUPPORTED);
    assert_int_equal(url_resolve(&out, &base, TEXT("a b")), ERR_URL_INVALID);
    assert_int_equal(url_resolve(&out, &base, TEXT("//")), ERR_URL_INVALID);
    assert_int_equal(url_parse(&base, TEXT("https://a:8443/x")), 0);
    assert_int_equal(url_resolve(&out, &base, TEXT("//b/y")), 0);
    assert_int_equal(out.port, 443);
    assert_int_equal(out.scheme, URL_HTTPS);
    assert_int_equal(url_resolve(&out, &base, TEXT("y")), 0);
    assert_int_equal(out.port, 8443);
}

static void tells_addresses_from_names(void **state)
{
    static const struct {
        const char *text;
        bool ipv4, ipv6;
    } cases[] = {
        {"http://10.0.2.2:80/", true, false}, {"http://10.0.2.256/", false, false}, {"http://10.0.2/", false, false},
        {"http://10.0.2.2.x/", false, false}, {"http://h/10.0.2.2", false, false},  {"http://[::]/", false, true},
        {"http://1.2.3.4./", false, false},
    };
    static struct url url;
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(url_parse(&url, cases[i].text, strlen(cases[i].text)), 0);
        assert_int_equal(url.host_is_ipv4, cases[i].ipv4);
        assert_int_equal(url.host_is_ipv6, cases[i].ipv6);
    }
}

// However a literal is written: the same host, so that a password goes along.
static void keeps_password_for_the_same_literal(void **state)
{
    static struct url base, out;
    (void)state;
    assert_int_equal(url_parse(&base, TEXT("http://u:p@[2001:db8::1]/b")), 0);
    assert_int_equal(url_resolve(&out, &base, TEXT("http://[2001:0DB8:0:0::1]/x")), 0);
    assert_string_equal(out.userinfo, "u:p");
    assert_int_equal(url_resolve(&out, &base, TEXT("http://[2001:db8::2]/x")), 0);
    assert_string_equal(out.userinfo, "");
    assert_int_equal(url_resolve(&out, &base, TEXT("/x")), 0);
    assert_true(out.host_is_ipv6);
    assert_int_equal(url_resolve(&out, &base, TEXT("http://10.0.0.1/x")), 0);
    assert_false(out.host_is_ipv6);
    assert_true(out.host_is_ipv4);
}

static void keeps_password_at_home(void **state)
{
    static const char *const cases[][2] = {
        {"/x", "u:p"},        {"http://a/x", "u:p"}, {"http://a:80/x", "u:p"},
        {"//A/x", "u:p"},     {"http://b/x", ""},    {"http://a:81/x", ""},
        {"https://a/x", ""},  {"//b/", ""},          {"http://v:q@a/", "v:q"},
        {"http://v@b/", "v"}, {"http://a.b/x", ""},
    };
    static struct url base, out;
    (void)state;
    assert_int_equal(url_parse(&base, TEXT("http://u:p@a/b")), 0);
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(url_resolve(&out, &base, cases[i][0], strlen(cases[i][0])), 0);
        assert_string_equal(out.userinfo, cases[i][1]);
    }
    assert_int_equal(url_parse(&base, TEXT("http://u:p@a:99/b")), 0);
    assert_int_equal(url_resolve(&out, &base, TEXT("https://a:99/b")), 0);
    assert_string_equal(out.userinfo, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts),
        cmocka_unit_test(refuses),
        cmocka_unit_test(bounds),
        cmocka_unit_test(resolves),
        cmocka_unit_test(tells_addresses_from_names),
        cmocka_unit_test(keeps_password_for_the_same_literal),
        cmocka_unit_test(keeps_password_at_home),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
