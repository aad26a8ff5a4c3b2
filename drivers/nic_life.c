// The life of a chip between start() and stop() (contract: drivers/nic_life.h).
#include "drivers/nic_life.h"  // nic_life

#include "drivers/tx_slots.h"  // tx_slots_touch
#include "lib/err.h"           // fail_detail
#include "lib/log.h"           // log_error

#define LIES_MAX 16u
#define RESTARTS_MAX 8u

// SAFETY: drivers that come here have struct nic_life as the first member of what nic->priv points to, which
// each asserts.
static struct nic_life *life_of(const struct nic *nic)
{
    return nic->priv;
}

static void bring_down(struct nic *nic)
{
    struct nic_life *life = life_of(nic);

    life->ops->down(nic);
    life->link_up = life->renew = life->restart = false;
}

int nic_life_start(struct nic *nic)
{
    struct nic_life *life = life_of(nic);

    life->dead = life->gone = life->link_up = life->renew = life->restart = false;
    life->restarts = life->lies = 0;
    int err = life->ops->up(nic);
    if (err == 0)
        return 0;
    struct fail_record reason;
    fail_keep(&reason, err);
    life->dead = true;
    nic_buf_pool_destroy(life->pool);
    return fail_again(&reason);
}

void nic_life_stop(struct nic *nic)
{
    struct nic_life *life = life_of(nic);

    bring_down(nic);
    life->dead = true;
    nic_buf_pool_destroy(life->pool);  // or kept, see nic_life_create_pool()
}

int nic_life_create_pool(struct nic *nic, unsigned count, uint32_t buffer_size)
{
    struct nic_life *life = life_of(nic);

    nic->rx_held = count;
    return life->pool->buffers ? 0 : nic_buf_pool_create(life->pool, count, buffer_size);
}

struct nic_link nic_life_link(struct nic *nic)
{
    const struct nic_life *life = life_of(nic);

    // A chip that has gone is silenced by the next poll().
    return life->dead || life->gone ? (struct nic_link){0} : life->ops->link(nic);
}

// Silences a chip that is not worth another attempt. Its link is down from now on.
static void give_up(struct nic *nic, int err, const char *why)
{
    log_error("%s: %s; it is stopped (%s)", nic->chip, why, err_name(err));
    bring_down(nic);
    life_of(nic)->dead = true;
}

static void start_anew(struct nic *nic)
{
    struct nic_life *life = life_of(nic);

    // A link that comes and goes does not mean that restarting is in vain.
    if (life->restart && ++life->restarts > RESTARTS_MAX) {
        give_up(nic, ERR_TIMEOUT, "restarting did not help");
        return;
    }
    bring_down(nic);
    int err = life->ops->up(nic);
    if (err < 0)
        give_up(nic, err, fail_detail());
}

void nic_life_late(struct nic *nic)
{
    struct nic_life *life = life_of(nic);

    if (!life->ops->link(nic).up) {
        tx_slots_touch(life->slots);
        return;
    }
    nic->stats.tx_timeouts++;
    log_warn("%s: nothing was sent for two seconds, restarting it", nic->chip);
    life->restart = true;
}

bool nic_life_recover(struct nic *nic)
{
    struct nic_life *life = life_of(nic);

    if (life->gone)
        give_up(nic, ERR_NIC_INIT_FAILED, "it does not answer any more");
    else if (life->lies > LIES_MAX)
        give_up(nic, ERR_DMA, "it writes impossible lengths");
    else if (life->restart || life->renew)
        start_anew(nic);
    else
        return false;
    return true;
}
