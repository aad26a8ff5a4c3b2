"""Floods the machine under test until killed: ARP requests from ever new neighbours, UDP to closed ports, pings,
first fragments of packets that never come whole, SYNs to closed ports, broadcasts.

    flood.py INTERFACE MAC ADDRESS
"""
import random
import socket
import struct
import sys


def checksum(data):
    """RFC 1071."""
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def ipv4(source, target, protocol, payload, fragment=0):
    """A packet; `fragment` is flags and offset, 0x2000 a first fragment of more."""
    head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), random.getrandbits(16), fragment, 64, protocol, 0,
                       source, target)
    return head[:10] + struct.pack(">H", checksum(head)) + head[12:] + payload


def frames(mac, target):
    """One frame of each kind, from a neighbour nobody knows."""
    source = bytes([10, 77, 0, random.randrange(100, 250)])
    sender = bytes([2, 0, 0]) + random.randbytes(3)
    ether = mac + sender
    arp = struct.pack(">HHBBH6s4s6s4s", 1, 0x0800, 6, 4, 1, sender, source, bytes(6), target)
    yield b"\xff" * 6 + sender + b"\x08\x06" + arp
    udp = struct.pack(">HHHH", 4242, random.getrandbits(16), 8 + 1000, 0) + bytes(1000)
    yield ether + b"\x08\x00" + ipv4(source, target, 17, udp)
    yield ether + b"\x08\x00" + ipv4(source, target, 17, udp[:1000], fragment=0x2000)
    yield b"\xff" * 6 + sender + b"\x08\x00" + ipv4(source, b"\xff" * 4, 17, udp)
    ping = struct.pack(">BBHHH", 8, 0, 0, 1, 1) + bytes(56)
    yield ether + b"\x08\x00" + ipv4(source, target, 1, ping[:2] + struct.pack(">H", checksum(ping)) + ping[4:])
    yield ether + b"\x08\x00" + ipv4(source, target, 6, struct.pack(
        ">HHIIBBHHH", random.getrandbits(16), 80, random.getrandbits(32), 0, 0x50, 2, 65535, 0, 0))


def main():
    """As fast as it goes."""
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    wire.bind((sys.argv[1], 0))
    mac, target = bytes.fromhex(sys.argv[2].replace(":", "")), socket.inet_aton(sys.argv[3])
    while True:
        for frame in frames(mac, target):
            try:
                wire.send(frame)
            except OSError:
                pass    # the queue is full: that is the idea


if __name__ == "__main__":
    main()
