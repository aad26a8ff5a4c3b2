// The virtio network device: finding it, starting, stopping, link state, recovery.
// Spec: Virtual I/O Device 1.2 sections 5.1 (network device), 3.1 (initialisation), 2.1.2 (NEEDS_RESET).
// Tested: QEMU 7.2 modern, transitional and legacy, with and without MRG_RXBUF, EVENT_IDX, ANY_LAYOUT and
// GUEST_CSUM, on user and TAP networks, on root buses and behind bridges, after iPXE, GRUB and OVMF.
// Not handled: segmentation of sent frames, several queue pairs, the control queue.
#include "drivers/virtio/net.h"  // virtio_net

#include <stdio.h>
#include <string.h>

#include "drivers/pci/pci.h"                 // pci_set_bus_master
#include "drivers/virtio/driver.h"           // virtio_net_driver
#include "drivers/virtio/virtio_net_regs.h"  // VIRTIO_NET_F_MAC
#include "drivers/virtio/virtio_pci_regs.h"  // VIRTIO_F_VERSION_1
#include "kernel/memory.h"                   // kcalloc
#include "kernel/random.h"                   // random_u32
#include "lib/err.h"                         // fail
#include "lib/log.h"                         // log_warn
#include "lib/mac.h"                         // mac_is_station

#define QUEUE_SIZE_MAX 1024u      // descriptors where the driver may choose
#define POOL_BUFFERS 4096u        // the ring's and what the stack may hold behind a hole: a whole window
#define LARGE_BUFFER_SIZE 65536u  // where frames of up to 64 KiB may come, nearly all of them in one
#define LARGE_BUFFERS_SPARE 256u  // beside the ring's: those of a turn, and large frames behind a hole
#define SMALL_BUFFER_SIZE 2048u   // POOL_BUFFERS of them, for the small frames behind a hole
#define SMALL_MACHINE MIB(768)    // with less free memory, a third of all that is spent
#define LIES_MAX 16u              // impossible things a device may write before it is stopped
#define RESTARTS_MAX 8u
#define MTU_DEFAULT 1500u
#define MTU_MIN 576u              // a smaller one is a broken configuration (RFC 791: hosts take 576)

#define WANTED_FEATURES                                                                                  \
    (VIRTIO_NET_LARGE_FRAMES | VIRTIO_NET_F_GUEST_CSUM | VIRTIO_NET_F_MTU | VIRTIO_NET_F_MAC |           \
     VIRTIO_NET_F_MRG_RXBUF | VIRTIO_NET_F_STATUS | VIRTIO_NET_F_SPEED_DUPLEX |                          \
     VIRTIO_F_ANY_LAYOUT | VIRTIO_F_EVENT_IDX | VIRTIO_F_VERSION_1 | VIRTIO_F_ACCESS_PLATFORM |          \
     VIRTIO_F_ORDER_PLATFORM)

bool virtio_net_distrusted(const struct virtio_net *vn)
{
    return vn->rx.lies + vn->tx.lies > LIES_MAX;
}

void virtio_net_note_lie(struct virtio_net *vn)
{
    snprintf(vn->lie, sizeof(vn->lie), "%s", fail_detail());
}

// What of the offer is taken. Frames of up to 64 KiB come in pieces of our buffers or not at all: without
// MRG_RXBUF each buffer would have to hold a whole one (5.1.6.3.1).
static uint64_t choose_features(const struct virtio_net *vn, uint64_t offered)
{
    uint64_t features = offered & vn->wanted;

    if (!(features & VIRTIO_NET_F_MRG_RXBUF) || !(features & VIRTIO_NET_F_GUEST_CSUM))
        features &= ~VIRTIO_NET_LARGE_FRAMES;
    return features;
}

static int negotiate(struct virtio_net *vn)
{
    uint64_t offered;
    int err = virtio_begin(&vn->dev, &offered);

    if (err < 0)
        return err;
    if (vn->dev.common && !(offered & VIRTIO_F_VERSION_1))
        return fail(ERR_NIC_INIT_FAILED, "a modern device without VERSION_1");
    return virtio_accept(&vn->dev, choose_features(vn, offered));
}

