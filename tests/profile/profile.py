#!/usr/bin/env python3
"""Counts the instructions of the receive path with callgrind and compares them with what is written down.

    profile.py --build BUILD --compiler gcc-12 [--gate | --renew]

Counted are instructions of the payload's own objects (net/, drivers/nic_buf.c, kernel/, lib/, lwIP) for each MiB of an
ISO's body, in the middle of a download; not counted are the made-up NIC, server and clock, memcpy() and its kin
(bytes are given instead) and SHA-256. Events for each MiB stand beside them: reads of the clock, frames sent.
--gate prints "ok" or "FAILED" for each variant and fails when a figure grew by more than TOLERANCE since budget.txt was
written; --renew writes it. Not handled: what a real NIC's registers and caches cost (see the option `profile`).
"""
import argparse
import collections
import functools
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

TREE = Path(__file__).resolve().parent.parent.parent
BUDGET = TREE / "tests" / "profile" / "budget.txt"
TOLERANCE = 0.10
LIKE_BUDGET = ("12", "14")     # gcc's versions (Debian 12 and 13) whose figures were within 3 % of each other
UNKNOWN_TOLERANCE = 0.25       # for others
LIMIT_S = 120
TOP = 25
# Exact for each run; a copy too many is seen at once.
FIGURES = ("instructions", "clock_reads", "acks", "copies", "copied")
PRODUCT = re.compile(r"(?:net|drivers|kernel|lib)/|.*/lwip/src/")
HARNESS = re.compile(r"tests/|.*/7zip/")
HEAD = """\
# What a MiB of a download may cost: written by `make profile-renew`, compared by `make test` (tests/profile/profile.py).
# instructions: of the payload's own code, callgrind's Ir, without copies and SHA-256; then events for each MiB:
# clock_reads: calls of now_us(); acks: frames sent; copies, copied: calls of memcpy() and memmove(), bytes they moved.
"""


class Profile:
    """One run of callgrind: cost of each function alone and with what it calls, product code only. Functions are
    (file, name)."""

    def __init__(self, path):
        self.alone = collections.Counter()
        self.edges = collections.defaultdict(collections.Counter)      # caller: {callee: what its calls cost}
        self.read(path)
        counted = {function: cost for function, cost in self.alone.items() if PRODUCT.match(function[0])}
        self.strange = sum(cost for function, cost in self.alone.items()
                           if function not in counted and not HARNESS.match(function[0]))
        self.share = {}
        self.whole = {function: round(self.inclusive(function) * self.share_of(function)) for function in counted}
        self.alone = collections.Counter(counted)
        self.total = sum(counted.values())

    def read(self, path):
        """The file's format: valgrind's manual, "Callgrind Format Specification"; without its compressions."""
        names = {}
        is_call = False
        for line in path.read_text(errors="replace").splitlines():
            key, equals, value = line.partition("=")
            if equals:
                names[key] = value
                if key == "fl":
                    names["fl"] = relative(value)
                elif key in ("cfi", "cfl"):
                    names["called"] = relative(value)
                is_call = key == "calls"
                continue
            cost = re.match(r"\d+ (\d+)$", line)
            if cost and is_call:
                callee = (names.pop("called", names["fl"]), names["cfn"])
                self.edges[names["fl"], names["fn"]][callee] += int(cost.group(1))
            elif cost:
                self.alone[names["fl"], names["fn"]] += int(cost.group(1))
            is_call = False

    def inclusive(self, function):
        """What a function and its callees cost, recursion counted once."""
        return self.alone[function] + sum(cost for callee, cost in self.edges[function].items() if callee != function)

    def share_of(self, function):
        """How much of inclusive() is product code, taking each call of a function for an average one."""
        if function not in self.share:
            self.share[function] = 1.0                                  # ends a recursion through several functions
            product = self.alone[function] if PRODUCT.match(function[0]) else 0
            product += sum(cost * self.share_of(callee) for callee, cost in self.edges[function].items()
                           if callee != function)
            self.share[function] = product / max(self.inclusive(function), 1)
        return self.share[function]


@functools.cache
def relative(path):
    """A file's name inside the tree, wherever the tree was when the file was compiled; else as it is."""
    parts = path.split("/")
    tails = ("/".join(parts[i:]) for i in range(len(parts)))
    return next((tail for tail in tails if tail and not tail.startswith("/") and (TREE / tail).is_file()), path)


def short(function):
    """file:function as one reads it."""
    file, name = function
    return f"{file.rsplit('/lwip/src/', 1)[-1]}:{name}"


def run(program, out, variant):
    """Runs one variant under callgrind. Returns its events and Profile, or raises RuntimeError."""
    data = out / f"callgrind.{variant}"
    command = ["valgrind", "-q", "--tool=callgrind", f"--callgrind-out-file={data}", "--collect-atstart=no",
               "--compress-strings=no", "--compress-pos=no", program, variant]
    # An environment moves the stack, and nothing else here may differ between two runs.
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, check=False, env={"PATH": os.environ["PATH"]})
    if done.returncode:
        raise RuntimeError(f"{variant}: status {done.returncode}: {done.stderr.strip()[-500:]}")
    events = {name: int(value) for name, value in re.findall(r"^(\w+)=(\d+)$", done.stdout, re.MULTILINE)}
    profile = Profile(data)
    if not events.get("mib") or not profile.total or profile.strange > profile.total / 100:
        raise RuntimeError(f"{variant}: counted {profile.total} instructions, {profile.strange} of unknown code, {events}")
    return events, profile


def figures_of(events, profile):
    """The figures that are kept, for each MiB."""
    values = dict(events, instructions=profile.total)
    return {name: round(values[name] / events["mib"]) for name in FIGURES}


