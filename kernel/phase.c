// The table of phases. Time is booked when the next phase begins; what was measured inside a phase can be
// moved to another one with phase_book().

#include "kernel/phase.h"  // phase_begin
#include "lib/clock.h"     // now_us
#include "lib/log.h"       // log_info

#include <stdio.h>

static const struct {
    const char *label;       // in the summary
    const char *sentence;    // on the failure screen
} names[PHASE_COUNT] = {
    [PHASE_DOOR] = {"door", "taking over from the boot loader"},
    [PHASE_MEMORY] = {"memory", "setting up memory"},
    [PHASE_PCI] = {"pci", "looking for devices on PCI"},
    [PHASE_NIC] = {"nic", "starting the network controllers"},
    [PHASE_DHCP] = {"dhcp", "getting a network address"},
    [PHASE_DNS] = {"dns", "resolving the host name"},
    [PHASE_CONNECT] = {"connect", "connecting to the server"},
    [PHASE_DOWNLOAD] = {"download", "downloading the ISO"},
    [PHASE_VERIFY] = {"verify", "verifying the download"},
    [PHASE_ISO] = {"iso", "looking for Linux in the ISO"},
    [PHASE_LINUX] = {"linux", "preparing Linux"},
};

static uint64_t spent[PHASE_COUNT];
static enum phase current;
static uint64_t since;       // start of the current phase, 0 before the first

void phase_begin(enum phase phase)
{
    uint64_t now = now_us();

    if (since != 0)
        spent[current] += now - since;
    current = phase;
    since = now;
}

void phase_book(enum phase phase, uint64_t us)
{
    spent[phase] += us;
    since += us;
}

const char *phase_now(void)
{
    return names[current].sentence;
}

// Milliseconds with one decimal.
static void show(const char *label, uint64_t us, const char *note)
{
    log_info("  %-9s %6llu.%llu ms%s", label, (unsigned long long)(us / 1000),
             (unsigned long long)(us % 1000 / 100), note);
}

void phase_summary(uint64_t bytes)
{
    uint64_t total = 0;
    char rate[48] = "";

    phase_begin(current);
    // Hashing is part of the download; its rate counts both.
    uint64_t transfer = spent[PHASE_DOWNLOAD] + spent[PHASE_VERIFY];
    if (transfer > 0) {
        uint64_t tenths = bytes * 10 / transfer;   // bytes per microsecond are MB per second
        snprintf(rate, sizeof(rate), "  %llu.%llu MB/s", (unsigned long long)(tenths / 10),
                 (unsigned long long)(tenths % 10));
    }
    log_info("where the time went:");
    for (int i = 0; i < PHASE_COUNT; i++) {
        show(names[i].label, spent[i], i == PHASE_DOWNLOAD ? rate : "");
        total += spent[i];
    }
    show("total", total, "");
}
