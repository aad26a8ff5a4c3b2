// What product code finds on the host instead of the kernel: log, clock, memory, panic. Linked to every
// unit test and fuzzer. All are weak, so a test that brings its own (a clock turned by hand, kernel/heap.c
// itself) simply defines it. LOG=1 in the environment shows what is logged.
#include "drivers/dma.h"    // dma_alloc
#include "kernel/memory.h"  // kmalloc
#include "kernel/panic.h"   // panic
#include "kernel/profile.h" // profile_running
#include "lib/clock.h"      // now_us
#include "lib/log.h"        // klog

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define WEAK __attribute__((weak))

WEAK struct profile *profile_running;  // nothing is measured

WEAK void profile_push(enum profile_stage stage)
{
    (void)stage;
}

WEAK void profile_pop(void)
{
}

WEAK void profile_pop_turn(unsigned frames)
{
    (void)frames;
}

WEAK void klog(enum log_level level, const char *format, ...)
{
    static const char *const names[] = {"error", "warn", "info", "debug"};
    va_list args;

    if (!getenv("LOG"))
        return;
    va_start(args, format);
    fprintf(stderr, "%s: ", names[level]);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
}

WEAK uint64_t now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

WEAK void delay_us(uint64_t us)
{
    uint64_t end = now_us() + us;

    while (now_us() < end)
        ;
}

WEAK void panic(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fputs("panic: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    abort();
}

WEAK void *kmemalign(size_t align, size_t size)
{
    void *memory = NULL;

    return posix_memalign(&memory, align < 16 ? 16 : align, size) == 0 ? memory : NULL;
}

WEAK void *kmalloc(size_t size)
{
    return kmemalign(16, size);
}

WEAK void *kcalloc(size_t count, size_t size)
{
    return calloc(count, size);
}

WEAK void kfree(void *pointer)
{
    free(pointer);
}

WEAK void *dma_alloc(size_t size, size_t align)
{
    void *memory = kmemalign(align, size);

    return memory ? memset(memory, 0, size) : NULL;
}

WEAK void dma_free(void *pointer, size_t size)
{
    (void)size;
    free(pointer);
}
