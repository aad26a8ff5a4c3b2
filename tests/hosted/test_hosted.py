"""urlboot's network stack against real Linux: dnsmasq, nginx, scripted.py, over a TAP device and a bad wire.

hosted_fetch is lwIP with net/*.c of the payload, built with ASan and UBSan; it exits with 2 when one receive buffer or
pool object is missing in the end, so every test here is a leak test too. Needs root (namespace, TAP).
"""
import hashlib
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE.parent / "system"))
from net import BLACK_HOLE, NAME, SCRIPTED_PORT, SERVER, Lab, stop  # noqa: E402  pylint: disable=wrong-import-position

BUILD = Path(os.environ.get("BUILD", "build"))
BIG, SMALL = 100 << 20, 8 << 20
SCRIPTED = f"http://{NAME}:{SCRIPTED_PORT}"


class Outcome:
    """What one run of hosted_fetch printed."""

    def __init__(self, done):
        self.status, self.messages = done.returncode, done.stderr
        words = (word.partition("=") for word in done.stdout.split())
        self.figures = {name: value for name, _, value in words}

    def __getattr__(self, name):
        return self.figures[name]

    def number(self, name):
        """A figure as a number."""
        return float(self.figures[name])

    def __repr__(self):
        return f"status {self.status} {self.figures}\n{self.messages[-3000:]}"


class Net:
    """The lab with one TAP, and hosted_fetch on it."""

    def __init__(self, lab, program):
        self.lab, self.program = lab, program
        self.tap = lab.tap()

    def fetch(self, *words, fast=False, seconds=90):
        """Runs hosted_fetch with these words; sanitizer reports and missing buffers fail at once."""
        program = f"{self.program}_fast" if fast else self.program
        done = subprocess.run(["ip", "netns", "exec", self.lab.name, program, f"tap={self.tap}", *words],
                              capture_output=True, text=True, timeout=seconds, check=False)
        outcome = Outcome(done)
        assert outcome.status in (0, 1), outcome
        return outcome


