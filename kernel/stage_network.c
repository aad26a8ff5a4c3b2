// The middle stages: from PCI to an ISO in RAM.

#include "kernel/stages.h"       // stage_nics
#include "boot/image.h"          // image_phys
#include "drivers/nic.h"         // nic_probe_all
#include "drivers/pci/function.h" // pci_is_network
#include "drivers/pci/pci.h"     // pci_scan
#include "kernel/acpi.h"         // acpi_read
#include "kernel/ask.h"          // ask_url
#include "kernel/console.h"      // console_status
#include "kernel/cpu.h"          // rdtsc
#include "kernel/firmware/efi.h" // efi_is_alive
#include "kernel/phase.h"        // phase_begin
#include "kernel/profile.h"      // profile_start
#include "kernel/progress.h"     // progress_format
#include "kernel/timer.h"        // timer_check
#include "lib/clock.h"           // deadline_ms
#include "lib/err.h"             // fail
#include "lib/log.h"             // log_info
#include "lib/mac.h"             // mac_text
#include "net/stack.h"           // stack_up

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define ADDRESS_TIMEOUTS 3       // of timeout= each: a switch port may take 30 s to forward
#define KEY_ESCAPE 27
#define KEY_CTRL_C 3
#define STATUS_WIDTH 79

// A loader that gives only a copy of the RSDP gives it inside struct boot_info, at a link address.
static uint64_t rsdp_of(const struct boot *b)
{
    if (b->info->rsdp == 0 && b->info->rsdp_copy_size > 0)
        return image_phys(b->info, b->info->rsdp_copy);
    return b->info->rsdp;
}

void stage_clock(struct boot *b)
{
    const struct acpi_info *acpi = acpi_read(rsdp_of(b));

    timer_check(acpi->pm_timer_port, acpi->hpet_base);
}

int stage_pci(struct boot *b)
{
    phase_begin(PHASE_PCI);
    unsigned count = pci_scan(rsdp_of(b));
    log_info("pci: %u functions", count);
    return 0;
}

// nic= names a controller by MAC address or by [segment:]bus:device.function.
static bool is_wanted(const char *wanted, const struct nic *nic)
{
    char mac[MAC_TEXT_MAX], address[13];

    if (wanted == NULL)
        return true;
    if (strcasecmp(wanted, mac_text(nic->mac, mac)) == 0)
        return true;
    if (nic->pci == NULL)
        return false;
    snprintf(address, sizeof(address), "%04x:%02x:%02x.%x", nic->pci->segment, nic->pci->bus,
             nic->pci->device, nic->pci->function);
    return strcasecmp(wanted, address) == 0 ||
           (nic->pci->segment == 0 && strcasecmp(wanted, address + strlen("0000:")) == 0);
}

// Why there is nothing to use, though `count` network controllers have a driver that started.
static int no_nic(const char *wanted, unsigned count)
{
    const struct pci_dev *dev;
    unsigned seen = 0;

    for (unsigned i = 0; (dev = pci_device(i)) != NULL; i++)
        seen += pci_is_network(dev);
    if (count > 0)
        return fail_try(fail(ERR_NO_NIC_FOUND, "none of the %u network controllers is nic=%s", count, wanted),
                        "name one of those in the lines above by nic=, or leave nic= out");
    if (seen > 0)
        return fail_try(fail(ERR_NO_NIC_FOUND, "no driver works for any of the %u network controllers", seen),
                        "use a card of the README's list; in a virtual machine virtio-net or e1000");
    return fail_try(fail(ERR_NO_NIC_FOUND, "PCI has no network controller"),
                    "check that a wired network card is present and enabled in the firmware's setup");
}

int stage_nics(struct boot *b)
{
    phase_begin(PHASE_NIC);
    nic_probe_all();
    return stage_use_nics(b);
}

int stage_use_nics(struct boot *b)
{
    unsigned count, added = 0;
    struct nic *nics = nic_list(&count);
    for (unsigned i = 0; i < count; i++) {
        if (!is_wanted(b->options.nic, &nics[i]))
            continue;
        int err = stack_add(&nics[i]);
        if (err)
            return err;
        added++;
    }
    return added > 0 ? 0 : no_nic(b->options.nic, count);
}

