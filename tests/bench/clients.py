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
from doors import cd_words, mkimage       # noqa: E402 pylint: disable=wrong-import-position
from net import SERVER       # noqa: E402 pylint: disable=wrong-import-position
from vm import first_existing       # noqa: E402 pylint: disable=wrong-import-position

NICS = ["virtio-net-pci", "e1000", "e1000e", "rtl8139", "vmxnet3"]
# Cards of tests/models, when a word asks for them; what follows MODEL is the chip.
MODEL = "model-"
MODELS = [MODEL + "8168h", MODEL + "8125b"]


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
    only_far = False         # differs from another client over a distance only
    only_asked = False       # runs when a word of --only is in its name
    settle_s = 0             # time after the download in which it says its own figure
    needs_rom = False        # has drivers only for cards that bring one in a ROM

    def __init__(self, build):
        self.build = build

    def prepare(self, work, image):
        """Once for all runs: makes what machines need to download `image`, in folder `work`."""

    def machine(self, lab, folder, nic, image):
        """For one run: starts the servers besides nginx, returns arguments for VM."""
        raise NotImplementedError

    def own_rate(self, text):
        """MB/s by the client's own reckoning, out of its console; None when it does not say."""
        del text

    def own_connections(self, text):
        """How many connections it had at a time, at most, out of its console; None when it does not say."""
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

    def own_connections(self, text):
        found = re.search(r"download: \d+ bytes at .*, (\d+) connections?\b", text)
        return int(found.group(1)) if found else None


class UrlbootOne(Urlboot):
    """The same with one connection, which is all that the others have."""

    name = "urlboot+connections=1"
    words = " connections=1"
    only_far = True


class UrlbootSha256(Urlboot):
    """The same with the digest checked as the bytes arrive."""

    name = "urlboot+sha256"
    words = " sha256={sha256}"


class Linux(Client):
    """Debian's kernel with its own NIC drivers; busybox wget to /dev/null."""

    name = "Linux"
    failure = r"^BENCH-FAILED .*|Kernel panic.*"

    def prepare(self, work, image):
        self.initrd = work / "linux.initrd"     # pylint: disable=attribute-defined-outside-init
        subprocess.run(["sh", TREE / "tests" / "bench" / "linux_initrd.sh", self.build / "live" / "root", self.initrd],
                       check=True)

    def machine(self, lab, folder, nic, image):
        lab.dnsmasq()
        return {"door": ["-kernel", f"{self.initrd}.vmlinuz", "-initrd", str(self.initrd), "-append",
                         f"console=ttyS0,115200 quiet bench.url={image.url}"], "nic_words": ",romfile="}


class Ipxe(Client):
    """iPXE with its own NIC drivers, all of them in one file in Linux's boot format, and a script."""

    name = "iPXE"
    kernel = ["/boot/ipxe.lkrn", "/usr/lib/ipxe/ipxe.lkrn"]
    failure = r"^BENCH-FAILED.*"
    no_driver = r"^BENCH-NO-NIC"

    def machine(self, lab, folder, nic, image):
        lab.dnsmasq()
        script = folder / "bench.ipxe"
        script.write_text("#!ipxe\n"
                          "isset ${net0/mac} || goto nonic\n"
                          "dhcp net0 || goto failed\n"
                          "echo BENCH-START ${net0/chip}\n"
                          f"imgfetch {image.url} || goto failed\n"
                          "echo BENCH-OK\n"
                          "exit\n"
                          ":nonic\n"
                          "echo BENCH-NO-NIC\n"
                          "exit\n"
                          ":failed\n"
                          "echo BENCH-FAILED ${errno}\n")
        return {"door": ["-kernel", first_existing(self.kernel), "-initrd", str(script)], "nic_words": ",romfile=",
                "machine": "q35,graphics=off"}


class UefiClient(Client):
    """What runs on OVMF. Its NIC drivers are virtio-net's in the firmware and, for other models, the NIC's EFI ROM."""

    slow = True
    boot_s = 300
    needs_rom = True

    def machine(self, lab, folder, nic, image):
        rom = ",romfile=" if nic == "virtio-net-pci" else ""
        return {"door": [], "nic_words": f",bootindex=0{rom}", "uefi": True}


class Grub(UefiClient):
    """GRUB for EFI, itself loaded over TFTP, reads the whole file with its testspeed command."""

    name = "GRUB"
    modules = ["efinet", "net", "tftp", "http", "testspeed", "serial", "terminal", "echo", "sleep"]
    failure = r"^BENCH-FAILED.*|^error: .*"
    settle_s = 3

    def prepare(self, work, image):
        self.tree = work / "grub"       # pylint: disable=attribute-defined-outside-init
        self.tree.mkdir(exist_ok=True)
        config = self.tree / "bench.cfg"
        config.write_text("serial --unit=0 --speed=115200\nterminal_output serial\nnet_bootp\necho BENCH-START\n"
                          f"testspeed (http,{SERVER}){image.uri}\necho BENCH-OK\nsleep 600\n")
        subprocess.run(["grub-mkimage", "-O", "x86_64-efi", "-o", self.tree / "bench.efi", "-c", config, "-p", "/",
                        *self.modules], check=True)

    def machine(self, lab, folder, nic, image):
        lab.tftp_tree(self.tree)
        lab.dnsmasq("--enable-tftp", f"--tftp-root={lab.tftp}", "--dhcp-boot=bench.efi")
        return super().machine(lab, folder, nic, image)

    def own_rate(self, text):
        found = re.search(r"Speed: ([\d.]+) MiB/s", text)
        return float(found.group(1)) * 1.048576 if found else None


class UefiHttp(UefiClient):
    """The firmware's own HTTP Boot: a file named .iso is loaded whole, as a RAM disk. PXE, which comes first, is
    switched off where the firmware knows the word for it, and gets no file elsewhere."""

    name = "UEFI-HTTP"
    failure = r"^BdsDxe: No bootable option.*|^BdsDxe: failed to load .*HTTPv4.*|^ *Error: .*"
    no_pxe = [word for family in ("IPv4", "IPv6")
              for word in ("-fw_cfg", f"name=opt/org.tianocore/{family}PXESupport,string=no")]

    def machine(self, lab, folder, nic, image):
        lab.dnsmasq("--dhcp-vendorclass=set:http,HTTPClient", "--dhcp-option-force=tag:http,60,HTTPClient",
                    f"--dhcp-boot=tag:http,{image.url}", "--dhcp-boot=tag:!http,none")
        return dict(super().machine(lab, folder, nic, image), extra=self.no_pxe)


class OnUefi(Urlboot):
    """urlboot on OVMF by one way to the network; compared with each other only when asked for."""

    only_asked = True
    boot_s = 300

    def machine(self, lab, folder, nic, image):
        lab.dnsmasq()
        words = [f"url={image.url}", self.name, "retry=0", "on-error=halt"]
        rom = ",romfile=" if nic == "virtio-net-pci" else ""
        return {"door": cd_words(mkimage("iso", self.build / "urlboot.elf", folder / "boot.iso", words)), "nic_words": rom,
                "uefi": True}


class OnUefiNative(OnUefi):
    """Our own drivers."""

    name = "backend=native"


class OnUefiSnp(OnUefi):
    """Our stack on the firmware's driver."""

    name = "backend=snp"


class OnUefiHttp(OnUefi):
    """The firmware's HTTP."""

    name = "backend=uefi"
    slow = True


CLIENTS = [Urlboot, UrlbootOne, UrlbootSha256, Linux, Ipxe, Grub, UefiHttp, OnUefiNative, OnUefiSnp, OnUefiHttp]
