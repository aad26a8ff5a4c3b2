"""What one TCP connection of another network namespace has still to send, by the kernel's sock_diag(7).

/proc/net/tcp tells the same, but walks the table of all connections for it: milliseconds of a processor, each time,
which a fast client under measurement would have used. One connection asked for by its addresses takes microseconds.
"""
import ctypes
import os
import socket
import struct
from concurrent.futures import ThreadPoolExecutor

NETLINK_SOCK_DIAG = 4
SOCK_DIAG_BY_FAMILY, NLMSG_ERROR = 20, 2        # message types
NLM_F_REQUEST = 1
TCP_LISTEN = 10
NO_COOKIE = 0xffffffff
HEADER = struct.Struct("=IHHII")                # struct nlmsghdr
REQUEST = struct.Struct("=BBBxI")               # struct inet_diag_req_v2 before its id
PORTS, REST = struct.Struct("!HH"), struct.Struct("=III")       # of struct inet_diag_sockid, around two addresses
STATE_AT = HEADER.size + 1
WQUEUE_AT = HEADER.size + 4 + 48 + 8            # struct inet_diag_msg: four bytes, the id, idiag_expires, idiag_rqueue


def in_namespace_of(pid, make):
    """make() inside the network namespace of process `pid`: a socket stays in the one it was made in."""
    def work():
        with open(f"/proc/{pid}/ns/net", "rb") as namespace:
            if ctypes.CDLL(None, use_errno=True).setns(namespace.fileno(), 0) != 0:
                raise OSError(ctypes.get_errno(), f"the network namespace of process {pid} is closed to us")
        return make()

    # A namespace is a thread's, so this one's stays as it is.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(work).result()


def address(ip):
    """An IPv4 address in the 16 bytes of inet_diag_sockid."""
    return socket.inet_aton(ip) + bytes(12)


class TcpQueue:
    """Asks about connections of the namespace of process `pid`."""

    def __init__(self, pid):
        self.socket = in_namespace_of(pid, lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_SOCK_DIAG))

    def left(self, local, peer):
        """Bytes that are not acknowledged, a FIN counting as one, on the connection between `local` and `peer`, both
        (IPv4 address, port); 0 when it is gone. Somebody must be listening at `local`: that he is found instead tells a
        connection that is gone from a kernel that does not answer (no tcp_diag, which is ENOENT as well)."""
        body = (REQUEST.pack(socket.AF_INET, socket.IPPROTO_TCP, 0, 0xffffffff) + PORTS.pack(local[1], peer[1]) +
                address(local[0]) + address(peer[0]) + REST.pack(0, NO_COOKIE, NO_COOKIE))
        self.socket.send(HEADER.pack(HEADER.size + len(body), SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST, 0, 0) + body)
        answer = self.socket.recv(4096)
        if HEADER.unpack_from(answer)[1] == NLMSG_ERROR:
            error = -struct.unpack_from("=i", answer, HEADER.size)[0]
            raise OSError(error, f"sock_diag: {os.strerror(error)}")
        return 0 if answer[STATE_AT] == TCP_LISTEN else struct.unpack_from("=I", answer, WQUEUE_AT)[0]

    def close(self):
        """Ends it."""
        self.socket.close()
