"""From an effect to its evidence: the pairs of a contrast, the runs of a pair, the lines that a score rests on."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from pyscrai.experiments.report.blocks import Block, Cell, Heading, Link, Paragraph, Table
from pyscrai.experiments.report.figures import MINUS, number

MOST_PAIRS = 500


def pairs_anchor(row: Mapping[str, Any]) -> str:
    """The anchor of a contrast's pairs."""
    # Signs are told apart: `heat=1` and `heat=-1` have pairs of their own.
    return "pairs-" + "-".join(re.sub(r"[^A-Za-z0-9]", lambda sign: f"_{ord(sign[0]):x}_", row[part])
                               for part in ("measure", "arm", "reference"))


def pairs(results: Mapping[str, Any], evidence_of: Mapping[str, Any], run_link: Callable[[str], str | None]
          ) -> Iterator[Block]:
    """The pairs of each contrast, the largest differences first."""
    yield Heading("Pairs", anchor="pairs")
    for row in results["contrasts"]:
        found = sorted(row.get("pairs") or (), key=lambda pair: -abs(pair["difference"]))
        if not found:
            continue
        yield Heading(f"{row['measure']}: {row['arm']} {MINUS} {row['reference']}", 3, pairs_anchor(row))
        lines: list[Sequence[Cell]] = [(
            str(pair["past"]), number(pair["difference"]) or "0", number(pair["arm_value"]),
            number(pair["reference_value"]), _links(pair["arm_runs"], evidence_of, run_link),
            _links(pair["reference_runs"], evidence_of, run_link)) for pair in found[:MOST_PAIRS]]
        runs = (f"Runs of {row['arm']}", f"Runs of {row['reference']}")
        yield Table(("Past", "Difference", row["arm"], row["reference"], *runs), lines, words=runs)
        if len(found) > MOST_PAIRS:
            yield Paragraph(f"{len(found) - MOST_PAIRS} pairs with smaller differences are in the table of runs.")


def evidence(evidence_of: Mapping[str, Sequence[Mapping[str, Any]]], run_link: Callable[[str], str | None]
             ) -> Iterator[Block]:
    """The scores of each run: who gave them, why, and the lines that were cited."""
    if not evidence_of:
        return
    yield Heading("Evidence", anchor="evidence")
    for run_id, scores in evidence_of.items():
        yield Heading(run_id, 3, f"run-{run_id}")
        if (target := run_link(run_id)) is not None:
            yield Table(("",), [(Link("the whole run", target),)], numbers=False)
        rows: list[Sequence[Cell]] = []
        for score in scores:
            value = number(score["value"]) if isinstance(score["value"], int | float) else str(score["value"])
            lines = " / ".join(f"turn {line['turn']}, {line['who']}: {line['text']}" for line in score["lines"])
            rows.append((score["measure"] + (f" of {score['of']}" if score["of"] else ""), value, score["by"],
                         score["rationale"], lines))
        yield Table(("Measure", "Value", "By", "Why", "Lines"), rows, numbers=False)


def _links(run_ids: Sequence[str], evidence_of: Mapping[str, Any], run_link: Callable[[str], str | None]) -> Cell:
    links = []
    for run_id in run_ids:
        target = f"#run-{run_id}" if run_id in evidence_of else run_link(run_id)
        if target is None:
            return ", ".join(run_ids)
        links.append(Link(run_id, target))
    return tuple(links)