bool stage_key_cancels(void)
{
    int key = console_key();

    // A USB keyboard is the firmware's while it lives.
    if (key < 0 && efi_is_alive())
        key = efi_key();
    return key == KEY_ESCAPE || key == KEY_CTRL_C;
}

struct stack_ip stage_ip(const struct options *opt)
{
    return (struct stack_ip){
        .dhcp = opt->ip.dhcp,
        .client = opt->ip.client,
        .gateway = opt->ip.gateway,
        .netmask = opt->ip.netmask,
        .dns = {opt->ip.dns[0], opt->ip.dns[1]},
    };
}

uint64_t stage_address_ms(const struct options *opt)
{
    return opt->timeout_s * 1000ull * ADDRESS_TIMEOUTS;
}

int stage_address(struct boot *b)
{
    struct stack_ip ip = stage_ip(&b->options);

    phase_begin(PHASE_DHCP);
    return stack_up(&ip, deadline_ms(stage_address_ms(&b->options)));
}

int stage_url(struct boot *b)
{
    struct options *opt = &b->options;

    if (opt->url_count > 0)
        return 0;
    const struct stack_lease *lease = stack_lease();
    const char *offered = lease != NULL ? lease->boot_file : "";
    if (opt->url_source == OPT_URL_DHCP && offered[0] != '\0') {
        log_info("url: %s, from DHCP", offered);
        snprintf(b->typed_url, sizeof(b->typed_url), "%s", offered);
    } else {
        if (opt->url_source == OPT_URL_DHCP)
            log_warn("url: DHCP names none");
        int err = b->info->efi.boot_services
                      ? ask_url_on_firmware(b->typed_url, sizeof(b->typed_url), false)
                      : ask_url(b->typed_url, sizeof(b->typed_url));
        if (err)
            return err;
    }
    opt->urls[opt->url_count++] = b->typed_url;
    return 0;
}

static void show_progress(void *ctx, const struct download_progress *p)
{
    char line[STATUS_WIDTH + 1];

    progress_format(line, sizeof(line), p->done, p->total, p->bytes_per_s, ctx);
    console_status(line);
}

static int download(struct boot *b)
{
    phase_begin(PHASE_DOWNLOAD);
    image_sink_init(&b->image);
    b->download = (struct download){
        .urls = b->options.urls,
        .url_count = b->options.url_count,
        .sha256 = b->options.have_sha256 ? b->options.sha256 : NULL,
        .connections = b->options.connections,
        .retries = b->options.retries,
        .timeout_ms = b->options.timeout_s * 1000,
        .backends = &b->backends,
        .place = &b->image.sink,
        .progress = show_progress,
        .ctx = b->through,
    };
    int err = download_run(&b->download);
    console_status("");
    // Firmware's drivers must not be at work when boot services end.
    if (b->info->efi.boot_services)
        backends_end(&b->backends);
    phase_book(PHASE_DNS, b->download.dns_us);
    phase_book(PHASE_CONNECT, b->download.connect_us);
    phase_book(PHASE_VERIFY, b->download.verify_us);
    if (err)
        return err;
    unsigned used = b->download.connections_used;
    log_info("download: %llu bytes at 0x%llx from %s, %u connection%s",
             (unsigned long long)b->download.length, (unsigned long long)image_sink_iso(&b->image),
             b->download.final_url, used, used == 1 ? "" : "s");
    if (b->download.digest_checked)
        log_info("download: SHA-256 matches");
    else
        log_warn("download: not verified, no sha256= was given");
    return 0;
}

int stage_download(struct boot *b)
{
    static struct profile profile;
    char line[128];
    uint64_t start = now_us(), us;

    if (!b->options.profile)
        return download(b);
    profile_start(&profile, rdtsc);
    int err = download(b);
    profile_stop();
    us = now_us() - start;
    for (unsigned i = 0; profile_format(&profile, i, us, b->download.length, line, sizeof(line)); i++)
        log_info("%s", line);
    return err;
}
