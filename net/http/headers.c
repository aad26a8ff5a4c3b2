// Header lines and their values. Spec: RFC 9112 2.2 (line ends), 5 (fields, obs-fold), RFC 9110 5.5, 5.6
// (tokens, values, dates), 14.4 (Content-Range). Not handled: comments, quoted strings and list syntax
// inside values, which no header that a download reads has.
#include "net/http/headers.h"  // http_header_next

#include <string.h>

#include "lib/err.h"  // fail

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_control(char c)
{
    unsigned char u = (unsigned char)c;
    return (u < ' ' && u != '\t') || u == 127;
}

// RFC 9110 5.6.2
static bool is_token(char c)
{
    if (is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
        return true;
    return c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL;
}

static struct http_span trim(struct http_span span)
{
    while (span.length > 0 && is_blank(span.at[0])) {
        span.at++;
        span.length--;
    }
    while (span.length > 0 && is_blank(span.at[span.length - 1]))
        span.length--;
    return span;
}

bool http_line_next(struct http_span *rest, struct http_span *line)
{
    const char *end = rest->length ? memchr(rest->at, '\n', rest->length) : NULL;
    if (!end)
        return false;
    size_t taken = (size_t)(end - rest->at) + 1;
    *line = (struct http_span){rest->at, taken - 1};
    if (line->length > 0 && line->at[line->length - 1] == '\r')
        line->length--;
    rest->at += taken;
    rest->length -= taken;
    return true;
}

void http_headers_unfold(char *lines, size_t length)
{
    for (size_t i = 0; i + 1 < length; i++) {
        if (lines[i] != '\n' || !is_blank(lines[i + 1]))
            continue;
        lines[i] = ' ';
        if (i > 0 && lines[i - 1] == '\r')
            lines[i - 1] = ' ';
    }
}

// White space before the colon is the classic way to hide a header from one of two readers, so it is named
// (RFC 9112 5.1).
static int check_name(struct http_span name)
{
    char shown[48];
    if (name.length == 0)
        return fail(ERR_INVALID_RESPONSE, "a header of the answer has no name");
    if (is_blank(name.at[name.length - 1]))
        return fail(ERR_INVALID_RESPONSE, "white space before the colon of header '%s'",
                    http_span_show(name, shown, sizeof shown));
    for (size_t i = 0; i < name.length; i++)
        if (!is_token(name.at[i]))
            return fail(ERR_INVALID_RESPONSE, "byte 0x%02x in the name of header '%s'",
                        (unsigned char)name.at[i], http_span_show(name, shown, sizeof shown));
    return 0;
}

int http_header_next(struct http_span *rest, struct http_header *header)
{
    struct http_span line;
    char shown[48];

    if (!http_line_next(rest, &line))
        return fail(ERR_INVALID_RESPONSE, "the head of the answer has no end");
    if (line.length == 0)
        return 0;
    if (is_blank(line.at[0]))
        return fail(ERR_INVALID_RESPONSE, "the answer's first header begins with white space");
    const char *colon = memchr(line.at, ':', line.length);
    if (!colon)
        return fail(ERR_INVALID_RESPONSE, "header line '%s' has no colon",
                    http_span_show(line, shown, sizeof shown));
    header->name = (struct http_span){line.at, (size_t)(colon - line.at)};
    header->value = trim((struct http_span){colon + 1, line.length - header->name.length - 1});
    int err = check_name(header->name);
    if (err)
        return err;
    for (size_t i = 0; i < header->value.length; i++)
        if (is_control(header->value.at[i]))
            return fail(ERR_INVALID_RESPONSE, "control byte 0x%02x in header '%s'",
                        (unsigned char)header->value.at[i],
                        http_span_show(header->name, shown, sizeof shown));
    return 1;
}

bool http_span_is(struct http_span span, const char *word)
{
    return span.at && span.length == strlen(word) && strncasecmp(span.at, word, span.length) == 0;
}

bool http_span_number(struct http_span span, uint64_t *number)
{
    uint64_t value = 0;
    if (span.length == 0)
        return false;
    for (size_t i = 0; i < span.length; i++) {
        if (!is_digit(span.at[i]))
            return false;
        uint64_t digit = (uint64_t)(span.at[i] - '0');
        if (value > (HTTP_NUMBER_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *number = value;
    return true;
}

const char *http_span_show(struct http_span span, char *out, size_t size)
{
    size_t n = span.length < size - 1 ? span.length : size - 1;
    for (size_t i = 0; i < n; i++)
        out[i] = span.at[i] >= ' ' && span.at[i] <= '~' ? span.at[i] : '?';
    out[n] = '\0';
    return out;
}

// Cuts what stands before `stop` off *rest, and `stop` itself; false when there is no `stop`.
static bool cut_at(struct http_span *rest, char stop, struct http_span *front)
{
    const char *at = rest->length ? memchr(rest->at, stop, rest->length) : NULL;
    if (!at)
        return false;
    *front = (struct http_span){rest->at, (size_t)(at - rest->at)};
    rest->at = at + 1;
    rest->length -= front->length + 1;
    return true;
}

static bool parse_range(struct http_span value, struct http_range *range)
{
    struct http_span unit, positions, first;
    if (!cut_at(&value, ' ', &unit) || !http_span_is(unit, "bytes") || !cut_at(&value, '/', &positions))
        return false;
    range->total_known = !http_span_is(value, "*");
    if (range->total_known && !http_span_number(value, &range->total))
        return false;
    if (http_span_is(positions, "*"))
        return range->total_known;
    range->satisfied = true;
    if (!cut_at(&positions, '-', &first) || !http_span_number(first, &range->first) ||
        !http_span_number(positions, &range->last))
        return false;
    return range->first <= range->last && (!range->total_known || range->last < range->total);
}

int http_content_range(struct http_span value, struct http_range *range)
{
    char shown[64];
    memset(range, 0, sizeof *range);
    if (!parse_range(value, range))
        return fail(ERR_INVALID_RESPONSE, "Content-Range '%s' makes no sense",
                    http_span_show(value, shown, sizeof shown));
    return 0;
}

// The number that `digits` digits at `at` make.
static int number_at(const char *at, unsigned digits)
{
    int value = 0;
    for (unsigned i = 0; i < digits; i++)
        value = value * 10 + (at[i] - '0');
    return value;
}

// Days from 1970-01-01 to year-month-day of the Gregorian calendar, month 1 to 12. Years are counted from
// March, so that the leap day is the last of its year.
static int64_t days_from_civil(int year, int month, int day)
{
    static const int days_before[12] = {306, 337, 0, 31, 61, 92, 122, 153, 184, 214, 245, 275};
    int64_t y = month <= 2 ? year - 1 : year;
    return y * 365 + y / 4 - y / 100 + y / 400 + days_before[month - 1] + (day - 1) - 719468;
}

// The marks of an IMF-fixdate; '0' stands for a digit, 'x' for a letter of a name.
static bool has_date_form(struct http_span value)
{
    static const char form[] = "xxx, 00 xxx 0000 00:00:00 GMT";
    if (value.length != sizeof form - 1)
        return false;
    for (size_t i = 0; i < value.length; i++) {
        if (form[i] == '0' ? !is_digit(value.at[i]) : form[i] != 'x' && form[i] != value.at[i])
            return false;
    }
    return true;
}

int64_t http_date(struct http_span value)
{
    static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    enum { DAY = 5, MONTH = 8, YEAR = 12, HOUR = 17, MINUTE = 20, SECOND = 23 };  // offsets in the form

    if (!has_date_form(value))
        return -1;
    const char *s = value.at;
    int month = 0;
    while (month < 12 && memcmp(months[month], s + MONTH, 3) != 0)
        month++;
    int day = number_at(s + DAY, 2), year = number_at(s + YEAR, 4);
    int hour = number_at(s + HOUR, 2), minute = number_at(s + MINUTE, 2), second = number_at(s + SECOND, 2);
    if (month == 12 || day < 1 || day > 31 || year < 1970 || hour > 23 || minute > 59 || second > 60)
        return -1;
    return days_from_civil(year, month + 1, day) * 86400 + hour * 3600 + minute * 60 + second;
}
