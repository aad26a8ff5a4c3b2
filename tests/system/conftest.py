"""Fixtures of the system tests: the payload, the images, a network and machines for each test.

Files of a test stay in BUILD/system/<test>: console, QEMU's command line, logs of DHCP, DNS and web servers.
"""
import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))
from doors import DOORS          # noqa: E402 pylint: disable=wrong-import-position
from models import Model, why_not  # noqa: E402 pylint: disable=wrong-import-position
from net import Lab, SCRIPTED_PORT, SERVER      # noqa: E402 pylint: disable=wrong-import-position
from vm import VM, linux_needs   # noqa: E402 pylint: disable=wrong-import-position
from wire import wire_program    # noqa: E402 pylint: disable=wrong-import-position

TREE = Path(__file__).resolve().parents[2]


def pytest_addoption(parser):
    """--build: where the payload is."""
    parser.addoption("--build", default=str(TREE / "build"), help="folder of urlboot.elf and urlboot.iso")


def pytest_sessionstart(session):
    """Makes the images before workers start: they must not build them twice."""
    if os.geteuid() != 0:
        pytest.exit("the system tests make network namespaces and need root", 2)
    if not hasattr(session.config, "workerinput"):
        build = Path(session.config.getoption("--build"))
        subprocess.run(["sh", TREE / "tests" / "live" / "images.sh", build / "live"], check=True)


class Image:
    """An ISO: path, length, digest."""

    def __init__(self, path):
        self.path = Path(path)
        self.length = self.path.stat().st_size
        self.sha256 = hashlib.sha256(self.path.read_bytes()).hexdigest()


@pytest.fixture(scope="session")
def build(request):
    """The build folder."""
    return Path(request.config.getoption("--build")).resolve()


@pytest.fixture(scope="session")
def payload(build):
    """urlboot.elf."""
    path = build / "urlboot.elf"
    assert path.exists(), f"{path} is missing: make builds it"
    return path


@pytest.fixture(scope="session")
def small(build):
    """The small ISO of the matrix."""
    return Image(build / "live" / "small.iso")


@pytest.fixture(scope="session")
def live(build):
    """The Debian Live ISO."""
    return Image(build / "live" / "live.iso")


@pytest.fixture
def folder(build, request):
    """Where this test keeps its files."""
    return build / "system" / re.sub(r"[^A-Za-z0-9.-]+", "-", request.node.name).strip("-")


@pytest.fixture
def lab(folder, small):
    """A network with web servers: nginx serves small.iso, the scripted one misbehaves with it."""
    with Lab(folder) as network:
        network.nginx()
        network.scripted(small.path)
        network.serve(small.path)
        yield network


class Boot:
    """Starts machines of a test and knows what a good end looks like."""

    def __init__(self, lab, folder, payload, small, build):
        self.lab, self.folder, self.payload, self.small, self.build = lab, folder, payload, small, build
        self.machines = []

    def linux_words(self):
        """What the small ISO's Linux is told."""
        return ["--", "console=ttyS0,115200", *linux_needs(), f"small.bytes={self.small.length}"]

    def start(self, *words, door="kernel", dnsmasq=(), memory=512, model=None, model_options=(), **options):
        """Boots urlboot by `door` with `words`, which must not hold `--`; a failure screen halts. rom=True: the
        card keeps its ROM, whose driver OVMF then uses. model="8168h": the only card is that model (models.py), with
        the nicmodel options `model_options`; the doors kernel, bios and uefi work with it."""
        door_options = {"image": options.pop("image")} if "image" in options else {}
        words = [*words, "on-error=halt", *self.linux_words()]
        if model and "no_timer_check" not in words:
            words.append("no_timer_check")                # models are emulated where other machines are not, too
        arguments = DOORS[door](self.lab, self.folder, self.payload, words, dnsmasq=dnsmasq, **door_options)
        arguments["nic_words"] = options.pop("nic_words", "") + arguments["nic_words"]
        if options.pop("rom", False):
            arguments["nic_words"] = arguments["nic_words"].replace(",romfile=", "")
        if model:
            reason = why_not()
            if reason:
                pytest.skip(reason)
            arguments.update(model=Model(self.lab, self.build, model, model_options), machine="q35")
            arguments.pop("nic_words")
        machine = VM(self.lab, self.folder, memory=memory, **{**arguments, **options})
        self.machines.append(machine)
        return machine

    def expect_small(self, machine, seconds=240):
        """Linux of the small ISO came up, with its own words and the right bytes as its medium. Returns the
        command line and the medium's device."""
        cmdline = machine.wait(r"^SMALL-ISO-CMDLINE (.*)$", seconds).group(1)
        assert "marker=from-grub-cfg" in cmdline, cmdline
        assert "wrong-entry" not in cmdline and "deeper" not in cmdline, cmdline
        assert "second=word" in cmdline, cmdline
        assert '"spaced=two words"' in cmdline or 'spaced="two words"' in cmdline, cmdline
        medium = machine.wait(r"^SMALL-ISO-MEDIUM device=(\S+) bytes=(\d+)$|^(SMALL-ISO-FAILED.*)$", 60)
        assert medium.group(3) is None, medium.group(3) + "\n" + machine.tail()
        assert int(medium.group(2)) == self.small.length
        digest = machine.wait(r"^SMALL-ISO-OK sha256=([0-9a-f]{64})$", 60).group(1)
        assert digest == self.small.sha256, "the medium's bytes are not the ISO's"
        machine.wait_end()
        return cmdline, medium.group(1)

    def good(self, *words, **options):
        """Boots to the small ISO's Linux."""
        machine = self.start(*words, **options)
        self.expect_small(machine)
        return machine

    def bad(self, *words, seconds=150, **options):
        """Boots to a failure screen; returns (error name, machine)."""
        machine = self.start(*words, **options)
        return machine.wait_failure(seconds), machine


@pytest.fixture
def boot(lab, folder, payload, small, build):
    """See Boot."""
    tool = Boot(lab, folder, payload, small, build)
    yield tool
    for machine in tool.machines:
        machine.close()


@pytest.fixture
def wire(lab, build):
    """Makes a wire: wire(delay_ms=5, loss_ppm=1000)."""
    return lambda **how: lab.wire(wire_program(build), **how)


@pytest.fixture
def url(lab, small):
    """The small ISO on nginx."""
    return lab.serve(small.path)


@pytest.fixture
def scripted_url():
    """Makes URLs of the scripted server: scripted_url("redirect/loop")."""
    return lambda path: f"http://{SERVER}:{SCRIPTED_PORT}/{path}/small.iso"
