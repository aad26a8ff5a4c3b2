"""The ways to the network on UEFI: the firmware's HTTP, our own drivers, and how one follows on the other."""
import re

import pytest

from doors import mkimage
from test_http import requests

MEMORY = 768
FIRMWARE = "backend: the firmware's HTTP"
OURS = "backend: our own drivers"
SENT_AHEAD = 1 << 20         # by nginx in one go under limit_rate=600k, and what its socket holds


def assert_firmware_survived(text):
    """What Linux wants of UEFI is there: variables through its runtime services, and its framebuffer."""
    assert re.search(r"^SMALL-ISO-EFIVARS [1-9]\d* framebuffer=0 EFI VGA", text, re.MULTILINE)


def answers(lab):
    """(status, bytes sent) of nginx's answers about the small ISO, in their order."""
    log = (lab.folder / "nginx" / "access.log").read_text()
    return [(int(status), int(sent)) for status, sent in re.findall(r'small\.iso\S* HTTP/1\.1" (\d+) (\d+)', log)]


@pytest.mark.parametrize("door", ["uefi", "pxe-uefi"])
def test_firmware_alone(boot, url, small, lab, door):
    """All of it through the firmware, whose drivers nobody has connected (CD), or that GRUB has just used (PXE)."""
    machine = boot.good(f"url={url}", f"sha256={small.sha256}", "backend=uefi", door=door, memory=MEMORY)
    assert "MiB 100 %" in machine.text and "(uefi)" in machine.text
    assert answers(lab) == [(200, small.length)]
    before = int(re.search(r"UEFI: [1-9]\d* network drivers, (\d+) before", machine.text).group(1))
    assert (before == 0) == (door == "uefi"), "OVMF connects what it boots from, and GRUB uses that"
    assert_firmware_survived(machine.text)
    assert "SMALL-ISO-ACPI NFIT" in machine.text
    assert machine.text.index("SHA-256 matches") < machine.text.index("bus mastering taken from 1 network function")


@pytest.mark.parametrize("door", ["uefi", "pxe-uefi"])
def test_leaves_slow_firmware(boot, url, small, lab, door):
    """The download goes on at the same byte over our own drivers."""
    # Each connection has that limit: several of them would bring more, and would be tried.
    machine = boot.good(f"url={url}?limit=600k", f"sha256={small.sha256}", "connections=1", door=door, memory=MEMORY)
    assert machine.text.index(FIRMWARE) < machine.text.index("leaving the firmware's HTTP: it is slow")
    assert machine.text.index("leaving the firmware's HTTP") < machine.text.index(OURS)
    (status, begun), (next_status, rest) = answers(lab)
    assert (status, next_status) == (200, 206)
    kept = small.length - rest
    assert 0 < kept <= begun, "nothing of what had come was kept"
    assert begun - kept <= SENT_AHEAD, "more came twice than lay between the server and us"
    assert_firmware_survived(machine.text)


def test_goes_on_after_a_cut(boot, scripted_url, small, lab):
    """The server breaks off in the middle: the next backend asks for the rest."""
    machine = boot.good(f"url={scripted_url('cut-once/300000')}", f"sha256={small.sha256}", door="uefi", memory=MEMORY)
    assert "leaving the firmware's HTTP: BodyTruncated" in machine.text and OURS in machine.text
    first, second = requests(lab)
    assert "range" not in first["headers"]
    assert second["headers"]["range"] == "bytes=300000-"


def test_firmware_goes_on_after_a_cut(boot, scripted_url, small, lab):
    """... and so does the firmware's HTTP when it is all there is."""
    boot.good(f"url={scripted_url('truncated-once')}", f"sha256={small.sha256}", "backend=uefi", door="uefi",
              memory=MEMORY)
    assert requests(lab)[1]["headers"]["range"] == f"bytes={small.length // 2}-"


@pytest.mark.parametrize("path", ["chunked", "redirect/absolute", "redirect/relative"])
def test_firmware_gets_good_answers(boot, scripted_url, small, path):
    """Redirects, chunks and ends of connection through the firmware."""
    boot.good(f"url={scripted_url(path)}", f"sha256={small.sha256}", "backend=uefi", door="uefi", memory=MEMORY)


def test_firmware_wants_a_length(boot, scripted_url, small):
    """A body that only the end of the connection ends: edk2 waits for ever, so it is ours."""
    machine = boot.good(f"url={scripted_url('close11')}", f"sha256={small.sha256}", door="uefi", memory=MEMORY)
    assert "leaving the firmware's HTTP: Unsupported" in machine.text and OURS in machine.text


BAD = {"status/404": "HttpError", "truncated": "BodyTruncated", "stall": "TransferStalled", "reset": "ConnectionReset",
       "redirect/loop": "TooManyRedirects", "two-lengths": "InvalidResponse"}


@pytest.mark.parametrize("path", BAD)
def test_firmware_gets_bad_answers(boot, scripted_url, path):
    """The same names as on our own stack."""
    name, machine = boot.bad(f"url={scripted_url(path)}", "backend=uefi", "retry=0", "timeout=5", door="uefi",
                             memory=MEMORY)
    assert name == BAD[path], machine.tail()


def test_firmware_without_driver(boot, url, small):
    """A card that OVMF has no driver for, and no ROM: ours carries it, and the reason is told."""
    machine = boot.good(f"url={url}", f"sha256={small.sha256}", door="uefi", nic="e1000", memory=MEMORY)
    assert re.search(r"backend: not the firmware's HTTP: NoNicFound: \S", machine.text), machine.tail()
    assert OURS in machine.text


