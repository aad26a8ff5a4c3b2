// What firmware may leave behind when it hands the machine over, and what goes on until a driver stops it.
// A driver that turns bus mastering on before it stopped the chip lets the chip write into memory that now has other
// owners; here it writes to fixed places which a machine that has just been turned on does not use yet.
#include "tests/models/rtl.h"  // rtl_state_apply

#include <string.h>

#include "lib/clock.h"                // now_us
#include "tests/models/guest_ram.h"   // guest_ram_at
#include "tests/models/rtl_regs.h"    // RCR_BIT24

#define OLD_RING 0x06000000u
#define OLD_BUFFERS 0x06001000u
#define OLD_BUFFER 2048u
#define OLD_DESCRIPTORS 16u
#define OLD_FRAME 60u
#define OLD_PERIOD_US 5000u
#define OLD_PAGE 5u

static void leave_running(struct rtl *r)
{
    bool wide = rtl_is(r, RTL_8125_LAYOUT);

    r->firmware = true;
    rtl_put(r, CR, CR_RE | CR_TE, 1);
    // VLAN tags taken out, as some systems want it.
    rtl_put(r, RCR, 0x0000e70fu | RCR_BIT24 | (wide ? RCR_VLAN_8125 : 0), 4);
    rtl_put(r, CPCR, 0x20a0u | (wide ? 0 : CPCR_VLAN), 2);
    rtl_put(r, RDSAR, OLD_RING, 4);
    rtl_put(r, RDSAR + 4, 0, 4);
    rtl_put(r, TNPDS, OLD_RING + OLD_DESCRIPTORS * DESCRIPTOR, 4);
    rtl_put(r, TNPDS + 4, 0, 4);
    rtl_put(r, wide ? IMR_8125 : IMR, 0, wide ? 4 : 2);
    r->old_frame_at = now_us() + OLD_PERIOD_US;
}

static void leave_gated(struct rtl *r)
{
    rtl_put(r, RCR, rtl_get(r, RCR, 4) | RCR_BIT24, 4);
    if (rtl_is(r, RTL_OOB))
        rtl_put(r, MCU, MCU_OOB, 1);
    if (!rtl_is(r, RTL_OCP))
        return;
    rtl_put(r, MISC, rtl_get(r, MISC, 4) | MISC_GATE, 4);
    r->mac_ocp[OCP_OOB / 2] |= OCP_OOB_BIT14;
    r->list_ready = false;
}

// As an operating system that was shut down leaves it: no power in the PHY, its registers' page somewhere.
static void leave_asleep(struct rtl *r)
{
    rtl_phy_write(r, PHY_OCP_BASE, PHY_POWER_DOWN);
    r->phy.page = OLD_PAGE;
    rtl_put(r, PMCH, 0, 1);
}

void rtl_state_apply(struct rtl *r)
{
    r->old_frame_at = RTL_NEVER;
    if (r->options.state == RTL_RUNNING)
        leave_running(r);
    else if (r->options.state == RTL_GATED)
        leave_gated(r);
    else if (r->options.state == RTL_ASLEEP)
        leave_asleep(r);
}

void rtl_state_run(struct rtl *r)
{
    uint8_t *ring = guest_ram_at(OLD_RING, OLD_DESCRIPTORS * DESCRIPTOR), *buffer;
    uint32_t descriptor[4];

    if (!r->firmware)
        r->old_frame_at = RTL_NEVER;
    if (now_us() < r->old_frame_at)
        return;
    r->old_frame_at = now_us() + OLD_PERIOD_US;
    buffer = guest_ram_at(OLD_BUFFERS + (uint64_t)r->old_index * OLD_BUFFER, OLD_BUFFER);
    if (!pci_config_bus_master(&r->config) || ring == NULL || buffer == NULL)
        return;
    memset(buffer, 0xdb, OLD_FRAME + FCS);
    descriptor[0] = FS | LS | RX_BROADCAST | (OLD_FRAME + FCS) | (r->old_index == OLD_DESCRIPTORS - 1 ? EOR : 0);
    descriptor[1] = 0;
    descriptor[2] = OLD_BUFFERS + r->old_index * OLD_BUFFER;
    descriptor[3] = 0;
    memcpy(ring + r->old_index * DESCRIPTOR, descriptor, sizeof(descriptor));
    r->old_index = (r->old_index + 1) % OLD_DESCRIPTORS;
    r->counters.old_frames++;
}
