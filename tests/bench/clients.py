"""The clients that are compared: how each is made to download the URL, and how it says that it cannot.

A client is a row of CLIENTS. machine() prepares media and servers in a lab and returns arguments for vm.VM; which port
of which network the machine gets is not its business. All machines are alike: q35, one processor, the same memory.
"""
import re
import subprocess
import sys
from pathlib import Path

TREE = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TREE / "tests" / "system"))
from net import SERVER       # noqa: E402 pylint: disable=wrong-import-position

NICS = ["virtio-net-pci", "e1000", "e1000e", "rtl8139", "vmxnet3"]


class Image:
    """The file that is downloaded."""

    def __init__(self, path, size, sha256):
        self.path, self.size, self.sha256 = path, size, sha256
        self.uri = f"/{path.name}"
        self.url = f"http://{SERVER}{self.uri}"


class Client:
    """What all clients have in common. `build` is the build folder."""

    name = ""
    slow = False             # a few MB/s: fewer rounds, longer deadlines
    boot_s = 120             # until it asks for the file, at the latest
    failure = None           # what its console shows when it fails, a regular expression
    no_driver = None         # ... when it has no driver for the NIC
    settle_s = 0             # time after the download in which it says its own figure

    def __init__(self, build):
        self.build = build

    def prepare(self, work):
        """Once for all runs: makes what machines need, in folder `work`."""

    def machine(self, lab, folder, nic, image):
        """For one run: starts the servers besides nginx, returns arguments for VM."""
        raise NotImplementedError

    def own_rate(self, text):
        """MB/s by the client's own reckoning, out of its console; None when it does not say."""
        del text


class Urlboot(Client):
    """The payload by QEMU's loader. What it downloads is no ISO, which it says afterwards."""

    name = "urlboot"
    failure = r"urlboot failed: (?!NotAnIso|NoNicFound)\w+"
    no_driver = r"urlboot failed: NoNicFound"
    settle_s = 5
    words = ""

    def machine(self, lab, folder, nic, image):
        lab.dnsmasq()
        words = f"url={image.url} retry=0 on-error=halt{self.words.format(sha256=image.sha256)}"
        return {"door": ["-kernel", str(self.build / "urlboot.elf"), "-append", words], "nic_words": ",romfile="}

    def own_rate(self, text):
        found = re.search(r" 100 % +([\d.]+) MB/s", text)
        return float(found.group(1)) if found else None


class UrlbootSha256(Urlboot):
    """The same with the digest checked as the bytes arrive."""

    name = "urlboot+sha256"
    words = " sha256={sha256}"


class Linux(Client):
    """Debian's kernel with its own NIC drivers; busybox wget to /dev/null."""

    name = "Linux"
    failure = r"^BENCH-FAILED .*|Kernel panic.*"

    def prepare(self, work):
        self.initrd = work / "linux.initrd"     # pylint: disable=attribute-defined-outside-init
        subprocess.run(["sh", TREE / "tests" / "bench" / "linux_initrd.sh", self.build / "live" / "root", self.initrd],
                       check=True)

    def machine(self, lab, folder, nic, image):
        lab.dnsmasq()
        return {"door": ["-kernel", f"{self.initrd}.vmlinuz", "-initrd", str(self.initrd), "-append",
                         f"console=ttyS0,115200 quiet bench.url={image.url}"], "nic_words": ",romfile="}


CLIENTS = [Urlboot, UrlbootSha256, Linux]
