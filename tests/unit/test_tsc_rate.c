// The declared rate of the time stamp counter, asked of made-up processors and hypervisors.

#include "kernel/tsc_rate.h"  // tsc_rate_declared

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct answer {
    uint32_t leaf;
    struct cpuid r;
} answers[8];
static unsigned answer_count, msr_reads;
static uint64_t msr_value;

static struct cpuid ask(uint32_t leaf, uint32_t subleaf)
{
    assert_int_equal(subleaf, 0);
    for (unsigned i = 0; i < answer_count; i++)
        if (answers[i].leaf == leaf)
            return answers[i].r;
    fail_msg("leaf 0x%x was asked and does not exist", leaf);
    return (struct cpuid){0};
}

static uint64_t msr(uint32_t which)
{
    assert_int_equal(which, 0x40000022);
    msr_reads++;
    return msr_value;
}

static const struct tsc_teller teller = {ask, msr};

static void add(uint32_t leaf, uint32_t eax, uint32_t ebx, uint32_t ecx, uint32_t edx)
{
    answers[answer_count++] = (struct answer){leaf, {.eax = eax, .ebx = ebx, .ecx = ecx, .edx = edx}};
}

static void processor(uint32_t max, bool virtual)
{
    answer_count = msr_reads = 0;
    add(0, max, 0, 0, 0);
    add(1, 0, 0, virtual ? 1u << 31 : 0, 0);
}

static void hypervisor(const char *name, uint32_t max)
{
    uint32_t words[3];

    memcpy(words, name, sizeof(words));
    processor(13, true);
    add(0x40000000, max, words[0], words[1], words[2]);
}

static void expect(uint64_t hz, const char *source)
{
    const char *by = NULL;

    assert_int_equal(tsc_rate_declared(&teller, &by), hz);
    if (hz != 0)
        assert_string_equal(by, source);
}

static void test_processor(void **state)
{
    (void)state;
    processor(0x16, false);
    add(0x15, 2, 200, 24000000, 0);
    expect(2400000000, "CPUID");
    processor(0x16, false);
    add(0x15, 2, 200, 0, 0);            // crystal not told: the next leaf must
    add(0x16, 0x12340bb8, 0, 0, 0);     // 3000 MHz, reserved bits above
    expect(3000000000, "CPUID");
    processor(0x15, false);
    add(0x15, 0, 0, 0, 0);
    expect(0, NULL);
    processor(0x10, false);
    expect(0, NULL);
    processor(0x15, false);
    add(0x15, 1, UINT32_MAX, UINT32_MAX, 0);
    expect((uint64_t)UINT32_MAX * UINT32_MAX, "CPUID");
}

static void test_hypervisor(void **state)
{
    (void)state;
    hypervisor("VMwareVMware", 0x40000010);
    add(0x40000010, 2893202, 66000, 0, 0);
    expect(2893202000, "the hypervisor");
    hypervisor("KVMKVMKVM\0\0\0", 0x40000010);
    add(0x40000010, UINT32_MAX, 0, 0, 0);
    expect(UINT32_MAX * 1000ull, "the hypervisor");
    hypervisor("KVMKVMKVM\0\0\0", 0x40000001);     // the usual KVM: the leaf is not there
    expect(0, NULL);
    hypervisor("TCGTCGTCGTCG", 0x40000010);        // somebody else's leaf of that number
    expect(0, NULL);
}

static void test_hyper_v(void **state)
{
    (void)state;
    hypervisor("Microsoft Hv", 0x40000082);
    add(0x40000003, 1u << 11, 0, 0, 1u << 8);
    msr_value = 2445427000;
    expect(2445427000, "Hyper-V");
    assert_int_equal(msr_reads, 1);
    for (unsigned i = 0; i < 2; i++) {             // not declared: the MSR would fault
        hypervisor("Microsoft Hv", 0x40000082);
        add(0x40000003, i ? 1u << 11 : 0, 0, 0, i ? 0 : 1u << 8);
        expect(0, NULL);
        assert_int_equal(msr_reads, 0);
    }
    hypervisor("Microsoft Hv", 0x40000002);
    expect(0, NULL);
}

static void test_measured(void **state)
{
    (void)state;
    assert_int_equal(tsc_rate_measured(10000000, 17898, 3579545), 1999969270);
    assert_int_equal(tsc_rate_measured(0, 1, 3579545), 0);
    assert_int_equal(tsc_rate_measured(UINT64_MAX, 1, 100000000), 0);       // nonsense stays out
    assert_int_equal(tsc_rate_measured(15000000, 71591, 14318180), 2999995809);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_processor), cmocka_unit_test(test_hypervisor),
        cmocka_unit_test(test_hyper_v), cmocka_unit_test(test_measured),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
