// See frame_port.h. Spec: Linux Documentation/networking/tuntap.rst. Tested: Linux 6.x. Not handled: virtio headers.
#include "tests/models/frame_port.h"  // frame_port_open

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/if_tun.h>

int frame_port_open(const char *where)
{
    struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI};
    int fd, error;

    errno = EINVAL;
    if (strncmp(where, "tap:", 4) != 0 || strlen(where + 4) >= IFNAMSIZ)
        return -1;
    fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return -1;
    snprintf(request.ifr_name, IFNAMSIZ, "%s", where + 4);
    // An interface keeps the offloads of its last user: frames would come without their checksums filled in.
    if (ioctl(fd, TUNSETIFF, &request) == 0 && ioctl(fd, TUNSETOFFLOAD, 0) == 0)
        return fd;
    error = errno;
    close(fd);
    errno = error;
    return -1;
}

int frame_port_receive(int fd, uint8_t *frame)
{
    ssize_t got = read(fd, frame, FRAME_ROOM);

    if (got < 0 && (errno == EAGAIN || errno == EINTR || errno == EIO))
        return 0;
    return got <= 0 ? -1 : (int)got;
}

bool frame_port_send(int fd, const uint8_t *frame, unsigned length)
{
    return write(fd, frame, length) == (ssize_t)length;
}
