// PCI enumeration, BARs and take-over against a fake bus that behaves as functions do: read-only bits stay,
// BARs keep the bits of their size, D3hot forgets, and it notes what a driver must not do.

#include "drivers/pci/config.h"    // pci_config_use
#include "drivers/pci/pci.h"       // pci_scan
#include "drivers/pci/pci_regs.h"  // PCI_COMMAND
#include "kernel/acpi.h"           // acpi_info
#include "kernel/memory.h"         // paging_map_mmio
#include "lib/err.h"               // fail_detail

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FUNCTIONS_MAX 400
#define PM_CAP 0x40
#define MSI_CAP 0x48
#define MSIX_CAP 0x58
#define COMMAND_DECODE (PCI_COMMAND_IO | PCI_COMMAND_MEMORY)

struct function {
    uint8_t bus, device, number;
    uint8_t config[256];
    uint32_t bar_mask[PCI_BARS];     // writable bits; the rest is the BAR's type
    unsigned writes;
    bool sized_while_decoding, first_write_was_command;
};

static struct function functions[FUNCTIONS_MAX];
static unsigned function_count, reads;
static struct acpi_info acpi;

const struct acpi_info *acpi_read(uint64_t rsdp)
{
    (void)rsdp;
    return &acpi;
}

volatile void *paging_map_mmio(uint64_t phys, uint64_t length)
{
    (void)length;
    return (volatile void *)(uintptr_t)phys;
}

static struct function *find(const struct pci_address *at)
{
    for (unsigned i = 0; i < function_count; i++) {
        struct function *f = &functions[i];
        if (at->segment == 0 && f->bus == at->bus && f->device == at->device && f->number == at->function)
            return f;
    }
    return NULL;
}

static uint32_t get(const struct function *f, unsigned offset, unsigned width)
{
    uint32_t value = 0;

    memcpy(&value, f->config + offset, width);
    return value;
}

static void set(struct function *f, unsigned offset, unsigned width, uint32_t value)
{
    memcpy(f->config + offset, &value, width);
}

static bool fake_reaches(uint16_t segment, uint8_t bus, uint16_t offset)
{
    (void)bus;
    return segment == 0 && offset < PCI_CONFIG_SIZE;
}

static uint32_t fake_read(const struct pci_address *at, unsigned width)
{
    const struct function *f = find(at);

    reads++;
    assert_int_equal(at->offset % width, 0);
    return f ? get(f, at->offset, width) : UINT32_MAX >> (32 - 8 * width);
}

static void write_pm(struct function *f, uint32_t value)
{
    uint32_t old = get(f, PM_CAP + PCI_PM_CSR, 2);

    set(f, PM_CAP + PCI_PM_CSR, 2,
        (old & PCI_PM_CSR_PME_STATUS & ~value) | (old & PCI_PM_CSR_NO_SOFT_RESET) |
            (value & PCI_PM_CSR_STATE_MASK));
    if ((old & PCI_PM_CSR_STATE_MASK) == 3 && (value & PCI_PM_CSR_STATE_MASK) == 0 &&
        !(old & PCI_PM_CSR_NO_SOFT_RESET)) {
        for (unsigned i = 0; i < PCI_BARS; i++)
            set(f, PCI_BAR0 + 4 * i, 4, get(f, PCI_BAR0 + 4 * i, 4) & ~f->bar_mask[i]);
        set(f, PCI_COMMAND, 2, 0);
        set(f, PCI_ROM_BASE, 4, 0);
        set(f, PCI_INTERRUPT_LINE, 1, 0);
    }
}

