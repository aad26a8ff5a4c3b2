#!/usr/bin/env python3
"""`make bench`: urlboot beside other HTTP clients, each in the same machine, from the same server, in one run.

    bench.py --build build [--size MiB] [--rounds N] [--only WORDS] [--wire "delay_ms=12.5 loss_ppm=1000"]
WORDS, separated by commas, choose NICs and clients by parts of their names (virtio,urlboot,linux); words for only one
of the two leave the other whole. Rounds are interleaved: every round runs every client over every NIC, each time in
a shuffled order of clients, the same in every bench, so that nobody always comes behind the same one. Slow clients are
not in every round. With --wire every machine is behind tests/wire, by the names of wire.py's wire_words(); delays are
of one direction. urlboot then runs with one connection, too, as the others do.
Writes table.md, plot.svg and results.json into BUILD/bench, also when Ctrl-C ends it early. Needs root: asks sudo.
"""
import argparse
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

BENCH = Path(__file__).resolve().parent
sys.path[:0] = [str(BENCH.parent / "system"), str(BENCH)]
from clients import CLIENTS, MODEL, MODELS, NICS, Image         # noqa: E402 pylint: disable=wrong-import-position
from facts import machine_facts                  # noqa: E402 pylint: disable=wrong-import-position
from measure import Limits, NoDriver, RunError, ServerLog, Watch      # noqa: E402 pylint: disable=wrong-import-position
from models import Model, why_not                 # noqa: E402 pylint: disable=wrong-import-position
from net import Lab                              # noqa: E402 pylint: disable=wrong-import-position
from plot import svg                             # noqa: E402 pylint: disable=wrong-import-position
from table import REFERENCE, markdown                       # noqa: E402 pylint: disable=wrong-import-position
from vm import VM                                # noqa: E402 pylint: disable=wrong-import-position
from wire import wire_program, wire_words        # noqa: E402 pylint: disable=wrong-import-position

MIB = 1 << 20
STALL_S = 60
SLOWEST_FAST, SLOWEST_SLOW = 2.0, 0.25      # MB/s below which a run is given up


def wire_settings(text):
    """The words of --wire as arguments of Lab.wire()."""
    try:
        how = {name: float(value) if "." in value else int(value)
               for name, value in (word.split("=") for word in text.split())}
        wire_words(**how)
    except (ValueError, TypeError) as error:
        raise argparse.ArgumentTypeError(f"{text!r}: {error}") from error
    return how


def port(options):
    """What makes QEMU's words for a machine's network port: the bridge's own TAP, or the wire to one."""
    if not options.wire:
        return Lab.netdev
    program = wire_program(options.build)
    return lambda lab: lab.wire(program, **options.wire).netdev


def arguments():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, default=Path("build"))
    parser.add_argument("--size", type=int, default=256, help="MiB to download")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="", help="parts of names of NICs and clients")
    parser.add_argument("--wire", type=wire_settings, default={}, help="name=number words of the wire to all machines")
    options = parser.parse_args()
    if options.size < 1 or options.rounds < 1:
        parser.error("--size and --rounds are at least 1")
    options.build = options.build.resolve()
    return options


def become_root():
    """Starts itself again under sudo when it is not root."""
    if os.geteuid() == 0:
        return
    if not shutil.which("sudo"):
        sys.exit("bench: a network namespace needs root, and there is no sudo here")
    print("bench: the machines' own network (namespace, bridge, TAP) needs root: asking sudo", flush=True)
    keep = [f"{name}={os.environ[name]}" for name in ("ACCEL", "LIVE_SUITE") if os.environ.get(name)]
    os.execvp("sudo", ["sudo", *keep, sys.executable, *sys.argv])


def choose(words, nics, clients):
    """(NICs, clients) that the comma-separated words leave; a word that fits nothing ends the program."""
    words = [word.strip().lower() for word in words.split(",") if word.strip()]
    for word in words:
        if not any(word in name.lower() for name in [*nics, *clients]):
            sys.exit(f"bench: {word!r} is in no name of {', '.join([*nics, *clients])}")

    def left(names):
        fits = [name for name in names if any(word in name.lower() for word in words)]
        return fits or list(names)
    return left(nics), left(clients)


def shuffled(items, number, nic):
    """The list in an order of its own for each round and NIC."""
    return random.Random(f"{number} {nic}").sample(items, len(items))


def asked(words, name):
    """True when one of the comma-separated words is in the name."""
    return any(word.strip().lower() in name for word in words.split(",") if word.strip())


