"""An HTTP server that answers as its path asks: slowly, wrongly, in pieces, or not at all.

    GET /<behaviour>[/<argument>]/anything      see the table BEHAVIOURS
One line of JSON a request goes to the log: what was asked, with which headers. Plain sockets, since a web framework
would refuse to be this wrong.
"""
import argparse
import json
import os
import socket
import struct
import threading
import time
from pathlib import Path

BEHAVIOURS = {}
STALL_S = 600
PACED_PER_S = 20


def behaviour(function):
    """Registers a behaviour under its name."""
    BEHAVIOURS[function.__name__.replace("_", "-")] = function
    return function


class Request:
    """One request and the connection to answer on."""

    def __init__(self, server, connection, head):
        lines = head.decode("latin-1").split("\r\n")
        self.server, self.connection = server, connection
        self.method, self.path, self.version = (lines[0].split(" ") + ["", "", ""])[:3]
        self.headers = {name.strip().lower(): value.strip()
                        for name, _, value in (line.partition(":") for line in lines[1:] if line)}
        words = self.path.strip("/").split("/")
        self.behaviour, self.argument = words[0], words[1] if len(words) > 1 else ""
        self.count = 0           # which request for this very path it is, from 1

    def send(self, data):
        """Sends bytes or text."""
        self.connection.sendall(data.encode("latin-1") if isinstance(data, str) else data)

    def head(self, status="200 OK", version="1.1", **headers):
        """Sends a status line and headers; Content_Length=5 becomes Content-Length: 5."""
        lines = [f"HTTP/{version} {status}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self.send("\r\n".join(lines) + "\r\n\r\n")

    def reset(self):
        """Breaks the connection off with RST."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def ranged(self, body):
        """Answers with `body`, honouring Range; returns (status, headers, part)."""
        wanted = self.headers.get("range", "")
        common = {"Accept_Ranges": "bytes", "ETag": '"one"', "Content_Type": "application/octet-stream"}
        if not wanted.startswith("bytes="):
            return "200 OK", dict(common, Content_Length=len(body)), body
        first = int(wanted[6:].split("-")[0])
        part = body[first:]
        return "206 Partial Content", dict(common, Content_Length=len(part),
                                           Content_Range=f"bytes {first}-{len(body) - 1}/{len(body)}"), part


def page(request, status, text, **headers):
    """A small HTML answer."""
    body = f"<html><body>{text}</body></html>\n".encode()
    request.head(status, Content_Type="text/html", Content_Length=len(body), **headers)
    request.send(body)


@behaviour
def ok(request):
    """All is well: length, ranges, validator."""
    status, headers, part = request.ranged(request.server.body)
    request.head(status, **headers)
    request.send(part)


@behaviour
def plain(request):
    """Length, no ranges."""
    request.head(Content_Length=len(request.server.body))
    request.send(request.server.body)


@behaviour
def chunked(request):
    """Chunks of odd sizes, upper and lower case digits, extensions, a trailer."""
    request.head(Transfer_Encoding="chunked", Trailer="X-End")
    body, at, size = request.server.body, 0, 1
    while at < len(body):
        part = body[at:at + size]
        digits = f"{len(part):X}" if size % 2 else f"{len(part):x}"
        request.send(f"{digits};name=value\r\n".encode() + part + b"\r\n")
        at, size = at + len(part), min(size * 3 + 1, 300001)
    request.send("0\r\nX-End: yes\r\n\r\n")


@behaviour
def close10(request):
    """HTTP/1.0 without length: the end of the connection is the end of the body."""
    request.head(version="1.0", Content_Type="application/octet-stream")
    request.send(request.server.body)


@behaviour
def close11(request):
    """HTTP/1.1 without length, closing."""
    request.head(Connection="close")
    request.send(request.server.body)


@behaviour
def dribble(request):
    """The answer's head byte by byte, the body in tiny pieces at first."""
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(request.server.body)}\r\n\r\n"
    for char in head:
        request.send(char)
        time.sleep(0.01)
    for at in range(0, 20):
        request.send(request.server.body[at:at + 1])
        time.sleep(0.01)
    request.send(request.server.body[20:])


