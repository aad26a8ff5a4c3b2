// Where the modelled card's cable ends: a TAP interface.
#ifndef URLBOOT_TESTS_MODELS_FRAME_PORT_H
#define URLBOOT_TESTS_MODELS_FRAME_PORT_H

#include <stdbool.h>
#include <stdint.h>

#define FRAME_ROOM 16384u

// Attaches to what `where` says, "tap:NAME". Returns a file descriptor that does not block, or -1 with the reason
// in errno.
int frame_port_open(const char *where);

// Takes a frame without its checksum into `frame` (FRAME_ROOM bytes). Returns its length, 0 when there is none, -1 when
// the port is gone.
int frame_port_receive(int fd, uint8_t *frame);

// Sends a frame. Returns false when the port did not take it.
bool frame_port_send(int fd, const uint8_t *frame, unsigned length);

#endif
