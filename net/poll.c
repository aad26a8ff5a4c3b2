// The loop: everything that waits for the network calls stack_poll(). One turn takes a bounded number of
// frames, so that timers and the caller get their share whatever arrives.

#include "net/poll.h"  // stack_wait

#include "kernel/cpu.h"     // cpu_idle
#include "kernel/profile.h" // profile_enter
#include "lib/clock.h"      // now_us
#include "lib/err.h"        // fail
#include "lwip/timeouts.h"  // sys_check_timeouts
#include "net/netif.h"      // iface_at

#define FRAMES_PER_TURN 128        // of each NIC
#define LINK_CHECK_INTERVAL_US 100000
#define KEY_INTERVAL_US 50000
#define PAUSE_US 100               // longer than the gap between frames of a burst
// Longer than the gap between frames of a transfer, and than the round trips to a near server with which one
// begins: asleep until the next tick in each of them, the window would take half as long again to open. The
// price is a processor that stays awake in transfers down to 6 Mb/s.
#define IDLE_AFTER_US 2000

bool (*stack_cancelled)(void);

static void check_links(uint64_t now)
{
    static uint64_t next_check;
    struct iface *iface;

    if (now < next_check)
        return;
    next_check = now + LINK_CHECK_INTERVAL_US;
    for (unsigned i = 0; (iface = iface_at(i)) != NULL; i++)
        if (iface->running)
            iface_check_link(iface);
}

static unsigned turn(bool may_halt)
{
    static uint64_t last_frame;
    struct iface *iface;
    unsigned frames = 0;
    uint64_t now;

    profile_enter(PROFILE_LOOP);
    for (unsigned i = 0; (iface = iface_at(i)) != NULL; i++)
        if (iface->running)
            frames += iface_poll(iface, FRAMES_PER_TURN);
    sys_check_timeouts();

    now = now_us();
    check_links(now);
    if (frames > 0)
        last_frame = now;
    tcp_send_acks(now, now - last_frame > PAUSE_US);
    if (may_halt && now - last_frame > IDLE_AFTER_US)
        cpu_idle();
    profile_leave_turn(frames);
    return frames;
}

unsigned stack_poll(void)
{
    return turn(true);
}

int stack_check_cancel(void)
{
    static uint64_t next_look;

    // Looking for a key reads slow ports.
    if (stack_cancelled == NULL || now_us() < next_look)
        return 0;
    next_look = now_us() + KEY_INTERVAL_US;
    return stack_cancelled() ? fail(ERR_CANCELLED, "a key was pressed") : 0;
}

int stack_wait(void)
{
    turn(true);
    return stack_check_cancel();
}

int stack_attend(void)
{
    turn(false);
    return stack_check_cancel();
}
