// See pci_config.h. Spec: PCI Local Bus 3.0, chapter 6; PCI Express Base 3.0, 7.8; PCI PM 1.2, chapter 3.
// Tested: Linux 6.1 and iPXE of Debian 12. Not handled: MSI-X, configuration space beyond 256 bytes, ROMs, D3cold.
#include "tests/models/pci_config.h"  // pci_config_read

#include <string.h>

#define COMMAND 0x04
#define COMMAND_IO 0x1
#define COMMAND_MEMORY 0x2
#define COMMAND_MASTER 0x4
#define COMMAND_INTX_OFF 0x400
#define COMMAND_WRITABLE 0x577          // all but those that PCI Express ties to 0
#define STATUS 0x06
#define STATUS_CAPABILITIES 0x10
#define CLASS 0x08
#define CACHE_LINE 0x0c
#define BAR0 0x10
#define CARDBUS 0x28
#define SUBSYSTEM 0x2c
#define CAPABILITIES 0x34
#define INTERRUPT_LINE 0x3c
#define INTERRUPT_PIN 0x3d

#define PM_AT 0x40
#define PM_ID 1
#define PM_STATUS 4
#define PM_STATE 3
#define MSI_AT 0x50
#define MSI_ID 5
#define MSI_CONTROL 2
#define MSI_ENABLE 1
#define MSI_WIDE 0x80
#define MSI_ADDRESS 4
#define MSI_DATA 12
#define EXPRESS_AT 0x70
#define EXPRESS_ID 0x10
#define EXPRESS_ENDPOINT_V2 0x0002
#define DEVICE_CAPABILITIES 0x05908ca2  // 512-byte payloads, L0s and L1 latencies, role-based errors
#define LINK_CAPABILITIES 0x00077c11    // 2.5 GT/s, one lane, ASPM L0s and L1, clock power management
#define LINK_CONTROL 0x10
#define LINK_STATUS 0x1011              // 2.5 GT/s, one lane, slot clock

static void put(struct pci_config *c, unsigned offset, uint32_t value, unsigned size)
{
    memcpy(c->bytes + offset, &value, size);
}

static void allow(struct pci_config *c, unsigned offset, uint32_t bits, unsigned size)
{
    memcpy(c->writable + offset, &bits, size);
}

static uint32_t get(const struct pci_config *c, unsigned offset, unsigned size)
{
    uint32_t value = 0;

    memcpy(&value, c->bytes + offset, size);
    return value;
}

static void open_bars(struct pci_config *c)
{
    for (unsigned i = 0; i < PCI_BARS; i++) {
        const struct pci_bar *bar = &c->bars[i];
        unsigned offset = BAR0 + 4 * i;
        if (bar->size == 0)
            continue;
        put(c, offset, (bar->io ? 1 : 0) | (bar->wide ? 4 : 0) | (bar->prefetchable ? 8 : 0), 4);
        allow(c, offset, ~(bar->size - 1), 4);
        if (bar->wide)
            allow(c, offset + 4, 0xffffffff, 4);
    }
}

static void open_capabilities(struct pci_config *c, const struct pci_identity *identity)
{
    unsigned link = CAPABILITIES;       // where the next capability's place is written

    put(c, STATUS, STATUS_CAPABILITIES, 2);
    put(c, link, PM_AT, 1);
    c->pm_at = PM_AT;
    put(c, PM_AT, PM_ID, 1);
    put(c, PM_AT + 2, 0xffc3, 2);       // version 3, PME from every state, D1 and D2
    put(c, PM_AT + PM_STATUS, 8, 2);    // waking up resets nothing
    allow(c, PM_AT + PM_STATUS, 0x0103, 2);
    link = PM_AT + 1;
    if (identity->msi) {
        c->msi_at = MSI_AT;
        put(c, link, MSI_AT, 1);
        put(c, MSI_AT, MSI_ID, 1);
        put(c, MSI_AT + MSI_CONTROL, MSI_WIDE, 2);
        allow(c, MSI_AT + MSI_CONTROL, MSI_ENABLE, 2);
        allow(c, MSI_AT + MSI_ADDRESS, 0xfffffffc, 4);
        allow(c, MSI_AT + MSI_ADDRESS + 4, 0xffffffff, 4);
        allow(c, MSI_AT + MSI_DATA, 0xffff, 2);
        link = MSI_AT + 1;
    }
    if (identity->express) {
        c->express_at = EXPRESS_AT;
        put(c, link, EXPRESS_AT, 1);
        put(c, EXPRESS_AT, EXPRESS_ID, 1);
        put(c, EXPRESS_AT + 2, EXPRESS_ENDPOINT_V2, 2);
        put(c, EXPRESS_AT + 4, DEVICE_CAPABILITIES, 4);
        allow(c, EXPRESS_AT + 8, 0x7fff, 2);
        put(c, EXPRESS_AT + 12, LINK_CAPABILITIES, 4);
        allow(c, EXPRESS_AT + LINK_CONTROL, 0x01fb, 2);
        put(c, EXPRESS_AT + LINK_CONTROL + 2, LINK_STATUS, 2);
    }
}

