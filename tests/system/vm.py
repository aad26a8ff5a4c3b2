"""A virtual machine under QEMU whose serial port is read, searched and written.

Uses KVM where it works, TCG (emulation) elsewhere; ACCEL=kvm|tcg decides instead. Deadlines are generous: they only
find hangs. Does not handle: graphics.
"""
import itertools
import json
import os
import re
import shutil
import socket
import sys
import threading
import time
from pathlib import Path

from net import stop

OVMF_CODE = ["/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_CODE.fd"]
OVMF_VARS = ["/usr/share/OVMF/OVMF_VARS_4M.fd", "/usr/share/OVMF/OVMF_VARS.fd"]
ESCAPES = re.compile(r"\x1b\[[0-9;?=]*[A-Za-z]|\x1b[()][A-Z0-9]|\x1b[=>78cM]")
FAILURE = re.compile(r"urlboot failed: (\w+)")
TAIL_LINES = 60
PROMPT_REST_S = 1
MONITOR_WAIT_S = 10
_numbers = itertools.count()


def first_existing(paths):
    """The first of `paths` that exists."""
    for path in paths:
        if Path(path).exists():
            return path
    raise FileNotFoundError(f"none of {', '.join(paths)} exists: tests/setup.sh run installs them")


def linux_needs():
    """Words for a Linux on this machine. Emulated processors get their timer's ticks late when the host is busy;
    the kernel's check of its timer (arch/x86/kernel/apic/io_apic.c) then panics, where it would have worked."""
    return ["no_timer_check"] if accelerator() == "tcg" else []