@pytest.fixture(name="program", scope="session")
def build_program():
    """hosted_fetch, built."""
    done = subprocess.run(["make", "-s", "-j2", "-f", "tests/hosted/hosted.mk", f"BUILD={BUILD}"], cwd=ROOT,
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return str((ROOT / BUILD / "hosted/hosted_fetch").resolve())


class Files:
    """Random files and their digests."""

    def __init__(self, folder):
        self.path, self.sha256 = {}, {}
        for name, size in (("big.iso", BIG), ("small.iso", SMALL)):
            data = random.Random(name).randbytes(size)
            self.path[name] = folder / name
            self.path[name].write_bytes(data)
            self.sha256[name] = hashlib.sha256(data).hexdigest()


@pytest.fixture(name="files", scope="session")
def make_files(tmp_path_factory):
    """The files that are downloaded."""
    return Files(tmp_path_factory.mktemp("files"))


@pytest.fixture(name="net", scope="module")
def make_net(program, files, tmp_path_factory):
    """Namespace, dnsmasq (10.77.0.1, names, boot URL), nginx, scripted.py."""
    with Lab(tmp_path_factory.mktemp("lab")) as lab:
        lab.dnsmasq("--dhcp-option=option:router,10.77.0.1", "--dhcp-option=option:dns-server,10.77.0.1",
                    f"--dhcp-boot=http://{NAME}/big.iso")
        lab.nginx()
        for path in files.path.values():
            lab.serve(path)
        lab.scripted(files.path["small.iso"])
        lab.start(sys.executable, HERE / "cut_server.py", SERVER, "8081", files.path["small.iso"], log="cut.out")
        net = Net(lab, program)
        # The bridge opens a port up to a second after its TAP got a reader; once open it stays so.
        net.fetch("dhcp=5000", "retries=0")
        yield net


@pytest.fixture(name="bare", scope="module")
def make_bare(program, tmp_path_factory):
    """A namespace where nothing answers."""
    with Lab(tmp_path_factory.mktemp("bare")) as lab:
        yield Net(lab, program)


# ---- address and names -----------------------------------------------------------------------------------------------

def test_lease_name_download(net, files):
    """DHCP, DNS, 100 MB by name, digest right; driver start to lease well under the 500 ms that are the goal."""
    got = net.fetch(f"url=http://{NAME}/big.iso", f"sha256={files.sha256['big.iso']}")
    assert got.status == 0 and got.number("length") == BIG, got
    assert got.number("up_ms") < 500 and got.number("dns_ms") < 100, got
    assert got.boot_file == f"http://{NAME}/big.iso", got
    assert "gw 10.77.0.1 dns 10.77.0.1 from 10.77.0.1" in got.messages, got


def test_speed(net, files):
    """The optimised build: prints MB/s."""
    got = net.fetch(f"url=http://{NAME}/big.iso", f"sha256={files.sha256['big.iso']}", fast=True)
    assert got.status == 0, got
    print(f"hosted download: {got.mb_per_s} MB/s with SHA-256, lease after {got.up_ms} ms")


def test_static_address(net, files):
    """ip= without DHCP; the netmask is the class's (10/8); without a name server the URL has an address."""
    got = net.fetch("ip=10.77.0.20:10.77.0.1", f"url=http://{SERVER}/small.iso", f"sha256={files.sha256['small.iso']}")
    assert got.status == 0, got
    assert "address 10.77.0.20/8" in got.messages, got


@pytest.mark.parametrize("ip", ["ip=0.0.0.0:-", "ip=127.0.0.1:-", "ip=224.0.0.1:-", "ip=10.77.0.0:-:255.255.255.0",
                                "ip=10.77.0.255:-:255.255.255.0", "ip=10.77.0.9:-:255.0.255.0",
                                "ip=10.77.0.9:10.77.0.9:255.255.255.0"])
def test_static_address_refused(bare, ip):
    """Addresses no host can have."""
    got = bare.fetch(ip, f"url=http://{SERVER}/x")
    assert got.err == "NoIpAddress", got


def test_late_link(net, files):
    """The first DISCOVER leaves as soon as the link is up."""
    got = net.fetch("link-after=1500", f"url=http://{NAME}/small.iso", f"sha256={files.sha256['small.iso']}")
    assert got.status == 0 and 1500 <= got.number("up_ms") < 2000, got


def test_no_dhcp(bare):
    """Nobody answers."""
    got = bare.fetch("dhcp=4000", f"url=http://{NAME}/x")
    assert got.err == "DhcpTimeout" and "answered 4 questions" in got.messages, got


def test_no_link(bare):
    """No cable."""
    got = bare.fetch("dhcp=1000", "link-after=60000", f"url=http://{NAME}/x")
    assert got.err == "NoLink", got


def test_unknown_name(net):
    """dnsmasq says NXDOMAIN, the public servers cannot be reached; the deadline ends it."""
    got = net.fetch("url=http://nobody.test/x", "timeout=3000", "retries=0")
    assert got.err == "DnsLookupFailed", got


@pytest.mark.parametrize("host", ["a..b", "-" * 64 + ".test", "x." * 130 + "test"])
def test_bad_name(net, host):
    """Names that are none are not sent."""
    got = net.fetch(f"url=http://{host}/x", "retries=0")
    assert got.err in ("DnsLookupFailed", "UrlInvalid") and got.number("dns_ms") < 10, got


# ---- connections -----------------------------------------------------------------------------------------------------

def test_refused(net):
    """A closed port is no time-out."""
    got = net.fetch(f"url=http://{SERVER}:9/x", "retries=0")
    assert got.err == "ConnectionRefused" and got.number("connect_ms") < 100, got


def test_black_hole(net):
    """An address where nobody lives."""
    got = net.fetch(f"url=http://{BLACK_HOLE}/x", "retries=0", "timeout=1500")
    assert got.err == "ConnectionTimeout" and 1400 < got.number("connect_ms") < 2500, got


@pytest.mark.parametrize("path", ["ok/x", "plain/x", "chunked/x", "close10/x", "close11/x", "continued/x", "dribble/x",
                                  "redirect/3/x", "redirect/absolute", "redirect/relative", "redirect/path"])
def test_answers(net, files, path):
    """Every way to frame a body."""
    got = net.fetch(f"url={SCRIPTED}/{path}", f"sha256={files.sha256['small.iso']}", "retries=0")
    assert got.status == 0 and got.number("length") == SMALL and got.number("attempts") == 1, got


@pytest.mark.parametrize("path, error", [
    ("truncated", "BodyTruncated"), ("truncated-chunked", "BodyTruncated"), ("stall", "TransferStalled"),
    ("silent", "TransferStalled"), ("reset", "ConnectionReset"), ("reset-at-once", "ConnectionReset"),
    ("garbage", "InvalidResponse"), ("headers", "InvalidResponse"), ("long-line", "InvalidResponse"),
    ("bad-chunk", "InvalidResponse"), ("huge-chunk", "InvalidResponse"), ("two-lengths", "InvalidResponse"),
    ("negative-length", "InvalidResponse"), ("enormous", "NotEnoughMemory"), ("status/404", "HttpError"),
    ("status/503", "HttpError"), ("redirect/loop", "TooManyRedirects"),
])
def test_bad_answers(net, path, error):
    """Each ends with its name, and with every buffer back."""
    got = net.fetch(f"url={SCRIPTED}/{path}/y", "retries=0", "timeout=1500")
    assert got.status == 1 and got.err == error and got.number("attempts") == 1, got


# ---- repetition ------------------------------------------------------------------------------------------------------

def test_resume(net, files):
    """Cut in the middle once: goes on at the same byte."""
    got = net.fetch(f"url={SCRIPTED}/truncated-once/z", f"sha256={files.sha256['small.iso']}")
    assert got.status == 0 and (got.begins, got.attempts, got.resumes) == ("1", "2", "1"), got


def test_many_cuts(net, files):
    """1.5 MiB a connection, then a reset: each brings enough to start the count of attempts anew."""
    got = net.fetch(f"url=http://{SERVER}:8081/cut/1572864", f"sha256={files.sha256['small.iso']}", "retries=1")
    assert got.status == 0 and (got.begins, got.resumes) == ("1", "5"), got


def test_changed_in_between(net, files):
    """The ETag changes after the first cut: from the start, not a mixture."""
    got = net.fetch(f"url=http://{SERVER}:8081/changed/1572864", f"sha256={files.sha256['small.iso']}")
    assert got.status == 0 and (got.begins, got.resumes) == ("2", "0"), got


def test_no_ranges(net):
    """A server that always cuts and knows no ranges: as many attempts as were asked for."""
    got = net.fetch(f"url={SCRIPTED}/reset/no-ranges", "retries=1", "timeout=2000")
    assert got.err == "ConnectionReset" and got.number("begins") >= 2 and got.resumes == "0", got


def test_mirrors(net, files):
    """Not there, refused, then good: no wait in between, no attempt spent."""
    got = net.fetch(f"url=http://{NAME}/nothing", f"url=http://{SERVER}:9/x", f"url=http://{NAME}/small.iso",
                    f"sha256={files.sha256['small.iso']}", "retries=0")
    assert got.status == 0 and got.attempts == "3" and got.final == f"http://{NAME}/small.iso", got


def test_wrong_digest(net, files):
    """Ends at once; another mirror is asked."""
    got = net.fetch(f"url=http://{NAME}/small.iso", f"sha256={files.sha256['big.iso']}")
    assert got.err == "DigestMismatch" and got.attempts == "1", got
    got = net.fetch(f"url=http://{NAME}/small.iso", f"url=http://{NAME}/big.iso", f"sha256={files.sha256['big.iso']}")
    assert got.status == 0 and got.attempts == "2", got


def test_server_comes_back(net, files):
    """Refused at first; the server starts while urlboot waits."""
    with subprocess.Popen(["ip", "netns", "exec", net.lab.name, "sh", "-c",
                           f"sleep 2; exec timeout 30 {sys.executable} {HERE}/cut_server.py {SERVER} 8090 "
                           f"{files.path['small.iso']}"]) as server:
        got = net.fetch(f"url=http://{SERVER}:8090/cut/100000000", f"sha256={files.sha256['small.iso']}")
        server.terminate()
    assert got.status == 0 and got.number("attempts") > 1, got


# ---- a bad wire ------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("wire", ["lose=1000", "repeat=5000", "delay=3000", "corrupt=300",
                                  "lose=1000 repeat=1000 delay=3000 corrupt=300"])
