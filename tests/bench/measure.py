"""One download, measured from outside: the server's clock says how long it took, /proc what QEMU spent on it.

The same for every client. A download begins when nginx has read the request ($msec - $request_time) and ends when the
client has acknowledged its last byte: nginx's log line comes when the last bytes enter the socket, up to some MiB
earlier, so the socket's queue is watched from then on. A client that brings parts over several connections is done
when it has closed them all; its last byte came when the last of them had nothing more to send. CPU time is user and
system time of the QEMU process over the same span, interpolated between samples. Looking on costs next to nothing: the
fastest clients leave no processor idle. Does not handle: more than one client at a time.
"""
import os
import re
import shutil
import socket
import tempfile
import time
from contextlib import closing
from pathlib import Path

from net import HTTP_PORT, SERVER, connections
from sock_diag import TcpQueue

TICKS = os.sysconf("SC_CLK_TCK")
SAMPLE_S = 0.05          # between samples of CPU time
LOOK_S = 0.5             # between looks at console and traffic
PATIENCE_S = 120         # before a client is given up because it would take too long
DRAIN_POLL_S = 0.001
PARTS_POLL_S = 0.005     # between looks at several connections
DRAIN_LIMIT_S = 30       # for the last bytes to be acknowledged
FIELDS = "$msec $request_time $status $body_bytes_sent $remote_addr $remote_port $request_method $uri"
LINE = re.compile(r"bench: ([\d.]+) ([\d.]+) (\d+) (\d+) ([\d.]+) (\d+) (\S+) (\S+)")


class RunError(Exception):
    """This run gives no figure; the message says why, in a few words for a table."""


class NoDriver(RunError):
    """The client has no driver for this NIC."""


class ServerLog:
    """Where nginx reports each answered request the moment it is done. A context manager."""

    def __enter__(self):
        # Not in the build folder: a Unix socket's path must be short.
        self.folder = tempfile.mkdtemp(prefix="urlboot-bench-")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(f"{self.folder}/log")
        return self

    def __exit__(self, *_):
        self.socket.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def nginx_words(self, copy):
        """Lines for nginx's http block; the same log also goes to file `copy`."""
        return (f"log_format bench '{FIELDS}';\n"
                f"access_log syslog:server=unix:{self.folder}/log,tag=bench,nohostname bench;\n"
                f"access_log {copy} bench;")

    def next(self, seconds):
        """The next answered request within `seconds`: (end, duration, status, bytes, peer, method, uri), or None."""
        self.socket.settimeout(seconds)
        try:
            line = self.socket.recv(4096).decode("utf-8", "replace")
        except TimeoutError:
            return None
        found = LINE.search(line)
        if not found:
            raise RunError(f"the server's log line is not understood: {line!r}")
        end, duration, status, size, ip, port, method, uri = found.groups()
        return float(end), float(duration), int(status), int(size), (ip, int(port)), method, uri


def cpu_seconds(pid):
    """User and system time of a process so far."""
    words = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(words[11]) + int(words[12])) / TICKS


def cpu_at(samples, moment):
    """CPU time at a moment, between two samples (moment, seconds) or at the nearest one."""
    before = samples[0]
    for after in samples:
        if after[0] >= moment:
            share = (moment - before[0]) / (after[0] - before[0]) if after[0] > before[0] else 0
            return before[1] + (after[1] - before[1]) * min(max(share, 0), 1)
        before = after
    return samples[-1][1]


def traffic(pid):
    """Bytes that the server has sent through the bridge of process `pid`'s network."""
    for line in Path(f"/proc/{pid}/net/dev").read_text().splitlines():
        name, _, counters = line.partition(":")
        if name.strip() == "br0":
            return int(counters.split()[8])
    return 0


class Limits:
    """Deadlines of a run in seconds: until the request, without traffic, for the download."""

    def __init__(self, boot, stall, download):
        self.boot, self.stall, self.download = boot, stall, download


class Queues:
    """The sending queues over time."""

    def __init__(self):
        self.full = set()           # who has something to receive
        self.done = 0               # when one of them had got the last of it
        self.closed = None          # since when there has been no connection

    def see(self, moment, queues):
        """Takes what connections() has said."""
        full = {peer for peer, size in queues.items() if size > 1}
        # Gone with bytes in the queue counts as well: those were another connection's, who took the part's end over.
        if self.full - full:
            self.done = moment
        self.full = full
        self.closed = None if queues else self.closed or moment