void pci_config_open(struct pci_config *c, const struct pci_identity *identity)
{
    *c = (struct pci_config){0};
    memcpy(c->bars, identity->bars, sizeof(c->bars));
    put(c, 0, identity->vendor | (uint32_t)identity->device << 16, 4);
    put(c, CLASS, identity->class_and_revision, 4);
    put(c, SUBSYSTEM, identity->subsystem_vendor | (uint32_t)identity->subsystem << 16, 4);
    put(c, INTERRUPT_PIN, 1, 1);
    allow(c, COMMAND, COMMAND_WRITABLE, 2);
    allow(c, CACHE_LINE, 0xffff, 2);    // and the latency timer
    allow(c, INTERRUPT_LINE, 0xff, 1);
    open_bars(c);
    open_capabilities(c, identity);
    pci_config_reset(c);
}

void pci_config_reset(struct pci_config *c)
{
    for (unsigned i = 0; i < PCI_CONFIG_SIZE; i++)
        c->bytes[i] &= (uint8_t)~c->writable[i];
    if (c->bus_master_at_reset)
        put(c, COMMAND, COMMAND_MASTER, 2);
    if (c->asleep_at_reset)
        c->bytes[c->pm_at + PM_STATUS] |= PM_STATE;
    // What firmware chooses on boards that save power: ASPM L1, common clock, clock requests.
    if (c->express_at != 0)
        put(c, c->express_at + LINK_CONTROL, 0x0142, 2);
}

static bool is_hidden(const struct pci_config *c, uint32_t offset)
{
    if (c->sized)
        return false;
    for (unsigned i = 0; i < PCI_BARS; i++)
        if (c->bars[i].wide && offset >= BAR0 + 4 * (i + 1) && offset < BAR0 + 4 * (i + 2))
            return true;
    return offset >= CARDBUS && offset < CARDBUS + 4;
}

uint32_t pci_config_read(const struct pci_config *c, uint32_t offset, unsigned size)
{
    if ((size != 1 && size != 2 && size != 4) || offset > PCI_CONFIG_SIZE - size)
        return 0xffffffff;
    return is_hidden(c, offset) ? 0 : get(c, offset, size);
}

void pci_config_write(struct pci_config *c, uint32_t offset, uint32_t value, unsigned size)
{
    if ((size != 1 && size != 2 && size != 4) || offset > PCI_CONFIG_SIZE - size || is_hidden(c, offset))
        return;
    for (unsigned i = 0; i < size; i++) {
        uint8_t mask = c->writable[offset + i];
        c->bytes[offset + i] = (uint8_t)((c->bytes[offset + i] & ~mask) | (value >> 8 * i & mask));
    }
}

bool pci_config_find(const struct pci_config *c, uint64_t address, bool memory, unsigned *bar, uint32_t *offset)
{
    if (!(get(c, COMMAND, 2) & (memory ? COMMAND_MEMORY : COMMAND_IO)))
        return false;
    for (unsigned i = 0; i < PCI_BARS; i++) {
        const struct pci_bar *b = &c->bars[i];
        uint64_t base = get(c, BAR0 + 4 * i, 4) & ~(b->io ? 3u : 15u);
        if (b->size == 0 || b->io == memory)
            continue;
        if (b->wide)
            base |= (uint64_t)get(c, BAR0 + 4 * i + 4, 4) << 32;
        if (address >= base && address - base < b->size) {
            *bar = i;
            *offset = (uint32_t)(address - base);
            return true;
        }
    }
    return false;
}

bool pci_config_bus_master(const struct pci_config *c)
{
    return get(c, COMMAND, 2) & COMMAND_MASTER;
}

unsigned pci_config_power(const struct pci_config *c)
{
    return get(c, c->pm_at + PM_STATUS, 2) & PM_STATE;
}

bool pci_config_intx(const struct pci_config *c)
{
    return !(get(c, COMMAND, 2) & COMMAND_INTX_OFF);
}

bool pci_config_msi(const struct pci_config *c, uint64_t *address, uint16_t *data)
{
    if (c->msi_at == 0 || !(get(c, c->msi_at + MSI_CONTROL, 2) & MSI_ENABLE))
        return false;
    *address = get(c, c->msi_at + MSI_ADDRESS, 4) | (uint64_t)get(c, c->msi_at + MSI_ADDRESS + 4, 4) << 32;
    *data = (uint16_t)get(c, c->msi_at + MSI_DATA, 2);
    return true;
}