def table(variant, meaning, events, profile):
    """A variant's profile as text."""
    mib = events["mib"]
    frames = max(events["frames"], 1)

    def rows(functions):
        return [f"{profile.alone[f] / mib:10.0f} {profile.alone[f] / profile.total:6.1%} {profile.whole[f] / mib:12.0f} "
                f"{profile.whole[f] / profile.total:6.1%}  {short(f)}" for f in functions]

    title = f"{'alone':>10} {'':6} {'with callees':>12} {'':6}  function"
    lines = [f"== {variant}: {meaning}", "",
             f"{profile.total / mib:.0f} instructions for each MiB, {profile.total / frames:.0f} for each received frame",
             ", ".join(f"{events[name] / mib:.0f} {name}" for name in events if name not in ("mib", "lost"))
             + f" for each MiB; {events['lost']} frames lost in all",
             "", title, *rows([f for f, _ in profile.alone.most_common(TOP)]),
             "", title, *rows(sorted(profile.whole, key=profile.whole.get, reverse=True)[:TOP])]
    return "\n".join(lines) + "\n"


# ---- the budget --------------------------------------------------------------------------------------------

def read_budget():
    """{variant: {figure: value}}."""
    budget = {}
    for line in BUDGET.read_text().splitlines() if BUDGET.exists() else []:
        if line.strip() and not line.startswith("#"):
            variant, *values = line.split()
            budget[variant] = dict(zip(FIGURES, map(int, values)))
    return budget


def write_budget(compiler, results):
    """Writes all of it anew."""
    rows = [["# variant", *FIGURES]]
    rows += [[variant, *map(str, figures.values())] for variant, figures in results.items()]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = [" ".join([row[0].ljust(widths[0]), *(word.rjust(width) for word, width in zip(row[1:], widths[1:]))])
             for row in rows]
    BUDGET.write_text(f"{HEAD}# Measured with {compiler}.\n" + "\n".join(lines) + "\n")


def judge(budget, tolerance, variant, figures):
    """One line and its lines below: "ok ..." or "FAILED ..."."""
    if variant not in budget:
        return f"FAILED {variant}\n    {BUDGET.name} has no line for it: make profile-renew"
    allowed = budget[variant]
    grown = [name for name in FIGURES if figures[name] > allowed[name] * (1 + tolerance)]
    shrunk = [name for name in FIGURES if figures[name] < allowed[name] * (1 - TOLERANCE)]
    lines = [f"{'FAILED' if grown else 'ok'} {variant}"]
    for name in grown + shrunk:
        change = (figures[name] - allowed[name]) / max(allowed[name], 1)
        lines.append(f"    {variant}: {figures[name]} {name} for each MiB instead of {allowed[name]} ({change:+.1%})")
    if grown:
        lines.append(f"    make profile shows where it goes; if it must be so: make profile-renew, and commit {BUDGET.name}")
    elif shrunk:
        lines.append(f"    better than {BUDGET.name}: make profile-renew, and commit it, so that it stays so")
    return "\n".join(lines)


def gate(compiler, results, again):
    """Prints the verdicts. True when all is well."""
    budget = read_budget()
    name, _, number = compiler.rpartition("-")
    if name != "gcc":
        print(f"ok nothing to compare with, the budget is gcc's and this payload {compiler}'s")
        return True
    tolerance = TOLERANCE if number in LIKE_BUDGET else UNKNOWN_TOLERANCE
    if tolerance != TOLERANCE:
        print(f"    {compiler} is not one of gcc {', '.join(LIKE_BUDGET)}: {tolerance:.0%} are allowed")
    lines = [judge(budget, tolerance, variant, figures) for variant, figures in results.items()]
    same = "the same program counts the same again"
    first = results["plain"]
    lines.append(f"ok {same}" if first == again else f"FAILED {same}\n    {first}\n    {again}")
    print("\n".join(lines))
    return not any(line.startswith("FAILED") for line in lines)


def main():
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, default=Path("build"))
    parser.add_argument("--compiler", default="gcc-0", help="name and major version of what compiled the payload")
    parser.add_argument("--gate", action="store_true", help="compare with budget.txt")
    parser.add_argument("--renew", action="store_true", help="write budget.txt")
    options = parser.parse_args()
    out = options.build / "profile"
    program = str(out / "receive")
    listed = subprocess.run([program], capture_output=True, text=True, check=True).stdout
    variants = dict(line.split("\t") for line in listed.splitlines())
    try:
        with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            runs = dict(zip(variants, pool.map(lambda variant: run(program, out, variant), variants)))
        again = figures_of(*run(program, out, "plain"))
    except (RuntimeError, OSError, subprocess.TimeoutExpired) as error:
        print(f"FAILED profile\n    {error}")
        sys.exit(1)
    results = {variant: figures_of(*runs[variant]) for variant in variants}
    (out / "report.txt").write_text("\n".join(table(name, variants[name], *runs[name]) for name in variants))
    if options.renew:
        write_budget(options.compiler, results)
        print(f"{BUDGET.relative_to(TREE)} holds the figures of {options.compiler}")
    if options.gate:
        sys.exit(0 if gate(options.compiler, results, again) else 1)
    print(f"for each MiB, payload compiled with {options.compiler}; functions are in {out / 'report.txt'}, lines by"
          f"\ncallgrind_annotate {out}/callgrind.VARIANT\n")
    print(f"{'':10}" + "".join(f"{name:>14}" for name in FIGURES) + f"{'per frame':>14}")
    for name, figures in results.items():
        events, profile = runs[name]
        print(f"{name:10}" + "".join(f"{value:14}" for value in figures.values())
              + f"{round(profile.total / max(events['frames'], 1)):14}  {variants[name]}")


if __name__ == "__main__":
    main()
