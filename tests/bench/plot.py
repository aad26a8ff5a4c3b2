"""Draws the medians as grouped bars on a logarithmic axis: an SVG for a README, without any library.

Bars are drawn from MB/s per NIC and client, with a line from the slowest to the fastest run; a client without a figure
gets its reason in place of a bar. Does not handle: more than a dozen clients (the colours repeat).
"""
import math
from xml.sax.saxutils import escape

from table import axes, number, short_state

WIDTH, LEFT, RIGHT = 760, 130, 60
BAR, GAP, HEAD, TITLE, FOOT = 15, 3, 24, 48, 40
COLOURS = ["#c2410c", "#f59e0b", "#1d4ed8", "#0f766e", "#7c3aed", "#64748b", "#be185d"]
STYLE = ("text{font-family:system-ui,sans-serif;font-size:12px;fill:#222}.nic{font-weight:bold}.dim{fill:#777}"
         ".title{font-size:15px;font-weight:bold}.grid{stroke:#ddd}.span{stroke:#222}")


class Scale:
    """Whole decades around the figures, on the width there is."""

    def __init__(self, rates):
        low, high = min(rates, default=1), max(rates, default=10)
        self.first = math.floor(math.log10(low))
        self.last = max(math.ceil(math.log10(high)), self.first + 1)
        # A bar that would have no length is a bar nobody sees.
        if math.log10(low) == self.first:
            self.first -= 1

    def x(self, rate):
        """Where a rate lies."""
        share = (math.log10(rate) - self.first) / (self.last - self.first)
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    def ticks(self):
        """The decades."""
        return [10.0 ** power for power in range(self.first, self.last + 1)]


def text(x, y, words, kind="", anchor="start"):
    """A text element."""
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}" text-anchor="{anchor}">{escape(words)}</text>'


def bar(scale, y, colour, client, cell):
    """One client's row."""
    middle = y + BAR - 3
    yield text(LEFT - 6, middle, client, anchor="end")
    if cell.rate is None:
        yield text(LEFT + 4, middle, "no driver" if short_state(cell) == "-" else f"failed: {cell.failures[-1]}", "dim")
        return
    right = scale.x(cell.rate)
    yield f'<rect x="{LEFT}" y="{y}" width="{right - LEFT:.1f}" height="{BAR}" fill="{colour}"/>'
    low, high = scale.x(min(cell.rates)), scale.x(max(cell.rates))
    if high - low > 1:
        yield f'<line x1="{low:.1f}" x2="{high:.1f}" y1="{y + BAR / 2}" y2="{y + BAR / 2}" class="span"/>'
    yield text(max(right, high) + 5, middle, number(cell.rate))


def svg(results):
    """The picture of a result, as text."""
    table, nics, clients = axes(results)
    scale = Scale([rate for cell in table.values() for rate in cell.rates])
    rows, y = [], TITLE
    for nic in nics:
        rows.append(text(LEFT, y + 15, nic, "nic"))
        y += HEAD
        for index, client in enumerate(clients):
            if (nic, client) in table:
                rows += bar(scale, y, COLOURS[index % len(COLOURS)], client, table[nic, client])
                y += BAR + GAP
    height = y + FOOT
    grid = []
    for tick in scale.ticks():
        x = scale.x(tick)
        grid += [f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TITLE}" y2="{y + 4}" class="grid"/>',
                 text(x, y + 20, f"{tick:g}", "dim", "middle")]
    title = f"Downloading {results['size_mib']} MiB over HTTP, MB/s (logarithmic)"
    return "\n".join([f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
                      f'viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(title)}">',
                      f"<style>{STYLE}</style>", f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
                      text(16, 26, title, "title"), *grid, *rows, "</svg>"]) + "\n"
