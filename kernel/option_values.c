// Values of single options: digest, ip=, console=, nic=, numbers. Spec for ip=: Linux
// Documentation/admin-guide/nfs/nfsroot.rst; for console=: Documentation/admin-guide/serial-console.rst.
// Not handled: IPv6, BOOTP and RARP, parity other than n, seven data bits, flow control.
#include "kernel/option_values.h"  // option_ip

#include <ctype.h>
#include <stddef.h>
#include <string.h>

#include "lib/err.h"  // fail

#define UART_CLOCK 115200u  // baud rates are this divided by a whole number
#define SHOWN "%.40s"       // how much of a wrong value is repeated

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

int option_digest(const char *value, uint8_t digest[32])
{
    uint8_t bytes[32];
    size_t length = strlen(value);

    for (size_t i = 0; i < length; i++)
        if (hex_digit(value[i]) < 0)
            return fail(ERR_OPTION_INVALID, "sha256= has something that is no hexadecimal digit at place %zu",
                        i + 1);
    if (length != 2 * sizeof(bytes))
        return fail(ERR_OPTION_INVALID, "sha256= has %zu digits, a SHA-256 digest has 64", length);
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(hex_digit(value[2 * i]) << 4 | hex_digit(value[2 * i + 1]));
    memcpy(digest, bytes, sizeof(bytes));
    return 0;
}

// Reads decimal digits up to `max`; returns how many bytes were read, 0 when there is no such number.
static size_t read_decimal(const char *p, size_t length, unsigned max, unsigned *number)
{
    unsigned value = 0;
    size_t i = 0;

    for (; i < length && p[i] >= '0' && p[i] <= '9'; i++) {
        unsigned digit = (unsigned)(p[i] - '0');
        if (value > (max - digit) / 10 || digit > max)
            return 0;
        value = value * 10 + digit;
    }
    *number = value;
    return i;
}

int option_number(const char *name, const char *value, unsigned min, unsigned max, unsigned *number)
{
    size_t length = strlen(value);
    unsigned n;

    if (length == 0 || read_decimal(value, length, max, &n) != length || n < min)
        return fail(ERR_OPTION_INVALID, "%s=" SHOWN " is not a number from %u to %u", name, value, min, max);
    *number = n;
    return 0;
}

// ---- ip= --------------------------------------------------------------------------------------------

enum ip_field {
    IP_CLIENT, IP_SERVER, IP_GATEWAY, IP_NETMASK, IP_HOST, IP_DEVICE, IP_AUTOCONF, IP_DNS0, IP_DNS1,
    IP_FIELDS,
};

struct field {
    const char *text;
    size_t length;
};

static bool field_is(const struct field *f, const char *word)
{
    return f->length == strlen(word) && strncasecmp(f->text, word, f->length) == 0;
}

static bool field_is_one_of(const struct field *f, const char *const *words)
{
    for (; *words; words++)
        if (field_is(f, *words))
            return true;
    return false;
}

// a.b.c.d in decimal, all four parts, no leading zeros (which some read as octal). False when it is not one.
static bool read_ipv4(const struct field *f, uint8_t octets[4])
{
    const char *p = f->text, *end = p + f->length;

    for (int i = 0; i < 4; i++) {
        unsigned n;
        if (i > 0 && (p == end || *p++ != '.'))
            return false;
        size_t digits = read_decimal(p, (size_t)(end - p), 255, &n);
        if (digits == 0 || (digits > 1 && *p == '0'))
            return false;
        octets[i] = (uint8_t)n;
        p += digits;
    }
    return p == end;
}

// Reads the address in `f`; an empty field leaves 0.
static int ip_address(const char *what, const struct field *f, uint32_t *address)
{
    uint8_t octets[4];

    *address = 0;
    if (f->length == 0)
        return 0;
    if (!read_ipv4(f, octets))
        return fail(ERR_OPTION_INVALID, "the %s in ip= is not an IPv4 address: %.*s", what,
                    f->length > 40 ? 40 : (int)f->length, f->text);
    memcpy(address, octets, sizeof(octets));
    return 0;
}

static uint32_t host_order(uint32_t address)
{
    return __builtin_bswap32(address);
}

// The netmask of the address's class (RFC 791 section 3.2), as Linux takes it when none is given.
static uint32_t class_mask(uint32_t client)
{
    uint32_t first = host_order(client) >> 24;

    return __builtin_bswap32(first < 128 ? 0xff000000u : first < 192 ? 0xffff0000u : 0xffffff00u);
}

static int check_static(struct opt_ip *ip)
{
    uint32_t client = host_order(ip->client), mask;

    if (client >> 24 == 0 || client >> 24 == 127 || client >> 28 >= 0xe)
        return fail(ERR_OPTION_INVALID, "the client in ip= is not an address a machine can have");
    if (!ip->netmask)
        ip->netmask = class_mask(ip->client);
    mask = host_order(ip->netmask);
    if ((~mask & (~mask + 1)) != 0)
        return fail(ERR_OPTION_INVALID, "the netmask in ip= has a hole");
    return 0;
}

