// Fuzzes what boot loaders leave in memory: the first byte picks the door, the rest is physical memory from
// 0x1000 on.

#include "boot/doors.h"  // mb2_parse

#include <stdlib.h>
#include <string.h>

#define AT 0x1000u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int (*const parsers[])(const struct phys_view *, uint64_t, struct boot_info *) = {mb2_parse, mb1_parse,
                                                                                          pvh_parse};
    static struct boot_info info;

    if (size < 1)
        return 0;
    uint8_t *memory = calloc(1, AT + size - 1);
    memcpy(memory + AT, data + 1, size - 1);
    struct phys_view view = {.base = memory, .length = AT + size - 1};
    memset(&info, 0, sizeof(info));
    parsers[data[0] % 3](&view, AT, &info);
    free(memory);
    return 0;
}