static void fake_write(const struct pci_address *at, unsigned width, uint32_t value)
{
    struct function *f = find(at);

    assert_int_equal(at->offset % width, 0);
    if (!f)
        return;
    if (f->writes++ == 0)
        f->first_write_was_command = at->offset == PCI_COMMAND;
    if (at->offset >= PCI_BAR0 && at->offset < PCI_BAR0 + 4 * PCI_BARS) {
        uint32_t mask = f->bar_mask[(at->offset - PCI_BAR0) / 4];
        uint32_t old = get(f, at->offset, 4);
        if (value == UINT32_MAX && (get(f, PCI_COMMAND, 2) & COMMAND_DECODE))
            f->sized_while_decoding = true;
        set(f, at->offset, 4, (old & ~mask) | (value & mask));
    } else if (at->offset == PM_CAP + PCI_PM_CSR && f->config[PM_CAP] == PCI_CAP_ID_PM) {
        write_pm(f, value);
    } else if (at->offset == PCI_COMMAND) {
        assert_int_equal(width, 2);  // a dword write would clear status bits
        set(f, PCI_COMMAND, 2, value & 0x0547);
    } else {
        set(f, at->offset, width, value);
    }
}

static const struct pci_access fake = {
    .name = "fake", .reaches = fake_reaches, .read = fake_read, .write = fake_write};

static struct function *add(unsigned bus, unsigned device, unsigned number, uint32_t class_code)
{
    struct function *f = &functions[function_count++];

    assert_true(function_count <= FUNCTIONS_MAX);
    *f = (struct function){.bus = (uint8_t)bus, .device = (uint8_t)device, .number = (uint8_t)number};
    set(f, PCI_VENDOR_ID, 2, 0x1af4);
    set(f, PCI_DEVICE_ID, 2, 0x1000 + bus);
    set(f, PCI_REVISION_ID, 4, class_code << 8 | 0x42);
    return f;
}

static struct function *add_nic(unsigned bus, unsigned device)
{
    struct function *f = add(bus, device, 0, 0x020000);

    set(f, PCI_COMMAND, 2, PCI_COMMAND_MASTER | PCI_COMMAND_MEMORY | PCI_COMMAND_IO);
    return f;
}

static struct function *add_bridge(unsigned bus, unsigned device, unsigned secondary, unsigned subordinate)
{
    struct function *f = add(bus, device, 0, 0x060400);

    f->config[PCI_HEADER_TYPE] = PCI_HEADER_TYPE_BRIDGE;
    f->config[PCI_SECONDARY_BUS] = (uint8_t)secondary;
    f->config[PCI_SUBORDINATE_BUS] = (uint8_t)subordinate;
    return f;
}

static void add_caps(struct function *f, unsigned pm_state)
{
    set(f, PCI_STATUS, 2, PCI_STATUS_CAP_LIST);
    f->config[PCI_CAPABILITIES] = PM_CAP;
    f->config[PM_CAP] = PCI_CAP_ID_PM;
    f->config[PM_CAP + 1] = MSI_CAP;
    set(f, PM_CAP + PCI_PM_CSR, 2, pm_state | PCI_PM_CSR_PME_STATUS);
    f->config[MSI_CAP] = PCI_CAP_ID_MSI;
    f->config[MSI_CAP + 1] = MSIX_CAP;
    set(f, MSI_CAP + PCI_MSI_CONTROL, 2, 0x0081);
    f->config[MSIX_CAP] = PCI_CAP_ID_MSIX;
    set(f, MSIX_CAP + PCI_MSIX_CONTROL, 2, 0xc003);
}

static void add_bar(struct function *f, unsigned index, uint32_t mask, uint32_t value)
{
    f->bar_mask[index] = mask;
    set(f, PCI_BAR0 + 4 * index, 4, value);
}

static int clear(void **state)
{
    (void)state;
    function_count = 0;
    reads = 0;
    pci_config_use(&fake);
    add(0, 0, 0, 0x060000);
    return 0;
}

static const struct pci_dev *at(unsigned bus, unsigned device, unsigned number)
{
    const struct pci_dev *dev;

    for (unsigned i = 0; (dev = pci_device(i)) != NULL; i++)
        if (dev->bus == bus && dev->device == device && dev->function == number)
            return dev;
    return NULL;
}

