"""Prints the project's figures: `python -m benchmarks [FIGURE...] [--quick] [--embedded ALIAS] [--json] [--strict]`."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from benchmarks import figures
from benchmarks.figures import Figure

NAMES = ("cpu", "flat", "concurrency", "start-up")


def line(figure: Figure) -> str:
    """One figure for people."""
    bound = f"{'>=' if figure.at_least else '<='} {figure.bound:g}{figure.unit}"
    aim = f", aim {figure.aim:g}" if figure.aim is not None else ""
    return (f"{'met   ' if figure.met else 'MISSED'}  {figure.name:<58} {figure.value:8.3f}{figure.unit:<2} "
            f"({bound}{aim})  {figure.detail}")


def main() -> int:
    """Measure what was asked for; exit code 1 with ``--strict`` where a bound is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("figure", nargs="*", help=f"which of {', '.join(NAMES)}; all if none is named")
    parser.add_argument("--quick", action="store_true", help="fewer repeats and shorter plays: a look, not a figure")
    parser.add_argument("--repeats", type=int, default=0)
    parser.add_argument("--embedded", metavar="ALIAS", help="measure this embedded model too: embedded, embedded-tiny")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument("--strict", action="store_true", help="exit with 1 where a bound is missed")
    given = parser.parse_args()
    if unknown := set(given.figure) - set(NAMES):
        parser.error(f"no such figure: {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    wanted = given.figure or ([] if given.embedded else NAMES)
    repeats = given.repeats or (1 if given.quick else 5)
    turns = 200 if given.quick else 1000
    missed = 0

    def show(found: list[Figure]) -> None:
        nonlocal missed
        for figure in found:
            missed += not figure.met
            print(json.dumps(asdict(figure) | {"met": figure.met}) if given.json else line(figure), flush=True)

    if not given.json:
        load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
        print(f"{os.cpu_count()} cores, load {load}; medians of {repeats} repeats in fresh processes", flush=True)
    with figures.model_server() as url, tempfile.TemporaryDirectory(prefix="pyscrai-bench-") as folder:
        measured: dict[str, Callable[[], list[Figure]]] = {
            "cpu": lambda: figures.cpu_per_turn(url, repeats=repeats),
            "flat": lambda: figures.flat_cost(url, repeats=max(1, repeats // 2), turns=turns),
            "concurrency": lambda: figures.concurrency(url, repeats=max(1, repeats // 2), runs=500, turns=12),
            "start-up": lambda: figures.start_up(repeats=repeats),
        }
        for name in wanted:
            show(measured[name]())
        if given.embedded:
            show(figures.embedded(alias=given.embedded, turns=30, folder=Path(folder), repeats=repeats))
    return 1 if given.strict and missed else 0


if __name__ == "__main__":
    sys.exit(main())
