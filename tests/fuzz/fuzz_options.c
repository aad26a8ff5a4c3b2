// Fuzzes the command line parser. Whatever comes in, every pointer it gives out lies in its own storage,
// counts are in bounds, and an error has a sentence.
#include "kernel/options.h"  // options_parse
#include "lib/err.h"         // fail_detail

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct options opt;

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void check_string(const char *s)
{
    if (!s)
        return;
    must(s >= opt.storage && s < opt.storage + sizeof(opt.storage));
    must(strlen(s) < (size_t)(opt.storage + sizeof(opt.storage) - s));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *line = malloc(size + 1);

    if (size > 0)
        memcpy(line, data, size);
    line[size] = '\0';
    memset(&opt, 0xdd, sizeof(opt));
    fail_clear();
    int err = options_parse(&opt, line);
    free(line);  // nothing may point into it

    must(err == 0 || err == ERR_OPTION_INVALID || err == ERR_OPTION_UNKNOWN || err == ERR_SCHEME_UNSUPPORTED);
    must(err == 0 || fail_detail()[0]);
    must(opt.url_count <= OPT_URLS_MAX && opt.initrd_count <= OPT_INITRDS_MAX);
    must(opt.console_count <= OPT_CONSOLES_MAX && opt.timeout_s >= 1 && opt.retries <= 1000);
    must((opt.url_source == OPT_URL_GIVEN) == (opt.url_count > 0));
    must(opt.ip.dhcp || opt.ip.client);
    for (unsigned i = 0; i < opt.url_count; i++)
        check_string(opt.urls[i]);
    for (unsigned i = 0; i < opt.initrd_count; i++)
        check_string(opt.initrds[i]);
    for (unsigned i = 0; i < opt.console_count; i++)
        must(opt.consoles[i].port < 4 && opt.consoles[i].baud > 0);
    check_string(opt.nic);
    check_string(opt.kernel);
    check_string(opt.append);
    check_string(opt.entry);
    must(strlen(opt.linux_words) < sizeof(opt.storage));
    return 0;
}
