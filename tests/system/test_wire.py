"""Downloads over distance, narrow paths and bad wires: the bytes are right, and no fault goes unnoticed.

Speeds are not asserted: they belong to the machine that runs this. The wire's counters prove that there were faults.
"""
import pytest


def download(boot, url, small, wire):
    """Downloads over the wire, up to the right digest; returns the wire's counters, after what holds of every run."""
    machine = boot.start(f"url={url}", f"sha256={small.sha256}", netdev=wire.netdev)
    machine.wait("download: SHA-256 matches", 180)
    found = wire.counters()
    machine.close()
    assert found["down_in_bytes"] > small.length and found["up_in"] > 0
    # All that the kernel sends passes the wire, as frames of the MTU, and none is lost beside it.
    assert found["down_in_bytes"] <= 1514 * found["down_in"], found
    assert found["tap_dropped"] == found["down_slots_full"] == found["up_slots_full"] == found["oversize"] == 0, found
    return found


def test_distance(boot, wire, url, small):
    """25 ms round trip."""
    found = download(boot, url, small, wire(delay_ms=12.5))
    assert found["down_lost"] == found["up_lost"] == 0


def requests(lab):
    """What nginx answered."""
    return (lab.folder / "nginx" / "access.log").read_text().splitlines()


def test_several_connections(boot, wire, lab, live):
    """A server that gives each connection 5 MB/s, far away: more of them are opened, and the bytes are right."""
    far = wire(delay_ms=5)
    machine = boot.start(f"url={lab.serve(live.path)}?limit=5m", f"sha256={live.sha256}", memory=1024, netdev=far.netdev)
    # How many of them pay is the machine's business; that they are tried, and that the parts fit, is ours.
    machine.wait(r"download: connections at a time: \d+", 180)
    machine.wait("download: SHA-256 matches", 180)
    machine.close()
    assert sum(" 206 " in line for line in requests(lab)) > 0, requests(lab)


def test_one_connection_when_told(boot, wire, lab, small):
    """connections=1: one request, whatever the way."""
    far = wire(delay_ms=5)
    machine = boot.start(f"url={lab.serve(small.path)}?limit=2m", f"sha256={small.sha256}", "connections=1",
                         netdev=far.netdev)
    machine.wait("download: SHA-256 matches", 180)
    machine.close()
    assert len(requests(lab)) == 1, requests(lab)


FAULTS = {
    "loss": ({"loss_ppm": 1000, "delay_ms": 5}, ["lost"]),
    "bursts of loss": ({"loss_ppm": 5000, "burst": 8, "delay_ms": 1}, ["lost"]),
    "reordering": ({"reorder": 20000, "delay_ms": 1}, ["reordered"]),
    "duplication": ({"duplicate": 10000, "delay_ms": 1}, ["duplicated"]),
    "corruption": ({"corrupt": 1000, "delay_ms": 1}, ["corrupted"]),
    "narrow": ({"rate_mbit": 50, "delay_ms": 5}, []),
    "all": ({"rate_mbit": 200, "delay_ms": 2.5, "loss_ppm": 1000, "reorder": 5000, "duplicate": 5000, "corrupt": 500},
            ["lost", "reordered", "duplicated", "corrupted"]),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_faults(boot, wire, url, small, fault):
    """Each fault by itself, a narrow path, and all at once."""
    how, counted = FAULTS[fault]
    found = download(boot, url, small, wire(**how))
    for name in counted:
        assert found[f"down_{name}"] > 0, found


def test_corruption_is_caught_without_digest(boot, wire, url):
    """Nothing but the checksums of IP and TCP looks at the bytes on the way; the small ISO's Linux does later."""
    bad = wire(corrupt=5000, delay_ms=1)
    boot.good(f"url={url}", netdev=bad.netdev)
    assert bad.counters()["down_corrupted"] > 10