def test_bad_wire(net, files, wire, seed):
    """Loss, repetition, disorder, bit errors in both directions: the digest is right and no buffer is missing."""
    got = net.fetch(*wire.split(), f"seed={seed}", f"url=http://{NAME}/big.iso", f"sha256={files.sha256['big.iso']}",
                    "timeout=20000")
    assert got.status == 0 and got.number("length") == BIG, got
    for word, figure in (("lose", "lost"), ("repeat", "repeated"), ("delay", "delayed"), ("corrupt", "corrupted")):
        assert (got.number(figure) > 0) == (word in wire), got
    print(f"{wire}: {got.mb_per_s} MB/s")


def test_terrible_wire(net, files):
    """Every twentieth frame is lost."""
    got = net.fetch("lose=5000", f"url=http://{NAME}/small.iso", f"sha256={files.sha256['small.iso']}", "timeout=30000")
    assert got.status == 0, got


@pytest.mark.parametrize("buffers", [64, 96, 256, 2048])
def test_few_buffers(net, files, buffers):
    """The window follows the pool: nothing that was acknowledged is thrown away, so no loss costs a time-out."""
    got = net.fetch(f"buffers={buffers}", "lose=500", f"url=http://{NAME}/big.iso", f"sha256={files.sha256['big.iso']}")
    assert got.status == 0 and got.number("mb_per_s") > 10, got
    print(f"{buffers} buffers: {got.mb_per_s} MB/s")


def test_link_flap(net, files):
    """Two seconds without a link: the same connection goes on."""
    got = net.fetch("flap-at=100", "flap=2000", f"url=http://{NAME}/big.iso", f"sha256={files.sha256['big.iso']}",
                    "timeout=15000")
    assert got.status == 0 and "link down" in got.messages, got


def test_flood(net, files):
    """ARP, UDP, pings, fragments and SYNs as fast as they go: the download goes on, no buffer is missing."""
    flood = net.lab.start(sys.executable, HERE / "flood.py", net.tap, "52:54:00:12:34:56", "10.77.0.20",
                          log="flood.out")
    try:
        got = net.fetch("ip=10.77.0.20:10.77.0.1:255.255.255.0", f"url=http://{SERVER}/big.iso",
                        f"sha256={files.sha256['big.iso']}", "timeout=20000")
    finally:
        stop(flood)
    assert got.status == 0, got
    print(f"flooded: {got.mb_per_s} MB/s")
