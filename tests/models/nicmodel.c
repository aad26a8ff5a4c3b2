// A network card that is this program: it starts QEMU and is one of its PCI devices, with the cable in a TAP interface.
//
//     nicmodel -c 8168h -n tap:tap0 -r report -- qemu-system-x86_64 -machine q35,memory-backend=ram
//         -object memory-backend-memfd,id=ram,size=512M,share=on -m 512 -smp 1 -nic none ...
//
// Several processors need `-accel tcg,thread=single`: QEMU drops accesses that two make at once. SIGUSR1 pulls the cable
// or plugs it in, SIGUSR2 writes the report, which is written at the end, too, with a last line `end STATUS` that the
// others lack: no such line after this program, and it did not end as it should. The exit status is QEMU's, too.
// Tested: Debian's QEMU 7.2, tests/system/test_models.py. Not handled: KVM.

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/clock.h"                // now_us
#include "tests/models/complaints.h"  // complaints_print
#include "tests/models/frame_port.h"  // frame_port_open
#include "tests/models/remote_pci.h"  // remote_pci_start
#include "tests/models/rtl.h"         // rtl_open
#include "tests/models/trace.h"       // trace_open

#define BURST 32u               // frames taken in before the machine has its turn
#define RETRY_US 200u           // after which a full ring is looked at again
#define GRACE_US 5000000u       // for QEMU to end by itself
#define LOOK_US 10000u
#define USAGE 2

static struct {
    struct rtl rtl;
    struct remote_pci remote;
    int port;
    const char *report;
    uint8_t frame[FRAME_ROOM + 64];
    int held;                   // length of a frame in `frame` that has to wait, 0: none, -1: the port is gone
    unsigned reports;           // written so far
} model = {.port = -1};

static volatile sig_atomic_t asked_to_end, asked_to_report, asked_for_cable;

static void on_signal(int number)
{
    if (number == SIGUSR1)
        asked_for_cable = !asked_for_cable;
    else if (number == SIGUSR2)
        asked_to_report = 1;
    else
        asked_to_end = 1;
}

uint64_t now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static int usage(const char *what)
{
    fprintf(stderr, "nicmodel: %s\n"
            "usage: nicmodel -c CHIP -n tap:NAME [options] -- qemu-system-x86_64 ...\n"
            "  -c CHIP  %s\n"
            "  -m MAC   address (default 00:e0:4c:68:00:01)\n"
            "  -l MS    from cable or negotiation to link (default 300)\n"
            "  -u       the cable is not plugged in at the start\n"
            "  -i       INTx only, no MSI\n"
            "  -d       drop frames when the ring is full (default: the first waits)\n"
            "  -e N     every Nth frame is received with an error\n"
            "  -k N     every Nth doorbell is lost\n"
            "  -D       no frame is received after the link was lost, until a reset\n"
            "  -s STATE off, running, gated, asleep: what firmware left (default off)\n"
            "  -t FILE  log of register accesses\n"
            "  -r FILE  counters and complaints, written at the end and on SIGUSR2\n", what, rtl_chip_names());
    return USAGE;
}

static bool read_mac(const char *text, uint8_t *mac)
{
    int end = 0;

    return sscanf(text, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx%n", &mac[0], &mac[1], &mac[2], &mac[3], &mac[4], &mac[5],
                  &end) == 6 && text[end] == '\0';
}

static bool read_state(const char *text, enum rtl_state *state)
{
    static const char *const names[] = {[RTL_OFF] = "off", [RTL_RUNNING] = "running", [RTL_GATED] = "gated",
                                        [RTL_ASLEEP] = "asleep"};

    for (unsigned i = 0; i <= RTL_ASLEEP; i++) {
        if (strcmp(names[i], text) == 0) {
            *state = (enum rtl_state)i;
            return true;
        }
    }
    return false;
}

static bool read_option(struct rtl_options *o, int letter)
{
    switch (letter) {
    case 'm': return read_mac(optarg, o->mac);
    case 'l': o->link_ms = (unsigned)atoi(optarg); return true;
    case 'u': o->unplugged = true; return true;
    case 'i': o->intx_only = true; return true;
    case 'd': o->drop = true; return true;
    case 'e': o->error_every = (unsigned)atoi(optarg); return true;
    case 'k': o->lose_doorbell = (unsigned)atoi(optarg); return true;
    case 'D': o->deaf_after_link_loss = true; return true;
    case 's': return read_state(optarg, &o->state);
    case 't': return trace_open(optarg);
    case 'r': model.report = optarg; return true;
    default: return false;
    }
}

// Counters and complaints, whole or not at all: a reader never sees half of them. `status` is that of the end, or NULL.
static void write_report(const int *status)
{
    char name[4096];
    FILE *out;

    if (model.report == NULL)
        return;
    snprintf(name, sizeof(name), "%s.part", model.report);
    out = fopen(name, "we");
    if (out == NULL) {
        perror(name);
        return;
    }
    fprintf(out, "chip %s\nreport %u\n", model.rtl.chip->name, ++model.reports);
    rtl_print(&model.rtl, out);
    fprintf(out, "register_reads %llu\nregister_writes %llu\nconfig_accesses %llu\nmemory_maps %llu\nmachine_resets %llu\n",
            (unsigned long long)model.remote.reads, (unsigned long long)model.remote.writes,
            (unsigned long long)model.remote.config_accesses, (unsigned long long)model.remote.maps,
            (unsigned long long)model.remote.resets);
    complaints_print(out);
    if (status != NULL)
        fprintf(out, "end %d\n", *status);
    if (fclose(out) != 0 || rename(name, model.report) != 0)
        perror(model.report);
}

