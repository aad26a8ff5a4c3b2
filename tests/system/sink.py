"""Takes what one client sends to a TCP port, and prints its digest and length. Usage: sink.py ADDRESS PORT"""
import hashlib
import socket
import sys


def main():
    """Command line."""
    digest, length = hashlib.sha256(), 0
    with socket.create_server((sys.argv[1], int(sys.argv[2]))) as server:
        print("ready", flush=True)
        with server.accept()[0] as client:
            while data := client.recv(1 << 16):
                digest.update(data)
                length += len(data)
    print(f"got {digest.hexdigest()} {length}", flush=True)


main()
