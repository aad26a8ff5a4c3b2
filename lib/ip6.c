// See lib/ip6.h. Spec: RFC 4291 sections 2.2 and 2.5, RFC 5952 section 4. Not handled: zones (RFC 4007).
#include "lib/ip6.h"  // ip6_parse

#include <stdio.h>
#include <string.h>

#define GROUPS 8

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int hex_value(char c)
{
    if (is_digit(c))
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

bool ip4_parse(const char *text, size_t length, uint8_t out[4])
{
    uint8_t octets[4];
    unsigned count = 0;

    for (size_t i = 0; i < length; i++) {
        unsigned value = 0, digits = 0;
        while (i < length && is_digit(text[i]) && digits < 3) {
            value = value * 10 + (unsigned)(text[i++] - '0');
            digits++;
        }
        if (digits == 0 || value > 255 || count == 4)
            return false;
        octets[count++] = (uint8_t)value;
        if (i < length && (text[i] != '.' || i + 1 == length))
            return false;
    }
    if (count != 4)
        return false;
    memcpy(out, octets, sizeof(octets));
    return true;
}

struct reading {
    uint8_t bytes[IP6_BYTES];
    unsigned used;               // bytes of them
    unsigned gap;                // where "::" was, in bytes; more than IP6_BYTES: nowhere
};

// The group, or the IPv4 address, at *at; moves it behind. False when there is none, or no room.
static bool read_group(struct reading *r, const char *text, size_t length, size_t *at)
{
    size_t end = *at;
    unsigned value = 0;

    while (end < length && end - *at < 4 && hex_value(text[end]) >= 0)
        value = value * 16 + (unsigned)hex_value(text[end++]);
    if (end < length && text[end] == '.') {
        if (r->used + 4 > IP6_BYTES || !ip4_parse(text + *at, length - *at, r->bytes + r->used))
            return false;
        r->used += 4;
        *at = length;
        return true;
    }
    if (end == *at || r->used + 2 > IP6_BYTES)
        return false;
    r->bytes[r->used++] = (uint8_t)(value >> 8);
    r->bytes[r->used++] = (uint8_t)value;
    *at = end;
    return true;
}

bool ip6_parse(const char *text, size_t length, uint8_t out[IP6_BYTES])
{
    struct reading r = {.gap = IP6_BYTES + 1};
    size_t at = 0;

    if (length >= 2 && text[0] == ':' && text[1] == ':') {
        r.gap = 0;
        at = 2;
    }
    while (at < length) {
        if (!read_group(&r, text, length, &at))
            return false;
        if (at == length)
            break;
        if (text[at++] != ':' || at == length)
            return false;
        if (text[at] == ':') {
            if (r.gap <= IP6_BYTES)
                return false;
            r.gap = r.used;
            at++;
        }
    }
    // "::" stands for one group at least.
    if (r.gap <= IP6_BYTES ? r.used > IP6_BYTES - 2 : r.used != IP6_BYTES)
        return false;
    memset(out, 0, IP6_BYTES);
    size_t front = r.gap <= IP6_BYTES ? r.gap : r.used;
    memcpy(out, r.bytes, front);
    memcpy(out + IP6_BYTES - (r.used - front), r.bytes + front, r.used - front);
    return true;
}

static unsigned group_of(const uint8_t *address, unsigned group)
{
    return address[2 * group] * 256u + address[2 * group + 1];
}

// The first of the longest runs of zero groups; *length 0 when none has two (RFC 5952 section 4.2.2).
static unsigned longest_run(const uint8_t *address, unsigned *length)
{
    unsigned best = 0, run = 0;

    *length = 0;
    for (unsigned g = 0; g < GROUPS; g++) {
        run = group_of(address, g) == 0 ? run + 1 : 0;
        if (run >= 2 && run > *length) {
            *length = run;
            best = g + 1 - run;
        }
    }
    return best;
}

const char *ip6_text(const uint8_t address[IP6_BYTES], char out[IP6_TEXT_MAX])
{
    unsigned length, start = longest_run(address, &length);
    size_t used = 0;

    for (unsigned g = 0; g < GROUPS; g++) {
        if (length > 0 && g == start) {
            used += (size_t)snprintf(out + used, IP6_TEXT_MAX - used, "::");
            g += length - 1;
            continue;
        }
        bool colon = g > 0 && !(length > 0 && g == start + length);
        used += (size_t)snprintf(out + used, IP6_TEXT_MAX - used, "%s%x", colon ? ":" : "",
                                 group_of(address, g));
    }
    return out;
}

bool ip6_is_link_local(const uint8_t address[IP6_BYTES])
{
    return address[0] == 0xfe && (address[1] & 0xc0) == 0x80;
}

bool ip6_is_unicast(const uint8_t address[IP6_BYTES])
{
    static const uint8_t loopback[IP6_BYTES] = {[IP6_BYTES - 1] = 1}, none[IP6_BYTES];

    return address[0] != 0xff && memcmp(address, none, IP6_BYTES) != 0 &&
           memcmp(address, loopback, IP6_BYTES) != 0;
}

unsigned ip6_common_bits(const uint8_t a[IP6_BYTES], const uint8_t b[IP6_BYTES])
{
    unsigned bits = 0;

    while (bits < 8 * IP6_BYTES && ((a[bits / 8] ^ b[bits / 8]) >> (7 - bits % 8) & 1) == 0)
        bits++;
    return bits;
}
