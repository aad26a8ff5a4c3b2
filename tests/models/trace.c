// See trace.h. A register access in the log costs a few microseconds, so timing under it is not that of without.
#include "tests/models/trace.h"  // trace

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include "lib/clock.h"  // now_us

static FILE *out;

bool trace_open(const char *path)
{
    out = fopen(path, "we");
    return out != NULL;
}

void trace(const char *format, ...)
{
    static uint64_t began;
    va_list args;
    uint64_t now;

    if (out == NULL)
        return;
    now = now_us();
    began = began == 0 ? now : began;
    fprintf(out, "%10.6f ", (double)(now - began) / 1e6);
    va_start(args, format);
    vfprintf(out, format, args);
    va_end(args);
    putc('\n', out);
}
