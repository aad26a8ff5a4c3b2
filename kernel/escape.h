// Turns the bytes of a serial terminal into keys: escape sequences of arrow and editing keys, line ends,
// Backspace. Pure. Spec: ECMA-48 §5.4 (control sequences); xterm's and the VT220's key codes.
//
// Example:
//     struct escape e = {0};
//     int key = escape_key(&e, serial_read(0), now_us());
#ifndef URLBOOT_KERNEL_ESCAPE_H
#define URLBOOT_KERNEL_ESCAPE_H

#include <stdint.h>

#define ESCAPE_TIMEOUT_US 50000   // a terminal sends a sequence at once: 4 bytes take 33 ms at 1200 baud

enum escape_state { ESCAPE_NONE, ESCAPE_BEGUN, ESCAPE_CSI, ESCAPE_ONE_MORE };

struct escape {                   // all zero: nothing received yet
    enum escape_state state;
    uint64_t since;               // when its latest byte came, us
    unsigned number;              // first parameter of the control sequence
    unsigned parameters;          // how many parameters were begun after the first
    int last;                     // byte before this one
};

// Takes a byte, or -1 when there is none at the moment, at the time `now` in us. Returns a key as
// console_key() does, or -1: there is none, or not yet. An Escape alone is known by the silence after it,
// so it takes calls with -1. Sequences of other keys vanish.
int escape_key(struct escape *e, int byte, uint64_t now);

#endif
