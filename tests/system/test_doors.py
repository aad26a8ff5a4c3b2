"""Every way into urlboot ends in the small ISO's Linux with the ISO as its medium."""
import re

import pytest


ALL_DOORS = ["bios", "uefi", "kernel", "pxe", "pxe-uefi", "ipxe", "pxelinux"]


@pytest.mark.parametrize("door", ALL_DOORS)
def test_door(boot, url, door):
    """The matrix of doors, virtio-net."""
    machine = boot.start(f"url={url}", door=door, memory=768)
    cmdline, _ = boot.expect_small(machine, 300)
    assert "findiso" not in cmdline
    if "uefi" in door:
        assert "SMALL-ISO-EFI 64" in machine.text, "Linux does not see the UEFI"


@pytest.mark.parametrize("door", ALL_DOORS)
def test_quoted_word_arrives_as_one(boot, door):
    """Blanks, quotes and a backslash in a word pass every loader: its value is repeated as it was meant."""
    name, machine = boot.bad('retry=two "quoted" w\\ords', door=door)
    assert name == "OptionInvalid"
    assert 'retry=two "quoted" w\\ords is not a number' in machine.text
    # As all the loaders' complaints do ("file ... not found", "no suitable video mode").
    assert "error: " not in machine.text


def test_plain_image_menu_asks(boot, url, build):
    """The image as `make` leaves it: its menu's second entry asks for a URL, typed on the serial line."""
    machine = boot.start(door="bios", image=build / "urlboot.iso")
    machine.wait("Ask for a URL", 60)
    machine.send("\x0e\r")                       # Ctrl-N: next entry
    machine.wait("URL of the ISO:", 60)
    machine.send(f"{url}\r")
    machine.wait(r"SMALL-ISO-LINUX|Linux version|Starting Linux|starting Linux", 200)


def test_plain_image_takes_the_url_from_dhcp(boot, url, build):
    """The image's first entry: DHCP option 67."""
    machine = boot.start(door="bios", image=build / "urlboot.iso", dnsmasq=[f"--dhcp-option-force=67,{url}"])
    machine.wait("Boot the URL that DHCP names", 60)
    machine.send("\r")
    machine.wait(r"SMALL-ISO-LINUX|Linux version|Starting Linux|starting Linux", 200)


def test_uefi_asks_shortly_where_dhcp_names_the_url(boot, url):
    """The firmware's question goes away by itself, soon."""
    machine = boot.start(door="uefi", dnsmasq=[f"--dhcp-option-force=67,{url}"], memory=768)
    machine.wait(r"wait 3 s for the one that DHCP names", 120)
    machine.wait(r"ISO of \d+ MiB goes to", 60)
    boot.expect_small(machine, 300)


@pytest.mark.parametrize("door", ["kernel", "uefi"])
def test_typed_url_is_edited(boot, url, door):
    """Backspace works at the prompt; on UEFI the firmware's console asks."""
    machine = boot.start("url=ask", door=door, memory=768)
    machine.wait("URL of the ISO:", 60)
    machine.send(f"{url}xyz\x7f\x08\x7f\r")
    boot.expect_small(machine, 300)


def test_summary_names_phases_and_times(boot, url, small):
    """After the download: a table of phases, and the digest said to be right."""
    machine = boot.start(f"url={url}", f"sha256={small.sha256}")
    boot.expect_small(machine)
    for word in ("DHCP", "DNS", "download", "ISO", "Linux"):
        assert re.search(word, machine.text, re.IGNORECASE), f"{word} is not in the summary"
