"""The judges of the modelled network cards: stock Linux and iPXE, which know the real chips, use each of them.

A model that its judges reject is not used to judge our own driver. What both never touch stays unverified.
"""
import hashlib
import os
import random
import subprocess
from pathlib import Path

import pytest

from models import CHIPS, MAC, Model, TREE, nicmodel, why_not
from net import SERVER
from vm import VM

IPXE = "/boot/ipxe.lkrn"
NAMES = {"8168c": "RTL8168c/8111c", "8168evl": "RTL8168evl/8111evl", "8168g": "RTL8168g/8111g", "8168h": "RTL8168h/8111h",
         "8125b": "RTL8125B", "8136": "RTL8106e", "8169": "RTL8169sc/8110sc"}
SPEEDS = {"8125b": "2500", "8136": "100"}
NO_IPXE = {"8125b"}               # its driver does not know them
GET, PUT, SMALL = 50 << 20, 20 << 20, 4 << 20
SINK_PORT = 9

# The whole takes minutes, so that `make test` alone runs a part: each judge, both layouts of registers.
PLAIN = {"8168h", "8125b"}
full = pytest.mark.skipif(os.environ.get("MODELS") != "1", reason="make test MODELS=1 runs it")


@pytest.fixture(scope="session", autouse=True)
def cards():
    """Skips where there can be no such cards; with MODELS=1 that is an error."""
    reason = why_not()
    if reason:
        pytest.skip(reason)


@pytest.fixture(scope="session")
def judge(build):
    """Kernel and initrd of the judging Linux; its parts decide when it is made anew."""
    (build / "models").mkdir(exist_ok=True)
    script, out = TREE / "tests" / "models" / "judge_initrd.sh", build / "models" / "judge"
    parts = [script, script.with_name("judge_init.sh"), build / "live" / "images.stamp"]
    if not out.exists() or any(part.stat().st_mtime > out.stat().st_mtime for part in parts):
        done = subprocess.run(["sh", script, build / "live" / "root", out], check=False, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)
        assert done.returncode == 0, done.stdout
    return ["-kernel", f"{out}.vmlinuz", "-initrd", str(out)]


def chips(names):
    """Parameters: those of PLAIN run always."""
    return [name if name in PLAIN else pytest.param(name, marks=full) for name in names]


def write_random(path, length):
    """A file of noise, always the same. Returns its digest and that of its first PUT bytes."""
    data = random.Random(length).randbytes(length)
    path.write_bytes(data)
    return hashlib.sha256(data).hexdigest(), hashlib.sha256(data[:PUT]).hexdigest()


class Linux:
    """Debian's kernel and driver on a card; `said` are the words behind JUDGE."""

    def __init__(self, lab, build, judge, chip, options=()):
        self.lab = lab
        lab.dnsmasq()
        self.big, self.part = write_random(lab.www / "big", GET)
        self.small, _ = write_random(lab.www / "small", SMALL)
        self.sink = lab.start("/usr/bin/python3", Path(__file__).with_name("sink.py"), SERVER, SINK_PORT, log="sink.out")
        lab.wait_for(self.sink, lab.folder / "sink.out", "ready")
        words = (f"console=ttyS0 quiet panic=-1 no_timer_check judge.get=http://{SERVER}/big "
                 f"judge.small=http://{SERVER}/small judge.put={SERVER}")
        self.machine = VM(lab, lab.folder, [*judge, "-append", words], memory=512, machine="q35", cpu="qemu64,+rdrand",
                          model=Model(lab, build, chip, options))

    def said(self, word, seconds=60):
        """What comes behind JUDGE `word`."""
        return self.machine.wait(rf"^JUDGE {word} ?(.*)$", seconds, fail="JUDGE FAILED.*").group(1)

    def watch(self, chip, bad=("NETDEV WATCHDOG", "Call Trace", "WARNING:", "nobody cared")):
        """The whole of what the judge does, without the words `bad`; returns its interrupts and the card's report."""
        assert self.said("driver") == f"r8169 {MAC}"
        assert NAMES[chip] in self.said("chip")
        assert self.said("speed") == SPEEDS.get(chip, "1000")
        assert self.said("got", 120) == self.big
        self.said("sent", 120)
        self.sink.wait(20)
        assert f"got {self.part} {PUT}" in (self.lab.folder / "sink.out").read_text()
        self.said("cable")
        self.machine.model.cable(False)
        self.said("pulled")
        self.machine.model.cable(True)
        assert self.said("plugged") == self.small
        assert self.said("again", 120) == self.small
        interrupts = self.said("interrupts")
        self.said("done")
        self.machine.wait_end()
        for words in bad:
            assert words not in self.machine.text, self.machine.tail()
        return interrupts, self.machine.model.expect_no_complaints()


