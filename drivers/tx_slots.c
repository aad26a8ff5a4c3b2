// Slots of a send ring (contract: drivers/tx_slots.h). Tested: under the Intel and Realtek drivers, in QEMU
// and by unit tests. Not handled: checksum and segmentation offload.
// Spec: IEEE 802.3 section 3.2.8 (padding).
#include "drivers/tx_slots.h"  // tx_slots

#include <string.h>

#include "drivers/dma.h"  // dma_alloc
#include "drivers/nic.h"  // nic
#include "lib/clock.h"    // deadline_ms
#include "lib/err.h"      // fail

#define WATCHDOG_MS 2000u

int tx_slots_create(struct tx_slots *s, unsigned count, unsigned usable)
{
    *s = (struct tx_slots){.count = count, .usable = usable};
    s->memory = dma_alloc((size_t)count * TX_SLOT_SIZE, TX_SLOT_SIZE);
    return s->memory ? 0 : fail(ERR_NOT_ENOUGH_MEMORY, "no memory for %u send buffers", count);
}

void tx_slots_destroy(struct tx_slots *s)
{
    if (s->memory)
        dma_free(s->memory, (size_t)s->count * TX_SLOT_SIZE);
    *s = (struct tx_slots){0};
}

int tx_slots_fill(struct tx_slots *s, struct nic *nic, const struct pbuf *frame, uint8_t **slot,
                 uint32_t *length)
{
    *length = frame->tot_len;
    if (*length == 0 || *length > TX_FRAME_MAX) {
        nic->stats.tx_errors++;
        return fail(ERR_UNSUPPORTED, "a frame of %u bytes cannot be sent", *length);
    }
    if (tx_slots_full(s))
        return fail(ERR_NIC_INIT_FAILED, "the send ring is full");
    *slot = s->memory + (size_t)tx_slots_index(s) * TX_SLOT_SIZE;
    pbuf_copy_partial(frame, *slot, (u16_t)*length, 0);
    nic->stats.tx_frames++;
    nic->stats.tx_bytes += *length;
    if (*length < TX_FRAME_MIN) {
        memset(*slot + *length, 0, TX_FRAME_MIN - *length);  // not with what was sent before
        *length = TX_FRAME_MIN;
    }
    if (tx_slots_empty(s))
        tx_slots_touch(s);
    return 0;
}

void tx_slots_touch(struct tx_slots *s)
{
    s->deadline = deadline_ms(WATCHDOG_MS);
}

bool tx_slots_late(const struct tx_slots *s)
{
    return !tx_slots_empty(s) && deadline_passed(s->deadline);
}
