// The words of the wire's command line.
#ifndef URLBOOT_TESTS_WIRE_SETTINGS_H
#define URLBOOT_TESTS_WIRE_SETTINGS_H

#include <stddef.h>

#include "tests/wire/line.h"  // struct line_settings

struct settings {
    const char *tap;             // name of a TAP interface in this network namespace
    const char *listen;          // abstract name of the Unix socket that QEMU connects to
    struct line_settings down;   // from the TAP to the machine
    struct line_settings up;     // from the machine to the TAP
};

// Reads words like "tap=NAME" and "loss=1000"; "down-loss=" and "up-loss=" set one direction. Returns true, or
// false with a sentence in `error`. The strings stay the words' own.
bool settings_read(struct settings *settings, int count, char *const *words, char *error, size_t size);

// All words with their units, one a line, for people.
const char *settings_help(void);

#endif