static bool send_frame(void *port, const uint8_t *frame, unsigned length)
{
    return frame_port_send(*(const int *)port, frame, length);
}

static void configured(void *device)
{
    rtl_configured(device);
}

static void reset(void *device)
{
    rtl_power_on(device);
}

static const struct remote_device_ops ops = {rtl_read, rtl_write, configured, reset};

// Signals are let in only while ppoll() waits.
static sigset_t catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    const int numbers[] = {SIGTERM, SIGINT, SIGUSR1, SIGUSR2};
    sigset_t blocked, before;

    sigemptyset(&blocked);
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        sigaction(numbers[i], &action, NULL);
        sigaddset(&blocked, numbers[i]);
    }
    sigprocmask(SIG_BLOCK, &blocked, &before);
    return before;
}

static void obey_signals(void)
{
    if (asked_for_cable) {
        asked_for_cable = 0;
        rtl_phy_cable(&model.rtl, !model.rtl.phy.cable);
    }
    if (asked_to_report) {
        asked_to_report = 0;
        write_report(NULL);
    }
    if (asked_to_end) {
        asked_to_end = 0;
        kill(model.remote.qemu, SIGTERM);
    }
}

// Takes frames in until one has to wait for a descriptor.
static void receive_frames(void)
{
    for (unsigned i = 0; i < BURST; i++) {
        if (model.held == 0)
            model.held = frame_port_receive(model.port, model.frame);
        if (model.held < 0)
            fprintf(stderr, "nicmodel: the frame port is gone\n");
        if (model.held <= 0 || !rtl_frame(&model.rtl, model.frame, (unsigned)model.held))
            return;
        model.held = 0;
    }
}

static const struct timespec *time_to_next(struct timespec *left)
{
    uint64_t next = rtl_next(&model.rtl), now = now_us();

    if (model.held > 0 && now + RETRY_US < next)
        next = now + RETRY_US;
    if (next == RTL_NEVER)
        return NULL;
    next = next > now ? next - now : 0;
    left->tv_sec = (time_t)(next / 1000000);
    left->tv_nsec = (long)(next % 1000000) * 1000;
    return left;
}

// Until QEMU is gone, or is no longer understood.
static void be_a_card(const sigset_t *mask)
{
    struct pollfd wait[] = {{.fd = model.remote.fd, .events = POLLIN}, {.fd = model.rtl.interrupts.fd, .events = POLLIN},
                            {.fd = model.port, .events = POLLIN}};
    struct timespec left;

    for (;;) {
        wait[2].fd = model.held != 0 ? -1 : model.port;
        if (ppoll(wait, 3, time_to_next(&left), mask) < 0)
            wait[0].revents = wait[1].revents = wait[2].revents = 0;
        obey_signals();
        if (wait[0].revents != 0 && !remote_pci_serve(&model.remote))
            return;
        if (wait[1].revents != 0 && !interrupts_drain(&model.rtl.interrupts))
            wait[1].fd = -1;
        rtl_run(&model.rtl);
        if (model.held > 0 || wait[2].revents != 0)
            receive_frames();
    }
}

static int end_of_qemu(void)
{
    const struct timespec pause = {.tv_nsec = LOOK_US * 1000};
    uint64_t deadline = now_us() + GRACE_US;
    int status = 0;

    // A processor of QEMU's may be waiting for an answer that will not come.
    close(model.remote.fd);
    close(model.rtl.interrupts.fd);
    model.remote.fd = model.rtl.interrupts.fd = -1;
    kill(model.remote.qemu, SIGTERM);
    while (waitpid(model.remote.qemu, &status, WNOHANG) == 0) {
        if (now_us() >= deadline)
            kill(model.remote.qemu, SIGKILL);
        nanosleep(&pause, NULL);
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv)
{
    struct rtl_options options = {.mac = {0x00, 0xe0, 0x4c, 0x68, 0x00, 0x01}, .link_ms = 300};
    const struct rtl_chip *chip = NULL;
    const char *where = NULL;
    sigset_t mask;
    int letter, status;

    while ((letter = getopt(argc, argv, "+c:n:m:l:uide:k:Ds:t:r:")) != -1) {
        if (letter == 'c')
            chip = rtl_chip_find(optarg);
        else if (letter == 'n')
            where = optarg;
        else if (!read_option(&options, letter))
            return usage("an option is wrong");
    }
    if (chip == NULL || where == NULL || optind >= argc)
        return usage("a known chip, a port and QEMU's words are needed");
    model.port = frame_port_open(where);
    if (model.port < 0) {
        perror(where);
        return 1;
    }
    rtl_open(&model.rtl, chip, &options);
    model.rtl.send = send_frame;
    model.rtl.port = &model.port;
    model.remote = (struct remote_pci){.ops = &ops, .device = &model.rtl, .config = &model.rtl.config,
                                       .interrupts = &model.rtl.interrupts};
    mask = catch_signals();
    // It also tells that signals are understood from now on.
    write_report(NULL);
    if (!remote_pci_start(&model.remote, argv + optind)) {
        perror("nicmodel");
        return 1;
    }
    be_a_card(&mask);
    status = end_of_qemu();
    write_report(&status);
    return status;
}
