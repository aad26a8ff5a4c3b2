// The console: serial (16550), VGA text and framebuffer at once, keyboard and serial input.
#ifndef URLBOOT_KERNEL_CONSOLE_H
#define URLBOOT_KERNEL_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>

struct boot_info;
struct options;

// Serial at 115200n8 on ttyS0 (only when a UART answers) and VGA text when the machine is in it. Works before
// any other set-up; nothing is mapped yet but the first 4 GiB.
void console_early_init(const struct boot_info *info);

// Applies console= and maps the framebuffer. After paging_init().
void console_init(const struct boot_info *info, const struct options *opt);

// Reads the PS/2 keyboard from here on. Not while boot services live: it is the firmware's.
void console_take_keyboard(void);

// Writes text; '\n' becomes CR LF on serial. '\r' returns to the start of the line, '\b' goes one place left,
// '\t' to the next multiple of 8; what else is not printable ASCII shows as '?'.
void console_write(const char *text, size_t length);

// Formatted console_write (printf), at most 512 bytes at a time.
__attribute__((format(printf, 1, 2))) void console_printf(const char *format, ...);

// Shows `text` as the one line that is rewritten in place (progress), at most 79 columns of it; "" clears
// it. The next log line comes below it. Does not wait for a serial line: console_key() sends what is left.
void console_status(const char *text);

// The next key, or -1 when there is none. Serial bytes and PS/2 keys (US layout) as ASCII; Enter is '\r',
// Backspace '\b', Escape 27; arrow and editing keys as the CONSOLE_KEY_* values.
enum { CONSOLE_KEY_LEFT = 256, CONSOLE_KEY_RIGHT, CONSOLE_KEY_HOME, CONSOLE_KEY_END, CONSOLE_KEY_DELETE };
int console_key(void);

#endif
