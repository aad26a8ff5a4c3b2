#!/usr/bin/env python3
"""Runs what `make test` built: unit tests, fuzzers for a short while, tree checks, system tests; counts them.

The last line is "N passed, N failed". Each cmocka test, each fuzzer, each tree check and each system test counts as
one. Output of what passes is not shown; everything is kept in BUILD/test-logs.
"""
import argparse
import os
import re
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

TREE = Path(__file__).resolve().parent.parent
UNIT_LIMIT_S = 300
FUZZ_OPTIONS = ["-max_len=16384", "-timeout=20", "-rss_limit_mb=2048", "-print_final_stats=1"]


class Count:
    """What passed and what failed, with the reasons."""

    def __init__(self):
        self.passed, self.failures = 0, []

    def failed(self, name, text):
        """One failure; its text is shown at once."""
        self.failures.append(name)
        print(f"FAILED {name}\n{text}\n", flush=True)


def capture(command, log, seconds, **options):
    """Runs a command, keeps its output in `log`; returns (exit status or None on time-out, output)."""
    with open(log, "wb") as out:
        try:
            status = subprocess.run(command, stdout=out, stderr=subprocess.STDOUT, timeout=seconds, check=False,
                                    **options).returncode
        except subprocess.TimeoutExpired:
            status = None
        except OSError as error:
            status = None
            out.write(f"{error}\n".encode())
    return status, Path(log).read_text(errors="replace")


def tail(text, lines=40):
    """The last lines of a text, indented."""
    return "\n".join("    " + line for line in text.splitlines()[-lines:])


def run_unit(options, logs, count):
    """cmocka programs; a crash (sanitizer, time-out) is one more failure."""
    env = dict(os.environ, CMOCKA_MESSAGE_OUTPUT="STDOUT", ASAN_OPTIONS="detect_leaks=1", UBSAN_OPTIONS="print_stacktrace=1")
    for name in options.unit.split():
        status, text = capture([options.build / "unit" / name], logs / f"{name}.log", UNIT_LIMIT_S, env=env, cwd=TREE)
        passed = sum(map(int, re.findall(r"^\[  PASSED  \] (\d+) test", text, re.MULTILINE)))
        failed = re.findall(r"^\[  FAILED  \] (?!\d+ test)(?:\w+: \d+ test)?(.*)$", text, re.MULTILINE)
        count.passed += passed
        if status == 0 and passed:
            print(f"ok {name}: {passed}", flush=True)
        elif failed:
            for test in sorted(set(filter(None, failed))):
                count.failed(f"{name}/{test.strip()}", "")
            print(tail(text))
        else:
            count.failed(name, f"exit status {status}\n{tail(text)}")


def run_fuzzer(options, logs, name):
    """One fuzzer: its kept inputs and then new ones; finds are kept beside the log."""
    new = options.build / "fuzz" / "corpus" / name
    new.mkdir(parents=True, exist_ok=True)
    kept = TREE / "tests" / "fuzz" / "corpus" / name
    limit = options.fuzz_seconds
    command = [options.build / "fuzz" / name, *FUZZ_OPTIONS, f"-max_total_time={limit}",
               f"-artifact_prefix={logs}/{name}-", new, *([kept] if kept.is_dir() else [])]
    status, text = capture(command, logs / f"{name}.log", limit + 120, cwd=TREE)
    runs = re.search(r"stat::number_of_executed_units:\s*(\d+)", text)
    return name, status, int(runs.group(1)) if runs else 0, text


def run_fuzzers(options, logs, count):
    """All fuzzers, as many at once as there are processors."""
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for name, status, runs, text in pool.map(lambda n: run_fuzzer(options, logs, n), options.fuzz.split()):
            if status == 0 and runs > 0:
                count.passed += 1
                print(f"ok {name}: {runs} inputs", flush=True)
            else:
                count.failed(name, f"exit status {status} after {runs} inputs\n{tail(text)}")


def run_lines(command, log, count, kind):
    """A program that prints "ok NAME" or "FAILED NAME" and what is wrong below. Returns its output."""
    status, text = capture(command, log, 300, cwd=TREE)
    passed = re.findall(r"^ok (.*)$", text, re.MULTILINE)
    failed = re.findall(r"^FAILED (.*)$", text, re.MULTILINE)
    count.passed += len(passed)
    print(f"ok {kind}: {len(passed)}", flush=True)
    for name in failed:
        count.failed(f"{kind}/{name}", "")
    if failed or not passed:
        print(tail(text, 200))
    if not failed and (status != 0 or not passed):
        count.failed(kind, f"status {status}, {len(passed)} results")
    return text


