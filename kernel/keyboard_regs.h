// The keyboard controller's ports and commands. Spec: Intel 8042 as in the IBM PC AT Technical Reference,
// section "Keyboard controller".
#ifndef URLBOOT_KERNEL_KEYBOARD_REGS_H
#define URLBOOT_KERNEL_KEYBOARD_REGS_H

enum i8042_port {
    I8042_DATA = 0x60,
    I8042_STATUS = 0x64,               // read
        STATUS_OUTPUT_FULL = 0x01,     // a byte waits at I8042_DATA
        STATUS_INPUT_FULL = 0x02,      // it has not taken our last byte yet
        STATUS_FROM_MOUSE = 0x20,      // that byte is the second port's
        STATUS_ABSENT = 0xff,
    I8042_COMMAND = 0x64,              // write
        COMMAND_READ_MODE = 0x20,
        COMMAND_WRITE_MODE = 0x60,
            MODE_KEYBOARD_OFF = 0x10,
            MODE_TRANSLATE = 0x40,     // set 2 of the keyboard into set 1
};

#endif
