// The life of a chip between start() and stop(), the same for every driver of registers and rings: a chip
// that sends nothing for two seconds is started anew, one that lost its link when it cannot stand that as
// well; one that answers all ones, lies or is not helped by that is silenced for good. Starting anew happens
// inside poll() and takes what the driver's `down` and `up` take, most of a second for the slowest PHY.
//
// Example, a driver's poll():
//     if (dev->life.dead)
//         return 0;
//     if (reclaim(dev))
//         nic_life_late(nic);
//     unsigned delivered = receive(dev, budget);
//     if (nic_life_recover(nic))
//         return delivered;            // the rings may be gone
#ifndef URLBOOT_DRIVERS_NIC_LIFE_H
#define URLBOOT_DRIVERS_NIC_LIFE_H

#include <stdbool.h>

#include "drivers/nic.h"  // nic_link

struct tx_slots;

struct nic_life_ops {
    // Resets the chip, makes rings and pool, turns it on. 0 or an error: then it is off and the rings are
    // gone.
    int (*up)(struct nic *nic);
    // No DMA and no interrupt afterwards, whatever state the chip was in; every buffer is back in its pool.
    void (*down)(struct nic *nic);
    // The link as the chip sees it now; may set gone and renew.
    struct nic_link (*link)(struct nic *nic);
};

// First member of what nic->priv points to. The driver sets ops, pool, slots and dead when it finds the chip,
// later the flags that say so.
struct nic_life {
    const struct nic_life_ops *ops;
    struct nic_buf_pool *pool;    // freed by stop, kept while the stack holds frames
    struct tx_slots *slots;
    bool link_up;                 // when last looked at; the driver's own, false after `down`
    bool renew;                   // driver: must be started anew, for a reason that bounds itself
    bool restart;                 // driver: must be started anew, RESTARTS_MAX times without one sent
    bool gone;                    // driver: answers all ones
    bool dead;                    // not used any more until the next start; true while stopped, too
    unsigned restarts;            // in a row; the driver clears it with every frame that was sent
    unsigned lies;                // driver: impossible lengths in a row, cleared with every good frame; more
                                  // than LIES_MAX end it
};

// nic_ops.start, stop and link. The link is down once the chip is dead or gone.
int nic_life_start(struct nic *nic);
void nic_life_stop(struct nic *nic);
struct nic_link nic_life_link(struct nic *nic);

// Makes the pool of receive buffers, or goes on with the one that the last stop had to keep. 0 or
// ERR_NOT_ENOUGH_MEMORY.
int nic_life_create_pool(struct nic *nic, unsigned count, uint32_t buffer_size);

// The watchdog barked: no frame was sent in time. Without a link that is no reason to start the chip anew.
void nic_life_late(struct nic *nic);

// Sees to a chip that needs more than frames moved. True when something was done: rings, if there are any,
// are new.
bool nic_life_recover(struct nic *nic);

#endif
