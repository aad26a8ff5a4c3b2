// Realtek's controllers RTL8169 and 8110 (PCI), 8168, 8111 and 8136 (PCI Express), 8125 and 8126: finding
// one, starting, stopping, recovery.
// Spec: RTL8169 Registers data sheet 1.5, RTL8168B Registers data sheet 1.0, else as Linux's driver (r8169)
// has it. Tested: models of 8168C, 8168E-VL, 8168G, 8168H and 8125B that Linux's r8169 and iPXE drive, too;
// unit tests with a chip in memory; no silicon.
// Not handled: jumbo frames, VLAN offload, interrupts.
#include "drivers/realtek/realtek.h"  // rtl

#include <stdio.h>

#include "drivers/pci/pci.h"               // pci_map_bar
#include "drivers/pci/pci_regs.h"          // PCI_SUBSYSTEM_ID
#include "drivers/realtek/driver.h"        // realtek_driver
#include "drivers/realtek/realtek_regs.h"  // RTL_REGS_SIZE
#include "kernel/memory.h"                 // kcalloc
#include "lib/err.h"                       // fail
#include "lib/log.h"                       // log_warn

#define POOL_BUFFERS 4096u  // the ring's and what the stack may hold behind a hole: a whole window
#define LIES_MAX 16u        // impossible lengths a chip may write before it is stopped
#define RESTARTS_MAX 8u
#define MTU 1500u
#define LINKSYS_VENDOR 0x1737u
#define LINKSYS_8169 0x0024u

// ---- start and stop ---------------------------------------------------------------------------------

// No DMA afterwards, whatever state the chip was in; every buffer is back.
static void bring_down(struct rtl *dev)
{
    if (rtl_reset(dev) < 0)
        log_warn("%s: %s", dev->nic->chip, fail_detail());  // bus mastering is off all the same
    else
        rtl_dash_announce(dev, false);
    rtl_rings_destroy(dev);
    dev->link_up = dev->link_lost = dev->restart = false;
}

static int create_pool(struct rtl *dev)
{
    dev->nic->rx_held = POOL_BUFFERS;
    if (dev->pool.buffers)
        return 0;  // kept by the last stop because the stack held frames
    return nic_buf_pool_create(&dev->pool, POOL_BUFFERS, RTL_BUFFER_SIZE);
}

static int bring_up(struct rtl *dev)
{
    int err = rtl_reset(dev);

    if (err < 0)
        return err;
    err = rtl_rings_create(dev);
    if (err < 0)
        return err;
    err = create_pool(dev);
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

static int start(struct nic *nic)
{
    struct rtl *dev = nic->priv;

    dev->dead = dev->gone = dev->link_up = dev->link_lost = dev->restart = false;
    dev->restarts = 0;
    return bring_up(dev);
}

static void stop(struct nic *nic)
{
    struct rtl *dev = nic->priv;

    bring_down(dev);
    nic_buf_pool_destroy(&dev->pool);  // or kept, see create_pool()
}

// ---- life -------------------------------------------------------------------------------------------

// Silences a chip that is not worth another attempt. Its link is down from now on.
static void give_up(struct rtl *dev, int err, const char *why)
{
    log_error("%s: %s; it is stopped (%s)", dev->nic->chip, why, err_name(err));
    bring_down(dev);
    dev->dead = true;
}

static void restart(struct rtl *dev)
{
    // A link that comes and goes does not mean that restarting is in vain.
    if (dev->restart && ++dev->restarts > RESTARTS_MAX) {
        give_up(dev, ERR_TIMEOUT, "restarting did not help");
        return;
    }
    bring_down(dev);
    int err = bring_up(dev);
    if (err < 0)
        give_up(dev, err, fail_detail());
}

static struct nic_link get_link(struct nic *nic)
{
    struct rtl *dev = nic->priv;

    // A chip that has gone is silenced by the next poll().
    return dev->dead || dev->gone ? (struct nic_link){0} : rtl_link(dev);
}

// Without a link nothing is sent, and that is no reason to reset the chip.
static void watchdog(struct rtl *dev)
{
    if (!rtl_link(dev).up) {
        rtl_tx_touch(dev);
        return;
    }
    dev->nic->stats.tx_timeouts++;
    log_warn("%s: nothing was sent for two seconds, restarting it", dev->nic->chip);
    dev->restart = true;
}

// Sees to a chip that needs more than frames moved. True when the rings are not to be touched any more.
static bool recover(struct rtl *dev)
{
    if (dev->gone)
        give_up(dev, ERR_NIC_INIT_FAILED, "it does not answer any more");
    else if (dev->rx.lies > LIES_MAX)
        give_up(dev, ERR_DMA, "it writes impossible lengths");
    else if (dev->restart || dev->link_lost)
        restart(dev);
    else
        return false;
    return true;
}

static unsigned poll(struct nic *nic, unsigned budget)
{
    struct rtl *dev = nic->priv;

    if (dev->dead)
        return 0;
    dev->polling = true;
    if (rtl_tx_reclaim(dev))
        watchdog(dev);
    unsigned delivered = rtl_rx(dev, budget);
    dev->polling = false;
    if (recover(dev))
        return delivered;
    rtl_rx_refill(dev);
    rtl_tx_doorbell(dev);
    return delivered;
}

static const struct nic_ops rtl_ops = {
    .start = start,
    .stop = stop,
    .transmit = rtl_transmit,
    .poll = poll,
    .link = get_link,
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
    snprintf(nic->chip, sizeof(nic->chip), "%s", id->name);
    err = map_registers(dev);
    if (err < 0)
        goto err_probe;
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
