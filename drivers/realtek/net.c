// Realtek's controllers RTL8169 and 8110 (PCI), 8168, 8111 and 8136 (PCI Express), 8125 and 8126: finding
// one, starting, stopping, recovery.
// Spec: RTL8169 Registers data sheet 1.5, RTL8168B Registers data sheet 1.0, else as Linux's driver (r8169)
// has it. Tested: models of 8168C, 8168E-VL, 8168G, 8168H and 8125B that Linux's r8169 and iPXE drive, too;
// unit tests with a chip in memory; no silicon.
// Not handled: jumbo frames, VLAN offload, interrupts.
#include "drivers/realtek/realtek.h"  // rtl

#include <assert.h>
#include <stddef.h>
#include <stdio.h>

#include "drivers/pci/pci.h"               // pci_map_bar
#include "drivers/pci/pci_regs.h"          // PCI_SUBSYSTEM_ID
#include "drivers/realtek/driver.h"        // realtek_driver
#include "drivers/realtek/realtek_regs.h"  // RTL_REGS_SIZE
#include "kernel/memory.h"                 // kcalloc
#include "lib/err.h"                       // fail
#include "lib/log.h"                       // log_warn

#define POOL_BUFFERS 4096u  // the ring's and what the stack may hold behind a hole: a whole window
#define MTU 1500u
#define LINKSYS_VENDOR 0x1737u
#define LINKSYS_8169 0x0024u

// ---- up and down ------------------------------------------------------------------------------------

static void down(struct nic *nic)
{
    struct rtl *dev = nic->priv;

    if (rtl_reset(dev) < 0)
        log_warn("%s: %s", nic->chip, fail_detail());  // bus mastering is off all the same
    else
        rtl_dash_announce(dev, false);
    rtl_rings_destroy(dev);
}

static int up(struct nic *nic)
{
    struct rtl *dev = nic->priv;
    int err = rtl_reset(dev);

    if (err < 0)
        return err;
    err = rtl_rings_create(dev);
    if (err < 0)
        return err;
    err = nic_life_create_pool(nic, POOL_BUFFERS, RTL_BUFFER_SIZE);
    if (err < 0)
        goto err_pool;
    rtl_dash_announce(dev, true);
    rtl_mac_setup(dev);
    rtl_phy_setup(dev);
    rtl_rings_program(dev);
    rtl_rx_refill(dev);
    pci_set_bus_master(dev->pci, true);
    rtl_mac_enable(dev);
    return 0;

err_pool:
    rtl_rings_destroy(dev);
    return err;
}

// ---- life -------------------------------------------------------------------------------------------

static unsigned poll(struct nic *nic, unsigned budget)
{
    struct rtl *dev = nic->priv;

    if (dev->life.dead)
        return 0;
    dev->polling = true;
    if (rtl_tx_reclaim(dev))
        nic_life_late(nic);
    unsigned delivered = rtl_rx(dev, budget);
    dev->polling = false;
    if (nic_life_recover(nic))
        return delivered;
    rtl_rx_refill(dev);
    rtl_tx_doorbell(dev);
    return delivered;
}

static struct nic_link read_link(struct nic *nic)
{
    struct rtl *dev = nic->priv;
    struct nic_link link = rtl_link(dev);

    if (!dev->life.gone)
        rtl_rx_watch(dev);
    return link;
}

static_assert(offsetof(struct rtl, life) == 0, "drivers/nic_life.h");

static const struct nic_life_ops life_ops = {.up = up, .down = down, .link = read_link};

static const struct nic_ops rtl_ops = {
    .start = nic_life_start,
    .stop = nic_life_stop,
    .transmit = rtl_transmit,
    .poll = poll,
    .sending = rtl_sending,
    .link = nic_life_link,
};

// ---- probe ------------------------------------------------------------------------------------------

// The registers are in the first memory BAR: number 1 on PCI, 2 on PCI Express, where 0 is the same in I/O
// space.
static int map_registers(struct rtl *dev)
{
    const struct pci_bar *bars = dev->pci->bars;
    unsigned bar = 0;

    while (bar < PCI_BARS && (bars[bar].size == 0 || bars[bar].io))
        bar++;
    if (bar == PCI_BARS)
        return fail(ERR_NIC_INIT_FAILED, "it has no memory BAR");
    if (bars[bar].size < (rtl_has(dev, RTL_8125) ? RTL_REGS_SIZE_8125 : RTL_REGS_SIZE))
        return fail(ERR_NIC_INIT_FAILED, "its BAR is too small");
    dev->regs = pci_map_bar(dev->pci, bar);
    return dev->regs ? 0 : ERR_NIC_INIT_FAILED;  // pci_map_bar() said why
}

// Linksys gave the id of its 8169 card to one with another maker's chip, too (subsystem 0015).
static int check_card(const struct pci_dev *pci)
{
    if (pci->vendor_id == LINKSYS_VENDOR && pci_read16(pci, PCI_SUBSYSTEM_ID) != LINKSYS_8169)
        return fail(ERR_UNSUPPORTED, "this card has another maker's chip");
    return 0;
}

static int identify(struct rtl *dev, const struct nic_id *id)
{
    uint32_t tcr = rd32(dev, TCR);
    uint16_t xid = tcr >> TCR_XID_SHIFT & TCR_XID_MASK;
    char *text = dev->nic->chip;
    bool known;

    if (tcr == UINT32_MAX)
        return fail(ERR_NIC_INIT_FAILED, "it does not answer");
    dev->chip = rtl_find_chip(xid, id->flags, &known);
    dev->flags = dev->chip->flags | (id->flags & RTL_FAST);
    if (known) {
        snprintf(text, sizeof(dev->nic->chip), "%s version %03x", dev->chip->name, xid);
        return 0;
    }
    snprintf(text, sizeof(dev->nic->chip), "%s version %03x", id->name, xid);
    log_warn("%s is not a version this driver knows; it is driven as an %s", text, dev->chip->name);
    return 0;
}

static int probe(struct nic *nic, struct pci_dev *pci, const struct nic_id *id)
{
    int err = check_card(pci);

    if (err < 0)
        return err;
    struct rtl *dev = kcalloc(1, sizeof(*dev));
    if (!dev)
        return fail(ERR_OUT_OF_HEAP, "no heap for the driver of %s", id->name);
    dev->nic = nic;
    dev->pci = pci;
    dev->flags = id->flags;
    dev->life = (struct nic_life){.ops = &life_ops, .dead = true, .pool = &dev->pool,
                                   .slots = &dev->tx.slots};
    snprintf(nic->chip, sizeof(nic->chip), "%s", id->name);
    err = map_registers(dev);
    if (err < 0)
        goto err_probe;
    if (!rtl_has(dev, RTL_PCI))
        pci_disable_aspm(pci);  // before anything is asked of it
    err = identify(dev, id);
    if (err < 0)
        goto err_probe;
    rtl_dash_detect(dev);
    err = rtl_reset(dev);
    if (err < 0)
        goto err_probe;
    err = rtl_read_address(dev);
    if (err < 0)
        goto err_probe;
    nic->mtu = MTU;
    nic->features = NIC_RX_CSUM;
    nic->ops = &rtl_ops;
    nic->priv = dev;
    return 0;

err_probe:
    kfree(dev);
    return err;
}

const struct nic_driver realtek_driver = {.name = "realtek", .ids = rtl_ids, .probe = probe};
