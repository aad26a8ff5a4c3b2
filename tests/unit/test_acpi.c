// ACPI tables: built in a fake physical memory, then cut short, corrupted, looped and misaligned.

#include "kernel/acpi.h"  // acpi_parse
#include "lib/err.h"      // ERR_UNSUPPORTED

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define MEMORY_SIZE 0x100000u     // addresses are offsets into this
#define RSDP_AT 0xf0010u          // where a BIOS could keep it
#define XSDT_AT 0x1004u           // not 8-byte aligned on purpose
#define RSDT_AT 0x1400u
#define MCFG_AT 0x2001u           // not aligned at all
#define FADT_AT 0x3000u
#define HPET_AT 0x2803u

static uint8_t memory[MEMORY_SIZE];
static uint64_t memory_end;       // what map() gives; lowered to cut tables off

static const void *map(uint64_t address, uint32_t length)
{
    return address && address < memory_end && length <= memory_end - address ? memory + address : NULL;
}

static void put(uint32_t at, uint64_t value, unsigned bytes)
{
    memcpy(memory + at, &value, bytes);
}

static void fix_sum(uint32_t at, uint32_t length, uint32_t sum_at)
{
    uint8_t sum = 0;

    memory[sum_at] = 0;
    for (uint32_t i = 0; i < length; i++)
        sum = (uint8_t)(sum + memory[at + i]);
    memory[sum_at] = (uint8_t)-sum;
}

static void table(uint32_t at, const char *signature, uint32_t length)
{
    memcpy(memory + at, signature, 4);
    put(at + 4, length, 4);
    fix_sum(at, length, at + 9);
}

static void mcfg_entry(unsigned index, uint64_t base, uint16_t segment, uint8_t first, uint8_t last)
{
    uint32_t at = MCFG_AT + 44 + 16 * index;

    put(at, base, 8);
    put(at + 8, segment, 2);
    memory[at + 10] = first;
    memory[at + 11] = last;
}

static void fadt(uint8_t space, uint64_t address, uint8_t value)
{
    put(FADT_AT + 76, 0x608, 4);
    memory[FADT_AT + 91] = 4;
    put(FADT_AT + 112, 1u << 10, 4);
    memory[FADT_AT + 116] = space;
    put(FADT_AT + 120, address, 8);
    memory[FADT_AT + 128] = value;
    table(FADT_AT, "FACP", 268);
}

static void rsdp(uint8_t revision)
{
    memcpy(memory + RSDP_AT, "RSD PTR ", 8);
    memory[RSDP_AT + 15] = revision;
    put(RSDP_AT + 16, RSDT_AT, 4);
    put(RSDP_AT + 20, 36, 4);
    put(RSDP_AT + 24, XSDT_AT, 8);
    fix_sum(RSDP_AT, 20, RSDP_AT + 8);
    fix_sum(RSDP_AT, 36, RSDP_AT + 32);
}

static int build(void **state)
{
    (void)state;
    memset(memory, 0, sizeof(memory));
    memory_end = MEMORY_SIZE;
    mcfg_entry(0, 0xb0000000, 0, 0, 255);
    mcfg_entry(1, 0x4000000000, 1, 0x40, 0x7f);
    table(MCFG_AT, "MCFG", 44 + 2 * 16);
    fadt(ACPI_SPACE_IO, 0xcf9, 6);
    put(XSDT_AT + 36, MCFG_AT, 8);
    put(XSDT_AT + 44, FADT_AT, 8);
    table(XSDT_AT, "XSDT", 36 + 16);
    put(RSDT_AT + 36, FADT_AT, 4);
    table(RSDT_AT, "RSDT", 36 + 4);
    rsdp(2);
    return 0;
}

