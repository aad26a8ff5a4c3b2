// urlboot-init: the first program of the Linux that urlboot started (rdinit=/urlboot-init), appended to the
// ISO's own initramfs. It makes the ISO in RAM a block device, then becomes the initramfs's own /init.
// Every path ends in that /init: what fails here is logged, and the live system says what it misses.
// Not handled: encrypted or signed initramfs that refuse added files.

#include "iso/medium-init/loop.h"    // loop_attach
#include "iso/medium-init/say.h"     // say
#include "iso/medium-init/sys.h"     // sys_mount
#include "iso/medium-init/vmcore.h"  // vmcore_open

#define F_OK 0
#define MNT_DETACH 2
#define ISO_FILE "/live.iso"
#define LOG_FILE "/urlboot.log"
#define THEIR_RDINIT "urlboot_rdinit="  // urlboot renamed the ISO's own rdinit= to this

void start(long *stack);

// Mounts a file system at `where` unless `sign`, a file of it, is there already. 1 when it was mounted.
static int mount_unless(const char *sign, const char *where, const char *type)
{
    if (sys_access(sign, F_OK) == 0)
        return 0;
    sys_mkdir(where, 0755);
    return sys_mount(type, where, type) == 0;
}

// The ISO stays in RAM and becomes /dev/loop0 over /proc/vmcore.
static void make_medium(char *const *envp)
{
    struct medium medium;
    long rc = vmcore_open(&medium);

    if (rc < 0) {
        say("no vmcore (error %d), the medium is what the kernel finds (pmem)", rc);
        return;
    }
    long control = loop_control(envp);
    if (control >= 0) {
        rc = loop_attach(control, &medium);
        if (rc < 0)
            complain("no loop device over vmcore, error %d", rc);
        else if (rc != 0)
            complain("the medium is not loop0 but loop%d: the words of the command line may miss it", rc);
        sys_close(medium.fd);
        return;
    }
    say("no loop driver yet (error %d), waiting in the background", control);
    if (sys_fork() == 0)
        loop_attach_later(&medium);
    sys_close(medium.fd);
}

// The ISO is a file in the initramfs: what mounts it needs the loop driver, and may not load it.
static void ready_file(char *const *envp)
{
    long control = loop_control(envp);

    if (control < 0)
        complain("medium %s, but no loop driver (error %d)", ISO_FILE, control);
    else
        say("medium %s", ISO_FILE);
    sys_close(control);
}

// Takes urlboot_rdinit= out of the environment and returns its value, 0 when it is not there.
static char *take_rdinit(char **envp)
{
    char *value = 0;
    char **to = envp;

    for (char **from = envp; *from != 0; from++) {
        const char *name = THEIR_RDINIT;
        char *c = *from;
        while (*name != '\0' && *c == *name) {
            c++;
            name++;
        }
        if (*name == '\0')
            value = c;
        else
            *to++ = *from;
    }
    *to = 0;
    return value;
}

// Comes back only when `path` cannot be run.
static void become(char *path, char **argv, char **envp)
{
    argv[0] = path;
    long rc = sys_execve(path, argv, envp);
    say("%s: error %d", path, rc);
}

// argc, argv, NULL, envp, NULL lie at `stack` (start.S).
void start(long *stack)
{
    static char *const inits[] = { "/init", "/sbin/init", "/linuxrc", "/bin/init", "/bin/sh" };
    char **argv = (char **)(stack + 1);
    char **envp = argv + stack[0] + 1;
    int own_proc = mount_unless("/proc/self", "/proc", "proc");
    int own_dev = mount_unless("/dev/kmsg", "/dev", "devtmpfs");
    char *rdinit = take_rdinit(envp);

    say_open();
    say_file(LOG_FILE);
    if (sys_access(ISO_FILE, F_OK) == 0)
        ready_file(envp);
    else
        make_medium(envp);
    // The loop device keeps /proc/vmcore open, hence lazily.
    if (own_dev)
        sys_umount("/dev", MNT_DETACH);
    if (own_proc)
        sys_umount("/proc", MNT_DETACH);

    if (rdinit != 0)
        become(rdinit, argv, envp);
    for (unsigned i = 0; i < sizeof(inits) / sizeof(inits[0]); i++)
        become(inits[i], argv, envp);
    complain("the initramfs has no init");
    sys_exit(1);
}
