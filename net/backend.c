// The chain of backends (contract: net/backend.h). Order and reasons only: what a backend does is its own.
#include "net/backend.h"  // backends_first

#include <stdio.h>
#include <string.h>

#include "lib/err.h"  // fail
#include "lib/log.h"  // log_warn

#define REASONS_MAX 200

static void leave(struct backends *b, int err)
{
    snprintf(b->record[b->at].why, sizeof(b->record[b->at].why), "%s%s%s", err < 0 ? err_name(err) : "",
             err < 0 ? ": " : "", fail_detail());
    b->record[b->at].left = true;
}

static bool tried_any(const struct backends *b)
{
    for (unsigned i = 0; i < b->count; i++)
        if (b->record[i].tried)
            return true;
    return false;
}

// The reasons of all that were tried, or when none was, of all: for the error that is shown, with its advice.
static int none_left(const struct backends *b, int err, const char *advice)
{
    char reasons[REASONS_MAX] = "";
    size_t used = 0;
    bool tried = tried_any(b);

    if (b->count < 2)
        return err;
    for (unsigned i = 0; i < b->count && used < sizeof(reasons); i++)
        if (b->record[i].tried || !tried)
            used += (size_t)snprintf(reasons + used, sizeof(reasons) - used, "%s%s: %s", used > 0 ? "; " : "",
                                     b->list[i]->name, b->record[i].why);
    return fail_try(fail(err, "%s", reasons), advice);
}

unsigned backend_needs(const struct url *url)
{
    return (url->scheme == URL_HTTPS ? BACKEND_HTTPS : 0u) | (url->host_is_ipv6 ? BACKEND_IPV6 : 0u);
}

int backend_lacks(unsigned offers, unsigned needs)
{
    unsigned missing = needs & ~offers;

    if (missing & BACKEND_HTTPS)
        return fail(ERR_SCHEME_UNSUPPORTED, "https:// needs TLS, which is not built in");
    if (missing & BACKEND_IPV6)
        return fail_try(fail(ERR_UNSUPPORTED,
                             "the URL has an IPv6 address, and our own stack knows IPv4 only"),
                        "use the server's name or IPv4 address; on UEFI the firmware's HTTP may know IPv6");
    return 0;
}

static int is_available(const struct backends *b, const struct backend *backend, unsigned needs)
{
    int err = backend_lacks(backend->offers, needs);

    return err == 0 && backend->available != NULL ? backend->available(b->ctx) : err;
}

// Brings up the one at b->at or one behind it. `worst` is the error to return when none is left: that of the
// last one that was tried, if any was.
static int bring_up(struct backends *b, int worst, unsigned needs)
{
    const char *advice = fail_advice(worst);

    for (; b->at < b->count; b->at++) {
        const struct backend *backend = b->list[b->at];
        int err = is_available(b, backend, needs);
        b->record[b->at].tried = err == 0;
        if (err == 0 && backend->up != NULL)
            err = backend->up(b->ctx);
        if (b->record[b->at].tried || !tried_any(b)) {
            worst = err;
            advice = fail_advice(err);
        }
        if (err == 0) {
            if (b->count > 1)
                log_info("backend: %s", backend->what);
            return 0;
        }
        leave(b, err);
        if (err == ERR_CANCELLED)
            return err;
        if (b->count > 1)
            log_warn("backend: not %s: %s", backend->what, b->record[b->at].why);
    }
    return none_left(b, worst, advice);
}

int backends_first(struct backends *b, unsigned needs)
{
    b->at = 0;
    memset(b->record, 0, sizeof(b->record));
    return bring_up(b, fail(ERR_NO_NIC_FOUND, "there is no backend to try"), needs);
}

int backends_next(struct backends *b, int err, unsigned needs)
{
    const struct backend *backend = b->list[b->at];

    leave(b, err);
    log_warn("backend: leaving %s: %s", backend->what, b->record[b->at].why);
    if (backend->down != NULL)
        backend->down(b->ctx);
    b->at++;
    return bring_up(b, err < 0 ? err : ERR_STALLED, needs);
}

const struct backend *backends_current(const struct backends *b)
{
    return b->at < b->count ? b->list[b->at] : NULL;
}

void backends_end(struct backends *b)
{
    const struct backend *backend = backends_current(b);

    if (backend != NULL && backend->down != NULL)
        backend->down(b->ctx);
    b->at = b->count;
}

bool backends_more(const struct backends *b, unsigned needs)
{
    // Asked when something has failed: the reason of that is not to be forgotten.
    struct fail_record kept;
    bool more = false;

    fail_keep(&kept, 0);
    for (unsigned i = b->at + 1; i < b->count && !more; i++)
        more = is_available(b, b->list[i], needs) == 0;
    fail_again(&kept);
    return more;
}
