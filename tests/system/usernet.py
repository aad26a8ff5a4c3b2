"""The network of `make run` when the URL is out in the world: QEMU's user-mode network (no root, no set-up).

Offers the part of net.Lab that vm.VM and the doors use. Does not handle: doors that need a web server of ours.
"""
from pathlib import Path

from net import Lab, spawn, stop

BOOT_FILES = {"pxe": "boot/grub/i386-pc/core.0", "pxe-uefi": "boot/grub/x86_64-efi/core.efi"}


class UserLab:
    """QEMU's built-in DHCP, DNS, TFTP and NAT; `mode` is the door's name."""

    def __init__(self, folder, mode):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.tftp = self.folder / "tftp"
        self.mode = mode
        self.processes = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in reversed(self.processes):
            stop(process)

    def start(self, *command, log, talk=False):
        """Starts a tracked process, as Lab.start does."""
        return spawn(self, list(map(str, command)), log, talk)

    def dnsmasq(self, *_):
        """QEMU answers DHCP and DNS itself."""

    tftp_tree = Lab.tftp_tree

    def netdev(self):
        """QEMU's words for the network's end."""
        boot_file = BOOT_FILES.get(self.mode)
        return "user,id=n0" + (f",tftp={self.tftp},bootfile={boot_file}" if boot_file else "")