static void test_functions(void **state)
{
    (void)state;
    add(0, 1, 0, 0x060100)->config[PCI_HEADER_TYPE] = PCI_HEADER_MULTI_FUNCTION;
    add(0, 1, 3, 0x028000);
    add(0, 2, 0, 0x030000);
    add(0, 2, 1, 0x040300);  // ghost: device 2 is not multi-function
    add_nic(0, 31);
    assert_int_equal(pci_scan(0), 5);
    assert_non_null(at(0, 1, 3));
    assert_null(at(0, 2, 1));
    assert_null(at(0, 1, 0));  // only bridges and network functions are kept
    const struct pci_dev *dev = at(0, 31, 0);
    assert_non_null(dev);
    assert_int_equal(dev->vendor_id, 0x1af4);
    assert_int_equal(dev->class_code, 0x020000);
    assert_int_equal(dev->revision, 0x42);
    assert_null(pci_device(2));
    for (unsigned i = 0; i < function_count; i++)  // nobody else is touched
        assert_true(functions[i].config[PCI_REVISION_ID + 3] == PCI_CLASS_NETWORK || functions[i].writes == 0);
}

static void test_buses(void **state)
{
    (void)state;
    add_bridge(0, 3, 1, 6);                    // conventional, buses 1 to 6
    add_bridge(1, 7, 4, 5);
    add_nic(4, 30);
    add_nic(2, 0);                             // cannot be: inside the range, behind nothing
    struct function *port = add_bridge(0, 4, 7, 7);
    set(port, PCI_STATUS, 2, PCI_STATUS_CAP_LIST);
    port->config[PCI_CAPABILITIES] = 0x40;
    port->config[0x40] = PCI_CAP_ID_EXPRESS;
    set(port, 0x42, 2, PCI_EXP_FLAGS_TYPE_ROOT_PORT | 2);
    for (unsigned device = 0; device < 32; device++)
        add_nic(7, device);                    // answers for every device number: one NIC
    add_nic(0x80, 5);                          // behind another host bridge
    add_bridge(0, 5, 0, 0);                    // never set up
    add_bridge(0x80, 6, 3, 0xff);              // leads backwards
    add_nic(0x90, 1);                          // and must not hide what comes later
    assert_int_equal(pci_scan(0), 10);
    assert_non_null(at(0x90, 1, 0));
    assert_non_null(at(4, 30, 0));
    assert_null(at(2, 0, 0));
    assert_non_null(at(7, 0, 0));
    assert_null(at(7, 1, 0));
    assert_non_null(at(0x80, 5, 0));
    assert_true(reads < 256 * 32 * 2);
}

static void test_bars(void **state)
{
    (void)state;
    struct function *nic = add_nic(0, 3);
    add_bar(nic, 0, 0xffffffe0, 0xc041);             // I/O, 32 ports
    add_bar(nic, 1, 0xfffff000, 0xfebd1000);         // 32 bits, 4 KiB
    add_bar(nic, 2, 0xffffc000, 0x0000000c);         // 64 bits, prefetchable, 16 KiB at 0x80_0000_0000
    add_bar(nic, 3, 0xffffffff, 0x00000080);
    add_bar(nic, 4, 0xffff0000, 0x00000000);         // 64 KiB, never assigned
    add_bar(nic, 5, 0x0000ff00, 0x0000e001);         // I/O with 16 bits wired, 256 ports
    pci_scan(0);
    const struct pci_dev *dev = at(0, 3, 0);
    const struct pci_bar expected[PCI_BARS] = {
        {.base = 0xc040, .size = 32, .io = true},
        {.base = 0xfebd1000, .size = 4096},
        {.base = 0x8000000000, .size = 16384, .is_64 = true, .prefetchable = true},
        {0},
        {.base = 0, .size = 65536},
        {.base = 0xe000, .size = 256, .io = true},
    };
    for (unsigned i = 0; i < PCI_BARS; i++) {
        assert_int_equal(dev->bars[i].base, expected[i].base);
        assert_int_equal(dev->bars[i].size, expected[i].size);
        assert_int_equal(dev->bars[i].io, expected[i].io);
        assert_int_equal(dev->bars[i].is_64, expected[i].is_64);
        assert_int_equal(dev->bars[i].prefetchable, expected[i].prefetchable);
    }
    assert_false(nic->sized_while_decoding);
    assert_int_equal(get(nic, PCI_BAR0 + 4, 4), 0xfebd1000);
    assert_int_equal(get(nic, PCI_BAR0 + 12, 4), 0x80);
    assert_int_equal(get(nic, PCI_COMMAND, 2) & COMMAND_DECODE, COMMAND_DECODE);

    assert_ptr_equal(pci_map_bar(dev, 2), (void *)0x8000000000);
    assert_null(pci_map_bar(dev, 0));
    assert_null(pci_map_bar(dev, 3));
    assert_null(pci_map_bar(dev, 6));
    assert_null(pci_map_bar(dev, 4));
    assert_non_null(strstr(fail_detail(), "fast boot"));
}

