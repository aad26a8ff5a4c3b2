// kernel/memmap.c with a partner: a made-up firmware that has RAM of its own, takes more of it behind our back,
// and refuses what it has given out already.
#include "kernel/memory.h"  // memmap_share
#include "lib/err.h"        // ERR_NOT_ENOUGH_MEMORY

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#undef fail  // cmocka's; ours is a function

#define PAGES 4096u          // 16 MiB of RAM from 0
#define OWNER "test"

static char used[PAGES];     // 0 free, 'F' firmware's, 'C' claimed through take()
static unsigned takes, gives, refreshes;
static int steals;           // so many times firmware takes the wanted page just before take()

static void refresh(void)
{
    refreshes++;
    for (unsigned i = 0; i < PAGES; i++)
        memmap_firmware_uses(i * PAGE_SIZE, PAGE_SIZE, used[i] != 0);
}

static int take(uint64_t base, uint64_t length, const char *owner)
{
    assert_string_equal(owner, OWNER);
    takes++;
    if (steals > 0) {
        steals--;
        used[base / PAGE_SIZE] = 'F';
    }
    for (uint64_t i = base / PAGE_SIZE; i < (base + length) / PAGE_SIZE; i++)
        if (used[i] != 0)
            return fail(ERR_NOT_ENOUGH_MEMORY, "page %u is in use", (unsigned)i);
    memset(&used[base / PAGE_SIZE], 'C', length / PAGE_SIZE);
    return 0;
}

static void give(uint64_t base, uint64_t length)
{
    gives++;
    for (uint64_t i = base / PAGE_SIZE; i < (base + length) / PAGE_SIZE; i++) {
        assert_int_equal(used[i], 'C');
        used[i] = 0;
    }
}

static const struct memmap_partner firmware = {refresh, take, give};

// RAM from 0 to 16 MiB, of which firmware has [4, 6) MiB and the last MiB.
static int set_up(void **state)
{
    (void)state;
    memset(used, 0, sizeof(used));
    memset(used + 1024, 'F', 512);
    memset(used + PAGES - 256, 'F', 256);
    takes = gives = refreshes = 0;
    steals = 0;
    memmap_init();
    assert_int_equal(memmap_add(0, PAGES * PAGE_SIZE, MEM_RAM), 0);
    memmap_share(&firmware);
    return 0;
}

static void test_claims_beside_firmware(void **state)
{
    uint64_t base;

    (void)state;
    assert_int_equal(memmap_free_ram(), MIB(13));
    assert_int_equal(memmap_total_ram(), MIB(16));
    assert_int_equal(memmap_claim(MIB(2), PAGE_SIZE, 0, UINT64_MAX, OWNER, &base), 0);
    assert_int_equal(base, MIB(13));
    assert_int_equal(used[MIB(13) / PAGE_SIZE], 'C');
    assert_int_equal(used[MIB(15) / PAGE_SIZE - 1], 'C');
    assert_int_equal(memmap_largest_free(PAGE_SIZE, 0, UINT64_MAX, &base), MIB(7));
    assert_int_equal(base, MIB(6));
    // What firmware has cannot be claimed, wherever it lies.
    assert_int_equal(memmap_claim_at(MIB(5), PAGE_SIZE, OWNER), ERR_NOT_ENOUGH_MEMORY);
    assert_int_equal(takes, 1);
    assert_int_equal(memmap_release(MIB(14), MIB(1)), 0);
    assert_int_equal(gives, 1);
    assert_int_equal(memmap_free_ram(), MIB(12));
}

// Between two calls firmware takes and gives back as it likes.
static void test_firmware_moves(void **state)
{
    uint64_t base;

    (void)state;
    assert_int_equal(memmap_free_ram(), MIB(13));
    memset(used + PAGES - 512, 'F', 256);
    memset(used + 1024, 0, 512);
    assert_int_equal(memmap_free_ram(), MIB(14));
    assert_int_equal(memmap_claim(MIB(12), PAGE_SIZE, 0, UINT64_MAX, OWNER, &base), 0);
    assert_int_equal(base, MIB(2));
}

// Even between the look and the claim: the next place is found, but not for ever.
static void test_firmware_is_faster(void **state)
{
    uint64_t base;

    (void)state;
    steals = 2;
    assert_int_equal(memmap_claim(MIB(1), PAGE_SIZE, 0, UINT64_MAX, OWNER, &base), 0);
    assert_int_equal(takes, 3);
    assert_int_equal(used[base / PAGE_SIZE], 'C');
    steals = 100;
    assert_int_equal(memmap_claim(MIB(1), PAGE_SIZE, 0, UINT64_MAX, OWNER, &base), ERR_NOT_ENOUGH_MEMORY);
    assert_int_equal(takes, 6);
}

// Boot services have ended: a map built anew, in which what is ours has another name, takes the claims back.
static void test_taking_over(void **state)
{
    struct mem_range kept;
    uint64_t base;
    unsigned count;

    (void)state;
    assert_int_equal(memmap_claim(MIB(2), PAGE_SIZE, 0, UINT64_MAX, OWNER, &base), 0);
    assert_int_equal(memmap_set_linux_type(base, MIB(2), MEM_PRAM), 0);
    kept = (struct mem_range){0};
    const struct mem_range *all = memmap_ranges(&count);
    for (unsigned i = 0; i < count; i++)
        if (all[i].owner != NULL && strcmp(all[i].owner, OWNER) == 0)
            kept = all[i];
    assert_int_equal(kept.length, MIB(2));

    memmap_init();
    assert_int_equal(memmap_add(0, base, MEM_RAM), 0);
    assert_int_equal(memmap_add(base, MIB(1), MEM_RESERVED), 0);
    // Nothing at all is known of the second MiB.
    assert_int_equal(memmap_restore(&kept), 0);
    refreshes = takes = 0;
    assert_int_equal(memmap_claim_at(base, PAGE_SIZE, OWNER), ERR_NOT_ENOUGH_MEMORY);
    assert_int_equal(memmap_total_ram(), base + MIB(2));
    assert_int_equal(memmap_free_ram(), base);
    assert_int_equal(memmap_release(base, MIB(2)), 0);
    assert_int_equal(memmap_free_ram(), base + MIB(2));
    assert_int_equal(refreshes + takes + gives, 0);

    struct mem_range out[4];
    assert_int_equal(memmap_restore(&kept), 0);
    assert_int_equal(memmap_export(out, 4), 2);
    assert_int_equal(out[1].type, MEM_PRAM);
    assert_int_equal(out[1].length, MIB(2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_claims_beside_firmware, set_up),
        cmocka_unit_test_setup(test_firmware_moves, set_up),
        cmocka_unit_test_setup(test_firmware_is_faster, set_up),
        cmocka_unit_test_setup(test_taking_over, set_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
