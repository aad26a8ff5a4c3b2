// Realtek's fast Ethernet family RTL8139, 8139A to 8139D, 8139C+, 8100, 8101, 8130, and cards with them under
// other names: finding one, starting, stopping, recovery. All are driven in the way that all of them know.
// Spec: RTL8139D(L) Data Sheet, RTL8139C+ Data Sheet, RTL8139 Programming Guide. Tested: QEMU 7.2 rtl8139
// (an 8139C+), after iPXE and alone; no silicon.
// Not handled: 8139C+'s descriptors; registers as ports, for chips whose memory BAR the EEPROM switched off;
// interrupts; checksum offload, which no chip has in this way.
#include "drivers/realtek/rtl8139.h"  // rtl8139_driver

#include <stdio.h>

#include "drivers/dma.h"                   // dma_alloc
#include "drivers/pci/pci.h"               // pci_map_bar
#include "drivers/realtek/rtl8139_chip.h"  // rtl8139
#include "kernel/memory.h"                 // kcalloc
#include "lib/err.h"                       // fail
#include "lib/log.h"                       // log_warn

#define POOL_BUFFERS 4096u  // what the stack may hold behind a hole: a whole window
#define LIES_MAX 16u        // impossible frames in a row before a chip is stopped
#define RESTARTS_MAX 8u
#define MTU 1500u
#define RING_ALIGN 256u     // of RBSTART; the chips ask for 4

// ---- start and stop ---------------------------------------------------------------------------------

static void free_memory(struct rtl8139 *dev)
{
    if (dev->rx.ring)
        dma_free(dev->rx.ring, RX_RING_BYTES);
    if (dev->tx.slots)
        dma_free(dev->tx.slots, TX_SLOTS * TX_SLOT_SIZE);
    dev->rx = (struct rtl8139_rx){0};
    dev->tx = (struct rtl8139_tx){0};
}

static int create_memory(struct rtl8139 *dev)
{
    dev->rx.size = dev->flags & RTL8139_RING_64K ? RX_RING_64K : RX_RING_32K;
    dev->rx.ring = dma_alloc(RX_RING_BYTES, RING_ALIGN);
    dev->tx.slots = dma_alloc(TX_SLOTS * TX_SLOT_SIZE, TX_SLOT_SIZE);
    if (dev->rx.ring && dev->tx.slots)
        return 0;
    free_memory(dev);
    return fail(ERR_NOT_ENOUGH_MEMORY, "no memory for its ring");
}

static int create_pool(struct rtl8139 *dev)
{
    dev->nic->rx_held = POOL_BUFFERS;
    if (dev->pool.buffers)
        return 0;  // kept by the last stop because the stack held frames
    return nic_buf_pool_create(&dev->pool, POOL_BUFFERS, RTL8139_BUFFER_SIZE);
}

// No DMA afterwards, whatever state the chip was in.
static void bring_down(struct rtl8139 *dev)
{
    if (rtl8139_reset(dev) < 0)
        log_warn("%s: %s", dev->nic->chip, fail_detail());  // bus mastering is off all the same
    free_memory(dev);
    dev->restart = dev->lost = false;
}

static int bring_up(struct rtl8139 *dev)
{
    int err = rtl8139_reset(dev);

    if (err < 0)
        return err;
    err = create_memory(dev);
    if (err < 0)
        return err;
    err = create_pool(dev);
    if (err < 0)
        goto err_pool;
    pci_set_bus_master(dev->pci, true);
    err = rtl8139_set_up(dev);
    if (err < 0)
        goto err_set_up;
    return 0;

err_set_up:
    pci_set_bus_master(dev->pci, false);
err_pool:
    free_memory(dev);
    return err;
}

static int start(struct nic *nic)
{
    struct rtl8139 *dev = nic->priv;

    dev->dead = dev->gone = false;
    dev->restarts = dev->lies = 0;
    return bring_up(dev);
}

static void stop(struct nic *nic)
{
    struct rtl8139 *dev = nic->priv;

    bring_down(dev);
    nic_buf_pool_destroy(&dev->pool);  // or kept, see create_pool()
}

// ---- life -------------------------------------------------------------------------------------------

// Silences a chip that is not worth another attempt. Its link is down from now on.
static void give_up(struct rtl8139 *dev, int err, const char *why)
{
    log_error("%s: %s; it is stopped (%s)", dev->nic->chip, why, err_name(err));
    bring_down(dev);
    dev->dead = true;
}

static void restart(struct rtl8139 *dev)
{
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
    struct rtl8139 *dev = nic->priv;

    // A chip that has gone is silenced by the next poll().
    return dev->dead || dev->gone ? (struct nic_link){0} : rtl8139_link(dev);
}

// Without a link nothing is sent, and that is no reason to reset the chip.
static void watchdog(struct rtl8139 *dev)
{
    if (!rtl8139_link(dev).up) {
        rtl8139_tx_touch(dev);
        return;
    }
    dev->nic->stats.tx_timeouts++;
    log_warn("%s: nothing was sent for two seconds, restarting it", dev->nic->chip);
    dev->restart = true;
}

// Sees to a chip that needs more than frames moved.
static void recover(struct rtl8139 *dev)
{
    if (dev->gone)
        give_up(dev, ERR_NIC_INIT_FAILED, "it does not answer any more");
    else if (dev->lies > LIES_MAX)
        give_up(dev, ERR_DMA, "what it writes into its ring are no frames");
    else if (dev->restart || dev->lost)
        restart(dev);
}

static unsigned poll(struct nic *nic, unsigned budget)
{
    struct rtl8139 *dev = nic->priv;

    if (dev->dead)
        return 0;
    if (rtl8139_tx_reclaim(dev))
        watchdog(dev);
    unsigned delivered = rtl8139_rx(dev, budget);
    recover(dev);
    return delivered;
}

static const struct nic_ops rtl8139_ops = {
    .start = start,
    .stop = stop,
    .transmit = rtl8139_transmit,
    .poll = poll,
    .link = get_link,
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
