"""`make run` and what belongs to it: packages, words, exit status, what is left behind. Needs no boot of Linux."""
import re
import subprocess

import pytest

from conftest import TREE
from doors import PXELINUX_FILES
from vm import OVMF_CODE, OVMF_VARS, first_existing


def packages(*lists):
    """What tests/setup.sh installs by the lists BUILD, RUN, ..."""
    text = (TREE / "tests" / "setup.sh").read_text()
    return {word for name in lists for word in re.search(rf"^{name}='([^']*)'", text, re.MULTILINE).group(1).split()}


@pytest.mark.parametrize("path", [
    *PXELINUX_FILES.values(), "/usr/sbin/dnsmasq", "/usr/sbin/nginx", "/usr/sbin/debootstrap", "/usr/bin/mksquashfs",
    "/usr/bin/xorriso", "/usr/bin/grub-mkrescue", "/usr/bin/grub-mknetdir", "/usr/lib/grub/i386-pc/multiboot2.mod",
    "/usr/lib/grub/x86_64-efi/multiboot2.mod", first_existing(OVMF_CODE), first_existing(OVMF_VARS)])
def test_run_installs_what_its_doors_need(path):
    """Each file that a door or an image takes from the machine comes with `tests/setup.sh run`."""
    owner = subprocess.run(["dpkg-query", "-S", path], capture_output=True, text=True, check=False).stdout.split(":")[0]
    assert owner in packages("BUILD", "RUN"), f"{path} belongs to {owner or 'no package'}"
