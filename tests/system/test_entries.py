"""Entries that no loader here takes by itself, machines that are refused, and the panic screen."""
import socket
import subprocess
import time

import pytest

RSP, RIP = 7, 16    # gdb's numbers of the registers
UNMAPPED = 0xFFFFFFFF00000000    # in no page tables, early or late
KEEP_BOOT_SERVICES = bytes([7, 0, 1, 0, 8, 0, 0, 0])    # Multiboot2 header tag 7, optional
MODULES_ON_PAGES = bytes([6, 0, 1, 0, 8, 0, 0, 0])      # tag 6, which is there already
MB1_MAGIC = (0x1BADB002).to_bytes(4, "little")


def patched(payload, folder, old, new):
    """A copy of the payload with one place changed."""
    data = payload.read_bytes()
    at = data.index(old)
    copy = folder / "patched.elf"
    copy.write_bytes(data[:at] + new + data[at + len(old):])
    return copy


def test_grub_left_boot_services(boot, url, payload, folder):
    """A GRUB that does not keep boot services: 32-bit entry, memory map and EFI map by tags."""
    boot.payload = patched(payload, folder, KEEP_BOOT_SERVICES, MODULES_ON_PAGES)
    machine = boot.start(f"url={url}", door="uefi", memory=768)
    boot.expect_small(machine, 300)
    assert "(multiboot2, UEFI)" in machine.text
    assert "SMALL-ISO-EFI 64" in machine.text, "Linux does not see the UEFI"


def test_pvh(boot, url, payload, folder):
    """QEMU takes the PVH note when there is no Multiboot header."""
    boot.payload = patched(payload, folder, MB1_MAGIC, bytes(4))
    machine = boot.start(f"url={url}")
    boot.expect_small(machine)
    assert "(pvh)" in machine.text


def test_32_bit_processor_is_refused(boot):
    """With a sentence."""
    machine = boot.start("url=ask", cpu="qemu32")
    machine.wait("urlboot failed: Unsupported: this processor has no 64-bit mode", 60, fail=None)


@pytest.mark.parametrize("vga", ["std", "none"])
def test_wrong_option_on_the_firmwares_console(boot, vga):
    """With boot services alive the screen comes by our own serial port and by the firmware, which writes there, too."""
    machine = boot.start("sha265=x", door="uefi", extra=["-vga", vga])
    for _ in range(2):
        machine.wait("urlboot failed: OptionUnknown", 120, fail=None)
        machine.wait(r"^ +why: .*sha256", 20, fail=None)
        machine.wait(r"^ +try: ", 20, fail=None)


class Debugger:
    """A little of gdb's remote protocol."""

    def __init__(self, path):
        deadline = time.monotonic() + 20
        self.link = socket.socket(socket.AF_UNIX)
        self.link.settimeout(20)
        while True:
            try:
                self.link.connect(path)
                return
            except OSError:
                assert time.monotonic() < deadline, "QEMU's debugger port does not answer"
                time.sleep(0.1)

    def send(self, text):
        """One packet."""
        self.link.sendall(f"${text}#{sum(text.encode()) & 0xff:02x}".encode())

    def stop(self):
        """Interrupts the machine and waits until it says so."""
        self.link.sendall(b"\x03")
        self.wait_stop()

    def wait_stop(self):
        """Waits until the machine has stopped."""
        got = b""
        while b"#" not in got[got.rfind(b"$T"):] or b"$T" not in got:
            got += self.link.recv(4096)
        self.link.sendall(b"+")

    def set(self, register, value):
        """Sets a register of the stopped machine."""
        self.send("qXfer:features:read:target.xml:0,ffb")    # only then QEMU lets registers be set one by one
        time.sleep(0.5)
        self.send(f"P{register:x}={value.to_bytes(8, 'little').hex()}")
        time.sleep(0.5)


def address_of(build, pattern):
    """Where a symbol of the payload lies, in hexadecimal digits."""
    symbols = subprocess.run(["nm", build / "urlboot.debug"], check=True, capture_output=True, text=True).stdout
    return next(line.split()[0] for line in symbols.splitlines() if line.endswith(pattern))


def jump_to_zero(boot, memory=""):
    """Waits for the prompt, sends the packet `memory` to the debugger, and forces a jump to address 0."""
    machine = boot.start("url=ask", gdb=True)
    debugger = Debugger(machine.gdb_socket)
    debugger.send("c")
    machine.wait("URL of the ISO:", 120)
    debugger.stop()
    if memory:
        debugger.send(memory)
        time.sleep(0.5)
    debugger.set(RIP, 0)
    debugger.send("c")
    return machine


def test_panic_names_where_it_was(boot):
    """A jump to address 0, forced from outside while the prompt waits."""
    machine = jump_to_zero(boot)
    machine.wait("urlboot panic: page fault", 60, fail=None)
    machine.wait(r"from ffffffff[0-9a-f]+ ask_url\+", 10, fail=None)
    machine.wait(r"from ffffffff[0-9a-f]+ kmain\+", 10, fail=None)
    assert "last log lines" in machine.text


def test_panic_does_without_the_heap(boot, build):
    """The network is up and the heap is broken: the screen comes all the same."""
    machine = jump_to_zero(boot, f"M{address_of(build, ' b end_mark')},8:{'00' * 8}")
    machine.wait("urlboot panic: page fault", 60, fail=None)
    machine.wait(r"from ffffffff[0-9a-f]+ kmain\+", 10, fail=None)


def break_at(boot, build, function, door, **options):
    """Stops the machine where `function` begins. Returns (machine, debugger)."""
    # On UEFI exceptions are the firmware's until boot services end.
    machine = boot.start("url=http://10.77.0.1/x.iso", "backend=native", door=door, gdb=True, **options)
    debugger = Debugger(machine.gdb_socket)
    debugger.send(f"Z1,{address_of(build, f' T {function}')},1")
    time.sleep(0.5)
    debugger.send("c")
    debugger.link.settimeout(120)
    debugger.wait_stop()
    return machine, debugger


@pytest.mark.parametrize("door, function", [("kernel", "timer_init"), ("kernel", "options_parse"),
                                            ("bios", "memory_init"), ("uefi", "memory_init")])
def test_early_panic(boot, build, door, function):
    """An exception before memory is set up ends on the screen, too, not in a reset."""
    machine, debugger = break_at(boot, build, function, door)
    debugger.set(RIP, UNMAPPED)
    debugger.send("c")
    machine.wait("urlboot panic: page fault", 60, fail=None)
    machine.wait(r"from ffffffff[0-9a-f]+ kmain\+", 10, fail=None)


def test_nmi_has_its_own_stack(boot, build):
    """An NMI while the stack pointer points nowhere."""
    machine, debugger = break_at(boot, build, "options_parse", "kernel", monitor=True)
    debugger.set(RSP, UNMAPPED)
    machine.command("inject-nmi")
    debugger.send("c")
    machine.wait(r"urlboot panic: NMI \(vector 2", 60, fail=None)