class Watch:
    """Follows one machine from its start to the end of its download. `far`: it may have several connections."""

    def __init__(self, log, server, machine, client, limits, far=False):     # pylint: disable=too-many-arguments
        self.log, self.server, self.machine, self.client, self.limits = log, server, machine, client, limits
        self.far = far
        self.began = self.moved = time.monotonic()
        self.connected = None       # when the client was first seen to talk to the web server
        self.before = self.bytes = self.size = 0
        self.samples = []
        self.looked = 0

    def sample(self):
        """Notes what QEMU has used so far."""
        recent = self.samples and time.time() - self.samples[-1][0] < SAMPLE_S / 2
        if not recent and self.machine.process.poll() is None:
            self.samples.append((time.time(), cpu_seconds(self.machine.process.pid)))

    def look(self):
        """Raises RunError when the machine says or shows that there will be no download."""
        now = time.monotonic()
        if now - self.looked < LOOK_S:
            return
        self.looked = now
        text = self.machine.text
        for pattern, error in ((self.client.no_driver, NoDriver), (self.client.failure, RunError)):
            found = re.search(pattern, text, re.MULTILINE) if pattern else None
            if found:
                raise error(found.group(0).strip())
        if self.machine.process.poll() is not None:
            raise RunError("the machine switched itself off")
        self.progress(now, traffic(self.server.pid))

    def progress(self, now, count):
        """Raises RunError when the server has sent only `count` bytes by `now` and that will not do."""
        # What is sent before the request (answers to ARP, DHCP, TFTP) is no progress.
        if self.connected is None and connections(self.server.pid):
            self.connected, self.before = now, count
        if self.connected is None:
            if now - self.began > self.limits.boot:
                raise RunError(f"no download began in {self.limits.boot:.0f} s")
            return
        count -= self.before
        if count > self.bytes:
            self.bytes, self.moved = count, now
        spent = now - self.connected
        if now - max(self.moved, self.connected) > self.limits.stall:
            raise RunError(f"no traffic for {self.limits.stall:.0f} s after {self.bytes / 1e6:.1f} MB")
        if spent > PATIENCE_S and self.size / max(count, 1) * spent > self.limits.download:
            raise RunError(f"given up after {spent:.0f} s at {self.bytes / spent / 1e6:.3f} MB/s")

    def drained(self, logged, peer):
        """The moment at which `peer` acknowledged the last byte; `logged` is when it went into the socket."""
        moment, deadline = logged, time.monotonic() + DRAIN_LIMIT_S
        with closing(TcpQueue(self.server.pid)) as queue:
            while queue.left((SERVER, HTTP_PORT), peer) > 1:
                if time.monotonic() > deadline:
                    raise RunError("the last bytes were not acknowledged")
                time.sleep(DRAIN_POLL_S)
                moment = time.time()
        return moment

    def download(self, uri, size):
        """Waits for the whole file; returns {"seconds", "bytes", "cpu_seconds"}."""
        self.size, total, began, parts, queues = size, 0, None, False, Queues()
        while True:
            self.sample()
            done = self.log.next(PARTS_POLL_S if parts else SAMPLE_S)
            if self.far or parts:
                queues.see(time.time(), connections(self.server.pid))
            if done is None:
                self.look()
                if parts and self.is_over(queues):
                    if total < size:
                        raise RunError(f"the client took {total} of {size} bytes")
                    return self.figures(began, queues.done)
                if began and not parts and not self.busy():
                    self.short(total, size)
                continue
            logged, duration, status, sent, peer, method, path = done
            if method != "GET" or path != uri:
                continue
            if status not in (200, 206):
                raise RunError(f"the server answered {status}")
            began, total = min(began or logged, logged - duration), total + sent
            # What was sent of a part that was cut short is no measure of what is there.
            parts = parts or status == 206 or len(queues.full) > 1
            queues.done = max(queues.done, logged)
            if total >= size and not parts:
                return self.figures(began, self.drained(logged, peer))

    def figures(self, began, ended):
        """What download() returns."""
        self.sample()
        return {"seconds": ended - began, "bytes": self.size,
                "cpu_seconds": cpu_at(self.samples, ended) - cpu_at(self.samples, began)}

    def is_over(self, queues):
        """True when a client of several connections has closed them for good, or says that it has all."""
        if queues.closed is not None:
            return time.time() - queues.closed > LOOK_S     # a new one takes as long as the way is
        return not queues.full and self.client.own_rate(self.machine.text) is not None

    def busy(self):
        """True while the server has something to send on any connection, or waits for a FIN's answer."""
        return any(connections(self.server.pid).values())

    def short(self, total, size):
        """The client has hung up; raises RunError when that was too early for good."""
        time.sleep(LOOK_S)
        if not self.busy():
            raise RunError(f"the client took {total} of {size} bytes")
