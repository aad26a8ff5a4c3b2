// The panic screen: sentence, registers, backtrace by frame pointers, last log lines.
// The backtrace believes nothing: a frame pointer must lie in the stack and grow, a return address in the
// text.

#include "kernel/panic.h"    // panic_exception
#include "boot/image.h"      // image_phys
#include "kernel/console.h"  // console_printf
#include "kernel/cpu.h"      // read_cr2
#include "kernel/log_ring.h" // log_ring_tail
#include "kernel/reboot.h"   // reboot_after_key
#include "kernel/symbols.h"  // symbol_find

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#define BACKTRACE_MAX 24
#define LOG_LINES 12
#define SENTENCE_MAX 240
#define WAIT_S 60

void (*panic_silence)(void);

// Set by boot/entry.S from RDRAND and the time stamp counter; used by the compiler's stack protector.
uintptr_t __stack_chk_guard;

static uint64_t stack_low, stack_high;
static bool panicking;

static const char *const exceptions[] = {
    "divide error", "debug", "NMI", "breakpoint", "overflow", "bound range", "invalid opcode", "no FPU",
    "double fault", "FPU overrun", "invalid TSS", "segment not present", "stack fault",
    "general protection", "page fault", "reserved", "FPU error", "alignment check", "machine check",
    "SIMD error", "virtualization", "control protection",
};

void panic_set_image(const struct boot_info *info)
{
    stack_low = image_phys(info, boot_stack_guard);
    stack_high = image_phys(info, boot_stack_top);
}

static void show_address(const char *what, uint64_t address)
{
    struct symbol_table table = symbols_linked();
    uint64_t offset = address - (uint64_t)image_start;
    uint32_t behind = 0;
    const char *name = "?";

    if (address >= (uint64_t)image_start && address < (uint64_t)image_text_end)
        name = symbol_find(&table, (uint32_t)offset, &behind);
    console_printf("  %s %016llx %s+0x%x\n", what, (unsigned long long)address, name, behind);
}

static void show_backtrace(uint64_t rbp)
{
    for (unsigned i = 0; i < BACKTRACE_MAX; i++) {
        if (rbp < stack_low || rbp + 16 > stack_high || rbp % 8 != 0)
            return;
        // SAFETY: the two words lie inside the stack, which is mapped but for the guard page at its low
        // end; a frame there would have faulted when it was made.
        const uint64_t *frame = (const uint64_t *)rbp;
        if (frame[1] < (uint64_t)image_start || frame[1] >= (uint64_t)image_text_end)
            return;
        show_address("from", frame[1]);
        if (frame[0] <= rbp)
            return;
        rbp = frame[0];
    }
}

static void show_registers(const struct trap_frame *f)
{
    const struct {
        const char *name;
        uint64_t value;
    } registers[] = {
        {"rax", f->rax}, {"rbx", f->rbx}, {"rcx", f->rcx}, {"rdx", f->rdx}, {"rsi", f->rsi}, {"rdi", f->rdi},
        {"rbp", f->rbp}, {"rsp", f->rsp}, {" r8", f->r8},  {" r9", f->r9},  {"r10", f->r10}, {"r11", f->r11},
        {"r12", f->r12}, {"r13", f->r13}, {"r14", f->r14}, {"r15", f->r15}, {"flg", f->rflags},
        {"cr2", read_cr2()}, {"cr3", read_cr3()},
    };

    for (unsigned i = 0; i < sizeof(registers) / sizeof(registers[0]); i++)
        console_printf("%s %s %016llx%s", i % 3 == 0 ? " " : "", registers[i].name,
                       (unsigned long long)registers[i].value, i % 3 == 2 ? "\n" : "");
    console_printf("\n");
}

// Everything but registers. `rbp` starts the backtrace.
__attribute__((noreturn)) static void panic_screen(const char *sentence, const struct trap_frame *frame,
                                                   uint64_t rbp)
{
    size_t length;
    const char *tail;

    interrupts_off();
    if (panicking)
        cpu_halt_forever();
    panicking = true;
    if (panic_silence != NULL)
        panic_silence();
    tail = log_ring_tail(LOG_LINES, &length);
    console_printf("\n---- last log lines ----\n");
    console_write(tail, length);
    console_printf("---- urlboot panic: %s ----\n", sentence);
    if (frame != NULL) {
        show_address("at  ", frame->rip);
        show_registers(frame);
    }
    show_backtrace(rbp);
    console_printf("This is a fault in urlboot itself. Please report it with the lines above.\n");
    reboot_after_key(WAIT_S, console_key);
}

void panic(const char *format, ...)
{
    char sentence[SENTENCE_MAX];
    va_list args;

    va_start(args, format);
    vsnprintf(sentence, sizeof(sentence), format, args);
    va_end(args);
    panic_screen(sentence, NULL, (uint64_t)__builtin_frame_address(0));
}

void panic_exception(const struct trap_frame *frame)
{
    char sentence[SENTENCE_MAX];
    const char *name = frame->vector < sizeof(exceptions) / sizeof(exceptions[0]) ? exceptions[frame->vector]
                                                                                : "exception";

    snprintf(sentence, sizeof(sentence), "%s (vector %llu, error 0x%llx)", name,
             (unsigned long long)frame->vector, (unsigned long long)frame->error);
    panic_screen(sentence, frame, frame->rbp);
}

// Called by code that gcc adds when a function's canary was overwritten.
__attribute__((noreturn)) void __stack_chk_fail(void);

void __stack_chk_fail(void)
{
    panic("the stack was overwritten");
}
