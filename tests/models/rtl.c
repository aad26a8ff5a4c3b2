// A modelled Realtek chip as a whole: power-on, resets, interrupts, time. See rtl.h.
// Spec: data sheets RTL8169SC 1.5, RTL8111B 1.4; the rest is what Linux, BSD and iPXE agree on. Tested: judged by Linux's
// r8169 and iPXE's realtek (tests/system/test_models.py), never beside a real card: timing, errata, PHY patches and power
// management are not modelled.
#include "tests/models/rtl.h"  // rtl_open

#include <string.h>

#include "lib/clock.h"                // now_us
#include "tests/models/complaints.h"  // complain
#include "tests/models/rtl_regs.h"    // CR

#define RESET_US 50u
#define GARBAGE 0xdeadbe00u     // what ring registers hold that nobody has written
#define MTPS_DEFAULT 0x3b
#define CONFIG1_DEFAULT 0x0d
#define CONFIG2_DEFAULT 0x80    // clock requests
#define CONFIG3_DEFAULT 0x02    // ready for L23
#define CONFIG5_DEFAULT 0x01    // ASPM

static void reset_rings(struct rtl *r)
{
    static const unsigned bases[] = {TNPDS, RDSAR, THPDS};

    for (unsigned i = 0; i < 3; i++) {
        rtl_put(r, bases[i], GARBAGE, 4);
        rtl_put(r, bases[i] + 4, GARBAGE, 4);
    }
    r->tx_ring_known = r->rx_ring_known = false;
    r->tx_index = r->rx_index = 0;
}

static void put_mac(struct rtl *r)
{
    const uint8_t *mac = r->options.mac;

    memcpy(r->registers + IDR0, mac, 6);
    if (rtl_is(r, RTL_8125_LAYOUT))
        memcpy(r->registers + MAC_BACKUP, mac, 6);
    if (rtl_is(r, RTL_ERI_MAC)) {
        memcpy(&r->eri[0][ERI_MAC / 4], mac, 4);
        r->eri[0][ERI_MAC / 4 + 1] = mac[4] | (uint32_t)mac[5] << 8;
    }
}

void rtl_power_on(struct rtl *r)
{
    memset(r->registers, 0, sizeof(r->registers));
    memset(r->eri, 0, sizeof(r->eri));
    memset(r->csi, 0, sizeof(r->csi));
    memset(r->ephy, 0, sizeof(r->ephy));
    memset(r->mac_ocp, 0, sizeof(r->mac_ocp));
    put_mac(r);
    rtl_put(r, MTPS, MTPS_DEFAULT, 1);
    rtl_put(r, CONFIG1, CONFIG1_DEFAULT, 1);
    if (rtl_is(r, RTL_PCIE)) {
        rtl_put(r, CONFIG2, CONFIG2_DEFAULT, 1);
        rtl_put(r, CONFIG3, CONFIG3_DEFAULT, 1);
        rtl_put(r, CONFIG5, CONFIG5_DEFAULT, 1);
    }
    reset_rings(r);
    r->events = 0;
    r->reset_until = 0;
    r->firmware = r->deaf = r->master_since_start = false;
    r->list_ready = true;
    r->master = pci_config_bus_master(&r->config);
    rtl_phy_power_on(r);
    rtl_state_apply(r);
    rtl_interrupt(r);
}

void rtl_open(struct rtl *r, const struct rtl_chip *chip, const struct rtl_options *options)
{
    struct pci_identity identity = chip->pci;

    memset(r, 0, sizeof(*r));
    r->chip = chip;
    r->options = *options;
    r->interrupts.fd = -1;
    if (options->intx_only)
        identity.msi = false;
    pci_config_open(&r->config, &identity);
    r->config.bus_master_at_reset = options->state == RTL_RUNNING;
    r->config.asleep_at_reset = options->state == RTL_ASLEEP;
    pci_config_reset(&r->config);
    r->phy.cable = !options->unplugged;
    rtl_power_on(r);
}

void rtl_soft_reset(struct rtl *r)
{
    uint32_t rcr = rtl_get(r, RCR, 4);

    r->counters.soft_resets++;
    r->reset_until = now_us() + RESET_US;
    r->firmware = r->deaf = false;
    r->events = 0;
    rtl_put(r, CR, 0, 1);
    rtl_put(r, RCR, rcr & ~RCR_ACCEPT, 4);      // bit 24 survives
    rtl_put(r, TCR, 0, 4);
    rtl_put(r, rtl_is(r, RTL_8125_LAYOUT) ? IMR_8125 : IMR, 0, rtl_is(r, RTL_8125_LAYOUT) ? 4 : 2);
    reset_rings(r);
    rtl_interrupt(r);
}

void rtl_configured(struct rtl *r)
{
    bool master = pci_config_bus_master(&r->config);

    if (master && !r->master && r->firmware)
        complain("bus mastering is turned on while the receiver runs that firmware left");
    r->master = master;
    interrupts_set(&r->interrupts, &r->config, r->interrupts.wanted, false);
}

void rtl_interrupt(struct rtl *r)
{
    uint32_t mask = rtl_is(r, RTL_8125_LAYOUT) ? rtl_get(r, IMR_8125, 4) : rtl_get(r, IMR, 2);

    interrupts_set(&r->interrupts, &r->config, (r->events & mask) != 0, r->in_access);
}

void rtl_event(struct rtl *r, uint32_t bits)
{
    r->events |= bits;
    rtl_interrupt(r);
}

uint64_t rtl_next(const struct rtl *r)
{
    return r->phy.up_at < r->old_frame_at ? r->phy.up_at : r->old_frame_at;
}

void rtl_run(struct rtl *r)
{
    rtl_phy_run(r);
    rtl_state_run(r);
}

void rtl_print(const struct rtl *r, FILE *out)
{
    const struct rtl_counters *c = &r->counters;
    const struct {
        const char *name;
        uint64_t value;
    } figures[] = {
        {"rx_frames", c->rx_frames}, {"rx_bytes", c->rx_bytes}, {"rx_errors", c->rx_errors},
        {"rx_filtered", c->rx_filtered}, {"rx_no_descriptor", c->rx_no_descriptor},
        {"rx_while_off", c->rx_while_off}, {"rx_without_master", c->rx_without_master},
        {"tx_frames", c->tx_frames}, {"tx_bytes", c->tx_bytes}, {"tx_refused", c->tx_refused},
        {"doorbells", c->doorbells}, {"doorbells_idle", c->doorbells_idle}, {"doorbells_lost", c->doorbells_lost},
        {"old_frames", c->old_frames}, {"soft_resets", c->soft_resets},
        {"link_ups", c->link_ups}, {"link_downs", c->link_downs}, {"link_mbps", r->phy.up ? r->phy.speed : 0},
        {"msis", r->interrupts.msis}, {"intx_edges", r->interrupts.edges},
        {"receiver_on", (rtl_get(r, CR, 1) & CR_RE) != 0}, {"transmitter_on", (rtl_get(r, CR, 1) & CR_TE) != 0},
        {"cable", r->phy.cable}, {"bus_master", pci_config_bus_master(&r->config)},
        {"firmware_runs", r->firmware},
        {"config2", rtl_get(r, CONFIG2, 1)}, {"config5", rtl_get(r, CONFIG5, 1)},
        {"link_control", r->config.express_at ? pci_config_read(&r->config, r->config.express_at + 16u, 2) : 0},
    };

    for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++)
        fprintf(out, "%s %llu\n", figures[i].name, (unsigned long long)figures[i].value);
}
