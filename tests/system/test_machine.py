"""Memory, options, media: what the machine has and what the words ask for."""
import re
import subprocess

import pytest

GIB = 1 << 30


@pytest.mark.parametrize("door", ["kernel", "bios", "uefi"])
def test_memory_above_4_gib(boot, url, door):
    """The ISO goes up there, and is read from there."""
    machine = boot.start(f"url={url}", door=door, memory=6144)
    boot.expect_small(machine, 300)
    regions = re.findall(r"SMALL-ISO-IOMEM\s+([0-9a-f]+)-([0-9a-f]+) : (?:Persistent Memory|Reserved|reserved)",
                         machine.text)
    high = [int(end, 16) - int(start, 16) + 1 for start, end in regions if int(start, 16) >= 4 * GIB]
    assert any(boot.small.length <= size < GIB for size in high), f"no region for the ISO above 4 GiB: {regions}"


def test_too_little_memory(boot, lab, live):
    """An ISO that does not fit is refused before its body is taken."""
    name, machine = boot.bad(f"url={lab.serve(live.path)}", "retry=0", memory=192)
    assert name == "NotEnoughMemory"
    assert re.search(r"\d+ MiB", machine.text), "the numbers are not said"
    machine.close()
    sent = [int(line.split()[9]) for line in (lab.folder / "nginx" / "access.log").read_text().splitlines()
            if "live.iso" in line]
    assert all(size < live.length // 8 for size in sent), f"{sent} bytes were sent"


@pytest.mark.parametrize("words, name, hint", [
    (["sha265=" + "0" * 64], "OptionUnknown", "sha256"),
    (["sha256=abc"], "OptionInvalid", "sha256"),
    (["ip=10.77.0.300::10.77.0.1:255.255.255.0"], "OptionInvalid", "ip"),
    (["medium=tape"], "OptionInvalid", "medium"),
    (["timeout=soon"], "OptionInvalid", "timeout"),
    (["url=ftp://10.77.0.1/x"], "SchemeUnsupported", "ftp"),
    (["url=http:///x"], "UrlInvalid", "url"),
])
def test_bad_options(boot, words, name, hint):
    """Each is named with what is wrong with it."""
    got, machine = boot.bad(*words)
    assert got == name
    assert hint in machine.text


def test_not_an_iso(boot, lab, payload):
    """Any other file."""
    assert boot.bad(f"url={lab.serve(payload, 'program.iso')}")[0] == "NotAnIso"


def test_iso_cut_short(boot, lab, small, folder):
    """A file whose last half is missing: the ISO's own size field says so."""
    cut = folder / "cut.iso"
    cut.write_bytes(small.path.read_bytes()[:small.length // 2])
    assert boot.bad(f"url={lab.serve(cut)}")[0] == "IsoInvalid"


def test_iso_without_linux(boot, lab, small, folder):
    """An ISO whose configuration names files that are not there."""
    broken = folder / "broken.iso"
    broken.write_bytes(small.path.read_bytes().replace(b"the.Kernel_image", b"the.Kernel_imago"))
    broken.write_bytes(broken.read_bytes().replace(b"GRUB.CFG", b"GRUB.CFH").replace(b"grub.cfg", b"grub.cfh"))
    assert boot.bad(f"url={lab.serve(broken)}")[0] == "NoBootEntry"


@pytest.mark.parametrize("medium, device, words", [
    ("vmcore", "/dev/loop0", ""), ("pmem", "/dev/pmem0", "small.nvdimm"), ("initrd", "/live.iso", "")])
def test_medium(boot, url, medium, device, words):
    """Each way to hand the ISO over, asked for by name."""
    words_for_linux = boot.linux_words
    boot.linux_words = lambda: [*words_for_linux(), *words.split()]
    machine = boot.start(f"url={url}", f"medium={medium}", memory=768)
    _, got = boot.expect_small(machine)
    assert got == device
    assert "warning: how this system looks for its medium is not known" in machine.text


def test_entry_by_title(boot, url):
    """entry= picks an entry of a submenu by its title."""
    machine = boot.start(f"url={url}", "entry=Deeper")
    assert "marker=deeper" in machine.wait(r"^SMALL-ISO-CMDLINE (.*)$", 240).group(1)


def test_files_named_by_hand(boot, url, small):
    """kernel=, initrd= and append= override the ISO's configuration."""
    listing = subprocess.run(["xorriso", "-indev", small.path, "-find", "/.strange", "-type", "f"],
                             capture_output=True, text=True, check=True).stdout.replace("'", "")
    kernel = next(name for name in listing.splitlines() if "Kernel" in name)
    machine = boot.start(f"url={url}", f"kernel={kernel}", "initrd=/.strange/Deep Folder/ramdisk.2",
                         "append=quiet marker=by-hand")
    assert "marker=by-hand" in machine.wait(r"^SMALL-ISO-CMDLINE (.*)$", 240).group(1)


def test_profile(boot, url, small):
    """profile: the stages share the whole time, and all bytes were counted."""
    text = boot.good(f"url={url}", "profile").text
    assert "profile of the download: " in text
    shares = dict(re.findall(r"^.*?  (waiting|loop|driver|lwip input|send|http|hash|sink|return) +(\d+\.\d) %", text, re.MULTILINE))
    assert len(shares) == 9, shares
    assert 99 < sum(map(float, shares.values())) <= 100, shares
    assert all(float(shares[name]) > 0 for name in ("waiting", "driver", "lwip input", "sink")), shares
    frames, received, sent, pieces = map(int, re.search(
        r"  (\d+) frames with (\d+) bytes received, (\d+) frames sent, (\d+) pieces written", text).groups())
    assert received > small.length and frames > 0 and sent > 0 and pieces > 0
    assert int(re.search(r"at most \d+ frames in one, (\d+) doorbells", text).group(1)) > 0


def test_no_interval_timer(boot, url, small):
    """Without a PIT, and with a processor that does not tell its rate, the ACPI timer sets the clock right."""
    text = boot.good(f"url={url}", f"sha256={small.sha256}", machine="pc,pit=off").text
    assert re.search(r"warning: time: TSC is \d+ MHz by the ACPI timer, not 1000 MHz; corrected", text)
    assert "all times are a guess" not in text
