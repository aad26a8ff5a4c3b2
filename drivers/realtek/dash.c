// Management firmware (DASH) on 8168DP, 8168EP, 8117 and 8125BP, which shares the port: it must be told when
// a driver takes the MAC and when it leaves it, or both answer for the same address.
// Spec: no public one; as the driver of Linux (r8169) has it. Tested: unit tests with a chip in memory; no
// silicon, no model.
// Not handled: waiting for its answer; talking to it beyond that.
#include "drivers/realtek/realtek.h"  // rtl

#include "drivers/realtek/realtek_regs.h"  // IBCR2
#include "lib/log.h"                       // log_info

#define COMMAND_START 0x05u
#define COMMAND_STOP 0x06u

// Registers of the firmware.
#define DP_STATE 0x10u
#define DP_STATE_28B 0xb8u       // of version 28B
#define DP_VERSION_28B 0x28bu
#define DP_STATE_ON 0x8000u
#define DP_EVENT 0x30u
#define EP_STATE 0x128u
#define EP_STATE_ON 0x01u
#define EP_COMMAND 0x180u
#define EP_EVENT 0x30u
#define BP_COMMAND 0x14u
#define BP_ANSWER 0x18u
#define BP_EVENT 0x10u
#define EVENT 0x01u

void rtl_dash_stop_mac(const struct rtl *dev)
{
    if (!rtl_has(dev, RTL_DASH_EP))
        return;
    rtl_change8(dev, IBCR2, IBCR2_EN, 0);
    if (dev->dash && !rtl_wait8(dev, IBISR0, IBISR0_TX_DONE, IBISR0_TX_DONE, CMAC_TIMEOUT_MS))
        log_debug("%s: management firmware does not stop sending", dev->nic->chip);
    rtl_change8(dev, IBISR0, 0, IBISR0_TX_DONE);
    rtl_change8(dev, IBCR0, IBCR0_EN, 0);
}

static uint32_t dp_read(const struct rtl *dev, uint32_t address)
{
    wr32(dev, OCPAR, OCPAR_ALL_BYTES | address);
    return rtl_wait32(dev, OCPAR, OCP_FLAG, OCP_FLAG, OCP_TIMEOUT_MS) ? rd32(dev, OCPDR) : UINT32_MAX;
}

static void dp_write8(const struct rtl *dev, uint32_t address, uint8_t value)
{
    wr32(dev, OCPDR, value);
    wr32(dev, OCPAR, OCP_FLAG | OCPAR_BYTE_0 | address);
    rtl_wait32(dev, OCPAR, OCP_FLAG, 0, OCP_TIMEOUT_MS);
}

void rtl_dash_detect(struct rtl *dev)
{
    uint32_t state = 0, on = 0;

    if (rtl_has(dev, RTL_DASH_DP)) {
        state = dp_read(dev, dev->chip->xid == DP_VERSION_28B ? DP_STATE_28B : DP_STATE);
        on = DP_STATE_ON;
    } else if (rtl_has(dev, RTL_DASH_EP | RTL_DASH_BP)) {
        state = rtl_oob_read(dev, EP_STATE);
        on = EP_STATE_ON;
    }
    dev->dash = (state & on) && state != UINT32_MAX;  // no answer is no firmware
    if (dev->dash)
        log_info("%s: management firmware (DASH) shares the port", dev->nic->chip);
}

void rtl_dash_announce(const struct rtl *dev, bool driver)
{
    uint8_t command = driver ? COMMAND_START : COMMAND_STOP;

    if (!dev->dash)
        return;
    if (rtl_has(dev, RTL_DASH_DP)) {
        rtl_eri_write8(dev, ERI_DASH_COMMAND, command);
        dp_write8(dev, DP_EVENT, EVENT);
    } else if (rtl_has(dev, RTL_DASH_EP)) {
        rtl_oob_write8(dev, EP_COMMAND, command);
        rtl_oob_write8(dev, EP_EVENT, (uint8_t)(rtl_oob_read(dev, EP_EVENT) | EVENT));
    } else {
        rtl_oob_write8(dev, BP_COMMAND, command);
        rtl_oob_write8(dev, BP_ANSWER, 0);
        rtl_oob_write8(dev, BP_EVENT, EVENT);
    }
}
