"""The harness itself: its markers come only when they should, its servers do what they say. Needs no payload."""
import subprocess

import pytest

from doors import cd_words
from net import HTTP_PORT, NAME, SCRIPTED_PORT, SERVER
from vm import VM, VmError, linux_needs


def boot_directly(lab, folder, small, image, expected_bytes):
    """The small ISO's own kernel, with `image` in a CD drive: no urlboot."""
    for name in ("alpha", "ramdisk.2"):
        subprocess.run(["xorriso", "-osirrox", "on", "-indev", small.path, "-extract", f"/.strange/Deep Folder/{name}",
                        folder / name], check=True, capture_output=True)
    kernel = next((folder / "alpha").iterdir())
    door = ["-kernel", kernel, "-initrd", folder / "ramdisk.2", *cd_words(image, 5),
            "-append", " ".join(["console=ttyS0 quiet small.cdrom", f"small.bytes={expected_bytes}", *linux_needs()])]
    return VM(lab, folder, list(map(str, door)), nic=None)


def test_small_iso_proves_its_medium(lab, folder, small):
    """Booted from a CD by QEMU, the digest is the file's."""
    with boot_directly(lab, folder, small, small.path, small.length) as machine:
        assert machine.wait(r"SMALL-ISO-MEDIUM device=(\S+)").group(1) == "/dev/sr0"
        assert machine.wait(r"SMALL-ISO-OK sha256=(\w+)").group(1) == small.sha256
        machine.wait_end()


def test_small_iso_notices_a_changed_byte(lab, folder, small):
    """One flipped bit in the last sector shows."""
    changed = bytearray(small.path.read_bytes())
    changed[-5] ^= 1
    image = folder / "changed.iso"
    image.write_bytes(changed)
    with boot_directly(lab, folder, small, image, small.length) as machine:
        assert machine.wait(r"SMALL-ISO-OK sha256=(\w+)").group(1) != small.sha256


def test_waiting_fails_when_the_machine_ends(lab, folder, small):
    """A marker that never comes is an error, not a hang."""
    with boot_directly(lab, folder, small, small.path, small.length) as machine:
        with pytest.raises(VmError, match="the machine ended"):
            machine.wait("this never comes", 120)


def client(lab, *words):
    """A program in the namespace; returns its output."""
    return subprocess.run(["ip", "netns", "exec", lab.name, *map(str, words)], capture_output=True, check=True).stdout


FETCH = """
import http.client, sys, hashlib
connection = http.client.HTTPConnection(sys.argv[1], int(sys.argv[2]), timeout=10)
connection.request("GET", sys.argv[3])
answer = connection.getresponse()
try:
    body = answer.read()
except http.client.IncompleteRead:
    print("incomplete")
else:
    print(answer.status, hashlib.sha256(body).hexdigest())
"""


@pytest.mark.parametrize("path, expected", [
    ("ok", "200 good"), ("plain", "200 good"), ("chunked", "200 good"), ("close10", "200 good"),
    ("close11", "200 good"), ("dribble", "200 good"), ("paced/1", "200 good"), ("truncated", "incomplete"), ("status/404", "404"),
    ("redirect/absolute", "302")])
def test_scripted_server(lab, small, path, expected):
    """Python's own client sees what the behaviours promise."""
    got = client(lab, "python3", "-c", FETCH, SERVER, SCRIPTED_PORT, f"/{path}/x").decode()
    assert got.replace(small.sha256, "good").startswith(expected)


def test_nginx_and_dns(lab, small):
    """The web server serves the file's bytes; the name resolves in the namespace."""
    lab.dnsmasq()
    got = client(lab, "python3", "-c", FETCH, SERVER, HTTP_PORT, "/small.iso").decode()
    assert got.split() == ["200", small.sha256]
    question = ("import socket\n"
                "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(5)\n"
                f"name = b''.join(bytes([len(l)]) + l.encode() for l in '{NAME}'.split('.'))\n"
                f"s.sendto(bytes([0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]) + name + bytes([0, 0, 1, 0, 1]), ('{SERVER}', 53))\n"
                "print('.'.join(map(str, s.recv(512)[-4:])))\n")
    assert client(lab, "python3", "-c", question).decode().strip() == SERVER


def test_nothing_leaves_the_namespace(lab):
    """There is no route to the world."""
    routes = lab.ip("route").splitlines()
    assert len(routes) == 1 and routes[0].startswith("10.77.0.0/24"), routes
