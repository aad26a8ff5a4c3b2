// The initrd: the ISO's own archives, then ours, in one run of RAM.
// Spec: Documentation/driver-api/early-userspace/buffer-format.rst: archives follow each other at multiples
// of 4 bytes, zeros between them are skipped, later files win; a trailer may be missing.
// Pure: writes to claimed memory only, builds on the host. Not handled: initrds that are no cpio archives.

#include "kernel/linux/initrd.h"    // initrd_build
#include "kernel/linux/claims.h"    // claims_take
#include "kernel/linux/cpio.h"      // cpio_file
#include "kernel/linux/init_blob.h" // medium_init_start
#include "kernel/memory.h"          // PAGE_SIZE
#include "lib/err.h"                // fail

#include <stdbool.h>
#include <string.h>

#define ISO_NAME "live.iso"
#define INIT_NAME "urlboot-init"
#define LOG_NAME "urlboot.log"
#define MODE_PROGRAM 0755u
#define MODE_FILE 0644u

struct plan {               // all in bytes
    uint64_t pieces;        // the ISO's initrd files, padded
    uint64_t head;          // our archive up to the ISO's contents, or all of it
    uint64_t iso, tail;     // the ISO and what follows it; 0 without medium.initrd
};

static uint64_t padded_pieces(const struct linux_request *request, uint8_t *out)
{
    uint64_t at = 0;

    for (unsigned i = 0; i < request->initrd_count; i++) {
        const struct linux_piece *piece = &request->initrd[i];
        if (out != NULL)
            memcpy(out + at, piece->data, piece->length);
        at += piece->length;
        if (!piece->file_end && i + 1 < request->initrd_count)
            continue;
        uint64_t padding = cpio_padding(at);
        if (out != NULL)
            memset(out + at, 0, padding);
        at += padding;
    }
    return at;
}

// Our archive up to where the ISO's contents begin. Returns its length; writes when out is not NULL.
static uint64_t write_head(const struct linux_request *request, uint8_t *out)
{
    struct cpio cpio = { .out = out };

    if (!request->medium.vmcore && !request->medium.initrd)
        return 0;
    cpio_file(&cpio, INIT_NAME, MODE_PROGRAM, medium_init_start,
              (uint64_t)(medium_init_end - medium_init_start));
    if (request->log_size != 0)
        cpio_file(&cpio, LOG_NAME, MODE_FILE, request->log, request->log_size);
    if (request->medium.initrd)
        cpio_header(&cpio, ISO_NAME, MODE_FILE, request->medium.length);
    else
        cpio_trailer(&cpio);
    return cpio.used;
}

// What follows the ISO: padding and the trailer.
static uint64_t write_tail(uint64_t iso_length, uint8_t *out)
{
    uint64_t padding = cpio_padding(iso_length);
    struct cpio cpio = { .out = out != NULL ? out + padding : NULL };

    if (out != NULL)
        memset(out, 0, padding);
    cpio_trailer(&cpio);
    return padding + cpio.used;
}

static struct plan make_plan(const struct linux_request *request)
{
    struct plan plan = { .pieces = padded_pieces(request, NULL), .head = write_head(request, NULL) };

    if (request->medium.initrd) {
        plan.iso = request->medium.length;
        plan.tail = write_tail(plan.iso, NULL);
    }
    return plan;
}

// The kernel's wish for low memory is fulfilled when possible, ignored where it says so.
static int claim_run(const struct linux_kernel_info *kernel, struct claims *claims, uint64_t length,
                     uint64_t *base)
{
    int rc = claims_take(claims, length, kernel->initrd_max + 1, "initrd", base);

    if (rc != 0 && kernel->above_4g)
        rc = claims_take(claims, length, UINT64_MAX, "initrd", base);
    return rc;
}

// True when the ISO can become part of the initrd where it lies; claims the RAM in front of it then.
static bool claim_around(const struct linux_request *request, const struct linux_kernel_info *kernel,
                         const struct plan *plan, struct claims *claims, uint64_t *base)
{
    const struct linux_medium *medium = &request->medium;
    uint64_t front = plan->pieces + plan->head;
    uint64_t room_end = medium->base;  // what lies below is not ours yet

    if (medium->base % CPIO_ALIGN != 0 || medium->base < front + MEM_LOW_END + PAGE_SIZE)
        return false;
    if (!kernel->above_4g && medium->base + plan->iso + plan->tail - 1 > kernel->initrd_max)
        return false;
    if (medium->header != 0 && medium->header + MEDIUM_HEADER_SIZE == medium->base)
        room_end = medium->header;
    // Linux frees the initrd in whole pages and complains when it does not begin with one.
    *base = (medium->base - front) & ~(PAGE_SIZE - 1);
    return *base >= room_end || claims_take_at(claims, *base, room_end - *base, "initrd") == 0;
}

static void build_around(const struct linux_request *request, const struct plan *plan, uint64_t base,
                         uint64_t *size)
{
    const struct linux_medium *medium = &request->medium;
    uint64_t gap = medium->base - plan->head - plan->pieces - base;
    // SAFETY: [base, medium->base) is claimed by claim_around() or is the medium's header region, and
    // [medium->base, + claimed) is the ISO's. The pieces lie in the ISO or in other claimed memory.
    uint8_t *out = (uint8_t *)(uintptr_t)base;

    memset(out, 0, gap);
    padded_pieces(request, out + gap);
    write_head(request, out + gap + plan->pieces);
    *size = medium->base + plan->iso - base;
    if (medium->claimed - medium->length >= plan->tail) {
        write_tail(plan->iso, (uint8_t *)(uintptr_t)(medium->base + plan->iso));
        *size += plan->tail;
    }
}

static void build_copy(const struct linux_request *request, const struct plan *plan, uint64_t base)
{
    // SAFETY: claim_run() claimed the lengths of the whole plan at base.
    uint8_t *out = (uint8_t *)(uintptr_t)base;

    padded_pieces(request, out);
    write_head(request, out + plan->pieces);
    if (plan->iso == 0)
        return;
    uint8_t *iso = out + plan->pieces + plan->head;
    memcpy(iso, (const void *)(uintptr_t)request->medium.base, plan->iso);
    write_tail(plan->iso, iso + plan->iso);
}

int initrd_build(const struct linux_request *request, const struct linux_kernel_info *kernel,
                 struct claims *claims, uint64_t *base, uint64_t *size)
{
    struct plan plan = make_plan(request);

    *base = 0;
    *size = plan.pieces + plan.head + plan.iso + plan.tail;
    if (*size == 0)
        return 0;
    if (request->medium.initrd && claim_around(request, kernel, &plan, claims, base)) {
        build_around(request, &plan, *base, size);
        return 0;
    }
    if (claim_run(kernel, claims, *size, base) == 0) {
        build_copy(request, &plan, *base);
        return 0;
    }
    return fail(request->medium.initrd ? ERR_MEDIUM_IMPOSSIBLE : ERR_NOT_ENOUGH_MEMORY,
                "the initrd%s needs %llu MiB in one run, %llu MiB are free",
                request->medium.initrd ? " with the ISO in it" : "",
                (unsigned long long)((*size + MIB(1) - 1) / MIB(1)),
                (unsigned long long)(memmap_free_ram() / MIB(1)));
}
