// Makes a loop device over part of a file.
// Spec: Linux's linux/loop.h; loop(4). LOOP_CONFIGURE is there since Linux 5.8, before it takes two steps.
// Not handled: another number than 0 cannot be had when somebody else uses loop0 already; it is reported.

#include "iso/medium-init/loop.h"  // loop_attach
#include "iso/medium-init/say.h"   // say
#include "iso/medium-init/sys.h"   // sys_open

#include <linux/fcntl.h>
#include <linux/loop.h>
#include <linux/stat.h>
#include <linux/wait.h>

#define CONTROL "/dev/loop-control"
#define CONTROL_DEVICE (10ul << 8 | 237)   // Documentation/admin-guide/devices.txt
#define LOOP_MAJOR 7ul
#define OWN_NODE "/.urlboot-node"          // in the initramfs; unlinked once it is open
#define X_OK 1
#define SIGKILL 9
#define ENOENT 2
#define POLL_MS 100
#define MODPROBE_WAIT_MS 30000
#define LATER_WAIT_MS 60000                // NixOS waits 20 s for its medium

// Opens a device by number, whether or not /dev has it.
static long open_device(const char *name, int type, unsigned long device)
{
    long fd = sys_open(name, O_RDONLY | O_CLOEXEC);

    if (fd != -ENOENT)
        return fd;
    sys_unlink(OWN_NODE);
    if (sys_mknod(OWN_NODE, type | 0600, device) < 0)
        return fd;
    // Opening it makes the kernel load the driver by char-major-10-237, if there is a /sbin/modprobe.
    fd = sys_open(OWN_NODE, O_RDONLY | O_CLOEXEC);
    sys_unlink(OWN_NODE);
    return fd;
}

static void run_modprobe(const char *path, char *const *envp)
{
    static char *const argv[] = { "modprobe", "-q", "loop", 0 };
    long pid = sys_fork();

    if (pid == 0) {
        sys_execve(path, argv, envp);
        sys_exit(127);
    }
    for (long waited = 0; pid > 0 && waited < MODPROBE_WAIT_MS; waited += POLL_MS) {
        if (sys_wait(pid, 0, WNOHANG) != 0)
            return;
        sys_sleep_ms(POLL_MS);
    }
    complain("%s does not end", path);
    sys_kill(pid, SIGKILL);
    sys_wait(pid, 0, 0);
}

long loop_control(char *const *envp)
{
    static const char *const paths[] = { "/sbin/modprobe", "/usr/sbin/modprobe", "/bin/modprobe",
                                         "/usr/bin/modprobe" };
    long fd = open_device(CONTROL, S_IFCHR, CONTROL_DEVICE);

    for (unsigned i = 0; fd < 0 && i < sizeof(paths) / sizeof(paths[0]); i++)
        if (sys_access(paths[i], X_OK) == 0) {
            run_modprobe(paths[i], envp);
            fd = open_device(CONTROL, S_IFCHR, CONTROL_DEVICE);
        }
    return fd;
}

static long configure(long loop, const struct medium *medium)
{
    static struct loop_config config;  // static: zero without code for it

    config.fd = (__u32)medium->fd;
    config.info.lo_offset = medium->offset;
    config.info.lo_sizelimit = medium->length;
    config.info.lo_flags = LO_FLAGS_READ_ONLY;
    format((char *)config.info.lo_file_name, LO_NAME_SIZE, "/proc/vmcore");
    long rc = sys_ioctl(loop, LOOP_CONFIGURE, (long)&config);
    if (rc == 0)
        return 0;
    rc = sys_ioctl(loop, LOOP_SET_FD, medium->fd);
    if (rc == 0)
        rc = sys_ioctl(loop, LOOP_SET_STATUS64, (long)&config.info);
    return rc;
}

long loop_attach(long control, const struct medium *medium)
{
    char name[32];
    long index = sys_ioctl(control, LOOP_CTL_GET_FREE, 0);

    sys_close(control);
    if (index < 0)
        return index;
    format(name, sizeof(name), "/dev/loop%d", index);
    long loop = open_device(name, S_IFBLK, LOOP_MAJOR << 8 | (unsigned long)index);
    if (loop < 0)
        return loop;
    long rc = configure(loop, medium);
    sys_close(loop);
    if (rc < 0)
        return rc;
    say("medium %s, %d bytes", name, medium->length);
    return index;
}

void loop_attach_later(const struct medium *medium)
{
    for (long waited = 0; waited < LATER_WAIT_MS; waited += POLL_MS) {
        sys_sleep_ms(POLL_MS);
        long control = sys_open(CONTROL, O_RDONLY | O_CLOEXEC);
        if (control < 0)
            continue;
        long rc = loop_attach(control, medium);
        if (rc < 0)
            complain("no loop device, error %d", rc);
        sys_exit(rc < 0);
    }
    complain("no loop driver came up in %d s", LATER_WAIT_MS / 1000L);
    sys_exit(1);
}
