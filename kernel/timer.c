// TSC time base and idle tick.
// Spec: Intel SDM volume 3A 11.5 (local APIC timer), 18.17 (TSC); Intel 8254 data sheet; ACPI 6.4 section
// 4.8.3.3 (PM timer, 3.579545 MHz); IA-PC HPET 1.0a section 2.3. Tested: QEMU TCG (qemu64, max), also without
// PIT. Interrupts stay off except inside cpu_idle().

#include "kernel/timer.h"    // timer_init
#include "kernel/cpu.h"      // rdtsc
#include "kernel/idt.h"      // IDT_VECTOR_TIMER
#include "kernel/memory.h"   // paging_map_mmio
#include "kernel/tsc_rate.h" // tsc_rate_declared
#include "lib/clock.h"       // now_us
#include "lib/log.h"         // log_debug

#include <stddef.h>

#define PIT_HZ 1193182ull
#define PIT_CHANNEL2 0x42
#define PIT_COMMAND 0x43
#define PIT_CHANNEL2_ONESHOT 0xb0      // channel 2, low then high byte, mode 0
#define PIT_GATE_PORT 0x61
#define PIT_GATE_ENABLE 0x01
#define PIT_GATE_SPEAKER 0x02
#define PIT_GATE_OUT 0x20
#define PIT_MEASURE_MS 5
#define PIT_MEASURE_TRIES 4
#define PIT_TICKS_MAX 500000000ull     // of the TSC: 100 ms at 5 GHz, half a second at 1 GHz

#define PM_TIMER_HZ 3579545ull
#define PM_TIMER_MASK 0xffffffu        // 24 bits count on every machine
#define CHECK_MS 5
#define CHECK_SPIN_MAX 2000000u

#define HPET_ALIGN 1024u               // bytes of registers
#define HPET_PERIOD 0x004              // of one tick, femtoseconds
#define     HPET_PERIOD_MAX_FS 100000000u
#define HPET_CONFIG 0x010
#define     HPET_CONFIG_ENABLE (1u << 0)
#define HPET_COUNTER 0x0f0             // lower half
#define FEMTOSECONDS 1000000000000000ull

#define CPUID_EXTENDED_MAX 0x80000000u
#define CPUID_ADVANCED_POWER 0x80000007u
#define INVARIANT_TSC (1u << 8)

#define MSR_APIC_BASE 0x1b
#define APIC_BASE_X2 (1u << 10)
#define APIC_BASE_ENABLE (1u << 11)
#define APIC_BASE_MASK 0xffffff000ull
#define MSR_X2APIC 0x800
#define APIC_EOI 0x0b0
#define APIC_SPURIOUS 0x0f0
#define APIC_SPURIOUS_ENABLE (1u << 8)
#define APIC_LVT_TIMER 0x320
#define APIC_LVT_MASKED (1u << 16)
#define APIC_TIMER_INITIAL 0x380
#define APIC_TIMER_CURRENT 0x390
#define APIC_TIMER_DIVIDE 0x3e0
#define APIC_DIVIDE_16 0x3
#define APIC_MEASURE_US 2000
#define TICK_US 1000

#define ASSUMED_HZ 1000000000ull
#define MICROSECONDS 1000000ull

static uint64_t tsc_hz = ASSUMED_HZ;
static uint64_t tsc_start;
static uint64_t time_start_us;
static bool guessed;             // nobody told the rate and nothing measured it
static volatile uint8_t *apic;   // xAPIC registers; NULL in x2APIC mode or when there is no APIC
static bool x2apic;
static uint32_t apic_ticks;      // per TICK_US; 0 while cpu_idle() may not halt

uint64_t now_us(void)
{
    uint64_t delta = rdtsc() - tsc_start;

    // Split so that the product stays below 2^64 for centuries: delta * 10^6 alone wraps after hours.
    return time_start_us + delta / tsc_hz * MICROSECONDS + delta % tsc_hz * MICROSECONDS / tsc_hz;
}

void delay_us(uint64_t us)
{
    uint64_t end = now_us() + us;

    while (!deadline_passed(end))
        cpu_relax();
}

static void set_rate(uint64_t hz)
{
    time_start_us = now_us();
    tsc_start = rdtsc();
    tsc_hz = hz;
}

