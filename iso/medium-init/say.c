// The kernel log: our own lines, and the lines urlboot had logged before Linux ran.
// Spec: Documentation/ABI/testing/dev-kmsg: one write is one record, "<level>" in front.

#include "iso/medium-init/say.h"  // say

#include <linux/fcntl.h>
#include <stdarg.h>

#define LINE_MAX 240
#define LEVEL_ERROR "<3>urlboot-init: "  // shown even with "quiet"
#define LEVEL_INFO "<6>urlboot-init: "
#define LEVEL_DEBUG "<7>urlboot: "
#define RATE_LIMIT "/proc/sys/kernel/printk_devkmsg"  // ten lines in five seconds, unless it says "on"

static long kmsg = -1;

static size append(char *out, size room, size at, const char *text)
{
    while (*text != '\0' && at + 1 < room)
        out[at++] = *text++;
    return at;
}

static size append_number(char *out, size room, size at, long value)
{
    char digits[24];
    size i = sizeof(digits) - 1;
    unsigned long rest = value < 0 ? -(unsigned long)value : (unsigned long)value;

    digits[i] = '\0';
    do {
        digits[--i] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest != 0);
    if (value < 0)
        digits[--i] = '-';
    return append(out, room, at, digits + i);
}

static size format_list(char *out, size room, const char *text, va_list list)
{
    size at = 0;

    for (; *text != '\0'; text++) {
        char one[2] = { *text, '\0' };
        if (*text != '%') {
            at = append(out, room, at, one);
            continue;
        }
        text++;
        if (*text == 'd')
            at = append_number(out, room, at, va_arg(list, long));
        else
            at = append(out, room, at, va_arg(list, const char *));
    }
    out[at] = '\0';
    return at;
}

size format(char *out, size room, const char *text, ...)
{
    va_list list;

    va_start(list, text);
    size length = format_list(out, room, text, list);
    va_end(list);
    return length;
}

void say_open(void)
{
    if (kmsg < 0)
        kmsg = sys_open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
}

static void write_line(const char *level, const char *text, va_list list)
{
    char line[LINE_MAX];
    size at = append(line, sizeof(line), 0, level);

    at += format_list(line + at, sizeof(line) - at - 1, text, list);
    line[at++] = '\n';
    sys_write(kmsg, line, at);
}

void say(const char *text, ...)
{
    va_list list;

    va_start(list, text);
    write_line(LEVEL_INFO, text, list);
    va_end(list);
}

void complain(const char *text, ...)
{
    va_list list;

    va_start(list, text);
    write_line(LEVEL_ERROR, text, list);
    va_end(list);
}

// Switches the rate limit of /dev/kmsg: writes `value`, and stores what was there in old[room].
static long set_rate_limit(const char *value, size length, char *old, size room)
{
    long fd = sys_open(RATE_LIMIT, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return 0;
    long got = old != 0 ? sys_read(fd, old, room) : 0;
    sys_close(fd);
    fd = sys_open(RATE_LIMIT, O_WRONLY | O_CLOEXEC);
    sys_write(fd, value, length);
    sys_close(fd);
    return got;
}

static void say_lines(long fd)
{
    char buffer[1024], line[LINE_MAX];
    size at = append(line, sizeof(line), 0, LEVEL_DEBUG);
    const size begin = at;
    long got;

    while ((got = sys_read(fd, buffer, sizeof(buffer))) > 0)
        for (long i = 0; i < got; i++) {
            if (at + 1 < sizeof(line) && buffer[i] != '\r' && buffer[i] != '\n')
                line[at++] = buffer[i];
            if (buffer[i] != '\n')
                continue;
            line[at++] = '\n';
            if (at > begin + 1)
                sys_write(kmsg, line, at);
            at = begin;
        }
    if (at > begin)
        sys_write(kmsg, line, at);
}

void say_file(const char *path)
{
    char old[16];
    long fd = sys_open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return;
    long old_length = set_rate_limit("on\n", 3, old, sizeof(old));
    say_lines(fd);
    if (old_length > 0)
        set_rate_limit(old, (size)old_length, 0, 0);
    sys_close(fd);
}
