// The declared rates, the processor's word before the hypervisor's.
// Spec: Intel SDM volume 2A, CPUID leaves 15H and 16H; "CPUID usage for interaction between hypervisors and
// Linux" (leaf 0x40000010, kHz: VMware, KVM); Hyper-V TLFS 6.0b sections 2.4 and 12.4 (frequency MSRs).
// Tested: QEMU declares none of them without KVM, so the hypervisors' words are checked by unit tests only.
#include "kernel/tsc_rate.h"  // tsc_rate_declared

#include <stddef.h>
#include <string.h>

#define LEAF_FEATURES 1u
#define     HYPERVISOR_PRESENT (1u << 31)       // ECX
#define LEAF_TSC 0x15u
#define LEAF_FREQUENCY 0x16u
#define     FREQUENCY_MHZ_MASK 0xffffu
#define LEAF_HYPERVISOR 0x40000000u
#define LEAF_HYPERVISOR_RATE 0x40000010u
#define LEAF_HYPERV_FEATURES 0x40000003u
#define     HYPERV_MAY_READ_RATES (1u << 11)    // EAX
#define     HYPERV_HAS_RATES (1u << 8)          // EDX
#define MSR_HYPERV_TSC_HZ 0x40000022u
#define KILO 1000ull
#define MEGA 1000000ull

static uint64_t by_processor(const struct tsc_teller *teller)
{
    uint32_t max = teller->cpuid(0, 0).eax;

    if (max >= LEAF_TSC) {
        struct cpuid r = teller->cpuid(LEAF_TSC, 0);
        if (r.eax != 0 && r.ebx != 0 && r.ecx != 0)
            return (uint64_t)r.ecx * r.ebx / r.eax;
    }
    if (max >= LEAF_FREQUENCY)
        return (teller->cpuid(LEAF_FREQUENCY, 0).eax & FREQUENCY_MHZ_MASK) * MEGA;
    return 0;
}

static bool is_from(const struct cpuid *vendor, const char *name)
{
    char text[12];

    memcpy(text, &vendor->ebx, 4);
    memcpy(text + 4, &vendor->ecx, 4);
    memcpy(text + 8, &vendor->edx, 4);
    return memcmp(text, name, sizeof(text)) == 0;
}

// The leaf's meaning is a convention of two vendors; with Hyper-V the number belongs to something else.
static uint64_t by_hypervisor(const struct tsc_teller *teller, const char **by)
{
    if (!(teller->cpuid(LEAF_FEATURES, 0).ecx & HYPERVISOR_PRESENT))
        return 0;
    struct cpuid vendor = teller->cpuid(LEAF_HYPERVISOR, 0);
    if (is_from(&vendor, "Microsoft Hv") && vendor.eax >= LEAF_HYPERV_FEATURES) {
        struct cpuid features = teller->cpuid(LEAF_HYPERV_FEATURES, 0);
        if (!(features.eax & HYPERV_MAY_READ_RATES) || !(features.edx & HYPERV_HAS_RATES))
            return 0;
        *by = "Hyper-V";
        return teller->rdmsr(MSR_HYPERV_TSC_HZ);
    }
    bool keeps_convention = is_from(&vendor, "VMwareVMware") || is_from(&vendor, "KVMKVMKVM\0\0\0");
    if (!keeps_convention || vendor.eax < LEAF_HYPERVISOR_RATE)
        return 0;
    *by = "the hypervisor";
    return teller->cpuid(LEAF_HYPERVISOR_RATE, 0).eax * KILO;
}

uint64_t tsc_rate_declared(const struct tsc_teller *teller, const char **by)
{
    uint64_t hz = by_processor(teller);

    *by = "CPUID";
    return hz != 0 ? hz : by_hypervisor(teller, by);
}

uint64_t tsc_rate_measured(uint64_t tsc, uint64_t ticks, uint64_t hz)
{
    uint64_t whole = tsc / ticks, rest = tsc % ticks;

    if (hz != 0 && (whole > UINT64_MAX / 2 / hz || rest > UINT64_MAX / 2 / hz))
        return 0;
    return whole * hz + rest * hz / ticks;
}
