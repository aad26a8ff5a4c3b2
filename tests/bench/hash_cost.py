#!/usr/bin/env python3
"""`make bench-hash`: what `sha256=` costs where the processor has SHA instructions, which QEMU without KVM lacks.

    hash_cost.py --build build [--size MiB] [--rounds N]
Two things are measured, with the digest and without it in turn, in a random order:
- the rate of the payload's own objects on one processor, between a made-up NIC and the real sink (tests/profile);
- the rate of the network stack as a Linux program (tests/hosted) over wires of several speeds. The server has a
  processor of its own, as if it were another machine: what Linux sends in answer to an acknowledgement would otherwise
  be work of the processor that sent the acknowledgement, which is the one that hashes.
Every frame costs that program a system call, which urlboot does not make. The fastest run counts, because whatever else
the machine does makes one slower; the medians stand beside it.
Needs root: asks sudo. Not handled: what a real NIC costs.
"""
import argparse
import os
import random
import statistics
import subprocess
import sys
from pathlib import Path

BENCH = Path(__file__).resolve().parent
sys.path[:0] = [str(BENCH.parent / "system"), str(BENCH)]
from bench import MIB, become_root, make_image   # noqa: E402 pylint: disable=wrong-import-position
from facts import machine_facts                  # noqa: E402 pylint: disable=wrong-import-position
from net import SERVER, Lab, run                 # noqa: E402 pylint: disable=wrong-import-position

# The last one ends where the system calls do.
WIRES = {"1 Gb/s": 1000, "2.5 Gb/s": 2500, "5 Gb/s": 5000, "no limit": 0}
ADDRESS = "10.77.0.60:10.77.0.1:255.255.255.0"
OWN_RUNS = 10                   # of the payload's code in each round: they are short
LIMIT_S = 300
WAYS = ("without", "with")


def figures(line):
    """The name=value words of a line or several."""
    return dict(word.partition("=")[::2] for word in line.split())


def own_rate(program, way):
    """MB/s of the payload's own code."""
    done = subprocess.run([program, "digest" if way == "with" else "plain"], capture_output=True, text=True, check=True)
    got = figures(done.stdout)
    return float(got["mib"]) * MIB * 1e3 / float(got["time_ns"])


def mask(processor):
    """A set of one processor as the files of /sys write it: words of 32 bits, the highest first."""
    word, bit = divmod(processor, 32)
    return ",".join([f"{1 << bit:x}", *["00000000"] * word])


class Wires:
    """A server, and the stack as a program at the other end of a wire."""

    def __init__(self, lab, program, image):
        self.lab, self.program, self.image = lab, program, image
        lab.nginx()
        lab.serve(image.path)
        self.tap = lab.tap()
        self.processors = sorted(os.sched_getaffinity(0))
        self.part()

    def part(self):
        """The last processor is the server's, also for what Linux does when a frame comes from the program."""
        if len(self.processors) < 2:
            print("bench-hash: one processor: the server works on the one that hashes")
            return
        last = self.processors[-1]
        for pid in map(int, run("ip", "netns", "pids", self.lab.name).split()):
            os.sched_setaffinity(pid, {last})
        run("ip", "netns", "exec", self.lab.name, "sh", "-c",
            f"echo {mask(last)} >/sys/class/net/{self.tap}/queues/rx-0/rps_cpus")

    def limit(self, mbit):
        """Makes the wire one of so many Mb/s."""
        if mbit:
            run("tc", "-n", self.lab.name, "qdisc", "replace", "dev", self.tap, "root", "tbf", "rate", f"{mbit}mbit",
                "burst", "256k", "limit", "4m")
        else:
            subprocess.run(["tc", "-n", self.lab.name, "qdisc", "delete", "dev", self.tap, "root"],
                           stderr=subprocess.DEVNULL, check=False)

    def rate(self, way):
        """MB/s of one download."""
        words = [f"tap={self.tap}", f"ip={ADDRESS}", f"url=http://{SERVER}/{self.image.path.name}"]
        words += [f"sha256={self.image.sha256}"] if way == "with" else []
        pin = ["taskset", "-c", str(self.processors[0])]
        done = subprocess.run(["ip", "netns", "exec", self.lab.name, *pin, self.program, *words], capture_output=True,
                              text=True, timeout=LIMIT_S, check=False)
        if done.returncode:
            raise RuntimeError(f"status {done.returncode}: {done.stderr[-500:]}")
        return float(figures(done.stdout)["mb_per_s"])


def pair(measure):
    """Both ways once, in a random order."""
    return {way: measure(way) for way in random.sample(WAYS, len(WAYS))}


def row(name, pairs):
    """A line of the table: the fastest of each way and their ratio, the medians in brackets."""
    rates = {way: [one[way] for one in pairs] for way in WAYS}
    fastest, median = ({way: of(rates[way]) for way in WAYS} for of in (max, statistics.median))
    cells = [f"{fastest[way]:.0f} ({median[way]:.0f})" for way in WAYS]
    cells.append(f"{fastest['with'] / fastest['without']:.2f} ({median['with'] / median['without']:.2f})")
    return f"| {name} | {' | '.join(cells)} |"


def main():
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, default=Path("build"))
    parser.add_argument("--size", type=int, default=256, help="MiB to download")
    parser.add_argument("--rounds", type=int, default=3, help="pairs over each wire")
    options = parser.parse_args()
    become_root()
    build = options.build.resolve()
    work = build / "bench"
    work.mkdir(parents=True, exist_ok=True)
    image = make_image(work, options.size * MIB)
    facts = machine_facts(build)
    own, rates = [], {name: [] for name in WIRES}
    with Lab(work / "hash") as lab:
        wires = Wires(lab, build / "hosted" / "hosted_fetch_fast", image)
        wires.rate("with")      # the bridge opens a port only once its TAP has a reader
        for number in range(options.rounds):
            own += [pair(lambda way: own_rate(build / "profile" / "receive", way)) for _ in range(OWN_RUNS)]
            for name, mbit in WIRES.items():
                wires.limit(mbit)
                rates[name].append(pair(wires.rate))
            print(f"round {number + 1}/{options.rounds}", flush=True)
    print(f"\n{facts['cpu']}, SHA instructions: {'yes' if facts['sha_ni'] else 'no'}; {options.rounds} downloads of "
          f"{options.size} MiB each, the fastest (median)\n\n| MB/s | without | with sha256= | ratio |\n|---|---:|---:|---:|")
    for name in WIRES:
        print(row(name, rates[name]))
    print(row("no wire, the payload's own code", own))


if __name__ == "__main__":
    main()