def accelerator():
    """kvm where the processor has it and /dev/kvm may be used, else tcg."""
    wanted = os.environ.get("ACCEL")
    if wanted:
        return wanted
    flags = re.search(r"^flags\s*:.*\b(vmx|svm)\b", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return "kvm" if flags and os.access("/dev/kvm", os.R_OK | os.W_OK) else "tcg"


class VmError(AssertionError):
    """What was expected did not come; the message ends with the console's last lines."""


class VM:
    """One machine in a lab's namespace. `door` is a list of QEMU words (doors.py), `netdev` the words of another
    network port than lab.netdev(). A restart ends the machine unless `reboot` lets it happen. `model`: the only card
    is this one (models.py), which needs emulation, a machine q35 and memory that is shared with its program."""

    def __init__(self, lab, folder, door, memory=1024, nic="virtio-net-pci", machine="pc", uefi=False, cpu=None,
                 mac="52:54:00:75:72:6c", nic_words="", extra=(), echo=False, gdb=False, monitor=False,
                 netdev=None, reboot=False, model=None):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.text = ""
        self.position = 0
        self.written = time.monotonic()
        self.echo = echo
        self.changed = threading.Condition()
        self.model = model
        accel = "tcg" if model else accelerator()
        words = [*(model.words() if model else []), "qemu-system-x86_64", "-name", "urlboot", "-machine",
                 machine + (",memory-backend=ram" if model else ""), "-accel", accel, "-m", str(memory),
                 "-cpu", cpu or ("host" if accel == "kvm" else "qemu64,+rdrand"), "-display", "none",
                 *([] if reboot else ["-no-reboot"]), "-no-user-config", "-nodefaults", "-vga", "std", "-monitor", "none",
                 "-chardev", f"stdio,id=serial,signal=off,logfile={self.folder}/serial.log",
                 "-serial", "chardev:serial"]
        if model:
            words += ["-object", f"memory-backend-memfd,id=ram,size={memory}M,share=on,prealloc=on", "-smp", "1", "-nic", "none"]
        elif nic:
            words += ["-netdev", netdev or lab.netdev(), "-device", f"{nic},netdev=n0,mac={mac}{nic_words}"]
        if uefi:
            variables = self.folder / "ovmf_vars.fd"
            shutil.copyfile(first_existing(OVMF_VARS), variables)
            words += ["-drive", f"if=pflash,format=raw,unit=0,readonly=on,file={first_existing(OVMF_CODE)}",
                      "-drive", f"if=pflash,format=raw,unit=1,file={variables}"]
        if gdb:
            # A Unix socket, since the machine's network is not this one; its path must be short.
            self.gdb_socket = f"/tmp/urlboot-gdb-{os.getpid()}"
            words += ["-S", "-chardev", f"socket,id=gdb,path={self.gdb_socket},server=on,wait=off",
                      "-gdb", "chardev:gdb"]
        self.monitor_socket = f"/tmp/urlboot-qmp-{os.getpid()}-{next(_numbers)}" if monitor else None
        if monitor:
            words += ["-qmp", f"unix:{self.monitor_socket},server=on,wait=off"]
        words += [*door, *extra]
        (self.folder / "qemu.cmd").write_text(" ".join(f"'{word}'" for word in words) + "\n")
        self.process = lab.start(*words, log=os.path.relpath(self.folder / "qemu.out", lab.folder),
                                 talk=True)
        if model:
            model.process = self.process
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Ends the machine."""
        stop(self.process)
        self.reader.join(5)
        self.process.stdin.close()
        if self.monitor_socket:
            Path(self.monitor_socket).unlink(missing_ok=True)

    def read(self):
        """Thread: takes in what the machine writes."""
        pending = b""
        while True:
            data = self.process.stdout.read(65536)
            if not data:
                break
            if self.echo:
                sys.stdout.buffer.write(data)
                sys.stdout.buffer.flush()
            pending += data
            # An escape sequence or a character may be cut in two: keep a short unfinished end back.
            cut = pending.rfind(b"\x1b")
            keep = len(pending) - cut if cut >= 0 and len(pending) - cut < 12 else 0
            # So may the end of a line: a lone CR would keep `$` from matching for ever.
            if keep == 0 and pending.endswith(b"\r"):
                keep = 1
            whole, pending = pending[:len(pending) - keep], pending[len(pending) - keep:]
            with self.changed:
                self.written = time.monotonic()
                self.text += ESCAPES.sub("", whole.decode("utf-8", "replace")).replace("\r\n", "\n")
                self.changed.notify_all()
        with self.changed:
            self.text += ESCAPES.sub("", pending.decode("utf-8", "replace"))
            self.changed.notify_all()

    def send(self, text):
        """Types text or bytes on the serial line."""
        self.process.stdin.write(text.encode() if isinstance(text, str) else text)

    def command(self, what, **arguments):
        """Has QEMU do something (a QMP command); needs monitor=True. Returns its answer."""
        deadline = time.monotonic() + MONITOR_WAIT_S
        while not Path(self.monitor_socket).exists() and time.monotonic() < deadline:
            time.sleep(0.05)                              # QEMU is still starting
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(MONITOR_WAIT_S)
            link.connect(self.monitor_socket)
            lines = link.makefile("rw", encoding="utf-8")
            lines.readline()                              # QEMU's greeting
            for order in ({"execute": "qmp_capabilities"}, {"execute": what, "arguments": arguments}):
                lines.write(json.dumps(order) + "\n")
                lines.flush()
                answer = {"event": None}
                while "event" in answer:
                    answer = json.loads(lines.readline())
                if "error" in answer:
                    raise VmError(f"QEMU refuses {order}: {answer['error']}")
            return answer["return"]

    def set_link(self, live):
        """Plugs the network cable in or pulls it out."""
        self.command("set_link", name="n0", up=live)

    def wait(self, pattern, seconds=120, fail=FAILURE):
        """Waits for the regular expression `pattern` in what follows the last match; returns the match.

        Output matching `fail` first, the machine's end and the deadline are errors."""
        regex = re.compile(pattern, re.MULTILINE)
        deadline = time.monotonic() + seconds
        with self.changed:
            while True:
                # Asked first: what was written before the end is in the text that is searched after it.
                ended = self.process.poll() is not None and not self.reader.is_alive()
                text = self.settled()
                found = regex.search(text, self.position)
                if found:
                    self.position = found.end()
                    return found
                bad = re.compile(fail).search(text, self.position) if fail else None
                if bad:
                    self.changed.wait(2)      # let the rest of the screen arrive
                    raise VmError(f"{bad.group(0)!r} came while waiting for {pattern!r}\n{self.tail()}")
                if ended:
                    raise VmError(f"the machine ended while waiting for {pattern!r}\n{self.tail()}")
                left = deadline - time.monotonic()
                if left <= 0:
                    raise VmError(f"{pattern!r} did not come in {seconds} s\n{self.tail()}")
                self.changed.wait(min(left, 0.3))

    def settled(self):
        """The console without a last line that is still being written (a prompt is one that rests)."""
        if time.monotonic() - self.written > PROMPT_REST_S or not self.reader.is_alive():
            return self.text
        return self.text[:self.text.rfind("\n") + 1]

    def wait_failure(self, seconds=120):
        """Waits for urlboot's failure screen; returns the stable error name."""
        name = self.wait(FAILURE.pattern, seconds, fail=r"SMALL-ISO-LINUX|Linux version").group(1)
        self.wait(r"^ +try: .*$", 10, fail=None)      # the screen's last line
        return name

    def wait_end(self, seconds=60):
        """Waits until the machine switches itself off; QEMU, or the program of its card, must not have crashed."""
        deadline = time.monotonic() + seconds
        while self.process.poll() is None:
            if time.monotonic() > deadline:
                raise VmError(f"the machine is still on after {seconds} s\n{self.tail()}")
            time.sleep(0.1)
        if self.process.returncode != 0:
            raise VmError(f"the machine ended with status {self.process.returncode}\n{self.tail()}")

    def tail(self):
        """The console's last lines and where the rest is."""
        lines = self.text.splitlines()[-TAIL_LINES:]
        lines += (self.folder / "qemu.out").read_text(errors="replace").splitlines()[-5:]
        return "\n".join(["  | " + line for line in lines] + [f"whole console: {self.folder}/serial.log"])
