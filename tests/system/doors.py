"""The ways a machine comes to urlboot. Each door prepares media and servers and returns QEMU's words.

A door is a function (lab, folder, payload, words) -> dict of arguments for vm.VM; `words` are urlboot's command line,
each as it is meant, and quoted by the door. dnsmasq is started here, since what DHCP says differs from door to door.
"""
import shutil
import subprocess
from pathlib import Path

from words import command_line

TREE = Path(__file__).resolve().parents[2]
SYSLINUX = "/usr/lib/syslinux/modules/bios"
PXELINUX_FILES = {"pxelinux.0": "/usr/lib/PXELINUX/pxelinux.0",
                  **{name: f"{SYSLINUX}/{name}" for name in ("ldlinux.c32", "mboot.c32", "libcom32.c32")}}
LOUD_BIOS = "pc,graphics=off"      # SeaBIOS shows what is written to the screen on serial, too


def mkimage(kind, payload, out, words):
    """iso/mkimage.sh: GRUB's CD image or netboot tree with `words` as its first entry."""
    done = subprocess.run([TREE / "iso" / "mkimage.sh", kind, payload, out, *words], check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"iso/mkimage.sh {kind}: {done.stdout}")
    return out


def cd_words(image, index=0):
    """A CD drive with `image`, place `index` in the boot order."""
    return ["-drive", f"if=none,id=cd,media=cdrom,readonly=on,file={image}",
            "-device", f"ide-cd,drive=cd,bootindex={index}"]


def bios(lab, folder, payload, words, image=None, dnsmasq=()):
    """SeaBIOS -> CD -> GRUB -> Multiboot2. `image`: boot this CD as it is."""
    lab.dnsmasq(*dnsmasq)
    image = image or mkimage("iso", payload, Path(folder) / "boot.iso", words)
    return {"door": cd_words(image), "nic_words": ",romfile="}


def uefi(lab, folder, payload, words, image=None, dnsmasq=()):
    """OVMF -> CD -> GRUB for EFI -> Multiboot2 with boot services."""
    return dict(bios(lab, folder, payload, words, image, dnsmasq), uefi=True, machine="q35")


def kernel(lab, folder, payload, words, dnsmasq=()):
    """QEMU's own loader."""
    del folder
    lab.dnsmasq(*dnsmasq)
    return {"door": ["-kernel", str(payload), "-append", command_line(words)], "nic_words": ",romfile="}


def grub_tftp(lab, folder, payload, words, dnsmasq):
    """TFTP with GRUB's netboot trees; the client's architecture (RFC 4578) chooses."""
    tree = Path(folder) / "netboot"
    shutil.rmtree(tree, ignore_errors=True)
    mkimage("netboot", payload, tree, words)
    lab.tftp_tree(tree)
    lab.dnsmasq("--enable-tftp", f"--tftp-root={lab.tftp}", "--dhcp-match=set:efi64,option:client-arch,7",
                "--dhcp-match=set:efi64,option:client-arch,9",
                "--dhcp-boot=tag:efi64,boot/grub/x86_64-efi/core.efi",
                "--dhcp-boot=tag:!efi64,boot/grub/i386-pc/core.0", *dnsmasq)


def pxe(lab, folder, payload, words, dnsmasq=()):
    """The NIC's PXE ROM -> GRUB over TFTP -> Multiboot2."""
    grub_tftp(lab, folder, payload, words, dnsmasq)
    return {"door": ["-boot", "n"], "nic_words": ",bootindex=0"}


def pxe_uefi(lab, folder, payload, words, dnsmasq=()):
    """OVMF's own PXE -> GRUB for EFI over TFTP -> Multiboot2."""
    grub_tftp(lab, folder, payload, words, dnsmasq)
    return {"door": [], "nic_words": ",bootindex=0,romfile=", "uefi": True, "machine": "q35"}


def ipxe(lab, folder, payload, words, dnsmasq=()):
    """iPXE (QEMU's ROM) -> script over HTTP -> Multiboot."""
    del folder
    url = lab.serve(payload, "urlboot.elf")
    script = lab.serve_text("boot.ipxe", f"#!ipxe\nkernel {url} {command_line(words)}\nboot\n")
    lab.dnsmasq("--dhcp-match=set:ipxe,175", f"--dhcp-boot=tag:ipxe,{script}", *dnsmasq)
    return {"door": ["-boot", "n"], "nic_words": ",bootindex=0", "machine": LOUD_BIOS}


def pxelinux(lab, folder, payload, words, dnsmasq=()):
    """PXELINUX over TFTP -> mboot.c32 -> Multiboot."""
    tree = Path(folder) / "pxelinux"
    (tree / "pxelinux.cfg").mkdir(parents=True, exist_ok=True)
    for name, source in {**PXELINUX_FILES, "urlboot.elf": payload}.items():
        (tree / name).write_bytes(Path(source).read_bytes())
    (tree / "pxelinux.cfg" / "default").write_text(
        f"SERIAL 0 115200\nDEFAULT u\nPROMPT 0\nLABEL u\n  KERNEL mboot.c32\n  APPEND urlboot.elf {command_line(words)}\n")
    lab.tftp_tree(tree)
    lab.dnsmasq("--enable-tftp", f"--tftp-root={lab.tftp}", "--dhcp-boot=pxelinux.0", *dnsmasq)
    return {"door": ["-boot", "n"], "nic_words": ",bootindex=0", "machine": LOUD_BIOS}


DOORS = {"bios": bios, "uefi": uefi, "kernel": kernel, "pxe": pxe, "pxe-uefi": pxe_uefi, "ipxe": ipxe,
         "pxelinux": pxelinux}