static void test_xsdt(void **state)
{
    struct acpi_info info;

    (void)state;
    assert_int_equal(acpi_parse(&info, RSDP_AT, map), 0);
    assert_int_equal(info.ecam_count, 2);
    assert_int_equal(info.ecam[0].base, 0xb0000000);
    assert_int_equal(info.ecam[0].last_bus, 255);
    assert_int_equal(info.ecam[1].base, 0x4000000000);
    assert_int_equal(info.ecam[1].segment, 1);
    assert_int_equal(info.ecam[1].first_bus, 0x40);
    assert_true(info.has_reset);
    assert_int_equal(info.reset_space, ACPI_SPACE_IO);
    assert_int_equal(info.reset_address, 0xcf9);
    assert_int_equal(info.reset_value, 6);
    assert_int_equal(info.pm_timer_port, 0x608);
}

static void test_search(void **state)
{
    struct acpi_info info;

    (void)state;
    assert_int_equal(acpi_parse(&info, 0, map), 0);
    assert_int_equal(info.ecam_count, 2);
    memmove(memory + 0x9fc00, memory + RSDP_AT, 36);  // an EBDA
    memset(memory + RSDP_AT, 0, 36);
    assert_int_equal(acpi_parse(&info, 0, map), 0);
    assert_int_equal(info.ecam_count, 2);
    memory[0x9fc00]++;
    assert_int_equal(acpi_parse(&info, 0, map), ERR_UNSUPPORTED);
}

// Revision 0, a broken extended checksum and a broken XSDT all lead to the RSDT, which names no MCFG here.
static void test_rsdt(void **state)
{
    struct acpi_info info;

    (void)state;
    rsdp(0);
    assert_int_equal(acpi_parse(&info, RSDP_AT, map), 0);
    assert_int_equal(info.ecam_count, 0);
    assert_true(info.has_reset);
    rsdp(2);
    memory[RSDP_AT + 33]++;
    assert_int_equal(acpi_parse(&info, RSDP_AT, map), 0);
    assert_int_equal(info.ecam_count, 0);
    rsdp(2);
    memory[XSDT_AT + 36]++;
    assert_int_equal(acpi_parse(&info, RSDP_AT, map), 0);
    assert_int_equal(info.ecam_count, 0);
    memory[RSDT_AT + 36]++;
    assert_int_equal(acpi_parse(&info, RSDP_AT, map), ERR_UNSUPPORTED);
}

static void test_bad_tables(void **state)
{
    static const uint32_t lengths[] = {0, 35, 0x7fffffff, 0xffffffff, (1u << 20) + 1};
    struct acpi_info info;

    (void)state;
    memory[MCFG_AT + 50]++;  // checksum
    assert_int_equal(acpi_parse(&info, RSDP_AT, map), 0);
    assert_int_equal(info.ecam_count, 0);
    assert_true(info.has_reset);
    for (unsigned i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        put(MCFG_AT + 4, lengths[i], 4);
        assert_int_equal(acpi_parse(&info, RSDP_AT, map), 0);
        assert_int_equal(info.ecam_count, 0);
    }
}

static void test_bad_entries(void **state)
{
    struct acpi_info info;

    (void)state;
    mcfg_entry(0, 0, 0, 0, 255);             // no address
    mcfg_entry(1, 0x40000000, 1, 9, 8);      // backwards
    table(MCFG_AT, "MCFG", 44 + 2 * 16);
    assert_int_equal(acpi_parse(&info, RSDP_AT, map), 0);
    assert_int_equal(info.ecam_count, 0);
    mcfg_entry(0, 0x80001000, 0, 0, 255);    // not a bus's megabyte
    mcfg_entry(1, 0x80000000, 0, 0, 0);
    table(MCFG_AT, "MCFG", 44 + 2 * 16 - 1); // and half an entry at the end
    assert_int_equal(acpi_parse(&info, RSDP_AT, map), 0);
    assert_int_equal(info.ecam_count, 0);
}

static void test_many_entries(void **state)
{
    struct acpi_info info;

    (void)state;
    for (unsigned i = 0; i < ACPI_ECAM_MAX + 10; i++)
        mcfg_entry(i, 0x10000000ull * (i + 1), (uint16_t)i, 0, 255);
    table(MCFG_AT, "MCFG", 44 + (ACPI_ECAM_MAX + 10) * 16);
    assert_int_equal(acpi_parse(&info, RSDP_AT, map), 0);
    assert_int_equal(info.ecam_count, ACPI_ECAM_MAX);
}

