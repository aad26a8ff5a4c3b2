// kernel/linux/image.c: any bytes as a kernel file, in one piece and cut in two at a place the input chooses.
#include "kernel/linux/image.h"  // linux_kernel_info

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct linux_kernel_info one, two;
    uint8_t header[2][SETUP_HEADER_ROOM];

    if (size < 2)
        return 0;
    size_t cut = (size_t)(data[0] | data[1] << 8) % (size - 1);
    data += 2;
    size -= 2;
    const struct linux_piece whole = { data, size, true };
    const struct linux_piece halves[2] = { { data, cut < size ? cut : size, false },
                                           { data + (cut < size ? cut : size), size - (cut < size ? cut : size),
                                             true } };
    int rc = linux_kernel_info(&whole, 1, &one);
    if (linux_kernel_info(halves, 2, &two) != rc || memcmp(&one, &two, sizeof(one)) != 0)
        abort();
    if (image_setup_header(&whole, 1, header[0]) != image_setup_header(halves, 2, header[1]))
        abort();
    // What is accepted can be placed: the file holds what the header says.
    if (rc == 0 && (one.setup_size + one.image_size != size || one.alignment == 0 || one.init_size == 0 ||
                    (one.alignment & (one.alignment - 1)) != 0 || memchr(one.version, 0, 64) == NULL))
        abort();
    return 0;
}
