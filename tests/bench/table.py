"""From raw runs to figures: medians, spans, ratios, and the Markdown table of them.

A run is a dict: nic, client, round, and either seconds, bytes, cpu_seconds (and own_rate, connections) or failed or no_driver, a
sentence each. Rates are MB/s (10^6 bytes), CPU time is seconds per GiB (2^30 bytes). Does not handle: how runs are
made (bench.py).
"""
import statistics

REFERENCE = "urlboot"      # whom the others are compared with
GIB = 1 << 30


class Cell:
    """All runs of one client over one NIC."""

    def __init__(self, runs):
        good = [run for run in runs if "seconds" in run]
        self.rates = [run["bytes"] / run["seconds"] / 1e6 for run in good]
        self.costs = [run["cpu_seconds"] / run["bytes"] * GIB for run in good]
        self.failures = [run["failed"] for run in runs if "failed" in run]
        self.connections = max((run.get("connections", 1) for run in good), default=1)
        self.no_driver = any("no_driver" in run for run in runs)
        self.count = len(self.rates)
        self.tried = len(self.rates) + len(self.failures)

    @property
    def rate(self):
        """The median rate, None without a good run."""
        return statistics.median(self.rates) if self.rates else None

    @property
    def cost(self):
        """The median CPU time, None without a good run."""
        return statistics.median(self.costs) if self.costs else None


def cells(runs):
    """{(nic, client): Cell} in the order of the runs."""
    grouped = {}
    for run in runs:
        grouped.setdefault((run["nic"], run["client"]), []).append(run)
    return {key: Cell(group) for key, group in grouped.items()}


def in_order(wanted, present):
    """Those of `wanted` that are present, in its order."""
    return [name for name in wanted if name in present]


def axes(results):
    """(cells, NICs, clients) of a result."""
    table = cells(results["runs"])
    return (table, in_order(results["nics"], {nic for nic, _ in table}),
            in_order(results["clients"], {client for _, client in table}))


def ratio(table, nic, client):
    """The reference's median rate divided by that of `client` over this NIC; None when one has no figure."""
    mine, other = table.get((nic, REFERENCE)), table.get((nic, client))
    if not mine or not other or mine.rate is None or other.rate is None:
        return None
    return mine.rate / other.rate


def number(value):
    """Three digits at least, no more than make sense."""
    return "" if value is None else f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:.0f}"


def times(value):
    """A ratio."""
    return "" if value is None else f"{number(value)}x"


def short_state(cell):
    """What stands for the figure of a cell without one."""
    if cell is None:
        return ""
    return "-" if cell.no_driver and not cell.failures else "failed"


def matrix(results):
    """NIC by client: medians, and the reference's rate in multiples of each."""
    table, nics, clients = axes(results)
    yield "| MB/s | " + " | ".join(clients) + " |"
    yield "|---|" + "---:|" * len(clients)
    for nic in nics:
        row = []
        for client in clients:
            cell = table.get((nic, client))
            text = number(cell.rate) if cell and cell.rate is not None else short_state(cell)
            factor = ratio(table, nic, client)
            row.append(text if factor is None or client == REFERENCE else f"{text} ({times(factor)})")
        yield f"| {nic} | " + " | ".join(row) + " |"


def details(results):
    """One line per NIC and client."""
    table, nics, clients = axes(results)
    yield f"| NIC | client | MB/s, median | min..max | n | {REFERENCE} / client | CPU s/GiB |"
    yield "|---|---|---:|---:|---:|---:|---:|"
    for nic in nics:
        for client in clients:
            cell = table.get((nic, client))
            if cell is None:
                continue
            if cell.rate is None:
                reason = "no driver" if short_state(cell) == "-" else cell.failures[-1]
                yield f"| {nic} | {client} | {short_state(cell)} | {reason} | {f'0 of {cell.tried}' if cell.tried else ''} | | |"
                continue
            factor = ratio(table, nic, client) if client != REFERENCE else None
            count = str(cell.count) if cell.count == cell.tried else f"{cell.count} of {cell.tried}"
            many = f" ({cell.connections} connections)" if cell.connections > 1 else ""
            yield (f"| {nic} | {client}{many} | {number(cell.rate)} | {number(min(cell.rates))}..{number(max(cell.rates))} "
                   f"| {count} | {times(factor)} | {number(cell.cost)} |")


def failures(results):
    """Every run that failed, with its reason."""
    for run in results["runs"]:
        if "failed" in run:
            yield f"- {run['nic']}, {run['client']}, round {run['round']}: {run['failed']}"


def facts(results):
    """What was measured on what."""
    machine, loads = results["machine"], [run["load"] for run in results["runs"]] or [0]
    yield (f"{results['size_mib']} MiB over HTTP from nginx through a TAP, {machine['accel'].upper()}, one virtual processor "
           f"({machine['guest_cpu']}), {results['memory_mib']} MiB; rounds: {results['rounds']}, of slow clients "
           f"{results['slow_rounds']}; {results['date']}.")
    if results.get("wire"):
        yield ("Every machine is behind a wire with " +
               ", ".join(f"{name} {value}" for name, value in results["wire"].items()) + " (delays one way).")
    yield ""
    yield (f"Host: {machine['cpu']}, {machine['cores']} cores, sha_ni {'yes' if machine['sha_ni'] else 'no'}; "
           f"QEMU {machine['qemu']}; load average before the runs, {number(min(loads))}..{number(max(loads))}.")
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    yield f"Versions: {versions}."


def markdown(results):
    """The whole text of table.md."""
    failed = list(failures(results))
    parts = [list(facts(results)), list(matrix(results)), list(details(results)),
             ["Failed runs:", "", *failed] if failed else []]
    note = ["In brackets: urlboot's median divided by this one. `-`: the client has no driver for the NIC. n: good runs. CPU: user "
            "and system time of the QEMU process while it downloads."]
    return "\n\n".join("\n".join(part) for part in [*parts[:2], note, *parts[2:]] if part) + "\n"
