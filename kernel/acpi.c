// Finds ACPI tables and takes MCFG and the reset register out of them. Every table is firmware's word: each
// length is checked against what was mapped and each checksum is verified before a field is used.
// Spec: see kernel/acpi.h. Not handled: AML (so host bridges and _CBA are unknown), tables that only the
// DSDT names, HW-reduced quirks.
#include "kernel/acpi.h"  // acpi_info

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "lib/err.h"  // fail

#define BIOS_EBDA_LOWEST 0x80000u  // no EBDA is larger than 128 KiB
#define BIOS_EBDA_END 0xa0000u
#define BIOS_ROM 0xe0000u
#define BIOS_ROM_END 0x100000u
#define RSDP_ALIGN 16u
#define RSDP_V1_SIZE 20u
#define TABLE_SIZE_MAX (1u << 20)  // DSDTs reach half of it; anything larger is a broken length

struct rsdp {
    char signature[8];
    uint8_t checksum;  // over the first 20 bytes
    char oem_id[6];
    uint8_t revision;
    uint32_t rsdt;
    uint32_t length;   // from here on only with revision 2 and later
    uint64_t xsdt;
    uint8_t extended_checksum;
    uint8_t reserved[3];
} __attribute__((packed));
static_assert(sizeof(struct rsdp) == 36, "ACPI 6.4 table 5-3");

struct table {
    char signature[4];
    uint32_t length;
    uint8_t revision;
    uint8_t checksum;
    char oem[16];
    char creator[8];
    uint8_t padding[2];
} __attribute__((packed));
static_assert(sizeof(struct table) == 36, "ACPI 6.4 table 5-4");

struct mcfg_entry {
    uint64_t base;
    uint16_t segment;
    uint8_t first_bus, last_bus;
    uint32_t reserved;
} __attribute__((packed));
static_assert(sizeof(struct mcfg_entry) == 16, "PCI Firmware 3.2 table 4-3");

#define MCFG_HEADER 44u  // table header and eight reserved bytes

struct address {  // Generic Address Structure, ACPI 6.4 section 5.2.3.2
    uint8_t space, bit_width, bit_offset, access_size;
    uint64_t address;
} __attribute__((packed));
static_assert(sizeof(struct address) == 12, "ACPI 6.4 table 5-1");

#define FADT_PM_TIMER 76u            // 32-bit port
#define FADT_PM_TIMER_LENGTH 91u
#define     PM_TIMER_BYTES 4u
#define FADT_FLAGS 112u
#define     FADT_FLAG_RESET (1u << 10)
#define FADT_RESET_REGISTER 116u
#define FADT_RESET_VALUE 128u
#define FADT_X_PM_TIMER 208u         // generic address, wins where it is there

#define HPET_ADDRESS 40u             // generic address

static bool sum_is_zero(const void *data, uint32_t length)
{
    const uint8_t *byte = data;
    uint8_t sum = 0;

    while (length-- > 0)
        sum = (uint8_t)(sum + *byte++);
    return sum == 0;
}

static bool rsdp_good(const struct rsdp *rsdp)
{
    return memcmp(rsdp->signature, "RSD PTR ", sizeof(rsdp->signature)) == 0 &&
           sum_is_zero(rsdp, RSDP_V1_SIZE);
}

// Looks for an RSDP in [start, end); 0 when there is none.
static uint64_t rsdp_search_in(uint64_t start, uint64_t end, acpi_map *map)
{
    for (uint64_t at = start; at + RSDP_V1_SIZE <= end; at += RSDP_ALIGN) {
        const struct rsdp *rsdp = map(at, RSDP_V1_SIZE);
        if (rsdp && rsdp_good(rsdp))
            return at;
    }
    return 0;
}

// The EBDA's address stands in page 0, which is not mapped: all memory that can be EBDA is searched instead.
static uint64_t rsdp_search(acpi_map *map)
{
    uint64_t at = rsdp_search_in(BIOS_ROM, BIOS_ROM_END, map);

    return at ? at : rsdp_search_in(BIOS_EBDA_LOWEST, BIOS_EBDA_END, map);
}

// The whole table at `address` when it is sound, else NULL.
static const struct table *table_get(uint64_t address, acpi_map *map)
{
    const struct table *table = address ? map(address, sizeof(*table)) : NULL;

    if (!table || table->length < sizeof(*table) || table->length > TABLE_SIZE_MAX)
        return NULL;
    uint32_t length = table->length;
    table = map(address, length);
    return table && sum_is_zero(table, length) ? table : NULL;
}

static bool is(const struct table *table, const char *signature)
{
    return memcmp(table->signature, signature, sizeof(table->signature)) == 0;
}

