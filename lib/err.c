// The error table's texts and the one recorded reason (lib/err.h). One reason is enough: whoever fails later
// knows less about the cause, so callers that add context record it anew with fail().
#include "lib/err.h"  // ERR_TABLE
#include "lib/plain.h"  // make_plain

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

struct err_text {
    int err;
    const char *name, *meaning, *advice;
};

#define ERR_TEXT(constant, value, name, meaning, advice) {constant, name, meaning, advice},
static const struct err_text texts[] = {ERR_TABLE(ERR_TEXT)};
#undef ERR_TEXT

static const struct err_text unknown = {
    0, "UnknownError", "something failed", "report it with the log above",
};

static struct fail_record newest;

static const struct err_text *text_of(int err)
{
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (texts[i].err == err)
            return &texts[i];
    return &unknown;
}

const char *err_name(int err)
{
    return text_of(err)->name;
}

const char *err_meaning(int err)
{
    return text_of(err)->meaning;
}

const char *err_advice(int err)
{
    return text_of(err)->advice;
}

int fail(int err, const char *format, ...)
{
    char text[FAIL_DETAIL_MAX];  // arguments may point into what is recorded
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    make_plain(text);       // part of it is a server's or a file's word
    snprintf(newest.detail, sizeof(newest.detail), "%s", text);
    newest.advice = NULL;
    if (err != ERR_HTTP_STATUS)
        newest.http_code = 0;
    return err;
}

int fail_http_status(unsigned code, const char *host_and_path)
{
    newest.http_code = code;
    return fail(ERR_HTTP_STATUS, "%s: HTTP status %u", host_and_path, code);
}

int fail_try(int err, const char *what)
{
    newest.advice = what;
    return err;
}

const char *fail_advice(int err)
{
    return newest.advice != NULL ? newest.advice : err_advice(err);
}

const char *fail_detail(void)
{
    return newest.detail;
}

unsigned fail_http_code(void)
{
    return newest.http_code;
}

void fail_clear(void)
{
    newest = (struct fail_record){0};
}

void fail_keep(struct fail_record *kept, int err)
{
    *kept = newest;
    kept->err = err;
}

int fail_again(const struct fail_record *kept)
{
    newest = *kept;
    return kept->err;
}
