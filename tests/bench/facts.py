"""What the figures were made on: processor, accelerator, versions of the clients and of what serves them."""
import os
import platform
import re
import subprocess
from pathlib import Path

from vm import accelerator

# Debian's packages of the other clients and of the server.
PACKAGES = {"iPXE": "ipxe", "GRUB": "grub-efi-amd64-bin", "OVMF": "ovmf", "nginx": "nginx", "busybox": "busybox-static"}


def output(*command):
    """What a command prints, without the last newline; empty when it cannot run."""
    try:
        return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False).stdout.strip()
    except OSError:
        return ""


def package_version(name):
    """The installed version of a Debian package, empty when there is none."""
    return output("dpkg-query", "-W", "-f", "${Version}", name)


def machine_facts(build):
    """A dict for results.json."""
    info = Path("/proc/cpuinfo").read_text()
    found = re.search(r"^model name\s*:\s*(.*)$", info, re.MULTILINE)
    versions = {name: package_version(package) for name, package in PACKAGES.items()}
    kernels = sorted((build / "live" / "root" / "boot").glob("vmlinuz-*"))
    if kernels:
        versions["Linux"] = kernels[-1].name.removeprefix("vmlinuz-")
    commit = output("git", "-c", "safe.directory=*", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty")
    accel = accelerator()
    return {"cpu": found.group(1) if found else platform.machine(), "cores": os.cpu_count(),
            "sha_ni": bool(re.search(r"^flags\s*:.*\bsha_ni\b", info, re.MULTILINE)),
            "accel": accel, "guest_cpu": "host" if accel == "kvm" else "qemu64,+rdrand",
            "qemu": output("qemu-system-x86_64", "--version").split("version ")[-1].splitlines()[0],
            "versions": {"urlboot": commit, **{name: text for name, text in versions.items() if text}}}
