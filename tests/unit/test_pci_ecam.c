// Configuration space through the memory window of ECAM: which address is which register, and where it ends.

#include "drivers/pci/config.h"  // pci_config_init
#include "drivers/pci/pci.h"     // pci_read32
#include "kernel/acpi.h"         // acpi_info
#include "kernel/memory.h"       // paging_map_mmio

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

volatile void *paging_map_mmio(uint64_t phys, uint64_t length)
{
    (void)length;
    return (volatile void *)(uintptr_t)phys;
}

// The memory window, with one of segment 1 so that no port is touched.
static void test_ecam(void **state)
{
    uint8_t *window = aligned_alloc(MIB(1), MIB(2));
    struct pci_dev dev = {.segment = 1, .bus = 0x11, .device = 2, .function = 3};

    (void)state;
    assert_non_null(window);
    memset(window, 0xee, MIB(2));
    struct acpi_info acpi = {
        .ecam_count = 1,
        .ecam = {{.base = (uintptr_t)window - MIB(0x10), .segment = 1, .first_bus = 0x10, .last_bus = 0x11}},
    };
    pci_config_init(&acpi);
    uint8_t *config = window + MIB(1) + (2 << 15) + (3 << 12);
    memcpy(config + 0x100, "\x01\x02\x03\x04", 4);
    assert_int_equal(pci_read32(&dev, 0x100), 0x04030201);
    assert_int_equal(pci_read16(&dev, 0x102), 0x0403);
    assert_int_equal(pci_read8(&dev, 0x103), 0x04);
    pci_write16(&dev, 0xffe, 0xabee);
    pci_write16(&dev, 0xffc, 0xbeef);
    pci_write32(&dev, 0xff8, 0x12345678);
    assert_memory_equal(config + 0xff8, "\x78\x56\x34\x12\xef\xbe\xee\xab", 8);
    assert_int_equal(pci_read16(&dev, 4096), 0xffff);     // not the next function's
    dev.bus = 0x12;                                       // outside the window
    assert_int_equal(pci_read32(&dev, 0), 0xffffffff);
    pci_write32(&dev, 0, 0);
    assert_false(pci_config_reaches(1, 0x0f));
    assert_true(pci_config_reaches(1, 0x10));
    free(window);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_ecam)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