def run_checks(options, logs, count):
    """The house style and the linked files."""
    payloads = [options.build / "urlboot.elf", options.build / "clang" / "urlboot.elf"]
    run_lines(["sh", TREE / "tests" / "check_tree.sh", *payloads], logs / "check.log", count, "tree checks")


def run_profile(options, logs, count):
    """Instructions for each MiB, compared with what is written down. What became better is said, too."""
    command = [sys.executable, "-B", TREE / "tests" / "profile" / "profile.py", "--build", options.build,
               "--compiler", options.profile, "--gate"]
    text = run_lines(command, logs / "profile.log", count, "profile")
    if "FAILED" not in text:
        print("".join(f"{line}\n" for line in text.splitlines() if line.startswith("    ")), end="", flush=True)


def run_pytest(options, logs, count, folder):
    """The tests of tests/`folder`, as root since most of them make network namespaces."""
    report = logs / f"{folder}.xml"
    command = [sys.executable, "-B", "-m", "pytest", "-q", "-rf", "-p", "no:cacheprovider", "-n",
               str(os.cpu_count() or 1), f"--junitxml={report}", str(TREE / "tests" / folder)]
    if folder == "system":
        command.append(f"--build={options.build}")
    if options.only:
        command += ["-k", options.only]
    variables = [f"BUILD={options.build}", f"MODELS={os.environ.get('MODELS', '')}"]
    if os.geteuid() != 0:
        print("tests: the network namespaces of these tests need root: asking sudo", flush=True)
        command = ["sudo", "env", *variables, *map(str, command)]
    else:
        command = ["env", *variables, *map(str, command)]
    print(f"\ntests/{folder}:", flush=True)
    status = subprocess.run(command, cwd=TREE, check=False).returncode
    if not report.exists():
        count.failed(folder, f"pytest ended with status {status} and wrote no report")
        return
    cases = list(xml.etree.ElementTree.parse(report).iter("testcase"))
    for case in cases:
        bad = case.find("failure") is not None or case.find("error") is not None
        if bad:
            count.failures.append(f"{folder}/{case.get('name')}")
        elif case.find("skipped") is None:
            count.passed += 1
    print_skipped(folder, cases)
    if not cases and not options.only:
        count.failed(folder, f"pytest found no test (status {status})")


def print_skipped(folder, cases):
    """One line: how many tests were left out, and for which reasons."""
    reasons = [" ".join(skip.get("message", "no reason").split()) for case in cases for skip in case.iter("skipped")]
    if reasons:
        kinds = ", ".join(f"{number} x {reason}" for reason, number in Counter(reasons).most_common())
        print(f"tests/{folder}: {len(reasons)} skipped: {kinds}", flush=True)


def build_images(options, count):
    """The images that the system tests boot, before pytest's workers look for them."""
    command = ["sh", TREE / "tests" / "live" / "images.sh", options.build / "live"]
    if subprocess.run(command, check=False).returncode:
        count.failed("images", "tests/live/images.sh could not build the images that the system tests boot")
        return False
    return True


def main():
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, default=Path("build"))
    parser.add_argument("--unit", default="", help="names of unit test programs")
    parser.add_argument("--fuzz", default="", help="names of fuzzers")
    parser.add_argument("--fuzz-seconds", type=int, default=5)
    parser.add_argument("--check", action="store_true", help="run the tree checks")
    parser.add_argument("--profile", default="", help="compare instruction counts; the payload's compiler, gcc-12")
    parser.add_argument("--hosted", action="store_true", help="run the network stack's tests on the host")
    parser.add_argument("--bench", action="store_true", help="run the tests of the bench's arithmetic")
    parser.add_argument("--system", action="store_true", help="run the tests that boot machines")
    parser.add_argument("--only", default="", help="only the tests in Python that pytest -k would choose")
    options = parser.parse_args()
    options.build = options.build.resolve()
    logs = options.build / "test-logs"
    shutil.rmtree(logs, ignore_errors=True)
    logs.mkdir(parents=True)

    began, count = time.monotonic(), Count()
    run_unit(options, logs, count)
    run_fuzzers(options, logs, count)
    if options.check:
        run_checks(options, logs, count)
    if options.profile:
        run_profile(options, logs, count)
    if options.hosted:
        run_pytest(options, logs, count, "hosted")
    if options.bench:
        run_pytest(options, logs, count, "bench")
    if options.system and build_images(options, count):
        run_pytest(options, logs, count, "system")
    print(f"\ntook {time.monotonic() - began:.0f} s; logs in {logs}")
    for name in count.failures:
        print(f"failed: {name}")
    print(f"{count.passed} passed, {len(count.failures)} failed")
    sys.exit(1 if count.failures or count.passed == 0 else 0)


if __name__ == "__main__":
    main()