// TSC ticks per second by counting PIT_MEASURE_MS down on PIT channel 2; 0 when the PIT does not tick.
static uint64_t measure_by_pit_once(void)
{
    uint32_t count = (uint32_t)(PIT_HZ * PIT_MEASURE_MS / 1000);
    uint8_t gate = inb(PIT_GATE_PORT);
    uint32_t spins = 0;
    uint64_t ticks = 0;

    outb(PIT_GATE_PORT, (uint8_t)((gate & ~PIT_GATE_SPEAKER) | PIT_GATE_ENABLE));
    outb(PIT_COMMAND, PIT_CHANNEL2_ONESHOT);
    outb(PIT_CHANNEL2, count & 0xff);
    outb(PIT_CHANNEL2, (uint8_t)(count >> 8));
    uint64_t start = rdtsc();
    // Chipsets of today may have the PIT's clock gated off: then it keeps its output low for ever.
    while (!(inb(PIT_GATE_PORT) & PIT_GATE_OUT) && ticks < PIT_TICKS_MAX) {
        spins++;
        ticks = rdtsc() - start;
    }
    ticks = rdtsc() - start;
    outb(PIT_GATE_PORT, gate);
    // Too few reads: output was high from the start, there is no PIT behind the port.
    if (spins < 10 || ticks >= PIT_TICKS_MAX)
        return 0;
    return ticks * PIT_HZ / count;
}

// A virtual machine that is not scheduled, or an SMI, makes a measurement too long, never too short: the
// smallest counts, and two that agree within half a percent are enough.
static uint64_t measure_by_pit(void)
{
    uint64_t best = measure_by_pit_once();

    for (unsigned i = 1; best != 0 && i < PIT_MEASURE_TRIES; i++) {
        uint64_t next = measure_by_pit_once();
        uint64_t smaller = next < best ? next : best;
        uint64_t larger = next < best ? best : next;
        best = smaller;
        if (larger - smaller < smaller / 200)
            break;
    }
    return best;
}

static struct cpuid ask_cpuid(uint32_t leaf, uint32_t subleaf)
{
    return cpuid(leaf, subleaf);
}

static uint64_t ask_msr(uint32_t msr)
{
    return rdmsr(msr);
}

void timer_init(void)
{
    static const struct tsc_teller teller = {ask_cpuid, ask_msr};
    tsc_start = rdtsc();
    const char *source = "PIT";
    uint64_t hz = measure_by_pit();

    if (hz == 0)
        hz = tsc_rate_declared(&teller, &source);
    guessed = hz == 0;
    if (guessed) {
        source = "a guess";
        hz = ASSUMED_HZ;
    }
    tsc_hz = hz;
    bool invariant = cpuid(CPUID_EXTENDED_MAX, 0).eax >= CPUID_ADVANCED_POWER &&
                     (cpuid(CPUID_ADVANCED_POWER, 0).edx & INVARIANT_TSC) != 0;
    log_debug("time: TSC %llu MHz by %s, %s", (unsigned long long)(hz / MICROSECONDS), source,
              invariant ? "invariant" : "not declared invariant");
}

// ---- the second clock -------------------------------------------------------------------------------

struct clock {                   // something of known rate that counts up
    const char *name;
    uint64_t hz;
    uint32_t mask;               // the bits that count
    uint16_t port;               // where it is read: a port,
    volatile uint8_t *registers; // or HPET's registers when this is not NULL
};

// SAFETY: hpet_open() mapped the page of registers; offsets are aligned and inside it.
static uint32_t hpet_read(const struct clock *c, uint32_t reg)
{
    return *(volatile uint32_t *)(c->registers + reg);
}

static void hpet_write(const struct clock *c, uint32_t reg, uint32_t value)
{
    *(volatile uint32_t *)(c->registers + reg) = value;
}

static bool hpet_open(struct clock *c, uint64_t base)
{
    c->registers = base == 0 || base % HPET_ALIGN != 0 ? NULL : paging_map_mmio(base, HPET_ALIGN);
    if (c->registers == NULL)
        return false;
    uint32_t period = hpet_read(c, HPET_PERIOD);
    if (period == 0 || period > HPET_PERIOD_MAX_FS)
        return false;
    c->name = "HPET";
    c->hz = FEMTOSECONDS / period;
    c->mask = UINT32_MAX;
    return true;
}

static uint32_t clock_read(const struct clock *c)
{
    return c->registers != NULL ? hpet_read(c, HPET_COUNTER) : inl(c->port);
}

// TSC ticks per second by counting CHECK_MS on the clock; 0 when it does not tick.
static uint64_t measure_by(const struct clock *c)
{
    uint64_t wanted = c->hz * CHECK_MS / 1000;
    uint32_t start = clock_read(c);
    uint64_t tsc = rdtsc();
    uint32_t ticks = 0;

    for (uint32_t spins = 0; spins < CHECK_SPIN_MAX && ticks < wanted; spins++)
        ticks = (clock_read(c) - start) & c->mask;
    tsc = rdtsc() - tsc;
    return ticks < wanted ? 0 : tsc_rate_measured(tsc, ticks, c->hz);
}

