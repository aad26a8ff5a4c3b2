// See complaints.h. Tested: tests/unit/test_rtl_model.c.
#include "tests/models/complaints.h"  // complain

#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include "tests/models/trace.h"  // trace

#define KINDS 64u
#define LENGTH 160u

static struct {
    char text[LENGTH];
    uint64_t times;
} kinds[KINDS];

static unsigned count;
static uint64_t beyond;         // complaints of more kinds than there is room for

void complain(const char *format, ...)
{
    char text[LENGTH];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    trace("COMPLAINT %s", text);
    for (unsigned i = 0; i < count; i++) {
        if (strcmp(kinds[i].text, text) == 0) {
            kinds[i].times++;
            return;
        }
    }
    if (count == KINDS) {
        beyond++;
        return;
    }
    fprintf(stderr, "nicmodel: complaint: %s\n", text);
    memcpy(kinds[count].text, text, sizeof(text));
    kinds[count++].times = 1;
}

unsigned complaints_count(void)
{
    return count;
}

bool complaints_heard(const char *part)
{
    for (unsigned i = 0; i < count; i++)
        if (strstr(kinds[i].text, part) != NULL)
            return true;
    return false;
}

void complaints_print(FILE *out)
{
    fprintf(out, "complaints %u\n", count);
    for (unsigned i = 0; i < count; i++)
        fprintf(out, "  %llu x %s\n", (unsigned long long)kinds[i].times, kinds[i].text);
    if (beyond > 0)
        fprintf(out, "  %llu x of further kinds\n", (unsigned long long)beyond);
}

void complaints_forget(void)
{
    count = 0;
    beyond = 0;
}
