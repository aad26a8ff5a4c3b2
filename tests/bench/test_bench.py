"""The bench's arithmetic and drawings on made-up runs: medians, ratios, failures, CPU time between samples, bars."""
import os
import socket
import xml.etree.ElementTree as xml
from types import SimpleNamespace

import pytest

import hash_cost
import measure
from bench import choose, shuffled
from clients import Urlboot
from measure import LINE, cpu_at
from plot import LEFT, RIGHT, WIDTH, Scale, svg
from sock_diag import TcpQueue
from table import Cell, cells, markdown, number, ratio

MB = 1000000
GIB = 1 << 30


def run(nic, client, rate, number=1, cpu=1.0):
    """A good run of 100 MB at `rate` MB/s."""
    return {"nic": nic, "client": client, "round": number, "bytes": 100 * MB, "seconds": 100 / rate, "cpu_seconds": cpu}


@pytest.fixture(name="results")
def made_up():
    """Two NICs; one client fails on one of them, urlboot has no driver for the other."""
    runs = [run("alpha", "urlboot", rate, n) for n, rate in enumerate((300, 100, 200), 1)]
    runs += [run("alpha", "Linux", 50), run("alpha", "Linux", 150, 2)]
    runs += [{"nic": "alpha", "client": "GRUB", "round": 1, "failed": "no download began in 60 s"}]
    runs += [{"nic": "beta", "client": "urlboot", "round": 1, "no_driver": "NoNicFound"}, run("beta", "Linux", 80)]
    runs += [run("beta", "GRUB", 2), {"nic": "beta", "client": "GRUB", "round": 2, "failed": "no traffic for 60 s"}]
    for place, entry in enumerate(runs):
        entry["load"] = 1 + place / 100
    return {"date": "2000-01-01", "size_mib": 95, "rounds": 3, "slow_rounds": 1, "memory_mib": 702, "nics": ["alpha", "beta"],
            "clients": ["urlboot", "Linux", "GRUB"], "runs": runs,
            "machine": {"cpu": "Made Up", "cores": 2, "sha_ni": True, "accel": "tcg", "guest_cpu": "qemu64", "qemu": "0",
                        "versions": {"Linux": "1"}}}


def test_median_and_span():
    """The middle one of three, the mean of the middle two."""
    cell = Cell([run("n", "c", rate) for rate in (300, 100, 200)])
    assert (cell.rate, min(cell.rates), max(cell.rates), cell.count) == (pytest.approx(200), pytest.approx(100),
                                                                       pytest.approx(300), 3)
    assert Cell([run("n", "c", 100), run("n", "c", 200)]).rate == pytest.approx(150)


