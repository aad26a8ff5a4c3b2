// Any bytes as the physical memory around an RSDP: no read outside, no endless walk. Checksums are repaired
// for half of the inputs, or nothing behind the RSDP would ever be reached.

#include "kernel/acpi.h"  // acpi_parse

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define BASE 0x1000u        // physical address of the input's first byte
#define COPIES_MAX 4096u

static uint8_t *memory;
static size_t memory_size;
static int repair;
static void *copies[COPIES_MAX];
static unsigned copy_count;

// Makes the bytes sum to zero by changing the checksum byte at `sum_at`.
static void fix_sum(uint8_t *bytes, size_t length, size_t sum_at)
{
    uint8_t sum = 0;

    for (size_t i = 0; i < length; i++)
        sum = (uint8_t)(sum + bytes[i]);
    bytes[sum_at] = (uint8_t)(bytes[sum_at] - sum);
}

// Every answer is a copy of exactly that length: overlapping tables must not see each other's repaired
// checksums, and a read behind the length that was asked for is found.
static const void *map(uint64_t address, uint32_t length)
{
    if (copy_count == COPIES_MAX || address < BASE || address - BASE > memory_size ||
        length > memory_size - (address - BASE))
        return NULL;
    uint8_t *bytes = malloc(length);
    memcpy(bytes, memory + (address - BASE), length);
    copies[copy_count++] = bytes;
    if (repair && length >= 36 && memcmp(bytes, "RSD PTR ", 8) != 0)
        fix_sum(bytes, length, 9);
    return bytes;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct acpi_info info;

    if (size < 37)
        return 0;
    repair = data[0] & 1;
    memory_size = size - 1;
    memory = malloc(memory_size);
    memcpy(memory, data + 1, memory_size);
    if (repair) {
        memcpy(memory, "RSD PTR ", 8);
        fix_sum(memory, 20, 8);
        fix_sum(memory, 36, 32);
    }
    if (acpi_parse(&info, BASE, map) == 0 && info.ecam_count > ACPI_ECAM_MAX)
        abort();
    for (unsigned i = 0; i < info.ecam_count; i++)
        if (info.ecam[i].first_bus > info.ecam[i].last_bus || info.ecam[i].base == 0)
            abort();
    while (copy_count > 0)
        free(copies[--copy_count]);
    free(memory);
    return 0;
}
