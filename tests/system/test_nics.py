"""Network cards other than virtio: each model of QEMU's boots, survives its cable, and is left to Linux's own driver."""
import re
import time

import pytest

from net import HTTP_PORT, SERVER

MODELS = {"e1000": "intel, 82540EM", "e1000-82544gc": "intel, 82544GC", "e1000-82545em": "intel, 82545EM",
          "e1000e": "intel, 82574L", "rtl8139": "rtl8139, RTL8139C+"}
LINUX_DRIVERS = {"e1000": "e1000", "e1000-82544gc": "e1000", "e1000e": "e1000e", "rtl8139": "8139cp",
                 "virtio-net-pci": "virtio_net"}
FLAP_S = 2


@pytest.mark.parametrize("nic", MODELS)
def test_model(boot, url, small, nic):
    """Found, named, used; the bytes are right."""
    machine = boot.good(f"url={url}", f"sha256={small.sha256}", nic=nic)
    assert MODELS[nic] in machine.text


def assert_silenced_first(text):
    """The card that firmware left as bus master lost that before memory was used again: all of it, behind UEFI."""
    assert text.index("bus mastering taken from 1 network function") < text.rindex("MiB RAM, ")


@pytest.mark.parametrize("door, nic", [("pxe", "e1000"), ("pxe", "e1000e"), ("pxe", "rtl8139"),
                                       ("ipxe", "e1000"), ("ipxe", "e1000e"), ("ipxe", "rtl8139")])
def test_after_firmware(boot, url, small, door, nic):
    """The card's ROM has used it just before: receiver on, old rings."""
    assert_silenced_first(boot.good(f"url={url}", f"sha256={small.sha256}", door=door, nic=nic).text)


@pytest.mark.parametrize("nic, rom", [("e1000", True), ("e1000e", True), ("e1000e", False), ("rtl8139", True)])
def test_in_uefi_machine(boot, url, small, nic, rom):
    """A machine with PCI Express, with firmware that has a driver for the card, by its ROM, and without."""
    machine = boot.good(f"url={url}", f"sha256={small.sha256}", door="uefi", nic=nic, rom=rom, memory=768)
    if rom:
        assert_silenced_first(machine.text)


@pytest.mark.parametrize("nic", ["e1000", "e1000e", "rtl8139", "virtio-net-pci"])
def test_cable_pulled_in_mid_transfer(boot, scripted_url, small, nic, lab):
    """The link goes away and comes back while bytes flow: the same connection ends with the right bytes."""
    machine = boot.start(f"url={scripted_url('paced/8')}", f"sha256={small.sha256}", nic=nic, monitor=True)
    machine.wait(r"ISO of \d+ MiB goes to", 60)
    time.sleep(FLAP_S)
    machine.set_link(False)
    machine.wait("link down", 20)
    time.sleep(FLAP_S)
    machine.set_link(True)
    machine.wait("link up", 20)
    machine.wait(r"download: \d+ bytes", 60)
    boot.expect_small(machine)
    assert (lab.folder / "scripted.log").read_text().count('"GET"') == 1


@pytest.mark.parametrize("nic", ["e1000", "e1000e", "rtl8139"])
def test_cable_plugged_in_late(boot, url, small, nic):
    """No link at the start, one some seconds later."""
    machine = boot.start(f"url={url}", f"sha256={small.sha256}", nic=nic, monitor=True, extra=["-S"])
    machine.set_link(False)
    machine.command("cont")
    machine.wait(rf"NIC .* {re.escape(MODELS[nic])}", 60)
    time.sleep(FLAP_S)
    assert "lease" not in machine.text
    machine.set_link(True)
    boot.expect_small(machine)


@pytest.mark.parametrize("nic", LINUX_DRIVERS)
def test_linux_takes_the_card_over(boot, url, small, nic):
    """The started Linux brings the same card up with its own driver and fetches the ISO again."""
    words = boot.linux_words
    boot.linux_words = lambda: [*words(), f"small.net=http://{SERVER}:{HTTP_PORT}/{small.path.name}"]
    machine = boot.start(f"url={url}", f"sha256={small.sha256}", nic=nic, memory=640)
    machine.wait(r"^SMALL-ISO-OK", 240)
    found = machine.wait(r"^SMALL-ISO-NET driver=(\S+) sha256=([0-9a-f]{64})$", 120, fail="SMALL-ISO-FAILED.*")
    assert found.groups() == (LINUX_DRIVERS[nic], small.sha256)
    machine.wait_end()
