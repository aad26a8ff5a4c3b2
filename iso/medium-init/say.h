// Telling the kernel log what was done.
#ifndef URLBOOT_MEDIUM_INIT_SAY_H
#define URLBOOT_MEDIUM_INIT_SAY_H

#include "iso/medium-init/sys.h"  // size

// Opens /dev/kmsg, once /dev is there. Without it, say() is silent.
void say_open(void);

// Writes one line "urlboot-init: ..." into the kernel log. The format knows %s (string) and %d (long).
// At most 200 bytes are kept.
//
// Example:
//     say("medium /dev/loop%d, %d bytes", index, length);
void say(const char *format, ...);

// As say(), as an error: the console shows it even with "quiet".
void complain(const char *format, ...);

// Writes each line of the file at `path` into the kernel log as "urlboot: ...", level debug: dmesg shows it,
// the console does not. Nothing happens when there is no such file.
void say_file(const char *path);

// Formats as say() does into out[room], NUL-terminated. Returns the length.
size format(char *out, size room, const char *format, ...);

#endif