def make_image(folder, size):
    """A file of pseudo-random bytes, the same each time; kept. Reading it also puts it into the page cache."""
    path = folder / f"bench-{size // MIB}.iso"
    if not path.exists() or path.stat().st_size != size:
        source, part = random.Random(size), path.with_suffix(".part")
        with open(part, "wb") as out:
            for _ in range(size // MIB):
                out.write(source.randbytes(MIB))
        part.rename(path)
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(MIB):
            digest.update(block)
    return Image(path, size, digest.hexdigest())


class Bench:
    """The runs and what came of them."""

    def __init__(self, options):
        self.options, self.port = options, port(options)
        self.work = options.build / "bench"
        self.work.mkdir(parents=True, exist_ok=True)
        kinds = {kind.name: kind for kind in CLIENTS if (options.wire or not kind.only_far) and
                 (not kind.only_asked or asked(options.only, kind.name))}
        self.nics, names = choose(options.only, [*NICS, *self.models()], list(kinds))
        self.clients = [kinds[name](options.build) for name in names]
        self.image = make_image(self.work, options.size * MIB)
        self.slow_rounds = 1 if options.rounds < 5 else 2
        self.results = {"date": time.strftime("%Y-%m-%d"), "size_mib": options.size, "rounds": options.rounds,
                        "slow_rounds": self.slow_rounds, "memory_mib": 512 + 2 * options.size, "nics": self.nics,
                        "wire": options.wire, "clients": names, "machine": machine_facts(options.build), "runs": []}

    def models(self):
        """Modelled cards, which come when they are asked for, and only straight at the bridge."""
        names = [name for name in MODELS if asked(self.options.only, name)]
        if names and (why_not() or self.options.wire):
            sys.exit(f"bench: no modelled cards: {why_not() or 'they know no wire'}")
        return names

    def limits(self, client):
        """Deadlines that only find what hangs."""
        slowest = SLOWEST_SLOW if client.slow else SLOWEST_FAST
        return Limits(client.boot_s, STALL_S, STALL_S + self.image.size / 1e6 / slowest)

    def measure(self, client, nic, folder):
        """One run in a network of its own; returns its figures."""
        with ServerLog() as log, Lab(folder) as lab:
            server = lab.nginx(log.nginx_words(folder / "timing.log"))
            lab.serve(self.image.path)
            words = {"machine": "q35", "nic": nic, "memory": self.results["memory_mib"],
                     **client.machine(lab, folder, nic, self.image)}
            # Memory is there before anybody runs: the host's page faults are not the client's.
            if nic.startswith(MODEL):
                words["model"] = Model(lab, self.options.build, nic.removeprefix(MODEL))
            else:
                words["netdev"] = self.port(lab)
                words["machine"] += ",memory-backend=ram"
                words["extra"] = [*words.get("extra", ()), "-object",
                                  f"memory-backend-ram,id=ram,size={words['memory']}M,prealloc=on"]
            with VM(lab, folder, **words) as machine:
                watch = Watch(log, server, machine, client, self.limits(client), far=bool(self.options.wire))
                figures = watch.download(self.image.uri, self.image.size)
                deadline = time.monotonic() + client.settle_s
                while client.own_rate(machine.text) is None and time.monotonic() < deadline:
                    time.sleep(0.1)
                own = {"own_rate": client.own_rate(machine.text), "connections": client.own_connections(machine.text)}
                return {**figures, **{name: value for name, value in own.items() if value is not None}}

    def one(self, client, nic, number):
        """One run, recorded and shown."""
        run = {"round": number + 1, "nic": nic, "client": client.name, "load": os.getloadavg()[0]}
        where = f"round {number + 1}/{self.options.rounds} {nic:15} {client.name:15}"
        try:
            if client.needs_rom and nic.startswith(MODEL):
                raise NoDriver("the card has no ROM")
            run.update(self.measure(client, nic, self.work / "runs" / f"{number + 1}-{nic}-{client.name}"))
            shown = (f"{run['bytes'] / run['seconds'] / 1e6:8.2f} MB/s in {run['seconds']:.2f} s, "
                     f"{run['cpu_seconds']:.2f} s of CPU")
        except NoDriver as error:
            run["no_driver"] = str(error)
            shown = f"no driver ({error})"
        except (RunError, RuntimeError, OSError) as error:
            run["failed"] = str(error).splitlines()[0]
            shown = f"failed: {error}"
        self.results["runs"].append(run)
        print(f"{where} {shown}", flush=True)

    def skips(self, client, nic, number):
        """True when another run would tell nothing new, or would take too long for it."""
        runs = [run for run in self.results["runs"] if run["nic"] == nic and run["client"] == client.name]
        hopeless = any("no_driver" in run for run in runs) or (client.slow and any("failed" in run for run in runs))
        return hopeless or (client.slow and number >= self.slow_rounds)

    def run(self):
        """All rounds."""
        shutil.rmtree(self.work / "runs", ignore_errors=True)
        for client in self.clients:
            client.prepare(self.work, self.image)
        for number in range(self.options.rounds):
            for nic in self.nics:
                for client in shuffled(self.clients, number, nic):
                    if not self.skips(client, nic, number):
                        self.one(client, nic, number)

    def write(self):
        """The three files; the table also goes to the terminal."""
        table = markdown(self.results)
        for name, text in {"results.json": json.dumps(self.results, indent=1) + "\n", "table.md": table,
                           "plot.svg": svg(self.results)}.items():
            (self.work / name).write_text(text)
        print(f"\n{table}\nbench: {self.work}/table.md, plot.svg, results.json")


def main():
    """Runs, and shows what there is even when it is stopped."""
    options = arguments()
    become_root()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    subprocess.run(["sh", BENCH.parent / "live" / "root.sh", options.build / "live",
                    os.environ.get("LIVE_SUITE", "bookworm")], check=True)
    bench = Bench(options)
    stopped = False
    try:
        bench.run()
    except KeyboardInterrupt:
        stopped = True
        print("\nbench: stopped; what follows is incomplete")
    if bench.results["runs"]:
        bench.write()
    # Where others fail is a result.
    failed = any("failed" in run and run["client"].startswith(REFERENCE) for run in bench.results["runs"])
    sys.exit(130 if stopped else 1 if failed else 0)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
