"""The Realtek driver on modelled cards that Linux's own driver and iPXE have judged (test_models.py): the ISO's digest
right, no complaint of the card's, whatever state it was left in, whatever befalls it; and Linux takes it over.
"""
import os
import sys
import time

import pytest

from models import CHIPS, why_not
from net import HTTP_PORT, SERVER
from vm import linux_needs

FLAP_S = 2              # longer than the loop takes to look at links
# Without MODELS=1 one chip of each generation: PHY by PHYAR; the gate; registers moved.
SOME = ["8168evl", "8168h", "8125b"]
TESTED = CHIPS if os.environ.get("MODELS") == "1" else SOME
each_chip = pytest.mark.parametrize("chip", TESTED)


@pytest.fixture(scope="session", autouse=True)
def cards():
    """Skips where there can be no such cards; with MODELS=1 that is an error."""
    reason = why_not()
    if reason:
        pytest.skip(reason)


def run(boot, url, small, chip, *model_options, **options):
    """Starts a boot to the small ISO over the modelled card."""
    return boot.start(f"url={url}", f"sha256={small.sha256}", model=chip, model_options=model_options, **options)


@each_chip
@pytest.mark.parametrize("state", ["off", "running", "gated", "asleep"])
def test_left_by_others(boot, url, small, chip, state):
    """As after power-on; still receiving into memory that is ours now; its FIFOs with management firmware; in D3 with the
    PHY off. The started Linux has no driver for it here, so that the end shows how urlboot leaves the card."""
    machine = run(boot, url, small, chip, "-s", state)
    machine.wait(r"^.*NIC .* realtek, RTL\S+ version [0-9a-f]{3}, 00:e0:4c:68:00:01$", 60)
    boot.expect_small(machine)
    report = machine.model.expect_no_complaints()
    assert (report["old_frames"] > 0) == (state == "running"), report.text
    for part in ("receiver_on", "transmitter_on", "bus_master"):
        assert report[part] == 0, report.text


@each_chip
def test_linux_takes_the_card_over(boot, url, small, chip):
    """The started Linux brings the same card up with its own driver and fetches the ISO again."""
    words = boot.linux_words
    boot.linux_words = lambda: [*words(), f"small.net=http://{SERVER}:{HTTP_PORT}/{small.path.name}"]
    machine = run(boot, url, small, chip, memory=640)
    machine.wait(r"^SMALL-ISO-OK", 240)
    found = machine.wait(r"^SMALL-ISO-NET driver=(\S+) sha256=([0-9a-f]{64})$", 120, fail="SMALL-ISO-FAILED.*")
    assert found.groups() == ("r8169", small.sha256)
    machine.wait_end()
    machine.model.expect_no_complaints()


def pull_in_mid_transfer(boot, lab, machine):
    """The link goes away and comes back while bytes flow: the same connection ends with the right bytes."""
    machine.wait(r"ISO of \d+ MiB goes to", 60)
    time.sleep(FLAP_S)
    machine.model.cable(False)
    machine.wait("link down", 20)
    time.sleep(FLAP_S)
    machine.model.cable(True)
    machine.wait("link up", 20)
    machine.wait(r"download: \d+ bytes", 60)
    boot.expect_small(machine)
    assert (lab.folder / "scripted.log").read_text().count('"GET"') == 1
    return machine.model.expect_no_complaints()


@each_chip
def test_cable_pulled_in_mid_transfer(boot, scripted_url, small, chip, lab):
    """See pull_in_mid_transfer()."""
    pull_in_mid_transfer(boot, lab, run(boot, scripted_url("paced/8"), small, chip))


def test_deaf_after_link_loss(boot, scripted_url, small, lab):
    """The same on a chip that receives nothing after the link was lost, until it is reset."""
    report = pull_in_mid_transfer(boot, lab, run(boot, scripted_url("paced/8"), small, "8125b", "-D"))
    assert report["link_downs"] > 0, report.text


def test_lost_doorbells(boot, url, small):
    """Every seventh doorbell does nothing."""
    machine = run(boot, url, small, "8168h", "-k", "7")
    boot.expect_small(machine)
    assert machine.model.expect_no_complaints()["doorbells_lost"] > 0


@each_chip
def test_cable_plugged_in_late(boot, url, small, chip):
    """No link at the start, one some seconds later, which takes a second to be negotiated."""
    machine = run(boot, url, small, chip, "-u", "-l", "1000")
    machine.wait(r"NIC .* realtek", 60)
    time.sleep(FLAP_S)
    assert "lease" not in machine.text
    machine.model.cable(True)
    boot.expect_small(machine)
    machine.model.expect_no_complaints()


@each_chip
def test_broken_frames(boot, url, small, chip):
    """Every hundredth frame that arrives has an error."""
    machine = run(boot, url, small, chip, "-e", "100")
    boot.expect_small(machine)
    report = machine.model.expect_no_complaints()
    assert report["rx_errors"] > 50, report.text


# More than the ring has descriptors, to everybody: a TCP connection alone would not send that much unanswered.
FLOOD = """import socket
to_all = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
to_all.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
for number in range(3000):
    to_all.sendto(bytes(100), ("10.77.0.255", 9))
"""


@each_chip
def test_ring_full(boot, lab, live, chip):
    """The processor stands still while frames come in: the ring fills up, and what comes then is lost. Nothing of the
    ISO is."""
    machine = boot.start(f"url={lab.serve(live.path)}", f"sha256={live.sha256}", model=chip, model_options=["-d"], memory=1536,
                         monitor=True)
    machine.wait(r"ISO of \d+ MiB goes to", 60)
    for _ in range(2):
        machine.command("stop")
        lab.start(sys.executable, "-c", FLOOD, log="flood.log").wait(60)
        time.sleep(0.3)
        machine.command("cont")
        time.sleep(0.3)
    machine.wait(r"download: \d+ bytes", 120)
    machine.wait(r"starting Linux", 60)      # which comes only when the digest is right
    report = machine.model.expect_no_complaints()
    assert report["rx_no_descriptor"] > 0, report.text


@pytest.mark.skipif(os.environ.get("MODELS") != "1", reason="a minute each: with MODELS=1")
@pytest.mark.parametrize("chip", [*CHIPS, "rtl8139"])
def test_live_system(boot, lab, live, chip):
    """The full Debian Live ISO over each model, and over QEMU's own 8139, to its userland, which reads the same bytes."""
    boot.linux_words = lambda: ["--", "console=ttyS0,115200", *linux_needs(), f"urlboot.report={live.length}", "urlboot.poweroff"]
    card = {"nic": chip} if chip == "rtl8139" else {"model": chip}
    machine = boot.start(f"url={lab.serve(live.path)}", f"sha256={live.sha256}", memory=1536, **card)
    machine.wait(r"^URLBOOT-LIVE-READY", 600)
    assert machine.wait(r"^URLBOOT-SHA256 ([0-9a-f]{64})$", 120).group(1) == live.sha256
    machine.wait_end(120)
    if "model" in card:
        machine.model.expect_no_complaints()
