"""Prints the figures of experiments, each by itself: `python -m benchmarks.experiments FIGURE [options]`.

    cells     what a cell costs beside the same run played bare, as a ratio of CPU time
    status    how long a status takes with many cells that are planned, and what they take of memory
    export    how long the table of many runs takes to a Parquet file

The scripted model plays: what is measured is the framework. Each part is a process of its own.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from statistics import median
from typing import Any

import pyarrow.parquet as pq

import pyscrai
from benchmarks.__main__ import line
from benchmarks.figures import Figure

LEVELS = (0.2, 0.8)


def scenario(turns: int) -> dict[str, Any]:
    """Two people talk for some turns, with a variable that each turn changes."""
    return {
        "kind": "scenario", "name": "talk", "version": f"1.0.{turns}", "premise": "Two people talk.",
        "max_turns": turns, "parameters": {"heat": {"type": "number", "default": 0.5}},
        "variables": {"trust": {"type": "integer", "initial": 5, "minimum": 0, "maximum": 10}},
        "rules": [{"label": "time", "when": "turn > 0", "set": {"trust": "max(0, vars.trust - 1)"}}],
        "roles": {name: {"agent": {"engine": "actor", "personality": {"role": "a person"}}} for name in ("ann", "bob")},
        "flow": {"start": "talk", "phases": {"talk": {"speakers": ["ann", "bob"], "next": [
            {"to": "end", "after_turns": turns}]}}}}


def experiment(seeds: int, turns: int) -> dict[str, Any]:
    """A factor of two levels over seeds: every cell is a run of its own, as a grid's are."""
    return {"name": "heat", "question": "Does it matter?", "scenario": f"talk@1.0.{turns}", "pasts": {"seeds": seeds},
            "factors": {"heat": {"parameter": "heat", "values": list(LEVELS)}},
            "measures": {"primary": {"name": "trust", "variable": "trust"}}, "parallel": 20}


def opened(folder: str) -> pyscrai.Lab:
    return pyscrai.open(f"{folder}/lab.db", model="scripted", models={"scripted": {"kind": "scripted"}},
                        log_level="error")


def bare(folder: str, runs: int, turns: int) -> dict[str, float]:
    """Play a grid; the CPU seconds it took."""
    with opened(folder) as lab:
        lab.add(scenario(turns))
        begun = time.process_time()
        lab.grid(f"talk@1.0.{turns}", seeds=runs // 2, parameters={"heat": list(LEVELS)}, parallel=20, progress=False)
        return {"cpu": time.process_time() - begun}


def cells(folder: str, runs: int, turns: int) -> dict[str, float]:
    """Play the same as an experiment; the CPU seconds it took."""
    with opened(folder) as lab:
        lab.add(scenario(turns))
        planned = lab.experiment(experiment(runs // 2, turns))
        begun = time.process_time()
        planned.run(progress=False)
        ended = planned.status()["cells"]["ended"]
        if ended != runs:
            raise RuntimeError(f"{ended} of {runs} cells ended")
        return {"cpu": time.process_time() - begun}


def status(folder: str, runs: int, turns: int) -> dict[str, float]:
    """Plan many cells; how long a status takes, and the memory that the process took at most."""
    with opened(folder) as lab:
        lab.add(scenario(turns))
        planned = lab.experiment(experiment(runs // 2, turns))
        planned.freeze()
        took = []
        for _ in range(9):
            begun = time.perf_counter()
            planned.status()
            took.append(1000 * (time.perf_counter() - begun))
        return {"ms": median(took), "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def export(folder: str, runs: int, turns: int) -> dict[str, float]:
    """Play a grid, and write what came of it to a file."""
    with opened(folder) as lab:
        lab.add(scenario(turns))
        lab.grid(f"talk@1.0.{turns}", seeds=runs // 2, parameters={"heat": list(LEVELS)}, parallel=20, progress=False)
        begun = time.perf_counter()
        table = lab.table("runs")
        pq.write_table(table, f"{folder}/runs.parquet")
        if table.num_rows != runs:
            raise RuntimeError(f"{table.num_rows} rows of {runs} runs")
        return {"seconds": time.perf_counter() - begun}


PARTS: dict[str, Callable[[str, int, int], dict[str, float]]] = {
    "bare": bare, "cells": cells, "status": status, "export": export}


def measured(part: str, runs: int, turns: int) -> dict[str, float]:
    """A part in a fresh process, with a database of its own."""
    done = subprocess.run([sys.executable, "-m", "benchmarks.experiments", "part", part, str(runs), str(turns)],
                          text=True, capture_output=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{part} did not finish:\n{done.stderr[-3000:]}")
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def cost_of_cells(runs: int | None) -> list[Figure]:
    number = runs or 1_000
    pairs = [(measured("bare", number, 9)["cpu"], measured("cells", number, 9)["cpu"]) for _ in range(3)]
    ratio = median(there / here for here, there in pairs)
    return [Figure(f"CPU of {number:,} cells / of the same runs bare", ratio, 1.15,
                   detail=", ".join(f"{there:.1f} s / {here:.1f} s" for here, there in pairs))]


def cost_of_a_status(runs: int | None) -> list[Figure]:
    number = runs or 100_000
    few, many = measured("status", 1_000, 9), measured("status", number, 9)
    return [Figure(f"status with {number:,} cells", many["ms"], 100, "ms"),
            Figure(f"memory with {number:,} cells / with 1,000", many["mb"] / few["mb"], 1.2,
                   detail=f"{many['mb']:.0f} MB / {few['mb']:.0f} MB at most")]


def cost_of_an_export(runs: int | None) -> list[Figure]:
    number = runs or 10_000
    return [Figure(f"{number:,} runs to Parquet", measured("export", number, 2)["seconds"], 20, "s")]


FIGURES: dict[str, Callable[[int | None], list[Figure]]] = {
    "cells": cost_of_cells, "status": cost_of_a_status, "export": cost_of_an_export}


def main() -> int:
    """Measure one figure; exit code 1 with ``--strict`` where a bound is missed."""
    if sys.argv[1:2] == ["part"]:
        part, runs, turns = sys.argv[2:]
        with tempfile.TemporaryDirectory(prefix="pyscrai-experiments-") as folder:
            print(json.dumps(PARTS[part](folder, int(runs), int(turns))))
        return 0
    parser = argparse.ArgumentParser(prog="python -m benchmarks.experiments", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("figure", choices=list(FIGURES))
    parser.add_argument("--runs", type=int, help="runs or cells; each figure has its own default")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument("--strict", action="store_true", help="exit with 1 where a bound is missed")
    given = parser.parse_args()
    found = FIGURES[given.figure](given.runs)
    for figure in found:
        print(json.dumps(asdict(figure) | {"met": figure.met}) if given.json else line(figure), flush=True)
    return int(given.strict and not all(figure.met for figure in found))


if __name__ == "__main__":
    sys.exit(main())
