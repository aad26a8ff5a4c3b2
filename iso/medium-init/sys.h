// Linux system calls for a program without a C library. Results are the kernel's: a negative errno on error.
// Spec: System V ABI, x86-64 supplement, appendix A.2.1; numbers from Linux's own asm/unistd.h.
#ifndef URLBOOT_MEDIUM_INIT_SYS_H
#define URLBOOT_MEDIUM_INIT_SYS_H

#include <asm/unistd.h>
#include <linux/types.h>

typedef unsigned long size;

// One system call with up to five arguments.
// SAFETY: the kernel's calling convention; it destroys RCX and R11 only, and memory as the call says.
static inline long sys(long number, long a, long b, long c, long d, long e)
{
    long result;
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;

    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
                     : "rcx", "r11", "memory");
    return result;
}

static inline long sys_open(const char *path, int flags)
{
    return sys(__NR_open, (long)path, flags, 0, 0, 0);
}

static inline long sys_close(long fd)
{
    return sys(__NR_close, fd, 0, 0, 0, 0);
}

static inline long sys_read(long fd, void *out, size length)
{
    return sys(__NR_read, fd, (long)out, (long)length, 0, 0);
}

static inline long sys_pread(long fd, void *out, size length, __u64 offset)
{
    return sys(__NR_pread64, fd, (long)out, (long)length, (long)offset, 0);
}

static inline long sys_write(long fd, const void *data, size length)
{
    return sys(__NR_write, fd, (long)data, (long)length, 0, 0);
}

static inline long sys_ioctl(long fd, unsigned long request, long argument)
{
    return sys(__NR_ioctl, fd, (long)request, argument, 0, 0);
}

static inline long sys_access(const char *path, int mode)
{
    return sys(__NR_access, (long)path, mode, 0, 0, 0);
}

static inline long sys_mkdir(const char *path, int mode)
{
    return sys(__NR_mkdir, (long)path, mode, 0, 0, 0);
}

static inline long sys_mknod(const char *path, int mode, unsigned long device)
{
    return sys(__NR_mknod, (long)path, mode, (long)device, 0, 0);
}

static inline long sys_unlink(const char *path)
{
    return sys(__NR_unlink, (long)path, 0, 0, 0, 0);
}

static inline long sys_mount(const char *what, const char *where, const char *type)
{
    return sys(__NR_mount, (long)what, (long)where, (long)type, 0, 0);
}

static inline long sys_umount(const char *where, int flags)
{
    return sys(__NR_umount2, (long)where, flags, 0, 0, 0);
}

static inline long sys_fork(void)
{
    return sys(__NR_fork, 0, 0, 0, 0, 0);
}

static inline long sys_execve(const char *path, char *const *argv, char *const *envp)
{
    return sys(__NR_execve, (long)path, (long)argv, (long)envp, 0, 0);
}

static inline long sys_wait(long pid, int *status, int flags)
{
    return sys(__NR_wait4, pid, (long)status, flags, 0, 0);
}

static inline long sys_kill(long pid, int signal)
{
    return sys(__NR_kill, pid, signal, 0, 0, 0);
}

__attribute__((noreturn)) static inline void sys_exit(int status)
{
    for (;;)
        sys(__NR_exit, status, 0, 0, 0, 0);
}

// Sleeps for `ms` milliseconds.
static inline void sys_sleep_ms(long ms)
{
    const long time[2] = { ms / 1000, ms % 1000 * 1000000 };

    sys(__NR_nanosleep, (long)time, 0, 0, 0, 0);
}

#endif
