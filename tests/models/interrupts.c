// See interrupts.h. Spec: QEMU's docs/devel/qtest.rst and softmmu/qtest.c for the commands; hw/pci-host/q35 for the
// pins: INTA of slot n is pin 20 + n % 4 for the slots below 25. Tested: QEMU 7.2, machine q35, slot 4.
#include "tests/models/interrupts.h"  // interrupts_set

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "tests/models/pci_config.h"  // pci_config_msi
#include "tests/models/trace.h"       // trace

#define ANSWER_LIMIT_MS 1000

static void tell(struct interrupts *i, const char *command)
{
    if (i->fd >= 0 && send(i->fd, command, strlen(command), MSG_NOSIGNAL) > 0)
        i->unanswered++;
}

bool interrupts_drain(struct interrupts *i)
{
    char answers[256];
    ssize_t got;

    while ((got = recv(i->fd, answers, sizeof(answers), MSG_DONTWAIT)) > 0)
        for (ssize_t at = 0; at < got; at++)
            if (answers[at] == '\n' && i->unanswered > 0)
                i->unanswered--;
    return got < 0 && (errno == EAGAIN || errno == EINTR);
}

static void await_answers(struct interrupts *i)
{
    struct pollfd wait = {.fd = i->fd, .events = POLLIN};

    while (i->unanswered > 0 && poll(&wait, 1, ANSWER_LIMIT_MS) > 0)
        if (!interrupts_drain(i))
            return;
}

static void set_pin(struct interrupts *i, bool level, bool awaited)
{
    char command[100];

    if (level == i->raised)
        return;
    i->raised = level;
    i->edges += level;
    trace("INTx %s", level ? "up" : "down");
    snprintf(command, sizeof(command), "set_irq_in /machine/q35/ioapic unnamed-gpio-in %u %d\n", i->pin, level);
    tell(i, command);
    // The guest's end of interrupt would see the pin still high, and interrupt again for nothing.
    if (!level && awaited && i->fd >= 0)
        await_answers(i);
}

void interrupts_set(struct interrupts *i, const struct pci_config *config, bool wanted, bool awaited)
{
    bool edge = wanted && !i->wanted;
    uint64_t address;
    uint16_t data;
    char command[100];

    i->wanted = wanted;
    if (!pci_config_msi(config, &address, &data)) {
        set_pin(i, wanted && pci_config_intx(config), awaited);
        return;
    }
    set_pin(i, false, awaited);
    if (!edge)
        return;
    i->msis++;
    trace("MSI");
    snprintf(command, sizeof(command), "writel 0x%llx 0x%x\n", (unsigned long long)address, data);
    tell(i, command);
}
