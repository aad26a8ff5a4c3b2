// Names and classes of HTTP status codes. Spec: RFC 9110 15, RFC 6585 (429), RFC 8470 (425), RFC 7725 (451).
// Not handled: codes that no file server sends to a GET (WebDAV and the like) are named by their class.
#include "net/http/status.h"  // http_status_name

#include <stddef.h>

enum trait { PLAIN, REDIRECT, TEMPORARY };

static const struct {
    unsigned code;
    enum trait trait;
    const char *name;
} statuses[] = {
    {100, PLAIN, "Continue"},
    {101, PLAIN, "Switching Protocols"},
    {103, PLAIN, "Early Hints"},
    {200, PLAIN, "OK"},
    {202, PLAIN, "Accepted"},
    {203, PLAIN, "Non-Authoritative Information"},
    {204, PLAIN, "No Content"},
    {206, PLAIN, "Partial Content"},
    {300, PLAIN, "Multiple Choices"},
    {301, REDIRECT, "Moved Permanently"},
    {302, REDIRECT, "Found"},
    {303, REDIRECT, "See Other"},
    {304, PLAIN, "Not Modified"},
    {307, REDIRECT, "Temporary Redirect"},
    {308, REDIRECT, "Permanent Redirect"},
    {400, PLAIN, "Bad Request"},
    {401, PLAIN, "Unauthorized"},
    {402, PLAIN, "Payment Required"},
    {403, PLAIN, "Forbidden"},
    {404, PLAIN, "Not Found"},
    {405, PLAIN, "Method Not Allowed"},
    {406, PLAIN, "Not Acceptable"},
    {407, PLAIN, "Proxy Authentication Required"},
    {408, TEMPORARY, "Request Timeout"},
    {410, PLAIN, "Gone"},
    {412, PLAIN, "Precondition Failed"},
    {414, PLAIN, "URI Too Long"},
    {416, PLAIN, "Range Not Satisfiable"},
    {421, PLAIN, "Misdirected Request"},
    {425, TEMPORARY, "Too Early"},
    {426, PLAIN, "Upgrade Required"},
    {429, TEMPORARY, "Too Many Requests"},
    {431, PLAIN, "Request Header Fields Too Large"},
    {451, PLAIN, "Unavailable For Legal Reasons"},
    {500, TEMPORARY, "Internal Server Error"},
    {501, PLAIN, "Not Implemented"},
    {502, TEMPORARY, "Bad Gateway"},
    {503, TEMPORARY, "Service Unavailable"},
    {504, TEMPORARY, "Gateway Timeout"},
    {505, PLAIN, "HTTP Version Not Supported"},
};

static const char *const classes[] = {"Unknown",     "Informational", "Success",
                                      "Redirection", "Client Error",  "Server Error"};

const char *http_status_name(unsigned code)
{
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++)
        if (statuses[i].code == code)
            return statuses[i].name;
    unsigned class = code / 100;
    return classes[class < sizeof classes / sizeof classes[0] ? class : 0];
}

static bool has_trait(unsigned code, enum trait trait)
{
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++)
        if (statuses[i].code == code)
            return statuses[i].trait == trait;
    return false;
}

bool http_status_is_interim(unsigned code)
{
    return code >= 100 && code < 200;
}

bool http_status_is_redirect(unsigned code)
{
    return has_trait(code, REDIRECT);
}

bool http_status_is_temporary(unsigned code)
{
    return has_trait(code, TEMPORARY);
}
