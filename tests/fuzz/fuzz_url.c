// Fuzzes url_parse() and url_resolve(). The text up to the first line feed is the base, the rest a reference.
// What was parsed must print as a URL that parses to the same, and resolving must be stable.
#include "lib/err.h"  // fail_clear
#include "net/url.h"  // url_parse

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool truth)
{
    if (!truth)
        abort();
}

static void check(const struct url *url)
{
    static char text[URL_MAX];
    static struct url again;
    url_format(url, text, sizeof text);
    require(url_parse(&again, text, strlen(text)) == 0);
    require(again.scheme == url->scheme && again.port == url->port &&
            again.host_is_ipv6 == url->host_is_ipv6);
    require(strcmp(again.host, url->host) == 0 && strcmp(again.path, url->path) == 0);
    require(url->path[0] == '/' && url->host[0] && url->port);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct url base, out, again;
    const uint8_t *end = memchr(data, '\n', size);
    size_t length = end ? (size_t)(end - data) : size;

    fail_clear();
    if (url_parse(&base, (const char *)data, length) != 0) {
        require(fail_detail()[0]);
        return 0;
    }
    check(&base);
    if (!end)
        return 0;
    if (url_resolve(&out, &base, (const char *)end + 1, size - length - 1) != 0) {
        require(fail_detail()[0]);
        return 0;
    }
    check(&out);
    // Dot segments are gone: resolving the result again changes nothing.
    require(url_resolve(&again, &base, out.path, strlen(out.path)) == 0 || strlen(out.path) > 1000 ||
            out.path[1] == '/');
    require(url_resolve(&again, &out, "", 0) == 0);
    require(strcmp(again.path, out.path) == 0 && strcmp(again.userinfo, out.userinfo) == 0);
    return 0;
}