@behaviour
def paced(request):
    """paced/N: the body evenly over N seconds."""
    request.head(Content_Length=len(request.server.body))
    pieces = int(request.argument) * PACED_PER_S
    size = -(-len(request.server.body) // pieces)
    for at in range(0, len(request.server.body), size):
        request.send(request.server.body[at:at + size])
        time.sleep(1 / PACED_PER_S)


@behaviour
def lingering(request):
    """lingering/MS: the connection ends so long after the body."""
    ok(request)
    time.sleep(int(request.argument) / 1000)


@behaviour
def continued(request):
    """An interim answer first (RFC 9110 15.2)."""
    request.send("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n")
    plain(request)


@behaviour
def redirect(request):
    """redirect/{absolute,relative,path,loop,N,scheme,empty}"""
    here = f"http://{request.headers.get('host', '')}"
    target = {"absolute": f"{here}/ok/moved.iso", "relative": "../" * (request.path.count("/") - 1) + "ok/moved.iso", "path": "/ok/moved.iso",
              "loop": request.path, "scheme": "gopher://127.0.0.1/x", "empty": ""}.get(request.argument)
    if target is None and request.argument.isdigit():
        left = int(request.argument)
        target = f"/redirect/{left - 1}/x" if left > 1 else "/ok/moved.iso"
    page(request, "302 Found", "moved", Location=target)


@behaviour
def status(request):
    """status/404 and others."""
    page(request, f"{request.argument} Because", "no")


@behaviour
def html(request):
    """A web page where an ISO should be."""
    page(request, "200 OK", "log in first " * 2000)


@behaviour
def truncated(request):
    """Announces everything, delivers half, closes; again and again."""
    request.head(Content_Length=len(request.server.body))
    request.send(request.server.body[:len(request.server.body) // 2])


@behaviour
def truncated_chunked(request):
    """Chunked, ends without the last chunk."""
    request.head(Transfer_Encoding="chunked")
    part = request.server.body[:len(request.server.body) // 2]
    request.send(f"{len(part):x}\r\n".encode() + part + b"\r\n")


@behaviour
def truncated_once(request):
    """Half at the first request, then as it should be, with ranges."""
    full = request.ranged(request.server.body)
    if request.count > 1:
        request.head(full[0], **full[1])
        request.send(full[2])
        return
    request.head(full[0], **full[1])
    request.send(full[2][:len(full[2]) // 2])


@behaviour
def cut_once(request):
    """cut-once/N: N bytes at the first request, then as it should be, with ranges."""
    status_line, headers, part = request.ranged(request.server.body)
    request.head(status_line, **headers)
    request.send(part[:int(request.argument)] if request.count == 1 else part)


@behaviour
def short(request):
    """Announces 1000 bytes less than the file has and sends the whole of it."""
    request.head(Content_Length=len(request.server.body) - 1000)
    request.send(request.server.body)


@behaviour
def stall(request):
    """Half, then silence on an open connection."""
    request.head(Content_Length=len(request.server.body))
    request.send(request.server.body[:len(request.server.body) // 2])
    time.sleep(STALL_S)


@behaviour
def silent(request):
    """Takes the request and never answers."""
    del request
    time.sleep(STALL_S)


@behaviour
def reset(request):
    """Half, then RST."""
    request.head(Content_Length=len(request.server.body))
    request.send(request.server.body[:len(request.server.body) // 2])
    time.sleep(0.3)
    request.reset()


@behaviour
def reset_at_once(request):
    """RST instead of an answer."""
    request.reset()


@behaviour
def garbage(request):
    """Not HTTP at all."""
    request.send(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n" + bytes(range(256)) * 40)


@behaviour
def headers(request):
    """Headers without end."""
    request.send("HTTP/1.1 200 OK\r\n")
    for number in range(100000):
        request.send(f"X-Header-{number}: {'x' * 100}\r\n")


@behaviour
def long_line(request):
    """A header line without end."""
    request.send("HTTP/1.1 200 OK\r\nX-Long: ")
    for _ in range(2000):
        request.send("x" * 1024)


@behaviour
def bad_chunk(request):
    """A chunk size that is none."""
    request.head(Transfer_Encoding="chunked")
    request.send(b"1000\r\n" + request.server.body[:4096] + b"\r\nzz\r\n")


@behaviour
def huge_chunk(request):
    """A chunk size beyond 64 bits."""
    request.head(Transfer_Encoding="chunked")
    request.send("1" + "0" * 20 + "\r\nabc")


@behaviour
def two_lengths(request):
    """Two different lengths (RFC 9112 6.3: must not be accepted)."""
    size = len(request.server.body)
    request.send(f"HTTP/1.1 200 OK\r\nContent-Length: {size}\r\nContent-Length: {size - 7}\r\n\r\n")
    request.send(request.server.body)


@behaviour
def negative_length(request):
    """A length below zero."""
    request.head(Content_Length=-5)
    request.send(request.server.body)


@behaviour
def enormous(request):
    """More than any machine has: 2 TiB announced."""
    request.head(Content_Length=2 << 40)
    request.send(request.server.body)
    time.sleep(STALL_S)


class Server:
    """Accepts connections, one thread each, and keeps the log."""

    def __init__(self, options):
        self.body = Path(options.file).read_bytes()
        self.log = open(options.log, "a", encoding="utf-8")  # pylint: disable=consider-using-with
        self.lock = threading.Lock()
        self.counts = {}
        self.listener = socket.create_server((options.address, options.port), backlog=64)
        self.write({"ready": os.getpid()})

    def write(self, record):
        """One line of the log."""
        with self.lock:
            self.log.write(json.dumps(record) + "\n")
            self.log.flush()

    def serve(self):
        """Runs until killed."""
        while True:
            connection, _ = self.listener.accept()
            threading.Thread(target=self.talk, args=(connection,), daemon=True).start()

    def talk(self, connection):
        """One connection: one request, one answer."""
        with connection:
            head = b""
            while b"\r\n\r\n" not in head and len(head) < 65536:
                data = connection.recv(4096)
                if not data:
                    return
                head += data
            request = Request(self, connection, head.split(b"\r\n\r\n")[0])
            with self.lock:
                self.counts[request.path] = request.count = self.counts.get(request.path, 0) + 1
            self.write({"method": request.method, "path": request.path, "headers": request.headers})
            try:
                BEHAVIOURS.get(request.behaviour, lambda r: page(r, "404 Not Found", "no such thing"))(request)
            except OSError as error:
                self.write({"path": request.path, "broken": str(error)})


def main():
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--address", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--file", required=True)
    parser.add_argument("--log", required=True)
    Server(parser.parse_args()).serve()


if __name__ == "__main__":
    main()
