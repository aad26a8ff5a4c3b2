// Where the cycles of a download go (option `profile`): the code marks when it enters and leaves a stage of
// the receive path, and each cycle is booked on the innermost stage. Off, a mark is one test of a pointer.
// Pure: the clock is a parameter.
//
// Example:
//     profile_enter(PROFILE_INPUT);
//     netif->input(frame, netif);      // what this enters in turn is not booked on PROFILE_INPUT
//     profile_leave();
#ifndef URLBOOT_KERNEL_PROFILE_H
#define URLBOOT_KERNEL_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum profile_stage {
    PROFILE_WAIT,       // turns of the loop that brought nothing, and halts
    PROFILE_LOOP,       // the loop around the drivers: timers, link checks
    PROFILE_DRIVER,     // a driver's poll
    PROFILE_INPUT,      // lwIP takes a frame in; builds acknowledgements
    PROFILE_SEND,       // a driver's transmit
    PROFILE_HTTP,       // what is in none of the others: HTTP, streams, progress
    PROFILE_HASH,       // SHA-256
    PROFILE_SINK,       // the body's way to its place, copy included
    PROFILE_RETURN,     // buffers go back to the driver, the window opens again
    PROFILE_STAGES
};

enum profile_event {
    PROFILE_BYTES,      // of received frames
    PROFILE_EMPTY,      // turns of the loop without a frame
    PROFILE_DOORBELLS,  // rung by drivers that count them
    PROFILE_EVENTS
};

#define PROFILE_DEPTH 8

struct profile {
    uint64_t (*clock)(void);
    uint64_t begin, since;                // clock at the start, and when the innermost stage was entered
    uint64_t cycles[PROFILE_STAGES];
    uint64_t entries[PROFILE_STAGES];     // how often each was entered: turns, frames sent, body pieces
    uint64_t events[PROFILE_EVENTS];
    uint64_t frames, most_frames;         // received in all turns; in one turn
    uint64_t turn[PROFILE_STAGES];        // cycles[] when the turn began, of the stages it is made of
    unsigned depth;
    uint8_t stages[PROFILE_DEPTH];        // the stages entered, innermost last
};

// What profile_start() got, NULL while nothing is measured.
extern struct profile *profile_running;

// Zeroes *p and measures into it from now on, in PROFILE_HTTP. Every profile_leave() before profile_stop()
// belongs to a profile_enter() after this. `clock` counts anything, upward.
void profile_start(struct profile *p, uint64_t (*clock)(void));

// Ends the measurement; does nothing when none runs.
void profile_stop(void);

// profile_enter(), profile_leave() and profile_leave_turn() while a measurement runs.
void profile_push(enum profile_stage stage);
void profile_pop(void);
void profile_pop_turn(unsigned frames);

// Writes line `index` of the result into out[size]: a head with the whole, one line a stage, the events.
// `us` is how long it took, for milliseconds; the body had `bytes`. False past the last line.
// Example:
//     for (unsigned i = 0; profile_format(&p, i, us, bytes, line, sizeof(line)); i++)
//         log_info("%s", line);
bool profile_format(const struct profile *p, unsigned index, uint64_t us, uint64_t bytes, char *out,
                    size_t size);

// From here to the matching profile_leave() cycles are booked on `stage`, but for stages entered inside.
static inline void profile_enter(enum profile_stage stage)
{
    if (__builtin_expect(profile_running != NULL, 0))
        profile_push(stage);
}

static inline void profile_leave(void)
{
    if (__builtin_expect(profile_running != NULL, 0))
        profile_pop();
}

// Leaves PROFILE_LOOP at the end of a turn that brought `frames`. Without any, all of the turn was waiting.
static inline void profile_leave_turn(unsigned frames)
{
    if (__builtin_expect(profile_running != NULL, 0))
        profile_pop_turn(frames);
}

// Counts `n` more of `event`.
static inline void profile_count(enum profile_event event, uint64_t n)
{
    if (__builtin_expect(profile_running != NULL, 0))
        profile_running->events[event] += n;
}

#endif
