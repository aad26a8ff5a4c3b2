// GDT, IDT, TSS and the 8259s. Spec: Intel SDM volume 3A chapters 3, 6, 7; Intel 8259A data sheet.
// A page fault from the stack's guard page and a double fault run on a stack of their own (IST1), else the
// machine would reset without a word. NMI and machine check may come while any other is being handled, that
// one's first instructions included: each has its own (IST2, IST3).

#include "kernel/idt.h"    // IDT_EXCEPTIONS
#include "kernel/cpu.h"    // outb
#include "kernel/panic.h"  // trap_frame
#include "kernel/timer.h"  // timer_interrupt

#include <assert.h>
#include <stdint.h>

#define SEL_CODE 0x10
#define SEL_DATA 0x18
#define SEL_TSS 0x20
#define GATE_INTERRUPT 0x8e     // present, ring 0, interrupt gate
#define TSS_AVAILABLE 0x89
#define RFLAGS_IF (1u << 9)
#define VECTOR_NMI 2
#define VECTOR_DOUBLE_FAULT 8
#define VECTOR_PAGE_FAULT 14
#define VECTOR_MACHINE_CHECK 18
#define FAULT_STACKS 3
#define FAULT_STACK_SIZE 16384
#define PIC1_DATA 0x21
#define PIC2_DATA 0xa1
#define PIC_MASK_ALL 0xff

extern const uint64_t isr_table[256];

struct gate {                   // written by us, read by the processor
    uint16_t offset_low, selector;
    uint8_t ist, type;
    uint16_t offset_middle;
    uint32_t offset_high, zero;
};

struct tss {
    uint32_t reserved0;
    uint64_t rsp[3], reserved1, ist[7], reserved2;
    uint16_t reserved3, io_map;
} __attribute__((packed));

struct table_pointer {
    uint16_t limit;
    uint64_t base;
} __attribute__((packed));

static_assert(sizeof(struct gate) == 16, "fixed by the processor");
static_assert(sizeof(struct tss) == 104, "fixed by the processor");

static struct gate gates[256];
static struct tss tss;
static uint8_t fault_stacks[FAULT_STACKS][FAULT_STACK_SIZE] __attribute__((aligned(16)));
static uint64_t gdt[6] = {
    [SEL_CODE / 8] = 0x00af9a000000ffff,
    [SEL_DATA / 8] = 0x00cf92000000ffff,
};

// Called by isr.S for every vector.
void interrupt(struct trap_frame *frame);

void interrupt(struct trap_frame *frame)
{
    if (frame->vector < IDT_EXCEPTIONS)
        panic_exception(frame);
    // What firmware left running gets its acknowledgement like our own timer: without it the local APIC would
    // hold back everything of its priority and below, the timer included, and cpu_idle() would never end.
    if (frame->vector != IDT_VECTOR_SPURIOUS)
        timer_interrupt();
    // One interrupt ends cpu_idle(). With a device that insists, it would not get there otherwise.
    frame->rflags &= ~(uint64_t)RFLAGS_IF;
}

static void load_gdt(void)
{
    struct table_pointer pointer = {.limit = sizeof(gdt) - 1, .base = (uint64_t)gdt};
    uint64_t base = (uint64_t)&tss;

    for (unsigned i = 0; i < FAULT_STACKS; i++)
        tss.ist[i] = (uint64_t)(fault_stacks[i] + FAULT_STACK_SIZE);
    tss.io_map = sizeof(tss);
    gdt[SEL_TSS / 8] = (sizeof(tss) - 1) | (base & 0xffffff) << 16 | (uint64_t)TSS_AVAILABLE << 40 |
                       (base >> 24 & 0xff) << 56;
    gdt[SEL_TSS / 8 + 1] = base >> 32;
    // SAFETY: the new table has the code and data descriptors that CS and SS are reloaded with; the far
    // return lands on the next line.
    __asm__ volatile("lgdt %0\n\t"
                     "push %1\n\t"
                     "lea 1f(%%rip), %%rax\n\t"
                     "push %%rax\n\t"
                     "lretq\n"
                     "1:\n\t"
                     "mov %2, %%ds\n\t"
                     "mov %2, %%es\n\t"
                     "mov %2, %%ss\n\t"
                     "mov %3, %%fs\n\t"
                     "mov %3, %%gs\n\t"
                     "ltr %w4"
                     :
                     : "m"(pointer), "i"(SEL_CODE), "r"(SEL_DATA), "r"(0), "r"(SEL_TSS)
                     : "rax", "memory");
}

// The stack table entry of a vector, from 1; 0: it stays on the stack in use.
static uint8_t stack_of(unsigned vector)
{
    switch (vector) {
    case VECTOR_DOUBLE_FAULT:
    case VECTOR_PAGE_FAULT:
        return 1;
    case VECTOR_NMI:
        return 2;
    case VECTOR_MACHINE_CHECK:
        return 3;
    default:
        return 0;
    }
}

void idt_init(void)
{
    struct table_pointer pointer = {.limit = sizeof(gates) - 1, .base = (uint64_t)gates};

    interrupts_off();
    load_gdt();
    for (unsigned i = 0; i < 256; i++) {
        uint64_t entry = isr_table[i];
        gates[i] = (struct gate){
            .offset_low = (uint16_t)entry,
            .selector = SEL_CODE,
            .ist = stack_of(i),
            .type = GATE_INTERRUPT,
            .offset_middle = (uint16_t)(entry >> 16),
            .offset_high = (uint32_t)(entry >> 32),
        };
    }
    // SAFETY: every gate points at a stub of isr.S.
    __asm__ volatile("lidt %0" : : "m"(pointer) : "memory");
    outb(PIC1_DATA, PIC_MASK_ALL);
    outb(PIC2_DATA, PIC_MASK_ALL);
}