def test_cost_is_per_gib():
    """2 s for half a GiB are 4 s/GiB."""
    cell = Cell([{"bytes": GIB // 2, "seconds": 1.0, "cpu_seconds": 2.0}])
    assert cell.cost == pytest.approx(4)


def test_failed_runs_are_counted_not_averaged():
    """A failed run changes n, not the median."""
    cell = Cell([run("n", "c", 100), {"failed": "x"}])
    assert (cell.rate, cell.count, cell.tried) == (pytest.approx(100), 1, 2)
    assert Cell([{"failed": "x"}]).rate is None


def test_ratio(results):
    """urlboot's median over the other's; nothing where one has none."""
    table = cells(results["runs"])
    assert ratio(table, "alpha", "Linux") == pytest.approx(2)
    assert ratio(table, "alpha", "GRUB") is None
    assert ratio(table, "beta", "Linux") is None


@pytest.mark.parametrize("value,expected", [(None, ""), (1.414, "1.41"), (14.14, "14.1"), (141.4, "141")])
def test_number(value, expected):
    """Three digits."""
    assert number(value) == expected


def rows(text):
    """The cells of all table rows."""
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")]


def test_table(results):
    """Every pair is there, with figure, dash or reason."""
    table = rows(markdown(results))
    assert ["alpha", "200", "100 (2.00x)", "failed"] in table
    assert ["beta", "-", "80.0", "2.00"] in table
    assert ["alpha", "urlboot", "200", "100..300", "3", "", "10.7"] in table
    assert ["alpha", "Linux", "100", "50.0..150", "2", "2.00x", "10.7"] in table
    assert ["alpha", "GRUB", "failed", "no download began in 60 s", "0 of 1", "", ""] in table
    assert ["beta", "urlboot", "-", "no driver", "", "", ""] in table
    assert ["beta", "GRUB", "2.00", "2.00..2.00", "1 of 2", "", "10.7"] in table


def test_load_is_told(results):
    """Whoever reads the table shall see that the host was busy."""
    assert "load average before the runs, 1.00..1.09" in markdown(results)


def test_failures_are_listed(results):
    """Also those of pairs that have a figure."""
    text = markdown(results)
    assert "- alpha, GRUB, round 1: no download began in 60 s" in text
    assert "- beta, GRUB, round 2: no traffic for 60 s" in text


def test_scale_is_logarithmic():
    """A decade is as wide as the next; all rates are inside."""
    scale = Scale([2, 300])
    assert scale.ticks() == [1, 10, 100, 1000]
    assert scale.x(10) - scale.x(1) == pytest.approx(scale.x(1000) - scale.x(100))
    assert (scale.x(1), scale.x(1000)) == (pytest.approx(LEFT), pytest.approx(WIDTH - RIGHT))
    assert Scale([1, 5]).x(1) > LEFT, "a bar of no length"
    assert Scale([]).ticks(), "nothing but failures must be drawable, too"


def test_plot(results):
    """One bar per figure, as long as its rate says; words where there is no figure."""
    root = xml.fromstring(svg(results))
    space = "{http://www.w3.org/2000/svg}"
    bars = [element for element in root.iter(space + "rect") if element.get("x")]
    widths = [float(element.get("width")) for element in bars]
    scale = Scale([300, 2])
    assert widths == [pytest.approx(scale.x(rate) - LEFT, abs=0.1) for rate in (200, 100, 80, 2)]
    words = [element.text for element in root.iter(space + "text")]
    assert words.count("failed: no download began in 60 s") == 1 and words.count("no driver") == 1
    assert "200" in words and "alpha" in words


def test_plot_without_figures(results):
    """All failed."""
    results["runs"] = [entry for entry in results["runs"] if "seconds" not in entry]
    assert xml.fromstring(svg(results)) is not None


def test_choose():
    """Words for NICs leave the clients whole and the other way round."""
    nics, clients = ["virtio-net-pci", "e1000", "e1000e"], ["urlboot", "urlboot+sha256", "Linux"]
    assert choose("", nics, clients) == (nics, clients)
    assert choose("virtio", nics, clients) == (["virtio-net-pci"], clients)
    assert choose("linux,URLBOOT", nics, clients) == (nics, clients)
    assert choose("virtio,linux", nics, clients) == (["virtio-net-pci"], ["Linux"])
    with pytest.raises(SystemExit):
        choose("tokenring", nics, clients)


def test_order():
    """The same in every bench, another one for each round and NIC: nobody always follows the same client."""
    clients = list("abcdef")
    orders = ["".join(shuffled(clients, number, nic)) for number in range(10) for nic in ("alpha", "beta")]
    assert orders == ["".join(shuffled(clients, number, nic)) for number in range(10) for nic in ("alpha", "beta")]
    assert all(sorted(order) == clients for order in orders) and len(set(orders)) > 15
    followers = {order[order.index("a") + 1] for order in orders if order[-1] != "a"}
    assert followers == set("bcdef")


def test_connections_are_told(results):
    """urlboot's own word, where it had several."""
    line = "download: 268435456 bytes at 0x40000000 from http://10.77.0.1/x.iso, 4 connections\r\n"
    assert Urlboot(None).own_connections(line) == 4
    assert Urlboot(None).own_connections(line.replace("4 connections", "1 connection")) == 1
    assert Urlboot(None).own_connections("") is None
    results["runs"][1]["connections"] = 4
    table = rows(markdown(results))
    assert ["alpha", "urlboot (4 connections)", "200", "100..300", "3", "", "10.7"] in table
    assert ["alpha", "Linux", "100", "50.0..150", "2", "2.00x", "10.7"] in table


def test_cpu_time_between_samples():
    """Interpolated, and never outside what was sampled."""
    samples = [(10.0, 1.0), (11.0, 2.0), (13.0, 2.0)]
    assert [cpu_at(samples, moment) for moment in (9, 10, 10.25, 11, 12, 20)] == [1, 1, 1.25, 2, 2, 2]


def test_log_line():
    """What nginx sends by syslog."""
    found = LINE.search("<190>Nov 25 21:31:00 bench: 1795643547.496 1.783 200 268435456 10.77.0.63 50834 GET /x.iso")
    assert found.groups() == ("1795643547.496", "1.783", "200", "268435456", "10.77.0.63", "50834", "GET", "/x.iso")


@pytest.fixture(name="watch")
def made_up_watch(monkeypatch):
    """A watch over a client that is connected from the start: (progress, connections that the server has)."""
    peers = {"client": 0}
    monkeypatch.setattr(measure, "connections", lambda _: peers)
    watch = measure.Watch(None, SimpleNamespace(pid=0), None, None, measure.Limits(boot=100, stall=60, download=200))
    watch.began, watch.moved, watch.size = 0, 0, 100 * MB
    return watch, peers


def test_slow_but_in_time(watch):
    """0.6 MB/s of 100 MB are done in 200 s."""
    for second in range(0, 167, 10):
        watch[0].progress(second, 5000 + second * 600000)


def test_too_slow(watch):
    """0.4 MB/s are not: given up before the deadline, with the rate so far."""
    watch[0].progress(0, 5000)
    with pytest.raises(measure.RunError, match=r"given up after 150 s at 0\.400 MB/s"):
        watch[0].progress(150, 5000 + 150 * 400000)


def test_stalled(watch):
    """Nothing more comes."""
    watch[0].progress(0, 5000)
    watch[0].progress(10, 5000 + 20 * MB)
    watch[0].progress(70, 5000 + 20 * MB)
    with pytest.raises(measure.RunError, match=r"no traffic for 60 s after 20\.0 MB"):
        watch[0].progress(71, 5000 + 20 * MB)


def test_never_connected(watch):
    """TFTP and DHCP are no download."""
    watch[1].clear()
    watch[0].progress(50, 1 * MB)
    with pytest.raises(measure.RunError, match="no download began in 100 s"):
        watch[0].progress(101, 2 * MB)


class World:
    """Time, the server's log and its connections as a test says: `lines` are (moment, duration, status, MB),
    `spans` (peer, from, until, end): a connection that has bytes to send in the first span, and is closed at `end`."""

    def __init__(self, monkeypatch, lines, spans):
        self.now, self.lines, self.spans, self.says = 1000.0, sorted(lines), spans, lambda now: None
        clock = SimpleNamespace(time=lambda: self.now, monotonic=lambda: self.now, sleep=self.sleep)
        for name, fake in {"time": clock, "connections": lambda _: self.connections(), "cpu_seconds": lambda _: self.now / 2,
                           "traffic": lambda _: int(self.now * MB), "TcpQueue": lambda _: self}.items():
            monkeypatch.setattr(measure, name, fake)

    def sleep(self, seconds):
        """Time passes."""
        self.now += seconds

    def connections(self):
        """What /proc would say."""
        return {peer: 5000 if first <= self.now - 1000 < until else 0 for peer, first, until, end in self.spans
                if first <= self.now - 1000 < end}

    def left(self, local, peer):
        """What sock_diag would say: lines do not tell whose they are, so any connection will do."""
        assert local == ("10.77.0.1", 80) and peer == ("10.77.0.63", 50834)
        return max(self.connections().values(), default=0)

    def close(self):
        """Of sock_diag: nothing."""

    def next(self, seconds):
        """The log's next line, if it comes in time."""
        if not self.lines or self.lines[0][0] + 1000 > self.now + seconds:
            self.now += seconds
            return None
        moment, duration, status, size = self.lines.pop(0)
        self.now = max(self.now, moment + 1000)
        return moment + 1000, duration, status, size * MB, ("10.77.0.63", 50834), "GET", "/x"

    def download(self, seconds=200, far=True):
        """What a watch makes of it, for a file of 100 MB."""
        machine = SimpleNamespace(process=SimpleNamespace(poll=lambda: None, pid=0), text="")
        client = SimpleNamespace(no_driver=None, failure=None, own_rate=lambda _: self.says(self.now - 1000))
        limits = measure.Limits(boot=100, stall=60, download=seconds)
        return measure.Watch(self, SimpleNamespace(pid=0), machine, client, limits, far=far).download("/x", 100 * MB)


@pytest.mark.parametrize("far", [False, True])
def test_last_byte_of_one_connection(monkeypatch, far):
    """It is in the client's hands after the log line, when the queue is empty; the connection may stay."""
    world = World(monkeypatch, [(10, 9, 200, 100)], [("a", 1, 10.3, 99)])
    figures = world.download(far=far)
    assert figures["seconds"] == pytest.approx(9.3, abs=0.01) and figures["bytes"] == 100 * MB
    assert figures["cpu_seconds"] == pytest.approx(9.3 / 2, abs=0.01)


@pytest.mark.parametrize("far", [False, True])
def test_last_part_is_in_the_socket(monkeypatch, far):
    """The last line comes while its bytes are still in the queue: no failure, and not the end either."""
    world = World(monkeypatch, [(8, 7, 200, 60), (9.9, 5, 206, 50)], [("a", 1, 8, 8), ("b", 5, 10.4, 10.5)])
    assert world.download(far=far)["seconds"] == pytest.approx(9.4, abs=0.01)


def test_parts_that_were_cut_short(monkeypatch):
    """Their bytes were sent and not wanted: enough in sum long before all is there, with queues empty in between."""
    world = World(monkeypatch, [(5, 4, 200, 70), (6, 3, 206, 45), (11.9, 5, 206, 30)],
                  [("a", 1, 5, 5), ("b", 3, 6, 6), ("c", 7, 12, 12)])
    world.spans.append(("d", 5.5, 5.6, 12))      # one that waits for the client's next words
    assert world.download()["seconds"] == pytest.approx(11, abs=0.01)


def test_no_connection_for_a_moment(monkeypatch):
    """The next one is on its way."""
    world = World(monkeypatch, [(5, 4, 206, 60), (8, 1.8, 206, 60)], [("a", 1, 5, 5), ("b", 5.2, 8, 8)])
    assert world.download()["seconds"] == pytest.approx(7, abs=0.01)


def test_parts_stay_open(monkeypatch):
    """A client that keeps its connections says that it is over."""
    world = World(monkeypatch, [(5, 4, 206, 60), (6, 5, 206, 60)], [("a", 1, 5, 50), ("b", 1, 7, 50)])
    world.says = lambda now: 17.0 if now > 7.5 else None
    assert world.download()["seconds"] == pytest.approx(6, abs=0.01)


@pytest.mark.parametrize("far", [False, True])
def test_hung_up(monkeypatch, far):
    """Too early for good, over one connection or several."""
    for status in (200, 206):
        world = World(monkeypatch, [(5, 4, status, 60)], [("a", 1, 5, 5)])
        with pytest.raises(measure.RunError, match="the client took 60000000 of 100000000 bytes"):
            world.download(far=far)


def test_queue_of_a_connection():
    """The kernel's own answer: nothing, something, a connection that is gone, none at all."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        queue, local = TcpQueue(os.getpid()), server.getsockname()
        client = socket.create_connection(local)
        peer = client.getsockname()
        ours, _ = server.accept()
        assert queue.left(local, peer) == 0
        ours.setblocking(False)
        with pytest.raises(BlockingIOError):
            while True:
                ours.send(bytes(100000))
        assert queue.left(local, peer) > 1
        client.close()      # with bytes unread: a reset
        ours.close()
        assert queue.left(local, peer) == 0
    with pytest.raises(FileNotFoundError, match="sock_diag"):       # nobody listens
        queue.left(local, peer)
    queue.close()
    with pytest.raises(FileNotFoundError):
        TcpQueue(0)


def test_hash_cost():
    """The table's line, and a processor's number as /sys wants it."""
    pairs = [{"without": 100, "with": 90}, {"without": 300, "with": 210}, {"without": 200, "with": 160}]
    assert hash_cost.row("1 Gb/s", pairs) == "| 1 Gb/s | 300 (200) | 210 (160) | 0.70 (0.80) |"
    assert [hash_cost.mask(n) for n in (0, 5, 32, 70)] == ["1", "20", "1,00000000", "40,00000000,00000000"]
