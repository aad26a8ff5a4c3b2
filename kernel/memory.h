// The physical memory map of the running program, and the contracts of memmap.c, heap.c and paging.c.
//
//   physical                          what                                       decided by
//   0 .. 1 MiB                        left alone: BDA, EBDA, loader's data        MEM_LOW_END
//   image (2 MiB aligned, < 4 GiB)    urlboot itself, linked at KERNEL_VIRT       the loader (GRUB) or 2 MiB
//   below 256 MiB, or else 2 GiB      heap, DMA rings and buffers                 memmap_claim_own()
//   as high as possible, 2 MiB align  [2 MiB ELF core header][ISO]                image_sink.c
//
//   virtual
//   0 .. end of RAM                   identity: RAM no-execute, page 0 absent; MMIO uncached as mapped
//   KERNEL_VIRT + (phys - load base)  the image: text r-x, rodata r--, data/bss rw-, guard page under stack
//
// All addresses handed around are physical and, through the identity map, also valid pointers.
#ifndef URLBOOT_KERNEL_MEMORY_H
#define URLBOOT_KERNEL_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct boot_info;

#define KIB(n) ((uint64_t)(n) << 10)
#define MIB(n) ((uint64_t)(n) << 20)
#define GIB(n) ((uint64_t)(n) << 30)
#define PAGE_SIZE 4096ull
#define LARGE_PAGE_SIZE MIB(2)

#define KERNEL_VIRT 0xffffffff80200000ull  // where linker.ld puts the first byte of the image
#define MEM_LOW_END MIB(1)                 // nothing is claimed below
#define MEM_DMA_END GIB(2)                 // device-visible memory ends here: some chips have 31 bits
#define MEM_OWN_END MIB(256)               // our own memory ends here where it can, see memmap_claim_own()
#define HEAP_SIZE MIB(24)
#define MEM_OWNER_ISO "ISO image"          // owner of what image_sink claims
#define MEM_OWNER_FIRMWARE "firmware"      // ... and of what boot services have in use

// ---- memmap: which physical memory is there, and who has it -----------------------------------------

enum mem_type {  // e820 numbers, as boot/boot_info.h and Linux's asm/e820.h
    MEM_RAM = 1,
    MEM_RESERVED = 2,
    MEM_ACPI_RECLAIM = 3,
    MEM_ACPI_NVS = 4,
    MEM_UNUSABLE = 5,
    MEM_PMEM = 7,
    MEM_PRAM = 12,
};

struct mem_range {
    uint64_t base;
    uint64_t length;
    enum mem_type type;
    const char *owner;  // NULL: free; else who claimed it (a string literal)
    enum mem_type linux_type;  // what Linux is told about a claimed range, MEM_RAM unless set otherwise
};

// Forgets everything. Call first.
void memmap_init(void);

// Adds a range as firmware reported it. Overlaps are resolved for the more restrictive type; RAM is
// shrunk to whole pages, everything else grown. 0, or ERR_BOOT_INFO_INVALID when the table is full.
int memmap_add(uint64_t base, uint64_t length, enum mem_type type);

// Claims a given range, all of which must be free RAM (used for the image, modules, tables). Grown to whole
// pages, as in all functions below that take a range; `owner` must live as long as the map.
// 0, or ERR_NOT_ENOUGH_MEMORY when part of it is not free RAM.
int memmap_claim_at(uint64_t base, uint64_t length, const char *owner);

// Claims what is free RAM of a range, none of which need be; grown as above. 0, also when nothing was free;
// ERR_NOT_ENOUGH_MEMORY when the table is full or the range wraps around.
int memmap_claim_free(uint64_t base, uint64_t length, const char *owner);

// Claims `length` bytes (rounded up to pages) of free RAM, aligned to the power of two `align`, inside
// [min, max), as high as possible. Stores the address in *base.
// 0, or ERR_NOT_ENOUGH_MEMORY.
int memmap_claim(uint64_t length, uint64_t align, uint64_t min, uint64_t max, const char *owner,
                 uint64_t *base);

// As memmap_claim, for memory that urlboot itself works with: below MEM_OWN_END where there is room, else
// below MEM_DMA_END. What is claimed in the middle of RAM makes two pieces of what the ISO needs in one.
int memmap_claim_own(uint64_t length, uint64_t align, const char *owner, uint64_t *base);

