// Asks the user for a URL.
#ifndef URLBOOT_KERNEL_ASK_H
#define URLBOOT_KERNEL_ASK_H

#include <stdbool.h>
#include <stddef.h>

// An editable line on serial, screen and keyboard; asks again until the text is a URL that can be fetched.
// 0 and the URL in url[size], or ERR_NO_URL when the user gives up with Escape or an empty line, or presses
// no key for five minutes: no machine is left waiting for somebody who is not there.
int ask_url(char *url, size_t size);

// The same on the firmware's console, while boot services live. With `optional` the question goes away after
// 3 seconds without a key, and an empty line means none: 0 with url[0] == '\0'.
int ask_url_on_firmware(char *url, size_t size, bool optional);

#endif