// Nonsense in BARs: a 64-bit BAR in the last register, a size of 2^63.
static void test_broken_bars(void **state)
{
    (void)state;
    struct function *nic = add_nic(0, 3);
    add_bar(nic, 0, 0x00000000, 0x00000004);
    add_bar(nic, 1, 0x80000000, 0x00000000);
    add_bar(nic, 5, 0xfffff000, 0xfeb00004);
    pci_scan(0);
    const struct pci_dev *dev = at(0, 3, 0);
    assert_int_equal(dev->bars[0].size, 0);
    assert_int_equal(dev->bars[1].size, 0);
    assert_int_equal(dev->bars[5].size, 4096);
    assert_false(dev->bars[5].is_64);
}

// A network function with a bridge's header: bus numbers lie where BARs are sized, and stay.
static void test_odd_header(void **state)
{
    (void)state;
    struct function *nic = add_nic(0, 3);
    nic->config[PCI_HEADER_TYPE] = PCI_HEADER_TYPE_BRIDGE;
    set(nic, PCI_SECONDARY_BUS, 2, 0x0605);
    pci_scan(0);
    assert_int_equal(nic->writes, 1);
    assert_int_equal(get(nic, PCI_COMMAND, 2), PCI_COMMAND_MEMORY | PCI_COMMAND_IO);
    assert_int_equal(at(0, 3, 0)->bars[0].size, 0);
}

static void test_take_over(void **state)
{
    static const unsigned states[] = {0, 1, 2, 3, 3 | PCI_PM_CSR_NO_SOFT_RESET};

    for (unsigned i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
        clear(state);
        struct function *nic = add_nic(0, 3);
        add_caps(nic, states[i]);
        add_bar(nic, 0, 0xfffff000, 0xfebd1000);
        set(nic, PCI_ROM_BASE, 4, 0xfea00001);
        set(nic, PCI_INTERRUPT_LINE, 1, 11);
        pci_scan(0);
        assert_true(nic->first_write_was_command);  // bus mastering goes off before anything else
        assert_int_equal(get(nic, PCI_COMMAND, 2), PCI_COMMAND_MEMORY | PCI_COMMAND_INTX_DISABLE);
        assert_int_equal(get(nic, PCI_BAR0, 4), 0xfebd1000);
        assert_int_equal(get(nic, PCI_ROM_BASE, 4), 0xfea00001);
        assert_int_equal(get(nic, PCI_INTERRUPT_LINE, 1), 11);
        assert_int_equal(get(nic, PM_CAP + PCI_PM_CSR, 2) & PCI_PM_CSR_STATE_MASK, 0);
        assert_int_equal(get(nic, PM_CAP + PCI_PM_CSR, 2) & PCI_PM_CSR_PME_STATUS, PCI_PM_CSR_PME_STATUS);
        assert_int_equal(get(nic, MSI_CAP + PCI_MSI_CONTROL, 2), 0x0080);
        assert_int_equal(get(nic, MSIX_CAP + PCI_MSIX_CONTROL, 2), 0x4003);
    }
}