// Gives [base, base + length) back; it must lie inside claimed ranges. 0 or ERR_BOOT_INFO_INVALID.
int memmap_release(uint64_t base, uint64_t length);

// Sets what Linux is told about a claimed range (for example MEM_PRAM for the ISO). 0 or an error.
int memmap_set_linux_type(uint64_t base, uint64_t length, enum mem_type type);

// The longest free run of RAM whose start is aligned to `align`, inside [min, max): its start in *base,
// its length (a multiple of `align`) as result, 0 when there is none.
uint64_t memmap_largest_free(uint64_t align, uint64_t min, uint64_t max, uint64_t *base);

// Bytes of RAM there are, and bytes still free.
uint64_t memmap_total_ram(void);
uint64_t memmap_free_ram(void);

// While UEFI boot services live, RAM has a second master, who takes and gives back whenever a call or a timer
// makes it. Firmware is asked before anything is claimed and told what is released.
struct memmap_partner {
    void (*refresh)(void);  // calls memmap_firmware_uses() for what changed; before free RAM is looked for
    int (*take)(uint64_t base, uint64_t length, const char *owner);  // 0, or an error: the claim fails
    void (*give)(uint64_t base, uint64_t length);
};

// From here on RAM is shared with `partner`; NULL: it is ours alone.
void memmap_share(const struct memmap_partner *partner);

// Marks what is free of a range as MEM_OWNER_FIRMWARE's, or what is firmware's as free. For
// memmap_partner.refresh; a full table is not told: take() knows better.
void memmap_firmware_uses(uint64_t base, uint64_t length, bool used);

// Puts a claimed range back into a map that was built anew, whatever its memory is called there.
// 0, or ERR_BOOT_INFO_INVALID when the table is full.
int memmap_restore(const struct mem_range *range);

// The ranges in ascending order, for paging, e820 and the log. *count receives how many.
const struct mem_range *memmap_ranges(unsigned *count);

// Writes the map as Linux shall see it: free and claimed RAM as RAM unless memmap_set_linux_type() said
// otherwise, equal neighbours merged (never MEM_PRAM: one entry is one device). At most `max` entries are
// stored in `out`; the result is the number there are, which may be larger.
unsigned memmap_export(struct mem_range *out, unsigned max);

// ---- heap: small things with any life time ----------------------------------------------------------

// Hands [base, base + length) to the heap. Call once.
void heap_init(void *base, size_t length);

// `size` bytes aligned to 16, or NULL when the heap is used up. Contents are undefined.
void *kmalloc(size_t size);

// As kmalloc, zeroed; NULL also when count * size overflows.
void *kcalloc(size_t count, size_t size);

// As kmalloc, aligned to the power of two `align` (at least 16).
void *kmemalign(size_t align, size_t size);

// Gives memory from the three functions above back; NULL is allowed. A pointer that is not from the heap,
// or is given back twice, is a broken invariant: panic.
void kfree(void *pointer);

struct heap_stats {
    size_t total, used, peak;  // bytes
    unsigned blocks;           // live allocations
};

// The heap's figures, and a full walk of its lists (panics on a broken one).
struct heap_stats heap_check(void);

// Set by tests: freed memory is filled with junk, so that whoever still reads it fails at once.
extern bool heap_junk;

// ---- paging -----------------------------------------------------------------------------------------

// Until paging_init() the tables in force map all device memory, too: firmware's, which kernel/firmware has
// completed. What is mapped meanwhile is remembered for paging_init().
void paging_borrow(void);

// Builds the final tables: identity map of all RAM, the image with W^X permissions, page 0 absent, guard
// page under the stack, device memory mapped so far; loads them. Needs memmap. 0 or ERR_NOT_ENOUGH_MEMORY.
int paging_init(const struct boot_info *info);

// Maps device memory uncached at its own address; any physical address. Returns it as a pointer, NULL
// when no memory for tables is left. Mapping the same range again is allowed.
volatile void *paging_map_mmio(uint64_t phys, uint64_t length);

// As paging_map_mmio, write-combining: for framebuffers.
volatile void *paging_map_framebuffer(uint64_t phys, uint64_t length);

#endif