static unsigned split_fields(const char *value, struct field fields[IP_FIELDS])
{
    unsigned count = 0;

    for (;;) {
        size_t length = strcspn(value, ":");
        if (count < IP_FIELDS)
            fields[count] = (struct field){value, length};
        count++;
        if (!value[length])
            return count;
        value += length + 1;
    }
}

int option_ip(const char *value, struct opt_ip *ip)
{
    static const char *const dhcp[] = {"dhcp", "on", "any", "both", NULL};
    static const char *const none[] = {"", "off", "none", "static", NULL};
    struct field fields[IP_FIELDS] = {{"", 0}};
    struct opt_ip result = {0};
    int err;

    if (strchr(value, '['))
        return fail(ERR_OPTION_INVALID, "ip= with IPv6 addresses is not supported");
    unsigned count = split_fields(value, fields);
    const struct field *autoconf = &fields[count == 1 ? IP_CLIENT : IP_AUTOCONF];
    if (field_is_one_of(autoconf, dhcp)) {
        *ip = (struct opt_ip){.dhcp = true};
        return 0;
    }
    if (count > 1 && autoconf->text && !field_is_one_of(autoconf, none))
        return fail(ERR_OPTION_INVALID, "ip= knows dhcp and off, not %.*s",
                    autoconf->length > 40 ? 40 : (int)autoconf->length, autoconf->text);
    if (fields[IP_CLIENT].length == 0 || (count == 1 && field_is_one_of(autoconf, none)))
        return fail(ERR_OPTION_INVALID, "ip= names neither an address nor dhcp");
    if ((err = ip_address("client", &fields[IP_CLIENT], &result.client)) ||
        (err = ip_address("gateway", &fields[IP_GATEWAY], &result.gateway)) ||
        (err = ip_address("netmask", &fields[IP_NETMASK], &result.netmask)) ||
        (err = ip_address("first DNS server", &fields[IP_DNS0], &result.dns[0])) ||
        (err = ip_address("second DNS server", &fields[IP_DNS1], &result.dns[1])) ||
        (err = check_static(&result)))
        return err;
    *ip = result;
    return 0;
}

// ---- console= and nic= --------------------------------------------------------------------------------

// What follows "ttyS<n>": nothing, or ",baud" and then n8, n or nothing.
static int serial_settings(const char *p, unsigned *baud)
{
    unsigned n;

    *baud = UART_CLOCK;
    if (!*p)
        return 0;
    size_t digits = *p == ',' ? read_decimal(p + 1, strlen(p + 1), UART_CLOCK, &n) : 0;
    if (digits == 0 || n == 0 || UART_CLOCK % n)
        return fail(ERR_OPTION_INVALID, "console= has no baud rate that divides %u: " SHOWN, UART_CLOCK, p);
    p += 1 + digits;
    if (strcmp(p, "") != 0 && strcmp(p, "n") != 0 && strcmp(p, "n8") != 0)
        return fail(ERR_OPTION_INVALID, "console= knows only n8 behind the baud rate, not " SHOWN, p);
    *baud = n;
    return 0;
}

int option_console(const char *value, struct opt_console *console)
{
    struct opt_console result = {.serial = strncmp(value, "ttyS", 4) == 0, .baud = UART_CLOCK};

    if (result.serial && value[4] >= '0' && value[4] <= '3') {
        result.port = (unsigned)(value[4] - '0');
        int err = serial_settings(value + 5, &result.baud);
        if (err)
            return err;
    } else {
        size_t length = strlen(value);
        unsigned n;
        bool screen = strncmp(value, "tty", 3) == 0 &&
                      (length == 3 || read_decimal(value + 3, length - 3, 63, &n) == length - 3);
        if (!screen)
            return fail(ERR_OPTION_INVALID, "console=" SHOWN " is neither ttyS0 to ttyS3 nor tty0", value);
    }
    *console = result;
    return 0;
}

// True when `value` is `pattern`, where h stands for any hexadecimal digit.
static bool looks_like(const char *value, const char *pattern)
{
    for (; *value && *pattern; value++, pattern++)
        if (*pattern == 'h' ? !isxdigit((unsigned char)*value) : *value != *pattern)
            return false;
    return !*value && !*pattern;
}

int option_nic(const char *value)
{
    if (looks_like(value, "hh:hh:hh:hh:hh:hh") || looks_like(value, "hh:hh.h") ||
        looks_like(value, "hhhh:hh:hh.h"))
        return 0;
    return fail(ERR_OPTION_INVALID, "nic=" SHOWN " is neither a MAC address nor a PCI address like 00:1f.6",
                value);
}
