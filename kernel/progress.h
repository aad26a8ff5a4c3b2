// The progress line.
#ifndef URLBOOT_KERNEL_PROGRESS_H
#define URLBOOT_KERNEL_PROGRESS_H

#include <stddef.h>
#include <stdint.h>

// Writes "[=====>     ] 123.4/456.0 MiB 27 % 88.1 MB/s ETA 0:04 (through)" into out[size], never longer than
// size - 1; the bar takes what room there is. `total` may be UINT64_MAX: then there is no bar, share or ETA.
// Pure.
// Example: progress_format(line, sizeof(line), 1 << 20, 4 << 20, 88100000, "native, virtio-net");
void progress_format(char *out, size_t size, uint64_t done, uint64_t total, uint64_t bytes_per_s,
                     const char *through);

#endif
