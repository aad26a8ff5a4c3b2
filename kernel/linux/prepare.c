// Composes a Linux that is ready to go: kernel, medium, command line, initrd, page tables, boot_params.
// Spec: Documentation/arch/x86/boot.rst; the order follows from who needs whose address.
// Pure but for the memory it claims: tests run it on the host in a made-up RAM.

#include "kernel/linux/claims.h"     // claims_take
#include "kernel/linux/ident_map.h"  // ident_map_build
#include "kernel/linux/image.h"      // image_place
#include "kernel/linux/initrd.h"     // initrd_build
#include "kernel/linux/medium.h"     // medium_offer
#include "kernel/linux/params.h"     // params_build
#include "kernel/linux/seed.h"       // seed_from_cpu
#include "lib/err.h"                 // fail
#include "lib/log.h"                 // log_debug

#include <stdio.h>
#include <string.h>

#define RANGES_MAX 512    // of the map that Linux gets
#define SEED_SIZE 64

static struct mem_range ranges[RANGES_MAX];

// Claims whole pages, below 4 GiB when there are any: the kernel's own code for 5-level paging and old
// kernels expect what the loader made there.
static int claim_low(struct claims *claims, uint64_t length, const char *owner, uint64_t *base)
{
    int rc = claims_take(claims, length, GIB(4), owner, base);

    return rc == 0 ? 0 : claims_take(claims, length, UINT64_MAX, owner, base);
}

static int make_page_tables(unsigned range_count, struct claims *claims, struct linux_image *image)
{
    uint64_t size = ident_map_size(ranges, range_count);
    uint64_t base;
    int rc = claim_low(claims, size, "page tables for Linux", &base);

    if (rc != 0)
        return rc;
    // SAFETY: `size` bytes of RAM at base, identity-mapped and ours.
    rc = ident_map_build(ranges, range_count, (void *)(uintptr_t)base, size);
    image->page_tables_la57 = base;
    image->page_tables = base + PAGE_SIZE;
    return rc;
}

// What KASLR must not take: it looks at e820 only when there is no EFI map.
static void keep_medium(const struct linux_medium *medium, struct params_input *input)
{
    if (medium->length == 0 || !(medium->pmem || medium->vmcore))
        return;
    input->keep[input->keep_count++] =
        (struct efi_keep){ medium->base, medium->claimed, EFI_MEM_RESERVED };
    if (medium->vmcore)
        input->keep[input->keep_count++] =
            (struct efi_keep){ medium->header, MEDIUM_HEADER_SIZE, EFI_MEM_RESERVED };
}

static int make_params(const struct linux_request *request, unsigned range_count, struct claims *claims,
                       struct linux_image *image)
{
    uint8_t seed[SEED_SIZE];
    struct params_input input = {
        .info = request->info,
        .cmdline = image->cmdline,
        .initrd_base = image->initrd_base,
        .initrd_size = image->initrd_size,
        .ranges = ranges,
        .range_count = range_count,
        .seed = seed,
        .seed_size = seed_from_cpu(seed, SEED_SIZE),
    };
    int rc = image_setup_header(request->kernel, request->kernel_count, input.setup_header);

    if (rc != 0)
        return rc;
    keep_medium(&request->medium, &input);
    rc = claim_low(claims, params_size(&input), "boot_params", &image->boot_params);
    // SAFETY: params_size() bytes of RAM, identity-mapped and ours.
    return rc != 0 ? rc : params_build(&input, (void *)(uintptr_t)image->boot_params);
}

// Everything but the medium's ranges, which must be set before.
static int build(const struct linux_request *request, const struct linux_kernel_info *kernel,
                 struct claims *claims, struct linux_image *image)
{
    int rc = image_place(request->kernel, request->kernel_count, kernel, claims, &image->kernel_base);

    if (rc == 0)
        rc = initrd_build(request, kernel, claims, &image->initrd_base, &image->initrd_size);
    if (rc != 0)
        return rc;
    // What is claimed from here on stays RAM for Linux, so the map does not change any more.
    unsigned range_count = memmap_export(ranges, RANGES_MAX);
    if (range_count > RANGES_MAX)
        return fail(ERR_BOOT_INFO_INVALID, "the memory map has %u ranges, at most %u are expected",
                    range_count, RANGES_MAX);
    rc = make_page_tables(range_count, claims, image);
    return rc != 0 ? rc : make_params(request, range_count, claims, image);
}

int linux_prepare(const struct linux_request *request, struct linux_image *image)
{
    struct linux_kernel_info kernel;
    struct claims claims = { .count = 0 };

    memset(image, 0, sizeof(*image));
    int rc = linux_kernel_info(request->kernel, request->kernel_count, &kernel);
    if (rc == 0)
        rc = medium_cmdline(&request->medium, request->cmdline, kernel.cmdline_size, memmap_total_ram(),
                            image->cmdline, sizeof(image->cmdline));
    if (rc != 0)
        return rc;
    rc = medium_offer(&request->medium);
    if (rc != 0)
        return rc;
    rc = build(request, &kernel, &claims, image);
    if (rc != 0)
        goto err_build;

    snprintf(image->version, sizeof(image->version), "%s", kernel.version);
    image->init_size = kernel.init_size;
    image->entry = image->kernel_base + ENTRY_64;
    log_debug("linux: kernel 0x%llx + %u KiB, initrd 0x%llx + %llu KiB, boot_params 0x%llx",
              (unsigned long long)image->kernel_base, kernel.init_size / 1024,
              (unsigned long long)image->initrd_base, (unsigned long long)(image->initrd_size / 1024),
              (unsigned long long)image->boot_params);
    return 0;

err_build:
    claims_release(&claims);
    medium_withdraw(&request->medium);
    return rc;
}
