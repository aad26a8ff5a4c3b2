// The firmware's HTTP as a stream. The request that our HTTP client writes becomes the firmware's, the answer
// comes back as HTTP/1.1 text: redirects, ranges, chunks and truncation are handled by the same code as on
// our own stack, and so are their errors.
#ifndef URLBOOT_NET_UEFI_STREAM_H
#define URLBOOT_NET_UEFI_STREAM_H

#include <stdint.h>

#include "net/stream.h"  // struct stream
#include "net/url.h"     // struct url

struct efi_network;      // kernel/firmware/efi_network.h

// Makes a stream to the server of `url`, http or https, from what efi_network_up() gave for its host. One
// request may be sent; firmware connects when its last line has come. `timeout_ms` bounds that. 0, or what
// efi_http_open() returns.
int uefi_stream_open(struct stream **stream, const struct url *url, const struct efi_network *from,
                     uint32_t timeout_ms);

#endif
