// Intel's gigabit controllers 8254x (e1000), 82571 to 82583 and 80003ES2LAN (e1000e): finding one, starting,
// stopping, recovery.
// Spec: 317453 chapter 14 (initialisation), 316080 chapter 14, 82574 Data Sheet chapter 4. Tested: QEMU 7.2
// e1000 (82540EM), e1000-82544gc, e1000-82545em, e1000e (82574L); after iPXE, GRUB and OVMF; no silicon.
// Not handled: 82542 (its registers lie elsewhere), jumbo frames, VLAN offload, interrupts.
#include "drivers/intel/intel.h"  // intel

#include <stdio.h>
#include <string.h>

#include "drivers/intel/driver.h"      // intel_driver
#include "drivers/intel/intel_regs.h"  // INTEL_BAR_REGS
#include "drivers/pci/pci.h"           // pci_map_bar
#include "kernel/memory.h"             // kcalloc
#include "lib/err.h"                   // fail
#include "lib/log.h"                   // log_warn

#define POOL_BUFFERS 4096u  // the ring's and what the stack may hold behind a hole: a whole window
#define LIES_MAX 16u      // impossible lengths a chip may write before it is stopped
#define RESTARTS_MAX 8u
#define MTU 1500u

// ---- start and stop ---------------------------------------------------------------------------------

// No DMA afterwards, whatever state the chip was in; every buffer is back.
static void bring_down(struct intel *dev)
{
    if (intel_reset(dev) < 0)
        log_warn("%s: %s", dev->nic->chip, fail_detail());  // bus mastering is off all the same
    else
        intel_announce(dev, false);
    intel_rings_destroy(dev);
    dev->link_up = dev->link_lost = dev->restart = false;
}

static int create_pool(struct intel *dev)
{
    dev->nic->rx_held = POOL_BUFFERS;
    if (dev->pool.buffers)
        return 0;  // kept by the last stop because the stack held frames
    return nic_buf_pool_create(&dev->pool, POOL_BUFFERS, INTEL_BUFFER_SIZE);
}

// The tail moves only when the receiver is on: later chips take no buffers before.
static int bring_up(struct intel *dev)
{
    int err = intel_reset(dev);

    if (err < 0)
        return err;
    err = intel_rings_create(dev);
    if (err < 0)
        return err;
    err = create_pool(dev);
    if (err < 0)
        goto err_pool;
    intel_express_setup(dev);
    intel_mac_setup(dev);
    intel_rings_program(dev);
    pci_set_bus_master(dev->pci, true);
    intel_rx_refill(dev);
    intel_mac_enable(dev);
    intel_rx_doorbell(dev);
    intel_announce(dev, true);
    return 0;

err_pool:
    intel_rings_destroy(dev);
    return err;
}

static int start(struct nic *nic)
{
    struct intel *dev = nic->priv;

    dev->dead = dev->gone = false;
    dev->restarts = 0;
    return bring_up(dev);
}

static void stop(struct nic *nic)
{
    struct intel *dev = nic->priv;

    bring_down(dev);
    nic_buf_pool_destroy(&dev->pool);  // or kept, see create_pool()
}

// ---- life -------------------------------------------------------------------------------------------

// Silences a chip that is not worth another attempt. Its link is down from now on.
static void give_up(struct intel *dev, int err, const char *why)
{
    log_error("%s: %s; it is stopped (%s)", dev->nic->chip, why, err_name(err));
    bring_down(dev);
    dev->dead = true;
}

static void restart(struct intel *dev)
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
    struct intel *dev = nic->priv;

    // A chip that has gone is silenced by the next poll().
    return dev->dead || dev->gone ? (struct nic_link){0} : intel_link(dev);
}

// Without a link nothing is sent, and that is no reason to reset the chip.
static void watchdog(struct intel *dev)
{
    if (!intel_link(dev).up) {
        intel_tx_touch(dev);
        return;
    }
    dev->nic->stats.tx_timeouts++;
    log_warn("%s: nothing was sent for two seconds, restarting it", dev->nic->chip);
    dev->restart = true;
}

// Sees to a chip that needs more than frames moved. True when the rings are not to be touched any more.
static bool recover(struct intel *dev)
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
    struct intel *dev = nic->priv;

    if (dev->dead)
        return 0;
    dev->polling = true;
    if (intel_tx_reclaim(dev))
        watchdog(dev);
    unsigned delivered = intel_rx(dev, budget);
    dev->polling = false;
    if (recover(dev))
        return delivered;
    intel_rx_refill(dev);
    intel_rx_doorbell(dev);
    intel_tx_doorbell(dev);
    return delivered;
}

static const struct nic_ops intel_ops = {
    .start = start,
    .stop = stop,
    .transmit = intel_transmit,
    .poll = poll,
    .link = get_link,
};

// ---- probe ------------------------------------------------------------------------------------------

static int map_registers(struct intel *dev)
{
    if (dev->flags & INTEL_REGS_ELSEWHERE)
        return fail(ERR_UNSUPPORTED, "this first generation is not supported");
    dev->regs = pci_map_bar(dev->pci, INTEL_BAR_REGS);
    if (!dev->regs)
        return ERR_NIC_INIT_FAILED;  // pci_map_bar() said why
    if (dev->pci->bars[INTEL_BAR_REGS].size < INTEL_REGS_SIZE)
        return fail(ERR_NIC_INIT_FAILED, "its BAR is too small");
    return 0;
}

static int probe(struct nic *nic, struct pci_dev *pci, const struct nic_id *id)
{
    struct intel *dev = kcalloc(1, sizeof(*dev));
    uint8_t before[6];
    int err;

    if (!dev)
        return fail(ERR_OUT_OF_HEAP, "no heap for the driver of %s", id->name);
    dev->nic = nic;
    dev->pci = pci;
    dev->flags = id->flags;
    snprintf(nic->chip, sizeof(nic->chip), "%s rev %u", id->name, pci->revision);
    err = map_registers(dev);
    if (err < 0)
        goto err_probe;
    intel_station_address(dev, before);
    err = intel_reset(dev);
    if (err < 0)
        goto err_probe;
    err = intel_read_address(dev, before);
    if (err < 0)
        goto err_probe;
    nic->mtu = MTU;
    nic->features = NIC_RX_CSUM;
    nic->ops = &intel_ops;
    nic->priv = dev;
    return 0;

err_probe:
    kfree(dev);
    return err;
}

const struct nic_driver intel_driver = {.name = "intel", .ids = intel_ids, .probe = probe};
