"""The main job, whole: `make run`'s program boots the Debian Live ISO to its userland, which reads the same bytes."""
import re
import subprocess
import sys

import pytest

from conftest import TREE

LIMIT_S = 900
KEY = re.compile(r"^URLBOOT-([A-Z0-9-]+) ?(.*?)\r?$", re.MULTILINE)


def run_py(build, live, mode, memory):
    """Runs tests/run.py to the machine's end; returns what it printed."""
    words = f"sha256={live.sha256} on-error=halt -- urlboot.report={live.length} urlboot.poweroff"
    done = subprocess.run([sys.executable, TREE / "tests" / "run.py", "--build", build, "--mode", mode,
                           "--mem", str(memory), "--append", words, "--stop-at", "urlboot failed"],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
                          timeout=LIMIT_S, check=False)
    return done.stdout + done.stderr


@pytest.mark.parametrize("mode", ["bios", "uefi"])
def test_live_system_reaches_its_userland(build, live, mode):
    """BIOS and UEFI, GRUB's CD image."""
    text = run_py(build, live, mode, 1536)
    seen = {}
    for key, value in KEY.findall(text):
        seen.setdefault(key, value)
    end = text[-3000:]
    assert "LIVE-READY" in seen, end
    device = seen["MEDIUM"].split()[0]
    assert device.startswith(("/dev/loop", "/dev/pmem")), seen
    assert seen["SHA256"] == live.sha256, "the medium's bytes are not the ISO's"
    assert seen["ROOT"].startswith("overlay"), seen
    assert ("EFI" in seen) == (mode == "uefi"), seen
    if mode == "uefi":
        assert re.search(r"variables=[1-9]\d* framebuffer=0 \S", seen["EFI"]), seen
