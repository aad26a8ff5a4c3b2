// Serial ports ttyS0 to ttyS3, polled. Output waits for the wire or is queued; input is kept until asked for.
#ifndef URLBOOT_KERNEL_SERIAL_H
#define URLBOOT_KERNEL_SERIAL_H

#include <stdbool.h>
#include <stddef.h>

#define SERIAL_PORTS 4

// Opens `port` (0..3) with `baud`, 8 bits, no parity; again with another rate is allowed. False when no UART
// answers there, or `baud` does not divide 115200.
// Example: if (serial_open(0, 115200)) serial_write(0, "hello\r\n", 7);
bool serial_open(unsigned port, unsigned baud);

// Sends bytes as they are, behind what is queued, and returns when the UART has taken them (87 us a byte at
// 115200 baud); input that arrives meanwhile is kept. A UART that takes nothing for a second loses them. Does
// nothing on a port that is not open, as all functions below.
void serial_write(unsigned port, const char *bytes, size_t length);

// Queues bytes, which serial_read() sends as the UART has room, without waiting; for progress during a
// download. All or nothing: dropped when the queue has no room.
void serial_queue(unsigned port, const char *bytes, size_t length);

// The oldest byte received, -1 when there is none. Called at least once in 1.4 ms (16 bytes at 115200 baud),
// it loses none; 1024 are kept for a slow reader.
int serial_read(unsigned port);

#endif
