// Restarting the machine.
#ifndef URLBOOT_KERNEL_REBOOT_H
#define URLBOOT_KERNEL_REBOOT_H

// Restarts the machine: ACPI reset register, chipset reset port, keyboard controller, triple fault; each is
// given 100 ms to work.
__attribute__((noreturn)) void reboot_now(void);

// Waits until `key` gives a key (as console_key() does), at most `seconds`, with a countdown on the consoles,
// then restarts. Esc halts instead.
__attribute__((noreturn)) void reboot_after_key(unsigned seconds, int (*key)(void));

#endif
