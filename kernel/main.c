// The whole program, one call a stage. Each stage's contract is in kernel/stages.h.

#include "boot/image.h"      // kmain
#include "kernel/failure.h"  // failure_screen
#include "kernel/stages.h"   // stage_begin

// A stage that fails ends the boot on the failure screen.
static void must(const struct boot *b, int err)
{
    if (err)
        failure_screen(err, b->info, &b->options);
}

void kmain(struct boot_info *info)
{
    static struct boot b;

    stage_begin(&b, info);           // exceptions, serial, VGA, the clock
    must(&b, stage_options(&b));     // what the user wants
    must(&b, stage_firmware(&b));    // UEFI: ask; leave boot services unless they may be of use
    must(&b, stage_memory(&b));      // RAM to work with, framebuffer
    must(&b, stage_network(&b));     // the first way to the network that works, and an address there
    must(&b, stage_url(&b));         // which ISO
    must(&b, stage_download(&b));    // into its final place, verified on the way
    must(&b, stage_start_efi(&b));   // start=efi: the ISO's own boot loader, and we are done
    must(&b, stage_take_over(&b));   // UEFI: the machine is ours alone
    must(&b, stage_linux(&b));       // kernel, initrd and words out of the ISO, placed
    stage_leave(&b);                 // NICs off, jump
}