// ---- start and stop ---------------------------------------------------------------------------------

// Without bus mastering even a device that was not reset does no DMA: every buffer is back.
static void release(struct virtio_net *vn)
{
    pci_set_bus_master(vn->dev.pci, false);
    virtio_net_rx_reclaim(vn);
    virtq_destroy(&vn->rx);
    virtq_destroy(&vn->tx);
    virtio_net_tx_destroy(vn);
}

// No DMA afterwards, whatever state the device was in. What virtio_reset() returns.
static int bring_down(struct virtio_net *vn)
{
    int err = virtio_reset(&vn->dev);

    release(vn);
    return err;
}

static void choose_layout(struct virtio_net *vn)
{
    uint64_t features = vn->dev.features;
    bool modern = features & VIRTIO_F_VERSION_1;

    vn->mergeable = features & VIRTIO_NET_F_MRG_RXBUF;
    vn->header_size = modern || vn->mergeable ? sizeof(struct virtio_net_hdr) : VIRTIO_NET_HDR_LEGACY_SIZE;
    vn->split_header = !modern && !(features & VIRTIO_F_ANY_LAYOUT);
    vn->nic->features = features & VIRTIO_NET_F_GUEST_CSUM ? NIC_RX_CSUM : 0;
}

// Buffers for whole frames of 64 KiB, and small ones in which the stack may hold a window of small frames.
static int create_large_pools(struct virtio_net *vn, bool small_machine)
{
    uint32_t size = small_machine ? LARGE_BUFFER_SIZE / 4 : LARGE_BUFFER_SIZE;
    unsigned small = small_machine ? POOL_BUFFERS / 2 : POOL_BUFFERS;
    int err = 0;

    if (!vn->pool.buffers)
        err = nic_buf_pool_create(&vn->pool, virtio_net_rx_target(vn) + LARGE_BUFFERS_SPARE, size);
    if (err == 0 && !vn->small.buffers)
        err = nic_buf_pool_create(&vn->small, small, SMALL_BUFFER_SIZE);
    return err;
}

// What the last stop had to keep, because the stack held frames of it, is used again.
static int create_pools(struct virtio_net *vn)
{
    bool small_machine = memmap_free_ram() < SMALL_MACHINE;
    int err = 0;

    if ((vn->dev.features & VIRTIO_NET_LARGE_FRAMES) && create_large_pools(vn, small_machine) < 0)
        nic_buf_pool_destroy(&vn->pool);
    if (!vn->pool.buffers)
        err = nic_buf_pool_create(&vn->pool, small_machine ? POOL_BUFFERS / 2 : POOL_BUFFERS,
                                  VIRTIO_NET_BUFFER_SIZE);
    vn->nic->rx_held = vn->small.count > 0 ? vn->small.count : vn->pool.count;
    return err;
}

// The order is that of 3.1.1: reset, features, queues, DRIVER_OK; a doorbell only after that.
static int bring_up(struct virtio_net *vn)
{
    int err = negotiate(vn);

    if (err == ERR_TIMEOUT)
        goto err_reset;  // a second would not end either
    if (err < 0)
        goto err_device;
    choose_layout(vn);
    pci_set_bus_master(vn->dev.pci, true);
    err = virtio_queue_create(&vn->dev, &vn->rx, VIRTIO_NET_QUEUE_RX, QUEUE_SIZE_MAX);
    if (err < 0)
        goto err_device;
    err = virtio_queue_create(&vn->dev, &vn->tx, VIRTIO_NET_QUEUE_TX, QUEUE_SIZE_MAX);
    if (err < 0)
        goto err_device;
    err = create_pools(vn);
    if (err < 0)
        goto err_device;
    err = virtio_net_tx_create(vn);
    if (err < 0)
        goto err_device;
    virtio_net_rx_refill(vn);
    virtio_driver_ok(&vn->dev);
    virtq_kick(&vn->rx);
    return 0;

err_device:
    bring_down(vn);  // knows what there is
    return err;
err_reset:
    release(vn);
    return err;
}