def test_firmware_without_dhcp(boot, url):
    """Nobody gives an address: both are asked, and both reasons are shown."""
    name, machine = boot.bad(f"url={url}", "timeout=5", door="uefi", dnsmasq=["--dhcp-ignore=tag:!known"],
                             memory=MEMORY)
    assert name == "DhcpTimeout"
    assert re.search(r"why: +uefi: DhcpTimeout: .*; native: DhcpTimeout: ", machine.text), machine.tail()


def test_https_is_the_firmwares(boot):
    """OVMF without certificates takes no server; boot services are not left for a stack that has no TLS."""
    name, machine = boot.bad("url=https://10.77.0.1/small.iso", "retry=0", "timeout=5", door="uefi", memory=MEMORY)
    assert name not in ("SchemeUnsupported", "NoNicFound"), machine.tail()
    assert "leaving the firmware's HTTP" not in machine.text and "bus mastering taken" not in machine.text


def test_static_address(boot, url, small):
    """ip= for the firmware, too."""
    machine = boot.good(f"url={url}", f"sha256={small.sha256}", "backend=uefi", "ip=10.77.0.44::10.77.0.1:255.255.255.0",
                        door="uefi", memory=MEMORY)
    assert "UEFI: 10.77.0.44 on " in machine.text


def test_native_leaves_boot_services_at_once(boot, url, small):
    """backend=native asks firmware for nothing."""
    machine = boot.good(f"url={url}", f"sha256={small.sha256}", "backend=native", door="uefi", memory=MEMORY)
    assert "UEFI: connecting" not in machine.text
    assert "backend: " not in machine.text and "(native, virtio-net)" in machine.text


def test_uefi_backend_on_bios(boot, url):
    """What is not there is said."""
    name, machine = boot.bad(f"url={url}", "backend=uefi")
    assert name == "UefiProtocolNotFound"
    assert "did not boot by UEFI" in machine.text


def test_linux_finds_the_iso_by_acpi(boot, url, small):
    """The firmware's RAM disk alone: no e820 device, no /proc/vmcore."""
    words_for_linux = boot.linux_words
    boot.linux_words = lambda: [*words_for_linux(), "small.nfit"]
    machine = boot.start(f"url={url}", "backend=snp", "medium=pmem", door="uefi", memory=MEMORY)
    assert boot.expect_small(machine)[1] == "/dev/pmem0"
    assert "SMALL-ISO-ACPI NFIT" in machine.text


@pytest.mark.parametrize("nic", ["virtio-net-pci", "pcnet", "vmxnet3"])
def test_our_stack_on_the_firmwares_driver(boot, url, small, nic):
    """backend=snp, with OVMF's own driver and with those of cards that we have none for."""
    machine = boot.good(f"url={url}", f"sha256={small.sha256}", "backend=snp", door="uefi", nic=nic, memory=MEMORY,
                        rom=nic != "virtio-net-pci")
    assert "NIC snp, the firmware's driver 0" in machine.text
    assert "(snp)" in machine.text


def test_snp_follows_on_the_firmwares_http(boot, scripted_url, small):
    """A card that only the firmware knows: its HTTP first, then its driver; boot services are not left for nothing."""
    machine = boot.good(f"url={scripted_url('cut-once/300000')}", f"sha256={small.sha256}", door="uefi", nic="pcnet",
                        memory=MEMORY, rom=True)
    assert re.search(r"leaving the firmware's HTTP: (BodyTruncated|TransferStalled): \S", machine.text)
    assert "no driver of our own" not in machine.text.split("leaving the firmware's HTTP")[1].split("\n")[0]
    assert "backend: not our own drivers: NoNicFound" in machine.text
    assert "backend: the firmware's network driver" in machine.text


@pytest.mark.parametrize("backend", ["uefi", "native", "snp"])
def test_the_isos_own_loader(boot, url, small, lab, folder, payload, backend):
    """start=efi: GRUB of an ISO runs from the firmware's RAM disk; here it starts urlboot again, and that Linux.
    The ISO came over each way to the network, all of them with boot services alive."""
    words = [f"url={url}", f"sha256={small.sha256}", "backend=native", "on-error=halt", *boot.linux_words()]
    chain = lab.serve(mkimage("iso", payload, folder / "chain.iso", words))
    machine = boot.start(f"url={chain}", "start=efi", f"backend={backend}", door="uefi", memory=MEMORY)
    machine.wait("starting the ISO's own boot loader from a RAM disk", 120)
    machine.wait("urlboot .* loaded by GRUB", 60)
    boot.expect_small(machine)


def test_no_loader_in_the_iso(boot, url):
    """An ISO that UEFI cannot boot is named as one."""
    name, machine = boot.bad(f"url={url}", "start=efi", "backend=native", door="uefi", memory=MEMORY)
    assert name == "FileNotFound" and "BOOTX64.EFI" in machine.text


def test_broken_loader_in_the_iso(boot, lab, folder, payload):
    """A loader that the firmware does not load is the firmware's word."""
    image = mkimage("iso", payload, folder / "chain.iso", ["url=http://10.77.0.1/x"])
    data = bytearray(image.read_bytes())
    for at in range(0, len(data) - 64, 512):
        header = int.from_bytes(data[at + 60:at + 64], "little")
        if data[at:at + 2] == b"MZ" and data[at + header:at + header + 4] == b"PE\0\0":
            data[at:at + 2] = b"ZM"
    image.write_bytes(data)
    name, machine = boot.bad(f"url={lab.serve(image)}", "start=efi", "backend=native", door="uefi", memory=MEMORY)
    assert name == "UefiOperationFailed", machine.tail()
    assert "does not load the ISO's boot loader" in machine.text


def test_efi_loader_on_bios(boot, url):
    """start=efi is refused where there is no UEFI."""
    assert boot.bad(f"url={url}", "start=efi")[0] == "UefiProtocolNotFound"
