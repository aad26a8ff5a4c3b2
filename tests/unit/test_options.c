// kernel/options.c and kernel/option_values.c: every word, quoting as GRUB does it, and what is refused.
#include "kernel/options.h"  // options_parse
#include "lib/err.h"         // ERR_OPTION_INVALID

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define DIGEST "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852B855"

static struct options opt;

static void parse(const char *cmdline)
{
    memset(&opt, 0xdd, sizeof(opt));
    fail_clear();
    if (options_parse(&opt, cmdline) != 0)
        fail_msg("\"%s\": %s", cmdline, fail_detail());
}

static uint32_t ip(unsigned a, unsigned b, unsigned c, unsigned d)
{
    uint8_t octets[4] = {(uint8_t)a, (uint8_t)b, (uint8_t)c, (uint8_t)d};
    uint32_t address;

    memcpy(&address, octets, 4);
    return address;
}

static void test_defaults(void **state)
{
    static const char *const nothing[] = {"", "  ", "\t \n", "\"\""};

    (void)state;
    for (size_t i = 0; i < COUNT(nothing); i++) {
        parse(nothing[i]);
        assert_int_equal(opt.url_source, OPT_URL_DHCP);
        assert_int_equal(opt.url_count + opt.initrd_count + opt.console_count, 0);
        assert_true(opt.ip.dhcp);
        assert_false(opt.have_sha256 || opt.debug || opt.profile);
        assert_true(!opt.nic && !opt.kernel && !opt.append && !opt.entry);
        assert_int_equal(opt.medium, OPT_MEDIUM_AUTO);
        assert_int_equal(opt.connections, 4);
        assert_int_equal(opt.retries, 3);
        assert_int_equal(opt.timeout_s, 20);
        assert_int_equal(opt.on_error, OPT_ON_ERROR_WAIT);
        assert_string_equal(opt.linux_words, "");
    }
}

static void test_all_words(void **state)
{
    (void)state;
    parse("url=http://a/x.iso?a=b&c url=HTTPS://b/ sha256=" DIGEST
          " ip=192.0.2.5::192.0.2.1:255.255.255.128:host:eth0:off:9.9.9.9:1.1.1.1 nic=00:1f.6 kernel=/v"
          " initrd=/a,/b initrd=/c append=x=y entry=2 medium=vmcore console=ttyS1,9600n8 console=tty0"
          " connections=8 retry=0 timeout=86400 on-error=halt debug profile -- quiet");
    assert_int_equal(opt.url_source, OPT_URL_GIVEN);
    assert_int_equal(opt.url_count, 2);
    assert_string_equal(opt.urls[0], "http://a/x.iso?a=b&c");
    assert_string_equal(opt.urls[1], "HTTPS://b/");
    assert_true(opt.have_sha256 && opt.sha256[0] == 0xe3 && opt.sha256[30] == 0xb8 && opt.sha256[31] == 0x55);
    assert_false(opt.ip.dhcp);
    assert_int_equal(opt.ip.client, ip(192, 0, 2, 5));
    assert_int_equal(opt.ip.gateway, ip(192, 0, 2, 1));
    assert_int_equal(opt.ip.netmask, ip(255, 255, 255, 128));
    assert_int_equal(opt.ip.dns[0], ip(9, 9, 9, 9));
    assert_int_equal(opt.ip.dns[1], ip(1, 1, 1, 1));
    assert_string_equal(opt.nic, "00:1f.6");
    assert_string_equal(opt.kernel, "/v");
    assert_int_equal(opt.initrd_count, 3);
    assert_string_equal(opt.initrds[0], "/a");
    assert_string_equal(opt.initrds[1], "/b");
    assert_string_equal(opt.initrds[2], "/c");
    assert_string_equal(opt.append, "x=y");
    assert_string_equal(opt.entry, "2");
    assert_int_equal(opt.medium, OPT_MEDIUM_VMCORE);
    assert_int_equal(opt.console_count, 2);
    assert_true(opt.consoles[0].serial && opt.consoles[0].port == 1 && opt.consoles[0].baud == 9600);
    assert_false(opt.consoles[1].serial);
    assert_int_equal(opt.connections, 8);
    assert_int_equal(opt.retries, 0);
    assert_int_equal(opt.timeout_s, 86400);
    assert_int_equal(opt.on_error, OPT_ON_ERROR_HALT);
    assert_true(opt.debug && opt.profile);
    assert_string_equal(opt.linux_words, "quiet");
}