@pytest.fixture
def plain_lab(folder):
    """A network whose web server serves what a test puts there."""
    from net import Lab       # pylint: disable=import-outside-toplevel
    with Lab(folder) as network:
        network.nginx()
        yield network


@pytest.mark.parametrize("chip", chips(CHIPS))
def test_linux(plain_lab, build, judge, chip):
    """Binds, link, DHCP, download, upload, cable, down and up: by the stock driver, by MSI where the chip has it."""
    linux = Linux(plain_lab, build, judge, chip)
    interrupts, report = linux.watch(chip)
    assert ("PCI-MSI" in interrupts) == (chip != "8169"), interrupts
    assert report["msis" if chip != "8169" else "intx_edges"] > 100, report.text
    assert report["rx_bytes"] > 2 * GET and report["tx_bytes"] > PUT and report["link_downs"] >= 2, report.text


@full
@pytest.mark.parametrize("options", [["-i"], ["-d"], ["-e", "500"], ["-s", "gated"], ["-s", "asleep"], ["-k", "7"]], ids=lambda o: "".join(o))
def test_linux_options(plain_lab, build, judge, options):
    """INTx only; frames lost for a full ring; broken frames; firmware's state; lost doorbells: the driver copes."""
    linux = Linux(plain_lab, build, judge, "8168h", options)
    # Linux rings again when a frame is done, so that it loses time to a doorbell that was lost behind the last one.
    interrupts, report = linux.watch("8168h", bad=() if options[0] == "-k" else ("NETDEV WATCHDOG", "Call Trace"))
    if options == ["-i"]:
        assert "PCI-MSI" not in interrupts and report["msis"] == 0 and report["intx_edges"] > 100, report.text
    if options[0] == "-e":
        assert report["rx_errors"] > 50, report.text
    if options[0] == "-k":
        assert report["doorbells_lost"] > 50, report.text


def start_ipxe(lab, build, chip, options=()):
    """A machine in which Debian's iPXE uses the card: DHCP and a download."""
    lab.dnsmasq()
    write_random(lab.www / "small", SMALL)
    script = lab.folder / "script.ipxe"
    script.write_text(f"#!ipxe\nifopen net0\ndhcp net0\nimgfetch http://{SERVER}/small\nimgstat\nifstat\nreboot\n")
    return VM(lab, lab.folder, ["-kernel", IPXE, "-initrd", str(script)], memory=512, machine="q35,graphics=off",
              cpu="qemu64,+rdrand", model=Model(lab, build, chip, options))


@pytest.mark.parametrize("chip", chips(chip for chip in CHIPS if chip not in NO_IPXE))
def test_ipxe(plain_lab, build, chip):
    """The second judge, which uses other registers."""
    machine = start_ipxe(plain_lab, build, chip)
    machine.wait(rf"small : {SMALL} bytes", 120)
    machine.wait(rf"net0: {MAC} using rtl{8136 if chip == '8136' else 8169 if chip == '8169' else 8168} on", 20)
    machine.wait_end()
    report = machine.model.report()
    assert report["rx_bytes"] > SMALL
    # It does not pad what it sends; nothing else may be found.
    assert all("less than 60 bytes" in complaint for complaint in report.complaints), report.text


@full
def test_ipxe_takes_over(plain_lab, build):
    """Firmware's receiver is stopped, after it wrote into memory."""
    machine = start_ipxe(plain_lab, build, "8168h", ["-s", "running"])
    machine.wait(rf"small : {SMALL} bytes", 120)
    machine.close()
    report = machine.model.report()
    assert report["old_frames"] > 0 and report["firmware_runs"] == 0, report.text


@full
def test_gate_keeps_ipxe_out(plain_lab, build):
    """A driver that does not open the gate gets no lease, as users of the real chip report of iPXE (its issue 584)."""
    machine = start_ipxe(plain_lab, build, "8168g", ["-s", "gated"])
    machine.wait("No configuration methods", 120)
    machine.close()
    report = machine.model.report()
    assert report["tx_frames"] > 0 and report["rx_frames"] == 0 and report["rx_while_off"] > 0, report.text


def test_program_says_what_is_wrong(build):
    """Unknown chips and missing words end with a sentence."""
    for words in (["-c", "8139"], ["-c", "8168h"], ["-c", "8168h", "-n", "tap:x", "-s", "odd", "--", "true"]):
        done = subprocess.run([nicmodel(build), *words], capture_output=True, text=True, check=False)
        assert done.returncode == 2 and "usage: nicmodel" in done.stderr, done