static uint64_t measure_by_hpet(struct clock *c)
{
    uint32_t config = hpet_read(c, HPET_CONFIG);

    hpet_write(c, HPET_CONFIG, config | HPET_CONFIG_ENABLE);
    uint64_t hz = measure_by(c);
    hpet_write(c, HPET_CONFIG, config);
    return hz;
}

void timer_check(uint16_t pm_port, uint64_t hpet_base)
{
    struct clock clock = {"the ACPI timer", .hz = PM_TIMER_HZ, .mask = PM_TIMER_MASK, .port = pm_port};
    uint64_t hz = pm_port == 0 ? 0 : measure_by(&clock);

    if (hz == 0 && hpet_open(&clock, hpet_base))
        hz = measure_by_hpet(&clock);
    if (hz == 0) {
        if (guessed)
            log_warn("time: no clock of known rate was found; the processor is taken to run at %llu MHz, so "
                     "all times are a guess", (unsigned long long)(tsc_hz / MICROSECONDS));
        return;
    }
    uint64_t off = hz > tsc_hz ? hz - tsc_hz : tsc_hz - hz;
    if (off > tsc_hz / 50) {
        log_warn("time: TSC is %llu MHz by %s, not %llu MHz; corrected",
                 (unsigned long long)(hz / MICROSECONDS), clock.name,
                 (unsigned long long)(tsc_hz / MICROSECONDS));
        set_rate(hz);
    }
    guessed = false;
}

// ---- the idle tick ----------------------------------------------------------------------------------

// SAFETY: `apic` is the uncached mapping of this processor's local APIC page; register offsets are 16-byte
// aligned and inside it. In x2APIC mode the same registers are MSRs.
static uint32_t apic_read(uint32_t reg)
{
    if (x2apic)
        return (uint32_t)rdmsr(MSR_X2APIC + (reg >> 4));
    return *(volatile uint32_t *)(apic + reg);
}

static void apic_write(uint32_t reg, uint32_t value)
{
    if (x2apic)
        wrmsr(MSR_X2APIC + (reg >> 4), value);
    else
        *(volatile uint32_t *)(apic + reg) = value;
}

void timer_start_idle_tick(void)
{
    uint64_t base = rdmsr(MSR_APIC_BASE);

    if (!(base & APIC_BASE_ENABLE)) {
        log_debug("time: the local APIC is off; waiting spins");
        return;
    }
    x2apic = (base & APIC_BASE_X2) != 0;
    if (!x2apic) {
        apic = paging_map_mmio(base & APIC_BASE_MASK, PAGE_SIZE);
        if (apic == NULL)
            return;
    }
    apic_write(APIC_SPURIOUS, APIC_SPURIOUS_ENABLE | IDT_VECTOR_SPURIOUS);
    apic_write(APIC_TIMER_DIVIDE, APIC_DIVIDE_16);
    apic_write(APIC_LVT_TIMER, APIC_LVT_MASKED | IDT_VECTOR_TIMER);
    apic_write(APIC_TIMER_INITIAL, UINT32_MAX);
    delay_us(APIC_MEASURE_US);
    uint32_t counted = UINT32_MAX - apic_read(APIC_TIMER_CURRENT);
    apic_write(APIC_TIMER_INITIAL, 0);
    apic_write(APIC_LVT_TIMER, IDT_VECTOR_TIMER);
    apic_ticks = counted / (APIC_MEASURE_US / TICK_US);
}

void timer_interrupt(void)
{
    apic_write(APIC_EOI, 0);
}

void cpu_idle(void)
{
    if (apic_ticks == 0) {
        cpu_relax();
        return;
    }
    // One shot, then sleep: `sti` takes effect after the next instruction, so a tick cannot slip in between.
    apic_write(APIC_TIMER_INITIAL, apic_ticks);
    // SAFETY: the timer's gate is in place (idt_init) and its handler only acknowledges.
    __asm__ volatile("sti; hlt; cli" : : : "memory");
}

void timer_stop(void)
{
    if (apic_ticks == 0)
        return;
    apic_ticks = 0;
    apic_write(APIC_LVT_TIMER, APIC_LVT_MASKED | IDT_VECTOR_TIMER);
    apic_write(APIC_TIMER_INITIAL, 0);
}