static void test_quotes(void **state)
{
    static const struct {
        const char *cmdline, *append, *entry;
    } cases[] = {
        {"append=\"a b\" entry=c", "a b", "c"},
        {"\"append=a b\" entry=c", "a b", "c"},
        {"app\"end=a  b\"c", "a  bc", NULL},
        {"append=a\\ b", "a b", NULL},
        {"append=\"say \\\"hi\\\"\"", "say \"hi\"", NULL},
        {"append=it\\'s", "it's", NULL},
        {"append=\"back\\\\slash\"", "back\\slash", NULL},
        {"append=\"\" entry=x", "", "x"},
        {"append=", "", NULL},
        {"append=first append=last", "last", NULL},
        {"\t entry=\"Live (fail-safe)\"\n", NULL, "Live (fail-safe)"},
        {"append=\"a -- b\" entry=d", "a -- b", "d"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        parse(cases[i].cmdline);
        assert_int_equal(!opt.append, !cases[i].append);
        assert_int_equal(!opt.entry, !cases[i].entry);
        if (opt.append)
            assert_string_equal(opt.append, cases[i].append);
        if (opt.entry)
            assert_string_equal(opt.entry, cases[i].entry);
    }
}

static void test_linux_words(void **state)
{
    static const struct {
        const char *cmdline, *words;
    } cases[] = {
        {"--", ""},
        {"-- ", ""},
        {"debug -- quiet  splash ", "quiet  splash"},
        {"-- url=x --  \"a b\" \\", "url=x --  \"a b\" \\"},
        {"--\tx", "x"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        parse(cases[i].cmdline);
        assert_string_equal(opt.linux_words, cases[i].words);
    }
}

static void test_url_sources(void **state)
{
    (void)state;
    parse("url=ask");
    assert_int_equal(opt.url_source, OPT_URL_ASK);
    parse("url=dhcp");
    assert_int_equal(opt.url_source, OPT_URL_DHCP);
    parse("url=ask url=dhcp");
    assert_int_equal(opt.url_source, OPT_URL_DHCP);
    parse("url=ask url=http://a/");
    assert_int_equal(opt.url_source, OPT_URL_GIVEN);
    assert_int_equal(opt.url_count, 1);
}

static void test_ip(void **state)
{
    static const struct {
        const char *value;
        bool dhcp;
        uint8_t client[4], gateway[4], netmask[4];
    } cases[] = {
        {"dhcp", true, {0}, {0}, {0}},
        {"ON", true, {0}, {0}, {0}},
        {"any", true, {0}, {0}, {0}},
        {"::::box:eth0:dhcp", true, {0}, {0}, {0}},
        {"10.1.2.3:::::eth0:on", true, {0}, {0}, {0}},
        {"10.1.2.3", false, {10, 1, 2, 3}, {0}, {255, 0, 0, 0}},
        {"172.16.0.9::172.16.0.1", false, {172, 16, 0, 9}, {172, 16, 0, 1}, {255, 255, 0, 0}},
        {"192.168.1.9:1.2.3.4:192.168.1.1:::", false, {192, 168, 1, 9}, {192, 168, 1, 1}, {255, 255, 255, 0}},
        {"192.168.1.9::192.168.1.1:255.255.252.0::eth0:none", false, {192, 168, 1, 9}, {192, 168, 1, 1},
         {255, 255, 252, 0}},
        {"192.0.2.9:::255.255.255.255::::::ntp:more", false, {192, 0, 2, 9}, {0}, {255, 255, 255, 255}},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char line[200];
        snprintf(line, sizeof(line), "ip=%s", cases[i].value);
        parse(line);
        assert_int_equal(opt.ip.dhcp, cases[i].dhcp);
        assert_memory_equal(&opt.ip.client, cases[i].client, 4);
        assert_memory_equal(&opt.ip.gateway, cases[i].gateway, 4);
        assert_memory_equal(&opt.ip.netmask, cases[i].netmask, 4);
    }
    parse("ip=192.0.2.5::::::static:192.0.2.53");
    assert_int_equal(opt.ip.dns[0], ip(192, 0, 2, 53));
    assert_int_equal(opt.ip.dns[1], 0);
}

static void test_forms(void **state)
{
    static const char *const good[] = {
        "nic=52:54:00:12:34:56", "nic=52:54:00:AB:cd:EF", "nic=0000:03:00.0", "nic=ff:1f.7", "console=tty",
        "console=tty63", "console=ttyS3", "console=ttyS0,115200n", "console=ttyS0,300", "on_error=reboot",
        "on-error=wait", "medium=auto", "medium=pmem",
        "medium=initrd", "medium=none", "retry=1000", "timeout=1",
        "retry=0005",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(good); i++)
        parse(good[i]);
}

static void test_refused(void **state)
{
    static const struct {
        const char *cmdline;
        int err;
        const char *says;
    } cases[] = {
        {"ulr=http://a", ERR_OPTION_UNKNOWN, "'ulr=' is not known, did you mean 'url='"},
        {"urls=http://a", ERR_OPTION_UNKNOWN, "'url='"},
        {"sha265=1", ERR_OPTION_UNKNOWN, "'sha256='"},
        {"onerror=wait", ERR_OPTION_UNKNOWN, "'on-error='"},
        {"intird=/x", ERR_OPTION_UNKNOWN, "'initrd='"},
        {"degub", ERR_OPTION_UNKNOWN, "'degub' is not known, did you mean 'debug'"},
        {"URL=http://a", ERR_OPTION_UNKNOWN, "did you mean 'url='"},
        {"pi=dhcp", ERR_OPTION_UNKNOWN, "did you mean 'ip='"},
        {"quiet", ERR_OPTION_UNKNOWN, "'quiet'"},
        {"=x", ERR_OPTION_UNKNOWN, "'='"},
        {"x\x01\xff=", ERR_OPTION_UNKNOWN, "'x\?\?='"},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", ERR_OPTION_UNKNOWN, "aa' is not known"},
        {"---", ERR_OPTION_UNKNOWN, "'---'"},
        {"\"--\"", ERR_OPTION_UNKNOWN, "'--'"},
        {"url", ERR_OPTION_INVALID, "url needs a value"},
        {"url=", ERR_OPTION_INVALID, "url= has no value"},
        {"url=ftp://a/b", ERR_SCHEME_UNSUPPORTED, "must begin with http://, or be"},
        {"url=example.org/x", ERR_OPTION_INVALID, "must begin with http://, or be"},
        {"url=http://a url=dhcp", ERR_OPTION_INVALID, "combined"},
        {"debug=1", ERR_OPTION_INVALID, "takes no value"},
        {"debug=", ERR_OPTION_INVALID, "takes no value"},
        {"profile=2", ERR_OPTION_INVALID, "takes no value"},
        {"sha256=abc", ERR_OPTION_INVALID, "has 3 digits"},
        {"sha256=" DIGEST "0", ERR_OPTION_INVALID, "has 65 digits"},
        {"sha256=e3b0g4", ERR_OPTION_INVALID, "place 5"},
        {"ip=", ERR_OPTION_INVALID, "has no value"},
        {"ip=off", ERR_OPTION_INVALID, "neither"},
        {"ip=::::::off", ERR_OPTION_INVALID, "neither"},
        {"ip=10.0.0", ERR_OPTION_INVALID, "client"},
        {"ip=10.0.0.256", ERR_OPTION_INVALID, "client"},
        {"ip=10.0.0.1.2", ERR_OPTION_INVALID, "client"},
        {"ip=10.0.0.01", ERR_OPTION_INVALID, "client"},
        {"ip=10.0.0.", ERR_OPTION_INVALID, "client"},
        {"ip=10.0..1", ERR_OPTION_INVALID, "client"},
        {"ip=0.0.0.0", ERR_OPTION_INVALID, "machine can have"},
        {"ip=127.0.0.1", ERR_OPTION_INVALID, "machine can have"},
        {"ip=224.0.0.1", ERR_OPTION_INVALID, "machine can have"},
        {"ip=255.255.255.255", ERR_OPTION_INVALID, "machine can have"},
        {"ip=10.0.0.1::gate", ERR_OPTION_INVALID, "gateway in ip= is not an IPv4 address: gate"},
        {"ip=10.0.0.1:::255.0.255.0", ERR_OPTION_INVALID, "hole"},
        {"ip=10.0.0.1:::24", ERR_OPTION_INVALID, "netmask"},
        {"ip=10.0.0.1::::::dns", ERR_OPTION_INVALID, "dhcp and off, not dns"},
        {"ip=10.0.0.1::::::off:dns", ERR_OPTION_INVALID, "first DNS"},
        {"ip=10.0.0.1::::::off::1.2.3", ERR_OPTION_INVALID, "second DNS"},
        {"ip=[fe80::1]", ERR_OPTION_INVALID, "IPv6"},
        {"nic=eth0", ERR_OPTION_INVALID, "MAC"},
        {"nic=52:54:00:12:34", ERR_OPTION_INVALID, "MAC"},
        {"nic=52:54:00:12:34:56:78", ERR_OPTION_INVALID, "MAC"},
        {"nic=00:1f", ERR_OPTION_INVALID, "MAC"},
        {"kernel=", ERR_OPTION_INVALID, "has no value"},
        {"initrd=/a,,/b", ERR_OPTION_INVALID, "without a name"},
        {"initrd=,", ERR_OPTION_INVALID, "without a name"},
        {"initrd=1,2,3,4,5,6,7,8,9", ERR_OPTION_INVALID, "8 files at most"},
        {"medium=cdrom", ERR_OPTION_INVALID, "auto, pmem, vmcore, initrd, none"},
        {"on-error=panic", ERR_OPTION_INVALID, "wait, reboot, halt"},
        {"console=ttyS4", ERR_OPTION_INVALID, "ttyS4"},
        {"console=ttyS", ERR_OPTION_INVALID, "ttyS"},
        {"console=hvc0", ERR_OPTION_INVALID, "hvc0"},
        {"console=tty64", ERR_OPTION_INVALID, "tty64"},
        {"console=ttyS0,", ERR_OPTION_INVALID, "baud"},
        {"console=ttyS0,0", ERR_OPTION_INVALID, "baud"},
        {"console=ttyS0,1000", ERR_OPTION_INVALID, "baud"},
        {"console=ttyS0,230400", ERR_OPTION_INVALID, "baud"},
        {"console=ttyS0;9600", ERR_OPTION_INVALID, "baud"},
        {"console=ttyS0,9600e7", ERR_OPTION_INVALID, "e7"},
        {"console=tty0 console=tty0 console=tty0 console=tty0 console=tty0", ERR_OPTION_INVALID, "4 times"},
        {"connections=0", ERR_OPTION_INVALID, "1 to 8"},
        {"connections=9", ERR_OPTION_INVALID, "1 to 8"},
        {"retry=1001", ERR_OPTION_INVALID, "0 to 1000"},
        {"retry=-1", ERR_OPTION_INVALID, "0 to 1000"},
        {"retry=3x", ERR_OPTION_INVALID, "0 to 1000"},
        {"timeout=0", ERR_OPTION_INVALID, "1 to 86400"},
        {"timeout=99999999999999999999", ERR_OPTION_INVALID, "1 to 86400"},
        {"append=\"a b", ERR_OPTION_INVALID, "no end"},
        {"append=a\\", ERR_OPTION_INVALID, "no end"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        fail_clear();
        int err = options_parse(&opt, cases[i].cmdline);
        if (err != cases[i].err || !strstr(fail_detail(), cases[i].says))
            fail_msg("\"%s\": %s, \"%s\"", cases[i].cmdline, err_name(err), fail_detail());
    }
}

// A guess that has little in common with the word misleads.
static void test_no_far_guess(void **state)
{
    static const char *const words[] = {
        "quiet", "splash", "=x", "x", "nomodeset", "boot=live", "initramfs=/x", "---", "root=/dev/sda1",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(words); i++) {
        assert_int_equal(options_parse(&opt, words[i]), ERR_OPTION_UNKNOWN);
        if (!strstr(fail_detail(), "' is not known") || strstr(fail_detail(), "did you mean"))
            fail_msg("\"%s\": \"%s\"", words[i], fail_detail());
    }
}

static void test_too_many_urls(void **state)
{
    char line[400] = "";

    (void)state;
    for (int i = 0; i < OPT_URLS_MAX; i++)
        strcat(line, " url=http://m/");
    parse(line);
    assert_int_equal(opt.url_count, OPT_URLS_MAX);
    strcat(line, " url=http://m/");
    assert_int_equal(options_parse(&opt, line), ERR_OPTION_INVALID);
    assert_int_equal(opt.url_count, OPT_URLS_MAX);
}

static void test_length(void **state)
{
    char *line = malloc(5000);

    (void)state;
    memset(line, 'x', 5000);
    memcpy(line, "append=", 7);
    line[4095] = '\0';
    parse(line);
    assert_int_equal(strlen(opt.append), 4095 - 7);
    line[4095] = 'x';
    line[4096] = '\0';
    assert_int_equal(options_parse(&opt, line), ERR_OPTION_INVALID);
    assert_non_null(strstr(fail_detail(), "4095"));
    free(line);
}

static void test_error_keeps_what_came_before(void **state)
{
    (void)state;
    memset(&opt, 0xdd, sizeof(opt));
    assert_int_equal(options_parse(&opt, "on-error=halt console=ttyS1 medium=x debug"), ERR_OPTION_INVALID);
    assert_int_equal(opt.on_error, OPT_ON_ERROR_HALT);
    assert_int_equal(opt.console_count, 1);
    assert_false(opt.debug);
    assert_int_equal(opt.timeout_s, 20);
    assert_string_equal(opt.linux_words, "");
    assert_int_equal(options_parse(&opt, "url=http://a/ sha256=00"), ERR_OPTION_INVALID);
    assert_false(opt.have_sha256);
}

// The table that manuals are made of names every word, and each is known to the parser.
static void test_table(void **state)
{
    unsigned count = 0;

    (void)state;
    for (const struct option_info *o; (o = options_info(count)); count++) {
        char line[100];
        snprintf(line, sizeof(line), "%s=\x02", o->name);
        options_parse(&opt, line);
        assert_null(strstr(fail_detail(), "not known"));
        assert_true(strlen(o->meaning) > 10);
        assert_true(!o->value || strlen(o->value) > 2);
    }
    assert_int_equal(count, 18);
    assert_null(options_info(count));
}

static void test_shown_without_secrets(void **state)
{
    static const struct {
        const char *cmdline, *shown;
    } cases[] = {
        {"", ""},
        {"url=http://h/p@q debug", "url=http://h/p@q debug"},
        {"url=http://user:secret@h/p sha256=ab", "url=http://***@h/p sha256=ab"},
        {"url=http://u@h url=\"https://u:p@x@h:80/\" -- a@b", "url=http://***@h url=\"https://***@h:80/\" -- a@b"},
        {"url=http://@h/ //x", "url=http://@h/ //x"},
    };
    char out[128], cut[20];

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        options_without_secrets(cases[i].cmdline, out, sizeof(out));
        assert_string_equal(out, cases[i].shown);
    }
    for (size_t size = 1; size < sizeof(cut); size++) {
        options_without_secrets("url=http://user:secret@h/p", cut, size);
        assert_true(strlen(cut) < size);
        assert_memory_equal(cut, "url=http://***@h/p", strlen(cut));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_all_words),
        cmocka_unit_test(test_quotes),
        cmocka_unit_test(test_linux_words),
        cmocka_unit_test(test_url_sources),
        cmocka_unit_test(test_ip),
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_no_far_guess),
        cmocka_unit_test(test_too_many_urls),
        cmocka_unit_test(test_length),
        cmocka_unit_test(test_error_keeps_what_came_before),
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_shown_without_secrets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