static int start(struct nic *nic)
{
    struct virtio_net *vn = nic->priv;

    vn->dead = vn->gone = vn->restart = false;
    vn->restarts = 0;
    return bring_up(vn);
}

static void stop(struct nic *nic)
{
    struct virtio_net *vn = nic->priv;

    if (!vn->dead && bring_down(vn) < 0)
        log_warn("%s: %s", nic->chip, fail_detail());
    nic_buf_pool_destroy(&vn->pool);  // or kept, see create_pools()
    nic_buf_pool_destroy(&vn->small);
}

// ---- life -------------------------------------------------------------------------------------------

// Says good-bye to a device that is silent already. Its link is down from now on.
static void bury(struct virtio_net *vn, int err, const char *why)
{
    log_error("%s: %s; it is stopped (%s)", vn->nic->chip, why, err_name(err));
    vn->dead = true;
}

// Silences a device that is not worth another attempt.
static void give_up(struct virtio_net *vn, int err, const char *why)
{
    bury(vn, err, why);
    bring_down(vn);  // nobody needs to know how that went
}

static void restart(struct virtio_net *vn)
{
    vn->restart = false;
    if (++vn->restarts > RESTARTS_MAX) {
        give_up(vn, ERR_TIMEOUT, "restarting did not help");
        return;
    }
    int err = bring_down(vn);
    if (err == 0)
        err = bring_up(vn);
    if (err < 0)
        bury(vn, err, fail_detail());
}

static struct nic_link read_link(struct virtio_net *vn)
{
    struct nic_link link = {.up = true, .full_duplex = true};
    uint32_t value;

    if ((vn->dev.features & VIRTIO_NET_F_STATUS) &&
        virtio_config_read(&vn->dev, VIRTIO_NET_CONFIG_STATUS, sizeof(uint16_t), 1, &value) == 0)
        link.up = value & VIRTIO_NET_S_LINK_UP;
    if (!(vn->dev.features & VIRTIO_NET_F_SPEED_DUPLEX))
        return link;
    if (virtio_config_read(&vn->dev, VIRTIO_NET_CONFIG_SPEED, sizeof(uint32_t), 1, &value) == 0)
        link.mbps = value <= VIRTIO_NET_SPEED_MAX ? value : 0;
    if (virtio_config_read(&vn->dev, VIRTIO_NET_CONFIG_DUPLEX, sizeof(uint8_t), 1, &value) == 0)
        link.full_duplex = value == VIRTIO_NET_DUPLEX_FULL;
    return link;
}

// Called ten times a second at most, so the look at the status costs nothing there; poll() acts on it.
static struct nic_link get_link(struct nic *nic)
{
    struct virtio_net *vn = nic->priv;

    if (!vn->dead && !vn->gone)
        vn->gone = virtio_gone(&vn->dev);
    if (vn->dead || vn->gone)
        return (struct nic_link){.up = false};
    if (nic->started && virtio_needs_reset(&vn->dev)) {
        if (!vn->restart)
            log_warn("%s asks for a reset", nic->chip);
        vn->restart = true;
    }
    return read_link(vn);
}

// A host may stop its side while the link is down: that is no reason to reset the device.
static void watchdog(struct virtio_net *vn)
{
    if (!get_link(vn->nic).up) {
        virtio_net_tx_touch(vn);
        return;
    }
    vn->nic->stats.tx_timeouts++;
    log_warn("%s: nothing was sent for two seconds, restarting it", vn->nic->chip);
    vn->restart = true;
}

// Sees to a device that needs more than frames moved. True when the queues are not to be touched any more.
static bool recover(struct virtio_net *vn)
{
    if (vn->gone)
        give_up(vn, ERR_NIC_INIT_FAILED, "it does not answer any more");
    else if (virtio_net_distrusted(vn))
        give_up(vn, ERR_DMA, vn->lie);
    else if (vn->restart)
        restart(vn);
    else
        return false;
    return true;
}

