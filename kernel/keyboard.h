// The PS/2 keyboard (or the firmware's imitation of one for USB keyboards), polled.
#ifndef URLBOOT_KERNEL_KEYBOARD_H
#define URLBOOT_KERNEL_KEYBOARD_H

#include <stdbool.h>

// Looks for the controller, and sees to it that it delivers scan codes of set 1. Takes 60 ms at most. False
// when there is none. Not while UEFI boot services live: the keyboard is the firmware's then.
bool keyboard_open(void);

// The next key as console_key() describes it, -1 when there is none. Never waits.
int keyboard_key(void);

#endif
