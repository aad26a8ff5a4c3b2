// The firmware's HTTP client, one request at a time, without waiting: an operation is begun and then polled.
// Wrapped as a stream by net/uefi_stream.c, which nobody should need to look behind.
//
// Example:
//     err = efi_http_open(&h, &network, 20000);
//     err = efi_http_get(h, "http://10.0.0.1/x.iso", headers, count);
//     while ((done = efi_http_poll(h)) == 0) ...wait...
//     err = efi_http_read_head(h);  ...poll...  efi_http_head(h, text, size)
//     err = efi_http_read_body(h, buffer, size);  ...poll...  efi_http_length(h)
//     efi_http_close(h);
#ifndef URLBOOT_KERNEL_FIRMWARE_EFI_HTTP_H
#define URLBOOT_KERNEL_FIRMWARE_EFI_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EFI_HTTP_HEADERS_MAX 16

struct efi_http;
struct efi_network;  // kernel/firmware/efi_network.h

struct efi_header {
    const char *name, *value;
};

// Makes an HTTP instance on the controller and with the address that efi_network_up() gave. `timeout_ms`
// bounds what firmware waits for itself (name, handshake). 0, ERR_UEFI_OPERATION_FAILED, ERR_OUT_OF_HEAP.
int efi_http_open(struct efi_http **http, const struct efi_network *from, uint32_t timeout_ms);

// Begins a GET of an absolute URL. Headers are sent as they are, Host must be among them. Firmware resolves
// and connects before this returns. 0, ERR_SCHEME_UNSUPPORTED when its policy or its TLS does not
// want the server, ERR_DNS_LOOKUP_FAILED, ERR_CONNECTION_TIMEOUT, ERR_CONNECTION_REFUSED or
// ERR_UEFI_OPERATION_FAILED.
int efi_http_get(struct efi_http *http, const char *url, const struct efi_header *headers, unsigned count);

// Begins to wait for the answer's head.
int efi_http_read_head(struct efi_http *http);

// Begins to take at most `size` bytes of the body, raw: chunk framing is the caller's to remove. `buffer`
// must stay until efi_http_poll() says that it is done, or efi_http_close().
int efi_http_read_body(struct efi_http *http, void *buffer, size_t size);

// 1 when the operation begun last is done, 0 when it is not, or its error.
int efi_http_poll(struct efi_http *http);

// Writes the head that was read as HTTP/1.1 text with the empty line at its end. Its length, or
// ERR_INVALID_RESPONSE when it does not fit into text[size] or names a status that UEFI has no number for.
long efi_http_head(struct efi_http *http, char *text, size_t size);

// Bytes that came with the body read last, 0: the body is complete, as far as firmware knows.
size_t efi_http_length(const struct efi_http *http);

// Cancels what is under way and frees it all. False when firmware does not let go of the buffer that it was
// to fill: then it must stay for good.
bool efi_http_close(struct efi_http *http);

#endif
