"""Estimation plots: the pairs of every contrast, and below them the differences with their mean and interval.

The form is that of Gardner and Altman (1986), British Medical Journal 292:746-750, with the differences on an axis of
their own below, as Cumming (2012), Understanding The New Statistics, draws them.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from typing import Any

MOST = 8
"""Contrasts that are drawn side by side; more are drawn as a list of intervals."""
DOTS = 400
"""Pairs that are drawn of a contrast; of more, every so many is left out and the caption says so."""

INK, DIM, ARM, REFERENCE, BAND = "#1c2024", "#9aa5af", "#1769aa", "#8a6100", "#d9ead9"


def estimation_plot(contrasts: Sequence[Mapping[str, Any]], *, measure: str, smallest: float | None,
                    share: bool = False) -> str:
    """The plot as SVG without an XML header, ready to stand in a page; empty where nothing has a difference.

    Args:
        share: the measure is 0 or 1, or a share of runs, and is drawn from 0 to 1.
    """
    drawn = [row for row in contrasts if row["difference"] is not None]
    if not drawn:
        return ""
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": f"pyscrai-{measure}", "font.size": 9,
                                "font.family": "sans-serif", "axes.edgecolor": DIM, "text.color": INK,
                                "axes.labelcolor": INK, "xtick.color": INK, "ytick.color": INK}):
        figure = Figure(figsize=(7.2, 5.4) if len(drawn) <= MOST else (7.2, 1.2 + 0.32 * len(drawn)))
        if len(drawn) <= MOST:
            _side_by_side(figure, drawn, measure, smallest, share=share)
        else:
            _intervals(figure, drawn, measure, smallest)
        written = io.StringIO()
        figure.savefig(written, format="svg", metadata={"Date": None, "Creator": None}, bbox_inches="tight",
                       facecolor="white")
    svg = re.sub(r"^.*?(?=<svg)", "", written.getvalue(), flags=re.DOTALL)
    return re.sub(r'<g id="[^"]*"', "<g", svg)   # nothing refers to groups, and every picture has the same names


def _side_by_side(figure: Any, rows: Sequence[Mapping[str, Any]], measure: str, smallest: float | None, *,
                  share: bool) -> None:
    above, below = figure.subplots(2, 1, sharex=True, gridspec_kw={"height_ratios": [3, 2], "hspace": 0.08})
    ticks, labels = [], []
    for place, row in enumerate(rows):
        left, right = place * 3.0, place * 3.0 + 1.0
        pairs = _thinned(row.get("pairs") or ())
        for pair in pairs:
            above.plot([left, right], [pair["reference_value"], pair["arm_value"]], color=DIM, linewidth=0.6, alpha=0.6,
                       zorder=1)
        for x, side, colour in ((left, "reference", REFERENCE), (right, "arm", ARM)):
            values = [pair[f"{side}_value"] for pair in pairs]
            above.scatter([x] * len(values), values, s=14, color=colour, zorder=2, linewidths=0)
            if values:
                mean = sum(values) / len(values)
                above.plot([x - 0.28, x + 0.28], [mean, mean], color=INK, linewidth=1.6, zorder=3)
        spread = [right - 0.5 + 0.5 * ((index * 0.618) % 1 - 0.5) for index in range(len(pairs))]
        below.scatter(spread, [pair["difference"] for pair in pairs], s=9, color=DIM, alpha=0.7, linewidths=0, zorder=2)
        _whisker(below, right - 0.5, row, vertical=True)
        ticks += [left, right]
        labels += [str(row["reference"]), str(row["arm"])]
    _zero(below, smallest, vertical=True)
    if share:
        effects = any(min(pair["arm_value"], pair["reference_value"]) < 0
                      for row in rows for pair in row.get("pairs") or ())
        above.set_ylim(-1.05 if effects else -0.05, 1.05)    # differences of rates, where effects are compared
    above.set_ylabel(measure)
    below.set_ylabel("difference")
    below.set_xticks(ticks)
    many = len(rows) > 3 or max(map(len, labels)) > 14
    below.set_xticklabels(labels, rotation=30 if many else 0, ha="right" if many else "center")
    for axes in (above, below):
        axes.spines[["top", "right"]].set_visible(False)
    above.tick_params(axis="x", length=0)


def _intervals(figure: Any, rows: Sequence[Mapping[str, Any]], measure: str, smallest: float | None) -> None:
    axes = figure.subplots()
    for place, row in enumerate(rows):
        _whisker(axes, len(rows) - place, row, vertical=False)
    _zero(axes, smallest, vertical=False)
    axes.set_yticks(range(1, len(rows) + 1))
    axes.set_yticklabels([f"{row['arm']} {chr(0x2212)} {row['reference']}" for row in reversed(rows)])
    axes.set_xlabel(f"difference in {measure}")
    axes.spines[["top", "right"]].set_visible(False)


def _whisker(axes: Any, place: float, row: Mapping[str, Any], *, vertical: bool) -> None:
    bounds = None if row["low"] is None else [row["low"], row["high"]]
    if bounds is not None:
        ends = ([place, place], bounds) if vertical else (bounds, [place, place])
        axes.plot(*ends, color=INK, linewidth=1.8, zorder=3, solid_capstyle="butt")
    point = (place, row["difference"]) if vertical else (row["difference"], place)
    axes.scatter(*point, s=42, color=INK, zorder=4)


def _zero(axes: Any, smallest: float | None, *, vertical: bool) -> None:
    line, span = (axes.axhline, axes.axhspan) if vertical else (axes.axvline, axes.axvspan)
    line(0, color=INK, linewidth=0.8, zorder=1)
    if smallest is not None:
        span(-smallest, smallest, color=BAND, zorder=0, linewidth=0)


def _thinned(pairs: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    step = max(1, -(-len(pairs) // DOTS))
    return pairs[::step]
