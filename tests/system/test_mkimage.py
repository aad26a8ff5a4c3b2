"""iso/mkimage.sh as people call it: the PXE tree, what it says, what it leaves alone. No machine is started."""
import subprocess

import pytest

from conftest import TREE

MENU = "boot/grub/entries.cfg"


def netboot(payload, tree, *words):
    """`iso/mkimage.sh netboot`, called as the README does; returns what it said."""
    done = subprocess.run(["iso/mkimage.sh", "netboot", payload, tree, *words], cwd=TREE, capture_output=True,
                          text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def payload(tmp_path):
    """Any file does: nothing is booted."""
    path = tmp_path / "payload"
    path.write_bytes(b"\x7fELF")
    return path


def test_netboot_says_what_dhcp_names(payload, tmp_path):
    """Both loaders are where the text says."""
    tree = tmp_path / "tftp"
    said = netboot(payload, tree, "url=http://a/b.iso")
    for name in ("boot/grub/i386-pc/core.0", "boot/grub/x86_64-efi/core.efi"):
        assert name in said and (tree / name).is_file()
    assert (tree / "boot/urlboot.elf").read_bytes() == payload.read_bytes()


def test_netboot_quotes_each_word(payload, tmp_path):
    """Blanks and quotes survive GRUB's shell."""
    netboot(payload, tmp_path / "tftp", "url=http://a/b.iso", "entry=it's a \"word\"")
    assert """ 'entry=it'\\''s a "word"'\n""" in (tmp_path / "tftp" / MENU).read_text()


def test_netboot_renews_its_own_menu(payload, tmp_path):
    """Another URL replaces the first; no words at all leave the menu alone."""
    tree = tmp_path / "tftp"
    netboot(payload, tree)
    netboot(payload, tree, "url=http://a/first.iso")
    netboot(payload, tree, "url=http://a/second.iso")
    netboot(payload, tree)
    text = (tree / MENU).read_text()
    assert "second.iso" in text and "first.iso" not in text
    assert not (tree / f"{MENU}.new").exists()


@pytest.mark.parametrize("edited", [True, False], ids=["an edited one of ours", "the user's own"])
def test_netboot_keeps_the_users_menu(payload, tmp_path, edited):
    """What somebody wrote stays, and it is said where the new entry is."""
    tree = tmp_path / "tftp"
    netboot(payload, tree, "url=http://a/first.iso")
    text = (tree / MENU).read_text() + "# mine\n" if edited else "menuentry 'mine' { true }\n"
    (tree / MENU).write_text(text)
    said = netboot(payload, tree, "url=http://a/second.iso")
    assert (tree / MENU).read_text() == text
    assert f"{tree}/{MENU}.new" in said and "second.iso" in (tree / f"{MENU}.new").read_text()
