"""The modelled network cards of tests/models: their program, as the only card of a machine, and its report.

VM(model=Model(...)) starts QEMU through the program; boot.start(model="8168h") does so for urlboot. Does not handle: KVM,
QEMU 10 and later.
"""
import contextlib
import functools
import os
import re
import signal
import subprocess
import time
from pathlib import Path

TREE = Path(__file__).resolve().parents[2]
CHIPS = ["8168c", "8168evl", "8168g", "8168h", "8125b", "8136", "8169"]
MAC = "00:e0:4c:68:00:01"


def nicmodel(build):
    """The program, built in folder `build`."""
    done = subprocess.run(["make", "-s", "-f", "tests/models/models.mk", f"BUILD={build}"], cwd=TREE, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"tests/models/models.mk: {done.stdout}")
    return Path(build) / "models" / "nicmodel"


@functools.cache
def obstacle():
    """Why this machine's QEMU cannot have such a card, or None."""
    text = subprocess.run(["qemu-system-x86_64", "--version"], capture_output=True, text=True, check=False).stdout
    version = re.search(r"version (\d+)\.(\d+)", text)
    if not version:
        return "there is no QEMU"
    # QEMU 10 was tried; whatever changed, changed after 7.2.
    if int(version.group(1)) >= 8:
        return f"QEMU {version.group(0)[8:]}: its x-pci-proxy-dev faults without KVM; 7.2 is known to work"
    return None


def why_not():
    """The same, but where the cards were asked for by MODELS=1 it is an error: nothing is left out silently."""
    reason = obstacle()
    if reason and os.environ.get("MODELS") == "1":
        raise RuntimeError(f"MODELS=1, but {reason}")
    return reason


class Report:
    """Counters by name, and complaints: a dict of sentence -> how often. `end`: QEMU's status, None before the end."""

    def __init__(self, text):
        counters, _, complaints = text.partition("complaints ")
        self.text = text
        self.counters = {name: int(value) for name, value in re.findall(r"^(\w+) (\d+)$", counters, re.MULTILINE)}
        self.complaints = {what: int(times) for times, what in re.findall(r"^  (\d+) x (.*)$", complaints, re.MULTILINE)}
        end = re.search(r"^end (\d+)\n\Z", complaints, re.MULTILINE)
        self.end = int(end.group(1)) if end else None

    def __getitem__(self, name):
        return self.counters[name]


class Model:
    """A card `chip` in `lab`; `options` are words of nicmodel, as ["-d", "-l", "3000"]. `process` is set by VM."""

    def __init__(self, lab, build, chip, options=()):
        self.chip, self.process = chip, None
        self.file = lab.folder / f"model-{chip}.report"
        self.file.unlink(missing_ok=True)
        self.program, self.tap, self.options = nicmodel(build), lab.tap(), list(options)

    def words(self):
        """What stands in front of QEMU's words."""
        return [str(self.program), "-c", self.chip, "-n", f"tap:{self.tap}", "-r", str(self.file), *self.options, "--"]

    def cable(self, plugged, seconds=10):
        """Pulls the cable out or plugs it in, and waits until the card has it so; with the cable as wanted, nothing."""
        if bool(self.report()["cable"]) == plugged:
            return
        self.process.send_signal(signal.SIGUSR1)
        deadline = time.monotonic() + seconds
        while bool(self.report()["cable"]) != plugged:
            assert time.monotonic() < deadline, "the model does not move its cable"
            time.sleep(0.02)

    def report(self, seconds=10):
        """What the card has counted so far, or at its end."""
        deadline = time.monotonic() + seconds
        # The first one, at the start, tells that the program understands signals.
        while not self.file.exists():
            assert time.monotonic() < deadline and self.process.poll() is None, f"the model does not start; see {self.file}"
            time.sleep(0.02)
        before = self.read()["report"]
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGUSR2)
        while True:
            # Asked first: what is read after the end is the last report.
            ended = self.process.poll() is not None
            report = self.read()
            if ended or report["report"] != before:
                break
            assert time.monotonic() < deadline, f"the model writes no report to {self.file}"
            time.sleep(0.01)
        if ended:
            self.expect_good_end(report)
        return report

    def read(self):
        """The report that was written last."""
        return Report(self.file.read_text())

    def expect_good_end(self, report):
        """The program reached its end, and so did QEMU, by itself or by our SIGTERM (which it may not yet catch)."""
        status = self.process.returncode
        assert report.end is not None, f"the model died with status {status} before its last report\n{report.text}"
        assert report.end == status, f"the model's last report says {report.end}, its status is {status}"
        assert status in (0, 128 + signal.SIGTERM), f"QEMU ended with status {status}\n{report.text}"

    def expect_no_complaints(self):
        """The driver did nothing that hardware would not forgive, and nothing crashed. Returns the report."""
        report = self.report()
        assert not report.complaints, report.text
        return report
