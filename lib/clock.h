// Time for every layer: a monotonic microsecond clock and deadlines over it. The kernel implements
// now_us() on the calibrated TSC, host tests on CLOCK_MONOTONIC or on a clock they turn by hand.
//
// Example:
//     uint64_t deadline = deadline_ms(RESET_TIMEOUT_MS);
//     while (rd32(dev, CTRL) & CTRL_RST)
//         if (deadline_passed(deadline))
//             return fail(ERR_TIMEOUT, "...");
#ifndef URLBOOT_LIB_CLOCK_H
#define URLBOOT_LIB_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

// Microseconds since an arbitrary start; never goes back.
uint64_t now_us(void);

// Busy-waits for at least `us` microseconds. Only for what a data sheet asks; never in a receive path.
void delay_us(uint64_t us);

// The moment `ms` milliseconds from now, for deadline_passed().
static inline uint64_t deadline_ms(uint64_t ms)
{
    return now_us() + ms * 1000;
}

// True once the moment `deadline` is over.
static inline bool deadline_passed(uint64_t deadline)
{
    return now_us() >= deadline;
}

#endif