static unsigned poll(struct nic *nic, unsigned budget)
{
    struct virtio_net *vn = nic->priv;

    if (vn->dead)
        return 0;
    vn->polling = true;
    if (virtio_net_tx_reclaim(vn))
        watchdog(vn);
    unsigned delivered = virtio_net_rx(vn, budget);
    vn->polling = false;
    if (recover(vn))
        return delivered;
    virtio_net_rx_refill(vn);
    virtq_kick(&vn->rx);
    virtq_kick(&vn->tx);
    return delivered;
}

static const struct nic_ops virtio_net_ops = {
    .start = start,
    .stop = stop,
    .transmit = virtio_net_transmit,
    .poll = poll,
    .sending = virtio_net_sending,
    .link = get_link,
};

// ---- probe ------------------------------------------------------------------------------------------

// A locally administered unicast address: hosts that give none let the guest choose.
static void random_mac(uint8_t *mac)
{
    uint64_t random = (uint64_t)random_u32() << 32 | random_u32();

    memcpy(mac, &random, sizeof(((struct nic *)NULL)->mac));
    mac[0] = (uint8_t)((mac[0] & ~1u) | 2u);
}

static int read_mac(struct virtio_net *vn)
{
    uint32_t bytes[6];

    if (!(vn->dev.features & VIRTIO_NET_F_MAC)) {
        random_mac(vn->nic->mac);
        return 0;
    }
    int err = virtio_config_read(&vn->dev, VIRTIO_NET_CONFIG_MAC, sizeof(uint8_t), 6, bytes);
    if (err < 0)
        return err;
    for (unsigned i = 0; i < 6; i++)
        vn->nic->mac[i] = (uint8_t)bytes[i];
    if (!mac_is_station(vn->nic->mac))
        return fail(ERR_NIC_INIT_FAILED, "its MAC address is not a station's");
    return 0;
}

// The feature promises buffers for frames of that size, which ours are only up to 1500 (5.1.4.2).
static void read_mtu(struct virtio_net *vn)
{
    uint32_t mtu;

    if (!(vn->dev.features & VIRTIO_NET_F_MTU))
        return;
    if (virtio_config_read(&vn->dev, VIRTIO_NET_CONFIG_MTU, sizeof(uint16_t), 1, &mtu) < 0 ||
        mtu > MTU_DEFAULT || mtu < MTU_MIN) {
        vn->wanted &= ~VIRTIO_NET_F_MTU;
        return;
    }
    vn->nic->mtu = (uint16_t)mtu;
}

static int probe(struct nic *nic, struct pci_dev *pci, const struct nic_id *id)
{
    struct virtio_net *vn = kcalloc(1, sizeof(*vn));
    int err;

    if (!vn)
        return fail(ERR_OUT_OF_HEAP, "no heap for the driver of %s", id->name);
    vn->nic = nic;
    vn->wanted = WANTED_FEATURES;
    err = virtio_open(&vn->dev, pci);
    if (err < 0)
        goto err_open;
    err = negotiate(vn);
    if (err < 0)
        goto err_negotiate;
    err = read_mac(vn);
    if (err < 0)
        goto err_negotiate;
    nic->mtu = MTU_DEFAULT;
    read_mtu(vn);
    err = virtio_reset(&vn->dev);
    if (err < 0)
        goto err_negotiate;
    snprintf(nic->chip, sizeof(nic->chip), "%s", vn->dev.transport->name);
    nic->ops = &virtio_net_ops;
    nic->priv = vn;
    return 0;

err_negotiate:
    vn->dev.transport->write_status(&vn->dev, 0);
err_open:
    kfree(vn);
    return err;
}

static const struct nic_id ids[] = {
    {VIRTIO_PCI_VENDOR, VIRTIO_PCI_DEVICE_NET, 0, "virtio-net"},
    {VIRTIO_PCI_VENDOR, VIRTIO_PCI_DEVICE_NET_LEGACY, 0, "virtio-net transitional"},
    {0, 0, 0, NULL},
};

const struct nic_driver virtio_net_driver = {.name = "virtio-net", .ids = ids, .probe = probe};
