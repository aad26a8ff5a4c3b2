"""An HTTP server that resets every connection after some bytes: GET /cut/<bytes>, or /changed/<bytes>, where the file
has another ETag from the second request on and is then served whole.

    cut_server.py ADDRESS PORT FILE
"""
import socket
import struct
import sys
import time
from pathlib import Path


def answer(connection, body, request, count):
    """One request, one answer that ends too early."""
    lines = request.split("\r\n")
    _, kind, limit = lines[0].split()[1].split("/")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    etag = '"second"' if kind == "changed" and count > 1 else '"first"'
    first = 0
    if headers.get("range", "").startswith("bytes=") and headers.get("if-range", etag) == etag:
        first = int(headers["range"][6:].split("-")[0])
    part = body[first:]
    head = f"HTTP/1.1 {'206 Partial Content' if first else '200 OK'}\r\nContent-Length: {len(part)}\r\n" \
           f"ETag: {etag}\r\nAccept-Ranges: bytes\r\nConnection: close\r\n"
    if first:
        head += f"Content-Range: bytes {first}-{len(body) - 1}/{len(body)}\r\n"
    if kind == "cut" or count == 1:
        part = part[:int(limit)]
    connection.sendall(head.encode() + b"\r\n" + part)
    if first + len(part) < len(body):
        time.sleep(0.2)     # let it arrive: a reset also throws away what is still queued here
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def main():
    """One connection at a time is enough."""
    body = Path(sys.argv[3]).read_bytes()
    listener = socket.create_server((sys.argv[1], int(sys.argv[2])))
    counts = {}
    while True:
        connection, _ = listener.accept()
        with connection:
            request = ""
            while "\r\n\r\n" not in request:
                data = connection.recv(4096)
                if not data:
                    break
                request += data.decode("latin-1")
            if not request:
                continue
            path = request.split()[1]
            counts[path] = counts.get(path, 0) + 1
            try:
                answer(connection, body, request, counts[path])
            except OSError:
                pass


if __name__ == "__main__":
    main()
