// Shared by the tests of kernel/linux: a made-up RAM whose addresses are also pointers, and a bzImage.
#ifndef URLBOOT_TESTS_LINUX_ARENA_H
#define URLBOOT_TESTS_LINUX_ARENA_H

#include "kernel/memory.h"       // memmap_add

#include <asm/bootparam.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

// Below 2 GiB and far above 4 GiB there are addresses that neither the program nor ASan's shadow uses.
#define LOW_BASE MIB(256)
#define LOW_SIZE MIB(512)
#define HIGH_BASE 0x200000000000ull
#define HIGH_SIZE MIB(512)

#define BZ_SETUP_SECTS 3
#define BZ_SETUP ((BZ_SETUP_SECTS + 1) * 512)
#define BZ_BODY 65536
#define BZ_SIZE (BZ_SETUP + BZ_BODY)
#define BZ_VERSION_AT 0x300  // of the version string, from 0x200 on

// Maps both parts of the RAM, once, filled with zeros.
static inline void arena_map(void)
{
    static const struct {
        uint64_t base, size;
    } part[] = { { LOW_BASE, LOW_SIZE }, { HIGH_BASE, HIGH_SIZE } };

    for (unsigned i = 0; i < 2; i++) {
        void *at = mmap((void *)part[i].base, part[i].size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
        assert_int_equal(at, part[i].base);
    }
}

// An empty memory map with this much of both parts as free RAM.
static inline void arena_reset(uint64_t low, uint64_t high)
{
    arena_map();
    memmap_init();
    if (low != 0)
        assert_int_equal(memmap_add(LOW_BASE, low, MEM_RAM), 0);
    if (high != 0)
        assert_int_equal(memmap_add(HIGH_BASE, high, MEM_RAM), 0);
}

// A bzImage in file[BZ_SIZE] with the header of a Debian 6.1 kernel, but small; the body is a pattern.
static inline struct setup_header *bz_make(uint8_t *file)
{
    struct setup_header *hdr = (struct setup_header *)(file + 0x1f1);

    for (unsigned i = 0; i < BZ_SIZE; i++)
        file[i] = (uint8_t)(i * 31 + i / 256);
    memset(file, 0, BZ_SETUP);
    file[0x1ef] = 0xff;  // the sentinel that must not be copied
    hdr->setup_sects = BZ_SETUP_SECTS;
    hdr->syssize = BZ_BODY / 16;
    hdr->boot_flag = 0xaa55;
    hdr->jump = 0x6aeb;  // over a header that ends at 0x202 + 0x6a
    hdr->header = 0x53726448;
    hdr->version = 0x20f;
    hdr->kernel_version = BZ_VERSION_AT - 0x200;
    hdr->loadflags = LOADED_HIGH | CAN_USE_HEAP;
    hdr->code32_start = 0x100000;
    hdr->initrd_addr_max = 0x7fffffff;
    hdr->kernel_alignment = 0x200000;
    hdr->relocatable_kernel = 1;
    hdr->min_alignment = 21;
    hdr->xloadflags = 0x7f;
    hdr->cmdline_size = 2047;
    hdr->payload_offset = 0x300;
    hdr->payload_length = BZ_BODY - 0x400;
    hdr->pref_address = 0x1000000;
    hdr->init_size = 0x400000;
    snprintf((char *)file + BZ_VERSION_AT, 64, "6.1.0-25-amd64 (debian-kernel@lists.debian.org) #1 SMP");
    return hdr;
}

#endif
