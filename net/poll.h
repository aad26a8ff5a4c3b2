// The loop behind stack_poll(), for the files of the stack and what waits above it.
#ifndef URLBOOT_NET_POLL_H
#define URLBOOT_NET_POLL_H

#include "net/stack.h"  // stack_poll

// One turn of the loop; what every waiting loop has as its body, beside its deadline. 0 or ERR_CANCELLED.
// Example:
//     while (!ready) {
//         if (deadline_passed(deadline))
//             return fail(ERR_CONNECTION_TIMEOUT, "...");
//         err = stack_wait();
//         if (err < 0)
//             return err;
//     }
int stack_wait(void);

// What stack_wait() does beside the turn: looks for the cancel key, at most every 50 ms. 0 or ERR_CANCELLED.
int stack_check_cancel(void);

// The same between two pieces of other work: never halts the processor.
int stack_attend(void);

#endif
