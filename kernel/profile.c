// The book of cycles behind the option `profile` (contract: kernel/profile.h).

#include "kernel/profile.h"  // profile_start

#include <stdio.h>
#include <string.h>

static const char *const names[PROFILE_STAGES] = {
    [PROFILE_WAIT] = "waiting",     [PROFILE_LOOP] = "loop", [PROFILE_DRIVER] = "driver",
    [PROFILE_INPUT] = "lwip input", [PROFILE_SEND] = "send", [PROFILE_HTTP] = "http",
    [PROFILE_HASH] = "hash",        [PROFILE_SINK] = "sink", [PROFILE_RETURN] = "return",
};

// What a turn of the loop without a frame passes through. Timers may send in one: that is no waiting.
static const enum profile_stage turn_stages[] = {PROFILE_LOOP, PROFILE_DRIVER, PROFILE_INPUT};
#define TURN_STAGES (sizeof(turn_stages) / sizeof(turn_stages[0]))

struct profile *profile_running;

// Books the time since the last change on the innermost stage. Deeper stages than are kept count as the last.
static void book(struct profile *p)
{
    uint64_t now = p->clock();
    unsigned top = p->depth < PROFILE_DEPTH ? p->depth : PROFILE_DEPTH - 1;

    p->cycles[p->stages[top]] += now - p->since;
    p->since = now;
}

void profile_start(struct profile *p, uint64_t (*clock)(void))
{
    memset(p, 0, sizeof(*p));
    p->clock = clock;
    p->stages[0] = PROFILE_HTTP;
    p->begin = p->since = clock();
    profile_running = p;
}

void profile_stop(void)
{
    if (profile_running != NULL)
        book(profile_running);
    profile_running = NULL;
}

void profile_push(enum profile_stage stage)
{
    struct profile *p = profile_running;

    book(p);
    p->entries[stage]++;
    if (++p->depth < PROFILE_DEPTH)
        p->stages[p->depth] = (uint8_t)stage;
    if (stage != PROFILE_LOOP)
        return;
    for (unsigned i = 0; i < TURN_STAGES; i++)
        p->turn[turn_stages[i]] = p->cycles[turn_stages[i]];
}

void profile_pop(void)
{
    struct profile *p = profile_running;

    book(p);
    // Never below the ground, should a leave have lost its enter.
    if (p->depth > 0)
        p->depth--;
}

void profile_pop_turn(unsigned frames)
{
    struct profile *p = profile_running;

    profile_pop();
    p->frames += frames;
    p->most_frames = frames > p->most_frames ? frames : p->most_frames;
    if (frames > 0)
        return;
    p->events[PROFILE_EMPTY]++;
    for (unsigned i = 0; i < TURN_STAGES; i++) {
        enum profile_stage stage = turn_stages[i];
        p->cycles[PROFILE_WAIT] += p->cycles[stage] - p->turn[stage];
        p->cycles[stage] = p->turn[stage];
    }
}

// ---- what is shown ----------------------------------------------------------------------------------

// a / b, 0 when there is nothing to divide by.
static unsigned long long per(uint64_t a, uint64_t b)
{
    return b != 0 ? a / b : 0;
}

static void format_stage(const struct profile *p, enum profile_stage stage, uint64_t us, uint64_t bytes,
                         char *out, size_t size)
{
    uint64_t total = p->since - p->begin, cycles = p->cycles[stage];
    // In MHz and KiB, so that no product overflows: a download of hours has 10^14 cycles.
    unsigned long long tenths_ms = per(cycles, per(total, us) * 100), permille = per(cycles, total / 1000);

    snprintf(out, size, "  %-10s %3llu.%llu %% %7llu.%llu ms %7llu cycles a KiB %7llu a frame", names[stage],
             permille / 10, permille % 10, tenths_ms / 10, tenths_ms % 10, per(cycles, bytes / 1024),
             per(cycles, p->frames));
}

static bool format_events(const struct profile *p, unsigned index, char *out, size_t size)
{
    const uint64_t *n = p->events, *entries = p->entries;

    if (index == 0)
        snprintf(out, size, "  %llu frames with %llu bytes received, %llu frames sent, %llu pieces written",
                 (unsigned long long)p->frames, (unsigned long long)n[PROFILE_BYTES],
                 (unsigned long long)entries[PROFILE_SEND], (unsigned long long)entries[PROFILE_SINK]);
    else if (index == 1)
        snprintf(out, size, "  %llu turns, %llu of them empty, at most %llu frames in one, %llu doorbells",
                 (unsigned long long)entries[PROFILE_LOOP], (unsigned long long)n[PROFILE_EMPTY],
                 (unsigned long long)p->most_frames, (unsigned long long)n[PROFILE_DOORBELLS]);
    return index < 2;
}

bool profile_format(const struct profile *p, unsigned index, uint64_t us, uint64_t bytes, char *out,
                    size_t size)
{
    uint64_t total = p->since - p->begin;

    if (index == 0) {
        snprintf(out, size, "profile of the download: %llu million cycles, %llu a microsecond",
                 (unsigned long long)(total / 1000000), per(total, us));
        return true;
    }
    if (index <= PROFILE_STAGES) {
        format_stage(p, index - 1, us, bytes, out, size);
        return true;
    }
    return format_events(p, index - 1 - PROFILE_STAGES, out, size);
}
