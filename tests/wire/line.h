// One direction of the wire: what happens to a frame between its two ends, by a clock that the caller turns.
// A frame passes, in this order: a port of a switch (rate, bounded queue, tail drop), then a path (loss,
// corruption, duplication, delay, extra delay for the reordered). Nothing here knows sockets or time of day.
//
// Example:
//     uint8_t *room = line_room(&line);
//     line_put(&line, read_a_frame_into(room), now);
//     while ((frame = line_take(&line, now)) != NULL) {
//         send(frame);
//         line_release(&line, frame);
//     }
#ifndef URLBOOT_TESTS_WIRE_LINE_H
#define URLBOOT_TESTS_WIRE_LINE_H

#include <stdbool.h>
#include <stdint.h>

#define FRAME_MAX 1522u       // MTU 1500, Ethernet header, two VLAN tags
#define FRAME_PREFIX 4u       // room in front of a frame for the length that QEMU wants there
#define MILLION 1000000u
#define NEVER UINT64_MAX

// Chances are parts per million of the frames. All zero: a line that only forwards.
struct line_settings {
    uint64_t delay_ns;
    uint64_t rate;            // bits per second as Ethernet counts them (line.c), 0: no limit
    uint64_t queue_bytes;     // what may wait for the rate, counted the same way; the rest is dropped
    uint64_t loss;
    uint64_t burst;           // mean number of frames lost in a row; 0 and 1: each one for itself
    uint64_t reorder;
    uint64_t reorder_ns;      // how much later than others the reordered are
    uint64_t duplicate;
    uint64_t corrupt;         // of the IPv4 frames: one flipped bit behind the Ethernet header
    uint64_t slots;           // frames there is memory for
    uint64_t seed;            // same seed, same frames: same decisions, whenever they come
};

struct frame {
    struct frame *next;
    uint64_t due;
    uint32_t length;
    uint8_t prefix[FRAME_PREFIX];  // directly before data
    uint8_t data[FRAME_MAX];
};

struct line_counters {
    uint64_t in_frames, in_bytes;
    uint64_t out_frames, out_bytes;
    uint64_t queue_full;      // dropped: the rate's queue was full
    uint64_t slots_full;      // dropped: no memory, since nobody takes the frames or there are too few slots
    uint64_t lost, reordered, duplicated, corrupted;
    uint64_t late_max_ns;     // the longest that a frame was taken after its time
    uint32_t slots_max;       // the most slots ever in use
};

struct frame_list {
    struct frame *first, *last;
};

struct line {
    struct line_settings settings;
    struct line_counters counters;
    struct frame *memory;
    struct frame *room;             // the next frame goes in here
    struct frame *free;
    uint32_t fresh;                 // slots of `memory` that have been used at least once
    uint32_t in_use;
    struct frame_list on_time, held;  // held: the reordered. Both in the order of their due times
    uint64_t random;
    bool in_burst;
    uint64_t busy_until, busy_rest;  // when the port has sent what it has; the rest in bits * ns
};

// Makes a line. Returns false when there is not enough memory; otherwise line_close() gives it back.
bool line_open(struct line *line, const struct line_settings *settings);

// Gives back a line's memory with the frames in it. A line that was never opened may be all zero.
void line_close(struct line *line);

// FRAME_MAX bytes where the next frame is to be written. Stays the same until line_put().
uint8_t *line_room(struct line *line);

// The frame in line_room(), `length` bytes of it (1..FRAME_MAX), arrives at time `now` (ns, never backwards).
void line_put(struct line *line, uint32_t length, uint64_t now);

// The next frame that has reached the other end by `now`, NULL when there is none. It is the caller's until
// line_release(), and stays counted as memory in use.
struct frame *line_take(struct line *line, uint64_t now);

// Gives a frame of line_take() back.
void line_release(struct line *line, struct frame *frame);

// When line_take() will have a frame; NEVER while the line is empty.
uint64_t line_next(const struct line *line);

#endif
