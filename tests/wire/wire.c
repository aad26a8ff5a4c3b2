// A bad wire: carries Ethernet frames between a TAP interface and QEMU, with delay, a rate, loss, reordering,
// duplication and corruption, each way. One thread; line.c decides, ports.c moves, this file has the clock.
//
//     wire tap=ub-tap0 listen=wire0 delay=12500 loss=1000 seed=7
//     qemu-system-x86_64 -netdev stream,id=n0,server=off,addr.type=unix,addr.abstract=on,addr.path=wire0 ...
//
// It prints "ready" when QEMU may connect, and its counters as one line on SIGUSR1 and at the end, which is
// SIGTERM, SIGINT or QEMU's. Tested: tests/system/test_wire.py. Not handled: more than one machine.

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>

#include "tests/wire/line.h"      // line_open
#include "tests/wire/ports.h"     // stream_send
#include "tests/wire/settings.h"  // settings_read

#define NS_PER_S 1000000000ull
#define CONNECT_DEADLINE_S 300
#define SOCKET_BUFFER (1 << 20)

static struct {
    struct tap tap;
    struct stream stream;
    struct line down, up;
    const char *tap_name;
    uint64_t dropped_before;
} wire;

static volatile sig_atomic_t asked_to_end, asked_to_print;

static void on_signal(int number)
{
    if (number == SIGUSR1)
        asked_to_print = 1;
    else
        asked_to_end = 1;
}

static uint64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

static void print_line(const char *name, const struct line *line)
{
    const struct line_counters *c = &line->counters;
    const struct {
        const char *name;
        uint64_t value;
    } figures[] = {
        {"in", c->in_frames}, {"in_bytes", c->in_bytes}, {"out", c->out_frames}, {"out_bytes", c->out_bytes},
        {"lost", c->lost}, {"reordered", c->reordered}, {"duplicated", c->duplicated},
        {"corrupted", c->corrupted}, {"queue_full", c->queue_full}, {"slots_full", c->slots_full},
        {"slots_max", c->slots_max}, {"late_max_us", c->late_max_ns / 1000},
    };

    for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++)
        printf(" %s_%s=%llu", name, figures[i].name, (unsigned long long)figures[i].value);
}

static void print_counters(void)
{
    printf("wire:");
    print_line("down", &wire.down);
    print_line("up", &wire.up);
    printf(" tap_dropped=%llu tap_refused=%llu full=%llu oversize=%llu\n",
           (unsigned long long)(tap_dropped(wire.tap_name) - wire.dropped_before),
           (unsigned long long)wire.tap.refused, (unsigned long long)wire.stream.full,
           (unsigned long long)wire.stream.oversize);
    fflush(stdout);
}

static int complain(const char *what)
{
    fprintf(stderr, "wire: %s: %s\n", what, strerror(errno));
    return 1;
}

// Signals are let in only while ppoll() waits, so that none comes between a look at the flags and the wait.
static sigset_t catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    const int numbers[] = {SIGTERM, SIGINT, SIGUSR1};
    sigset_t blocked, before;

    sigemptyset(&blocked);
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        sigaction(numbers[i], &action, NULL);
        sigaddset(&blocked, numbers[i]);
    }
    sigprocmask(SIG_BLOCK, &blocked, &before);
    return before;
}

// Waits for QEMU. Returns 0, -1 with errno; 1 when a signal ends it before.
static int await_machine(int listener, const sigset_t *mask)
{
    struct pollfd wait = {.fd = listener, .events = POLLIN};
    struct timespec limit = {.tv_sec = CONNECT_DEADLINE_S};
    int size = SOCKET_BUFFER;

    while (!asked_to_end) {
        int ready = ppoll(&wait, 1, &limit, mask);
        if (ready == 0)
            errno = ETIMEDOUT;
        if (ready == 0 || (ready < 0 && errno != EINTR))
            return -1;
        if (ready < 0)
            continue;
        wire.stream.fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (wire.stream.fd < 0)
            return -1;
        // A larger buffer only saves wake-ups; the system may allow less.
        setsockopt(wire.stream.fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
        return 0;
    }
    return 1;
}

// One round: what has come is taken in, what is due is handed out. Returns the number of frames moved, -1
// when an end is gone.
static int turn(const struct pollfd *ready)
{
    int moved = 0, count;

    if (ready[0].revents != 0) {
        count = tap_receive(&wire.tap, &wire.down, now_ns);
        if (count < 0)
            return -1;
        moved += count;
    }
    if (ready[1].revents & (POLLIN | POLLHUP | POLLERR)) {
        count = stream_receive(&wire.stream, &wire.up, now_ns());
        if (count < 0)
            return -1;
        moved += count;
    }
    count = stream_send(&wire.stream, &wire.down, now_ns());
    if (count < 0)
        return -1;
    return moved + count + tap_send(&wire.tap, &wire.up, now_ns());
}

// How long there is nothing to do unless a frame comes. NULL: for ever.
static const struct timespec *time_to_next(struct timespec *left)
{
    uint64_t next = line_next(&wire.up), now = now_ns();

    // Frames that QEMU does not take wait for its socket, not for a time.
    if (!stream_is_full(&wire.stream) && line_next(&wire.down) < next)
        next = line_next(&wire.down);
    if (next == NEVER)
        return NULL;
    next = next > now ? next - now : 0;
    left->tv_sec = (time_t)(next / NS_PER_S);
    left->tv_nsec = (long)(next % NS_PER_S);
    return left;
}

static void carry(const sigset_t *mask)
{
    struct pollfd wait[2] = {{.fd = wire.tap.fd, .events = POLLIN}, {.fd = wire.stream.fd}};
    struct timespec left;

    while (!asked_to_end) {
        wait[1].events = (short)(POLLIN | (stream_is_full(&wire.stream) ? POLLOUT : 0));
        if (ppoll(wait, 2, time_to_next(&left), mask) < 0)
            wait[0].revents = wait[1].revents = 0;
        if (asked_to_print) {
            asked_to_print = 0;
            print_counters();
        }
        if (turn(wait) < 0)
            return;
    }
}

int main(int argc, char **argv)
{
    struct settings settings;
    char error[200];
    const struct sched_param priority = {.sched_priority = 1};
    const char *what;
    int listener, status;
    sigset_t mask;

    if (!settings_read(&settings, argc - 1, argv + 1, error, sizeof(error))) {
        fprintf(stderr, "wire: %s\n%s", error, settings_help());
        return 2;
    }
    if (!line_open(&wire.down, &settings.down) || !line_open(&wire.up, &settings.up))
        return complain("no memory for so many slots");
    mask = catch_signals();
    listener = stream_listen(settings.listen, &what);
    if (listener < 0)
        return complain(what);
    wire.tap.fd = tap_open(settings.tap, &what);
    if (wire.tap.fd < 0)
        return complain(what);
    wire.tap_name = settings.tap;
    wire.dropped_before = tap_dropped(settings.tap);
    // Timers of a plain process are up to 50 us late, and an emulated machine is a busy neighbour. Where this is
    // not allowed, late_max_us tells.
    prctl(PR_SET_TIMERSLACK, 1);
    sched_setscheduler(0, SCHED_RR, &priority);
    printf("ready\n");
    fflush(stdout);
    status = await_machine(listener, &mask);
    if (status < 0)
        return complain("no machine has connected");
    if (status == 0)
        carry(&mask);
    print_counters();
    line_close(&wire.down);
    line_close(&wire.up);
    return 0;
}
