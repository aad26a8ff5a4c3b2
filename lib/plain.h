// Foreign text made safe to show: names in an ISO, a server's words. Terminals obey control characters, and
// those with eight bits also the bytes 0x80 to 0x9f (0x9b begins a sequence), which are parts of well-formed
// UTF-8, too.
#ifndef URLBOOT_LIB_PLAIN_H
#define URLBOOT_LIB_PLAIN_H

#include <stdbool.h>

// True for the characters that every terminal shows and none obeys: ASCII from blank to tilde.
static inline bool is_plain(char c)
{
    return c >= ' ' && c <= '~';
}

// Replaces every other character of a NUL-terminated line by '?'.
static inline void make_plain(char *line)
{
    for (; *line != '\0'; line++)
        if (!is_plain(*line))
            *line = '?';
}

#endif
