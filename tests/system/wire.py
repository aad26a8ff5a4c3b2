"""The wire of tests/wire between a lab's bridge and one machine: distance, a rate, and faults.

Lab.wire() makes one; its `netdev` goes to VM(netdev=...). Everything is decided by `seed`. Does not handle: several
machines on one wire.
"""
import os
import signal
import subprocess
import time
from pathlib import Path

TREE = Path(__file__).resolve().parents[2]
# Frames that wait in the kernel for the wire to be scheduled; the usual 1000 are 10 ms of a fast transfer.
TAP_QUEUE = 10000


def wire_program(build):
    """The wire's program, built in folder `build`."""
    done = subprocess.run(["make", "-s", "-f", "tests/wire/wire.mk", f"BUILD={build}"], cwd=TREE, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"tests/wire/wire.mk: {done.stdout}")
    return Path(build) / "wire" / "wire"


def wire_words(delay_ms=0, rate_mbit=0, queue=None, loss_ppm=0, burst=1, reorder=0, reorder_ms=1, duplicate=0, corrupt=0,
               seed=1):
    """The words of the program. Delays are of one direction; chances are frames in a million."""
    words = {"delay": round(delay_ms * 1000), "rate": round(rate_mbit * 1000000), "loss": loss_ppm, "burst": burst,
             "reorder": reorder, "reorder-delay": round(reorder_ms * 1000), "duplicate": duplicate, "corrupt": corrupt,
             "seed": seed}
    if queue:
        words["queue"] = queue
    return [f"{name}={value}" for name, value in words.items()]


class Wire:
    """A running wire. `netdev`: QEMU's words for the machine's end."""

    def __init__(self, lab, program, words):
        self.lab, self.tap = lab, lab.tap()
        lab.ip("link", "set", self.tap, "txqueuelen", str(TAP_QUEUE))
        self.log = lab.folder / f"{self.tap}-wire.log"
        # An abstract address belongs to the lab's namespace: it may be the same in all of them.
        self.netdev = f"stream,id=n0,server=off,addr.type=unix,addr.abstract=on,addr.path={self.tap}"
        self.process = lab.start(program, f"tap={self.tap}", f"listen={self.tap}", *words, log=self.log.name)
        lab.wait_for(self.process, self.log, "ready")

    def printed(self):
        """The lines of counters so far."""
        return [line for line in self.log.read_text().splitlines() if line.startswith("wire: ")]

    def counters(self, seconds=5):
        """What the wire has counted, by name."""
        before, deadline = len(self.printed()), time.monotonic() + seconds
        if self.process.poll() is None:
            # The process is `ip netns exec`, which has become the wire.
            os.kill(self.process.pid, signal.SIGUSR1)
            while len(self.printed()) == before and self.process.poll() is None:
                assert time.monotonic() < deadline, f"the wire does not print its counters; see {self.log}"
                time.sleep(0.01)
        return {name: int(value) for name, value in (word.split("=") for word in self.printed()[-1].split()[1:])}
