// Realtek's fast Ethernet family RTL8139, 8139A to 8139D, 8139C+, 8100, 8101, 8130, and cards with them under
// other names: finding one, starting, stopping, recovery. All are driven in the way that all of them know.
// Spec: RTL8139D(L) Data Sheet, RTL8139C+ Data Sheet, RTL8139 Programming Guide. Tested: QEMU 7.2 rtl8139
// (an 8139C+), after iPXE and alone; no silicon.
// Not handled: 8139C+'s descriptors; registers as ports, for chips whose memory BAR the EEPROM switched off;
// interrupts; checksum offload, which no chip has in this way.
#include "drivers/realtek/rtl8139.h"  // rtl8139_driver

#include <assert.h>
#include <stddef.h>
#include <stdio.h>

#include "drivers/dma.h"                   // dma_alloc
#include "drivers/pci/pci.h"               // pci_map_bar
#include "drivers/realtek/rtl8139_chip.h"  // rtl8139
#include "kernel/memory.h"                 // kcalloc
#include "lib/err.h"                       // fail
#include "lib/log.h"                       // log_warn

#define POOL_BUFFERS 4096u  // what the stack may hold behind a hole: a whole window
#define MTU 1500u
#define RING_ALIGN 256u     // of RBSTART; the chips ask for 4

// ---- up and down ------------------------------------------------------------------------------------

static void free_memory(struct rtl8139 *dev)
{
    if (dev->rx.ring)
        dma_free(dev->rx.ring, RX_RING_BYTES);
    tx_slots_destroy(&dev->tx.slots);
    dev->rx = (struct rtl8139_rx){0};
    dev->tx = (struct rtl8139_tx){0};
}

static int create_memory(struct rtl8139 *dev)
{
    dev->rx.ring = dma_alloc(RX_RING_BYTES, RING_ALIGN);
    if (dev->rx.ring && tx_slots_create(&dev->tx.slots, TX_SLOTS, TX_SLOTS) == 0)
        return 0;
    free_memory(dev);
    return fail(ERR_NOT_ENOUGH_MEMORY, "no memory for its ring");
}

static void down(struct nic *nic)
{
    struct rtl8139 *dev = nic->priv;

    if (rtl8139_reset(dev) < 0)
        log_warn("%s: %s", nic->chip, fail_detail());  // bus mastering is off all the same
    free_memory(dev);
}

static int up(struct nic *nic)
{
    struct rtl8139 *dev = nic->priv;
    struct fail_record reason;
    int err = rtl8139_reset(dev);

    if (err < 0)
        return err;
    err = create_memory(dev);
    if (err < 0)
        return err;
    err = nic_life_create_pool(nic, POOL_BUFFERS, RTL8139_BUFFER_SIZE);
    if (err < 0)
        goto err_pool;
    pci_set_bus_master(dev->pci, true);
    err = rtl8139_set_up(dev);
    if (err < 0)
        goto err_set_up;
    return 0;

err_set_up:
    fail_keep(&reason, err);
    rtl8139_reset(dev);  // how that goes changes nothing: bus mastering is off
    fail_again(&reason);
err_pool:
    free_memory(dev);
    return err;
}

// ---- life -------------------------------------------------------------------------------------------

static unsigned poll(struct nic *nic, unsigned budget)
{
    struct rtl8139 *dev = nic->priv;

    if (dev->life.dead)
        return 0;
    if (rtl8139_tx_reclaim(dev))
        nic_life_late(nic);
    unsigned delivered = rtl8139_rx(dev, budget);
    nic_life_recover(nic);
    return delivered;
}

static struct nic_link read_link(struct nic *nic)
{
    return rtl8139_link(nic->priv);
}

static_assert(offsetof(struct rtl8139, life) == 0, "drivers/nic_life.h");

static const struct nic_life_ops life_ops = {.up = up, .down = down, .link = read_link};

static const struct nic_ops rtl8139_ops = {
    .start = nic_life_start,
    .stop = nic_life_stop,
    .transmit = rtl8139_transmit,
    .poll = poll,
    .sending = rtl8139_sending,
    .link = nic_life_link,
};

// ---- probe ------------------------------------------------------------------------------------------

static int map_registers(struct rtl8139 *dev)
{
    dev->regs = pci_map_bar(dev->pci, RTL8139_BAR_REGS);
    if (!dev->regs)
        return ERR_NIC_INIT_FAILED;  // pci_map_bar() said why
    if (dev->pci->bars[RTL8139_BAR_REGS].size < RTL8139_REGS_SIZE)
        return fail(ERR_NIC_INIT_FAILED, "its BAR is too small");
    return 0;
}

// A version that nobody knows is tried as what all of them have in common.
static void identify(struct rtl8139 *dev, const char *card)
{
    struct nic *nic = dev->nic;
    uint32_t tcr = rtl8139_tcr(dev);
    const struct rtl8139_version *version = rtl8139_version(tcr);
    const char *name = version ? version->name : "RTL8139?";

    dev->flags = version ? version->flags : 0;
    if (card)
        snprintf(nic->chip, sizeof(nic->chip), "%s (%s) rev %u", name, card, dev->pci->revision);
    else
        snprintf(nic->chip, sizeof(nic->chip), "%s rev %u", name, dev->pci->revision);
    if (!version && tcr != UINT32_MAX)
        log_warn("%s: chip version 0x%08x is not known, trying it all the same", nic->chip,
                 tcr & TCR_HWVERID_MASK);
}

static int probe(struct nic *nic, struct pci_dev *pci, const struct nic_id *id)
{
    struct rtl8139 *dev = kcalloc(1, sizeof(*dev));
    int err;

    if (!dev)
        return fail(ERR_OUT_OF_HEAP, "no heap for the driver of an RTL8139");
    dev->nic = nic;
    dev->pci = pci;
    dev->life = (struct nic_life){.ops = &life_ops, .dead = true, .pool = &dev->pool,
                                   .slots = &dev->tx.slots};
    err = map_registers(dev);
    if (err < 0)
        goto err_probe;
    identify(dev, id->name);
    err = rtl8139_reset(dev);
    if (err < 0)
        goto err_probe;
    err = rtl8139_read_address(dev);
    if (err < 0)
        goto err_probe;
    nic->mtu = MTU;
    nic->ops = &rtl8139_ops;
    nic->priv = dev;
    return 0;

err_probe:
    kfree(dev);
    return err;
}

const struct nic_driver rtl8139_driver = {.name = "rtl8139", .ids = rtl8139_ids, .probe = probe};