static void test_fadt(void **state)
{
    struct acpi_info info;

    (void)state;
    fadt(ACPI_SPACE_MEMORY, 0xfed00000, 1);
    assert_int_equal(acpi_parse(&info, RSDP_AT, map), 0);
    assert_int_equal(info.reset_space, ACPI_SPACE_MEMORY);
    fadt(7, 0xcf9, 1);  // a space we do not know
    assert_int_equal(acpi_parse(&info, RSDP_AT, map), 0);
    assert_false(info.has_reset);
    fadt(ACPI_SPACE_IO, 0, 1);
    assert_int_equal(acpi_parse(&info, RSDP_AT, map), 0);
    assert_false(info.has_reset);
    fadt(ACPI_SPACE_IO, 0xcf9, 6);
    memory[FADT_AT + 208] = ACPI_SPACE_IO;  // the extended timer block wins
    put(FADT_AT + 212, 0x1808, 8);
    table(FADT_AT, "FACP", 268);
    assert_int_equal(acpi_parse(&info, RSDP_AT, map), 0);
    assert_int_equal(info.pm_timer_port, 0x1808);
    table(FADT_AT, "FACP", 116);  // ACPI 1.0
    assert_int_equal(acpi_parse(&info, RSDP_AT, map), 0);
    assert_false(info.has_reset);
    assert_int_equal(info.pm_timer_port, 0x608);
}

static void test_hpet(void **state)
{
    struct acpi_info info;

    (void)state;
    assert_int_equal(acpi_parse(&info, RSDP_AT, map), 0);
    assert_int_equal(info.hpet_base, 0);
    put(XSDT_AT + 52, HPET_AT, 8);
    table(XSDT_AT, "XSDT", 36 + 24);
    put(HPET_AT + 44, 0xfed00000, 8);
    table(HPET_AT, "HPET", 56);
    assert_int_equal(acpi_parse(&info, RSDP_AT, map), 0);
    assert_int_equal(info.hpet_base, 0xfed00000);
    assert_int_equal(info.pm_timer_port, 0x608);
    table(HPET_AT, "HPET", 51);           // cut within the address
    assert_int_equal(acpi_parse(&info, RSDP_AT, map), 0);
    assert_int_equal(info.hpet_base, 0);
    memory[HPET_AT + 40] = ACPI_SPACE_IO;
    table(HPET_AT, "HPET", 56);
    assert_int_equal(acpi_parse(&info, RSDP_AT, map), 0);
    assert_int_equal(info.hpet_base, 0);
}

// Memory that ends anywhere, and a root table that lists itself.
static void test_cut_and_loop(void **state)
{
    struct acpi_info info;

    (void)state;
    memmove(memory + 0x500, memory + RSDP_AT, 36);
    for (memory_end = 1; memory_end < FADT_AT + 300; memory_end++)
        acpi_parse(&info, 0x500, map);
    assert_int_equal(info.ecam_count, 2);
    put(XSDT_AT + 36, XSDT_AT, 8);
    put(XSDT_AT + 44, UINT64_MAX - 3, 8);
    table(XSDT_AT, "XSDT", 36 + 16);
    assert_int_equal(acpi_parse(&info, RSDP_AT, map), ERR_UNSUPPORTED);  // beyond memory_end now
    memory_end = MEMORY_SIZE;
    assert_int_equal(acpi_parse(&info, RSDP_AT, map), 0);
    assert_int_equal(info.ecam_count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_xsdt, build),        cmocka_unit_test_setup(test_search, build),
        cmocka_unit_test_setup(test_rsdt, build),        cmocka_unit_test_setup(test_bad_tables, build),
        cmocka_unit_test_setup(test_bad_entries, build), cmocka_unit_test_setup(test_many_entries, build),
        cmocka_unit_test_setup(test_hpet, build),        cmocka_unit_test_setup(test_fadt, build),
        cmocka_unit_test_setup(test_cut_and_loop, build),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
