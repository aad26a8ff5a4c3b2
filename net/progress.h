// A sink that tells how far a download is, about four times a second.
#ifndef URLBOOT_NET_PROGRESS_H
#define URLBOOT_NET_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "net/download.h"  // struct download_progress
#include "net/sink.h"      // struct sink

#define PROGRESS_SAMPLES 16  // four seconds of them make the rate; power of two

struct progress_sink {
    struct sink sink;        // must be first
    struct sink *below;
    void (*tell)(void *ctx, const struct download_progress *p);
    void *ctx;
    uint64_t done, total;
    uint64_t ahead;          // bytes that are in their place before their turn
    uint64_t start_us;       // when the first byte came, 0 before
    uint64_t next_us;
    uint64_t unlooked;       // bytes since the last look at the clock
    struct { uint64_t us, done; } samples[PROGRESS_SAMPLES];
    unsigned sample_count;   // taken so far, free-running
};

// Prepares `p`. `tell` may be NULL: then it only passes on.
// Example: progress_sink_init(&p, below, show_line, console); get.sink = &p.sink;
void progress_sink_init(struct progress_sink *p, struct sink *below,
                        void (*tell)(void *ctx, const struct download_progress *p), void *ctx);

// What came ahead is not going to be handed on: the download begins anew where it had come to.
void progress_forget_ahead(struct progress_sink *p);

// Tells the figures when their time has come, though no byte came; called while a download waits, so that
// the rate falls and the line shows it.
void progress_tick(struct progress_sink *p);

#endif
