// What we add to DHCP and read from it beside lwIP's own options: who asks, and the boot URL.
#ifndef URLBOOT_NET_DHCP_OPTIONS_H
#define URLBOOT_NET_DHCP_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

// Copies text[length] into out[size] when it is a boot URL: printable ASCII without blanks, "http://" or
// "https://" in front (any case), short enough with its NUL; zero bytes at the end do not count. Else `out`
// is left alone and the result is false. Example: boot_url_copy(out, sizeof(out), option, option_length)
bool boot_url_copy(char *out, size_t size, const char *text, size_t length);

#endif
