// A sink: where the bytes of a body go. The HTTP client calls begin once it knows what the server says
// about the length, write for every piece in ascending order, finish when the body is complete. Sinks
// stack: a digest or progress sink passes on to the one below.
#ifndef URLBOOT_NET_SINK_H
#define URLBOOT_NET_SINK_H

#include <stddef.h>
#include <stdint.h>

#define SINK_LENGTH_UNKNOWN UINT64_MAX

struct sink {
    // Total length of the body in bytes or SINK_LENGTH_UNKNOWN. Called once before the first byte is
    // taken from the network; a refusal (ERR_NOT_ENOUGH_MEMORY) costs nothing. Called again from the start
    // when a download is tried again from byte 0.
    int (*begin)(struct sink *sink, uint64_t length);
    // `length` bytes at `offset`. 0 or an error, which ends the download.
    int (*write)(struct sink *sink, uint64_t offset, const void *data, size_t length);
    // The body is complete with `length` bytes. 0 or an error (ERR_DIGEST_MISMATCH).
    int (*finish)(struct sink *sink, uint64_t length);
    // Optional, NULL: where bytes [offset, offset + length) of the body will lie, for a caller who has them
    // before their turn. It puts them there and hands them to write() later, in order, at that address. All
    // of the body lies in one piece: byte n is n bytes behind byte 0. NULL when there is no room (length not
    // known, or past the end).
    void *(*room)(struct sink *sink, uint64_t offset, size_t length);
};

#endif
