// See ports.h. Spec: Linux Documentation/networking/tuntap.rst; QEMU's net/stream.c for the framing.
// The TAP has no virtio header (IFF_VNET_HDR) and no offloads, so the kernel cuts what it sends into frames of
// the MTU and fills in their checksums, as a network card would on a real wire. The stream carries many
// frames in one system call on both sides, QEMU's and ours; a datagram socket would need one for each.
// Tested: QEMU 7.2, tests/system/test_wire.py. Not handled: MTUs over 1500, several queues.

#include "tests/wire/ports.h"  // tap_open

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include <linux/if_tun.h>

#define MTU_MAX 1500

static int close_failed(int fd)
{
    int error = errno;

    close(fd);
    errno = error;
    return -1;
}

static int mtu_of(const char *name)
{
    struct ifreq request = {0};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), status;

    if (fd < 0)
        return -1;
    memcpy(request.ifr_name, name, strnlen(name, IFNAMSIZ - 1));
    status = ioctl(fd, SIOCGIFMTU, &request);
    close(fd);
    return status < 0 ? -1 : request.ifr_mtu;
}

int tap_open(const char *name, const char **what)
{
    struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI};
    int mtu = mtu_of(name), fd;

    // Asked first: TUNSETIFF would make an interface that is not there, connected to nothing.
    *what = "there is no such TAP interface";
    if (mtu < 0)
        return -1;
    *what = "the TAP interface's MTU is over 1500";
    errno = EINVAL;
    if (mtu > MTU_MAX)
        return -1;
    *what = "/dev/net/tun cannot be opened";
    fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return -1;
    *what = "the TAP interface cannot be used";
    memcpy(request.ifr_name, name, strnlen(name, IFNAMSIZ - 1));
    // Without offloads: an interface that QEMU used before keeps what it had switched on.
    if (ioctl(fd, TUNSETIFF, &request) < 0 || ioctl(fd, TUNSETOFFLOAD, 0) < 0)
        return close_failed(fd);
    return fd;
}

int stream_listen(const char *name, const char **what)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = strlen(name);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    *what = "the socket cannot be made";
    if (fd < 0)
        return -1;
    // Abstract: the name begins behind a zero byte, belongs to the network namespace, and needs no cleaning up.
    memcpy(address.sun_path + 1, name, length);
    length += offsetof(struct sockaddr_un, sun_path) + 1;
    if (bind(fd, (struct sockaddr *)&address, (socklen_t)length) < 0 || listen(fd, 1) < 0)
        return close_failed(fd);
    return fd;
}

// ---- TAP --------------------------------------------------------------------------------------------

uint64_t tap_dropped(const char *name)
{
    char path[64];
    unsigned long long count = 0;
    FILE *file;

    snprintf(path, sizeof(path), "/sys/class/net/%s/statistics/tx_dropped", name);
    file = fopen(path, "r");
    if (file == NULL)
        return 0;
    if (fscanf(file, "%llu", &count) != 1)
        count = 0;
    fclose(file);
    return count;
}

int tap_receive(struct tap *tap, struct line *line, uint64_t (*clock)(void))
{
    for (unsigned i = 0; i < BATCH; i++) {
        ssize_t got = read(tap->fd, line_room(line), FRAME_MAX);
        if (got <= 0)
            return got < 0 && (errno == EAGAIN || errno == EINTR) ? (int)i : -1;
        line_put(line, (uint32_t)got, clock());
    }
    return BATCH;
}

int tap_send(struct tap *tap, struct line *line, uint64_t now)
{
    struct frame *frame;
    int count = 0;

    for (; count < (int)BATCH && (frame = line_take(line, now)) != NULL; count++) {
        // A frame that the kernel refuses (too short, interface down) is lost, as on any wire.
        if (write(tap->fd, frame->data, frame->length) != (ssize_t)frame->length)
            tap->refused++;
        line_release(line, frame);
    }
    return count;
}

// ---- QEMU -------------------------------------------------------------------------------------------

static uint32_t get32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void put32(uint8_t *p, uint32_t value)
{
    p[0] = (uint8_t)(value >> 24);
    p[1] = (uint8_t)(value >> 16);
    p[2] = (uint8_t)(value >> 8);
    p[3] = (uint8_t)value;
}

int stream_receive(struct stream *s, struct line *line, uint64_t now)
{
    ssize_t got = recv(s->fd, s->buffer + s->have, sizeof(s->buffer) - s->have, 0);
    size_t at = 0;
    int count = 0;

    if (got <= 0)
        return got < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
    s->have += (size_t)got;
    while (s->have - at >= FRAME_PREFIX) {
        uint32_t length = get32(s->buffer + at);
        if (length > sizeof(s->buffer) - FRAME_PREFIX)
            return -1;
        if (s->have - at < FRAME_PREFIX + length)
            break;
        at += FRAME_PREFIX;
        if (length == 0 || length > FRAME_MAX) {
            s->oversize += length > FRAME_MAX;
        } else {
            memcpy(line_room(line), s->buffer + at, length);
            line_put(line, length, now);
            count++;
        }
        at += length;
    }
    s->have -= at;
    memmove(s->buffer, s->buffer + at, s->have);
    return count;
}

// Drops from out[] what `written` bytes have carried. Returns the number of frames.
static unsigned account(struct stream *s, struct line *line, size_t written)
{
    unsigned whole = 0;

    s->out_done += written;
    while (whole < s->out_count && s->out_done >= FRAME_PREFIX + s->out[whole]->length) {
        s->out_done -= FRAME_PREFIX + s->out[whole]->length;
        line_release(line, s->out[whole++]);
    }
    s->out_count -= whole;
    memmove(s->out, s->out + whole, s->out_count * sizeof(s->out[0]));
    return whole;
}

int stream_send(struct stream *s, struct line *line, uint64_t now)
{
    struct iovec pieces[BATCH];
    struct frame *frame;
    ssize_t written;

    while (s->out_count < BATCH && (frame = line_take(line, now)) != NULL) {
        put32(frame->prefix, frame->length);
        s->out[s->out_count++] = frame;
    }
    if (s->out_count == 0)
        return 0;
    for (unsigned i = 0; i < s->out_count; i++) {
        pieces[i].iov_base = s->out[i]->prefix;
        pieces[i].iov_len = FRAME_PREFIX + s->out[i]->length;
    }
    pieces[0].iov_base = (uint8_t *)pieces[0].iov_base + s->out_done;
    pieces[0].iov_len -= s->out_done;
    struct msghdr message = {.msg_iov = pieces, .msg_iovlen = s->out_count};
    written = sendmsg(s->fd, &message, MSG_NOSIGNAL);
    if (written < 0 && errno != EAGAIN && errno != EINTR)
        return -1;
    int whole = (int)account(s, line, written > 0 ? (size_t)written : 0);
    s->full += s->out_count > 0;
    return whole;
}

bool stream_is_full(const struct stream *s)
{
    return s->out_count > 0;
}
