// The first stages: from the loader's hand-over to a machine that is ours.

#include "kernel/stages.h"       // stage_begin
#include "drivers/pci/pci.h"     // pci_silence_network
#include "kernel/ask.h"          // ask_url_on_firmware
#include "kernel/console.h"      // console_init
#include "kernel/cpu.h"          // cpuid
#include "kernel/firmware/efi.h" // efi_open
#include "kernel/firmware/efi_start.h" // efi_ram_disk
#include "kernel/idt.h"          // idt_init
#include "kernel/log_ring.h"     // log_show_debug
#include "kernel/memory_init.h"  // memory_init
#include "kernel/panic.h"        // panic_silence
#include "kernel/phase.h"        // phase_begin
#include "kernel/timer.h"        // timer_init
#include "kernel/tune.h"         // tune_copy
#include "lib/err.h"             // fail
#include "lib/log.h"             // log_info
#include "lib/version.h"         // URLBOOT_VERSION

#define HYPERVISOR_BIT (1u << 31)
#define LINE_SHOWN 240           // bytes of the command line in the log

void stage_begin(struct boot *b, struct boot_info *info)
{
    b->info = info;
    panic_set_image(info);
    if (!info->efi.boot_services)
        idt_init();
    console_early_init(info);
    timer_init();
    phase_begin(PHASE_DOOR);
    log_info("urlboot " URLBOOT_VERSION ": loaded by %s (%s) at 0x%llx%s",
             info->loader[0] ? info->loader : "an unnamed loader", info->door,
             (unsigned long long)info->load_base,
             cpuid(1, 0).ecx & HYPERVISOR_BIT ? ", in a virtual machine" : "");
}

int stage_options(struct boot *b)
{
    char shown[LINE_SHOWN];

    // The defaults must stand even when the loader's information is useless: the failure screen reads them.
    int err = options_parse(&b->options, b->info->cmdline);

    log_show_debug(b->options.debug);
    if (b->info->error)
        return b->info->error;
    options_without_secrets(b->info->cmdline, shown, sizeof(shown));
    log_info("options: %s", shown);
    return err;
}

// Exceptions are ours from here on, also when the memory map that came last is of no use.
static int leave_firmware(struct boot_info *info)
{
    int err = efi_exit(info);

    if (!info->efi.boot_services)
        idt_init();
    return err;
}

int stage_need_boot_services(const struct boot *b)
{
    if (b->info->efi.boot_services)
        return 0;
    return fail(ERR_UEFI_PROTOCOL_NOT_FOUND, "%s", b->info->efi.present
                                                       ? "the boot loader has ended UEFI's boot services"
                                                       : "this machine did not boot by UEFI");
}

int stage_firmware(struct boot *b)
{
    struct options *opt = &b->options;

    int err = stage_need_boot_services(b);
    if (err)
        return opt->start == OPT_START_EFI ? fail(err, "start=efi: %s", fail_detail()) : 0;
    err = efi_open(b->info);
    if (err)
        return err;
    // Now or never: a USB keyboard is the firmware's to read. Without url=, DHCP may still name one.
    if (opt->url_count == 0) {
        err = ask_url_on_firmware(b->typed_url, sizeof(b->typed_url), opt->url_source == OPT_URL_DHCP);
        if (!err && b->typed_url[0] != '\0')
            opt->urls[opt->url_count++] = b->typed_url;
    }
    efi_look_around(b->info);
    bool needed = opt->backend != OPT_BACKEND_NATIVE || opt->start == OPT_START_EFI;
    if (err || (needed && efi_maps_everything()))
        return err;
    if (opt->start == OPT_START_EFI)
        return fail(ERR_UEFI_OPERATION_FAILED, "start=efi: the firmware gives no memory for page tables");
    return leave_firmware(b->info);
}

static void silence(void)
{
    unsigned silenced = pci_silence_early();

    if (silenced > 0)
        log_info("PCI: bus mastering taken from %u network function%s", silenced, silenced == 1 ? "" : "s");
}

int stage_memory(struct boot *b)
{
    bool shared = b->info->efi.boot_services;

    phase_begin(PHASE_MEMORY);
    if (!shared)
        silence();
    int err = shared ? memory_share(b->info) : memory_init(b->info);
    if (err)
        return err;
    panic_silence = pci_silence_network;
    tune_copy();
    console_init(b->info, &b->options);
    stage_clock(b);
    if (!shared) {
        console_take_keyboard();
        timer_start_idle_tick();
    }
    return 0;
}

int stage_start_efi(struct boot *b)
{
    if (b->options.start != OPT_START_EFI)
        return 0;
    int err = efi_ram_disk((uint64_t)image_sink_iso(&b->image), b->image.length);
    if (err)
        return err;
    phase_summary(b->image.length);
    log_info("starting the ISO's own boot loader from a RAM disk");
    return efi_start_loader();
}

// Once the ISO has come and firmware still lives, Linux is to find the ISO in ACPI's NFIT, too. Not a reason
// to fail: Linux is told in other ways as well.
static void offer_ram_disk(const struct boot *b)
{
    bool wanted = b->options.medium == OPT_MEDIUM_AUTO || b->options.medium == OPT_MEDIUM_PMEM;

    if (b->image.length == 0 || !wanted)
        return;
    if (efi_ram_disk((uint64_t)image_sink_iso(&b->image), b->image.claimed - IMAGE_HEADER_SIZE) < 0)
        log_debug("UEFI: %s", fail_detail());
    else
        log_info("UEFI: the ISO is a RAM disk of the firmware's");
}

int stage_take_over(struct boot *b)
{
    if (!b->info->efi.boot_services)
        return 0;
    offer_ram_disk(b);
    int err = leave_firmware(b->info);
    if (err)
        return err;
    silence();
    err = memory_take_over(b->info);
    if (err)
        return err;
    console_take_keyboard();
    timer_start_idle_tick();
    // Whatever the backend was: no NIC is left writing when Linux comes.
    return stage_pci(b);
}
