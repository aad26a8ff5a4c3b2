// Intel's gigabit controllers 8254x (e1000), 82571 to 82583 and 80003ES2LAN (e1000e): finding one, starting,
// stopping, recovery.
// Spec: 317453 chapter 14 (initialisation), 316080 chapter 14, 82574 Data Sheet chapter 4. Tested: QEMU 7.2
// e1000 (82540EM), e1000-82544gc, e1000-82545em, e1000e (82574L); after iPXE, GRUB and OVMF; no silicon.
// Not handled: 82542 (its registers lie elsewhere), jumbo frames, VLAN offload, interrupts.
#include "drivers/intel/intel.h"  // intel

#include <assert.h>
#include <stddef.h>
#include <stdio.h>

#include "drivers/intel/driver.h"      // intel_driver
#include "drivers/intel/intel_regs.h"  // INTEL_BAR_REGS
#include "drivers/pci/pci.h"           // pci_map_bar
#include "kernel/memory.h"             // kcalloc
#include "lib/err.h"                   // fail
#include "lib/log.h"                   // log_warn

#define POOL_BUFFERS 4096u  // the ring's and what the stack may hold behind a hole: a whole window
#define MTU 1500u

// ---- up and down ------------------------------------------------------------------------------------

static void down(struct nic *nic)
{
    struct intel *dev = nic->priv;

    if (intel_reset(dev) < 0)
        log_warn("%s: %s", nic->chip, fail_detail());  // bus mastering is off all the same
    else
        intel_announce(dev, false);
    intel_rings_destroy(dev);
}

// The tail moves only when the receiver is on: later chips take no buffers before.
static int up(struct nic *nic)
{
    struct intel *dev = nic->priv;
    int err = intel_reset(dev);

    if (err < 0)
        return err;
    err = intel_rings_create(dev);
    if (err < 0)
        return err;
    err = nic_life_create_pool(nic, POOL_BUFFERS, INTEL_BUFFER_SIZE);
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

// ---- life -------------------------------------------------------------------------------------------

static unsigned poll(struct nic *nic, unsigned budget)
{
    struct intel *dev = nic->priv;

    if (dev->life.dead)
        return 0;
    dev->polling = true;
    if (intel_tx_reclaim(dev))
        nic_life_late(nic);
    unsigned delivered = intel_rx(dev, budget);
    dev->polling = false;
    if (nic_life_recover(nic))
        return delivered;
    intel_rx_refill(dev);
    intel_rx_doorbell(dev);
    intel_tx_doorbell(dev);
    return delivered;
}

static struct nic_link read_link(struct nic *nic)
{
    return intel_link(nic->priv);
}

static_assert(offsetof(struct intel, life) == 0, "drivers/nic_life.h");

static const struct nic_life_ops life_ops = {.up = up, .down = down, .link = read_link};

static const struct nic_ops intel_ops = {
    .start = nic_life_start,
    .stop = nic_life_stop,
    .transmit = intel_transmit,
    .poll = poll,
    .sending = intel_sending,
    .link = nic_life_link,
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
    dev->life = (struct nic_life){.ops = &life_ops, .dead = true, .pool = &dev->pool,
                                   .slots = &dev->tx.slots};
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