static void read_mcfg(struct acpi_info *info, const struct table *table)
{
    for (uint32_t at = MCFG_HEADER; at + sizeof(struct mcfg_entry) <= table->length;
         at += sizeof(struct mcfg_entry)) {
        struct mcfg_entry entry;
        memcpy(&entry, (const uint8_t *)table + at, sizeof(entry));
        if (entry.base == 0 || entry.base % (1u << 20) != 0 || entry.first_bus > entry.last_bus)
            continue;  // firmware leaves such entries for segments that are switched off
        if (info->ecam_count == ACPI_ECAM_MAX)
            return;
        info->ecam[info->ecam_count++] = (struct acpi_ecam){
            .base = entry.base,
            .segment = entry.segment,
            .first_bus = entry.first_bus,
            .last_bus = entry.last_bus,
        };
    }
}

static void read_pm_timer(struct acpi_info *info, const struct table *table)
{
    const uint8_t *bytes = (const uint8_t *)table;
    struct address extended = {0};
    uint32_t port;

    if (table->length <= FADT_PM_TIMER_LENGTH || bytes[FADT_PM_TIMER_LENGTH] != PM_TIMER_BYTES)
        return;
    memcpy(&port, bytes + FADT_PM_TIMER, sizeof(port));
    if (table->length >= FADT_X_PM_TIMER + sizeof(extended))
        memcpy(&extended, bytes + FADT_X_PM_TIMER, sizeof(extended));
    if (extended.address != 0 && extended.space == ACPI_SPACE_IO)
        port = extended.address <= UINT16_MAX ? (uint32_t)extended.address : 0;
    info->pm_timer_port = port <= UINT16_MAX - PM_TIMER_BYTES ? (uint16_t)port : 0;
}

static void read_fadt(struct acpi_info *info, const struct table *table)
{
    const uint8_t *bytes = (const uint8_t *)table;
    struct address reset;
    uint32_t flags;

    read_pm_timer(info, table);
    if (table->length <= FADT_RESET_VALUE)
        return;  // ACPI 1.0
    memcpy(&flags, bytes + FADT_FLAGS, sizeof(flags));
    memcpy(&reset, bytes + FADT_RESET_REGISTER, sizeof(reset));
    if (!(flags & FADT_FLAG_RESET) || reset.address == 0 || reset.space > ACPI_SPACE_PCI_CONFIG)
        return;
    info->has_reset = true;
    info->reset_space = (enum acpi_space)reset.space;
    info->reset_address = reset.address;
    info->reset_value = bytes[FADT_RESET_VALUE];
}

static void read_hpet(struct acpi_info *info, const struct table *table)
{
    struct address base;

    if (table->length < HPET_ADDRESS + sizeof(base) || info->hpet_base != 0)
        return;  // the first one counts
    memcpy(&base, (const uint8_t *)table + HPET_ADDRESS, sizeof(base));
    if (base.space == ACPI_SPACE_MEMORY)
        info->hpet_base = base.address;
}

static void read_table(struct acpi_info *info, const struct table *table)
{
    if (is(table, "MCFG"))
        read_mcfg(info, table);
    else if (is(table, "FACP"))
        read_fadt(info, table);
    else if (is(table, "HPET"))
        read_hpet(info, table);
}

// Walks the tables that `root` lists, with addresses of `width` bytes (RSDT 4, XSDT 8). The list need not
// be aligned for them.
static void walk(struct acpi_info *info, const struct table *root, unsigned width, acpi_map *map)
{
    for (uint32_t at = sizeof(*root); at + width <= root->length; at += width) {
        uint64_t address = 0;
        memcpy(&address, (const uint8_t *)root + at, width);
        const struct table *table = table_get(address, map);
        if (table)
            read_table(info, table);
    }
}

// The XSDT that the RSDP at `address` names, NULL when there is no sound one.
static const struct table *xsdt_of(uint64_t address, acpi_map *map)
{
    const struct rsdp *rsdp = map(address, sizeof(*rsdp));

    if (!rsdp || rsdp->revision < 2 || !sum_is_zero(rsdp, sizeof(*rsdp)))
        return NULL;
    const struct table *xsdt = table_get(rsdp->xsdt, map);
    return xsdt && is(xsdt, "XSDT") ? xsdt : NULL;
}

int acpi_parse(struct acpi_info *info, uint64_t address, acpi_map *map)
{
    memset(info, 0, sizeof(*info));
    if (address == 0)
        address = rsdp_search(map);
    const struct rsdp *rsdp = address ? map(address, RSDP_V1_SIZE) : NULL;
    if (!rsdp || !rsdp_good(rsdp))
        return fail(ERR_UNSUPPORTED, "there is no ACPI root pointer");

    uint64_t rsdt = rsdp->rsdt;
    const struct table *root = rsdp->revision >= 2 ? xsdt_of(address, map) : NULL;
    if (root) {
        walk(info, root, sizeof(uint64_t), map);
        return 0;
    }
    root = table_get(rsdt, map);
    if (!root || !is(root, "RSDT"))
        return fail(ERR_UNSUPPORTED, "ACPI's root table is damaged");
    walk(info, root, sizeof(uint32_t), map);
    return 0;
}