static void test_capabilities(void **state)
{
    (void)state;
    struct function *nic = add_nic(0, 3);
    add_caps(nic, 0);
    pci_scan(0);
    const struct pci_dev *dev = at(0, 3, 0);
    assert_int_equal(pci_find_capability(dev, PCI_CAP_ID_MSIX, 0), MSIX_CAP);
    assert_int_equal(pci_find_capability(dev, PCI_CAP_ID_MSIX, MSIX_CAP), 0);
    assert_int_equal(pci_find_capability(dev, PCI_CAP_ID_VENDOR, 0), 0);
    nic->config[MSIX_CAP + 1] = MSI_CAP | 3;  // a loop, with the reserved bits set
    assert_int_equal(pci_find_capability(dev, PCI_CAP_ID_VENDOR, 0), 0);
    nic->config[MSIX_CAP + 1] = 0x3c;         // into the header
    assert_int_equal(pci_find_capability(dev, PCI_CAP_ID_VENDOR, 0), 0);
    nic->config[MSIX_CAP] = 0xff;             // the function went away
    assert_int_equal(pci_find_capability(dev, PCI_CAP_ID_MSIX, 0), 0);
    set(nic, PCI_STATUS, 2, 0);
    assert_int_equal(pci_find_capability(dev, PCI_CAP_ID_PM, 0), 0);
}

static void test_bus_master(void **state)
{
    (void)state;
    struct function *outer = add_bridge(0, 3, 1, 6), *inner = add_bridge(1, 7, 4, 5);
    struct function *other = add_bridge(0, 4, 7, 9), *nic = add_nic(4, 0), *peer = add_nic(0, 5);
    pci_scan(0);
    const struct pci_dev *dev = at(4, 0, 0);
    pci_set_bus_master(dev, true);
    assert_true(get(nic, PCI_COMMAND, 2) & PCI_COMMAND_MASTER);
    assert_true(get(outer, PCI_COMMAND, 2) & PCI_COMMAND_MASTER);
    assert_true(get(inner, PCI_COMMAND, 2) & PCI_COMMAND_MASTER);
    assert_int_equal(other->writes, 0);
    assert_false(get(peer, PCI_COMMAND, 2) & PCI_COMMAND_MASTER);
    set(peer, PCI_COMMAND, 2, PCI_COMMAND_MASTER);
    pci_silence_network();
    assert_false(get(nic, PCI_COMMAND, 2) & PCI_COMMAND_MASTER);
    assert_false(get(peer, PCI_COMMAND, 2) & PCI_COMMAND_MASTER);
    assert_true(get(outer, PCI_COMMAND, 2) & PCI_COMMAND_MASTER);  // disks may be behind it
}

