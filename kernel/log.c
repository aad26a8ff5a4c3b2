// klog(): time stamp, consoles, ring. Lines look like Linux's: "[    1.234567] text".

#include "kernel/log_ring.h"  // log_ring_text
#include "kernel/console.h"   // console_write
#include "lib/clock.h"        // now_us
#include "lib/log.h"          // klog
#include "lib/plain.h"        // make_plain

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define LINE_MAX 288
#define MICROSECONDS 1000000ull

static char ring[LOG_RING_SIZE];
static size_t used;
static bool show_debug;

static const char *const prefix[] = {
    [LOG_ERROR] = "error: ",
    [LOG_WARN] = "warning: ",
    [LOG_INFO] = "",
    [LOG_DEBUG] = "",
};

// The ring is kept as plain text: when it is full its older half goes, up to a line's end.
static void keep(const char *line, size_t length)
{
    if (used + length > sizeof(ring)) {
        size_t cut = sizeof(ring) / 2;
        while (cut < used && ring[cut - 1] != '\n')
            cut++;
        memmove(ring, ring + cut, used - cut);
        used -= cut;
    }
    memcpy(ring + used, line, length);
    used += length;
}

void klog(enum log_level level, const char *format, ...)
{
    char line[LINE_MAX];
    uint64_t now = now_us();
    va_list args;

    int head = snprintf(line, sizeof(line), "[%5llu.%06llu] %s", (unsigned long long)(now / MICROSECONDS),
                        (unsigned long long)(now % MICROSECONDS), prefix[level]);
    size_t room = sizeof(line) - (size_t)head - 1;
    va_start(args, format);
    int body = vsnprintf(line + head, room, format, args);
    va_end(args);
    make_plain(line + head);  // one line, whatever a server or a file has put into it
    size_t length = (size_t)head + (body < 0 ? 0 : (size_t)body >= room ? room - 1 : (size_t)body);
    line[length++] = '\n';
    keep(line, length);
    if (level != LOG_DEBUG || show_debug)
        console_write(line, length);
}

void log_show_debug(bool show)
{
    show_debug = show;
}

const char *log_ring_text(size_t *length)
{
    *length = used;
    return ring;
}

const char *log_ring_tail(unsigned lines, size_t *length)
{
    size_t start = used;

    while (start > 0 && lines > 0) {
        start--;
        if (start == 0 || ring[start - 1] == '\n')
            lines--;
    }
    *length = used - start;
    return ring + start;
}
