// Finds network devices and their drivers, keeps the list, starts and stops (contract: drivers/nic.h).
// Not handled: devices that come or go later.
#include "drivers/nic.h"  // nic_probe_all

#include <stdio.h>
#include <string.h>

#include "drivers/nic_table.h"     // nic_table
#include "drivers/pci/function.h"  // pci_is_network
#include "drivers/pci/pci.h"       // pci_device
#include "kernel/cpu.h"            // cpu_relax
#include "lib/clock.h"             // deadline_ms
#include "lib/err.h"               // fail_detail
#include "lib/log.h"               // log_info
#include "lib/mac.h"               // mac_text

#define LEAVE_MS 100u  // a few short frames, for a host that has other things to do

static struct nic nics[NICS_MAX];
static unsigned nic_count;

static const struct nic_id *match(const struct nic_driver *driver, uint16_t vendor, uint16_t device)
{
    for (const struct nic_id *id = driver->ids; id->vendor; id++)
        if (id->vendor == vendor && id->device == device)
            return id;
    return NULL;
}

bool nic_has_driver(uint16_t vendor, uint16_t device)
{
    for (const struct nic_driver *const *driver = nic_table; *driver; driver++)
        if (match(*driver, vendor, device))
            return true;
    return false;
}

static void log_found(const struct nic *nic)
{
    const struct pci_dev *pci = nic->pci;
    char where[16] = "", mac[MAC_TEXT_MAX];

    if (pci != NULL)
        snprintf(where, sizeof(where), "%04x:%02x:%02x.%x ", pci->segment, pci->bus, pci->device,
                 pci->function);
    log_info("NIC %s%s, %s, %s", where, nic->driver, nic->chip, mac_text(nic->mac, mac));
}

static void log_refused(const struct pci_dev *pci, const char *driver, const char *why)
{
    log_warn("network device %04x:%02x:%02x.%x %04x:%04x: %s%s%s", pci->segment, pci->bus, pci->device,
             pci->function, pci->vendor_id, pci->device_id, driver, *driver ? ": " : "", why);
}

// Offers `pci` to the drivers. True when one took it.
static bool probe(struct pci_dev *pci)
{
    for (const struct nic_driver *const *driver = nic_table; *driver; driver++) {
        const struct nic_id *id = match(*driver, pci->vendor_id, pci->device_id);
        if (!id)
            continue;
        struct nic *nic = &nics[nic_count];
        *nic = (struct nic){.driver = (*driver)->name, .pci = pci, .mtu = 1500};
        fail_clear();
        int err = (*driver)->probe(nic, pci, id);
        if (err == 0) {
            nic_count++;
            log_found(nic);
            return true;
        }
        log_refused(pci, (*driver)->name, *fail_detail() ? fail_detail() : err_meaning(err));
        return false;
    }
    log_refused(pci, "", "there is no driver for it");
    return false;
}

unsigned nic_probe_all(void)
{
    struct pci_dev *pci;

    nic_count = 0;
    for (unsigned i = 0; (pci = pci_device(i)) != NULL; i++) {
        if (!pci_is_network(pci))
            continue;
        if (nic_count == NICS_MAX)
            log_refused(pci, "", "there are more NICs than the table holds");
        else
            probe(pci);
    }
    return nic_count;
}

int nic_add(const struct nic *nic)
{
    if (nic_count == NICS_MAX)
        return fail(ERR_OUT_OF_HEAP, "there are more NICs than the table holds");
    nics[nic_count] = *nic;
    log_found(&nics[nic_count++]);
    return 0;
}

struct nic *nic_list(unsigned *count)
{
    *count = nic_count;
    return nics;
}

int nic_start(struct nic *nic)
{
    if (nic->started)
        return 0;
    int err = nic->ops->start(nic);
    nic->started = err == 0;
    return err;
}

// A chip's reset would drop what it has not sent yet.
static void let_leave(struct nic *nic)
{
    uint64_t deadline = deadline_ms(LEAVE_MS);

    if (nic->ops->sending == NULL)
        return;
    while (nic->ops->sending(nic)) {
        if (deadline_passed(deadline)) {
            log_debug("%s: it is stopped before all that it was given has left", nic->chip);
            return;
        }
        cpu_relax();
    }
}

void nic_stop(struct nic *nic)
{
    struct fail_record reason;

    if (!nic->started)
        return;
    fail_keep(&reason, 0);
    let_leave(nic);
    nic->ops->stop(nic);
    fail_again(&reason);  // of what the user is about to read, not of how this went
    nic->started = false;
}

static void stop_each(void)
{
    for (unsigned i = 0; i < nic_count; i++)
        nic_stop(&nics[i]);
}

void nic_forget_all(void)
{
    stop_each();
    nic_count = 0;
}

void nic_stop_all(void)
{
    stop_each();
    pci_silence_network();
}
