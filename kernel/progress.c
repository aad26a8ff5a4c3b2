// Formats the progress line. Sizes are in MiB (2^20), rates in MB/s (10^6), as download tools show them.

#include "kernel/progress.h"  // progress_format

#include <stdio.h>
#include <string.h>

#define TEXT_MAX 160
#define BAR_MIN 8          // narrower bars say nothing
#define BAR_MAX 30
#define MIB_BYTES (1ull << 20)
#define MB_BYTES 1000000ull
#define ETA_MAX_S 359999   // 99:59:59

// n / unit with one decimal.
static int tenths(char *out, size_t size, uint64_t n, uint64_t unit)
{
    return snprintf(out, size, "%llu.%llu", (unsigned long long)(n / unit),
                    (unsigned long long)(n % unit * 10 / unit));
}

static void format_eta(char *out, size_t size, uint64_t left, uint64_t bytes_per_s)
{
    uint64_t s = bytes_per_s == 0 ? ETA_MAX_S + 1 : left / bytes_per_s;

    if (s > ETA_MAX_S)
        snprintf(out, size, "ETA -:--");
    else if (s >= 3600)
        snprintf(out, size, "ETA %llu:%02llu:%02llu", (unsigned long long)(s / 3600),
                 (unsigned long long)(s / 60 % 60), (unsigned long long)(s % 60));
    else
        snprintf(out, size, "ETA %llu:%02llu", (unsigned long long)(s / 60), (unsigned long long)(s % 60));
}

static void format_bar(char *out, size_t width, uint64_t done, uint64_t total)
{
    size_t inside = width - 3;   // brackets and the blank behind
    size_t filled = done >= total ? inside : (size_t)(done / ((total + inside - 1) / inside));

    out[0] = '[';
    memset(out + 1, ' ', inside);
    memset(out + 1, '=', filled);
    if (filled > 0 && filled < inside)
        out[filled] = '>';
    out[inside + 1] = ']';
    out[inside + 2] = ' ';
    out[inside + 3] = '\0';
}

void progress_format(char *out, size_t size, uint64_t done, uint64_t total, uint64_t bytes_per_s,
                     const char *through)
{
    char text[TEXT_MAX], bar[BAR_MAX + 1] = "", have[24], whole[24], rate[24], eta[24];

    tenths(have, sizeof(have), done, MIB_BYTES);
    tenths(rate, sizeof(rate), bytes_per_s, MB_BYTES);
    if (total == UINT64_MAX) {
        snprintf(text, sizeof(text), "%s MiB %s MB/s (%s)", have, rate, through);
    } else {
        tenths(whole, sizeof(whole), total, MIB_BYTES);
        format_eta(eta, sizeof(eta), total > done ? total - done : 0, bytes_per_s);
        uint64_t percent = total == 0 ? 100 : total < MB_BYTES ? done * 100 / total : done / (total / 100);
        snprintf(text, sizeof(text), "%s/%s MiB %llu %% %s MB/s %s (%s)", have, whole,
                 (unsigned long long)(percent > 100 ? 100 : percent), rate, eta, through);
        size_t room = size - 1 > strlen(text) ? size - 1 - strlen(text) : 0;
        if (room >= BAR_MIN)
            format_bar(bar, room < BAR_MAX ? room : BAR_MAX, done, total);
    }
    snprintf(out, size, "%s%s", bar, text);
}
