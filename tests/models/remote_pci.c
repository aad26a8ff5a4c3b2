// See remote_pci.h. Spec: QEMU 7.2, hw/remote/{proxy,mpqemu-link,proxy-memory-listener}.c and include/hw/remote/
// mpqemu-link.h, and docs/system/multi-process.rst. A message is a header of 16 bytes and `size` bytes; descriptors
// come with the header. One request is under way at a time, but a new memory map may come in front of its answer.
// Tested: Debian's QEMU 7.2 under TCG. QEMU 10 ends with a fault when it makes such a device without KVM.
// Not handled: irqfd (does nothing without KVM), several devices.
#include "tests/models/remote_pci.h"  // remote_pci_start

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/models/guest_ram.h"  // guest_ram_sync

#define SLOT 4u
#define IOAPIC_INTA 20u         // of slot 4, and of every fourth
#define MORE_WORDS 6u
#define FDS 8u
#define DATA_ROOM 512u

enum command {
    SYNC_SYSMEM, RET, CFG_WRITE, CFG_READ, BAR_WRITE, BAR_READ, SET_IRQFD, DEVICE_RESET,
};

struct header {
    int32_t command;
    uint32_t unused;
    uint64_t size;
};

struct answer {
    struct header header;
    uint64_t value;
};

struct config_access {
    uint32_t address, value;
    int32_t length;
};

struct bar_access {
    uint64_t address, value;
    uint32_t size;
    uint8_t memory;
};

_Static_assert(sizeof(struct header) == 16 && sizeof(struct answer) == 24, "layout of QEMU's messages");
_Static_assert(sizeof(struct config_access) == 12 && sizeof(struct bar_access) == 24, "layout of QEMU's messages");
_Static_assert(sizeof(struct guest_ram_map) == 192, "layout of QEMU's messages");

static void become_qemu(char *const *argv, int device_fd, int irq_fd)
{
    char device[80], chardev[80];
    char *const more[MORE_WORDS] = {"-device", device, "-chardev", chardev, "-object",
                                    "qtest,id=remoteirq0,chardev=remoteirq,log=none"};
    unsigned count = 0;
    char **words;

    while (argv[count] != NULL)
        count++;
    words = calloc(count + MORE_WORDS + 1, sizeof(*words));
    if (words == NULL)
        _exit(126);
    snprintf(device, sizeof(device), "x-pci-proxy-dev,id=remote0,fd=%d,addr=%u.0", device_fd, SLOT);
    snprintf(chardev, sizeof(chardev), "socket,id=remoteirq,fd=%d", irq_fd);
    memcpy(words, argv, count * sizeof(*words));
    memcpy(words + count, more, sizeof(more));
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    execvp(words[0], words);
    fprintf(stderr, "nicmodel: %s: %s\n", words[0], strerror(errno));
    _exit(127);
}

bool remote_pci_start(struct remote_pci *remote, char *const *argv)
{
    int device[2], irq[2];
    sigset_t none;

    if (socketpair(AF_UNIX, SOCK_STREAM, 0, device) < 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, irq) < 0)
        return false;
    remote->qemu = fork();
    if (remote->qemu < 0)
        return false;
    if (remote->qemu == 0) {
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        close(device[0]);
        close(irq[0]);
        become_qemu(argv, device[1], irq[1]);
    }
    close(device[1]);
    close(irq[1]);
    remote->fd = device[0];
    remote->interrupts->fd = irq[0];
    remote->interrupts->pin = IOAPIC_INTA + SLOT % 4;
    return true;
}

static bool receive(int fd, void *data, size_t size)
{
    for (size_t have = 0; have < size;) {
        ssize_t got = recv(fd, (uint8_t *)data + have, size - have, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        have += (size_t)got;
    }
    return true;
}

// The header, with the descriptors that come with its first byte. Returns their number, -1 when QEMU is gone.
static int receive_header(int fd, struct header *header, int *fds)
{
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(FDS * sizeof(int))];
    } control;
    struct iovec piece = {.iov_base = header, .iov_len = sizeof(*header)};
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1, .msg_control = &control,
                             .msg_controllen = sizeof(control)};
    ssize_t got;
    int count = 0;

    do {
        got = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
    } while (got < 0 && errno == EINTR);
    if (got <= 0)
        return -1;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c != NULL; c = CMSG_NXTHDR(&message, c)) {
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS) {
            count = (int)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
            memcpy(fds, CMSG_DATA(c), (size_t)count * sizeof(int));
        }
    }
    if (!receive(fd, (uint8_t *)header + got, sizeof(*header) - (size_t)got))
        return -1;
    return count;
}

static bool reply(struct remote_pci *remote, uint64_t value)
{
    const struct answer answer = {{RET, 0, sizeof(value)}, value};

    return send(remote->fd, &answer, sizeof(answer), MSG_NOSIGNAL) == sizeof(answer);
}

static uint64_t access_config(struct remote_pci *remote, bool write, const struct config_access *a)
{
    remote->config_accesses++;
    if (!write)
        return pci_config_read(remote->config, a->address, (unsigned)a->length);
    pci_config_write(remote->config, a->address, a->value, (unsigned)a->length);
    remote->ops->configured(remote->device);
    return 0;
}

static uint64_t access_bar(struct remote_pci *remote, bool write, const struct bar_access *a)
{
    uint64_t value = 0;
    uint32_t offset;
    unsigned bar;

    if (!pci_config_find(remote->config, a->address, a->memory, &bar, &offset))
        return write ? 0 : 0xffffffff;
    remote->in_access = true;
    if (write) {
        remote->writes++;
        remote->ops->write(remote->device, bar, offset, a->size, a->value);
    } else {
        remote->reads++;
        value = remote->ops->read(remote->device, bar, offset, a->size);
    }
    remote->in_access = false;
    return value;
}

static void reset(struct remote_pci *remote)
{
    remote->resets++;
    remote->config->sized = true;
    pci_config_reset(remote->config);
    remote->ops->reset(remote->device);
}

static void close_all(const int *fds, int count)
{
    for (int i = 0; i < count; i++)
        close(fds[i]);
}

bool remote_pci_serve(struct remote_pci *remote)
{
    union {
        struct config_access config;
        struct bar_access bar;
        struct guest_ram_map map;
        uint8_t room[DATA_ROOM];
    } data = {0};
    struct header header;
    int fds[FDS] = {0};
    int count = receive_header(remote->fd, &header, fds);

    if (count < 0 || header.size > sizeof(data) || !receive(remote->fd, &data, header.size))
        return false;
    if (header.command == SYNC_SYSMEM) {
        remote->maps++;
        if (guest_ram_sync(&data.map, fds, (unsigned)count))
            return true;
        perror("nicmodel: the machine's memory cannot be mapped");
        return false;
    }
    close_all(fds, count);
    switch ((enum command)header.command) {
    case CFG_WRITE:
    case CFG_READ:
        return reply(remote, access_config(remote, header.command == CFG_WRITE, &data.config));
    case BAR_WRITE:
    case BAR_READ:
        return reply(remote, access_bar(remote, header.command == BAR_WRITE, &data.bar));
    case DEVICE_RESET:
        reset(remote);
        return reply(remote, 0);
    case SET_IRQFD:
        return true;
    default:
        fprintf(stderr, "nicmodel: QEMU sends message %d, which this program does not know\n", header.command);
        return false;
    }
}