// Before anything else is known: bus mastering goes off on network functions, and nothing else is written.
static void test_silence_early(void **state)
{
    (void)state;
    add(0, 1, 0, 0x060100)->config[PCI_HEADER_TYPE] = PCI_HEADER_MULTI_FUNCTION;
    struct function *wireless = add(0, 1, 7, 0x028000), *ghost = add(0, 2, 1, 0x020000);
    add(0, 2, 0, 0x030000);
    set(wireless, PCI_COMMAND, 2, PCI_COMMAND_MASTER | PCI_COMMAND_MEMORY);
    struct function *odd = add_nic(0, 4), *far = add_nic(0xff, 31), *off = add_nic(0x80, 0);
    odd->config[PCI_HEADER_TYPE] = PCI_HEADER_TYPE_BRIDGE;
    set(off, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
    struct function *disk = add(0, 5, 0, 0x010802), *bridge = add_bridge(0, 3, 1, 6);
    set(disk, PCI_COMMAND, 2, PCI_COMMAND_MASTER);
    set(bridge, PCI_COMMAND, 2, PCI_COMMAND_MASTER);
    assert_int_equal(pci_silence_early(), 3);
    assert_int_equal(get(wireless, PCI_COMMAND, 2), PCI_COMMAND_MEMORY);
    assert_int_equal(get(odd, PCI_COMMAND, 2), PCI_COMMAND_IO | PCI_COMMAND_MEMORY);
    assert_int_equal(get(far, PCI_COMMAND, 2), PCI_COMMAND_IO | PCI_COMMAND_MEMORY);
    for (unsigned i = 0; i < function_count; i++) {
        struct function *f = &functions[i];
        assert_int_equal(f->writes, f == wireless || f == odd || f == far);
        assert_true(f->writes == 0 || f->first_write_was_command);
    }
    assert_int_equal(ghost->writes + off->writes, 0);
    assert_int_equal(pci_silence_early(), 0);
    function_count = reads = 0;             // no PCI at all: one look is enough
    assert_int_equal(pci_silence_early(), 0);
    assert_int_equal(reads, 1);
}

static void add_express(struct function *f, unsigned type)
{
    set(f, PCI_STATUS, 2, PCI_STATUS_CAP_LIST);
    f->config[PCI_CAPABILITIES] = 0x60;
    f->config[0x60] = PCI_CAP_ID_EXPRESS;
    set(f, 0x60 + PCI_EXP_FLAGS, 2, type | 2);
    set(f, 0x60 + PCI_EXP_LNKCTL, 2, 0x0143);
}

// Power saving goes off at both ends of the NIC's link, and nowhere else.
static void test_aspm(void **state)
{
    (void)state;
    struct function *port = add_bridge(0, 4, 7, 7), *other = add_bridge(0, 5, 8, 8);
    struct function *nic = add_nic(7, 0), *plain = add_nic(0, 6);
    add_express(port, PCI_EXP_FLAGS_TYPE_ROOT_PORT);
    add_express(other, PCI_EXP_FLAGS_TYPE_ROOT_PORT);
    add_express(nic, 0);
    pci_scan(0);
    pci_disable_aspm(at(7, 0, 0));
    assert_int_equal(get(nic, 0x60 + PCI_EXP_LNKCTL, 2), 0x0040);
    assert_int_equal(get(port, 0x60 + PCI_EXP_LNKCTL, 2), 0x0040);
    assert_int_equal(get(other, 0x60 + PCI_EXP_LNKCTL, 2), 0x0143);
    unsigned writes = plain->writes + other->writes;
    pci_disable_aspm(at(0, 6, 0));  // not PCI Express
    assert_int_equal(plain->writes + other->writes, writes);
}

// Many functions do not crowd a NIC out that comes last; many bridges do, but it is silenced as well.
static void test_full_table(void **state)
{
    for (unsigned bridges = 0; bridges < 2; bridges++) {
        clear(state);
        for (unsigned i = 0; i < 300; i++)
            add(1 + i / 32, i % 32, 0, bridges ? 0x060400 : 0x088000);
        struct function *nic = add_nic(0xff, 31);
        assert_int_equal(pci_scan(0), 302);
        assert_int_equal(at(0xff, 31, 0) != NULL, !bridges);
        assert_null(pci_device(PCI_DEVICES_MAX));
        assert_int_equal(get(nic, PCI_COMMAND, 2) & ~COMMAND_DECODE, PCI_COMMAND_INTX_DISABLE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_functions, clear),    cmocka_unit_test_setup(test_buses, clear),
        cmocka_unit_test_setup(test_bars, clear),         cmocka_unit_test_setup(test_broken_bars, clear),
        cmocka_unit_test_setup(test_take_over, clear),    cmocka_unit_test_setup(test_capabilities, clear),
        cmocka_unit_test_setup(test_bus_master, clear),   cmocka_unit_test_setup(test_full_table, clear),
        cmocka_unit_test_setup(test_aspm, clear),
        cmocka_unit_test_setup(test_silence_early, clear), cmocka_unit_test_setup(test_odd_header, clear),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
