#!/usr/bin/env python3
"""`make run`: boots urlboot in QEMU, with a network of its own, and shows its console in this terminal.

    run.py --mode bios|uefi|kernel|pxe|pxe-uefi|ipxe|pxelinux [--nic MODEL] [--mem MiB]
    URL=... (default: a Debian Live ISO built from packages), APPEND=... (more words; behind -- they go to Linux)
Everything it starts ends with it. Needs root for the network namespace: asks sudo when it is not.
"""
import argparse
import os
import select
import shutil
import signal
import subprocess
import sys
import termios
import time
import tty
from pathlib import Path

TESTS = Path(__file__).resolve().parent
sys.path.insert(0, str(TESTS / "system"))
QUIT_KEY = b"\x1d"      # Ctrl-]


def arguments():
    """The command line and what make hands over in the environment."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build")
    parser.add_argument("--mode", default="bios")
    parser.add_argument("--nic", default="virtio-net-pci")
    parser.add_argument("--mem", default="3072")
    parser.add_argument("--url", default=os.environ.get("URL", ""))
    parser.add_argument("--append", default=os.environ.get("APPEND", ""))
    parser.add_argument("--stop-at", default="", help="end when this text appears (for tests)")
    parser.add_argument("--gdb", action="store_true", default=bool(os.environ.get("URLBOOT_GDB")))
    return parser.parse_args()


def become_root():
    """Starts itself again under sudo when it is not root."""
    if os.geteuid() == 0:
        return
    if not shutil.which("sudo"):
        sys.exit("run: a network namespace needs root, and there is no sudo here")
    print("run: the machine's own network (namespace, bridge, TAP) needs root: asking sudo", flush=True)
    keep = [f"{name}={os.environ[name]}" for name in ("URL", "APPEND", "ACCEL", "URLBOOT_GDB", "LIVE_SUITE")
            if os.environ.get(name)]
    os.execvp("sudo", ["sudo", *keep, sys.executable, *sys.argv])


def build_words(options, url):
    """urlboot's command line."""
    mine, separator, linux = options.append.partition("--")
    words = [f"url={url}", *mine.split()]
    # Linux, too, is to show itself in this terminal.
    return words + ["--", *(linux.split() if separator else []), "console=tty0", "console=ttyS0,115200"]


def converse(vm, stop_at):
    """Joins this terminal and the machine's serial line until the machine ends or Ctrl-] is typed."""
    if not sys.stdin.isatty():
        while vm.process.poll() is None and not (stop_at and stop_at in vm.text):
            time.sleep(0.3)
        return
    before = termios.tcgetattr(sys.stdin)
    try:
        tty.setraw(sys.stdin)
        while vm.process.poll() is None:
            ready, _, _ = select.select([sys.stdin], [], [], 0.3)
            if not ready:
                continue
            keys = os.read(sys.stdin.fileno(), 256)
            if not keys or QUIT_KEY in keys:
                break
            vm.send(keys)
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)


def local_lab(options, folder):
    """The lab that serves our Live ISO, and the ISO's URL; made when it is not there yet."""
    become_root()
    from net import Lab
    live = Path(options.build) / "live" / "live.iso"
    subprocess.run(["sh", TESTS / "live" / "images.sh", live.parent], check=True)
    lab = Lab(folder)
    return lab, lab.serve(live)


def main():
    """Prepares, boots, talks, cleans up."""
    options = arguments()
    from doors import DOORS
    from usernet import UserLab
    from vm import VM
    if options.mode not in DOORS:
        sys.exit(f"run: MODE={options.mode} is none of {', '.join(DOORS)}")
    if options.url and options.mode in ("ipxe", "pxelinux"):
        sys.exit(f"run: MODE={options.mode} goes with the built-in Live ISO only, not with URL=")
    payload = Path(options.build) / "urlboot.elf"
    folder = (Path(options.build) / ("run-world" if options.url else "run")).resolve()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    # A URL of the world needs a way out, which QEMU's user-mode network has; ours serves our own ISO.
    lab, url = (UserLab(folder, options.mode), options.url) if options.url else local_lab(options, folder)
    with lab:
        words = build_words(options, url)
        if not options.url:
            lab.nginx()
        door = DOORS[options.mode](lab, folder, payload, words)
        print(f"run: {' '.join(words)}")
        print("run: this terminal is the machine's serial line; Ctrl-] ends it\n", flush=True)
        with VM(lab, folder, memory=options.mem, nic=options.nic, echo=True, gdb=options.gdb, **door) as vm:
            if options.gdb:
                print(f"run: the machine waits. gdb {payload.with_suffix('.debug')} -ex 'target remote {vm.gdb_socket}'", flush=True)
            converse(vm, options.stop_at)
    print("\nrun: ended")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        print("\nrun: stopped")
