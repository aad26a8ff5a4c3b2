// The two ends of the wire: a TAP interface on one side, QEMU's `-netdev stream` on the other.
#ifndef URLBOOT_TESTS_WIRE_PORTS_H
#define URLBOOT_TESTS_WIRE_PORTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/wire/line.h"  // struct line

#define STREAM_BUFFER (512u * 1024)
#define BATCH 128u            // frames taken in or handed out before the other direction has its turn

// The connection to QEMU: each frame stands behind its length in 32 bits, most significant byte first.
struct stream {
    int fd;
    size_t have;                      // bytes in `buffer`, not yet a whole frame
    struct frame *out[BATCH];         // taken from the line, not yet (wholly) written
    unsigned out_count;
    size_t out_done;                  // bytes of out[0] that are written
    uint64_t full;                    // how often QEMU did not take all that was due
    uint64_t oversize;                // frames of the machine that were dropped for their length
    uint8_t buffer[STREAM_BUFFER];
};

struct tap {
    int fd;
    uint64_t refused;                 // frames that the kernel did not take
};

// Attaches to the TAP interface `name`. Returns a file descriptor, or -1 with the reason in errno and
// what failed in `*what`.
int tap_open(const char *name, const char **what);

// Listens at the abstract Unix address `name`. Returns as tap_open().
int stream_listen(const char *name, const char **what);

// How many frames the kernel has dropped because nobody took them from TAP interface `name` in time; 0 when
// that cannot be found out.
uint64_t tap_dropped(const char *name);

// Takes in frames of the TAP until there is none, at most BATCH. Returns their number, -1 when the TAP is gone.
int tap_receive(struct tap *tap, struct line *line, uint64_t (*clock)(void));

// Hands due frames to the TAP, at most BATCH. Returns their number.
int tap_send(struct tap *tap, struct line *line, uint64_t now);

// Takes in what QEMU has sent. Returns the number of frames, -1 when QEMU is gone or speaks nonsense.
int stream_receive(struct stream *s, struct line *line, uint64_t now);

// Sends due frames to QEMU, at most BATCH. Returns the number of those that are sent wholly, -1 when QEMU is
// gone. stream_is_full() tells that it takes no more at present.
int stream_send(struct stream *s, struct line *line, uint64_t now);

// Whether frames wait that QEMU did not take.
bool stream_is_full(const struct stream *s);

#endif
