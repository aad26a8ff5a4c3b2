// From the scan codes of a PC keyboard (set 1) to keys, US layout. Pure.
#ifndef URLBOOT_KERNEL_SCANCODE_H
#define URLBOOT_KERNEL_SCANCODE_H

#include <stdbool.h>
#include <stdint.h>

struct scancode_state {   // all zero: nothing is pressed
    bool shift_left, shift_right, control, control_right, caps_down, caps_lock;
    bool extended;        // E0 came before
    unsigned skip;        // bytes of the Pause key still to come
};

// Takes one byte from the keyboard. Returns the key that it completes, as console_key() describes it (Ctrl
// with a letter as 1..26), or -1. The keypad gives digits; cursor keys of it come as those beside it.
// Example: scancode_key(&state, 0x1e) is 'a'.
int scancode_key(struct scancode_state *state, uint8_t code);

#endif
