// A log of register accesses and what they caused, with time stamps; comparable between drivers.
#ifndef URLBOOT_TESTS_MODELS_TRACE_H
#define URLBOOT_TESTS_MODELS_TRACE_H

#include <stdbool.h>

// Writes the log to file `path` from now on. Returns false when it cannot be opened (errno says why).
bool trace_open(const char *path);

// Adds a line; nothing unless trace_open() was called.
void trace(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
