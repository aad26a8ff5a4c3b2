#!/usr/bin/env python3
"""`make run`: boots urlboot in QEMU, with a network of its own, and shows its console in this terminal.

    run.py --mode bios|uefi|kernel|pxe|pxe-uefi|ipxe|pxelinux [--nic MODEL] [--mem MiB]
    URL=... (default: a Debian Live ISO built from packages), APPEND=... (more words, quoted as urlboot has them; behind
    -- they go to Linux)
The exit status is 0 unless urlboot or QEMU failed. Everything it starts ends with it. Needs root for the network
namespace: asks sudo when it is not.
"""
import argparse
import os
import re
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
PLAIN = "\x1b[0m\x1b[?7h\x1b[?25h"      # attributes off, line wrap and cursor on: boot loaders leave it otherwise
FAILED = re.compile(r"^urlboot failed: .*|^-+ urlboot panic: .*", re.MULTILINE)
QEMU_LINES = 8


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
    from vm import linux_needs
    from words import END, split_words
    try:
        words = split_words(options.append)
    except ValueError as error:
        sys.exit(f"run: APPEND: {error}")
    end = words.index(END) if END in words else len(words)
    # Linux, too, is to show itself in this terminal.
    return [f"url={url}", *words[:end], END, *linux_needs(), *words[end + 1:], "console=tty0", "console=ttyS0,115200"]


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
    if subprocess.run(["sh", TESTS / "live" / "images.sh", live.parent], check=False).returncode:
        sys.exit("run: the Live ISO could not be built, the messages above say why; URL=... boots another one")
    lab = Lab(folder)
    return lab, lab.serve(live)


def outcome(vm, status):
    """Says how it ended, from what the machine wrote and QEMU's exit status, None when it was us who ended it.
    Returns our own exit status."""
    if status:
        lines = (vm.folder / "qemu.out").read_text(errors="replace").splitlines()[-QEMU_LINES:]
        print("\n".join([f"run: QEMU ended with status {status}", *(f"    {line}" for line in lines)]))
    failures = FAILED.findall(vm.text[max(vm.text.rfind("starting Linux "), 0):])
    if failures:
        print(f"run: {failures[-1].strip('- ')}")
    names = [name for name in ("serial.log", "qemu.out", "dnsmasq.log", "nginx/access.log")
             if (vm.folder / name).exists()]
    print(f"run: ended; logs in {os.path.relpath(vm.folder)}: {', '.join(names)}")
    return 1 if status or failures else 0


def boot(lab, options, door):
    """One machine, from its start to its end. Returns our exit status."""
    from vm import VM, accelerator
    if accelerator() == "tcg":
        print("run: without KVM the machine is emulated: a live system takes a minute or more to come up")
    print("run: this terminal is the machine's serial line; Ctrl-] ends it\n", flush=True)
    try:
        # A restart is for whoever sits here; without a terminal it would go on for ever.
        with VM(lab, lab.folder, memory=options.mem, nic=options.nic, echo=True, gdb=options.gdb,
                reboot=sys.stdin.isatty(), **door) as vm:
            if options.gdb:
                debug = Path(options.build) / "urlboot.debug"
                print(f"run: the machine waits. gdb {debug} -ex 'target remote {vm.gdb_socket}'", flush=True)
            converse(vm, options.stop_at)
            status = vm.process.poll()
    finally:
        print(PLAIN if sys.stdout.isatty() else "", flush=True)
    return outcome(vm, status)


def main():
    """Prepares, boots, talks, cleans up."""
    options = arguments()
    from doors import DOORS
    from usernet import UserLab
    from words import command_line
    if options.mode not in DOORS:
        sys.exit(f"run: MODE={options.mode} is none of {', '.join(DOORS)}")
    if options.url and options.mode in ("ipxe", "pxelinux"):
        sys.exit(f"run: MODE={options.mode} goes with the built-in Live ISO only, not with URL=")
    payload = Path(options.build) / "urlboot.elf"
    folder = (Path(options.build) / ("run-world" if options.url else "run")).resolve()
    build_words(options, options.url)               # complains now, not after minutes
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    # A URL of the world needs a way out, which QEMU's user-mode network has; ours serves our own ISO.
    lab, url = (UserLab(folder, options.mode), options.url) if options.url else local_lab(options, folder)
    with lab:
        words = build_words(options, url)
        if not options.url:
            lab.nginx()
        door = DOORS[options.mode](lab, folder, payload, words)
        print(f"run: {command_line(words)}")
        return boot(lab, options, door)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print("\nrun: stopped")
        sys.exit(130)
    except (RuntimeError, OSError) as error:        # a helper failed and has said why
        sys.exit(f"run: {error}")
